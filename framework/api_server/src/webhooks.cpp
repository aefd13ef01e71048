#include "webhooks.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>
#include <windlass/cel/program.hpp>

#include "builtin.hpp"
#include "conversion.hpp"
#include "handlers.hpp"
#include "identity.hpp"
#include "names.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

constexpr const char* kGroup = "admissionregistration.k8s.io";

const char* word(Operation operation) {
  return operation == Operation::create   ? "CREATE"
         : operation == Operation::update ? "UPDATE"
         : operation == Operation::remove ? "DELETE"
                                          : "CONNECT";
}

std::string text_of(const Value& value) { return std::string(value.string_or("")); }

bool lists(const Value& list, std::string_view wanted) {
  return list.is_array() &&
         std::any_of(list.as_array().begin(), list.as_array().end(), [&](const Value& entry) {
           return entry.string_or("") == wanted || entry.string_or("") == "*";
         });
}

bool lists_resource(const Value& list, const std::string& plural, const std::string& sub) {
  if (!list.is_array()) return false;
  return std::any_of(list.as_array().begin(), list.as_array().end(), [&](const Value& entry) {
    const std::string_view text = entry.string_or("");
    const auto slash = std::min(text.find('/'), text.size());
    const std::string_view name = text.substr(0, slash);
    const std::string_view below = slash < text.size() ? text.substr(slash + 1) : "";
    if (name != "*" && name != plural) return false;
    return below == sub || (below == "*" && slash < text.size());
  });
}

bool rule_matches(const Value& rule, const AdmissionRequest& request, const Resource& as) {
  const std::string_view scope = rule["scope"].string_or("*");
  // a Namespace counts as a cluster's object
  if (scope == "Namespaced" && (!as.namespaced || as.is("", "Namespace"))) return false;
  if (scope == "Cluster" && as.namespaced) return false;
  return lists(rule["operations"], word(request.operation)) && lists(rule["apiGroups"], as.group) &&
         lists(rule["apiVersions"], as.version) &&
         lists_resource(rule["resources"], as.plural, request.subresource);
}

/// The version of the resource that the webhook wants to see; null when it wants none.
ResourcePtr matched_version(const State& state, const Value& webhook,
                            const AdmissionRequest& request) {
  if (!webhook["rules"].is_array()) return nullptr;
  const ResourcePtr exact = state.registry.find(request.resource.group, request.resource.version,
                                                request.resource.plural);
  const Array& rules = webhook["rules"].as_array();
  for (const Value& rule : rules) {
    if (exact != nullptr && rule_matches(rule, request, *exact)) return exact;
  }
  if (webhook["matchPolicy"].string_or("Equivalent") != "Equivalent") return nullptr;
  for (const Value& rule : rules) {
    for (const ResourcePtr& other : state.registry.all()) {
      if (other->storage == request.resource.storage && rule_matches(rule, request, *other))
        return other;
    }
  }
  return nullptr;
}

bool selector_matches(const Value& selector, const Value& object) {
  const LabelSelector parsed = LabelSelector::from(selector);
  return parsed.empty() || parsed.matches(object["metadata"]["labels"]);
}

/// Objects that have no metadata, such as the options of a connection, match no selector but the
/// empty one.
bool object_matches(const Value& selector, const Value* object) {
  if (object == nullptr) return false;
  if (object->find("metadata") == nullptr) return LabelSelector::from(selector).empty();
  return selector_matches(selector, *object);
}

bool namespace_matches(const State& state, const Value& webhook, const AdmissionRequest& request,
                       const Value* object) {
  const Value& selector = webhook["namespaceSelector"];
  if (LabelSelector::from(selector).empty()) return true;
  if (request.resource.is("", "Namespace")) {
    const Value* own = object != nullptr ? object : request.old_object;
    return own == nullptr || selector_matches(selector, *own);
  }
  if (request.namespace_.empty()) return true;
  const StoredPtr space = state.get("/namespaces", {"", request.namespace_});
  return space != nullptr && selector_matches(selector, space->value());
}

