// batch, policy, networking, rbac, coordination, storage.

#include <algorithm>
#include <cstdlib>

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

// batch

void default_job_spec(Value& spec) {
  if (!spec.is_object()) spec = Object{};
  if (!spec["template"]["spec"].is_object()) spec["template"]["spec"] = Object{};
  set_default(spec, "backoffLimit", 6);
  set_default(spec, "completionMode", "NonIndexed");
  if (spec.find("completions") == nullptr && spec.find("parallelism") == nullptr)
    spec["completions"] = 1;
  set_default(spec, "parallelism", 1);
  set_default(spec, "suspend", false);
  set_default(spec, "manualSelector", false);
  set_default(spec, "podReplacementPolicy",
              spec.find("podFailurePolicy") != nullptr ? "Failed" : "TerminatingOrFailed");
  default_pod_spec(spec["template"]["spec"], false);
}
void default_job(Value& object) { default_job_spec(object["spec"]); }
void prepare_job(State& state, Value& object) {
  (void)state;
  if (object["spec"]["manualSelector"].bool_or(false)) return;
  const Value uid = object["metadata"]["uid"];
  for (Value* labels :
       {&object["metadata"]["labels"], &object["spec"]["template"]["metadata"]["labels"]}) {
    (*labels)["batch.kubernetes.io/controller-uid"] = uid;
    (*labels)["controller-uid"] = uid;
    (*labels)["batch.kubernetes.io/job-name"] = object["metadata"]["name"];
    (*labels)["job-name"] = object["metadata"]["name"];
  }
  object["spec"]["selector"] =
      Object{{"matchLabels", Object{{"batch.kubernetes.io/controller-uid", uid}}}};
}
void validate_job(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  for (const char* key : {"parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
                          "ttlSecondsAfterFinished"}) {
    check_not_negative(spec[key], std::string("spec.") + key, causes);
  }
  validate_pod_spec(spec.at_path({"template", "spec"}), "spec.template.spec", causes);
  const std::string_view restart =
      spec.at_path({"template", "spec", "restartPolicy"}).string_or("");
  if (restart == "Always") {
    causes.required("spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\"");
  }
}
void carry_job(Value& object, const Value& old_object) {
  Value& spec = object["spec"];
  const Value& old_spec = old_object["spec"];
  if (spec.find("selector") == nullptr && old_spec.find("selector") != nullptr) {
    spec["selector"] = old_spec["selector"];
    spec["template"]["metadata"]["labels"] = old_spec["template"]["metadata"]["labels"];
  }
}
void validate_job_update(const Value& object, const Value& old_object, Causes& causes) {
  for (const char* key : {"completions", "selector", "template", "completionMode"}) {
    if (!(object["spec"][key] == old_object["spec"][key])) {
      causes.invalid(std::string("spec.") + key, object["spec"][key], "field is immutable");
    }
  }
}

void default_cron_job(Value& object) {
  Value& spec = object["spec"];
  if (!spec.is_object()) spec = Object{};
  for (Value* part : {&spec["jobTemplate"], &spec["jobTemplate"]["spec"]["template"]}) {
    if (!(*part)["metadata"].is_object()) (*part)["metadata"] = Object{};
  }
  if (!spec["jobTemplate"]["spec"]["template"]["spec"].is_object()) {
    spec["jobTemplate"]["spec"]["template"]["spec"] = Object{};
  }
  set_default(spec, "concurrencyPolicy", "Allow");
  set_default(spec, "suspend", false);
  set_default(spec, "successfulJobsHistoryLimit", 3);
  set_default(spec, "failedJobsHistoryLimit", 1);
  default_pod_spec(spec["jobTemplate"]["spec"]["template"]["spec"], false);
}

/// What is wrong with a schedule, in the words of the server's cron library; "" when nothing is.
std::string schedule_problem(std::string_view text) {
  if (text.find("TZ") != std::string_view::npos) {
    return "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
  }
  if (text.starts_with('@')) return "";
  std::vector<std::string> fields;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    if (end > at) fields.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (fields.size() != 5) {
    return fmt::format("expected exactly 5 fields, found {}: [{}]", fields.size(),
                       fmt::join(fields, " "));
  }
  constexpr int kHighest[] = {59, 23, 31, 12, 6};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].find_first_not_of("0123456789") != std::string::npos) continue;
    if (const int number = std::atoi(fields[i].c_str()); number > kHighest[i]) {
      return fmt::format("end of range ({}) above maximum ({}): {}", number, kHighest[i],
                         fields[i]);
    }
  }
  return "";
}

