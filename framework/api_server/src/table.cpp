#include "table.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "selector.hpp"
#include "state.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

std::string human_duration(std::int64_t seconds) {
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return fmt::format("{}s", seconds);
  const std::int64_t minutes = seconds / 60;
  if (minutes < 10) {
    return seconds % 60 == 0 ? fmt::format("{}m", minutes)
                             : fmt::format("{}m{}s", minutes, seconds % 60);
  }
  if (minutes < 180) return fmt::format("{}m", minutes);
  const std::int64_t hours = minutes / 60;
  if (hours < 8) {
    return minutes % 60 == 0 ? fmt::format("{}h", hours)
                             : fmt::format("{}h{}m", hours, minutes % 60);
  }
  if (hours < 48) return fmt::format("{}h", hours);
  const std::int64_t days = hours / 24;
  if (hours < 192)
    return hours % 24 == 0 ? fmt::format("{}d", days) : fmt::format("{}d{}h", days, hours % 24);
  if (hours < 24 * 365 * 2) return fmt::format("{}d", days);
  const std::int64_t years = days / 365;
  if (hours < 24 * 365 * 8) {
    return days % 365 == 0 ? fmt::format("{}y", years) : fmt::format("{}y{}d", years, days % 365);
  }
  return fmt::format("{}y", years);
}

namespace {

/// One step of a JSONPath: a member, an index, "*" or a filter on a member's value.
struct Step {
  std::string name;
  bool index = false;
  std::vector<std::string> filter_path = {};
  std::string filter_value = {};
};

std::vector<Step> parse_path(std::string_view path) {
  std::vector<Step> steps;
  if (path.starts_with('{') && path.ends_with('}')) path = path.substr(1, path.size() - 2);
  if (path.starts_with('$')) path.remove_prefix(1);
  while (!path.empty()) {
    if (path[0] == '.') {
      path.remove_prefix(1);
      std::string name;
      while (!path.empty() && path[0] != '.' && path[0] != '[') {
        if (path[0] == '\\' && path.size() > 1) path.remove_prefix(1);
        name += path[0];
        path.remove_prefix(1);
      }
      if (!name.empty()) steps.push_back({std::move(name)});
      continue;
    }
    if (path[0] != '[') break;
    const auto close = path.find(']');
    if (close == std::string_view::npos) break;
    std::string_view inside = path.substr(1, close - 1);
    path.remove_prefix(close + 1);
    if (inside.starts_with("?(@") && inside.ends_with(')')) {
      inside = inside.substr(3, inside.size() - 4);
      const auto equals = inside.find("==");
      std::string_view key = inside.substr(0, equals);
      while (key.ends_with(' ')) key.remove_suffix(1);
      std::string_view value = equals == std::string_view::npos ? "" : inside.substr(equals + 2);
      while (value.starts_with(' ')) value.remove_prefix(1);
      if (value.size() >= 2 && (value[0] == '"' || value[0] == '\''))
        value = value.substr(1, value.size() - 2);
      steps.push_back({"", false, split_path(key), std::string(value)});
    } else if (inside.size() >= 2 && (inside[0] == '\'' || inside[0] == '"')) {
      steps.push_back({std::string(inside.substr(1, inside.size() - 2))});
    } else {
      steps.push_back({std::string(inside), true});
    }
  }
  return steps;
}

void follow(const Value& value, const std::vector<Step>& steps, std::size_t at, Array& out) {
  if (at == steps.size()) {
    out.push_back(value);
    return;
  }
  const Step& step = steps[at];
  if (!step.filter_path.empty()) {
    if (!value.is_array()) return;
    for (const Value& entry : value.as_array()) {
      if (text_at(entry, step.filter_path) == step.filter_value) follow(entry, steps, at + 1, out);
    }
    return;
  }
  if (step.index || step.name == "*") {
    if (!value.is_array()) return;
    const Array& list = value.as_array();
    if (step.name == "*") {
      for (const Value& entry : list) follow(entry, steps, at + 1, out);
      return;
    }
    auto number = std::atoll(step.name.c_str());
    if (number < 0) number += static_cast<long long>(list.size());
    if (number >= 0 && static_cast<std::size_t>(number) < list.size()) {
      follow(list[static_cast<std::size_t>(number)], steps, at + 1, out);
    }
    return;
  }
  if (const Value* member = value.find(step.name)) follow(*member, steps, at + 1, out);
}

}  // namespace

