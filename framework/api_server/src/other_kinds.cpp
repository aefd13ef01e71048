// batch, policy, networking, rbac, coordination, storage.

#include <algorithm>
#include <cstdlib>
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

// batch

void default_job_spec(Value& spec) {
  if (!spec.is_object()) spec = Object{};
  if (!spec["template"]["spec"].is_object()) spec["template"]["spec"] = Object{};
  // With a limit per index there is none for all unless it is stated.
  set_default(spec, "backoffLimit", spec.find("backoffLimitPerIndex") != nullptr ? INT32_MAX : 6);
  set_default(spec, "completionMode", "NonIndexed");
  if (spec.find("completions") == nullptr && spec.find("parallelism") == nullptr)
    spec["completions"] = 1;
  set_default(spec, "parallelism", 1);
  set_default(spec, "suspend", false);
  set_default(spec, "manualSelector", false);
  set_default(spec, "podReplacementPolicy",
              spec.find("podFailurePolicy") != nullptr ? "Failed" : "TerminatingOrFailed");
  if (Value* rules = spec["podFailurePolicy"].find("rules"); rules && rules->is_array()) {
    for (Value& rule : rules->as_array()) {
      if (!rule["onPodConditions"].is_array()) continue;
      for (Value& condition : rule["onPodConditions"].as_array()) {
        set_default(condition, "status", "True");
      }
    }
  }
  default_pod_spec(spec["template"]["spec"], false);
}
void default_job(Value& object) {
  default_job_spec(object["spec"]);
  const Value labels = std::as_const(object).at_path({"spec", "template", "metadata", "labels"});
  const Value& own = std::as_const(object)["metadata"]["labels"];
  const bool bare = !own.is_object() || own.as_object().empty();
  if (bare && labels.is_object() && !labels.as_object().empty()) {
    object["metadata"]["labels"] = labels;
  }
}
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
void check_job_restart(const Value& spec, const std::string& path, Causes& causes) {
  const std::string_view restart =
      spec.at_path({"template", "spec", "restartPolicy"}).string_or("");
  const std::string at = path + ".template.spec.restartPolicy";
  if (restart.empty() || restart == "Always") {
    causes.required(at, "valid values: \"OnFailure\", \"Never\"");
  } else if (restart != "OnFailure" && restart != "Never") {
    causes.not_supported(at, restart, {"OnFailure", "Never"});
  } else if (spec.find("podFailurePolicy") != nullptr && restart != "Never") {
    causes.invalid(at, Value(restart),
                   "only \"Never\" is supported when podFailurePolicy is specified");
  }
}

bool is_filled(const Value& list) { return list.is_array() && !list.as_array().empty(); }

/// The exit codes that a rule of a failure policy is for.
void check_exit_codes(const Value& codes, const Value& pod, const std::string& at, Causes& causes) {
  const std::string_view rule = codes["operator"].string_or("");
  if (rule != "In" && rule != "NotIn") {
    causes.not_supported(at + ".operator", rule, {"In", "NotIn"});
  }
  if (const std::string_view name = codes["containerName"].string_or(""); !name.empty()) {
    bool known = false;
    for (const char* key : {"containers", "initContainers"}) {
      if (!pod[key].is_array()) continue;
      for (const Value& container : pod[key].as_array()) {
        known = known || container["name"].string_or("") == name;
      }
    }
    if (!known) {
      causes.invalid(at + ".containerName", Value(name),
                     "must be one of the container or initContainer names in the pod template");
    }
  }
  if (!is_filled(codes["values"])) {
    return causes.invalid(at + ".values", Array{}, "at least one value is required");
  }
  const Array& values = codes["values"].as_array();
  bool ordered = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (rule == "In" && values[i] == Value(0)) {
      causes.invalid(index(at + ".values", i), values[i], "must not be 0 for the In operator");
    }
    if (std::find(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i), values[i]) !=
        values.begin() + static_cast<std::ptrdiff_t>(i)) {
      causes.duplicate(index(at + ".values", i), values[i]);
    }
    ordered = ordered && (i == 0 || values[i - 1].integer_or(0) <= values[i].integer_or(0));
  }
  if (!ordered) causes.invalid(at + ".values", codes["values"], "must be ordered");
}

