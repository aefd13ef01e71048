// What is wrong with the spec of a pod, in the order and the words of kube-apiserver.

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <set>

#include <fmt/format.h>
#include <re2/re2.h>

#include "builtin.hpp"
#include "names.hpp"
#include "schema.hpp"
#include "state.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

using Names = std::vector<std::string>;

/// Entries of a list, with the place of each.
void each(const Value& list, const std::string& path,
          const std::function<void(const Value& entry, const std::string& at)>& visit) {
  if (!list.is_array()) return;
  for (std::size_t i = 0; i < list.as_array().size(); ++i) {
    visit(list.as_array()[i], index(path, i));
  }
}

bool is_one_of(std::string_view text, const Names& known) {
  return std::find(known.begin(), known.end(), text) != known.end();
}

/// One of a few words, which is required.
void check_word(const Value& value, const std::string& path, const Names& known, Causes& causes) {
  const std::string_view text = value.string_or("");
  if (text.empty()) {
    causes.required(path);
  } else if (!is_one_of(text, known)) {
    causes.not_supported(path, Value(text), known);
  }
}

/// One of a few words, if it is there.
void check_optional_word(const Value& value, const std::string& path, const Names& known,
                         Causes& causes) {
  if (value.is_string() && !is_one_of(value.as_string(), known)) {
    causes.not_supported(path, value, known);
  }
}

void check_problems(const Value& value, const std::string& path, const Problems& problems,
                    Causes& causes) {
  causes.invalid(path, value, problems);
}

void check_id(const Value& value, const std::string& path, Causes& causes) {
  if (value.is_integer()) {
    causes.invalid(path, value, range_problem(value.as_integer(), 0, INT32_MAX));
  }
}

void check_port_or_name(const Value& port, const std::string& path, Causes& causes) {
  if (port.is_string()) {
    causes.invalid(path, port, port_name_problem(port.as_string()));
  } else {
    const std::int64_t number = port.integer_or(0);
    causes.invalid(path, Value(number), port_problem(number));
  }
}

void check_no_backsteps(std::string_view text, const std::string& path, Causes& causes) {
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('/', at), text.size());
    if (text.substr(at, end - at) == "..") {
      return causes.invalid(path, Value(text), "must not contain '..'");
    }
    at = end + 1;
  }
}

void check_descending(std::string_view text, const std::string& path, Causes& causes) {
  if (text.starts_with('/')) causes.invalid(path, Value(text), "must be a relative path");
  check_no_backsteps(text, path, causes);
}

// Containers

void check_ports(const Value& ports, const std::string& path, Causes& causes) {
  std::set<std::string, std::less<>> names;
  each(ports, path, [&](const Value& port, const std::string& at) {
    if (const std::string_view name = port["name"].string_or(""); !name.empty()) {
      const Problems problems = port_name_problem(name);
      check_problems(Value(name), at + ".name", problems, causes);
      if (problems.empty() && !names.emplace(name).second) {
        causes.duplicate(at + ".name", Value(name));
      }
    }
    const std::int64_t number = port["containerPort"].integer_or(0);
    if (number == 0) {
      causes.required(at + ".containerPort");
    } else {
      causes.invalid(at + ".containerPort", Value(number), port_problem(number));
    }
    if (const std::int64_t host = port["hostPort"].integer_or(0); host != 0) {
      causes.invalid(at + ".hostPort", Value(host), port_problem(host));
    }
    check_word(port["protocol"], at + ".protocol", {"SCTP", "TCP", "UDP"}, causes);
  });
}

void check_host_ports(const Array& containers, const std::string& path, Causes& causes) {
  std::set<std::string> used;
  for (std::size_t i = 0; i < containers.size(); ++i) {
    each(containers[i]["ports"], index(path, i) + ".ports",
         [&](const Value& port, const std::string& at) {
           const std::int64_t number = port["hostPort"].integer_or(0);
           if (number == 0) return;
           const std::string key = fmt::format("{}/{}/{}", port["protocol"].string_or(""),
                                               port["hostIP"].string_or(""), number);
           if (!used.insert(key).second) causes.duplicate(at + ".hostPort", Value(key));
         });
  }
}