/// In another version of the same resource.
Value as_version(Context& context, const Resource& from, const Resource& to, Value object) {
  if (from.api_version() == to.api_version()) return object;
  if (from.conversion == nullptr) return to_version(to, to_storage(from, std::move(object)));
  return converted(context, from, to.api_version(), {std::move(object)}).front();
}
Value as_version(Context& context, const AdmissionRequest& request, const Resource& to,
                 const Value& object) {
  return request.kind ? object : as_version(context, request.resource, to, object);
}

Value kind_of(const AdmissionRequest& request, const Resource& as) {
  const SentKind kind = request.kind.value_or(SentKind{as.group, as.version, as.kind});
  return Object{{"group", kind.group}, {"version", kind.version}, {"kind", kind.kind}};
}
Value gvr(const Resource& resource) {
  return Object{
      {"group", resource.group}, {"version", resource.version}, {"resource", resource.plural}};
}

Value request_document(Context& context, const AdmissionRequest& request, const Resource& as,
                       const Value* object, const std::string& uid) {
  Object out{{"uid", uid},
             {"kind", kind_of(request, as)},
             {"resource", gvr(as)},
             {"requestKind", kind_of(request, request.resource)},
             {"requestResource", gvr(request.resource)},
             {"operation", word(request.operation)},
             {"userInfo", user_info(context.identity)},
             {"object", object != nullptr ? as_version(context, request, as, *object) : Value()},
             {"oldObject", request.old_object != nullptr
                               ? as_version(context, request, as, *request.old_object)
                               : Value()},
             {"dryRun", request.dry_run},
             {"options", request.options}};
  if (!request.name.empty()) out.set("name", request.name);
  if (!request.namespace_.empty()) out.set("namespace", request.namespace_);
  if (!request.subresource.empty()) {
    out.set("subResource", request.subresource);
    out.set("requestSubResource", request.subresource);
  }
  return out;
}

// Match conditions.

}  // namespace

const cel::Declarations& condition_variables() {
  static const cel::Declarations variables{{{"object", cel::simple_type(cel::Type::Kind::dyn)},
                                            {"oldObject", cel::simple_type(cel::Type::Kind::dyn)},
                                            {"request", cel::simple_type(cel::Type::Kind::dyn)}}};
  return variables;
}

namespace {

/// kube-apiserver's limit for all conditions of a webhook.
constexpr std::uint64_t kConditionsBudget = 2'500'000;
constexpr std::size_t kKnownConditions = 1'000;

const Result<cel::Program>& compiled(State& state, std::string_view source) {
  auto found = state.conditions.find(source);
  if (found == state.conditions.end()) {
    if (state.conditions.size() >= kKnownConditions) state.conditions.clear();
    found = state.conditions.emplace(source, cel::compile(source, condition_variables())).first;
  }
  return found->second;
}

/// False when a condition is false. Throws Exception when none is and one cannot be evaluated.
bool conditions_hold(State& state, const Value& webhook, const Value& document) {
  const Value& conditions = webhook["matchConditions"];
  if (!conditions.is_array()) return true;
  Value request = document;
  request.as_object().erase("object");
  request.as_object().erase("oldObject");
  const std::vector<cel::Value> values{cel::Value::dynamic(document["object"]),
                                       cel::Value::dynamic(document["oldObject"]),
                                       cel::Value::dynamic(request)};
  std::string problem;
  std::uint64_t budget = kConditionsBudget;
  for (const Value& condition : conditions.as_array()) {
    const auto& program = compiled(state, condition["expression"].string_or(""));
    const auto outcome = program
                             ? program->evaluate(values, std::min(budget, cel::Program::kCallLimit))
                             : cel::Program::Outcome{};
    budget -= std::min(budget, outcome.cost);
    const bool* holds = program ? outcome.value.get<bool>() : nullptr;
    if (holds == nullptr) {
      problem =
          fmt::format("expression '{}' resulted in error", condition["expression"].string_or(""));
    } else if (!*holds) {
      return false;
    }
  }
  if (!problem.empty()) throw Exception(Errc::invalid_argument, problem);
  return true;
}

// The call.

}  // namespace

