// Webhook configurations and admission policies: defaults and validation.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>
#include <windlass/cel/program.hpp>

#include "builtin.hpp"
#include "names.hpp"
#include "webhooks.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

std::string text_of(const Value& value) { return std::string(value.string_or("")); }

}  // namespace

namespace {

void default_webhooks(Value& configuration, bool mutating) {
  Value* webhooks = configuration.find("webhooks");
  if (webhooks == nullptr || !webhooks->is_array()) return;
  for (Value& webhook : webhooks->as_array()) {
    if (!webhook.is_object()) continue;
    set_default(webhook, "failurePolicy", "Fail");
    set_default(webhook, "matchPolicy", "Equivalent");
    set_default(webhook, "namespaceSelector", Object{});
    set_default(webhook, "objectSelector", Object{});
    set_default(webhook, "timeoutSeconds", 10);
    if (mutating) set_default(webhook, "reinvocationPolicy", "Never");
    if (Value* rules = webhook.find("rules"); rules != nullptr && rules->is_array()) {
      for (Value& rule : rules->as_array()) {
        if (rule.is_object()) set_default(rule, "scope", "*");
      }
    }
    Value& config = webhook["clientConfig"];
    if (Value* service = config.is_object() ? config.find("service") : nullptr;
        service != nullptr && service->is_object()) {
      set_default(*service, "port", 443);
    }
  }
}

}  // namespace

void default_mutating_webhooks(Value& configuration) { default_webhooks(configuration, true); }
void default_validating_webhooks(Value& configuration) { default_webhooks(configuration, false); }

namespace {

void one_of(const Value& value, const std::string& path, const std::vector<std::string>& allowed,
            Causes& causes) {
  const std::string text = text_of(value);
  if (std::find(allowed.begin(), allowed.end(), text) == allowed.end())
    causes.not_supported(path, text, allowed);
}

void validate_url(const std::string& url, const std::string& path, Causes& causes) {
  constexpr std::string_view kScheme = "https://", kForm = "; desired format: https://host[/path]";
  if (url.starts_with(':')) {
    causes.required(path,
                    fmt::format("url must be a valid URL: parse {}: missing protocol scheme{}",
                                quote_json(url), kForm));
    return;
  }
  if (!url.starts_with(kScheme)) {
    causes.invalid(path, url.substr(0, url.find("://")),
                   fmt::format("'https' is the only allowed URL scheme{}", kForm));
    return;
  }
  const auto end = std::min(url.find_first_of("/?#", kScheme.size()), url.size());
  const std::string host = url.substr(kScheme.size(), end - kScheme.size());
  if (host.empty()) {
    causes.invalid(path, "", fmt::format("host must be specified{}", kForm));
  } else if (host.find('@') != std::string::npos) {
    causes.invalid(path, host.substr(0, host.find('@')),
                   "user information is not permitted in the URL");
  }
  if (url.find('#') != std::string::npos) {
    causes.invalid(path, url.substr(url.find('#') + 1), "fragments are not permitted in the URL");
  }
  if (url.find('?') != std::string::npos) {
    causes.invalid(path, url.substr(url.find('?') + 1),
                   "query parameters are not permitted in the URL");
  }
}

/// Of a service: "/", or segments that are names.
void validate_path(const std::string& url_path, const std::string& path, Causes& causes) {
  if (url_path.empty() || url_path == "/") return;
  if (!url_path.starts_with('/')) causes.invalid(path, url_path, "must start with a '/'");
  std::string rest = url_path.substr(1);
  if (rest.ends_with('/')) rest.pop_back();
  std::size_t at = 0;
  for (std::size_t i = 0; at <= rest.size(); ++i) {
    const auto end = std::min(rest.find('/', at), rest.size());
    const std::string segment = rest.substr(at, end - at);
    at = end + 1;
    if (segment.empty()) {
      causes.invalid(path, url_path, fmt::format("segment[{}] may not be empty", i));
      continue;
    }
    for (const std::string& problem : subdomain_problem(segment)) {
      causes.invalid(path, url_path, fmt::format("segment[{}]: {}", i, problem));
    }
  }
}

}  // namespace

