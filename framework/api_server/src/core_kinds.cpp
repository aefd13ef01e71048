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
  validate_keys(object["data"], "data", causes);
  validate_keys(object["binaryData"], "binaryData", causes);
  std::size_t size = 0;
  for (const char* key : {"data", "binaryData"}) {
    if (!object[key].is_object()) continue;
    for (const auto& member : object[key].as_object()) {
      size += member.key.size() + member.value.string_or("").size();
      if (std::string_view(key) == "binaryData" && object["data"].find(member.key) != nullptr) {
        causes.invalid(keyed("binaryData", member.key), member.key,
                       "duplicate of key present in data");
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
}

// Service

void default_service(Value& object) {
  Value& spec = object["spec"];
  if (!spec.is_object()) spec = Object{};
  set_default(spec, "type", "ClusterIP");
  set_default(spec, "sessionAffinity", "None");
  if (spec["sessionAffinity"] == Value("ClientIP")) {
    set_default(spec["sessionAffinityConfig"]["clientIP"], "timeoutSeconds", 10800);
  }
  const std::string type(spec["type"].string_or(""));
  if (type != "ExternalName") set_default(spec, "internalTrafficPolicy", "Cluster");
  if (type == "NodePort" || type == "LoadBalancer")
    set_default(spec, "externalTrafficPolicy", "Cluster");
  if (type == "LoadBalancer") set_default(spec, "allocateLoadBalancerNodePorts", true);
  if (Value* ports = spec.find("ports"); ports != nullptr && ports->is_array()) {
    for (Value& port : ports->as_array()) {
      set_default(port, "protocol", "TCP");
      set_default(port, "targetPort", port["port"]);
    }
  }
  set_default(object["status"], "loadBalancer", Object{});
}

std::string address_text(const std::string& base, std::uint32_t offset) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (std::sscanf(base.c_str(), "%u.%u.%u.%u", &a, &b, &c, &d) != 4) return base;
  const std::uint32_t address = ((a << 24) | (b << 16) | (c << 8) | d) + offset;
  return fmt::format("{}.{}.{}.{}", address >> 24, (address >> 16) & 255, (address >> 8) & 255,
                     address & 255);
}

}  // namespace

std::string free_address(State& state) {
  std::set<std::string> used;
  for (const StoredPtr& service : state.store.list("/services", "")) {
    used.emplace(service->value().at_path({"spec", "clusterIP"}).string_or(""));
  }
  for (std::uint32_t tried = 0; tried < state.options.service_address_count; ++tried) {
    const std::uint32_t offset = state.next_address;
    state.next_address = state.next_address % state.options.service_address_count + 1;
    if (offset == 1) continue;  // the first is the API's own
    std::string address = address_text(state.options.service_address_base, offset);
    if (!used.contains(address)) return address;
  }
  throw Failure(500, "InternalError",
                "Internal error occurred: failed to allocate a serviceIP: range is full");
}