void check_failure_policy(const Value& spec, Causes& causes) {
  const Value& rules = spec["podFailurePolicy"]["rules"];
  if (!rules.is_array()) return;
  for (std::size_t i = 0; i < rules.as_array().size(); ++i) {
    const Value& rule = rules.as_array()[i];
    const std::string at = index("spec.podFailurePolicy.rules", i);
    const std::string_view action = rule["action"].string_or("");
    if (action == "FailIndex") {
      if (spec.find("backoffLimitPerIndex") == nullptr) {
        causes.invalid(at + ".action", action, "requires the backoffLimitPerIndex to be set");
      }
    } else if (action.empty()) {
      causes.required(at + ".action",
                      "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]");
    } else if (action != "Count" && action != "FailJob" && action != "Ignore") {
      causes.not_supported(at + ".action", action, {"Count", "FailIndex", "FailJob", "Ignore"});
    }
    const bool codes = rule["onExitCodes"].is_object();
    const bool conditions = is_filled(rule["onPodConditions"]);
    if (codes) {
      check_exit_codes(rule["onExitCodes"], spec["template"]["spec"], at + ".onExitCodes", causes);
    }
    if (codes == conditions) {
      causes.add({"FieldValueInvalid",
                  fmt::format("Invalid value: {} OnExitCodes and OnPodConditions is {}",
                              codes ? "specifying both" : "specifying one of",
                              codes ? "not supported" : "required"),
                  at});
    }
  }
}

void check_success_policy(const Value& spec, Causes& causes) {
  const Value& policy = spec["successPolicy"];
  if (!policy.is_object()) return;
  const std::string path = "spec.successPolicy";
  if (spec["completionMode"] != Value("Indexed")) {
    std::string rules;
    for (const Value& rule : policy["rules"].is_array() ? policy["rules"].as_array() : Array{}) {
      rules += fmt::format("{}{{\"SucceededIndexes\":{},\"SucceededCount\":{}}}",
                           rules.empty() ? "" : ",", json::dump(rule["succeededIndexes"]),
                           json::dump(rule["succeededCount"]));
    }
    return causes.invalid_shown(path, fmt::format("{{\"Rules\":[{}]}}", rules),
                                "requires indexed completion mode");
  }
  if (!is_filled(policy["rules"])) {
    return causes.required(
        path + ".rules",
        "at least one rules must be specified when the successPolicy is specified");
  }
  const std::int64_t all = spec["completions"].integer_or(0);
  for (std::size_t i = 0; i < policy["rules"].as_array().size(); ++i) {
    const Value& rule = policy["rules"].as_array()[i];
    const std::string at = index(path + ".rules", i);
    const Value& count = rule["succeededCount"];
    if (!count.is_integer() && !rule["succeededIndexes"].is_string()) {
      causes.required(at, "at least one of succeededCount or succeededIndexes must be specified");
    }
    check_not_negative(count, at + ".succeededCount", causes);
    if (count.is_integer() && count.as_integer() > all) {
      causes.invalid(
          at + ".succeededCount", count,
          fmt::format("must be less than or equal to {} (the number of specified completions)",
                      all));
    }
  }
}

/// What a job says of retries and of who runs it.
void check_job_policies(const Value& spec, Causes& causes) {
  if (spec.find("maxFailedIndexes") != nullptr) {
    if (spec.find("backoffLimitPerIndex") == nullptr) {
      causes.required("spec.backoffLimitPerIndex", "when maxFailedIndexes is specified");
    }
    if (spec["maxFailedIndexes"].integer_or(0) > spec["completions"].integer_or(INT32_MAX)) {
      causes.invalid("spec.maxFailedIndexes", spec["maxFailedIndexes"],
                     "must be less than or equal to completions");
    }
  }
  if (const std::string_view manager = spec["managedBy"].string_or(""); !manager.empty()) {
    const auto slash = manager.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == manager.size()) {
      causes.invalid("spec.managedBy", Value(manager),
                     "must be a domain-prefixed path (such as \"acme.io/foo\")");
    }
  }
  check_failure_policy(spec, causes);
  check_success_policy(spec, causes);
  const std::string_view replacement = spec["podReplacementPolicy"].string_or("");
  if (spec.find("podFailurePolicy") != nullptr) {
    if (replacement != "Failed") {
      causes.not_supported("spec.podReplacementPolicy", replacement, {"Failed"});
    }
  } else if (replacement != "Failed" && replacement != "TerminatingOrFailed") {
    causes.not_supported("spec.podReplacementPolicy", replacement,
                         {"Failed", "TerminatingOrFailed"});
  }
}