void validate_webhook_client(const Value& config, const std::string& path, Causes& causes) {
  const std::string url = text_of(config["url"]);
  const bool service = config["service"].is_object();
  if (url.empty() != service) {
    causes.required(path, "exactly one of url or service is required");
    return;
  }
  if (service) {
    for (const char* key : {"name", "namespace"}) {
      if (config["service"][key].string_or("").empty()) causes.required(path + ".service." + key);
    }
    validate_path(text_of(config["service"]["path"]), path + ".service.path", causes);
    const std::int64_t port = config["service"]["port"].integer_or(443);
    if (port < 1 || port > 65535) {
      causes.invalid(path + ".service.port", port,
                     "port is not valid: must be between 1 and 65535, inclusive");
    }
  } else {
    validate_url(url, path + ".url", causes);
  }
}

namespace {

/// What a rule's resource includes is not named beside it.
void validate_resources(const Value& list, const std::string& path, Causes& causes) {
  std::set<std::string> whole, below;  // "pods/*" and "*/scale", without the stars
  const Array& entries = list.as_array();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string entry = text_of(entries[i]);
    const auto slash = std::min(entry.find('/'), entry.size());
    const std::string name = entry.substr(0, slash);
    const std::string sub = slash < entry.size() ? entry.substr(slash + 1) : "";
    const std::string at = index(path, i);
    if (entry.empty()) causes.required(at);
    if (entry == "*/*" || slash == entry.size()) continue;
    if (whole.contains(name)) {
      causes.invalid(at, entry,
                     fmt::format("if '{}/*' is present, must not specify {}", name, entry));
    }
    if (below.contains(sub)) {
      causes.invalid(at, entry,
                     fmt::format("if '*/{}' is present, must not specify {}", sub, entry));
    }
    if (sub == "*") whole.insert(name);
    if (name == "*") below.insert(sub);
  }
  const auto has = [&](const char* entry) {
    return std::find(entries.begin(), entries.end(), Value(entry)) != entries.end();
  };
  const bool with_subresources = std::any_of(
      entries.begin(), entries.end(),
      [](const Value& entry) { return entry.string_or("").find('/') != std::string_view::npos; });
  if (has("*/*") && entries.size() > 1) {
    causes.invalid(path, list, "if '*/*' is present, must not specify other resources");
  }
  if (has("*") && entries.size() > 1 && !with_subresources) {
    causes.invalid(path, list,
                   "if '*' is present, must not specify other resources without subresources");
  }
}

/// A rule names something of each sort, and '*' instead of others.
void validate_rule(const Value& rule, const std::string& path, Causes& causes) {
  for (const auto& [key, others] :
       {std::pair("operations", "operations"), std::pair("apiGroups", "API groups"),
        std::pair("apiVersions", "API versions"), std::pair("resources", "")}) {
    const std::string at = path + "." + key;
    const Value& list = rule[key];
    if (!list.is_array() || list.as_array().empty()) {
      causes.required(at);
      continue;
    }
    if (key == std::string_view("resources")) {
      validate_resources(list, at, causes);
      continue;
    }
    const Array& entries = list.as_array();
    const bool all = std::find(entries.begin(), entries.end(), Value("*")) != entries.end();
    if (all && entries.size() > 1) {
      causes.invalid(at, list, fmt::format("if '*' is present, must not specify other {}", others));
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (key == std::string_view("operations")) {
        one_of(entries[i], index(at, i), {"*", "CONNECT", "CREATE", "DELETE", "UPDATE"}, causes);
      } else if (key != std::string_view("apiGroups") && entries[i].string_or("").empty()) {
        causes.required(index(at, i));
      }
    }
  }
  one_of(rule["scope"], path + ".scope", {"*", "Cluster", "Namespaced"}, causes);
}

/// An expression that must be a bool.
void check_expression(const std::string& source, const std::string& path,
                      const cel::Declarations& variables, Causes& causes) {
  const auto program = cel::compile(source, variables);
  if (!program) {
    causes.invalid(path, source, "compilation failed: " + program.error().message);
    return;
  }
  const cel::Type::Kind kind = program->type()->kind;
  if (kind != cel::Type::Kind::boolean && kind != cel::Type::Kind::dyn) {
    causes.invalid(path, source,
                   "must evaluate to bool but got " + cel::to_string(*program->type()));
  }
}