WebhookCall call_to(const Value& config) {
  WebhookCall call;
  if (const auto ca = decode_base64(config["caBundle"].string_or(""))) call.ca_pem = *ca;
  if (const Value& service = config["service"]; service.is_object()) {
    call.service_namespace = text_of(service["namespace"]);
    call.service_name = text_of(service["name"]);
    call.host = fmt::format("{}.{}.svc", call.service_name, call.service_namespace);
    call.port = static_cast<std::uint16_t>(service["port"].integer_or(443));
    call.path = service["path"].string_or("/");
    if (!call.path.starts_with('/')) call.path.insert(0, "/");
  } else {
    std::string_view url = config["url"].string_or("");
    url.remove_prefix(std::min(url.size(), url.find("://") + 3));
    const auto slash = std::min(url.find('/'), url.size());
    call.path = slash < url.size() ? std::string(url.substr(slash)) : "/";
    const auto address = parse_endpoint(url.substr(0, slash));
    call.host = address ? address->host : std::string(url.substr(0, slash));
    if (address) call.port = address->port;
  }
  call.url = fmt::format("https://{}:{}{}", call.host, call.port, call.path);
  return call;
}

const WebhookAnswer& answer_to(Context& context, WebhookCall call) {
  if (context.exchange == nullptr) {
    throw Failure(500, "InternalError",
                  "Internal error occurred: a webhook is to be called, for which the request must "
                  "be given to Core::answer instead of Core::handle",
                  Object{});
  }
  const auto found = context.exchange->answers.find(call.key);
  if (found != context.exchange->answers.end()) return found->second;
  context.exchange->wanted = std::move(call);
  throw Suspended{};
}

