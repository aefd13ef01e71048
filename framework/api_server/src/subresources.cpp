// scale, eviction, binding, log, finalize, token.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>
#include <windlass/json/patch.hpp>

#include "conversion.hpp"
#include "handlers.hpp"
#include "identity.hpp"
#include "table.hpp"
#include "webhooks.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

StoredPtr target_object(Context& context) {
  return require_object(context.state, *context.resource,
                        {context.target.namespace_, context.target.name});
}

Value* reach(Value& object, const std::vector<std::string>& path) {
  Value* at = &object;
  for (const std::string& key : path) {
    if (!at->is_object() && !at->is_null()) return nullptr;
    at = &(*at)[std::string_view(key)];
  }
  return at;
}

Value scale_of(const Resource& resource, const Value& object) {
  Value metadata = Object{};
  for (const char* key : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    if (const Value* value = object["metadata"].find(key)) metadata[key] = *value;
  }
  Object spec, status;
  if (resource.custom) {
    spec.set("replicas", at_json_path(object, resource.replicas_path).integer_or(0));
    status.set("replicas", at_json_path(object, resource.status_replicas_path).integer_or(0));
    const Value selector = at_json_path(object, resource.selector_path);
    if (selector.is_string()) status.set("selector", selector);
  } else {
    spec.set("replicas", object.at_path({"spec", "replicas"}).integer_or(0));
    status.set("replicas", object.at_path({"status", "replicas"}).integer_or(0));
    status.set("selector", LabelSelector::from(object.at_path({"spec", "selector"})).text());
  }
  return Object{{"kind", "Scale"},
                {"apiVersion", "autoscaling/v1"},
                {"metadata", std::move(metadata)},
                {"spec", std::move(spec)},
                {"status", std::move(status)}};
}

/// The request that webhooks see of what a client sends to this subresource.
AdmissionRequest sent(const Context& context, Operation operation, SentKind kind) {
  const bool connects = operation == Operation::connect;
  const char* options = operation == Operation::create ? "CreateOptions" : "UpdateOptions";
  return {.resource = *context.resource,
          .operation = operation,
          .subresource = context.target.subresource,
          .kind = std::move(kind),
          .name = context.target.name,
          .namespace_ = context.target.namespace_,
          .dry_run = !connects && write_options(context).dry_run,
          .options = connects ? Value() : options_document(context, options)};
}

}  // namespace

Reply handle_scale(Context& context) {
  const Resource& resource = *context.resource;
  const StoredPtr stored = target_object(context);
  const Value before = to_version(context, resource, stored);
  const std::string& method = context.request.method;
  if (method == "GET") return {json_response(200, scale_of(resource, before))};
  Value scale = scale_of(resource, before);
  if (method == "PUT") {
    scale = read_body(context);
  } else if (method == "PATCH") {
    const auto patch = json::parse(context.request.body);
    if (!patch) throw Failure::bad_request(patch.error().message);
    if (patch->is_array()) {
      auto patched = json::apply_json_patch(scale, *patch);
      if (!patched) throw Failure::bad_request(patched.error().message);
      scale = std::move(*patched);
    } else {
      scale = json::apply_merge_patch(scale, *patch);
    }
  } else {
    throw Failure::method_not_allowed(resource, "");
  }
  const std::string named = object_name(scale);
  if (named != context.target.name) {
    throw Failure::bad_request(
        fmt::format("the name of the object ({}) does not match the name on the URL ({})", named,
                    context.target.name));
  }
  const Value old_scale = scale_of(resource, before);
  AdmissionRequest admission = sent(context, Operation::update, {"autoscaling", "v1", "Scale"});
  admission.old_object = &old_scale;
  admit_sent(context, admission, scale);
  const std::int64_t replicas = scale.at_path({"spec", "replicas"}).integer_or(0);
  if (replicas < 0) {
    Causes causes;
    causes.invalid("spec.replicas", Value(replicas), "must be greater than or equal to 0");
    const Resource kind{
        .group = "autoscaling", .version = "v1", .kind = "Scale", .plural = "", .singular = ""};
    throw Failure::invalid(kind, context.target.name, causes);
  }
  const WriteOptions options = write_options(context);
  const std::string path = resource.custom ? resource.replicas_path : ".spec.replicas";
  const auto set_replicas = [&](Value object) {
    if (Value* place = reach(object, split_path(path))) *place = replicas;
    return object;
  };
  Value object = set_replicas(before);
  if (context.request.headers.get("Content-Type").starts_with("application/apply-patch")) {
    const Value stated = Object{{"apiVersion", resource.api_version()},
                                {"kind", resource.kind},
                                {"metadata", Object{{"name", named}}}};
    object = server_side_apply(context, resource, &before, set_replicas(stated), "scale", options);
    if (resource.custom) {
      throw Failure::plain(fmt::format(
          "failed to convert new object (/{}; autoscaling/v1, Kind=Scale) to proper version: "
          "request to convert CR to an invalid group/version: autoscaling/v1",
          named));
    }
  }
  const std::string_view version = scale["metadata"]["resourceVersion"].string_or("");
  if (!version.empty()) object["metadata"]["resourceVersion"] = version;
  const StoredPtr updated =
      update_object(context, resource, stored, std::move(object), "scale", options);
  return {json_response(200, scale_of(resource, to_version(context, resource, updated)))};
}

