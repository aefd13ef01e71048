// Pods and pod templates: defaults and validation.

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "builtin.hpp"
#include "names.hpp"
#include "schema.hpp"
#include "state.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

void default_get(Value& handler) {
  Value* get = handler.find("httpGet");
  if (get == nullptr || !get->is_object()) return;
  set_default(*get, "path", "/");
  set_default(*get, "scheme", "HTTP");
}

void default_probe(Value& container, const char* key) {
  Value* probe = container.find(key);
  if (probe == nullptr || !probe->is_object()) return;
  set_default(*probe, "timeoutSeconds", 1);
  set_default(*probe, "periodSeconds", 10);
  set_default(*probe, "successThreshold", 1);
  set_default(*probe, "failureThreshold", 3);
  default_get(*probe);
  if (Value* grpc = probe->find("grpc")) set_default(*grpc, "service", "");
}

/// Always for :latest and untagged images, as the server decides.
const char* pull_policy(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return "IfNotPresent";
  const auto slash = image.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? image : image.substr(slash + 1);
  const auto colon = last.rfind(':');
  return colon == std::string_view::npos || last.substr(colon + 1) == "latest" ? "Always"
                                                                               : "IfNotPresent";
}

void default_container(Value& container) {
  set_default(container, "imagePullPolicy", pull_policy(container["image"].string_or("")));
  set_default(container, "terminationMessagePath", "/dev/termination-log");
  set_default(container, "terminationMessagePolicy", "File");
  set_default(container, "resources", Object{});
  if (Value* ports = container.find("ports")) {
    for (Value& port : ports->as_array()) set_default(port, "protocol", "TCP");
  }
  if (Value* list = container.find("env")) {
    for (Value& entry : list->as_array()) {
      if (!entry["valueFrom"].is_object()) {
        entry.as_object().erase("valueFrom");
        continue;
      }
      if (Value* field = entry["valueFrom"].find("fieldRef"))
        set_default(*field, "apiVersion", "v1");
      if (Value* field = entry["valueFrom"].find("resourceFieldRef"))
        set_default(*field, "divisor", "0");
    }
  }
  Value& resources = container["resources"];
  if (resources["limits"].is_object()) {  // a limit without a request requests as much
    for (const auto& member : Object(resources["limits"].as_object())) {
      set_default(resources["requests"], member.key, member.value);
    }
  }
  if (resources.is_object()) {
    for (const char* key : {"limits", "requests"}) {
      if (resources[key].is_null()) resources.as_object().erase(key);
    }
  }
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    default_probe(container, probe);
  if (Value* lifecycle = container.find("lifecycle"); lifecycle && lifecycle->is_object()) {
    for (const char* hook : {"postStart", "preStop"}) {
      if (Value* handler = lifecycle->find(hook); handler && handler->is_object()) {
        default_get(*handler);
      }
    }
  }
}

void default_volume(Value& volume) {
  const Object& members = volume.as_object();
  if (members.empty() || (members.size() == 1 && members.begin()->key == "name")) {
    volume["emptyDir"] = Object{};
  }
  for (const char* key : {"secret", "configMap", "downwardAPI", "projected"}) {
    if (Value* source = volume.find(key)) set_default(*source, "defaultMode", 420);
  }
  if (Value* path = volume.find("hostPath")) set_default(*path, "type", "");
  if (Value* projected = volume.find("projected")) {
    if (Value* sources = projected->find("sources"); sources != nullptr && sources->is_array()) {
      for (Value& source : sources->as_array()) {
        if (Value* token = source.find("serviceAccountToken"))
          set_default(*token, "expirationSeconds", 3600);
      }
    }
  }
  const auto default_items = [](Value& items) {
    if (!items.is_array()) return;
    for (Value& item : items.as_array()) {
      if (Value* field = item.find("fieldRef")) set_default(*field, "apiVersion", "v1");
    }
  };
  if (Value* downward = volume.find("downwardAPI")) {
    if (Value* items = downward->find("items")) default_items(*items);
  }
  if (Value* claim = volume.find("ephemeral")) {
    Value& spec = (*claim)["volumeClaimTemplate"]["spec"];
    if (spec.is_object()) set_default(spec, "volumeMode", "Filesystem");
  }
}

}  // namespace

void default_pod_spec(Value& spec, bool in_pod) {
  if (!spec.is_object()) return;
  set_default(spec, "restartPolicy", "Always");
  set_default(spec, "dnsPolicy", "ClusterFirst");
  set_default(spec, "schedulerName", "default-scheduler");
  set_default(spec, "securityContext", Object{});
  set_default(spec, "terminationGracePeriodSeconds", 30);
  if (const Value* account = spec.find("serviceAccountName"))
    set_default(spec, "serviceAccount", *account);
  if (in_pod) {
    set_default(spec, "enableServiceLinks", true);
  }
  for (const char* key : {"containers", "initContainers", "ephemeralContainers"}) {
    Value* list = spec.find(key);
    if (list == nullptr || !list->is_array()) continue;
    for (Value& container : list->as_array()) {
      // In a template, a limit is not copied to the request before the pod is made.
      if (in_pod || !container.is_object()) {
        default_container(container);
        continue;
      }
      const Value requests = container["resources"]["requests"];
      default_container(container);
      if (requests.is_null()) {
        container["resources"].as_object().erase("requests");
      } else {
        container["resources"]["requests"] = requests;
      }
    }
  }
  if (Value* volumes = spec.find("volumes"); volumes != nullptr && volumes->is_array()) {
    for (Value& volume : volumes->as_array()) {
      if (volume.is_object()) default_volume(volume);
    }
  }
}