namespace {

WebhookCall call_of(const Value& webhook, std::string key, std::string body) {
  WebhookCall call = call_to(webhook["clientConfig"]);
  call.key = std::move(key);
  call.body = std::move(body);
  const std::int64_t seconds = webhook["timeoutSeconds"].integer_or(10);
  call.timeout = std::chrono::seconds(seconds);
  const std::string wait =
      fmt::format("{}timeout={}s", call.path.find('?') == std::string::npos ? "?" : "&", seconds);
  call.path += wait;
  call.url += wait;
  return call;
}

/// The `response` of the AdmissionReview. Throws Exception with what is wrong with the call.
Value response_in(const WebhookAnswer& answer, const std::string& url, const std::string& uid) {
  const auto fail = [](std::string text) -> Value { throw Exception(Errc::io, std::move(text)); };
  if (!answer.error.empty())
    return fail(fmt::format("failed to call webhook: Post {}: {}", quote_json(url), answer.error));
  const auto body = json::parse(answer.body);
  if (answer.status < 200 || answer.status >= 300) {
    return fail(
        fmt::format("failed to call webhook: the server responded with the status code {} "
                    "but did not return more information",
                    answer.status));
  }
  if (!body || !body->is_object()) {
    return fail(
        fmt::format("failed to call webhook: couldn't get version/kind; json parse error: {}",
                    body ? "the answer is no object" : body.error().message));
  }
  if ((*body)["apiVersion"].string_or("") != "admission.k8s.io/v1" ||
      (*body)["kind"].string_or("") != "AdmissionReview") {
    return fail(
        fmt::format("received invalid webhook response: expected webhook response of "
                    "admission.k8s.io/v1, Kind=AdmissionReview, got {}, Kind={}",
                    (*body)["apiVersion"].string_or(""), (*body)["kind"].string_or("")));
  }
  const Value& response = (*body)["response"];
  if (!response.is_object())
    return fail("received invalid webhook response: webhook response was absent");
  if (response["uid"].string_or("") != uid) {
    return fail(fmt::format("received invalid webhook response: expected response.uid={}, got {}",
                            quote_json(uid), quote_json(response["uid"].string_or(""))));
  }
  return response;
}

[[noreturn]] void deny(const std::string& name, const Value& response) {
  const Value& status = response["status"];
  std::string text = fmt::format("admission webhook {} denied the request", quote_json(name));
  const std::string_view message = status["message"].string_or("");
  const std::string_view reason = status["reason"].string_or("");
  if (!message.empty()) {
    text += fmt::format(": {}", message);
  } else if (!reason.empty()) {
    text += fmt::format(": {}", reason);
  } else {
    text += " without explanation";
  }
  const std::int64_t code = status["code"].integer_or(400);
  throw Failure(static_cast<int>(std::clamp<std::int64_t>(code, 400, 599)), std::string(reason),
                std::move(text), status["details"]);
}

struct Chosen {
  std::string configuration;  ///< "validatingwebhookconfigurations/name"
  Value webhook;
};

std::vector<Chosen> webhooks_of(const State& state, const char* plural) {
  std::vector<Chosen> out;
  for (const StoredPtr& stored : state.store.list(std::string(kGroup) + "/" + plural, "")) {
    const Value& webhooks = stored->value()["webhooks"];
    if (!webhooks.is_array()) continue;
    for (const Value& webhook : webhooks.as_array())
      out.push_back({fmt::format("{}/{}", plural, object_name(stored->value())), webhook});
  }
  return out;
}

bool is_exempt(const Context& context, const AdmissionRequest& request) {
  return (context.exchange != nullptr && context.exchange->internal) ||
         request.resource.group == kGroup || (request.subresource == "scale" && !request.kind);
}

/// Asks one webhook, if it wants this request: its response, or null.
std::optional<Value> ask(Context& context, const AdmissionRequest& request, const Chosen& chosen,
                         const Value* object, int round, ResourcePtr& as) {
  const Value& webhook = chosen.webhook;
  as = matched_version(context.state, webhook, request);
  if (as == nullptr || !namespace_matches(context.state, webhook, request, object))
    return std::nullopt;
  const Value& selector = webhook["objectSelector"];
  if (!object_matches(selector, object) && !object_matches(selector, request.old_object))
    return std::nullopt;
  const std::string name = text_of(webhook["name"]);
  const std::string_view old_version =
      request.old_object != nullptr
          ? (*request.old_object)["metadata"]["resourceVersion"].string_or("")
          : "";
  const std::string key =
      fmt::format("{}/{} {} {} {}/{} {} {}", chosen.configuration, name, word(request.operation),
                  request.subresource, request.namespace_, request.name, old_version, round);
  const std::string uid =
      remember(context, "review " + key, [&] { return context.state.env.random().uuid(); });
  const Value document = request_document(context, request, *as, object, uid);
  const bool fails_closed = webhook["failurePolicy"].string_or("Fail") == "Fail";
  try {
    if (!conditions_hold(context.state, webhook, document)) return std::nullopt;
  } catch (const Exception& error) {
    if (!fails_closed) return std::nullopt;
    throw Failure::forbidden(request.resource, request.name, error.what());
  }
  const Value review = Object{
      {"kind", "AdmissionReview"}, {"apiVersion", "admission.k8s.io/v1"}, {"request", document}};
  const WebhookCall call = call_of(webhook, key, json::dump(review));
  try {
    return response_in(answer_to(context, call), call.url, uid);
  } catch (const Exception& error) {
    if (!fails_closed) return std::nullopt;
    throw Failure(
        500, "InternalError",
        fmt::format("Internal error occurred: failed calling webhook {}: {}", quote_json(name),
                    error.what()),
        Object{
            {"causes", Array{Object{{"message", fmt::format("failed calling webhook {}: {}",
                                                            quote_json(name), error.what())}}}}});
  }
}

void judge(Context& context, const std::string& name, const Value& response) {
  if (response["warnings"].is_array()) {
    for (const Value& warning : response["warnings"].as_array()) context.warn(text_of(warning));
  }
  if (!response["allowed"].bool_or(false)) deny(name, response);
}

/// True when the response's patch changed the object.
bool apply_response(Context& context, const AdmissionRequest& request, const Resource& as,
                    const std::string& name, const Value& response, Value& object) {
  const std::string_view patch = response["patch"].string_or("");
  if (patch.empty()) return false;
  const auto fail = [&](const std::string& why) {
    throw Failure(500, "InternalError",
                  fmt::format("Internal error occurred: webhook {}: {}", quote_json(name), why),
                  Object{});
  };
  if (response["patchType"].string_or("") != "JSONPatch")
    fail(fmt::format("unsupported patch type {}", quote_json(response["patchType"].string_or(""))));
  const auto text = decode_base64(patch);
  const auto operations = text ? json::parse(*text) : Result<Value>(text.error());
  if (!operations || !operations->is_array()) fail("the patch is no JSON patch in base64");
  auto patched = apply_operations(as_version(context, request, as, object), *operations);
  if (!patched) fail(patched.error().message);
  Value changed = request.kind ? std::move(*patched)
                               : as_version(context, as, request.resource, std::move(*patched));
  if (changed == object) return false;
  object = std::move(changed);
  return true;
}

}  // namespace

