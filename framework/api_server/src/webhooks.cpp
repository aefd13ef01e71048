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

const cel::Declarations& condition_variables() {
  static const cel::Declarations variables{{{"object", cel::simple_type(cel::Type::Kind::dyn)},
                                            {"oldObject", cel::simple_type(cel::Type::Kind::dyn)},
                                            {"request", cel::simple_type(cel::Type::Kind::dyn)}}};
  return variables;
}

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

// The configurations themselves.

void default_webhooks(Value& configuration) {
  // through a const reference: a member that is missing must not be made, it would move the others
  const bool mutating =
      std::as_const(configuration)["kind"] == Value("MutatingWebhookConfiguration");
  Value* webhooks = configuration.find("webhooks");
  if (webhooks == nullptr || !webhooks->is_array()) return;
  for (Value& webhook : webhooks->as_array()) {
    if (!webhook.is_object()) continue;
    set_default(webhook, "failurePolicy", "Fail");
    set_default(webhook, "matchPolicy", "Equivalent");
    set_default(webhook, "namespaceSelector", Object{});
    set_default(webhook, "objectSelector", Object{});
    set_default(webhook, "timeoutSeconds", 10);
    if (mutating) set_default(webhook, "reinvocationPolicy", "Never");
    if (Value* rules = webhook.find("rules"); rules != nullptr && rules->is_array()) {
      for (Value& rule : rules->as_array()) {
        if (rule.is_object()) set_default(rule, "scope", "*");
      }
    }
    Value& config = webhook["clientConfig"];
    if (Value* service = config.is_object() ? config.find("service") : nullptr;
        service != nullptr && service->is_object()) {
      set_default(*service, "port", 443);
    }
  }
}

namespace {

void one_of(const Value& value, const std::string& path, const std::vector<std::string>& allowed,
            Causes& causes) {
  const std::string text = text_of(value);
  if (std::find(allowed.begin(), allowed.end(), text) == allowed.end())
    causes.not_supported(path, text, allowed);
}

void validate_url(const std::string& url, const std::string& path, Causes& causes) {
  constexpr std::string_view kScheme = "https://", kForm = "; desired format: https://host[/path]";
  if (!url.starts_with(kScheme)) {
    causes.invalid(path, url.substr(0, url.find("://")),
                   fmt::format("'https' is the only allowed URL scheme{}", kForm));
    return;
  }
  const auto end = std::min(url.find_first_of("/?#", kScheme.size()), url.size());
  const std::string host = url.substr(kScheme.size(), end - kScheme.size());
  if (host.empty()) {
    causes.invalid(path, "", fmt::format("host must be specified{}", kForm));
  } else if (host.find('@') != std::string::npos) {
    causes.invalid(path, "", "user information is not permitted in the URL");
  } else if (host.rfind(':') != std::string::npos && !host.ends_with(']') &&
             !parse_endpoint(host)) {
    causes.invalid(path, host, "port is not valid: must be between 1 and 65535, inclusive");
  }
  if (url.find('#') != std::string::npos) {
    causes.invalid(path, url.substr(url.find('#') + 1), "fragments are not permitted in the URL");
  }
  if (url.find('?') != std::string::npos) {
    causes.invalid(path, url.substr(url.find('?') + 1),
                   "query parameters are not permitted in the URL");
  }
}

}  // namespace

void validate_webhook_client(const Value& config, const std::string& path, Causes& causes) {
  const std::string url = text_of(config["url"]);
  const bool service = config["service"].is_object();
  if (url.empty() != service) {
    causes.required(path, "exactly one of url or service is required");
    return;
  }
  if (service) {
    for (const char* key : {"name", "namespace"}) {
      if (config["service"][key].string_or("").empty()) causes.required(path + ".service." + key);
    }
    const std::int64_t port = config["service"]["port"].integer_or(443);
    if (port < 1 || port > 65535) {
      causes.invalid(path + ".service.port", port,
                     "port is not valid: must be between 1 and 65535, inclusive");
    }
  } else {
    validate_url(url, path + ".url", causes);
  }
}

