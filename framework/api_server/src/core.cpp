#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <windlass/api_server/core.hpp>
#include <windlass/base/encoding.hpp>

#include "core_impl.hpp"
#include "handlers.hpp"
#include "identity.hpp"
#include "rbac.hpp"
#include "state.hpp"

namespace windlass::inline v0::api_server {

using json::Object;
using json::Value;

Identity Identity::admin() {
  return {.user = "kubernetes-admin", .groups = {"system:masters", "system:authenticated"}};
}

http::Response text_response(int status, std::string body, std::string_view type) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", type);
  response.headers.set("Cache-Control", "no-cache, private");
  response.body = std::move(body);
  return response;
}

http::Response json_response(int status, const Value& body) {
  return text_response(status, json::dump(body) + "\n");
}

namespace {

std::string_view verb_of(const std::string& method, const Target& target) {
  const bool named = !target.name.empty();
  if (method == "GET") {
    if (target.query.flag("watch") && (!named || target.old_watch)) return "watch";
    return named ? "get" : "list";
  }
  if (method == "POST") return "create";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return named ? "delete" : "deletecollection";
  return "";
}

std::string_view verb_of(const Context& context) {
  return verb_of(context.request.method, context.target);
}

bool supports(const Resource& resource, std::string_view verb) {
  for (const std::string& entry : resource.verbs()) {
    if (entry == verb) return true;
  }
  return false;
}

}  // namespace

Reply Core::Impl::dispatch_subresource(Context& context, std::string_view verb) {
  const std::string& name = context.target.subresource;
  bool known = false;
  for (const std::string& entry : context.resource->subresources()) known = known || entry == name;
  if (!known || !context.target.rest.empty()) throw Failure::path_not_found();
  if (name == "scale") return handle_scale(context);
  if (name == "log") return handle_log(context);
  if (name == "eviction" && verb == "create") return handle_eviction(context);
  if (name == "binding" && verb == "create") return handle_binding(context);
  if (name == "token" && verb == "create") return handle_token(context);
  if (name == "finalize" && verb == "update") return handle_finalize(context);
  if (name == "exec" || name == "attach" || name == "portforward") {
    if (verb != "get" && verb != "create")
      throw Failure::method_not_allowed(*context.resource, verb);
    // also for a GET, with which WebSockets begin; the refusal gives no reason, as the server's
    if (state.options.authorization &&
        !allowed(state, context.identity, attributes_of(context, "create"))) {
      throw Failure::forbidden(*context.resource, context.target.name, "");
    }
    return handle_connect(context);
  }
  if (name == "eviction" || name == "binding" || name == "token" || name == "finalize") {
    throw Failure::method_not_allowed(*context.resource, verb);
  }
  if (verb == "get") return handle_get(context);
  if (verb == "update") return handle_update(context);
  if (verb == "patch") return handle_patch(context);
  throw Failure::method_not_allowed(*context.resource, verb);
}

void Core::Impl::authorize(Context& context, std::string_view verb) {
  if (!state.options.authorization) return;
  const Attributes attributes = attributes_of(context, verb);
  if (!allowed(state, context.identity, attributes)) throw refusal(context.identity, attributes);
}

namespace {

Reply page_not_found() {
  http::Response missing = text_response(404, "404 page not found\n", "text/plain; charset=utf-8");
  missing.headers.set("X-Content-Type-Options", "nosniff");
  return {std::move(missing)};
}

bool is_builtin_group(const State& state, std::string_view group) {
  const auto all = state.registry.all();
  return std::any_of(all.begin(), all.end(), [&](const ResourcePtr& resource) {
    return !resource->custom && resource->group == group;
  });
}

/// Paths that answer nobody's resources, and only to those who read.
bool reads_only(const Target& target) {
  const std::string& first = target.segments.front();
  return first == "version" || first == "api" || first == "apis";
}

}  // namespace

