// Services: defaults, addresses and ports, validation.

#include <algorithm>
#include <cstdio>
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
      const Value& target = std::as_const(port)["targetPort"];
      if (target.is_null() || target == Value(0) || target == Value("")) {
        port["targetPort"] = Value(std::as_const(port)["port"]);
      }
    }
  }
  set_default(object["status"], "loadBalancer", Object{});
  if (Value* ingress = object["status"]["loadBalancer"].find("ingress");
      ingress != nullptr && ingress->is_array()) {
    for (Value& one : ingress->as_array()) {
      if (one.find("ip") != nullptr) set_default(one, "ipMode", "VIP");
    }
  }
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

/// An address of another network than the cluster's.
void check_range(const State& state, const Value& object, const std::string& address) {
  const std::string& base = state.options.service_address_base;
  const std::string network = base.substr(0, base.find('.') + 1);
  if (address == "None" || address.starts_with(network) || is_ipv6(address)) return;
  Causes causes;
  causes.invalid("spec.clusterIPs", Array{Value(address)},
                 fmt::format("failed to allocate IP {}: the provided network does not match the "
                             "current range",
                             address));
  throw Failure::invalid(*state.registry.find("", "v1", "services"), object_name(object), causes);
}

void prepare_service(State& state, Value& object) {
  Value& spec = object["spec"];
  assign_node_ports(state, spec);
  if (spec["type"] == Value("ExternalName")) return;
  const std::string address(spec["clusterIP"].string_or(""));
  check_range(state, object, address);
  spec["clusterIPs"] = Array{address};
  const Value& selector = std::as_const(spec)["selector"];
  const bool free = address == "None" && (!selector.is_object() || selector.as_object().empty());
  set_default(spec, "ipFamilies", free ? Array{"IPv4", "IPv6"} : Array{"IPv4"});
  set_default(spec, "ipFamilyPolicy", free ? "RequireDualStack" : "SingleStack");
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

void check_port_or_name(const Value& port, const std::string& path, Causes& causes) {
  if (port.is_string()) {
    causes.invalid(path, port, port_name_problem(port.as_string()));
  } else {
    causes.invalid(path, Value(port.integer_or(0)), port_problem(port.integer_or(0)));
  }
}

void check_ports(const Value& spec, Causes& causes) {
  if (!spec["ports"].is_array()) return;
  const Array& ports = spec["ports"].as_array();
  std::set<std::string> names;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string path = index("spec.ports", i);
    const std::string name(ports[i]["name"].string_or(""));
    if (name.empty() && ports.size() > 1) causes.required(path + ".name");
    if (!name.empty()) {
      causes.invalid(path + ".name", name, label_problem(name));
      if (!names.insert(name).second) causes.duplicate(path + ".name", name);
    }
    const std::int64_t port = ports[i]["port"].integer_or(0);
    causes.invalid(path + ".port", Value(port), port_problem(port));
    const std::string_view protocol = ports[i]["protocol"].string_or("");
    if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP") {
      causes.not_supported(path + ".protocol", protocol, {"SCTP", "TCP", "UDP"});
    }
    check_port_or_name(ports[i]["targetPort"], path + ".targetPort", causes);
    if (const std::string_view app = ports[i]["appProtocol"].string_or(""); !app.empty()) {
      causes.invalid(path + ".appProtocol", Value(app), label_key_problem(app));
    }
  }
}