void validate_cron_job(const Value& object, Causes& causes) {
  constexpr std::size_t kLongestName = 52;
  if (const std::string name = object_name(object); name.size() > kLongestName) {
    causes.invalid("metadata.name", Value(name), "must be no more than 52 characters");
  }
  const Value& spec = object["spec"];
  const std::string_view schedule = spec["schedule"].string_or("");
  if (schedule.empty()) {
    causes.required("spec.schedule");
  } else if (const auto problem = schedule_problem(schedule); !problem.empty()) {
    causes.invalid("spec.schedule", Value(schedule), problem);
  }
  for (const char* key : {"startingDeadlineSeconds"}) {
    check_not_negative(spec[key], std::string("spec.") + key, causes);
  }
  const std::string_view policy = spec["concurrencyPolicy"].string_or("");
  if (policy != "Allow" && policy != "Forbid" && policy != "Replace") {
    causes.not_supported("spec.concurrencyPolicy", Value(policy), {"Allow", "Forbid", "Replace"});
  }
  const Value& pod = spec.at_path({"jobTemplate", "spec", "template", "spec"});
  const std::string path = "spec.jobTemplate.spec.template.spec";
  validate_pod_spec(pod, path, causes);
  if (pod["restartPolicy"] == Value("Always")) {
    causes.required(path + ".restartPolicy", "valid values: \"OnFailure\", \"Never\"");
  }
  for (const char* key : {"successfulJobsHistoryLimit", "failedJobsHistoryLimit"}) {
    check_not_negative(spec[key], std::string("spec.") + key, causes);
  }
}

void job_status(const Value& object, Causes& causes) {
  for (const char* key : {"active", "succeeded", "failed"}) {
    check_not_negative(object["status"][key], std::string("status.") + key, causes);
  }
}

// discovery

void default_slice(Value& object) {
  if (object["endpoints"].is_array()) {
    for (Value& endpoint : object["endpoints"].as_array()) {
      set_default(endpoint, "conditions", Object{});
    }
  }
  if (!object["ports"].is_array()) return;
  for (Value& port : object["ports"].as_array()) {
    set_default(port, "name", "");
    set_default(port, "protocol", "TCP");
  }
}
void validate_slice(const Value& object, Causes& causes) {
  const std::string_view type = object["addressType"].string_or("");
  if (type.empty()) {
    causes.required("addressType");
  } else if (type != "IPv4" && type != "IPv6" && type != "FQDN") {
    causes.not_supported("addressType", Value(type), {"FQDN", "IPv4", "IPv6"});
  }
}
void validate_slice_update(const Value& object, const Value& old_object, Causes& causes) {
  if (!(object["addressType"] == old_object["addressType"])) {
    causes.invalid("addressType", object["addressType"], "field is immutable");
  }
}

// policy

void budget_status(const Value& object, Causes& causes) {
  for (const char* key :
       {"disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"}) {
    check_not_negative(object["status"][key], std::string("status.") + key, causes);
  }
}

void prepare_budget(State& state, Value& object) {
  (void)state;
  object["status"] = Object{
      {"currentHealthy", 0}, {"desiredHealthy", 0}, {"disruptionsAllowed", 0}, {"expectedPods", 0}};
}
void validate_budget(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  if (spec.find("minAvailable") != nullptr && spec.find("maxUnavailable") != nullptr) {
    const Value& selector = spec["selector"];
    const Value& policy = spec["unhealthyPodEvictionPolicy"];
    causes.invalid_shown("spec",
                         fmt::format("{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},"
                                     "\"UnhealthyPodEvictionPolicy\":{}}}",
                                     json::dump(spec["minAvailable"]), json::dump(selector),
                                     json::dump(spec["maxUnavailable"]), json::dump(policy)),
                         "minAvailable and maxUnavailable cannot be both set");
  }
  for (const char* key : {"minAvailable", "maxUnavailable"}) {
    const Value& value = spec[key];
    const std::string path = std::string("spec.") + key;
    check_not_negative(value, path, causes);
    if (value.is_string() && !value.as_string().ends_with('%')) {
      causes.invalid(
          path, value,
          "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  "
          "or '93%', regex used for validation is '[0-9]+%')");
    }
  }
  check_label_selector(spec["selector"], "spec.selector", causes);
}

// networking

void default_network_policy(Value& object) {
  Value& spec = object["spec"];
  if (!spec.is_object()) return;
  set_default(spec, "podSelector", Object{});
  if (spec.find("policyTypes") == nullptr) {
    Array types{"Ingress"};
    if (spec["egress"].is_array() && !spec["egress"].as_array().empty())
      types.emplace_back("Egress");
    spec["policyTypes"] = std::move(types);
    if (spec["egress"].is_null()) spec.as_object().erase("egress");
  }
  for (const char* key : {"ingress", "egress"}) {
    if (spec.find(key) == nullptr || !spec[key].is_array()) continue;
    for (Value& rule : spec[key].as_array()) {
      if (!rule.is_object() || rule.find("ports") == nullptr) continue;
      for (Value& port : rule["ports"].as_array()) set_default(port, "protocol", "TCP");
    }
  }
}
void validate_network_policy(const Value& object, Causes& causes) {
  check_label_selector(object["spec"]["podSelector"], "spec.podSelector", causes);
}

// rbac