Reply Core::Impl::route(Context& context) {
  Target& target = context.target;
  const std::string_view verb = verb_of(context);
  authorize(context, verb);
  if (target.empty_segments) {
    if (context.request.target.starts_with("//")) return page_not_found();
    throw Failure::path_not_found();
  }
  if (!target.resource_path) {
    const std::string& method = context.request.method;
    if (!target.segments.empty() && reads_only(target) && method != "GET" && method != "HEAD") {
      throw Failure(405, "MethodNotAllowed",
                    "the server does not allow this method on the requested resource", Object{});
    }
    if (auto reply = handle_service(state, context.request, target)) return std::move(*reply);
    if (!target.segments.empty() && target.segments[0] == "api") throw Failure::path_not_found();
    if (target.segments.size() == 3 && target.segments[0] == "apis" &&
        is_builtin_group(state, target.segments[1])) {
      throw Failure::path_not_found();
    }
    return page_not_found();
  }
  if (target.name.find('%') != std::string::npos) {
    throw Failure::bad_request(
        fmt::format("Name parameter invalid: {}: may not contain '%'", quote_json(target.name)));
  }
  context.resource = state.registry.find(target.group, target.version, target.plural);
  if (context.resource == nullptr || !context.resource->served) {
    if (!is_builtin_group(state, target.group)) return page_not_found();
    throw Failure::path_not_found();
  }
  const Resource& resource = *context.resource;
  if (resource.is("", "Namespace") && target.namespaces_scope) throw Failure::path_not_found();
  if (!resource.namespaced && target.namespaces_scope) throw Failure::path_not_found();
  context.wanted =
      negotiate(context.request.headers.get("Accept"), resource.custom, verb == "watch");
  if (resource.is("", "Endpoints")) {
    context.warn("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice");
  }
  if (resource.namespaced && !target.namespaces_scope && verb != "list" && verb != "watch") {
    throw Failure::method_not_allowed(resource, verb);
  }
  if (resource.review) {
    if (!target.name.empty()) throw Failure::path_not_found();
    if (verb != "create") throw Failure::method_not_allowed(resource, verb);
    return handle_review(context);
  }
  if (!target.subresource.empty()) return dispatch_subresource(context, verb);
  if (!supports(resource, verb)) throw Failure::method_not_allowed(resource, verb);
  if (verb == "watch") return handle_watch(context);
  if (verb == "get") return handle_get(context);
  if (verb == "list") return handle_list(context);
  if (verb == "create") {
    if (!target.name.empty()) throw Failure::method_not_allowed(resource, verb);
    return handle_create(context);
  }
  if (verb == "update" || verb == "patch") {
    if (target.name.empty()) throw Failure::method_not_allowed(resource, verb);
    return verb == "update" ? handle_update(context) : handle_patch(context);
  }
  return verb == "delete" ? handle_delete(context) : handle_delete_collection(context);
}

Core::Core(Environment& environment, CoreOptions options)
    : impl_(std::make_unique<Impl>(environment, std::move(options))) {
  impl_->boot(*this);
}
Core::~Core() = default;

