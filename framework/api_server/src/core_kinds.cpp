// core/v1 but pods.

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "builtin.hpp"
#include "json_scan.hpp"
#include "names.hpp"
#include "schema.hpp"
#include "state.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

// Namespace

void prepare_namespace(State& state, Value& object) {
  (void)state;
  Value& finalizers = object["spec"]["finalizers"];
  if (!finalizers.is_array()) finalizers = Array{};
  Array& list = finalizers.as_array();
  if (std::find(list.begin(), list.end(), Value("kubernetes")) == list.end()) {
    list.emplace_back("kubernetes");
  }
  object["status"] = Object{{"phase", "Active"}};
}
void default_namespace(Value& object) {
  Value name = object["metadata"]["name"];  // a copy: the next line may move it
  object["metadata"]["labels"]["kubernetes.io/metadata.name"] = std::move(name);
}
void validate_namespace_status(const Value& object, Causes& causes) {
  const bool deleting = object["metadata"].find("deletionTimestamp") != nullptr;
  const Value& phase = object["status"]["phase"];
  if (!deleting && phase != Value("Active")) {
    causes.invalid("status.Phase", phase, "may only be 'Active' if `deletionTimestamp` is empty");
  } else if (deleting && phase != Value("Terminating")) {
    causes.invalid("status.Phase", phase,
                   "may only be 'Terminating' if `deletionTimestamp` is not empty");
  }
}
void carry_namespace(Value& object, const Value& old_object) {
  object["spec"] = old_object["spec"];
}

// ConfigMap and Secret

void validate_keys(const Value& map, const std::string& path, Causes& causes) {
  if (!map.is_object()) return;
  for (const auto& member : map.as_object()) {
    if (const auto problem = config_key_problem(member.key); !problem.empty()) {
      causes.invalid(keyed(path, member.key), member.key, problem);
    }
  }
}

void validate_config_map(const Value& object, Causes& causes) {
  std::size_t size = 0;
  for (const char* key : {"data", "binaryData"}) {
    if (!object[key].is_object()) continue;
    for (const auto& member : object[key].as_object()) {
      size += member.key.size() + member.value.string_or("").size();
      causes.invalid(keyed(key, member.key), member.key, config_key_problem(member.key));
      if (std::string_view(key) == "data" && object["binaryData"].find(member.key) != nullptr) {
        causes.invalid(keyed("data", member.key), member.key,
                       "duplicate of key present in binaryData");
      }
    }
  }
  if (size > 1024 * 1024) causes.too_long("[]", 1048576);
}

void validate_immutable(const Value& object, const Value& old_object,
                        std::initializer_list<const char*> parts, Causes& causes) {
  if (!old_object["immutable"].bool_or(false)) return;
  if (!object["immutable"].bool_or(false)) {
    causes.forbidden("immutable", "field is immutable when `immutable` is set");
  }
  for (const char* part : parts) {
    if (!(object[part] == old_object[part])) {
      causes.forbidden(part, "field is immutable when `immutable` is set");
    }
  }
}

void validate_config_map_update(const Value& object, const Value& old_object, Causes& causes) {
  validate_immutable(object, old_object, {"data", "binaryData"}, causes);
  validate_config_map(object, causes);
}

void default_secret(Value& object) {
  set_default(object, "type", "Opaque");
  Value* plain = object.find("stringData");
  if (plain == nullptr) return;
  for (const auto& member : plain->as_object()) {
    object["data"][std::string_view(member.key)] = encode_base64(member.value.string_or(""));
  }
  object.as_object().erase("stringData");
}