Value at_json_path(const Value& object, std::string_view path) {
  if (path.empty()) return nullptr;
  Array found;
  follow(object, parse_path(path), 0, found);
  return found.empty() ? Value(nullptr) : std::move(found.front());
}

namespace {

struct Row {
  const Value& object;
  WallTime now;

  [[nodiscard]] const Value& operator()(std::initializer_list<std::string_view> path) const {
    return object.at_path(path);
  }
  [[nodiscard]] std::string text(std::initializer_list<std::string_view> path) const {
    return std::string(object.at_path(path).string_or(""));
  }
  [[nodiscard]] std::int64_t number(std::initializer_list<std::string_view> path) const {
    return object.at_path(path).integer_or(0);
  }
  [[nodiscard]] std::string age(const Value& time) const {
    const auto then = parse_time(time.string_or(""));
    if (!then) return "<unknown>";
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    return human_duration(seconds - *then);
  }
  [[nodiscard]] std::string age() const {
    return age(object.at_path({"metadata", "creationTimestamp"}));
  }
};

std::string or_none(std::string text) { return text.empty() ? "<none>" : text; }

std::string joined(const Value& list, std::string_view key, const char* separator = ",") {
  std::string out;
  if (!list.is_array()) return out;
  for (const Value& entry : list.as_array()) {
    if (!out.empty()) out += separator;
    out += key.empty() ? entry.string_or("") : entry[key].string_or("");
  }
  return out;
}

std::string pod_status(const Value& pod) {
  std::string reason(pod.at_path({"status", "phase"}).string_or(""));
  if (const auto why = pod.at_path({"status", "reason"}).string_or(""); !why.empty()) reason = why;
  const auto state_reason = [](const Value& status, std::string& out) {
    const Value& state = status["state"];
    if (const auto why = state["waiting"]["reason"].string_or(""); !why.empty()) {
      out = why;
    } else if (const Value& end = state["terminated"]; end.is_object()) {
      out = end["reason"].string_or("");
      if (out.empty()) {
        out = end["signal"].integer_or(0) != 0
                  ? fmt::format("Signal:{}", end["signal"].integer_or(0))
                  : fmt::format("ExitCode:{}", end["exitCode"].integer_or(0));
      }
    } else {
      return false;
    }
    return true;
  };
  const Value& initial = pod.at_path({"status", "initContainerStatuses"});
  bool initializing = false;
  if (initial.is_array()) {
    const std::size_t total = pod.at_path({"spec", "initContainers"}).is_array()
                                  ? pod.at_path({"spec", "initContainers"}).as_array().size()
                                  : 0;
    for (std::size_t i = 0; i < initial.as_array().size() && !initializing; ++i) {
      const Value& status = initial.as_array()[i];
      const Value& end = status["state"]["terminated"];
      if (end.is_object() && end["exitCode"].integer_or(0) == 0) continue;
      if (status["started"].bool_or(false)) continue;
      initializing = true;
      std::string why;
      if (state_reason(status, why) && why != "PodInitializing") {
        reason = "Init:" + why;
      } else {
        reason = fmt::format("Init:{}/{}", i, total);
      }
    }
  }
  const Value& statuses = pod.at_path({"status", "containerStatuses"});
  if (!initializing && statuses.is_array()) {
    bool running = false;
    for (auto status = statuses.as_array().rbegin(); status != statuses.as_array().rend();
         ++status) {
      std::string why;
      if (state_reason(*status, why)) {
        reason = why;
      } else if ((*status)["ready"].bool_or(false)) {
        running = true;
      }
    }
    if (reason == "Completed" && running) reason = "Running";
  }
  if (pod["metadata"].find("deletionTimestamp") != nullptr) {
    if (pod.at_path({"status", "reason"}).string_or("") == "NodeLost") return "Unknown";
    const auto phase = pod.at_path({"status", "phase"}).string_or("");
    if (phase != "Succeeded" && phase != "Failed") return "Terminating";
  }
  return reason;
}

Array pod_cells(const Row& row) {
  std::int64_t ready = 0, restarts = 0;
  const Value& statuses = row({"status", "containerStatuses"});
  if (statuses.is_array()) {
    for (const Value& status : statuses.as_array()) {
      ready += status["ready"].bool_or(false) ? 1 : 0;
      restarts += status["restartCount"].integer_or(0);
    }
  }
  const Value& containers = row({"spec", "containers"});
  std::int64_t gates = 0, gates_open = 0;
  if (row({"spec", "readinessGates"}).is_array()) {
    for (const Value& gate : row({"spec", "readinessGates"}).as_array()) {
      ++gates;
      if (!row({"status", "conditions"}).is_array()) continue;
      for (const Value& condition : row({"status", "conditions"}).as_array()) {
        if (condition["type"] == gate["conditionType"] && condition["status"] == Value("True"))
          ++gates_open;
      }
    }
  }
  return {row.text({"metadata", "name"}),
          fmt::format("{}/{}", ready, containers.is_array() ? containers.as_array().size() : 0),
          pod_status(row.object),
          std::to_string(restarts),
          row.age(),
          or_none(row.text({"status", "podIP"})),
          or_none(row.text({"spec", "nodeName"})),
          or_none(row.text({"status", "nominatedNodeName"})),
          gates == 0 ? std::string("<none>") : fmt::format("{}/{}", gates_open, gates)};
}

std::string containers_of(const Row& row, std::string_view key) {
  return joined(row({"spec", "template", "spec", "containers"}), key);
}
std::string selector_of(const Row& row) {
  return or_none(LabelSelector::from(row({"spec", "selector"})).text());
}

Array deployment_cells(const Row& row) {
  return {row.text({"metadata", "name"}),
          fmt::format("{}/{}", row.number({"status", "readyReplicas"}),
                      row.number({"spec", "replicas"})),
          row.number({"status", "updatedReplicas"}),
          row.number({"status", "availableReplicas"}),
          row.age(),
          containers_of(row, "name"),
          containers_of(row, "image"),
          selector_of(row)};
}
Array stateful_set_cells(const Row& row) {
  return {row.text({"metadata", "name"}),
          fmt::format("{}/{}", row.number({"status", "readyReplicas"}),
                      row.number({"spec", "replicas"})),
          row.age(), containers_of(row, "name"), containers_of(row, "image")};
}
Array replica_set_cells(const Row& row) {
  return {row.text({"metadata", "name"}),
          row.number({"spec", "replicas"}),
          row.number({"status", "replicas"}),
          row.number({"status", "readyReplicas"}),
          row.age(),
          containers_of(row, "name"),
          containers_of(row, "image"),
          selector_of(row)};
}
Array daemon_set_cells(const Row& row) {
  const Value& nodes = row({"spec", "template", "spec", "nodeSelector"});
  std::string text;
  if (nodes.is_object()) {
    for (const auto& member : nodes.as_object()) {
      text +=
          fmt::format("{}{}={}", text.empty() ? "" : ",", member.key, member.value.string_or(""));
    }
  }
  return {row.text({"metadata", "name"}),
          row.number({"status", "desiredNumberScheduled"}),
          row.number({"status", "currentNumberScheduled"}),
          row.number({"status", "numberReady"}),
          row.number({"status", "updatedNumberScheduled"}),
          row.number({"status", "numberAvailable"}),
          or_none(text),
          row.age(),
          containers_of(row, "name"),
          containers_of(row, "image"),
          selector_of(row)};
}
Array service_cells(const Row& row) {
  std::string ports, selector;
  if (row({"spec", "ports"}).is_array()) {
    for (const Value& port : row({"spec", "ports"}).as_array()) {
      if (!ports.empty()) ports += ",";
      ports += std::to_string(port["port"].integer_or(0));
      if (port["nodePort"].integer_or(0) != 0)
        ports += fmt::format(":{}", port["nodePort"].integer_or(0));
      ports += "/" + std::string(port["protocol"].string_or("TCP"));
    }
  }
  if (row({"spec", "selector"}).is_object()) {
    for (const auto& member : row({"spec", "selector"}).as_object()) {
      selector += fmt::format("{}{}={}", selector.empty() ? "" : ",", member.key,
                              member.value.string_or(""));
    }
  }
  const std::string type = row.text({"spec", "type"});
  std::string external = joined(row({"spec", "externalIPs"}), "");
  if (type == "ExternalName") external = row.text({"spec", "externalName"});
  if (type == "LoadBalancer" && external.empty()) {
    external = joined(row({"status", "loadBalancer", "ingress"}), "ip");
    if (external.empty()) external = "<pending>";
  }
  return {row.text({"metadata", "name"}),
          type,
          or_none(row.text({"spec", "clusterIP"})),
          or_none(external),
          or_none(ports),
          row.age(),
          or_none(selector)};
}
std::string shown(const Value& value) {
  return value.is_string() ? value.as_string() : value.is_null() ? "N/A" : json::dump(value);
}
Array budget_cells(const Row& row) {
  return {row.text({"metadata", "name"}), shown(row({"spec", "minAvailable"})),
          shown(row({"spec", "maxUnavailable"})), row.number({"status", "disruptionsAllowed"}),
          row.age()};
}
Array job_cells(const Row& row) {
  const Value& completions = row({"spec", "completions"});
  std::string progress = fmt::format("{}/{}", row.number({"status", "succeeded"}),
                                     completions.integer_or(row.number({"spec", "parallelism"})));
  std::string status = "Running";
  if (row({"status", "conditions"}).is_array()) {
    for (const Value& condition : row({"status", "conditions"}).as_array()) {
      if (condition["status"] == Value("True")) status = condition["type"].string_or("");
    }
  }
  std::string duration;
  if (const auto start = parse_time(row.text({"status", "startTime"}))) {
    const auto end = parse_time(row.text({"status", "completionTime"}));
    const auto seconds =
        std::chrono::floor<std::chrono::seconds>(row.now.time_since_epoch()).count();
    duration = human_duration(end.value_or(seconds) - *start);
  }
  return {row.text({"metadata", "name"}),
          status,
          progress,
          duration,
          row.age(),
          containers_of(row, "name"),
          containers_of(row, "image"),
          selector_of(row)};
}
Array cron_job_cells(const Row& row) {
  const Value& active = row({"status", "active"});
  const Value& last = row({"status", "lastScheduleTime"});
  return {row.text({"metadata", "name"}),
          row.text({"spec", "schedule"}),
          or_none(row.text({"spec", "timeZone"})),
          row({"spec", "suspend"}).bool_or(false) ? "True" : "False",
          active.is_array() ? active.as_array().size() : 0,
          last.is_null() ? "<none>" : row.age(last),
          row.age(),
          joined(row({"spec", "jobTemplate", "spec", "template", "spec", "containers"}), "name"),
          joined(row({"spec", "jobTemplate", "spec", "template", "spec", "containers"}), "image"),
          "<none>"};
}
Array lease_cells(const Row& row) {
  return {row.text({"metadata", "name"}), row.text({"spec", "holderIdentity"}), row.age()};
}
Array namespace_cells(const Row& row) {
  return {row.text({"metadata", "name"}), row.text({"status", "phase"}), row.age()};
}
Array node_cells(const Row& row) {
  std::string status = "Unknown", roles;
  if (row({"status", "conditions"}).is_array()) {
    for (const Value& condition : row({"status", "conditions"}).as_array()) {
      if (condition["type"] == Value("Ready"))
        status = condition["status"] == Value("True") ? "Ready" : "NotReady";
    }
  }
  if (row({"spec", "unschedulable"}).bool_or(false)) status += ",SchedulingDisabled";
  if (row({"metadata", "labels"}).is_object()) {
    for (const auto& member : row({"metadata", "labels"}).as_object()) {
      constexpr std::string_view prefix = "node-role.kubernetes.io/";
      if (member.key.starts_with(prefix))
        roles += (roles.empty() ? "" : ",") + member.key.substr(prefix.size());
    }
  }
  std::string internal, external;
  if (row({"status", "addresses"}).is_array()) {
    for (const Value& address : row({"status", "addresses"}).as_array()) {
      if (address["type"] == Value("InternalIP")) internal = address["address"].string_or("");
      if (address["type"] == Value("ExternalIP")) external = address["address"].string_or("");
    }
  }
  const auto info = [&](const char* key) {
    const std::string text = row.text({"status", "nodeInfo", key});
    return text.empty() ? std::string("<unknown>") : text;
  };
  return {row.text({"metadata", "name"}),
          status,
          or_none(roles),
          row.age(),
          row.text({"status", "nodeInfo", "kubeletVersion"}),
          or_none(internal),
          or_none(external),
          info("osImage"),
          info("kernelVersion"),
          info("containerRuntimeVersion")};
}
Array event_cells(const Row& row) {
  const Value& object = row({"involvedObject"});
  std::string component = row.text({"source", "component"});
  if (component.empty()) component = row.text({"reportingComponent"});
  Value first = row({"firstTimestamp"});
  if (first.is_null()) first = row({"eventTime"});
  if (first.is_null()) first = row({"metadata", "creationTimestamp"});
  Value last = row({"lastTimestamp"});
  if (row({"series"}).is_object()) last = row({"series", "lastObservedTime"});
  if (last.is_null()) last = first;
  std::string kind(object["kind"].string_or(""));
  std::transform(kind.begin(), kind.end(), kind.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::int64_t count = row.number({"count"});
  if (row({"series"}).is_object()) count = row.number({"series", "count"});
  std::string source = component;
  if (const auto host = row.text({"source", "host"}); !host.empty()) source += ", " + host;
  std::string message = row.text({"message"});
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  return {row.age(last),
          row.text({"type"}),
          row.text({"reason"}),
          kind + "/" + std::string(object["name"].string_or("")),
          std::string(object["fieldPath"].string_or("")),
          source,
          message,
          row.age(first),
          count == 0 ? 1 : count,
          row.text({"metadata", "name"})};
}
Array secret_cells(const Row& row) {
  const Value& data = row({"data"});
  return {row.text({"metadata", "name"}), row.text({"type"}),
          data.is_object() ? data.as_object().size() : 0, row.age()};
}
Array config_map_cells(const Row& row) {
  std::size_t count = 0;
  for (const char* key : {"data", "binaryData"}) {
    if (row({key}).is_object()) count += row({key}).as_object().size();
  }
  return {row.text({"metadata", "name"}), count, row.age()};
}
std::string access_modes(const Value& modes) {
  std::string out;
  if (!modes.is_array()) return out;
  for (const Value& mode : modes.as_array()) {
    const std::string_view name = mode.string_or("");
    if (!out.empty()) out += ",";
    out += name == "ReadWriteOnce"   ? "RWO"
           : name == "ReadOnlyMany"  ? "ROX"
           : name == "ReadWriteMany" ? "RWX"
                                     : "RWOP";
  }
  return out;
}
std::string attributes_class(const Row& row) {
  const std::string name = row.text({"spec", "volumeAttributesClassName"});
  return name.empty() ? "<unset>" : name;
}
Array claim_cells(const Row& row) {
  std::string phase = row.text({"status", "phase"});
  if (row({"metadata"}).find("deletionTimestamp") != nullptr) phase = "Terminating";
  const bool bound = !row.text({"spec", "volumeName"}).empty();
  return {row.text({"metadata", "name"}),
          phase,
          row.text({"spec", "volumeName"}),
          bound ? row.text({"status", "capacity", "storage"}) : "",
          bound ? access_modes(row({"status", "accessModes"})) : "",
          row.text({"spec", "storageClassName"}),
          attributes_class(row),
          row.age(),
          row.text({"spec", "volumeMode"})};
}
Array volume_cells(const Row& row) {
  std::string phase = row.text({"status", "phase"});
  if (row({"metadata"}).find("deletionTimestamp") != nullptr) phase = "Terminating";
  std::string claim;
  if (row({"spec", "claimRef"}).is_object()) {
    claim =
        row.text({"spec", "claimRef", "namespace"}) + "/" + row.text({"spec", "claimRef", "name"});
  }
  return {row.text({"metadata", "name"}),
          row.text({"spec", "capacity", "storage"}),
          access_modes(row({"spec", "accessModes"})),
          row.text({"spec", "persistentVolumeReclaimPolicy"}),
          phase,
          claim,
          row.text({"spec", "storageClassName"}),
          attributes_class(row),
          row.text({"status", "reason"}),
          row.age(),
          row.text({"spec", "volumeMode"})};
}
Array account_cells(const Row& row) { return {row.text({"metadata", "name"}), row.age()}; }
Array role_cells(const Row& row) {
  return {row.text({"metadata", "name"}), row({"metadata", "creationTimestamp"})};
}
Array binding_cells(const Row& row) {
  std::string users, groups, accounts;
  if (row({"subjects"}).is_array()) {
    for (const Value& subject : row({"subjects"}).as_array()) {
      const std::string_view kind = subject["kind"].string_or("");
      std::string& out = kind == "User" ? users : kind == "Group" ? groups : accounts;
      if (!out.empty()) out += ", ";
      if (kind == "ServiceAccount") out += std::string(subject["namespace"].string_or("")) + "/";
      out += subject["name"].string_or("");
    }
  }
  return {row.text({"metadata", "name"}),
          row.text({"roleRef", "kind"}) + "/" + row.text({"roleRef", "name"}),
          row.age(),
          users,
          groups,
          accounts};
}
Array network_policy_cells(const Row& row) {
  return {row.text({"metadata", "name"}),
          or_none(LabelSelector::from(row({"spec", "podSelector"})).text()), row.age()};
}
Array endpoints_cells(const Row& row) {
  std::string text;
  if (row({"subsets"}).is_array()) {
    for (const Value& subset : row({"subsets"}).as_array()) {
      if (!subset["addresses"].is_array()) continue;
      for (const Value& address : subset["addresses"].as_array()) {
        if (!subset["ports"].is_array()) continue;
        for (const Value& port : subset["ports"].as_array()) {
          text += fmt::format("{}{}:{}", text.empty() ? "" : ",", address["ip"].string_or(""),
                              port["port"].integer_or(0));
        }
      }
    }
  }
  return {row.text({"metadata", "name"}), or_none(text), row.age()};
}
Array endpoint_slice_cells(const Row& row) {
  std::string ports = joined(row({"ports"}), "name"), addresses;
  if (row({"ports"}).is_array()) {
    ports.clear();
    for (const Value& port : row({"ports"}).as_array()) {
      ports += fmt::format("{}{}", ports.empty() ? "" : ",", port["port"].integer_or(0));
    }
  }
  if (row({"endpoints"}).is_array()) {
    for (const Value& endpoint : row({"endpoints"}).as_array()) {
      const std::string some = joined(endpoint["addresses"], "");
      if (!some.empty()) addresses += (addresses.empty() ? "" : ",") + some;
    }
  }
  return {row.text({"metadata", "name"}), row.text({"addressType"}),
          ports.empty() ? "<unset>" : ports, addresses.empty() ? "<unset>" : addresses, row.age()};
}
Array storage_class_cells(const Row& row) {
  std::string name = row.text({"metadata", "name"});
  if (row({"metadata", "annotations", "storageclass.kubernetes.io/is-default-class"}) ==
      Value("true"))
    name += " (default)";
  return {name,
          row.text({"provisioner"}),
          row.text({"reclaimPolicy"}),
          row.text({"volumeBindingMode"}),
          row({"allowVolumeExpansion"}).bool_or(false),
          row.age()};
}
Array crd_cells(const Row& row) {
  return {row.text({"metadata", "name"}), row({"metadata", "creationTimestamp"})};
}

struct Printer {
  const char* group;
  const char* kind;
  std::vector<Column> columns;
  Array (*cells)(const Row&);
};

/// Written as in the server's printers: "Ready:string", "!" for what only wide output shows.
std::vector<Column> columns_from(std::string_view text) {
  std::vector<Column> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('|'), text.size());
    std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    Column column;
    if (part.starts_with('!')) {
      column.priority = 1;
      part.remove_prefix(1);
    }
    if (part.ends_with('#')) {
      column.type = "integer";
      part.remove_suffix(1);
    }
    column.name = part;
    if (column.name == "Name") column.format = "name";
    if (column.name == "Created At") column.type = "date";
    out.push_back(std::move(column));
  }
  return out;
}

