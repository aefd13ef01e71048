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

void check_selector_matches(const Value& object, Causes& causes) {
  const Value& spec = object["spec"];
  const Value& selector = spec["selector"];
  if (!selector.is_object()) {
    if (object["kind"] != Value("DaemonSet")) causes.required("spec.selector");
    causes.invalid("spec.template.metadata.labels", nullptr,
                   "`selector` does not match template `labels`");
    return;
  }
  check_label_selector(selector, "spec.selector", causes);
  if (LabelSelector::from(selector).empty()) {
    const std::string_view kind = object["kind"].string_or("");
    causes.invalid(
        "spec.selector", selector,
        fmt::format("empty selector is invalid for {}", kind == "StatefulSet" ? "statefulset"
                                                        : kind == "DaemonSet" ? "daemonset"
                                                                              : "deployment"));
    return;
  }
  const Value& labels = spec.at_path({"template", "metadata", "labels"});
  if (!LabelSelector::from(selector).matches(labels)) {
    causes.invalid("spec.template.metadata.labels", labels.is_null() ? Value(Object{}) : labels,
                   "`selector` does not match template `labels`");
  }
}

namespace {

void prepare_crd(State& state, Value& crd) { establish_crd(state, crd); }
void validate_new_crd(const Value& crd, Causes& causes) { validate_crd(crd, nullptr, causes); }
void validate_changed_crd(const Value& crd, const Value& old_crd, Causes& causes) {
  if (causes.empty()) validate_crd(crd, &old_crd, causes);
}

}  // namespace

const Rules& rules_for(const Resource& resource) {
  static const Rules none;
  static const Rules crd{.defaults = default_crd,
                         .prepare = prepare_crd,
                         .validate = validate_new_crd,
                         .validate_update = validate_changed_crd};
  static const Rules mutating{.defaults = default_webhooks, .validate = validate_mutating_webhooks};
  static const Rules validating{.defaults = default_webhooks,
                                .validate = validate_validating_webhooks};
  if (resource.custom) return none;
  if (resource.is("", "Pod")) return pod_rules();
  if (resource.group.empty()) return core_rules(resource.kind);
  if (resource.group == "apps") return workload_rules(resource.kind);
  if (resource.is("apiextensions.k8s.io", "CustomResourceDefinition")) return crd;
  if (resource.kind == "MutatingWebhookConfiguration") return mutating;
  if (resource.kind == "ValidatingWebhookConfiguration") return validating;
  return other_rules(resource.group, resource.kind);
}

}  // namespace windlass::inline v0::api_server
