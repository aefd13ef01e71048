// Pods and pod templates: defaults and validation.

#include <algorithm>
#include <array>
#include <set>

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

void default_probe(Value& container, const char* key) {
  Value* probe = container.find(key);
  if (probe == nullptr || !probe->is_object()) return;
  set_default(*probe, "timeoutSeconds", 1);
  set_default(*probe, "periodSeconds", 10);
  set_default(*probe, "successThreshold", 1);
  set_default(*probe, "failureThreshold", 3);
  if (Value* get = probe->find("httpGet")) {
    set_default(*get, "path", "/");
    set_default(*get, "scheme", "HTTP");
  }
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
}

void default_volume(Value& volume) {
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

void validate_probe(const Value& probe, const std::string& path, bool liveness, Causes& causes) {
  if (!probe.is_object()) return;
  std::size_t handlers = 0;
  for (const char* key : {"exec", "httpGet", "tcpSocket", "grpc"})
    handlers += probe.find(key) != nullptr ? 1 : 0;
  if (handlers == 0) causes.required(path, "must specify a handler type");
  if (handlers > 1) causes.forbidden(path, "may not specify more than 1 handler type");
  for (const char* key : {"initialDelaySeconds", "timeoutSeconds", "periodSeconds",
                          "successThreshold", "failureThreshold"}) {
    check_not_negative(probe[key], path + "." + key, causes);
  }
  if (liveness && probe["successThreshold"].integer_or(1) != 1) {
    causes.invalid(path + ".successThreshold", probe["successThreshold"], "must be 1");
  }
}

void validate_resources(const Value& resources, const std::string& path, Causes& causes) {
  const Value& limits = resources["limits"];
  const Value& requests = resources["requests"];
  if (!requests.is_object()) return;
  for (const auto& member : requests.as_object()) {
    const auto request = quantity_value(member.value);
    if (request && *request < 0) {
      causes.invalid(keyed(path + ".requests", member.key), member.value,
                     "must be greater than or equal to 0");
    }
    const auto limit = quantity_value(limits[member.key]);
    if (request && limit && *request > *limit) {
      causes.invalid(path + ".requests", member.value,
                     fmt::format("must be less than or equal to {} limit of {}", member.key,
                                 limits[member.key].string_or("")));
    }
  }
}

void validate_container(const Value& container, const std::string& path,
                        const std::set<std::string>& volumes, std::set<std::string>& names,
                        Causes& causes) {
  const std::string name(container["name"].string_or(""));
  if (name.empty()) {
    causes.required(path + ".name");
  } else if (const auto problem = label_problem(name); !problem.empty()) {
    causes.invalid(path + ".name", name, problem);
  } else if (!names.insert(name).second) {
    causes.duplicate(path + ".name", name);
  }
  if (container["image"].string_or("").empty()) causes.required(path + ".image");
  const std::string_view pull = container["imagePullPolicy"].string_or("Always");
  if (pull != "Always" && pull != "IfNotPresent" && pull != "Never") {
    causes.not_supported(path + ".imagePullPolicy", pull, {"Always", "IfNotPresent", "Never"});
  }
  if (container["ports"].is_array()) {
    const Array& ports = container["ports"].as_array();
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const std::int64_t port = ports[i]["containerPort"].integer_or(0);
      const std::string at = index(path + ".ports", i);
      if (port == 0) causes.required(at + ".containerPort");
      if (port < 0 || port > 65535)
        causes.invalid(at + ".containerPort", port, "must be between 1 and 65535, inclusive");
      const std::string_view protocol = ports[i]["protocol"].string_or("TCP");
      if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP") {
        causes.not_supported(at + ".protocol", protocol, {"SCTP", "TCP", "UDP"});
      }
    }
  }
  if (container["env"].is_array()) {
    const Array& list = container["env"].as_array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string at = index(path + ".env", i);
      if (list[i]["name"].string_or("").empty()) causes.required(at + ".name");
      if (list[i].find("valueFrom") != nullptr && !list[i]["value"].string_or("").empty()) {
        causes.invalid(at + ".valueFrom", "", "may not be specified when `value` is not empty");
      }
    }
  }
  if (container["volumeMounts"].is_array()) {
    const Array& mounts = container["volumeMounts"].as_array();
    std::set<std::string> paths;
    for (std::size_t i = 0; i < mounts.size(); ++i) {
      const std::string at = index(path + ".volumeMounts", i);
      const std::string mount(mounts[i]["name"].string_or(""));
      if (mount.empty()) {
        causes.required(at + ".name");
      } else if (!volumes.contains(mount)) {
        causes.not_found(at + ".name", mount);
      }
      const std::string where(mounts[i]["mountPath"].string_or(""));
      if (where.empty()) causes.required(at + ".mountPath");
      if (!where.empty() && !paths.insert(where).second)
        causes.invalid(at + ".mountPath", where, "must be unique");
    }
  }
  validate_resources(container["resources"], path + ".resources", causes);
  validate_probe(container["livenessProbe"], path + ".livenessProbe", true, causes);
  validate_probe(container["readinessProbe"], path + ".readinessProbe", false, causes);
  validate_probe(container["startupProbe"], path + ".startupProbe", true, causes);
}