void validate_job(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  for (const char* key : {"parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
                          "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes"}) {
    check_not_negative(spec[key], std::string("spec.") + key, causes);
  }
  const std::string_view mode = spec["completionMode"].string_or("NonIndexed");
  if (mode != "NonIndexed" && mode != "Indexed") {
    causes.not_supported("spec.completionMode", Value(mode), {"NonIndexed", "Indexed"});
  }
  if (mode == "Indexed" && spec.find("completions") == nullptr) {
    causes.required("spec.completions", "when completion mode is Indexed");
  }
  for (const char* key : {"backoffLimitPerIndex", "maxFailedIndexes"}) {
    if (mode == "NonIndexed" && spec.find(key) != nullptr) {
      causes.invalid(child("spec", key), spec[key], "requires indexed completion mode");
    }
  }
  check_job_policies(spec, causes);
  validate_pod_template(spec["template"], "spec.template", causes);
  check_job_restart(spec, "spec", causes);
}

/// What a job that has not been given its own selector must have.
void validate_new_job(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  const Value& labels = spec.at_path({"template", "metadata", "labels"});
  const Value& selector = spec["selector"];
  if (spec["manualSelector"].bool_or(false)) {
    if (!selector.is_object()) {
      causes.required("spec.selector");
    } else if (!LabelSelector::from(selector).matches(labels)) {
      causes.invalid("spec.template.metadata.labels", labels,
                     "`selector` does not match template `labels`");
    }
    return;
  }
  if (!selector.is_object()) return;
  const Value uid = object["metadata"]["uid"];
  Value wanted = selector;
  wanted["matchLabels"]["batch.kubernetes.io/controller-uid"] = uid;
  causes.invalid("spec.selector", wanted, "`selector` not auto-generated");
  Value shown = labels.is_object() ? labels : Value(Object{});
  shown["batch.kubernetes.io/controller-uid"] = uid;
  shown["controller-uid"] = uid;
  shown["batch.kubernetes.io/job-name"] = object["metadata"]["name"];
  shown["job-name"] = object["metadata"]["name"];
  if (LabelSelector::from(wanted).matches(shown)) return;
  causes.invalid("spec.template.metadata.labels", shown,
                 "`selector` does not match template `labels`");
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

/// Names of the form that the zones of the IANA have; the database itself is not asked.
void check_time_zone(const std::string& name, Causes& causes) {
  static constexpr std::string_view kAreas[] = {
      "Africa", "America", "Antarctica", "Arctic", "Asia",   "Atlantic", "Australia", "Brazil",
      "Canada", "Chile",   "Etc",        "Europe", "Indian", "Mexico",   "Pacific",   "US"};
  if (name.empty()) {
    return causes.invalid("spec.timeZone", Value(name), "timeZone must be nil or non-empty string");
  }
  const auto slash = name.find('/');
  const bool known =
      slash == std::string::npos ||
      std::find(std::begin(kAreas), std::end(kAreas), name.substr(0, slash)) != std::end(kAreas);
  const bool plain = name.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+/") ==
                     std::string::npos;
  if (!known || !plain) {
    causes.invalid("spec.timeZone", Value(name), fmt::format("unknown time zone {}", name));
  } else if (name == "Local" || name == "local") {
    causes.invalid("spec.timeZone", Value(name),
                   "timeZone must be an explicit time zone as defined in "
                   "https://www.iana.org/time-zones");
  }
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
  if (const Value* zone = spec.find("timeZone"); zone && zone->is_string()) {
    check_time_zone(zone->as_string(), causes);
  }
  const std::string_view policy = spec["concurrencyPolicy"].string_or("");
  if (policy != "Allow" && policy != "Forbid" && policy != "Replace") {
    causes.not_supported("spec.concurrencyPolicy", Value(policy), {"Allow", "Forbid", "Replace"});
  }
  const Value& job = spec.at_path({"jobTemplate", "spec"});
  validate_pod_template(job["template"], "spec.jobTemplate.spec.template", causes);
  check_job_restart(job, "spec.jobTemplate.spec", causes);
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
void check_slice_ports(const Value& list, Causes& causes) {
  if (!list.is_array()) return;
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.as_array().size(); ++i) {
    const Value& port = list.as_array()[i];
    const std::string at = index("ports", i);
    const std::string name(port["name"].string_or(""));
    if (!name.empty()) causes.invalid(at + ".name", Value(name), label_problem(name));
    if (!names.insert(name).second) causes.duplicate(at + ".name", Value(name));
    const std::string_view protocol = port["protocol"].string_or("");
    if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP") {
      causes.not_supported(at + ".protocol", protocol, {"SCTP", "TCP", "UDP"});
    }
    if (const std::string_view app = port["appProtocol"].string_or(""); !app.empty()) {
      causes.invalid(at + ".appProtocol", Value(app), label_key_problem(app));
    }
  }
}