void validate_conditions(const Value& conditions, const std::string& path, Causes& causes) {
  if (!conditions.is_array()) return;
  const Array& list = conditions.as_array();
  constexpr std::size_t kMostConditions = 64;
  if (list.size() > kMostConditions) causes.too_many(path, list.size(), kMostConditions);
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = index(path, i);
    if (const std::string source = text_of(list[i]["expression"]); source.empty()) {
      causes.required(at + ".expression");
    } else {
      check_expression(source, at + ".expression", condition_variables(), causes);
    }
    const std::string name = text_of(list[i]["name"]);
    if (name.empty()) {
      causes.required(at + ".name");
      continue;
    }
    causes.invalid(at + ".name", name, label_key_problem(name));
    if (!names.insert(name).second) causes.duplicate(at + ".name", name);
  }
}

void validate_review_versions(const Value& versions, const std::string& path, Causes& causes) {
  if (!versions.is_array() || versions.as_array().empty()) {
    return causes.required(path, "must specify one of v1, v1beta1");
  }
  const Array& list = versions.as_array();
  std::set<std::string> seen;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string version = text_of(list[i]);
    if (!seen.insert(version).second) {
      causes.invalid(index(path, i), version, "duplicate version");
      continue;
    }
    causes.invalid(index(path, i), version, dns1035_problem(version));
  }
  if (seen.contains("v1")) return;
  causes.invalid(path, versions,
                 seen.contains("v1beta1")
                     ? "must include v1; v1beta1 is not sent by this API server"
                     : "must include at least one of v1, v1beta1");
}

void validate_webhooks(const Value& configuration, bool mutating, Causes& causes) {
  const Value& webhooks = configuration["webhooks"];
  if (!webhooks.is_array()) return;
  const Array& list = webhooks.as_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Value& webhook = list[i];
    const std::string path = index("webhooks", i);
    const std::string name = text_of(webhook["name"]);
    if (name.empty()) {
      causes.required(path + ".name");
    } else if (!subdomain_problem(name).empty()) {
      causes.invalid(path + ".name", name, subdomain_problem(name));
    } else if (std::count(name.begin(), name.end(), '.') < 2) {
      causes.invalid(path + ".name", name,
                     "should be a domain with at least three segments separated by dots");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (text_of(list[j]["name"]) == name) causes.duplicate(path + ".name", name);
    }
    one_of(webhook["failurePolicy"], path + ".failurePolicy", {"Fail", "Ignore"}, causes);
    one_of(webhook["matchPolicy"], path + ".matchPolicy", {"Equivalent", "Exact"}, causes);
    if (mutating)
      one_of(webhook["reinvocationPolicy"], path + ".reinvocationPolicy", {"IfNeeded", "Never"},
             causes);
    if (webhook["sideEffects"].is_null()) {
      causes.required(path + ".sideEffects", "must specify one of None, NoneOnDryRun");
    } else {
      one_of(webhook["sideEffects"], path + ".sideEffects", {"None", "NoneOnDryRun"}, causes);
    }
    const std::int64_t timeout = webhook["timeoutSeconds"].integer_or(10);
    if (timeout < 1 || timeout > 30) {
      causes.invalid(path + ".timeoutSeconds", timeout,
                     "the timeout value must be between 1 and 30 seconds");
    }
    validate_review_versions(webhook["admissionReviewVersions"], path + ".admissionReviewVersions",
                             causes);
    validate_webhook_client(webhook["clientConfig"], path + ".clientConfig", causes);
    if (const Value& rules = webhook["rules"]; rules.is_array()) {
      for (std::size_t j = 0; j < rules.as_array().size(); ++j)
        validate_rule(rules.as_array()[j], index(path + ".rules", j), causes);
    }
    for (const char* key : {"namespaceSelector", "objectSelector"})
      check_label_selector(webhook[key], path + "." + key, causes);
    validate_conditions(webhook["matchConditions"], path + ".matchConditions", causes);
  }
}

}  // namespace

void validate_mutating_webhooks(const Value& configuration, Causes& causes) {
  validate_webhooks(configuration, true, causes);
}
void validate_validating_webhooks(const Value& configuration, Causes& causes) {
  validate_webhooks(configuration, false, causes);
}