namespace {

[[noreturn]] void refuse_eviction(const Value& budget, const std::string& why) {
  (void)budget;
  throw Failure::too_many_requests(
      "Cannot evict pod as it would violate the pod's disruption budget.",
      Object{{"causes", Array{Object{{"reason", "DisruptionBudget"}, {"message", why}}}}});
}

/// Takes one disruption from the budget, or refuses.
void use_budget(Context& context, const StoredPtr& budget, const std::string& pod, bool dry_run) {
  Value value = budget->value();
  const std::string name = object_name(value);
  Value& status = value["status"];
  if (status["observedGeneration"].integer_or(0) < value["metadata"]["generation"].integer_or(0)) {
    throw Failure::too_many_requests(
        "Cannot evict pod as it would violate the pod's disruption budget.",
        Object{{"retryAfterSeconds", 10},
               {"causes",
                Array{Object{
                    {"reason", "DisruptionBudget"},
                    {"message",
                     fmt::format("The disruption budget {} is still being processed by the server.",
                                 name)}}}}});
  }
  const std::int64_t allowed_now = status["disruptionsAllowed"].integer_or(0);
  if (allowed_now <= 0) {
    refuse_eviction(
        value, fmt::format("The disruption budget {} needs {} healthy pods and has {} currently",
                           name, status["desiredHealthy"].integer_or(0),
                           status["currentHealthy"].integer_or(0)));
  }
  if (dry_run) return;
  status["disruptionsAllowed"] = allowed_now - 1;
  status["disruptedPods"][std::string_view(pod)] = context.state.now();
  const ResourcePtr resource = context.state.registry.storing("policy/poddisruptionbudgets");
  if (allowed_now == 1) {  // none is left
    status["conditions"] = Array{Object{{"type", "DisruptionAllowed"},
                                        {"status", "False"},
                                        {"observedGeneration", status["observedGeneration"]},
                                        {"lastTransitionTime", context.state.now()},
                                        {"reason", "InsufficientPods"},
                                        {"message", ""}}};
  }
  track_server_write(context.state, *resource, budget->value(), value);
  context.state.put(*resource, std::move(value));
}

/// Pods that are not ready may go without a disruption of the budget, by the budget's policy.
bool may_go_unready(const Value& budget, const Value& pod) {
  const Value& conditions = pod.at_path({"status", "conditions"});
  const bool ready =
      conditions.is_array() && std::any_of(conditions.as_array().begin(),
                                           conditions.as_array().end(), [](const Value& condition) {
                                             return condition["type"] == Value("Ready") &&
                                                    condition["status"] == Value("True");
                                           });
  if (ready) return false;
  if (budget.at_path({"spec", "unhealthyPodEvictionPolicy"}) == Value("AlwaysAllow")) return true;
  const std::int64_t wanted = budget.at_path({"status", "desiredHealthy"}).integer_or(0);
  return wanted > 0 && budget.at_path({"status", "currentHealthy"}).integer_or(0) >= wanted;
}

bool counts_for_budgets(const Value& pod) {
  const std::string_view phase = pod.at_path({"status", "phase"}).string_or("");
  return phase != "Succeeded" && phase != "Failed" && phase != "Pending" &&
         pod["metadata"].find("deletionTimestamp") == nullptr;
}

}  // namespace