void check_slice_endpoints(const Value& list, std::string_view type, Causes& causes) {
  if (!list.is_array()) return;
  for (std::size_t i = 0; i < list.as_array().size(); ++i) {
    const Value& endpoint = list.as_array()[i];
    const std::string at = index("endpoints", i);
    const Value& addresses = endpoint["addresses"];
    if (!addresses.is_array() || addresses.as_array().empty()) {
      causes.required(at + ".addresses", "must contain at least 1 address");
    } else if (type == "IPv4" || type == "IPv6") {
      for (std::size_t j = 0; j < addresses.as_array().size(); ++j) {
        const Value& address = addresses.as_array()[j];
        const std::string_view text = address.string_or("");
        const std::string place = index(at + ".addresses", j);
        if (const Problems problems = address_problem(text); !problems.empty()) {
          causes.invalid(place, address, problems);
          continue;
        }
        if (is_ipv6(text) != (type == "IPv6")) {
          causes.invalid(at + ".addresses", address, fmt::format("must be an {} address", type));
        }
        causes.special_address(place, address, text);
      }
    }
    if (const Value* node = endpoint.find("nodeName"); node != nullptr) {
      causes.invalid(at + ".nodeName", *node, subdomain_problem(node->string_or("")));
    }
    if (const Value* name = endpoint.find("hostname"); name != nullptr) {
      causes.invalid(at + ".hostname", *name, label_problem(name->string_or("")));
    }
  }
}