void validate_secret(const Value& object, Causes& causes) {
  validate_keys(object["data"], "data", causes);
  std::size_t size = 0;
  if (object["data"].is_object()) {
    for (const auto& member : object["data"].as_object()) {
      size += member.value.string_or("").size() * 3 / 4;
    }
  }
  if (size > 1024 * 1024) causes.too_long("data", 1048576);
  const std::string_view type = object["type"].string_or("");
  const auto needs = [&](const char* key) {
    if (object["data"].find(key) == nullptr) causes.required(keyed("data", key));
  };
  if (type == "kubernetes.io/tls") {
    needs("tls.crt");
    needs("tls.key");
  } else if (type == "kubernetes.io/dockerconfigjson" || type == "kubernetes.io/dockercfg") {
    const std::string key = type.ends_with("json") ? ".dockerconfigjson" : ".dockercfg";
    needs(key.c_str());
    const auto text = decode_base64(object["data"][key].string_or(""));
    const std::string problem = text && !text->empty() ? scan_json(*text).problem : "";
    if (!problem.empty()) {
      causes.invalid(keyed("data", key), "<secret contents redacted>", problem);
    }
  } else if (type == "kubernetes.io/service-account-token") {
    const char* name = "kubernetes.io/service-account.name";
    if (object["metadata"]["annotations"][name].string_or("").empty()) {
      causes.required(keyed("metadata.annotations", name));
    }
  } else if (type == "kubernetes.io/ssh-auth") {
    needs("ssh-privatekey");
  } else if (type == "kubernetes.io/basic-auth" && object["data"].find("username") == nullptr &&
             object["data"].find("password") == nullptr) {
    causes.required("data[username]");
    causes.required("data[password]");
  }
}

void validate_secret_update(const Value& object, const Value& old_object, Causes& causes) {
  if (!(object["type"] == old_object["type"]))
    causes.invalid("type", object["type"], "field is immutable");
  validate_immutable(object, old_object, {"data"}, causes);
  validate_secret(object, causes);
}

// Volumes

void default_claim(Value& object) {
  if (object["spec"].is_object()) set_default(object["spec"], "volumeMode", "Filesystem");
}
/// A controller takes it off again when nothing uses the object; without one it stays.
void protect(State& state, Value& object, const char* finalizer) {
  if (state.options.garbage_collection) return;
  Value& list = object["metadata"]["finalizers"];
  if (!list.is_array()) list = Array{};
  list.as_array().emplace_back(finalizer);
}
void prepare_claim(State& state, Value& object) {
  protect(state, object, "kubernetes.io/pvc-protection");
  object["status"] = Object{{"phase", "Pending"}};
}
const std::vector<std::string>& access_modes() {
  static const std::vector<std::string> modes{"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce",
                                              "ReadWriteOncePod"};
  return modes;
}

void check_volume_mode(const Value& spec, Causes& causes) {
  const Value& mode = spec["volumeMode"];
  if (mode.is_string() && mode != Value("Block") && mode != Value("Filesystem")) {
    causes.not_supported("spec.volumeMode", mode, {"Block", "Filesystem"});
  }
}