void check_port_numbers(const Value& spec, Causes& causes) {
  if (!spec["ports"].is_array()) return;
  const std::string_view type = spec["type"].string_or("");
  const Array& ports = spec["ports"].as_array();
  const auto number = [](const Value& port) { return port["nodePort"].integer_or(0); };
  for (std::size_t i = 0; i < ports.size() && type == "ClusterIP"; ++i) {
    if (number(ports[i]) != 0) {
      causes.forbidden(index("spec.ports", i) + ".nodePort",
                       "may not be used when `type` is 'ClusterIP'");
    }
  }
  std::set<std::pair<std::string, std::int64_t>> on_nodes, on_service;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string protocol(ports[i]["protocol"].string_or(""));
    if (number(ports[i]) != 0 && !on_nodes.emplace(protocol, number(ports[i])).second) {
      causes.duplicate(index("spec.ports", i) + ".nodePort", Value(number(ports[i])));
    }
  }
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string protocol(ports[i]["protocol"].string_or(""));
    const std::int64_t port = ports[i]["port"].integer_or(0);
    if (on_service.emplace(protocol, port).second) continue;
    causes.add({"FieldValueDuplicate",
                fmt::format("Duplicate value: {{\"Name\":\"\",\"Protocol\":{},\"AppProtocol\":null,"
                            "\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
                            show_value(Value(protocol)), port),
                index("spec.ports", i)});
  }
}

void check_cluster_addresses(const Value& spec, Causes& causes) {
  if (spec["type"] == Value("ExternalName")) return;
  if (spec["ipFamilies"].is_array()) {
    std::set<std::string, std::less<>> seen;
    const Array& families = spec["ipFamilies"].as_array();
    for (std::size_t i = 0; i < families.size(); ++i) {
      const std::string_view family = families[i].string_or("");
      if (family != "IPv4" && family != "IPv6") {
        causes.not_supported(index("spec.ipFamilies", i), families[i], {"IPv4", "IPv6"});
      }
      if (!seen.emplace(family).second) {
        causes.duplicate(index("spec.ipFamilies", i), families[i]);
      }
    }
  }
  const Value& policy = spec["ipFamilyPolicy"];
  if (policy.is_string() && policy != Value("SingleStack") && policy != Value("PreferDualStack") &&
      policy != Value("RequireDualStack")) {
    causes.not_supported("spec.ipFamilyPolicy", policy,
                         {"PreferDualStack", "RequireDualStack", "SingleStack"});
  }
  const Value addresses =
      spec["clusterIPs"].is_array()
          ? spec["clusterIPs"]
          : Value(spec["clusterIP"].is_string() ? Array{spec["clusterIP"]} : Array{});
  for (std::size_t i = 0; i < addresses.as_array().size(); ++i) {
    const std::string_view text = addresses.as_array()[i].string_or("");
    if (text.empty() || (i == 0 && text == "None")) continue;
    causes.invalid(index("spec.clusterIPs", i), Value(text), address_problem(text));
  }
}

void check_external_addresses(const Value& spec, Causes& causes) {
  if (!spec["externalIPs"].is_array()) return;
  const Array& list = spec["externalIPs"].as_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string_view text = list[i].string_or("");
    Problems problems = address_problem(text);
    if (problems.empty()) problems = special_address_problem(text);
    causes.invalid(index("spec.externalIPs", i), list[i], problems);
  }
}

void check_traffic(const Value& spec, Causes& causes) {
  const std::string_view type = spec["type"].string_or("");
  const bool addresses = spec["externalIPs"].is_array() && !spec["externalIPs"].as_array().empty();
  const bool external =
      type == "NodePort" || type == "LoadBalancer" || (type == "ClusterIP" && addresses);
  const Value& policy = spec["externalTrafficPolicy"];
  if (policy.is_string() && !external) {
    causes.invalid("spec.externalTrafficPolicy", policy,
                   "may only be set for externally-accessible services");
  } else if (policy.is_string() && policy != Value("Cluster") && policy != Value("Local")) {
    causes.not_supported("spec.externalTrafficPolicy", policy, {"Cluster", "Local"});
  }
  const std::string_view internal = spec["internalTrafficPolicy"].string_or("Cluster");
  if (internal != "Cluster" && internal != "Local") {
    causes.not_supported("spec.internalTrafficPolicy", Value(internal), {"Cluster", "Local"});
  }
}

bool is_headless(const Value& spec) { return spec["clusterIP"] == Value("None"); }