void validate_rules(const Value& object, Causes& causes) {
  if (!object["rules"].is_array()) return;
  const Array& rules = object["rules"].as_array();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string path = index("rules", i);
    const auto filled = [&](const char* key) {
      return rules[i][key].is_array() && !rules[i][key].as_array().empty();
    };
    if (!filled("verbs")) causes.required(path + ".verbs", "verbs must contain at least one value");
    if (filled("nonResourceURLs")) continue;
    if (!filled("apiGroups"))
      causes.required(path + ".apiGroups", "resource rules must supply at least one api group");
    if (!filled("resources"))
      causes.required(path + ".resources", "resource rules must supply at least one resource");
  }
}
void default_binding(Value& object) {
  if (Value* subjects = object.find("subjects"); subjects && subjects->is_array()) {
    for (Value& subject : subjects->as_array()) {
      const std::string_view kind = subject["kind"].string_or("");
      if (kind == "User" || kind == "Group")
        set_default(subject, "apiGroup", "rbac.authorization.k8s.io");
      if (kind == "ServiceAccount" && subject["apiGroup"].string_or("").empty())
        subject.as_object().erase("apiGroup");
    }
  }
  if (object["roleRef"].is_object()) {
    set_default(object["roleRef"], "apiGroup", "rbac.authorization.k8s.io");
    if (object["roleRef"]["apiGroup"].string_or("").empty())
      object["roleRef"]["apiGroup"] = "rbac.authorization.k8s.io";
  }
}
void validate_binding(const Value& object, Causes& causes) {
  const Value& reference = object["roleRef"];
  const std::string_view kind = reference["kind"].string_or("");
  if (kind != "Role" && kind != "ClusterRole")
    causes.not_supported("roleRef.kind", kind, {"Role", "ClusterRole"});
  if (reference["name"].string_or("").empty()) causes.required("roleRef.name");
  if (!object["subjects"].is_array()) return;
  const Array& subjects = object["subjects"].as_array();
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    const std::string path = index("subjects", i);
    if (subjects[i]["name"].string_or("").empty()) causes.required(path + ".name");
    if (subjects[i]["kind"] == Value("ServiceAccount") &&
        subjects[i]["namespace"].string_or("").empty()) {
      causes.required(path + ".namespace");
    }
  }
}
void validate_binding_update(const Value& object, const Value& old_object, Causes& causes) {
  if (!(object["roleRef"] == old_object["roleRef"])) {
    const Value& now = object["roleRef"];
    causes.invalid_shown(
        "roleRef",
        fmt::format("{{\"APIGroup\":{},\"Kind\":{},\"Name\":{}}}", json::dump(now["apiGroup"]),
                    json::dump(now["kind"]), json::dump(now["name"])),
        "cannot change roleRef");
  }
}

// coordination

void validate_lease(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  if (spec["leaseDurationSeconds"].is_integer() && spec["leaseDurationSeconds"].as_integer() <= 0) {
    causes.invalid("spec.leaseDurationSeconds", spec["leaseDurationSeconds"],
                   "must be greater than 0");
  }
  check_not_negative(spec["leaseTransitions"], "spec.leaseTransitions", causes);
}

void default_storage_class(Value& object) {
  set_default(object, "reclaimPolicy", "Delete");
  set_default(object, "volumeBindingMode", "Immediate");
}

}  // namespace

const Rules& other_rules(std::string_view group, std::string_view kind) {
  static const Rules none;
  static const Rules job{.defaults = default_job,
                         .prepare = prepare_job,
                         .validate = validate_job,
                         .validate_update = validate_job_update,
                         .validate_status = job_status,
                         .carry = carry_job};
  static const Rules cron_job{.defaults = default_cron_job, .validate = validate_cron_job};
  static const Rules slice{.defaults = default_slice,
                           .validate = validate_slice,
                           .validate_update = validate_slice_update};
  static const Rules budget{
      .prepare = prepare_budget, .validate = validate_budget, .validate_status = budget_status};
  static const Rules network_policy{.defaults = default_network_policy,
                                    .validate = validate_network_policy};
  static const Rules role{.validate = validate_rules};
  static const Rules binding{.defaults = default_binding,
                             .validate = validate_binding,
                             .validate_update = validate_binding_update};
  static const Rules lease{.validate = validate_lease};
  static const Rules storage_class{.defaults = default_storage_class};
  if (group == "batch") return kind == "Job" ? job : kind == "CronJob" ? cron_job : none;
  if (kind == "EndpointSlice") return slice;
  if (kind == "PodDisruptionBudget") return budget;
  if (kind == "NetworkPolicy") return network_policy;
  if (kind == "Role" || kind == "ClusterRole") return role;
  if (kind == "RoleBinding" || kind == "ClusterRoleBinding") return binding;
  if (kind == "Lease") return lease;
  if (kind == "StorageClass") return storage_class;
  return none;
}

}  // namespace windlass::inline v0::api_server