namespace {

void default_pod(Value& pod) {
  if (!pod["spec"].is_object()) pod["spec"] = Object{};
  default_pod_spec(pod["spec"], true);
  Value& grace = pod["spec"]["terminationGracePeriodSeconds"];
  if (grace.integer_or(0) < 0) grace = 1;
  if (pod["spec"].find("hostNetwork") == nullptr || pod["spec"]["hostNetwork"] != Value(true))
    return;
  for (const char* key : {"containers", "initContainers"}) {
    Value* list = pod["spec"].find(key);
    if (list == nullptr || !list->is_array()) continue;
    for (Value& container : list->as_array()) {
      Value* ports = container.find("ports");
      if (ports == nullptr || !ports->is_array()) continue;
      for (Value& port : ports->as_array()) {
        Value number = std::as_const(port)["containerPort"];
        if (!number.is_null()) set_default(port, "hostPort", std::move(number));
      }
    }
  }
}

const char* quality_of_service(const Value& spec) {
  bool any = false, guaranteed = true;
  for (const char* key : {"containers", "initContainers"}) {
    if (!spec[key].is_array()) continue;
    for (const Value& container : spec[key].as_array()) {
      for (const char* name : {"cpu", "memory"}) {
        const Value& limit = container.at_path({"resources", "limits", name});
        const Value& request = container.at_path({"resources", "requests", name});
        any = any || !limit.is_null() || !request.is_null();
        guaranteed = guaranteed && !limit.is_null() && limit == request;
      }
    }
  }
  return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
}

void prepare_pod(State& state, Value& pod) {
  Value& spec = pod["spec"];
  if (state.options.namespace_defaults) set_default(spec, "serviceAccountName", "default");
  if (spec.find("serviceAccountName") != nullptr) {
    Value account = spec["serviceAccountName"];
    set_default(spec, "serviceAccount", std::move(account));
  }
  set_default(spec, "priority", 0);
  set_default(spec, "preemptionPolicy", "PreemptLowerPriority");
  Value& tolerations = pod["spec"]["tolerations"];
  if (!tolerations.is_array()) tolerations = Array{};
  for (const char* key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    const auto& list = tolerations.as_array();
    const bool present = std::any_of(
        list.begin(), list.end(), [&](const Value& entry) { return entry["key"] == Value(key); });
    if (present) continue;
    tolerations.as_array().emplace_back(Object{
        {"key", key}, {"operator", "Exists"}, {"effect", "NoExecute"}, {"tolerationSeconds", 300}});
  }
  pod["status"] = Object{{"phase", "Pending"}, {"qosClass", quality_of_service(pod["spec"])}};
}

void validate_pod(const Value& pod, Causes& causes) {
  const Value& spec = pod["spec"];
  validate_pod_annotations(pod["metadata"]["annotations"], spec, "metadata.annotations", causes);
  validate_pod_spec(spec, "spec", causes, {}, true);
  for (const char* key : {"containers", "initContainers"}) {
    if (!spec[key].is_array()) continue;
    for (std::size_t i = 0; i < spec[key].as_array().size(); ++i) {
      const std::string_view image = spec[key].as_array()[i]["image"].string_or("");
      const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
      if (image.empty() || (!is_space(image.front()) && !is_space(image.back()))) continue;
      causes.invalid(index(child("spec", key), i) + ".image", Value(image),
                     "must not have leading or trailing whitespace");
    }
  }
}

void validate_new_pod(const Value& pod, Causes& causes) {
  const Value& spec = pod["spec"];
  if (spec["serviceAccountName"].string_or("").empty() && spec["volumes"].is_array()) {
    const Array& volumes = spec["volumes"].as_array();
    for (std::size_t i = 0; i < volumes.size(); ++i) {
      const Value& sources = volumes[i]["projected"]["sources"];
      if (!sources.is_array()) continue;
      for (std::size_t j = 0; j < sources.as_array().size(); ++j) {
        if (sources.as_array()[j].find("serviceAccountToken") == nullptr) continue;
        causes.forbidden(
            fmt::format("spec.volumes[{}].projected.sources[{}].serviceAccountToken", i, j),
            "must not be specified when serviceAccountName is not set");
      }
    }
  }
  if (const Value& list = spec["ephemeralContainers"];
      list.is_array() && !list.as_array().empty()) {
    causes.forbidden("spec.ephemeralContainers", "cannot be set on create");
  }
  const Value& gates = spec["schedulingGates"];
  if (spec.find("nodeName") != nullptr && gates.is_array() && !gates.as_array().empty()) {
    causes.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared");
  }
}

/// True when the numbers of containers differ, after which nothing else is looked at.
bool check_container_counts(const Value& spec, const Value& old_spec, const char* key,
                            Causes& causes) {
  const auto count = [&](const Value& one) {
    return one[key].is_array() ? one[key].as_array().size() : 0;
  };
  if (count(spec) == count(old_spec)) return false;
  causes.forbidden(child("spec", key), "pod updates may not add or remove containers");
  return true;
}

void check_deadline(const Value& now, const Value& before, Causes& causes) {
  if (now.is_integer() && before.is_integer() && before.as_integer() < now.as_integer()) {
    causes.invalid("spec.activeDeadlineSeconds", now,
                   "must be less than or equal to previous value");
  } else if (!now.is_integer() && before.is_integer()) {
    causes.invalid("spec.activeDeadlineSeconds", nullptr,
                   "must not update from a positive integer to nil value");
  }
}

void check_gates(const Value& now, const Value& before, Causes& causes) {
  if (!now.is_array()) return;
  for (std::size_t i = 0; i < now.as_array().size(); ++i) {
    const Value& gate = now.as_array()[i];
    const bool known =
        before.is_array() && std::find(before.as_array().begin(), before.as_array().end(), gate) !=
                                 before.as_array().end();
    if (!known) {
      causes.forbidden(index("spec.schedulingGates", i),
                       "only deletion is allowed, but found new scheduling gate '" +
                           std::string(gate["name"].string_or("")) + "'");
    }
  }
}

/// Only images, deadlines, tolerations and a few others may change.
void validate_pod_update(const Value& pod, const Value& old_pod, Causes& causes) {
  Value now = pod["spec"];
  Value before = old_pod["spec"];
  for (const char* key : {"containers", "initContainers"}) {
    if (check_container_counts(now, before, key, causes)) return;
  }
  const std::size_t found = causes.size();
  check_deadline(now["activeDeadlineSeconds"], before["activeDeadlineSeconds"], causes);
  if (causes.size() != found) return;
  check_gates(now["schedulingGates"], before["schedulingGates"], causes);
  for (Value* spec : {&now, &before}) {
    for (const char* key : {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds",
                            "schedulingGates"}) {
      spec->as_object().erase(key);
    }
    for (const char* key : {"containers", "initContainers"}) {
      Value* list = spec->find(key);
      if (list == nullptr || !list->is_array()) continue;
      for (Value& container : list->as_array()) container.as_object().erase("image");
    }
  }
  if (now == before) return;
  causes.forbidden("spec",
                   "pod updates may not change fields other than `spec.containers[*].image`,"
                   "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` "
                   "(only additions "
                   "to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
                   "set to 1 if it was "
                   "previously negative)");
}

void validate_pod_status(const Value& pod, Causes& causes) {
  const Value& status = pod["status"];
  const Value& addresses = status["podIPs"];
  if (const std::string_view first = status["podIP"].string_or("");
      !first.empty() && (!addresses.is_array() || addresses.as_array().empty())) {
    causes.invalid("status.podIPs[0]", Value(first), address_problem(first));
  }
  if (!addresses.is_array()) return;
  for (std::size_t i = 0; i < addresses.as_array().size(); ++i) {
    const std::string_view address = addresses.as_array()[i]["ip"].string_or("");
    causes.invalid(index("status.podIPs", i), Value(address), address_problem(address));
  }
}

void default_pod_template(Value& object) {
  Value& pod_template = object["template"];
  if (!pod_template["metadata"].is_object()) pod_template["metadata"] = Object{};
  if (!pod_template["spec"].is_object()) pod_template["spec"] = Object{};
  default_pod_spec(pod_template["spec"], false);
}

void validate_pod_template_object(const Value& object, Causes& causes) {
  validate_pod_template(object["template"], "template", causes);
}

void carry_pod(Value& pod, const Value& old_pod) {
  // Values that creation added, for clients that send what they had sent first.
  Value& spec = pod["spec"];
  for (const char* key : {"tolerations", "nodeName", "priority"}) {
    if (spec.find(key) == nullptr && old_pod["spec"].find(key) != nullptr)
      spec[key] = old_pod["spec"][key];
  }
  if (const Value* quality = old_pod["status"].find("qosClass")) {
    if (pod["status"].is_object()) pod["status"]["qosClass"] = *quality;
  }
}

}  // namespace

const Rules& pod_rules() {
  static const Rules rules{.defaults = default_pod,
                           .prepare = prepare_pod,
                           .validate = validate_pod,
                           .validate_update = validate_pod_update,
                           .validate_create = validate_new_pod,
                           .validate_status = validate_pod_status,
                           .carry = carry_pod};
  return rules;
}

const Rules& pod_template_rules() {
  static const Rules rules{.defaults = default_pod_template,
                           .validate = validate_pod_template_object};
  return rules;
}

}  // namespace windlass::inline v0::api_server