void validate_claim(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  const Value& modes = spec["accessModes"];
  if (!modes.is_array() || modes.as_array().empty()) {
    causes.required("spec.accessModes", "at least 1 access mode is required");
  } else {
    for (const Value& mode : modes.as_array()) {
      const std::string_view name = mode.string_or("");
      if (name != "ReadWriteOnce" && name != "ReadOnlyMany" && name != "ReadWriteMany" &&
          name != "ReadWriteOncePod") {
        causes.not_supported(
            "spec.accessModes", mode,
            {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"});
      }
    }
  }
  if (modes.is_array() && modes.as_array().size() > 1) {
    const Array& list = modes.as_array();
    if (std::find(list.begin(), list.end(), Value("ReadWriteOncePod")) != list.end()) {
      causes.forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes");
    }
  }
  const Value& storage = spec.at_path({"resources", "requests", "storage"});
  const auto amount = quantity_value(storage);
  if (storage.is_null()) {
    causes.required("spec.resources[storage]");
  } else if (amount && *amount <= 0) {
    causes.invalid("spec.resources[storage]", storage, "must be greater than zero");
  }
  if (const std::string_view name = spec["storageClassName"].string_or(""); !name.empty()) {
    causes.invalid("spec.storageClassName", Value(name), subdomain_problem(name));
  }
  check_volume_mode(spec, causes);
}
void validate_claim_update(const Value& object, const Value& old_object, Causes& causes) {
  Value now = object["spec"];
  Value before = old_object["spec"];
  const auto wanted = quantity_value(now.at_path({"resources", "requests", "storage"}));
  const auto had = quantity_value(before.at_path({"resources", "requests", "storage"}));
  for (Value* spec : {&now, &before}) {
    spec->as_object().erase("resources");
    spec->as_object().erase("volumeAttributesClassName");
  }
  if (before["volumeName"].string_or("").empty()) before["volumeName"] = now["volumeName"];
  if (before["volumeName"].is_null()) before.as_object().erase("volumeName");
  if (now["volumeName"].is_null()) now.as_object().erase("volumeName");
  if (!(now == before)) {
    causes.forbidden(
        "spec",
        "spec is immutable after creation except resources.requests and volumeAttributesClassName "
        "for bound claims");
    return;
  }
  if (wanted && had && *wanted < *had) {
    causes.forbidden("spec.resources.requests.storage",
                     "field can not be less than status.capacity");
  }
  const bool bound = old_object.at_path({"status", "phase"}).string_or("") == "Bound";
  if (wanted && had && *wanted > *had && !bound) {
    causes.forbidden(
        "spec",
        "spec is immutable after creation except resources.requests and volumeAttributesClassName "
        "for bound claims");
  }
}

void default_volume(Value& object) {
  Value& spec = object["spec"];
  if (!spec.is_object()) return;
  set_default(spec, "persistentVolumeReclaimPolicy", "Retain");
  set_default(spec, "volumeMode", "Filesystem");
  if (Value* path = spec.find("hostPath")) set_default(*path, "type", "");
}
void prepare_volume(State& state, Value& object) {
  protect(state, object, "kubernetes.io/pv-protection");
  object["status"] = Object{{"phase", "Pending"}, {"lastPhaseTransitionTime", state.now()}};
}
void check_capacity(const Value& capacity, Causes& causes) {
  const std::string path = "spec.capacity";
  const std::size_t count = capacity.is_object() ? capacity.as_object().size() : 0;
  if (count == 0) causes.required(path);
  if (count != 1 || capacity.find("storage") == nullptr) {
    causes.not_supported_shown(path, count == 0 ? "null" : json::dump(capacity), {"storage"});
  }
  if (count == 0) return;
  for (const auto& member : capacity.as_object()) {
    const auto amount = quantity_value(member.value);
    if (!amount) continue;
    const std::string at = keyed(path, member.key);
    if (*amount < 0) {
      causes.invalid_shown(at, fmt::format("{}", static_cast<std::int64_t>(*amount)),
                           "must be a valid resource quantity");
    }
    if (*amount <= 0) causes.invalid(at, member.value, "must be greater than zero");
  }
}

/// The member of a volume's spec that says where it is.
std::vector<std::string> volume_sources(const Value& spec) {
  static const std::vector<std::string> names{"hostPath",
                                              "gcePersistentDisk",
                                              "awsElasticBlockStore",
                                              "glusterfs",
                                              "flocker",
                                              "nfs",
                                              "rbd",
                                              "quobyte",
                                              "cephfs",
                                              "iscsi",
                                              "cinder",
                                              "fc",
                                              "flexVolume",
                                              "azureFile",
                                              "vsphereVolume",
                                              "photonPersistentDisk",
                                              "portworxVolume",
                                              "azureDisk",
                                              "scaleIO",
                                              "local",
                                              "storageos",
                                              "csi"};
  std::vector<std::string> out;
  for (const std::string& name : names) {
    if (spec.find(name) != nullptr) out.push_back(name);
  }
  return out;
}

void validate_volume(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  const Value& modes = spec["accessModes"];
  if (!modes.is_array() || modes.as_array().empty()) {
    causes.required("spec.accessModes");
  } else {
    for (const Value& mode : modes.as_array()) {
      const auto& known = access_modes();
      if (std::find(known.begin(), known.end(), mode.string_or("")) == known.end()) {
        causes.not_supported("spec.accessModes", mode, known);
      }
    }
  }
  check_capacity(spec["capacity"], causes);
  const Value& policy = spec["persistentVolumeReclaimPolicy"];
  if (policy.is_string() && policy != Value("Delete") && policy != Value("Recycle") &&
      policy != Value("Retain")) {
    causes.not_supported("spec.persistentVolumeReclaimPolicy", policy,
                         {"Delete", "Recycle", "Retain"});
  }
  const auto sources = volume_sources(spec);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (i > 0) {
      causes.forbidden("spec." + sources[i], "may not specify more than 1 volume type");
    } else if (sources[i] == "hostPath") {
      check_host_path(spec["hostPath"], "spec.hostPath", causes);
    }
  }
  if (sources.empty()) causes.required("spec", "must specify a volume type");
  if (const std::string_view name = spec["storageClassName"].string_or(""); !name.empty()) {
    causes.invalid("spec.storageClassName", Value(name), subdomain_problem(name));
  }
  check_volume_mode(spec, causes);
}

void validate_volume_update(const Value& object, const Value& old_object, Causes& causes) {
  for (const std::string& name : volume_sources(old_object["spec"])) {
    if (object["spec"][name] == old_object["spec"][name]) continue;
    causes.forbidden("spec.persistentvolumesource",
                     "spec.persistentvolumesource is immutable after creation");
  }
  if (!(object["spec"]["volumeMode"] == old_object["spec"]["volumeMode"])) {
    causes.invalid("volumeMode", object["spec"]["volumeMode"], "field is immutable");
  }
}

// Node

void default_node(Value& object) {
  Value& status = object["status"];
  if (!status.is_object()) status = Object{};
  set_default(status["daemonEndpoints"]["kubeletEndpoint"], "Port", 0);
  for (const char* key :
       {"machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion",
        "kubeletVersion", "kubeProxyVersion", "operatingSystem", "architecture"}) {
    set_default(status["nodeInfo"], key, "");
  }
  if (status["capacity"].is_object()) {
    Value capacity = status["capacity"];
    set_default(status, "allocatable", std::move(capacity));
  } else {
    status.as_object().erase("capacity");
  }
  Value& spec = object["spec"];
  if (spec["podCIDR"].is_string()) {
    Value range = spec["podCIDR"];
    set_default(spec, "podCIDRs", Array{std::move(range)});
  } else if (spec.is_object()) {
    spec.as_object().erase("podCIDR");
  }
}
void prepare_node(State& state, Value& object) {
  (void)state;
  default_node(object);
  Value& taints = object["spec"]["taints"];
  if (!taints.is_array()) taints = Array{};
  taints.as_array().emplace_back(
      Object{{"key", "node.kubernetes.io/not-ready"}, {"effect", "NoSchedule"}});
}
void check_taints(const Value& list, Causes& causes) {
  if (!list.is_array()) return;
  const Array& taints = list.as_array();
  std::set<std::pair<std::string, std::string>> seen;
  for (std::size_t i = 0; i < taints.size(); ++i) {
    const std::string path = index("metadata.taints", i);
    const std::string key(taints[i]["key"].string_or(""));
    const std::string effect(taints[i]["effect"].string_or(""));
    const std::string_view value = taints[i]["value"].string_or("");
    causes.invalid(path + ".key", Value(key), label_key_problem(key));
    if (const Problems problems = label_value_problem(value); !problems.empty()) {
      causes.invalid(path + ".value", Value(value), fmt::format("{}", fmt::join(problems, ";")));
    }
    if (effect.empty()) {
      causes.required(path + ".effect");
    } else if (effect != "NoSchedule" && effect != "PreferNoSchedule" && effect != "NoExecute") {
      causes.not_supported(path + ".effect", Value(effect),
                           {"NoSchedule", "PreferNoSchedule", "NoExecute"});
    }
    if (seen.emplace(effect, key).second) continue;
    causes.add(
        {"FieldValueDuplicate",
         fmt::format("Duplicate value: {{\"Key\":{},\"Value\":{},\"Effect\":{},"
                     "\"TimeAdded\":null}}: taints must be unique by key and effect pair",
                     show_value(Value(key)), show_value(Value(value)), show_value(Value(effect))),
         path});
  }
}

void validate_node(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  check_taints(spec["taints"], causes);
  if (!spec["podCIDRs"].is_array()) return;
  for (std::size_t i = 0; i < spec["podCIDRs"].as_array().size(); ++i) {
    const Value& range = spec["podCIDRs"].as_array()[i];
    causes.invalid(index("spec.podCIDRs", i), range, cidr_problem(range.string_or("")));
  }
}
void validate_node_update(const Value& object, const Value& old_object, Causes& causes) {
  const Value& before = old_object["spec"]["podCIDRs"];
  if (before.is_array() && !(before == object["spec"]["podCIDRs"])) {
    causes.forbidden("spec.podCIDRs",
                     "node updates may not change podCIDR except from \"\" to valid");
  }
}

// Endpoints and LimitRange

void default_endpoints(Value& object) {
  if (!object["subsets"].is_array()) return;
  for (Value& subset : object["subsets"].as_array()) {
    if (!subset.is_object() || !subset["ports"].is_array()) continue;
    for (Value& port : subset["ports"].as_array()) set_default(port, "protocol", "TCP");
  }
}
void check_endpoint_address(const Value& address, const std::string& path, Causes& causes) {
  const std::string_view ip = address["ip"].string_or("");
  causes.invalid(path + ".ip", Value(ip), address_problem(ip));
  if (const std::string_view name = address["hostname"].string_or(""); !name.empty()) {
    causes.invalid(path + ".hostname", Value(name), label_problem(name));
  }
  if (const std::string_view node = address["nodeName"].string_or(""); !node.empty()) {
    causes.invalid(path + ".nodeName", Value(node), subdomain_problem(node));
  }
  causes.special_address(path + ".ip", Value(ip), ip);
}

void check_endpoint_ports(const Value& list, const std::string& path, Causes& causes) {
  if (!list.is_array()) return;
  const Array& ports = list.as_array();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string at = index(path, i);
    const std::string_view name = ports[i]["name"].string_or("");
    if (name.empty() && ports.size() > 1) causes.required(at + ".name");
    if (!name.empty()) causes.invalid(at + ".name", Value(name), label_problem(name));
    const std::int64_t port = ports[i]["port"].integer_or(0);
    causes.invalid(at + ".port", Value(port), port_problem(port));
    const std::string_view protocol = ports[i]["protocol"].string_or("");
    if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP") {
      causes.not_supported(at + ".protocol", protocol, {"SCTP", "TCP", "UDP"});
    }
  }
}