namespace {

/// A rule names something of each sort, and '*' instead of others.
void validate_rule(const Value& rule, const std::string& path, Causes& causes) {
  for (const auto& [key, others] :
       {std::pair("operations", "operations"), std::pair("apiGroups", "API groups"),
        std::pair("apiVersions", "API versions"), std::pair("resources", "")}) {
    const std::string at = path + "." + key;
    const Value& list = rule[key];
    if (!list.is_array() || list.as_array().empty()) {
      causes.required(at);
      continue;
    }
    const Array& entries = list.as_array();
    const bool all = std::find(entries.begin(), entries.end(), Value("*")) != entries.end();
    if (all && entries.size() > 1 && *others != '\0') {
      causes.invalid(at, list, fmt::format("if '*' is present, must not specify other {}", others));
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (key == std::string_view("operations")) {
        one_of(entries[i], index(at, i), {"*", "CONNECT", "CREATE", "DELETE", "UPDATE"}, causes);
      } else if (key != std::string_view("apiGroups") && entries[i].string_or("").empty()) {
        causes.required(index(at, i));
      }
    }
  }
  one_of(rule["scope"], path + ".scope", {"*", "Cluster", "Namespaced"}, causes);
}

void validate_conditions(const Value& conditions, const std::string& path, Causes& causes) {
  if (!conditions.is_array()) return;
  const Array& list = conditions.as_array();
  constexpr std::size_t kMostConditions = 64;
  if (list.size() > kMostConditions) causes.too_many(path, list.size(), kMostConditions);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = index(path, i);
    if (list[i]["name"].string_or("").empty()) causes.required(at + ".name");
    const std::string source = text_of(list[i]["expression"]);
    if (source.empty()) {
      causes.required(at + ".expression");
      continue;
    }
    const auto program = cel::compile(source, condition_variables());
    if (!program)
      causes.invalid(at + ".expression", source, "compilation failed: " + program.error().message);
  }
}

void validate_webhooks(const Value& configuration, bool mutating, Causes& causes) {
  const Value& webhooks = configuration["webhooks"];
  if (!webhooks.is_array()) return;
  const Array& list = webhooks.as_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Value& webhook = list[i];
    const std::string path = index("webhooks", i);
    const std::string name = text_of(webhook["name"]);
    if (name.empty()) {
      causes.required(path + ".name");
    } else if (!subdomain_problem(name).empty()) {
      causes.invalid(path + ".name", name, subdomain_problem(name));
    } else if (std::count(name.begin(), name.end(), '.') < 2) {
      causes.invalid(path + ".name", name,
                     "should be a domain with at least three segments separated by dots");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (text_of(list[j]["name"]) == name) causes.duplicate(path + ".name", name);
    }
    one_of(webhook["failurePolicy"], path + ".failurePolicy", {"Fail", "Ignore"}, causes);
    one_of(webhook["matchPolicy"], path + ".matchPolicy", {"Equivalent", "Exact"}, causes);
    if (mutating)
      one_of(webhook["reinvocationPolicy"], path + ".reinvocationPolicy", {"IfNeeded", "Never"},
             causes);
    if (webhook["sideEffects"].is_null()) {
      causes.required(path + ".sideEffects", "must specify one of None, NoneOnDryRun");
    } else {
      one_of(webhook["sideEffects"], path + ".sideEffects", {"None", "NoneOnDryRun"}, causes);
    }
    const std::int64_t timeout = webhook["timeoutSeconds"].integer_or(10);
    if (timeout < 1 || timeout > 30) {
      causes.invalid(path + ".timeoutSeconds", timeout,
                     "the timeout value must be between 1 and 30 seconds");
    }
    const Value& versions = webhook["admissionReviewVersions"];
    if (!versions.is_array() || versions.as_array().empty()) {
      causes.required(path + ".admissionReviewVersions", "must specify one of v1, v1beta1");
    } else if (!lists(versions, "v1")) {
      causes.invalid(path + ".admissionReviewVersions", versions,
                     "must include at least one of v1; v1beta1 is not sent by this API server");
    }
    validate_webhook_client(webhook["clientConfig"], path + ".clientConfig", causes);
    if (const Value& rules = webhook["rules"]; rules.is_array()) {
      for (std::size_t j = 0; j < rules.as_array().size(); ++j)
        validate_rule(rules.as_array()[j], index(path + ".rules", j), causes);
    }
    for (const char* key : {"namespaceSelector", "objectSelector"})
      check_label_selector(webhook[key], path + "." + key, causes);
    validate_conditions(webhook["matchConditions"], path + ".matchConditions", causes);
  }
}

}  // namespace

void validate_mutating_webhooks(const Value& configuration, Causes& causes) {
  validate_webhooks(configuration, true, causes);
}
void validate_validating_webhooks(const Value& configuration, Causes& causes) {
  validate_webhooks(configuration, false, causes);
}

}  // namespace windlass::inline v0::api_server