Reply handle_eviction(Context& context) {
  State& state = context.state;
  Value body = read_body(context);
  const std::string version(body["apiVersion"].string_or("policy/v1"));
  const std::string kind(body["kind"].string_or("Eviction"));
  if (kind != "Eviction" && version == "v1") {
    throw Failure::bad_request(
        fmt::format("{0} in version \"{1}\" cannot be handled as a Eviction: converting ({1}.{0}) "
                    "to (policy.Eviction): unknown conversion",
                    kind, version));
  }
  if (object_name(body) != context.target.name) {
    throw Failure::bad_request("name in URL does not match name in Eviction object");
  }
  admit_sent(context, sent(context, Operation::create, {"policy", "v1", "Eviction"}), body);
  const StoredPtr pod = target_object(context);
  DeleteOptions options;
  const Value& wanted = body["deleteOptions"];
  if (wanted["gracePeriodSeconds"].is_integer())
    options.grace = wanted["gracePeriodSeconds"].as_integer();
  if (wanted["preconditions"]["uid"].is_string()) {
    options.uid = wanted["preconditions"]["uid"].as_string();
  }
  options.resource_version = wanted["preconditions"]["resourceVersion"].string_or("");
  options.dry_run = wanted["dryRun"].is_array() || context.query().get("dryRun") == "All";
  if (counts_for_budgets(pod->value())) {
    std::vector<StoredPtr> budgets;
    for (const StoredPtr& budget :
         state.store.list("policy/poddisruptionbudgets", context.target.namespace_)) {
      const LabelSelector selector =
          LabelSelector::from(budget->value().at_path({"spec", "selector"}));
      if (selector.matches(pod->value()["metadata"]["labels"])) budgets.push_back(budget);
    }
    if (budgets.size() > 1) {
      throw Failure(500, "InternalError",
                    "This pod has more than one PodDisruptionBudget, which the eviction "
                    "subresource does not support.");
    }
    if (!budgets.empty() && !may_go_unready(budgets.front()->value(), pod->value()))
      use_budget(context, budgets.front(), context.target.name, options.dry_run);
  }
  StoredPtr marked = pod;
  bool gone = false;
  if (!options.dry_run) {
    DeleteOptions trial = options;  // refuses before anything is written
    trial.dry_run = true;
    delete_object(state, *context.resource, pod, trial, gone);
    Value object = pod->value();
    Value& conditions = object["status"]["conditions"];
    if (!conditions.is_array()) conditions = Array{};
    conditions.as_array().emplace_back(Object{{"type", "DisruptionTarget"},
                                              {"status", "True"},
                                              {"reason", "EvictionByEvictionAPI"},
                                              {"message", "Eviction API: evicting"},
                                              {"lastTransitionTime", state.now()}});
    marked = state.put(*context.resource, std::move(object));
  }
  delete_object(state, *context.resource, marked, options, gone);
  Value status = make_status(201, "", "", nullptr);
  status["code"] = 201;
  return {json_response(201, status)};
}