namespace {

constexpr std::int64_t kFirstNodePort = 30000, kLastNodePort = 32767;

/// Gives ports of the types that have them a node port.
void assign_node_ports(State& state, Value& spec) {
  const std::string_view type = spec["type"].string_or("");
  const bool wanted = type == "NodePort" || (type == "LoadBalancer" &&
                                             spec["allocateLoadBalancerNodePorts"].bool_or(true));
  if (!wanted || !spec["ports"].is_array()) return;
  std::set<std::int64_t> used;
  const auto collect = [&](const Value& ports) {
    if (!ports.is_array()) return;
    for (const Value& port : ports.as_array()) used.insert(port["nodePort"].integer_or(0));
  };
  for (const StoredPtr& service : state.store.list("/services", "")) {
    collect(service->value().at_path({"spec", "ports"}));
  }
  collect(spec["ports"]);
  std::int64_t next = kFirstNodePort;
  for (Value& port : spec["ports"].as_array()) {
    if (port["nodePort"].integer_or(0) != 0) continue;
    while (used.contains(next) && next < kLastNodePort) ++next;
    used.insert(next);
    port["nodePort"] = next;
  }
}

void prepare_service(State& state, Value& object) {
  Value& spec = object["spec"];
  assign_node_ports(state, spec);
  if (spec["type"] == Value("ExternalName")) return;
  spec["clusterIPs"] = Array{spec["clusterIP"]};
  set_default(spec, "ipFamilies", Array{"IPv4"});
  set_default(spec, "ipFamilyPolicy", "SingleStack");
  object["status"] = Object{{"loadBalancer", Object{}}};
}

void complete_service(State& state, Value& object) { assign_node_ports(state, object["spec"]); }

void carry_service(Value& object, const Value& old_object) {
  Value& spec = object["spec"];
  const Value& old_spec = old_object["spec"];
  const std::string type(spec["type"].string_or(""));
  if (type != old_spec["type"].string_or("")) {  // what only the old type has goes
    if (type == "ClusterIP" || type == "ExternalName") {
      spec.as_object().erase("externalTrafficPolicy");
      spec.as_object().erase("allocateLoadBalancerNodePorts");
      if (spec["ports"].is_array()) {
        for (Value& port : spec["ports"].as_array()) port.as_object().erase("nodePort");
      }
    }
    if (type == "ExternalName") {
      for (const char* key :
           {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"}) {
        spec.as_object().erase(key);
      }
    }
  } else if (spec["ports"].is_array() && old_spec["ports"].is_array()) {
    for (Value& port : spec["ports"].as_array()) {  // a port keeps the node port that it has
      for (const Value& old_port : old_spec["ports"].as_array()) {
        const bool same =
            port["port"] == old_port["port"] && port["protocol"] == old_port["protocol"];
        if (same && port.find("nodePort") == nullptr && old_port.find("nodePort") != nullptr) {
          port["nodePort"] = old_port["nodePort"];
        }
      }
    }
  }
  if (type == "ExternalName" || old_spec["type"] == Value("ExternalName")) return;
  for (const char* key : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}) {
    if (spec.find(key) == nullptr && old_spec.find(key) != nullptr) spec[key] = old_spec[key];
  }
}

bool is_address(std::string_view text) {
  unsigned part[4];
  char rest = 0;
  const std::string copy(text);
  if (text.find(':') != std::string_view::npos) return true;
  return std::sscanf(copy.c_str(), "%u.%u.%u.%u%c", &part[0], &part[1], &part[2], &part[3],
                     &rest) == 4 &&
         std::all_of(part, part + 4, [](unsigned one) { return one < 256; });
}

void check_addresses(const Value& list, const std::string& path, Causes& causes) {
  if (!list.is_array()) return;
  for (std::size_t i = 0; i < list.as_array().size(); ++i) {
    const std::string_view text = list.as_array()[i].string_or("");
    if (text.empty() || text == "None" || is_address(text)) continue;
    causes.invalid(index(path, i), Value(text),
                   "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
  }
}

void validate_service_ports(const Value& spec, Causes& causes);

void validate_service(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  const std::string_view type = spec["type"].string_or("");
  const bool known =
      type == "ClusterIP" || type == "NodePort" || type == "LoadBalancer" || type == "ExternalName";
  if (!known)
    causes.not_supported("spec.type", type,
                         {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"});
  const bool has_ports = spec["ports"].is_array() && !spec["ports"].as_array().empty();
  if (!has_ports && spec["clusterIP"] != Value("None") && type != "ExternalName")
    causes.required("spec.ports");
  if (type == "ExternalName") {
    const std::string_view name = spec["externalName"].string_or("");
    if (name.empty()) {
      causes.required("spec.externalName");
    } else if (const auto problem = subdomain_problem(name); !problem.empty()) {
      causes.invalid("spec.externalName", Value(name), problem);
    }
  }
  validate_service_ports(spec, causes);
  check_labels(spec["selector"], "spec.selector", causes);
  const std::string_view affinity = spec["sessionAffinity"].string_or("");
  if (affinity != "ClientIP" && affinity != "None") {
    causes.not_supported("spec.sessionAffinity", Value(affinity), {"ClientIP", "None"});
  }
  const Value& seconds = spec.at_path({"sessionAffinityConfig", "clientIP", "timeoutSeconds"});
  if (affinity == "ClientIP" && seconds.is_integer() &&
      (seconds.as_integer() <= 0 || seconds.as_integer() > 86400)) {
    causes.invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds,
                   "must be greater than 0 and less than 86400");
  }
  check_addresses(
      spec["clusterIPs"].is_array() ? spec["clusterIPs"] : Value(Array{spec["clusterIP"]}),
      "spec.clusterIPs", causes);
  if (spec["ipFamilyPolicy"] == Value("RequireDualStack") && spec["selector"].is_object()) {
    causes.invalid("spec.ipFamilyPolicy", spec["ipFamilyPolicy"],
                   "this cluster is not configured for dual-stack services");
  }
  const bool external = type == "NodePort" || type == "LoadBalancer";
  if (spec["externalTrafficPolicy"].is_string() && !external) {
    causes.invalid("spec.externalTrafficPolicy", spec["externalTrafficPolicy"],
                   "may only be set for externally-accessible services");
  }
  const std::string_view internal = spec["internalTrafficPolicy"].string_or("Cluster");
  if (internal != "Cluster" && internal != "Local") {
    causes.not_supported("spec.internalTrafficPolicy", Value(internal), {"Cluster", "Local"});
  }
}

void validate_service_ports(const Value& spec, Causes& causes) {
  if (!spec["ports"].is_array()) return;
  const std::string_view type = spec["type"].string_or("");
  const Array& ports = spec["ports"].as_array();
  std::set<std::string> names;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string path = index("spec.ports", i);
    const std::string name(ports[i]["name"].string_or(""));
    if (name.empty() && ports.size() > 1) causes.required(path + ".name");
    if (!name.empty()) {
      if (const auto problem = label_problem(name); !problem.empty())
        causes.invalid(path + ".name", name, problem);
      if (!names.insert(name).second) causes.duplicate(path + ".name", name);
    }
    const std::int64_t port = ports[i]["port"].integer_or(0);
    if (port < 1 || port > 65535)
      causes.invalid(path + ".port", port, "must be between 1 and 65535, inclusive");
    const Value& target = ports[i]["targetPort"];
    if (target.is_integer() && (target.as_integer() < 1 || target.as_integer() > 65535)) {
      causes.invalid(path + ".targetPort", target, "must be between 1 and 65535, inclusive");
    }
    const std::string_view protocol = ports[i]["protocol"].string_or("");
    if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP") {
      causes.not_supported(path + ".protocol", protocol, {"SCTP", "TCP", "UDP"});
    }
    if (const std::string_view app = ports[i]["appProtocol"].string_or(""); !app.empty()) {
      if (const auto problem = label_key_problem(app); !problem.empty()) {
        causes.invalid(path + ".appProtocol", Value(app), problem);
      }
    }
    const std::int64_t node_port = ports[i]["nodePort"].integer_or(0);
    if (node_port != 0 && (type == "ClusterIP" || type == "ExternalName")) {
      causes.forbidden(path + ".nodePort",
                       fmt::format("may not be used when `type` is '{}'", type));
    } else if (node_port != 0 && (node_port < kFirstNodePort || node_port > kLastNodePort)) {
      causes.invalid(path + ".nodePort", Value(node_port),
                     "provided port is not in the valid range. The range of valid ports is "
                     "30000-32767");
    }
  }
}

void validate_service_update(const Value& object, const Value& old_object, Causes& causes) {
  const Value& old_address = old_object["spec"]["clusterIP"];
  if (old_address.string_or("").empty() || object["spec"]["type"] == Value("ExternalName")) return;
  if (!(object["spec"]["clusterIP"] == old_address)) {
    causes.invalid("spec.clusterIPs[0]", object["spec"]["clusterIPs"], "may not change once set");
  }
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
void validate_volume(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  if (!spec["accessModes"].is_array() || spec["accessModes"].as_array().empty())
    causes.required("spec.accessModes");
  if (!spec["capacity"].is_object()) causes.required("spec.capacity");
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
void validate_node(const Value& object, Causes& causes) {
  if (!object["spec"]["taints"].is_array()) return;
  const Array& taints = object["spec"]["taints"].as_array();
  for (std::size_t i = 0; i < taints.size(); ++i) {
    const std::string path = index("metadata.taints", i);
    if (const auto problem = label_key_problem(taints[i]["key"].string_or("")); !problem.empty()) {
      causes.invalid(path + ".key", taints[i]["key"], problem);
    }
    const std::string_view effect = taints[i]["effect"].string_or("");
    if (effect != "NoSchedule" && effect != "PreferNoSchedule" && effect != "NoExecute") {
      causes.not_supported(path + ".effect", Value(effect),
                           {"NoSchedule", "PreferNoSchedule", "NoExecute"});
    }
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

}  // namespace

const Rules& core_rules(std::string_view kind) {
  static const Rules none;
  static const Rules name_space{
      .defaults = default_namespace, .prepare = prepare_namespace, .carry = carry_namespace};
  static const Rules config_map{.validate = validate_config_map,
                                .validate_update = validate_config_map_update};
  static const Rules secret{.defaults = default_secret,
                            .validate = validate_secret,
                            .validate_update = validate_secret_update};
  static const Rules service{.defaults = default_service,
                             .prepare = prepare_service,
                             .complete = complete_service,
                             .validate = validate_service,
                             .validate_update = validate_service_update,
                             .carry = carry_service};
  static const Rules claim{.defaults = default_claim,
                           .prepare = prepare_claim,
                           .validate = validate_claim,
                           .validate_update = validate_claim_update};
  static const Rules volume{
      .defaults = default_volume, .prepare = prepare_volume, .validate = validate_volume};
  static const Rules event{.defaults = default_event, .validate = validate_event};
  if (kind == "Namespace") return name_space;
  if (kind == "ConfigMap") return config_map;
  if (kind == "Secret") return secret;
  if (kind == "Service") return service;
  if (kind == "PersistentVolumeClaim") return claim;
  if (kind == "PersistentVolume") return volume;
  if (kind == "Event") return event;
  static const Rules node{.defaults = default_node,
                          .prepare = prepare_node,
                          .validate = validate_node,
                          .validate_update = validate_node_update};
  static const Rules endpoints{.defaults = default_endpoints};
  static const Rules limit_range{.defaults = default_limit_range};
  if (kind == "Node") return node;
  if (kind == "Endpoints") return endpoints;
  if (kind == "LimitRange") return limit_range;
  return none;
}

}  // namespace windlass::inline v0::api_server