namespace {

const cel::Declarations& policy_variables() {
  static const cel::Declarations variables = [] {
    cel::Declarations out;
    for (const char* name :
         {"object", "oldObject", "request", "params", "namespaceObject", "variables"}) {
      out.variables.emplace_back(name, cel::simple_type(cel::Type::Kind::dyn));
    }
    return out;
  }();
  return variables;
}

void validate_validation(const Value& validation, const std::string& path, Causes& causes) {
  const std::string source = text_of(validation["expression"]);
  if (source.find_first_not_of(" \t\n") == std::string::npos) {
    causes.required(path + ".expression", "expression is not specified");
  } else {
    check_expression(source, path + ".expression", policy_variables(), causes);
  }
  const std::string message = text_of(validation["message"]);
  if (message.find('\n') != std::string::npos) {
    causes.invalid(path + ".message", message, "must not contain line breaks");
  }
  if (validation["reason"].is_string()) {
    one_of(validation["reason"], path + ".reason",
           {"Forbidden", "Invalid", "RequestEntityTooLarge"}, causes);
  }
}

}  // namespace

void default_validating_policy(Value& policy) {
  Value& spec = policy["spec"];
  if (!spec.is_object()) spec = Object{};
  set_default(spec, "failurePolicy", "Fail");
  Value* match = spec.find("matchConstraints");
  if (match == nullptr || !match->is_object()) return;
  set_default(*match, "matchPolicy", "Equivalent");
  set_default(*match, "namespaceSelector", Object{});
  set_default(*match, "objectSelector", Object{});
  for (const char* key : {"resourceRules", "excludeResourceRules"}) {
    Value* rules = match->find(key);
    if (rules == nullptr || !rules->is_array()) continue;
    for (Value& rule : rules->as_array()) {
      if (rule.is_object()) set_default(rule, "scope", "*");
    }
  }
}

void validate_validating_policy(const Value& policy, Causes& causes) {
  const Value& spec = policy["spec"];
  one_of(spec["failurePolicy"], "spec.failurePolicy", {"Fail", "Ignore"}, causes);
  if (spec["paramKind"].is_object()) {
    for (const char* key : {"apiVersion", "kind"}) {
      if (text_of(spec["paramKind"][key]).empty()) {
        causes.required(std::string("spec.paramKind.") + key);
      }
    }
  }
  const Value& match = spec["matchConstraints"];
  if (!match.is_object()) {
    causes.required("spec.matchConstraints");
  } else if (const Value& rules = match["resourceRules"];
             !rules.is_array() || rules.as_array().empty()) {
    causes.required("spec.matchConstraints.resourceRules");
  } else {
    for (std::size_t i = 0; i < rules.as_array().size(); ++i) {
      validate_rule(rules.as_array()[i], index("spec.matchConstraints.resourceRules", i), causes);
    }
  }
  validate_conditions(spec["matchConditions"], "spec.matchConditions", causes);
  const auto filled = [&](const char* key) {
    return spec[key].is_array() && !spec[key].as_array().empty();
  };
  if (!filled("validations") && !filled("auditAnnotations")) {
    for (const char* key : {"spec.validations", "spec.auditAnnotations"}) {
      causes.required(key, "validations or auditAnnotations must contain at least one item");
    }
  }
  if (!filled("validations")) return;
  const Array& list = spec["validations"].as_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    validate_validation(list[i], index("spec.validations", i), causes);
  }
}

void validate_policy_binding(const Value& binding, Causes& causes) {
  const Value& spec = binding["spec"];
  if (text_of(spec["policyName"]).empty()) causes.required("spec.policyName");
  if (const Value& parameter = spec["paramRef"]; parameter.is_object()) {
    if (text_of(parameter["name"]).empty() && !parameter["selector"].is_object()) {
      causes.required("spec.paramRef", "one of name or selector must be specified");
    }
    if (text_of(parameter["parameterNotFoundAction"]).empty()) {
      causes.required("spec.paramRef.parameterNotFoundAction");
    }
  }
  const Value& actions = spec["validationActions"];
  if (!actions.is_array() || actions.as_array().empty()) {
    return causes.required("spec.validationActions", "at least one validation action is required");
  }
  for (std::size_t i = 0; i < actions.as_array().size(); ++i) {
    one_of(actions.as_array()[i], index("spec.validationActions", i), {"Audit", "Deny", "Warn"},
           causes);
  }
  const Array& list = actions.as_array();
  const auto has = [&](const char* action) {
    return std::find(list.begin(), list.end(), Value(action)) != list.end();
  };
  if (has("Deny") && has("Warn")) {
    causes.invalid("spec.validationActions", actions,
                   "must not contain both Deny and Warn (repeating the same validation failure "
                   "information in the API response and headers serves no purpose)");
  }
}

}  // namespace windlass::inline v0::api_server