void validate_endpoints(const Value& object, Causes& causes) {
  if (!object["subsets"].is_array()) return;
  const Array& subsets = object["subsets"].as_array();
  for (std::size_t i = 0; i < subsets.size(); ++i) {
    const std::string path = index("subsets", i);
    std::size_t addresses = 0;
    for (const char* key : {"addresses", "notReadyAddresses"}) {
      addresses += subsets[i][key].is_array() ? subsets[i][key].as_array().size() : 0;
    }
    if (addresses == 0) {
      causes.required(path, "must specify `addresses` or `notReadyAddresses`");
    }
    for (const char* key : {"addresses", "notReadyAddresses"}) {
      if (!subsets[i][key].is_array()) continue;
      const Array& list = subsets[i][key].as_array();
      for (std::size_t j = 0; j < list.size(); ++j) {
        check_endpoint_address(list[j], index(child(path, key), j), causes);
      }
    }
    check_endpoint_ports(subsets[i]["ports"], path + ".ports", causes);
  }
}

void default_limit_range(Value& object) {
  if (!object["spec"].is_object()) object["spec"] = Object{};
  Value& limits = object["spec"]["limits"];
  if (!limits.is_array()) return;
  for (Value& limit : limits.as_array()) {
    if (limit["type"] != Value("Container")) continue;
    if (limit["max"].is_object()) {
      for (const auto& member : Object(limit["max"].as_object())) {
        set_default(limit["default"], member.key, member.value);
      }
    }
    if (limit["default"].is_object()) {
      for (const auto& member : Object(limit["default"].as_object())) {
        set_default(limit["defaultRequest"], member.key, member.value);
      }
    }
    for (const char* key : {"max", "default", "defaultRequest"}) {
      if (limit[key].is_null()) limit.as_object().erase(key);
    }
  }
}