void check_field_reference(const Value& reference, const std::string& path, Causes& causes) {
  static const Names known{"metadata.name",
                           "metadata.namespace",
                           "metadata.uid",
                           "spec.nodeName",
                           "spec.serviceAccountName",
                           "status.hostIP",
                           "status.hostIPs",
                           "status.podIP",
                           "status.podIPs"};
  const std::string_view field = reference["fieldPath"].string_or("");
  if (field.empty()) return causes.required(path + ".fieldPath");
  const auto bracket = field.find("['");
  if (bracket != std::string_view::npos && field.ends_with("']")) {
    const std::string_view name = field.substr(0, bracket);
    std::string key(field.substr(bracket + 2, field.size() - bracket - 4));
    if (name == "metadata.annotations") {
      std::transform(key.begin(), key.end(), key.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    } else if (name != "metadata.labels") {
      return causes.invalid(path + ".fieldPath", Value(field),
                            fmt::format("error converting fieldPath: field label does not support "
                                        "subscript: {}",
                                        field));
    }
    return causes.invalid(path, Value(key), label_key_problem(key));
  }
  if (is_one_of(field, known)) return;
  causes.invalid(path + ".fieldPath", Value(field),
                 fmt::format("error converting fieldPath: field label not supported: {}", field));
}

void check_key_reference(const Value& reference, const std::string& path, Causes& causes) {
  const std::string_view name = reference["name"].string_or("");
  causes.invalid(path + ".name", Value(name), subdomain_problem(name));
  const std::string_view key = reference["key"].string_or("");
  if (key.empty()) {
    causes.required(path + ".key");
  } else {
    causes.invalid(path + ".key", Value(key), config_key_problem(key));
  }
}

void check_value_from(const Value& entry, const std::string& path, Causes& causes) {
  const Value* from = entry.find("valueFrom");
  if (from == nullptr || !from->is_object()) return;
  int sources = 0;
  if (const Value* field = from->find("fieldRef")) {
    ++sources;
    check_field_reference(*field, path + ".fieldRef", causes);
  }
  if (const Value* resource = from->find("resourceFieldRef")) {
    ++sources;
    if ((*resource)["resource"].string_or("").empty()) {
      causes.required(path + ".resourceFieldRef.resource");
    }
  }
  for (const char* key : {"configMapKeyRef", "secretKeyRef"}) {
    if (const Value* reference = from->find(key)) {
      ++sources;
      check_key_reference(*reference, child(path, key), causes);
    }
  }
  sources += from->find("fileKeyRef") != nullptr ? 1 : 0;
  if (sources == 0) {
    causes.invalid(path, "",
                   "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, "
                   "`secretKeyRef` or `fileKeyRef`");
  } else if (!entry["value"].string_or("").empty()) {
    causes.invalid(path, "", "may not be specified when `value` is not empty");
  } else if (sources > 1) {
    causes.invalid(path, "", "may not have more than one field specified at a time");
  }
}

void check_environment(const Value& container, const std::string& path, Causes& causes) {
  each(container["env"], path + ".env", [&](const Value& entry, const std::string& at) {
    const std::string_view name = entry["name"].string_or("");
    if (name.empty()) {
      causes.required(at + ".name");
    } else {
      causes.invalid(at + ".name", Value(name), env_name_problem(name));
    }
    check_value_from(entry, at + ".valueFrom", causes);
  });
  each(container["envFrom"], path + ".envFrom", [&](const Value& entry, const std::string& at) {
    if (const std::string_view prefix = entry["prefix"].string_or(""); !prefix.empty()) {
      causes.invalid(at + ".prefix", Value(prefix), env_name_problem(prefix));
    }
    int sources = 0;
    for (const char* key : {"configMapRef", "secretRef"}) {
      const Value* reference = entry.find(key);
      if (reference == nullptr) continue;
      ++sources;
      const std::string_view name = (*reference)["name"].string_or("");
      if (name.empty()) {
        causes.required(child(at, key) + ".name");
      } else {
        causes.invalid(child(at, key) + ".name", Value(name), subdomain_problem(name));
      }
    }
    if (sources == 0) {
      causes.invalid(path + ".envFrom", "", "must specify one of: `configMapRef` or `secretRef`");
    } else if (sources > 1) {
      causes.invalid(path + ".envFrom", "", "may not have more than one field specified at a time");
    }
  });
}

void check_mounts(const Value& container, const std::string& path,
                  const std::set<std::string>& volumes, Causes& causes) {
  const std::string list = path + ".volumeMounts";  // where some complaints stand, without entry
  std::set<std::string> places;
  each(container["volumeMounts"], list, [&](const Value& mount, const std::string& at) {
    const std::string name(mount["name"].string_or(""));
    if (name.empty()) causes.required(at + ".name");
    if (!volumes.contains(name)) causes.not_found(at + ".name", Value(name));
    const std::string where(mount["mountPath"].string_or(""));
    if (where.empty()) causes.required(at + ".mountPath");
    if (!places.insert(where).second) {
      causes.invalid(at + ".mountPath", Value(where), "must be unique");
    }
    const std::string_view part = mount["subPath"].string_or("");
    const std::string_view expression = mount["subPathExpr"].string_or("");
    if (!part.empty()) check_descending(part, list + ".subPath", causes);
    if (!expression.empty() && !part.empty()) {
      causes.invalid(at + ".subPathExpr", Value(expression),
                     "subPathExpr and subPath are mutually exclusive");
    }
    if (!expression.empty()) check_descending(expression, list + ".subPathExpr", causes);
    const Value& propagation = mount["mountPropagation"];
    check_optional_word(propagation, list + ".mountPropagation",
                        {"Bidirectional", "HostToContainer", "None"}, causes);
    if (propagation == Value("Bidirectional") &&
        !container["securityContext"]["privileged"].bool_or(false)) {
      causes.forbidden(list + ".mountPropagation",
                       "Bidirectional mount propagation is available only to privileged "
                       "containers");
    }
  });
}

bool is_huge_page(std::string_view name) { return name.starts_with("hugepages-"); }

bool is_native(std::string_view name) {
  return name.find('/') == std::string_view::npos ||
         name.find("kubernetes.io/") != std::string_view::npos;
}

void check_resource_name(const std::string& name, const std::string& path, Causes& causes) {
  if (const Problems problems = label_key_problem(name); !problems.empty()) {
    return causes.invalid(path, name, problems);
  }
  if (name.find('/') != std::string::npos) {
    if (!is_native(name) && name.starts_with("requests.")) {
      causes.invalid(path, name, "doesn't follow extended resource name standard");
    }
    return;
  }
  static const Names standard{"cpu", "memory", "ephemeral-storage"};
  static const Names others{"requests.cpu",
                            "requests.memory",
                            "requests.ephemeral-storage",
                            "limits.cpu",
                            "limits.memory",
                            "limits.ephemeral-storage",
                            "pods",
                            "resourcequotas",
                            "services",
                            "replicationcontrollers",
                            "secrets",
                            "configmaps",
                            "persistentvolumeclaims",
                            "storage",
                            "requests.storage",
                            "services.nodeports",
                            "services.loadbalancers"};
  const bool usual = is_one_of(name, standard) || is_huge_page(name);
  if (!usual && !is_one_of(name, others)) {
    causes.invalid(path, name, "must be a standard resource type or fully qualified");
  }
  if (!usual) causes.invalid(path, name, "must be a standard resource for containers");
}

void check_amount(const std::string& name, const Value& amount, const std::string& path,
                  Causes& causes) {
  const auto number = quantity_value(amount);
  if (!number) return;
  if (*number < 0) causes.invalid(path, amount, "must be greater than or equal to 0");
  const bool whole = std::trunc(*number) == *number;
  if (!is_native(name) && !whole) causes.invalid(path, amount, "must be an integer");
}

void check_resources(const Value& resources, const std::string& path, Causes& causes) {
  const Value& limits = resources["limits"];
  const Value& requests = resources["requests"];
  if (limits.is_object()) {
    for (const auto& member : limits.as_object()) {
      const std::string at = keyed(path + ".limits", member.key);
      check_resource_name(member.key, at, causes);
      check_amount(member.key, member.value, at, causes);
    }
  }
  if (!requests.is_object()) return;
  for (const auto& member : requests.as_object()) {
    const std::string at = keyed(path + ".requests", member.key);
    check_resource_name(member.key, at, causes);
    check_amount(member.key, member.value, at, causes);
    const bool exact = !is_native(member.key) || is_huge_page(member.key);
    const auto request = quantity_value(member.value);
    const auto limit = quantity_value(limits[member.key]);
    if (!limit) {
      if (exact) {
        causes.required(path + ".limits", "Limit must be set for non overcommitable resources");
      }
    } else if (request && ((exact && *request != *limit) || *request > *limit)) {
      causes.invalid(
          path + ".requests", member.value,
          fmt::format("must be {} {} limit of {}", exact ? "equal to" : "less than or equal to",
                      member.key, limits[member.key].string_or("")));
    }
  }
}

/// A structure with Go's names of its fields: those of `order`, null where there is none.
std::string show_fields(const Value& object,
                        std::initializer_list<std::pair<const char*, const char*>> order) {
  std::string out;
  for (const auto& [go, name] : order) {
    const Value* value = object.find(name);
    out += fmt::format("{}\"{}\":{}", out.empty() ? "" : ",", go,
                       value != nullptr ? json::dump(*value) : "null");
  }
  return "{" + out + "}";
}

void check_seccomp(const Value& profile, const std::string& path, Causes& causes) {
  if (!profile.is_object()) return;
  const std::string_view type = profile["type"].string_or("");
  const Value* file = profile.find("localhostProfile");
  if (type.empty()) {
    causes.required(path + ".type", "type is required when seccompProfile is set");
  } else if (type == "Localhost" && file == nullptr) {
    causes.required(path + ".localhostProfile", "must be set when seccomp type is Localhost");
  } else if (type != "Localhost" && file != nullptr) {
    causes.invalid(path + ".localhostProfile", *file,
                   "can only be set when seccomp type is Localhost");
  }
  if (!type.empty() && type != "Localhost" && type != "RuntimeDefault" && type != "Unconfined") {
    causes.not_supported(path + ".type", Value(type),
                         {"Localhost", "RuntimeDefault", "Unconfined"});
  }
}

void check_container_security(const Value& context, const std::string& path, Causes& causes) {
  if (!context.is_object()) return;
  check_id(context["runAsUser"], path + ".runAsUser", causes);
  check_id(context["runAsGroup"], path + ".runAsGroup", causes);
  check_optional_word(context["procMount"], path + ".procMount", {"Default", "Unmasked"}, causes);
  check_seccomp(context["seccompProfile"], path + ".seccompProfile", causes);
  if (context["allowPrivilegeEscalation"].bool_or(true)) return;
  const auto refuse = [&](std::string_view why) {
    causes.invalid_shown(
        path,
        show_fields(context, {{"Capabilities", "capabilities"},
                              {"Privileged", "privileged"},
                              {"SELinuxOptions", "seLinuxOptions"},
                              {"WindowsOptions", "windowsOptions"},
                              {"RunAsUser", "runAsUser"},
                              {"RunAsGroup", "runAsGroup"},
                              {"RunAsNonRoot", "runAsNonRoot"},
                              {"ReadOnlyRootFilesystem", "readOnlyRootFilesystem"},
                              {"AllowPrivilegeEscalation", "allowPrivilegeEscalation"},
                              {"ProcMount", "procMount"},
                              {"SeccompProfile", "seccompProfile"},
                              {"AppArmorProfile", "appArmorProfile"}}),
        why);
  };
  if (context["privileged"].bool_or(false)) {
    refuse("cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
  }
  each(context["capabilities"]["add"], path, [&](const Value& name, const std::string&) {
    if (name == Value("CAP_SYS_ADMIN")) {
      refuse("cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
    }
  });
}

// Probes and hooks

void check_handler(const Value& handler, const std::string& path, Causes& causes) {
  int handlers = 0;
  for (const char* key : {"exec", "httpGet", "tcpSocket", "grpc", "sleep"}) {
    const Value* one = handler.find(key);
    if (one == nullptr) continue;
    const std::string at = child(path, key);
    if (handlers++ > 0) {
      causes.forbidden(at, "may not specify more than 1 handler type");
    } else if (std::string_view(key) == "exec") {
      const Value& command = (*one)["command"];
      if (!command.is_array() || command.as_array().empty()) causes.required(at + ".command");
    } else if (std::string_view(key) == "httpGet") {
      if ((*one)["path"].string_or("").empty()) causes.required(at + ".path");
      check_port_or_name((*one)["port"], at + ".port", causes);
      const std::string_view scheme = (*one)["scheme"].string_or("");
      if (scheme != "HTTP" && scheme != "HTTPS") {
        causes.not_supported(at + ".scheme", Value(scheme), {"HTTP", "HTTPS"});
      }
      each((*one)["httpHeaders"], at, [&](const Value& header, const std::string&) {
        const std::string_view name = header["name"].string_or("");
        causes.invalid(at + ".httpHeaders", Value(name), header_name_problem(name));
      });
    } else if (std::string_view(key) != "sleep") {
      check_port_or_name((*one)["port"], at + ".port", causes);
    }
  }
  if (handlers == 0) causes.required(path, "must specify a handler type");
}

void check_probe(const Value& container, const char* key, const std::string& path, Causes& causes) {
  const Value& probe = container[key];
  if (!probe.is_object()) return;
  const std::string at = child(path, key);
  check_handler(probe, at, causes);
  for (const char* number : {"initialDelaySeconds", "timeoutSeconds", "periodSeconds",
                             "successThreshold", "failureThreshold"}) {
    check_not_negative(probe[number], child(at, number), causes);
  }
  const Value& grace = probe["terminationGracePeriodSeconds"];
  if (grace.is_integer() && grace.as_integer() <= 0) {
    causes.invalid(at + ".terminationGracePeriodSeconds", grace, "must be greater than 0");
  }
  if (std::string_view(key) == "readinessProbe") {
    if (grace.is_integer()) {
      causes.invalid(at + ".terminationGracePeriodSeconds", grace,
                     "must not be set for readinessProbes");
    }
  } else if (probe["successThreshold"].integer_or(1) != 1) {
    causes.invalid(at + ".successThreshold", probe["successThreshold"], "must be 1");
  }
}

void check_lifecycle(const Value& container, const std::string& path, Causes& causes) {
  for (const char* key : {"postStart", "preStop"}) {
    const Value& hook = container["lifecycle"][key];
    if (hook.is_object()) check_handler(hook, child(path + ".lifecycle", key), causes);
  }
}

// Pods

struct PodWalk {
  const Value& spec;
  const std::string& path;
  bool in_pod;
  Causes& causes;
  std::set<std::string> volumes = {};
  std::set<std::string> names = {};

  void container(const Value& one, const std::string& at);
  void all_containers();
  void all_volumes();
  void volume(const Value& one, const std::string& at);
  void network();
  void security();
  void scheduling();
};

void PodWalk::container(const Value& one, const std::string& at) {
  const std::string_view name = one["name"].string_or("");
  if (name.empty()) {
    causes.required(at + ".name");
  } else {
    causes.invalid(at + ".name", Value(name), label_problem(name));
  }
  if (one["image"].string_or("").empty()) causes.required(at + ".image");
  check_word(one["terminationMessagePolicy"], at + ".terminationMessagePolicy",
             {"File", "FallbackToLogsOnError"}, causes);
  check_ports(one["ports"], at + ".ports", causes);
  check_environment(one, at, causes);
  check_mounts(one, at, volumes, causes);
  check_word(one["imagePullPolicy"], at + ".imagePullPolicy", {"Always", "IfNotPresent", "Never"},
             causes);
  check_resources(one["resources"], at + ".resources", causes);
  check_container_security(one["securityContext"], at + ".securityContext", causes);
}

void PodWalk::all_containers() {
  const std::string at = path + ".containers";
  const Value& regular = spec["containers"];
  if (!regular.is_array() || regular.as_array().empty()) {
    causes.required(at);
  } else {
    each(regular, at, [&](const Value& one, const std::string& place) {
      container(one, place);
      const std::string name(one["name"].string_or(""));
      if (!names.insert(name).second) causes.duplicate(place + ".name", Value(name));
      check_lifecycle(one, place, causes);
      for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) {
        check_probe(one, probe, place, causes);
      }
    });
    check_host_ports(regular.as_array(), at, causes);
  }
  each(spec["initContainers"], path + ".initContainers",
       [&](const Value& one, const std::string& place) {
         container(one, place);
         const std::string name(one["name"].string_or(""));
         if (!names.insert(name).second) causes.duplicate(place + ".name", Value(name));
         const bool stays = one["restartPolicy"] == Value("Always");
         if (stays) check_lifecycle(one, place, causes);
         for (const char* part : {"lifecycle", "livenessProbe", "readinessProbe", "startupProbe"}) {
           if (stays && std::string_view(part) != "lifecycle") {
             check_probe(one, part, place, causes);
           } else if (!stays && one.find(part) != nullptr) {
             causes.forbidden(child(place, part),
                              "may not be set for init containers without restartPolicy=Always");
           }
         }
       });
  each(spec["ephemeralContainers"], path + ".ephemeralContainers",
       [&](const Value& one, const std::string& place) {
         container(one, place);
         const std::string name(one["name"].string_or(""));
         if (!names.insert(name).second) causes.duplicate(place + ".name", Value(name));
         for (const char* part :
              {"ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"}) {
           if (one.find(part) != nullptr) {
             causes.forbidden(child(place, part), "cannot be set for an Ephemeral Container");
           }
         }
       });
}

void check_items(const Value& items, const std::string& path, Causes& causes) {
  each(items, path + ".items", [&](const Value& item, const std::string& at) {
    if (item["key"].string_or("").empty()) causes.required(at + ".key");
    const std::string_view where = item["path"].string_or("");
    if (where.empty()) causes.required(at + ".path");
    check_descending(where, at + ".path", causes);
    if (where.starts_with("..") && !where.starts_with("../") && where != "..") {
      causes.invalid(at + ".path", Value(where), "must not start with '..'");
    }
  });
}

void check_mode(const Value& mode, const std::string& path, Causes& causes) {
  if (mode.is_integer() && (mode.as_integer() < 0 || mode.as_integer() > 0777)) {
    causes.invalid(path + ".defaultMode", mode,
                   "must be a number between 0 and 0777 (octal), both inclusive");
  }
}

void PodWalk::volume(const Value& one, const std::string& at) {
  int types = 0;
  if (!one.is_object()) return;
  static constexpr std::array kOrder{"emptyDir",
                                     "hostPath",
                                     "gitRepo",
                                     "gcePersistentDisk",
                                     "awsElasticBlockStore",
                                     "secret",
                                     "nfs",
                                     "iscsi",
                                     "glusterfs",
                                     "flocker",
                                     "persistentVolumeClaim",
                                     "rbd",
                                     "cinder",
                                     "cephfs",
                                     "quobyte",
                                     "downwardAPI",
                                     "fc",
                                     "flexVolume",
                                     "configMap",
                                     "azureFile",
                                     "vsphereVolume",
                                     "photonPersistentDisk",
                                     "portworxVolume",
                                     "azureDisk",
                                     "storageos",
                                     "projected",
                                     "scaleIO",
                                     "csi",
                                     "ephemeral",
                                     "image"};
  for (const std::string_view key : kOrder) {
    const Value* source = one.find(key);
    if (source == nullptr) continue;
    const std::string place = child(at, key);
    if (types++ > 0) {
      causes.forbidden(place, "may not specify more than 1 volume type");
    } else if (key == "hostPath") {
      check_host_path(*source, place, causes);
    } else if (key == "secret") {
      if ((*source)["secretName"].string_or("").empty()) causes.required(place + ".secretName");
      check_mode((*source)["defaultMode"], place, causes);
      check_items((*source)["items"], place, causes);
    } else if (key == "configMap") {
      if ((*source)["name"].string_or("").empty()) causes.required(place + ".name");
      check_mode((*source)["defaultMode"], place, causes);
      check_items((*source)["items"], place, causes);
    } else if (key == "persistentVolumeClaim") {
      if ((*source)["claimName"].string_or("").empty()) causes.required(place + ".claimName");
    }
  }
  if (types == 0) causes.required(at, "must specify a volume type");
}

void PodWalk::all_volumes() {
  each(spec["volumes"], path + ".volumes", [&](const Value& one, const std::string& at) {
    const std::size_t before = causes.size();
    volume(one, at);
    const std::string name(one["name"].string_or(""));
    if (name.empty()) {
      causes.required(at + ".name");
    } else {
      causes.invalid(at + ".name", Value(name), label_problem(name));
    }
    if (volumes.contains(name)) causes.duplicate(at + ".name", Value(name));
    if (causes.size() == before) volumes.insert(name);
  });
}

void PodWalk::network() {
  if (spec["hostNetwork"].bool_or(false)) {
    each(spec["containers"], path + ".containers", [&](const Value& one, const std::string& at) {
      each(one["ports"], at + ".ports", [&](const Value& port, const std::string& place) {
        const std::int64_t host = port["hostPort"].integer_or(0);
        if ((in_pod || host != 0) && host != port["containerPort"].integer_or(0)) {
          causes.invalid(place + ".hostPort", Value(host),
                         "must match `containerPort` when `hostNetwork` is true");
        }
      });
    });
  }
  check_word(spec["restartPolicy"], path + ".restartPolicy", {"Always", "OnFailure", "Never"},
             causes);
  check_word(spec["dnsPolicy"], path + ".dnsPolicy",
             {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"}, causes);
  check_labels(spec["nodeSelector"], path + ".nodeSelector", causes);
}

void PodWalk::security() {
  const Value& context = spec["securityContext"];
  const std::string at = path + ".securityContext";
  if (!context.is_object()) return;
  for (const char* key : {"fsGroup", "runAsUser", "runAsGroup"}) {
    check_id(context[key], child(at, key), causes);
  }
  each(context["supplementalGroups"], at + ".supplementalGroups",
       [&](const Value& group, const std::string& place) { check_id(group, place, causes); });
  std::set<std::string> seen;
  each(context["sysctls"], at + ".sysctls", [&](const Value& one, const std::string& place) {
    constexpr const char* kName =
        R"(^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$)";
    static const re2::RE2 expression(kName);
    const std::string name(one["name"].string_or(""));
    if (name.empty()) {
      causes.required(place + ".name");
    } else if (name.size() > 253 || !re2::RE2::FullMatch(name, expression)) {
      causes.invalid(place + ".name", Value(name),
                     fmt::format("must have at most 253 characters and match regex {}", kName));
    } else if (seen.contains(name)) {
      causes.duplicate(place + ".name", Value(name));
    }
    seen.insert(name);
  });
  check_optional_word(context["fsGroupChangePolicy"], at + ".fsGroupChangePolicy",
                      {"OnRootMismatch", "Always"}, causes);
  check_seccomp(context["seccompProfile"], at + ".seccompProfile", causes);
}

void check_node_term(const Value& term, const std::string& path, bool values, Causes& causes) {
  each(term["matchExpressions"], path + ".matchExpressions",
       [&](const Value& one, const std::string& at) {
         const std::string_view operation = one["operator"].string_or("");
         const std::size_t count = one["values"].is_array() ? one["values"].as_array().size() : 0;
         if (operation == "In" || operation == "NotIn") {
           if (count == 0) {
             causes.required(at + ".values",
                             "must be specified when `operator` is 'In' or 'NotIn'");
           }
         } else if (operation == "Exists" || operation == "DoesNotExist") {
           if (count > 0) {
             causes.forbidden(at + ".values",
                              "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
           }
         } else if (operation == "Gt" || operation == "Lt") {
           if (count != 1) {
             causes.required(at + ".values",
                             "must be specified single value when `operator` is 'Lt' or 'Gt'");
           }
         } else {
           causes.invalid(at + ".operator", Value(operation), "not a valid selector operator");
         }
         const std::string_view key = one["key"].string_or("");
         causes.invalid(at + ".key", Value(key), label_key_problem(key));
         if (!values) return;
         each(one["values"], at + ".values", [&](const Value& value, const std::string& place) {
           causes.invalid(place, value, label_value_problem(value.string_or("")));
         });
       });
}

void check_weight(const Value& weight, const std::string& path, Causes& causes) {
  const std::int64_t number = weight.integer_or(0);
  if (number <= 0 || number > 100) {
    causes.invalid(path + ".weight", Value(number), "must be in the range 1-100");
  }
}

void check_pod_term(const Value& term, const std::string& path, Causes& causes) {
  check_label_selector(term["labelSelector"], path + ".labelSelector", causes);
  check_label_selector(term["namespaceSelector"], path + ".namespaceSelector", causes);
  each(term["namespaces"], path, [&](const Value& name, const std::string&) {
    causes.invalid(path + ".namespace", name, label_problem(name.string_or("")));
  });
  const std::string_view key = term["topologyKey"].string_or("");
  if (key.empty()) causes.required(path + ".topologyKey", "can not be empty");
  causes.invalid(path + ".topologyKey", Value(key), label_key_problem(key));
}

void check_affinity(const Value& affinity, const std::string& path, Causes& causes) {
  constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
  constexpr const char* kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";
  if (const Value& node = affinity["nodeAffinity"]; node.is_object()) {
    const std::string at = path + ".nodeAffinity.";
    if (const Value* required = node.find(kRequired)) {
      const Value& terms = (*required)["nodeSelectorTerms"];
      const std::string place = at + kRequired + ".nodeSelectorTerms";
      if (!terms.is_array() || terms.as_array().empty()) {
        causes.required(place, "must have at least one node selector term");
      }
      each(terms, place, [&](const Value& term, const std::string& one) {
        check_node_term(term, one, true, causes);
      });
    }
    each(node[kPreferred], at + kPreferred, [&](const Value& term, const std::string& one) {
      check_weight(term["weight"], one, causes);
      check_node_term(term["preference"], one + ".preference", false, causes);
    });
  }
  for (const char* kind : {"podAffinity", "podAntiAffinity"}) {
    const std::string at = child(path, kind) + ".";
    each(affinity[kind][kRequired], at + kRequired,
         [&](const Value& term, const std::string& one) { check_pod_term(term, one, causes); });
    each(affinity[kind][kPreferred], at + kPreferred,
         [&](const Value& term, const std::string& one) {
           check_weight(term["weight"], one, causes);
           check_pod_term(term["podAffinityTerm"], one + ".podAffinityTerm", causes);
         });
  }
}

void check_dns(const Value& spec, const std::string& path, Causes& causes) {
  const Value& config = spec["dnsConfig"];
  const std::string at = path + ".dnsConfig";
  if (spec["dnsPolicy"] == Value("None")) {
    if (!config.is_object()) {
      return causes.required(at, "must provide `dnsConfig` when `dnsPolicy` is None");
    }
    if (!config["nameservers"].is_array() || config["nameservers"].as_array().empty()) {
      return causes.required(at + ".nameservers",
                             "must provide at least one DNS nameserver when `dnsPolicy` is None");
    }
  }
  constexpr std::size_t kServers = 3;
  const Value& servers = config["nameservers"];
  if (servers.is_array() && servers.as_array().size() > kServers) {
    causes.invalid(at + ".nameservers", servers, "must not have more than 3 nameservers");
  }
  each(servers, at + ".nameservers", [&](const Value& one, const std::string& place) {
    causes.invalid(place, one, address_problem(one.string_or("")));
  });
  each(config["searches"], at + ".searches", [&](const Value& one, const std::string& place) {
    std::string_view name = one.string_or("");
    if (name == ".") return;
    if (name.ends_with('.')) name.remove_suffix(1);
    causes.invalid(place, Value(name), loose_subdomain_problem(name));
  });
  each(config["options"], at + ".options", [&](const Value& one, const std::string& place) {
    if (one["name"].string_or("").empty()) causes.required(place, "must not be empty");
  });
}

void check_spread(const Value& list, const std::string& path, Causes& causes) {
  each(list, path, [&](const Value& one, const std::string& at) {
    const std::int64_t skew = one["maxSkew"].integer_or(0);
    if (skew <= 0) causes.invalid(at + ".maxSkew", Value(skew), "must be greater than zero");
    const std::string_view key = one["topologyKey"].string_or("");
    if (key.empty()) causes.required(at + ".topologyKey", "can not be empty");
    const std::string_view action = one["whenUnsatisfiable"].string_or("");
    if (action != "DoNotSchedule" && action != "ScheduleAnyway") {
      causes.not_supported(at + ".whenUnsatisfiable", Value(action),
                           {"DoNotSchedule", "ScheduleAnyway"});
    }
    const Array& all = list.as_array();
    for (std::size_t i = static_cast<std::size_t>(&one - all.data()) + 1; i < all.size(); ++i) {
      if (all[i]["topologyKey"] == one["topologyKey"] &&
          all[i]["whenUnsatisfiable"] == one["whenUnsatisfiable"]) {
        causes.duplicate(at + ".{topologyKey, whenUnsatisfiable}",
                         Value(fmt::format("{{{}, {}}}", key, action)));
        break;
      }
    }
    for (const char* policy : {"nodeAffinityPolicy", "nodeTaintsPolicy"}) {
      check_optional_word(one[policy], child(at, policy), {"Honor", "Ignore"}, causes);
    }
    check_label_selector(one["labelSelector"], at + ".labelSelector", causes);
  });
}

void check_tolerations(const Value& list, const std::string& path, Causes& causes) {
  each(list, path, [&](const Value& one, const std::string& at) {
    const std::string_view key = one["key"].string_or("");
    const std::string_view operation = one["operator"].string_or("");
    const std::string_view value = one["value"].string_or("");
    const std::string_view effect = one["effect"].string_or("");
    if (!key.empty()) causes.invalid(at + ".key", Value(key), label_key_problem(key));
    if (key.empty() && operation != "Exists") {
      causes.invalid(at + ".operator", Value(operation),
                     "operator must be Exists when `key` is empty, which means \"match all values "
                     "and all keys\"");
    }
    if (one.find("tolerationSeconds") != nullptr && effect != "NoExecute") {
      causes.invalid(at + ".effect", Value(effect),
                     "effect must be 'NoExecute' when `tolerationSeconds` is set");
    }
    if (operation.empty() || operation == "Equal") {
      if (const Problems problems = label_value_problem(value); !problems.empty()) {
        causes.invalid(at + ".operator", Value(value), fmt::format("{}", fmt::join(problems, ";")));
      }
    } else if (operation == "Exists") {
      if (!value.empty()) {
        causes.invalid(at + ".operator", Value(value),
                       "value must be empty when `operator` is 'Exists'");
      }
    } else if (operation == "Lt" || operation == "Gt") {
      causes.not_supported(at + ".operator", Value(operation), {"Equal", "Exists", "Lt", "Gt"});
    } else {
      causes.not_supported(at + ".operator", Value(operation), {"Equal", "Exists"});
    }
    if (!effect.empty()) {
      check_optional_word(one["effect"], at + ".effect",
                          {"NoSchedule", "PreferNoSchedule", "NoExecute"}, causes);
    }
  });
}

void PodWalk::scheduling() {
  check_affinity(spec["affinity"], path + ".affinity", causes);
  check_dns(spec, path, causes);
  each(spec["readinessGates"], path + ".readinessGates",
       [&](const Value& one, const std::string& at) {
         const std::string_view type = one["conditionType"].string_or("");
         causes.invalid(at + ".conditionType", Value(type), label_key_problem(type));
       });
  std::set<std::string> gates;
  each(spec["schedulingGates"], path + ".schedulingGates",
       [&](const Value& one, const std::string& at) {
         const std::string name(one["name"].string_or(""));
         causes.invalid(at, Value(name), label_key_problem(name));
         if (!gates.insert(name).second) causes.duplicate(at, Value(name));
       });
  check_spread(spec["topologySpreadConstraints"], path + ".topologySpreadConstraints", causes);
  const auto check_name = [&](const char* key, Problems (*problem)(std::string_view)) {
    const std::string_view text = spec[key].string_or("");
    if (!text.empty()) causes.invalid(child(path, key), Value(text), problem(text));
  };
  check_name("serviceAccountName", subdomain_problem);
  check_name("nodeName", subdomain_problem);
  const Value& deadline = spec["activeDeadlineSeconds"];
  if (deadline.is_integer()) {
    causes.invalid(path + ".activeDeadlineSeconds", deadline,
                   range_problem(deadline.as_integer(), 1, INT32_MAX));
  }
  check_name("hostname", label_problem);
  check_name("subdomain", label_problem);
  check_tolerations(spec["tolerations"], path + ".tolerations", causes);
  each(spec["hostAliases"], path + ".hostAliases", [&](const Value& one, const std::string& at) {
    const std::string_view address = one["ip"].string_or("");
    causes.invalid(at + ".ip", Value(address), address_problem(address));
    each(one["hostnames"], at + ".hostnames", [&](const Value& name, const std::string& place) {
      causes.invalid(place, name, subdomain_problem(name.string_or("")));
    });
  });
  check_name("priorityClassName", subdomain_problem);
  check_name("runtimeClassName", subdomain_problem);
  check_optional_word(spec["preemptionPolicy"], path + ".preemptionPolicy",
                      {"Never", "PreemptLowerPriority"}, causes);
}

}  // namespace

void check_host_path(const Value& source, const std::string& path, Causes& causes) {
  const std::string_view where = source["path"].string_or("");
  if (where.empty()) return causes.required(path + ".path");
  check_no_backsteps(where, path + ".path", causes);
  check_optional_word(source["type"], path + ".type",
                      {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File",
                       "FileOrCreate", "Socket"},
                      causes);
}

void validate_pod_annotations(const Value& annotations, const Value& spec, const std::string& path,
                              Causes& causes) {
  if (!annotations.is_object()) return;
  constexpr std::string_view kProfile = "container.apparmor.security.beta.kubernetes.io/";
  for (const auto& member : annotations.as_object()) {
    if (!member.key.starts_with(kProfile)) continue;
    const std::string name = member.key.substr(kProfile.size());
    bool found = false;
    for (const char* list : {"containers", "initContainers", "ephemeralContainers"}) {
      each(spec[list], "", [&](const Value& one, const std::string&) {
        found = found || one["name"] == Value(name);
      });
    }
    if (!found) causes.invalid(keyed(path, member.key), Value(name), "container not found");
    const std::string profile(member.value.string_or(""));
    if (profile.empty() || profile == "runtime/default" || profile == "unconfined" ||
        profile.starts_with("localhost/")) {
      continue;
    }
    causes.invalid(keyed(path, member.key), Value(profile),
                   fmt::format("invalid AppArmor profile name: \"{}\"", profile));
  }
}

void validate_pod_spec(const Value& spec, const std::string& path, Causes& causes,
                       const std::set<std::string>& claim_templates, bool in_pod) {
  PodWalk walk{spec, path, in_pod, causes};
  walk.all_volumes();
  walk.volumes.insert(claim_templates.begin(), claim_templates.end());
  walk.all_containers();
  walk.network();
  walk.security();
  walk.scheduling();
}

void validate_pod_template(const Value& pod_template, const std::string& path, Causes& causes,
                           const std::set<std::string>& claim_templates) {
  const Value& metadata = pod_template["metadata"];
  check_labels(metadata["labels"], path + ".labels", causes);
  check_annotations(metadata["annotations"], path + ".annotations", causes);
  validate_pod_annotations(metadata["annotations"], pod_template["spec"], path + ".annotations",
                           causes);
  validate_pod_spec(pod_template["spec"], path + ".spec", causes, claim_templates, false);
  const Value& ephemeral = pod_template["spec"]["ephemeralContainers"];
  if (ephemeral.is_array() && !ephemeral.as_array().empty()) {
    causes.forbidden(path + ".spec.ephemeralContainers",
                     "ephemeral containers not allowed in pod template");
  }
}

}  // namespace windlass::inline v0::api_server
