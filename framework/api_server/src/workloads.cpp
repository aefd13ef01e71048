// apps/v1.

#include <cstdlib>

#include <fmt/format.h>

#include "builtin.hpp"
#include "names.hpp"
#include "schema.hpp"
#include "state.hpp"

namespace windlass::inline v0::api_server {

using json::Object;
using json::Value;

namespace {

void default_template(Value& spec) {
  for (const char* key : {"metadata", "spec"}) {
    if (!spec["template"][key].is_object()) spec["template"][key] = Object{};
  }
  default_pod_spec(spec["template"]["spec"], false);
}

void default_deployment(Value& object) {
  Value& spec = object["spec"];
  if (!spec.is_object()) spec = Object{};
  set_default(spec, "replicas", 1);
  set_default(spec, "revisionHistoryLimit", 10);
  set_default(spec, "progressDeadlineSeconds", 600);
  set_default(spec["strategy"], "type", "RollingUpdate");
  if (spec["strategy"]["type"] == Value("RollingUpdate")) {
    set_default(spec["strategy"]["rollingUpdate"], "maxUnavailable", "25%");
    set_default(spec["strategy"]["rollingUpdate"], "maxSurge", "25%");
  }
  default_template(spec);
}

void default_stateful_set(Value& object) {
  Value& spec = object["spec"];
  if (!spec.is_object()) spec = Object{};
  set_default(spec, "replicas", 1);
  set_default(spec, "revisionHistoryLimit", 10);
  set_default(spec, "podManagementPolicy", "OrderedReady");
  set_default(spec["updateStrategy"], "type", "RollingUpdate");
  if (spec["updateStrategy"]["type"] == Value("RollingUpdate")) {
    set_default(spec["updateStrategy"]["rollingUpdate"], "partition", 0);
  }
  set_default(spec["persistentVolumeClaimRetentionPolicy"], "whenDeleted", "Retain");
  set_default(spec["persistentVolumeClaimRetentionPolicy"], "whenScaled", "Retain");
  if (Value* templates = spec.find("volumeClaimTemplates"); templates && templates->is_array()) {
    for (Value& claim : templates->as_array()) {
      claim["apiVersion"] = "v1";
      claim["kind"] = "PersistentVolumeClaim";
      set_default(claim["spec"], "volumeMode", "Filesystem");
      claim["status"] = Object{{"phase", "Pending"}};
    }
  }
  default_template(spec);
}

void default_replica_set(Value& object) {
  Value& spec = object["spec"];
  if (!spec.is_object()) spec = Object{};
  set_default(spec, "replicas", 1);
  default_template(spec);
}

constexpr const char* kTemplateGeneration = "deprecated.daemonset.template.generation";

void default_daemon_set(Value& object) {
  set_default(object["metadata"]["annotations"], kTemplateGeneration, "0");
  Value& spec = object["spec"];
  if (!spec.is_object()) spec = Object{};
  set_default(spec, "revisionHistoryLimit", 10);
  set_default(spec["updateStrategy"], "type", "RollingUpdate");
  if (spec["updateStrategy"]["type"] == Value("RollingUpdate")) {
    set_default(spec["updateStrategy"]["rollingUpdate"], "maxUnavailable", 1);
    set_default(spec["updateStrategy"]["rollingUpdate"], "maxSurge", 0);
  }
  default_template(spec);
}

void prepare_stateful_set(State& state, Value& object) {
  (void)state;
  object["status"] = Object{{"replicas", 0}, {"availableReplicas", 0}};
}
void prepare_replica_set(State& state, Value& object) {
  (void)state;
  object["status"] = Object{{"replicas", 0}};
}
void prepare_daemon_set(State& state, Value& object) {
  object["metadata"]["annotations"][kTemplateGeneration] = "1";
  (void)state;
  object["status"] = Object{{"currentNumberScheduled", 0},
                            {"numberMisscheduled", 0},
                            {"desiredNumberScheduled", 0},
                            {"numberReady", 0}};
}

void carry_daemon_set(Value& object, const Value& old_object) {
  const Value& old_number = old_object["metadata"]["annotations"][kTemplateGeneration];
  std::int64_t number = std::atoll(std::string(old_number.string_or("1")).c_str());
  if (!(object["spec"]["template"] == old_object["spec"]["template"])) ++number;
  object["metadata"]["annotations"][kTemplateGeneration] = std::to_string(number);
}

/// `kind`: whose deadlines are refused.
void validate_template(const Value& spec, std::string_view kind, Causes& causes) {
  std::set<std::string> claims;
  if (const Value& templates = spec["volumeClaimTemplates"]; templates.is_array()) {
    for (const Value& claim : templates.as_array()) {
      claims.emplace(claim.at_path({"metadata", "name"}).string_or(""));
    }
  }
  validate_pod_template(spec["template"], "spec.template", causes, claims);
  const Value& pod = spec.at_path({"template", "spec"});
  if (const std::string_view restart = pod["restartPolicy"].string_or(""); restart != "Always") {
    causes.not_supported("spec.template.spec.restartPolicy", restart, {"Always"});
  }
  if (pod.find("activeDeadlineSeconds") != nullptr) {
    causes.forbidden("spec.template.spec.activeDeadlineSeconds",
                     fmt::format("activeDeadlineSeconds in {} is not Supported", kind));
  }
}

void validate_replica_set(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  check_not_negative(spec["replicas"], "spec.replicas", causes);
  check_not_negative(spec["minReadySeconds"], "spec.minReadySeconds", causes);
  if (check_selector(object, causes)) validate_template(spec, "ReplicaSet", causes);
}

/// Zero, in the form of a count or of a percentage.
bool is_zero(const Value& value) {
  return (value.is_integer() && value.as_integer() == 0) ||
         (value.is_string() &&
          (value.as_string() == "0%" || !percent_problem(value.as_string()).empty()));
}

/// A strategy as Go prints it; `fields`: those of its rolling update.
std::string show_strategy(const Value& strategy,
                          std::initializer_list<std::pair<const char*, const char*>> fields) {
  std::string rolling = "null";
  if (const Value* update = strategy.find("rollingUpdate"); update && update->is_object()) {
    rolling.clear();
    for (const auto& [go, name] : fields) {
      rolling +=
          fmt::format("{}\"{}\":{}", rolling.empty() ? "" : ",", go, json::dump((*update)[name]));
    }
    rolling = "{" + rolling + "}";
  }
  return fmt::format("{{\"Type\":{},\"RollingUpdate\":{}}}",
                     show_value(Value(strategy["type"].string_or(""))), rolling);
}

void validate_daemon_set(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  check_selector(object, causes);
  validate_template(spec, "DaemonSet", causes);
  check_not_negative(spec["minReadySeconds"], "spec.minReadySeconds", causes);
  const Value& strategy = spec["updateStrategy"];
  const std::string path = "spec.updateStrategy.rollingUpdate";
  const std::string_view type = strategy["type"].string_or("");
  const Value& rolling = strategy["rollingUpdate"];
  if (type == "RollingUpdate") {
    for (const char* key : {"maxUnavailable", "maxSurge"}) {
      check_int_or_percent(rolling[key], child(path, key), causes);
    }
    for (const char* key : {"maxUnavailable", "maxSurge"}) {
      check_not_more_than_all(rolling[key], child(path, key), causes);
    }
    const bool unavailable = !is_zero(rolling["maxUnavailable"]);
    const bool surge = !is_zero(rolling["maxSurge"]);
    if (unavailable && surge) {
      causes.invalid(path + ".maxSurge", rolling["maxSurge"],
                     "may not be set when maxUnavailable is non-zero");
    } else if (!unavailable && !surge) {
      causes.required(path + ".maxUnavailable", "cannot be 0 when maxSurge is 0");
    }
  } else if (type != "OnDelete") {
    causes.not_supported_shown(
        "spec.updateStrategy",
        show_strategy(strategy, {{"MaxUnavailable", "maxUnavailable"}, {"MaxSurge", "maxSurge"}}),
        {"RollingUpdate", "OnDelete"});
  }
  check_not_negative(spec["revisionHistoryLimit"], "spec.revisionHistoryLimit", causes);
}

void validate_stateful_set(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  const std::string_view management = spec["podManagementPolicy"].string_or("");
  if (management != "OrderedReady" && management != "Parallel") {
    causes.invalid("spec.podManagementPolicy", Value(management),
                   "must be 'OrderedReady' or 'Parallel'");
  }
  const Value& strategy = spec["updateStrategy"];
  const std::string_view type = strategy["type"].string_or("");
  const Value& rolling = strategy["rollingUpdate"];
  if (type == "RollingUpdate") {
    check_not_negative(rolling["partition"], "spec.updateStrategy.rollingUpdate.partition", causes);
    if (const Value* unavailable = rolling.find("maxUnavailable")) {
      const std::string path = "spec.updateStrategy.rollingUpdate.maxUnavailable";
      check_int_or_percent(*unavailable, path, causes);
      if (is_zero(*unavailable)) causes.invalid(path, *unavailable, "cannot be 0");
      check_not_more_than_all(*unavailable, path, causes);
    }
  } else if (type == "OnDelete") {
    if (rolling.is_object()) {
      causes.invalid_shown("spec.updateStrategy.rollingUpdate",
                           fmt::format("{{\"Partition\":{},\"MaxUnavailable\":null}}",
                                       rolling["partition"].integer_or(0)),
                           "only allowed for updateStrategy 'RollingUpdate'");
    }
  } else {
    causes.invalid_shown(
        "spec.updateStrategy",
        show_strategy(strategy, {{"Partition", "partition"}, {"MaxUnavailable", "maxUnavailable"}}),
        "must be 'RollingUpdate' or 'OnDelete'");
  }
  for (const char* key : {"whenDeleted", "whenScaled"}) {
    const std::string_view policy = spec["persistentVolumeClaimRetentionPolicy"][key].string_or("");
    if (policy != "Retain" && policy != "Delete") {
      causes.not_supported(child("spec.persistentVolumeClaimRetentionPolicy", key), policy,
                           {"Retain", "Delete"});
    }
  }
  check_not_negative(spec["replicas"], "spec.replicas", causes);
  check_not_negative(spec["minReadySeconds"], "spec.minReadySeconds", causes);
  check_not_negative(spec["ordinals"]["start"], "spec.ordinals.start", causes);
  if (const std::string_view name = spec["serviceName"].string_or(""); !name.empty()) {
    causes.invalid("spec.serviceName", Value(name), label_problem(name));
  }
  if (check_selector(object, causes)) validate_template(spec, "StatefulSet", causes);
}

/// Counts of a status: none negative, and none but the first above it.
void check_counts(const Value& status, std::initializer_list<const char*> names, Causes& causes) {
  const std::int64_t whole = status[*names.begin()].integer_or(0);
  for (const char* name : names) {
    check_not_negative(status[name], std::string("status.") + name, causes);
  }
  for (const char* name : names) {
    const std::int64_t part = status[name].integer_or(0);
    if (part > whole) {
      causes.invalid(std::string("status.") + name, Value(part),
                     fmt::format("cannot be greater than status.{}", *names.begin()));
    }
  }
}
void deployment_status(const Value& object, Causes& causes) {
  const Value& status = object["status"];
  check_counts(status, {"replicas", "updatedReplicas", "readyReplicas", "availableReplicas"},
               causes);
  if (status["availableReplicas"].integer_or(0) > status["readyReplicas"].integer_or(0)) {
    causes.invalid("status.availableReplicas", status["availableReplicas"],
                   "cannot be greater than readyReplicas");
  }
}
void replica_set_status(const Value& object, Causes& causes) {
  check_counts(object["status"],
               {"replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas"}, causes);
}
void stateful_set_status(const Value& object, Causes& causes) {
  const Value& status = object["status"];
  check_counts(
      status,
      {"replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"},
      causes);
  if (status["availableReplicas"].integer_or(0) > status["readyReplicas"].integer_or(0)) {
    causes.invalid("status.availableReplicas", status["availableReplicas"],
                   "cannot be greater than status.readyReplicas");
  }
}
void daemon_set_status(const Value& object, Causes& causes) {
  for (const char* name :
       {"currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
        "observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable"}) {
    check_not_negative(object["status"][name], std::string("status.") + name, causes);
  }
}

void validate_deployment(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  check_not_negative(spec["replicas"], "spec.replicas", causes);
  if (check_selector(object, causes)) validate_template(spec, "ReplicaSet", causes);
  const Value& strategy = spec["strategy"];
  const std::string_view type = strategy["type"].string_or("");
  const std::string path = "spec.strategy.rollingUpdate";
  if (type == "Recreate") {
    if (strategy.find("rollingUpdate") != nullptr) {
      causes.forbidden(path, "may not be specified when strategy `type` is 'Recreate'");
    }
  } else if (type == "RollingUpdate") {
    const Value& rolling = strategy["rollingUpdate"];
    const Value& unavailable = rolling["maxUnavailable"];
    check_int_or_percent(unavailable, path + ".maxUnavailable", causes);
    check_int_or_percent(rolling["maxSurge"], path + ".maxSurge", causes);
    if (is_zero(unavailable) && is_zero(rolling["maxSurge"])) {
      causes.invalid(path + ".maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0");
    }
    check_not_more_than_all(unavailable, path + ".maxUnavailable", causes);
  } else {
    causes.not_supported_shown(
        "spec.strategy",
        show_strategy(strategy, {{"MaxUnavailable", "maxUnavailable"}, {"MaxSurge", "maxSurge"}}),
        {"Recreate", "RollingUpdate"});
  }
  check_not_negative(spec["minReadySeconds"], "spec.minReadySeconds", causes);
  check_not_negative(spec["revisionHistoryLimit"], "spec.revisionHistoryLimit", causes);
  const std::int64_t deadline = spec["progressDeadlineSeconds"].integer_or(600);
  check_not_negative(spec["progressDeadlineSeconds"], "spec.progressDeadlineSeconds", causes);
  if (deadline <= spec["minReadySeconds"].integer_or(0)) {
    causes.invalid("spec.progressDeadlineSeconds", deadline,
                   "must be greater than minReadySeconds");
  }
}

void selector_is_immutable(const Value& object, const Value& old_object, Causes& causes) {
  if (object["spec"]["selector"] == old_object["spec"]["selector"]) return;
  causes.invalid("spec.selector", object["spec"]["selector"], "field is immutable");
}

void stateful_set_update(const Value& object, const Value& old_object, Causes& causes) {
  Value now = object["spec"];
  Value before = old_object["spec"];
  for (Value* spec : {&now, &before}) {
    for (const char* key :
         {"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
          "persistentVolumeClaimRetentionPolicy", "minReadySeconds"}) {
      spec->as_object().erase(key);
    }
  }
  if (now == before) return;
  causes.forbidden(
      "spec",
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
      "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
      "'minReadySeconds' are forbidden");
}

}  // namespace

const Rules& workload_rules(std::string_view kind) {
  static const Rules none;
  static const Rules deployment{.defaults = default_deployment,
                                .validate = validate_deployment,
                                .validate_update = selector_is_immutable,
                                .validate_status = deployment_status};
  static const Rules stateful_set{.defaults = default_stateful_set,
                                  .prepare = prepare_stateful_set,
                                  .validate = validate_stateful_set,
                                  .validate_update = stateful_set_update,
                                  .validate_status = stateful_set_status};
  static const Rules replica_set{.defaults = default_replica_set,
                                 .prepare = prepare_replica_set,
                                 .validate = validate_replica_set,
                                 .validate_update = selector_is_immutable,
                                 .validate_status = replica_set_status};
  static const Rules daemon_set{.defaults = default_daemon_set,
                                .prepare = prepare_daemon_set,
                                .validate = validate_daemon_set,
                                .validate_update = selector_is_immutable,
                                .validate_status = daemon_set_status,
                                .carry = carry_daemon_set};
  if (kind == "Deployment") return deployment;
  if (kind == "StatefulSet") return stateful_set;
  if (kind == "ReplicaSet") return replica_set;
  if (kind == "DaemonSet") return daemon_set;
  return none;
}

}  // namespace windlass::inline v0::api_server