// Event

void validate_event(const Value& object, Causes& causes) {
  const std::string namespace_ = object_namespace(object);
  const std::string involved(object.at_path({"involvedObject", "namespace"}).string_or(""));
  if (!involved.empty() && involved != namespace_) {
    causes.invalid("involvedObject.namespace", involved, "does not match event.namespace");
  }
  if (involved.empty() && namespace_ != "default" && namespace_ != "kube-system") {
    causes.invalid("involvedObject.namespace", involved, "does not match event.namespace");
  }
}
void default_event(Value& object) {
  set_default(object, "source", Object{});
  set_default(object, "involvedObject", Object{});
  set_default(object, "eventTime", nullptr);
  set_default(object, "firstTimestamp", nullptr);
  set_default(object, "lastTimestamp", nullptr);
  set_default(object, "reportingComponent", "");
  set_default(object, "reportingInstance", "");
}

/// Of events.k8s.io, with its names.
void default_new_event(Value& object) {
  set_default(object, "deprecatedSource", Object{});
  set_default(object, "regarding", Object{});
  set_default(object, "eventTime", nullptr);
  set_default(object, "deprecatedFirstTimestamp", nullptr);
  set_default(object, "deprecatedLastTimestamp", nullptr);
}

void check_new_event(const Value& object, Causes& causes) {
  const std::string namespace_ = object_namespace(object);
  const std::string involved(object.at_path({"regarding", "namespace"}).string_or(""));
  const bool timed = object["eventTime"].is_string();
  const bool open = involved.empty() ? namespace_ == "default" : involved == namespace_;
  if (!open && (!timed || namespace_ != "kube-system")) {
    causes.invalid("involvedObject.namespace", involved, "does not match event.namespace");
  }
  if (timed) {
    const std::string_view controller = object["reportingController"].string_or("");
    if (controller.empty()) {
      causes.required("reportingController");
    } else {
      causes.invalid("reportingController", Value(controller), label_key_problem(controller));
    }
    for (const char* key : {"reportingInstance", "action", "reason"}) {
      if (object[key].string_or("").empty()) causes.required(key);
    }
  }
  if (const Value* series = object.find("series"); series != nullptr && series->is_object()) {
    if ((*series)["count"].integer_or(0) < 2) {
      causes.invalid("series.count", "", "should be at least 2");
    }
  }
  if (!timed) causes.required("eventTime");
  const std::string_view type = object["type"].string_or("");
  if (type != "Normal" && type != "Warning") {
    causes.invalid("type", "", fmt::format("has invalid value: {}", type));
  }
}

}  // namespace