bool has_mutating_webhooks(const State& state) {
  return !state.store.list(std::string(kGroup) + "/mutatingwebhookconfigurations", "").empty();
}

bool admit_mutating(Context& context, const AdmissionRequest& request, Value& object) {
  if (is_exempt(context, request)) return false;
  const auto all = webhooks_of(context.state, "mutatingwebhookconfigurations");
  std::vector<bool> outdated(all.size(), true);  // has not seen the object as it is now
  bool changed = false;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool again = all[i].webhook["reinvocationPolicy"].string_or("Never") == "IfNeeded";
      if (!outdated[i] || (round == 1 && !again)) continue;
      ResourcePtr as;
      const auto response = ask(context, request, all[i], &object, round, as);
      if (!response) continue;
      const std::string name = text_of(all[i].webhook["name"]);
      judge(context, name, *response);
      outdated[i] = false;
      if (!apply_response(context, request, *as, name, *response, object)) continue;
      changed = true;
      for (std::size_t j = 0; j < i; ++j) outdated[j] = true;
    }
  }
  return changed;
}

void admit_validating(Context& context, const AdmissionRequest& request, const Value& object) {
  if (is_exempt(context, request)) return;
  for (const Chosen& chosen : webhooks_of(context.state, "validatingwebhookconfigurations")) {
    ResourcePtr as;
    const auto response = ask(context, request, chosen, &object, 0, as);
    if (response) judge(context, text_of(chosen.webhook["name"]), *response);
  }
}

void admit_sent(Context& context, const AdmissionRequest& request, Value& object) {
  if (!object.is_object()) return;
  object["apiVersion"] = request.kind->api_version();
  object["kind"] = request.kind->kind;
  if (request.operation != Operation::connect && object["metadata"].is_object() &&
      !request.namespace_.empty()) {
    object["metadata"]["namespace"] = request.namespace_;
  }
  admit_mutating(context, request, object);
  admit_validating(context, request, object);
}

void admit_removal(Context& context, const Resource& resource, const Value& old_object,
                   const DeleteOptions& options) {
  Object shown{{"kind", "DeleteOptions"}, {"apiVersion", "meta.k8s.io/v1"}};
  if (options.grace) shown.set("gracePeriodSeconds", *options.grace);
  if (!options.propagation.empty()) shown.set("propagationPolicy", options.propagation);
  if (options.dry_run) shown.set("dryRun", Array{"All"});
  Object preconditions;
  if (options.uid) preconditions.set("uid", *options.uid);
  if (!options.resource_version.empty())
    preconditions.set("resourceVersion", options.resource_version);
  if (!preconditions.empty()) shown.set("preconditions", std::move(preconditions));
  const AdmissionRequest request{
      .resource = resource,
      .operation = Operation::remove,
      .name = context.target.name,  // none of a collection's objects has one
      .namespace_ = object_namespace(old_object),
      .old_object = &old_object,
      .dry_run = options.dry_run,
      .options = std::move(shown)};
  if (is_exempt(context, request)) return;
  for (const char* plural : {"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}) {
    for (const Chosen& chosen : webhooks_of(context.state, plural)) {
      ResourcePtr as;
      const auto response = ask(context, request, chosen, nullptr, 0, as);
      if (response) judge(context, text_of(chosen.webhook["name"]), *response);
    }
  }
}

}  // namespace windlass::inline v0::api_server