void validate_service(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  const std::string_view type = spec["type"].string_or("");
  const bool has_ports = spec["ports"].is_array() && !spec["ports"].as_array().empty();
  if (!has_ports && !is_headless(spec) && type != "ExternalName") causes.required("spec.ports");
  if ((type == "LoadBalancer" || type == "NodePort") && is_headless(spec)) {
    causes.invalid("spec.clusterIPs[0]", "None",
                   fmt::format("may not be set to 'None' for {} services", type));
  }
  if (type == "ExternalName") {
    for (const char* key : {"clusterIPs", "ipFamilies", "ipFamilyPolicy"}) {
      if (spec.find(key) != nullptr) {
        causes.forbidden(child("spec", key), "may not be set for ExternalName services");
      }
    }
    std::string_view name = spec["externalName"].string_or("");
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty()) {
      causes.required("spec.externalName");
    } else {
      causes.invalid("spec.externalName", Value(name), subdomain_problem(name));
    }
  }
  check_ports(spec, causes);
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
  if (affinity == "None" && spec.find("sessionAffinityConfig") != nullptr) {
    causes.forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None");
  }
  check_cluster_addresses(spec, causes);
  check_external_addresses(spec, causes);
  if (type != "ClusterIP" && type != "NodePort" && type != "LoadBalancer" &&
      type != "ExternalName") {
    causes.not_supported("spec.type", type,
                         {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"});
  }
  check_port_numbers(spec, causes);
  if (spec.find("allocateLoadBalancerNodePorts") != nullptr && type != "LoadBalancer") {
    causes.forbidden("spec.allocateLoadBalancerNodePorts",
                     "may only be used when `type` is 'LoadBalancer'");
  }
  check_traffic(spec, causes);
}

void validate_service_update(const Value& object, const Value& old_object, Causes& causes) {
  const Value& old_address = old_object["spec"]["clusterIP"];
  const bool stays = !old_address.string_or("").empty() &&
                     object["spec"]["type"] != Value("ExternalName") &&
                     old_object["spec"]["type"] != Value("ExternalName");
  const Value& now = object["spec"]["clusterIP"];
  if (stays && !(now == old_address)) {
    causes.invalid("spec.clusterIPs[0]", Array{now}, "may not change once set");
  }
  validate_service(object, causes);
}

/// What the allocators say when the rest is sound.
void validate_allocation(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  if (!causes.empty() || spec["type"] == Value("ExternalName")) return;
  if (spec["ipFamilyPolicy"] == Value("RequireDualStack") && !is_headless(spec)) {
    causes.invalid("spec.ipFamilyPolicy", spec["ipFamilyPolicy"],
                   "this cluster is not configured for dual-stack services");
    return;
  }
  if (!spec["ports"].is_array()) return;
  const Array& ports = spec["ports"].as_array();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::int64_t port = ports[i]["nodePort"].integer_or(0);
    if (port != 0 && (port < kFirstNodePort || port > kLastNodePort)) {
      causes.invalid(index("spec.ports", i) + ".nodePort", Value(port),
                     "provided port is not in the valid range. The range of valid ports is "
                     "30000-32767");
    }
  }
}

void validate_service_status(const Value& object, Causes& causes) {
  const Value& ingress = object.at_path({"status", "loadBalancer", "ingress"});
  if (!ingress.is_array()) return;
  for (std::size_t i = 0; i < ingress.as_array().size(); ++i) {
    const Value& one = ingress.as_array()[i];
    const std::string at = index("status.loadBalancer.ingress", i);
    if (const std::string_view address = one["ip"].string_or(""); !address.empty()) {
      causes.invalid(at + ".ip", Value(address), address_problem(address));
    }
    if (const std::string_view name = one["hostname"].string_or(""); !name.empty()) {
      causes.invalid(at + ".hostname", Value(name), subdomain_problem(name));
    }
  }
}

}  // namespace

const Rules& service_rules() {
  static const Rules rules{.defaults = default_service,
                           .prepare = prepare_service,
                           .complete = complete_service,
                           .validate = validate_service,
                           .validate_update = validate_service_update,
                           .validate_create = validate_allocation,
                           .update_checks_all = true,
                           .validate_status = validate_service_status,
                           .carry = carry_service};
  return rules;
}

}  // namespace windlass::inline v0::api_server