const Rules& new_event_rules() {
  static const Rules rules{.defaults = default_new_event, .validate_create = check_new_event};
  return rules;
}

const Rules& core_rules(std::string_view kind) {
  static const Rules none;
  static const Rules name_space{.defaults = default_namespace,
                                .prepare = prepare_namespace,
                                .validate_status = validate_namespace_status,
                                .carry = carry_namespace};
  static const Rules config_map{.validate = validate_config_map,
                                .validate_update = validate_config_map_update,
                                .update_checks_all = true};
  static const Rules secret{.defaults = default_secret,
                            .validate = validate_secret,
                            .validate_update = validate_secret_update,
                            .update_checks_all = true};
  static const Rules claim{.defaults = default_claim,
                           .prepare = prepare_claim,
                           .validate = validate_claim,
                           .validate_update = validate_claim_update};
  static const Rules volume{.defaults = default_volume,
                            .prepare = prepare_volume,
                            .validate = validate_volume,
                            .validate_update = validate_volume_update};
  static const Rules event{.defaults = default_event, .validate = validate_event};
  if (kind == "Namespace") return name_space;
  if (kind == "ConfigMap") return config_map;
  if (kind == "Secret") return secret;
  if (kind == "Service") return service_rules();
  if (kind == "PersistentVolumeClaim") return claim;
  if (kind == "PersistentVolume") return volume;
  if (kind == "Event") return event;
  static const Rules node{.defaults = default_node,
                          .prepare = prepare_node,
                          .validate = validate_node,
                          .validate_update = validate_node_update};
  static const Rules endpoints{.defaults = default_endpoints, .validate = validate_endpoints};
  static const Rules limit_range{.defaults = default_limit_range};
  if (kind == "Node") return node;
  if (kind == "Endpoints") return endpoints;
  if (kind == "LimitRange") return limit_range;
  return none;
}

}  // namespace windlass::inline v0::api_server