Reply handle_binding(Context& context) {
  Value body = read_body(context);
  admit_sent(context, sent(context, Operation::create, {"", "v1", "Binding"}), body);
  const StoredPtr pod = target_object(context);
  const std::string_view kind = body.at_path({"target", "kind"}).string_or("");
  if (!kind.empty() && kind != "Node") {
    throw Failure::plain(
        fmt::format("target.kind: Unsupported value: {}: supported values: \"Node\", \"<empty>\"",
                    quote_json(kind)));
  }
  const std::string node(body.at_path({"target", "name"}).string_or(""));
  if (node.empty()) throw Failure::bad_request("target.name: Required value");
  Value object = pod->value();
  const std::string_view bound = object.at_path({"spec", "nodeName"}).string_or("");
  if (!bound.empty()) {
    Resource shown = *context.resource;
    shown.plural += "/binding";
    throw Failure::conflict(
        shown, context.target.name,
        fmt::format("pod {} is already assigned to node \"{}\"", context.target.name, bound));
  }
  object["spec"]["nodeName"] = node;
  Value& conditions = object["status"]["conditions"];
  if (!conditions.is_array()) conditions = Array{};
  std::erase_if(conditions.as_array(),
                [](const Value& entry) { return entry["type"] == Value("PodScheduled"); });
  conditions.as_array().emplace_back(Object{{"type", "PodScheduled"},
                                            {"status", "True"},
                                            {"lastProbeTime", nullptr},
                                            {"lastTransitionTime", context.state.now()}});
  context.state.put(*context.resource, std::move(object));
  Value done = make_status(201, "", "", nullptr);
  done["code"] = 201;
  return {json_response(201, done)};
}

namespace {

std::string choose_container(const Value& pod, const std::string& wanted) {
  std::vector<std::string> regular, initial;
  for (const auto& [key, out] :
       {std::pair("containers", &regular), std::pair("initContainers", &initial)}) {
    const Value& list = pod["spec"][key];
    if (!list.is_array()) continue;
    for (const Value& container : list.as_array())
      out->emplace_back(container["name"].string_or(""));
  }
  const std::string name = object_name(pod);
  if (wanted.empty()) {
    if (regular.size() == 1 && initial.empty()) return regular.front();
    const std::string_view chosen =
        pod.at_path({"metadata", "annotations", "kubectl.kubernetes.io/default-container"})
            .string_or("");
    if (!chosen.empty()) return std::string(chosen);
    std::string text =
        fmt::format("a container name must be specified for pod {}, choose one of: [{}]", name,
                    fmt::join(regular, " "));
    if (!initial.empty())
      text += fmt::format(" or one of the init containers: [{}]", fmt::join(initial, " "));
    throw Failure::bad_request(std::move(text));
  }
  for (const auto* list : {&regular, &initial}) {
    if (std::find(list->begin(), list->end(), wanted) != list->end()) return wanted;
  }
  throw Failure::bad_request(fmt::format("container {} is not valid for pod {}", wanted, name));
}

}  // namespace

Reply handle_log(Context& context) {
  const StoredPtr pod = target_object(context);
  const Query& query = context.query();
  LogRequest log{.namespace_ = context.target.namespace_,
                 .pod = context.target.name,
                 .container = choose_container(pod->value(), std::string(query.get("container"))),
                 .follow = query.flag("follow"),
                 .previous = query.flag("previous"),
                 .timestamps = query.flag("timestamps"),
                 .tail_lines = query.number("tailLines"),
                 .since_seconds = query.number("sinceSeconds"),
                 .limit_bytes = query.number("limitBytes")};
  if (pod->value().at_path({"spec", "nodeName"}).string_or("").empty()) {
    return {text_response(200, "", "text/plain")};  // as the server: nothing to ask yet
  }
  Reply reply{text_response(200, "", "text/plain")};
  reply.log = std::move(log);
  return reply;
}