std::set<std::string> validate_volumes(const Value& volumes, const std::string& path,
                                       Causes& causes) {
  std::set<std::string> names;
  if (!volumes.is_array()) return names;
  const Array& list = volumes.as_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = index(path, i);
    const std::string name(list[i]["name"].string_or(""));
    if (name.empty()) {
      causes.required(at + ".name");
    } else if (const auto problem = label_problem(name); !problem.empty()) {
      causes.invalid(at + ".name", name, problem);
    } else if (!names.insert(name).second) {
      causes.duplicate(at + ".name", name);
    }
    const std::size_t members = list[i].is_object() ? list[i].as_object().size() : 0;
    if (members < 2) causes.required(at, "must specify a volume type");
    if (members > 2) causes.forbidden(at, "may not specify more than 1 volume type");
  }
  return names;
}

}  // namespace

void validate_pod_spec(const Value& spec, const std::string& path, Causes& causes,
                       const std::set<std::string>& claim_templates) {
  std::set<std::string> volumes = validate_volumes(spec["volumes"], path + ".volumes", causes);
  volumes.insert(claim_templates.begin(), claim_templates.end());
  std::set<std::string> names;
  const Value& containers = spec["containers"];
  if (!containers.is_array() || containers.as_array().empty()) {
    causes.required(path + ".containers");
  } else {
    for (std::size_t i = 0; i < containers.as_array().size(); ++i) {
      validate_container(containers.as_array()[i], index(path + ".containers", i), volumes, names,
                         causes);
    }
  }
  if (const Value& initial = spec["initContainers"]; initial.is_array()) {
    for (std::size_t i = 0; i < initial.as_array().size(); ++i) {
      validate_container(initial.as_array()[i], index(path + ".initContainers", i), volumes, names,
                         causes);
    }
  }
  const std::string_view restart = spec["restartPolicy"].string_or("");
  if (restart != "Always" && restart != "OnFailure" && restart != "Never") {
    causes.not_supported(path + ".restartPolicy", restart, {"Always", "OnFailure", "Never"});
  }
  const std::string_view dns = spec["dnsPolicy"].string_or("");
  if (dns != "ClusterFirst" && dns != "ClusterFirstWithHostNet" && dns != "Default" &&
      dns != "None") {
    causes.not_supported(path + ".dnsPolicy", dns,
                         {"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"});
  }
  check_not_negative(spec["terminationGracePeriodSeconds"], path + ".terminationGracePeriodSeconds",
                     causes);
}

namespace {

void default_pod(Value& pod) {
  if (!pod["spec"].is_object()) pod["spec"] = Object{};
  default_pod_spec(pod["spec"], true);
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
  validate_pod_spec(spec, "spec", causes);
  check_labels(spec["nodeSelector"], "spec.nodeSelector", causes);
  const Value& deadline = spec["activeDeadlineSeconds"];
  if (deadline.is_integer() && (deadline.as_integer() < 1 || deadline.as_integer() > INT32_MAX)) {
    causes.invalid("spec.activeDeadlineSeconds", deadline,
                   "must be between 1 and 2147483647, inclusive");
  }
  if (spec["dnsPolicy"] == Value("None") && !spec["dnsConfig"].is_object()) {
    causes.required("spec.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None");
  }
}

/// Only images, deadlines, tolerations and a few others may change.
void validate_pod_update(const Value& pod, const Value& old_pod, Causes& causes) {
  Value now = pod["spec"];
  Value before = old_pod["spec"];
  for (Value* spec : {&now, &before}) {
    for (const char* key : {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds",
                            "schedulingGates", "nodeName"}) {
      if (std::string_view(key) == "nodeName") continue;
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
                           .carry = carry_pod};
  return rules;
}

}  // namespace windlass::inline v0::api_server