const std::vector<Printer>& printers() {
  static const std::vector<Printer> all = [] {
    struct Entry {
      const char* group;
      const char* kind;
      const char* columns;
      Array (*cells)(const Row&);
    };
    const Entry entries[] = {
        {"", "Pod", "Name|Ready|Status|Restarts|Age|!IP|!Node|!Nominated Node|!Readiness Gates",
         pod_cells},
        {"apps", "Deployment", "Name|Ready|Up-to-date|Available|Age|!Containers|!Images|!Selector",
         deployment_cells},
        {"apps", "StatefulSet", "Name|Ready|Age|!Containers|!Images", stateful_set_cells},
        {"apps", "ReplicaSet", "Name|Desired#|Current#|Ready#|Age|!Containers|!Images|!Selector",
         replica_set_cells},
        {"apps", "DaemonSet",
         "Name|Desired#|Current#|Ready#|Up-to-date#|Available#|Node "
         "Selector|Age|!Containers|!Images|!Selector",
         daemon_set_cells},
        {"", "Service", "Name|Type|Cluster-IP|External-IP|Port(s)|Age|!Selector", service_cells},
        {"policy", "PodDisruptionBudget",
         "Name|Min Available|Max Unavailable|Allowed Disruptions#|Age", budget_cells},
        {"batch", "Job", "Name|Status|Completions|Duration|Age|!Containers|!Images|!Selector",
         job_cells},
        {"batch", "CronJob",
         "Name|Schedule|Timezone|Suspend|Active#|Last Schedule|Age|!Containers|!Images|!Selector",
         cron_job_cells},
        {"coordination.k8s.io", "Lease", "Name|Holder|Age", lease_cells},
        {"", "Namespace", "Name|Status|Age", namespace_cells},
        {"", "Node",
         "Name|Status|Roles|Age|Version|!Internal-IP|!External-IP|!OS-Image|!Kernel-Version|!"
         "Container-Runtime",
         node_cells},
        {"", "Event",
         "Last Seen|Type|Reason|Object|!Subobject|!Source|Message|!First Seen|!Count#|!Name",
         event_cells},
        {"", "Secret", "Name|Type|Data|Age", secret_cells},
        {"", "ConfigMap", "Name|Data|Age", config_map_cells},
        {"", "PersistentVolumeClaim",
         "Name|Status|Volume|Capacity|Access "
         "Modes|StorageClass|VolumeAttributesClass|Age|!VolumeMode",
         claim_cells},
        {"", "PersistentVolume",
         "Name|Capacity|Access Modes|Reclaim "
         "Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age|!VolumeMode",
         volume_cells},
        {"", "ServiceAccount", "Name|Age", account_cells},
        {"", "Endpoints", "Name|Endpoints|Age", endpoints_cells},
        {"discovery.k8s.io", "EndpointSlice", "Name|AddressType|Ports|Endpoints|Age",
         endpoint_slice_cells},
        {"networking.k8s.io", "NetworkPolicy", "Name|Pod-Selector|Age", network_policy_cells},
        {"rbac.authorization.k8s.io", "Role", "Name|Created At", role_cells},
        {"rbac.authorization.k8s.io", "ClusterRole", "Name|Created At", role_cells},
        {"rbac.authorization.k8s.io", "RoleBinding",
         "Name|Role|Age|!Users|!Groups|!ServiceAccounts", binding_cells},
        {"rbac.authorization.k8s.io", "ClusterRoleBinding",
         "Name|Role|Age|!Users|!Groups|!ServiceAccounts", binding_cells},
        {"storage.k8s.io", "StorageClass",
         "Name|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age",
         storage_class_cells},
        {"apiextensions.k8s.io", "CustomResourceDefinition", "Name|Created At", crd_cells},
    };
    std::vector<Printer> out;
    for (const Entry& entry : entries)
      out.push_back({entry.group, entry.kind, columns_from(entry.columns), entry.cells});
    return out;
  }();
  return all;
}