namespace {

/// The options that clients write into the query of exec and attach, as the API's type.
Value connect_options(const Query& query, bool exec) {
  Object out;
  for (const char* stream : {"stdin", "stdout", "stderr", "tty"}) {
    if (query.flag(stream)) out.set(stream, true);
  }
  if (const auto container = query.get("container"); !container.empty())
    out.set("container", container);
  if (!exec) return out;
  Array command;
  for (const std::string& word : query.all("command")) command.emplace_back(word);
  out.set("command", std::move(command));
  return out;
}

/// The same for port forwarding.
Value port_options(const Query& query) {
  Object out;
  Array ports;
  for (const std::string& text : query.all("ports")) {
    for (std::string_view rest = text; !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      ports.emplace_back(std::atoi(std::string(rest.substr(0, comma)).c_str()));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  if (!ports.empty()) out.set("ports", std::move(ports));
  return out;
}

std::vector<std::string> words_of(const Value& list) {
  std::vector<std::string> out;
  if (!list.is_array()) return out;
  for (const Value& word : list.as_array()) out.emplace_back(word.string_or(""));
  return out;
}

}  // namespace

Reply handle_connect(Context& context) {
  using Kind = Connect::Kind;
  const std::string& name = context.target.subresource;
  const Kind kind = name == "exec"     ? Kind::exec
                    : name == "attach" ? Kind::attach
                                       : Kind::port_forward;
  const char* kind_name = kind == Kind::exec     ? "PodExecOptions"
                          : kind == Kind::attach ? "PodAttachOptions"
                                                 : "PodPortForwardOptions";
  Value options = kind == Kind::port_forward ? port_options(context.query())
                                             : connect_options(context.query(), kind == Kind::exec);
  admit_sent(context, sent(context, Operation::connect, {"", "v1", kind_name}), options);
  const StoredPtr pod = target_object(context);
  Connect connect{.kind = kind,
                  .request = {.namespace_ = context.target.namespace_,
                              .pod = context.target.name,
                              .container = "",
                              .command = words_of(options["command"]),
                              .input = options["stdin"].bool_or(false),
                              .tty = options["tty"].bool_or(false)}};
  if (kind != Kind::port_forward) {
    connect.request.container =
        choose_container(pod->value(), std::string(options["container"].string_or("")));
  }
  if (pod->value().at_path({"spec", "nodeName"}).string_or("").empty()) {
    throw Failure::bad_request(
        fmt::format("pod {} does not have a host assigned", context.target.name));
  }
  const auto on = [&](const char* stream) { return options[stream].bool_or(false); };
  if (kind != Kind::port_forward && !on("stdin") && !on("stdout") && !on("stderr"))
    throw Failure::bad_request("you must specify at least 1 of stdin, stdout, stderr");
  if (kind == Kind::exec && connect.request.command.empty())
    throw Failure::bad_request("you must specify at least one argument of the command");
  if (context.request.headers.get("Upgrade").empty())
    throw Failure::bad_request("Upgrade request required");
  const std::string why =
      fmt::format("no kubelet runs pod {}: nothing can be connected to it", context.target.name);
  Reply reply{json_response(500, make_status(500, "InternalError", why, nullptr))};
  reply.connect = std::move(connect);
  return reply;
}

Reply handle_finalize(Context& context) {
  const Value body = read_body(context);
  const StoredPtr stored =
      require_object(context.state, *context.resource, {"", context.target.name});
  Value object = stored->value();
  if (const Value* finalizers = body["spec"].find("finalizers");
      finalizers && finalizers->is_array() && !finalizers->as_array().empty()) {
    object["spec"]["finalizers"] = *finalizers;
  } else {
    object["spec"].as_object().erase("finalizers");
  }
  const bool done = object["spec"].find("finalizers") == nullptr &&
                    object["metadata"].find("deletionTimestamp") != nullptr &&
                    !std::as_const(object)["metadata"]["finalizers"].is_array();
  if (done) {
    auto last = std::make_shared<const Stored>(std::move(object), stored->revision());
    context.state.remove(*context.resource, last);
    return {object_response(context, 200, last)};
  }
  return {object_response(context, 200, context.state.put(*context.resource, std::move(object)))};
}

namespace {

/// The Pod, Secret or Node that a token is bound to.
BoundObject bound_object(State& state, const Value& reference, const std::string& namespace_) {
  const ResourcePtr resource = state.registry.find_kind(reference["apiVersion"].string_or(""),
                                                        reference["kind"].string_or(""));
  const bool known =
      resource != nullptr &&
      (resource->is("", "Pod") || resource->is("", "Secret") || resource->is("", "Node"));
  if (!known) {
    throw Failure::bad_request(
        fmt::format("cannot bind token for serviceaccount to object of type "
                    "{}, Kind={}",
                    reference["apiVersion"].string_or(""), reference["kind"].string_or("")));
  }
  const ObjectName name{resource->namespaced ? namespace_ : "",
                        std::string(reference["name"].string_or(""))};
  const StoredPtr object = require_object(state, *resource, name);
  const std::string_view uid = object->value()["metadata"]["uid"].string_or("");
  const std::string_view wanted = reference["uid"].string_or("");
  if (!wanted.empty() && wanted != uid) {
    throw Failure::conflict(*resource, name.name,
                            fmt::format("the UID in the bound object reference ({}) does not match "
                                        "the UID in record. The object might have been deleted and "
                                        "then recreated",
                                        wanted));
  }
  return {resource->storage, name, std::string(uid)};
}

}  // namespace

Reply handle_token(Context& context) {
  State& state = context.state;
  const StoredPtr account = target_object(context);
  Value request = read_body(context);
  admit_sent(context,
             sent(context, Operation::create, {"authentication.k8s.io", "v1", "TokenRequest"}),
             request);
  const std::string name = context.target.name;
  const std::string& namespace_ = context.target.namespace_;
  std::int64_t seconds = request.at_path({"spec", "expirationSeconds"}).integer_or(3600);
  if (seconds < 600 || seconds > kLongestSeconds) {
    Causes causes;
    causes.invalid("spec.expirationSeconds", Value(seconds),
                   seconds < 600 ? "may not specify a duration less than 10 minutes"
                                 : "may not specify a duration larger than 2^32 seconds");
    const Resource kind{.group = "authentication.k8s.io",
                        .version = "v1",
                        .kind = "TokenRequest",
                        .plural = "",
                        .singular = ""};
    throw Failure::invalid(kind, "", causes);
  }
  const std::string uid(account->value()["metadata"]["uid"].string_or(""));
  Token token{.identity = service_account_identity({namespace_, name}),
              .expires = state.env.clock().wall_now() + std::chrono::seconds(seconds),
              .account = {"/serviceaccounts", {namespace_, name}, uid}};
  token.identity.uid = uid;
  token.identity.extra["authentication.kubernetes.io/credential-id"] = {"JTI=" +
                                                                        state.env.random().uuid()};
  Value spec = request["spec"];
  if (spec["audiences"].is_array() && !spec["audiences"].as_array().empty()) {
    token.audiences.clear();
    for (const Value& audience : spec["audiences"].as_array())
      token.audiences.emplace_back(audience.string_or(""));
  } else {
    spec["audiences"] = Array{kServerAudience};
  }
  if (const Value bound = spec["boundObjectRef"]; bound.is_object()) {
    token.bound = bound_object(state, bound, namespace_);
    if (token.bound.storage == "/pods") {
      token.identity.extra["authentication.kubernetes.io/pod-name"] = {token.bound.name.name};
      token.identity.extra["authentication.kubernetes.io/pod-uid"] = {token.bound.uid};
    }
  } else {
    spec["boundObjectRef"] = nullptr;
  }
  const std::string expires = format_time(*token.expires, 0);
  const auto seconds_of = [](WallTime time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  };
  const std::string text =
      make_token(state, Object{{"aud", spec["audiences"]},
                               {"exp", seconds_of(*token.expires)},
                               {"iat", seconds_of(state.env.clock().wall_now())},
                               {"iss", kServerAudience},
                               {"sub", token.identity.user}});
  if (context.query().get("dryRun").empty()) state.tokens[text] = std::move(token);
  request["apiVersion"] = "authentication.k8s.io/v1";
  request["kind"] = "TokenRequest";
  request["metadata"] = Object{
      {"name", name}, {"namespace", namespace_}, {"uid", uid}, {"creationTimestamp", state.now()}};
  spec["expirationSeconds"] = seconds;
  request["spec"] = std::move(spec);
  request["status"] = Object{{"token", text}, {"expirationTimestamp", expires}};
  return {json_response(201, request)};
}

}  // namespace windlass::inline v0::api_server
