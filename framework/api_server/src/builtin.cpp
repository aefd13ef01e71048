#include "builtin.hpp"

#include <fmt/format.h>

#include "names.hpp"
#include "state.hpp"
#include "webhooks.hpp"

namespace windlass::inline v0::api_server {

using json::Object;
using json::Value;

void set_default(Value& object, std::string_view key, Value value) {
  if (object.find(key) == nullptr) object[key] = std::move(value);
}

void check_not_negative(const Value& value, const std::string& path, Causes& causes) {
  if (value.is_integer() && value.as_integer() < 0) {
    causes.invalid(path, value, "must be greater than or equal to 0");
  }
}

void check_int_or_percent(const Value& value, const std::string& path, Causes& causes) {
  if (value.is_string()) {
    causes.invalid(path, value, percent_problem(value.as_string()));
  } else {
    check_not_negative(value, path, causes);
  }
}

void check_not_more_than_all(const Value& value, const std::string& path, Causes& causes) {
  if (!value.is_string() || !percent_problem(value.as_string()).empty()) return;
  const std::string digits = value.as_string().substr(0, value.as_string().size() - 1);
  if (digits.size() <= 3 && std::stoi(digits) <= 100) return;
  causes.invalid(path, value, "must not be greater than 100%");
}

bool is_readable_selector(const Value& selector) {
  Causes causes;
  check_label_selector(selector, "", causes);
  return causes.empty();
}

bool check_selector(const Value& object, Causes& causes) {
  const std::string_view kind = object["kind"].string_or("");
  const Value& selector = object["spec"]["selector"];
  const Value& labels = object.at_path({"spec", "template", "metadata", "labels"});
  const bool readable = is_readable_selector(selector);
  const bool empty = selector.is_object() && readable && LabelSelector::from(selector).empty();
  const auto check_empty = [&] {
    if (!empty) return;
    causes.invalid(
        "spec.selector", selector,
        fmt::format("empty selector is invalid for {}", kind == "StatefulSet" ? "statefulset"
                                                        : kind == "DaemonSet" ? "daemonset"
                                                                              : "deployment"));
  };
  const auto check_labels_match = [&] {
    const bool matches =
        selector.is_object() ? LabelSelector::from(selector).matches(labels) : false;
    if (!matches) {
      causes.invalid("spec.template.metadata.labels", labels,
                     "`selector` does not match template `labels`");
    }
  };
  if (!selector.is_object() && kind != "DaemonSet") causes.required("spec.selector");
  check_label_selector(selector, "spec.selector", causes);
  if (kind == "DaemonSet") {
    if (readable) check_labels_match();
    check_empty();
    return true;
  }
  check_empty();
  if (!readable) {
    causes.invalid("spec.selector", selector,
                   kind == "StatefulSet" ? "" : "invalid label selector");
    return false;
  }
  if (!empty) check_labels_match();
  return true;
}

namespace {

void prepare_new_crd(State&, Value& crd) { prepare_crd(crd); }
void complete_crd(State&, Value& crd) { prepare_crd(crd); }
void validate_new_crd(const Value& crd, Causes& causes) { validate_crd(crd, nullptr, causes); }
void validate_changed_crd(const Value& crd, const Value& old_crd, Causes& causes) {
  validate_crd(crd, &old_crd, causes);
}

}  // namespace

const Rules& rules_for(const Resource& resource) {
  static const Rules none;
  static const Rules crd{.defaults = default_crd,
                         .prepare = prepare_new_crd,
                         .complete = complete_crd,
                         .validate = validate_new_crd,
                         .validate_update = validate_changed_crd,
                         .update_checks_all = true};
  static const Rules mutating{.defaults = default_mutating_webhooks,
                              .validate = validate_mutating_webhooks};
  static const Rules validating{.defaults = default_validating_webhooks,
                                .validate = validate_validating_webhooks};
  static const Rules policy{.defaults = default_validating_policy,
                            .validate = validate_validating_policy};
  static const Rules policy_binding{.validate = validate_policy_binding};
  if (resource.custom) return none;
  if (resource.is("", "Pod")) return pod_rules();
  if (resource.is("", "PodTemplate")) return pod_template_rules();
  if (resource.group.empty()) return core_rules(resource.kind);
  if (resource.is("events.k8s.io", "Event")) return new_event_rules();
  if (resource.group == "apps") return workload_rules(resource.kind);
  if (resource.is("apiextensions.k8s.io", "CustomResourceDefinition")) return crd;
  if (resource.kind == "MutatingWebhookConfiguration") return mutating;
  if (resource.kind == "ValidatingWebhookConfiguration") return validating;
  if (resource.kind == "ValidatingAdmissionPolicy") return policy;
  if (resource.kind == "ValidatingAdmissionPolicyBinding") return policy_binding;
  return other_rules(resource.group, resource.kind);
}

}  // namespace windlass::inline v0::api_server