const Printer* printer_of(const Resource& resource) {
  for (const Printer& printer : printers()) {
    if (resource.is(printer.group, printer.kind)) return &printer;
  }
  return nullptr;
}

Array custom_cells(const Resource& resource, const Row& row) {
  Array cells{row.text({"metadata", "name"})};
  if (resource.columns.empty()) {
    cells.emplace_back(row.age());
    return cells;
  }
  for (const Column& column : resource.columns) {
    Value value = at_json_path(row.object, column.path);
    if (column.type == "date") {
      cells.emplace_back(value.is_string() ? Value(row.age(value)) : Value(nullptr));
    } else if (column.type == "string" && !value.is_null() && !value.is_string()) {
      cells.emplace_back(json::dump(value));
    } else {
      cells.push_back(std::move(value));
    }
  }
  return cells;
}

}  // namespace

std::vector<Column> columns_of(const Resource& resource) {
  if (const Printer* printer = printer_of(resource)) return printer->columns;
  std::vector<Column> out = columns_from("Name");
  if (resource.custom && !resource.columns.empty()) {
    out.insert(out.end(), resource.columns.begin(), resource.columns.end());
  } else if (resource.custom) {
    out.push_back({.name = "Age", .type = "date"});
  } else {
    out.push_back({.name = "Age"});
  }
  return out;
}