void validate_slice(const Value& object, Causes& causes) {
  const std::string_view type = object["addressType"].string_or("");
  if (type.empty()) {
    causes.required("addressType");
  } else if (type != "IPv4" && type != "IPv6" && type != "FQDN") {
    causes.not_supported("addressType", Value(type), {"FQDN", "IPv4", "IPv6"});
  }
  check_slice_ports(object["ports"], causes);
  check_slice_endpoints(object["endpoints"], type, causes);
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
/// Counts that Go's type always has, and one that it leaves out when it is zero.
void carry_budget(Value& object, const Value&) {
  Value& status = object["status"];
  if (!status.is_object()) status = Object{};
  for (const char* key :
       {"currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"}) {
    set_default(status, key, 0);
  }
  if (status["observedGeneration"] == Value(0)) status.as_object().erase("observedGeneration");
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
    check_int_or_percent(value, path, causes);
    check_not_more_than_all(value, path, causes);
  }
  check_label_selector(spec["selector"], "spec.selector", causes);
  const Value& policy = spec["unhealthyPodEvictionPolicy"];
  if (policy.is_string() && policy != Value("AlwaysAllow") && policy != Value("IfHealthyBudget")) {
    causes.not_supported("spec.unhealthyPodEvictionPolicy", policy,
                         {"AlwaysAllow", "IfHealthyBudget"});
  }
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
    if (filled("nonResourceURLs")) {
      const Value& urls = rules[i]["nonResourceURLs"];
      if (object["kind"] == Value("Role")) {
        causes.invalid(path + ".nonResourceURLs", urls,
                       "namespaced rules cannot apply to non-resource URLs");
      }
      if (filled("apiGroups") || filled("resources") || filled("resourceNames")) {
        causes.invalid(path + ".nonResourceURLs", urls,
                       "rules cannot apply to both regular resources and non-resource URLs");
      }
      continue;
    }
    if (!filled("apiGroups"))
      causes.required(path + ".apiGroups", "resource rules must supply at least one api group");
    if (!filled("resources"))
      causes.required(path + ".resources", "resource rules must supply at least one resource");
  }
}
void validate_cluster_role(const Value& object, Causes& causes) {
  validate_rules(object, causes);
  const Value* rule = object.find("aggregationRule");
  if (rule == nullptr || !rule->is_object()) return;
  const std::string path = "aggregationRule.clusterRoleSelectors";
  const Value& selectors = (*rule)["clusterRoleSelectors"];
  if (!selectors.is_array() || selectors.as_array().empty()) {
    return causes.required(
        path, "at least one clusterRoleSelector required if aggregationRule is non-nil");
  }
  for (std::size_t i = 0; i < selectors.as_array().size(); ++i) {
    const std::size_t before = causes.size();
    check_label_selector(selectors.as_array()[i], index(path, i), causes);
    if (causes.size() != before) {
      causes.invalid(index(path, i), nullptr, "invalid label selector.");
    }
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
/// A subject of a binding; `cluster`: of a ClusterRoleBinding.
void check_subject(const Value& subject, const std::string& path, bool cluster, Causes& causes) {
  constexpr const char* kGroup = "rbac.authorization.k8s.io";
  const std::string_view kind = subject["kind"].string_or("");
  const std::string_view name = subject["name"].string_or("");
  const std::string_view group = subject["apiGroup"].string_or("");
  if (name.empty()) causes.required(path + ".name");
  if (kind == "ServiceAccount") {
    if (!name.empty()) causes.invalid(path + ".name", Value(name), subdomain_problem(name));
    if (!group.empty()) causes.not_supported(path + ".apiGroup", Value(group), {""});
    if (cluster && subject["namespace"].string_or("").empty()) {
      causes.required(path + ".namespace");
    }
  } else if (kind == "User" || kind == "Group") {
    if (group != kGroup) causes.not_supported(path + ".apiGroup", Value(group), {kGroup});
  } else {
    causes.not_supported(path + ".kind", Value(kind), {"ServiceAccount", "User", "Group"});
  }
}

void validate_binding(const Value& object, Causes& causes) {
  const Value& reference = object["roleRef"];
  const std::string_view kind = reference["kind"].string_or("");
  const bool cluster = object["kind"] == Value("ClusterRoleBinding");
  constexpr const char* kGroup = "rbac.authorization.k8s.io";
  if (reference["apiGroup"] != Value(kGroup)) {
    causes.not_supported("roleRef.apiGroup", Value(reference["apiGroup"].string_or("")), {kGroup});
  }
  if (cluster && kind != "ClusterRole") {
    causes.not_supported("roleRef.kind", kind, {"ClusterRole"});
  } else if (!cluster && kind != "Role" && kind != "ClusterRole") {
    causes.not_supported("roleRef.kind", kind, {"Role", "ClusterRole"});
  }
  if (reference["name"].string_or("").empty()) causes.required("roleRef.name");
  if (!object["subjects"].is_array()) return;
  const Array& subjects = object["subjects"].as_array();
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    check_subject(subjects[i], index("subjects", i), cluster, causes);
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

/// Coordinated election is off: what it needs is dropped.
void prepare_lease(State&, Value& object) {
  if (!object["spec"].is_object()) return;
  for (const char* key : {"strategy", "preferredHolder"}) object["spec"].as_object().erase(key);
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
                         .validate_create = validate_new_job,
                         .validate_status = job_status,
                         .carry = carry_job};
  static const Rules cron_job{.defaults = default_cron_job, .validate = validate_cron_job};
  static const Rules slice{.defaults = default_slice,
                           .validate = validate_slice,
                           .validate_update = validate_slice_update};
  static const Rules budget{.prepare = prepare_budget,
                            .validate = validate_budget,
                            .validate_status = budget_status,
                            .carry = carry_budget};
  static const Rules network_policy{.defaults = default_network_policy,
                                    .validate = validate_network_policy};
  static const Rules role{.validate = validate_rules};
  static const Rules cluster_role{.validate = validate_cluster_role};
  static const Rules binding{.defaults = default_binding,
                             .validate = validate_binding,
                             .validate_update = validate_binding_update};
  static const Rules lease{.prepare = prepare_lease, .validate = validate_lease};
  static const Rules storage_class{.defaults = default_storage_class};
  if (group == "batch") return kind == "Job" ? job : kind == "CronJob" ? cron_job : none;
  if (kind == "EndpointSlice") return slice;
  if (kind == "PodDisruptionBudget") return budget;
  if (kind == "NetworkPolicy") return network_policy;
  if (kind == "Role") return role;
  if (kind == "ClusterRole") return cluster_role;
  if (kind == "RoleBinding" || kind == "ClusterRoleBinding") return binding;
  if (kind == "Lease") return lease;
  if (kind == "StorageClass") return storage_class;
  return none;
}

}  // namespace windlass::inline v0::api_server