void Core::Impl::boot(Core& core) {
  std::vector<Value> objects;
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
    objects.emplace_back(
        Object{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", Object{{"name", name}}}});
  }
  if (state.options.authorization) {
    for (Value& role : bootstrap_roles()) objects.push_back(std::move(role));
  }
  for (const std::string& line : std::exchange(state.options.journal, {})) state.restore(line);
  std::erase_if(objects, [&](const Value& object) {
    const ResourcePtr resource =
        state.registry.find_kind(object["apiVersion"].string_or(""), object["kind"].string_or(""));
    return state.get(resource->storage, name_of(object)) != nullptr;
  });
  core.seed(objects);
}

Reply Core::handle(const http::Request& request, const Identity& identity) {
  return impl_->handle(request, identity, nullptr);
}

Reply Core::Impl::handle(const http::Request& request, const Identity& identity,
                         Exchange* exchange) {
  if (!needs_json_body(request)) return answer(request, identity, exchange);
  const Target target = Target::parse(request.target);
  const ResourcePtr resource = state.registry.find(target.group, target.version, target.plural);
  const std::string kind = request.method == "DELETE" ? "DeleteOptions"
                           : resource != nullptr      ? resource->kind
                                                      : "json";
  std::optional<http::Request> converted;
  Reply refusal;
  try {
    converted = with_json_body(request, kind, resource != nullptr && resource->custom);
  } catch (const Failure& failure) {
    refusal.response = json_response(failure.code(), failure.status());
  }
  return converted ? answer(*converted, identity, exchange) : std::move(refusal);
}

Reply Core::Impl::answer(const http::Request& request, const Identity& identity,
                         Exchange* exchange) {
  Context asked{state, identity, request, Target::parse(request.target)};
  asked.exchange = exchange;
  std::optional<Identity> other;
  try {
    other = impersonated(asked, verb_of(asked));
  } catch (const Failure& failure) {
    return {json_response(failure.code(), failure.status())};
  }
  if (!other) return answer_as(asked);
  Context context{state, *other, request, std::move(asked.target)};
  context.exchange = exchange;
  return answer_as(context);
}

Reply Core::Impl::answer_as(Context& context) {
  Reply reply;
  try {
    reply = route(context);
  } catch (const Suspended&) {
    return reply;
  } catch (const Failure& failure) {
    reply.response = json_response(failure.code(), failure.status());
    if (failure.code() == 429) reply.response.headers.set("Retry-After", "1");
  } catch (const std::exception& error) {
    reply.response = json_response(
        500, make_status(500, "InternalError",
                         fmt::format("Internal error occurred: {}", error.what()), Object{}));
  }
  settle(state);
  if (std::exchange(state.roles_changed, false)) aggregate_roles(state);
  for (const std::string& warning : context.warnings) {
    reply.response.headers.add("Warning", fmt::format("299 - {}", quote_json(warning)));
  }
  encode_reply(reply, context.wanted.encoding);
  state.store.trim();
  return reply;
}

std::optional<Identity> Core::authenticate(const http::Headers& headers,
                                           const std::string& common_name,
                                           const std::vector<std::string>& organizations) {
  const std::string_view header = headers.get("Authorization");
  if (header.starts_with("Bearer ")) {
    const Token* token = find_token(impl_->state, header.substr(7));
    const auto meant = [](const std::string& audience) { return audience == kServerAudience; };
    if (token == nullptr || std::none_of(token->audiences.begin(), token->audiences.end(), meant))
      return std::nullopt;
    return token->identity;
  }
  if (!common_name.empty()) {
    Identity identity{.user = common_name, .groups = organizations};
    identity.groups.emplace_back("system:authenticated");
    return identity;
  }
  if (!header.empty() || !impl_->state.options.anonymous) return std::nullopt;
  return Identity{.user = "system:anonymous", .groups = {"system:unauthenticated"}};
}

http::Response Core::unauthorized() {
  return json_response(401, make_status(401, "Unauthorized", "Unauthorized", nullptr));
}

void Core::add_token(std::string token, Identity identity) {
  impl_->state.tokens[std::move(token)] = {.identity = std::move(identity)};
}

std::string Core::issue_token(const Identity& identity) {
  std::string token = make_token(impl_->state, nullptr);
  add_token(token, identity);
  return token;
}

std::string Core::journal() const { return impl_->state.journal(); }

void Core::on_change(std::function<void(std::string_view line)> listener) {
  impl_->state.on_change = std::move(listener);
}

std::string Core::verb(const http::Request& request) {
  const Target target = Target::parse(request.target);
  if (target.resource_path) return std::string(verb_of(request.method, target));
  std::string out = request.method;
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::uint64_t Core::revision() const { return impl_->state.store.revision(); }
void Core::compact(std::uint64_t revision) { impl_->state.store.compact(revision); }

void Core::observe(std::function<void(const Observation&)> observer) {
  auto& state = impl_->state;
  state.observer = std::move(observer);
  if (!state.observer) return;
  for (const auto& collection : state.store.collections()) {
    for (const auto& object : state.store.list(collection, "")) {
      state.observer({object->revision(), collection, nullptr, &object->value()});
    }
  }
}

void Core::end_watches() {
  for (const auto& entry : impl_->state.watches) {
    if (const auto watch = entry.lock()) watch->end();
  }
  impl_->state.watches.clear();
}

void Core::seed(const std::vector<Value>& objects) {
  const Identity admin = Identity::admin();
  for (const Value& object : objects) {
    Exchange own{.internal = true};  // of this object alone: it remembers a UID
    const ResourcePtr resource = impl_->state.registry.find_kind(object["apiVersion"].string_or(""),
                                                                 object["kind"].string_or(""));
    const std::string name = object_name(object);
    if (resource == nullptr) {
      throw Exception(
          Errc::invalid_argument,
          fmt::format("seed: no kind {} {} is known; create its CRD first",
                      object["apiVersion"].string_or(""), object["kind"].string_or("")));
    }
    std::string path = resource->group.empty() ? "/api/v1" : "/apis/" + resource->api_version();
    if (resource->namespaced) {
      std::string namespace_ = object_namespace(object);
      path += "/namespaces/" + (namespace_.empty() ? "default" : namespace_);
    }
    path += "/" + resource->plural;
    http::Request request{
        .method = "POST", .target = path, .headers = {}, .body = json::dump(object)};
    Reply reply = impl_->handle(request, admin, &own);
    if (reply.response.status == 409) {
      request.method = "PUT";
      request.target = path + "/" + name;
      reply = impl_->handle(request, admin, &own);
    }
    if (reply.response.status >= 300) {
      const auto status = json::parse(reply.response.body);
      throw Exception(
          Errc::invalid_argument,
          fmt::format("seed: {} {}: {}", resource->kind, name,
                      status ? (*status)["message"].string_or("") : reply.response.body));
    }
    if (resource->has_status && object.find("status") != nullptr) {
      request = {.method = "PATCH",
                 .target = path + "/" + name + "/status",
                 .headers = {{"Content-Type", "application/merge-patch+json"}},
                 .body = json::dump(Object{{"status", object["status"]}})};
      impl_->handle(request, admin, &own);
    }
  }
}

}  // namespace windlass::inline v0::api_server