Value partial_metadata(const Value& object) {
  return Object{{"kind", "PartialObjectMetadata"},
                {"apiVersion", "meta.k8s.io/v1"},
                {"metadata", object["metadata"]}};
}

namespace {

Value make_row(const Resource& resource, const Value& object, std::string_view include,
               WallTime now) {
  const Row row{object, now};
  const Printer* printer = printer_of(resource);
  Object out{{"cells", printer != nullptr ? printer->cells(row) : custom_cells(resource, row)}};
  if (include == "Object") {
    out.set("object", object);
  } else {
    out.set("object", include == "None" ? Value(nullptr) : partial_metadata(object));
  }
  return out;
}

Value column_definitions(const Resource& resource) {
  Array out;
  for (const Column& column : columns_of(resource)) {
    out.emplace_back(Object{{"name", column.name},
                            {"type", column.type},
                            {"format", column.format},
                            {"description", column.description},
                            {"priority", column.priority}});
  }
  return out;
}

}  // namespace

Value make_table(const Resource& resource, const std::vector<Value>& objects,
                 const Value& list_metadata, std::string_view include, WallTime now,
                 std::string_view version) {
  Array rows;
  for (const Value& object : objects) rows.push_back(make_row(resource, object, include, now));
  return Object{{"kind", "Table"},
                {"apiVersion", fmt::format("meta.k8s.io/{}", version)},
                {"metadata", list_metadata},
                {"columnDefinitions", column_definitions(resource)},
                {"rows", std::move(rows)}};
}

Value make_table_event(const Resource& resource, const Value& object, bool columns, WallTime now) {
  Object table{{"kind", "Table"},
               {"apiVersion", "meta.k8s.io/v1"},
               {"metadata", Object{{"resourceVersion", object["metadata"]["resourceVersion"]}}},
               {"columnDefinitions", columns ? column_definitions(resource) : Value(nullptr)},
               {"rows", Array{make_row(resource, object, "Metadata", now)}}};
  return table;
}

}  // namespace windlass::inline v0::api_server
