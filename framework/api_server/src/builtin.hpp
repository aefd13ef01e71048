#pragma once
// The hand-written rules of built-in kinds.

#include <set>
#include <string>

#include <windlass/json/value.hpp>

#include "failure.hpp"

namespace windlass::inline v0::api_server {

struct State;
struct Resource;

struct Rules {
  void (*defaults)(json::Value& object) = nullptr;
  /// What creation sets beyond defaults: status, allocated values.
  void (*prepare)(State& state, json::Value& object) = nullptr;
  /// What an update sets, as `prepare` does at creation.
  void (*complete)(State& state, json::Value& object) = nullptr;
  void (*validate)(const json::Value& object, Causes& causes) = nullptr;
  void (*validate_update)(const json::Value& object, const json::Value& old_object,
                          Causes& causes) = nullptr;
  /// Of a creation alone.
  void (*validate_create)(const json::Value& object, Causes& causes) = nullptr;
  /// `validate_update` does what `validate` does too.
  bool update_checks_all = false;
  void (*validate_status)(const json::Value& object, Causes& causes) = nullptr;
  /// What an update carries over.
  void (*carry)(json::Value& object, const json::Value& old_object) = nullptr;
};

/// The rules of a kind; all empty for kinds that have none.
const Rules& rules_for(const Resource& resource);

// pod.cpp
void default_pod_spec(json::Value& spec, bool in_pod);

// pod_spec.cpp
/// `claim_templates`: volumes that a StatefulSet adds to its pods.
void validate_pod_spec(const json::Value& spec, const std::string& path, Causes& causes,
                       const std::set<std::string>& claim_templates = {}, bool in_pod = false);
/// The template of a workload's pods, at `path`.
void validate_pod_template(const json::Value& pod_template, const std::string& path, Causes& causes,
                           const std::set<std::string>& claim_templates = {});
void validate_pod_annotations(const json::Value& annotations, const json::Value& spec,
                              const std::string& path, Causes& causes);
void check_host_path(const json::Value& source, const std::string& path, Causes& causes);
// metadata.cpp
void check_annotations(const json::Value& annotations, const std::string& path, Causes& causes);
/// Of an object within an object: any name that can be a segment of a path.
void check_embedded_metadata(const json::Value& metadata, const std::string& path, Causes& causes);
const Rules& pod_rules();
const Rules& pod_template_rules();
// service.cpp
const Rules& service_rules();
// workloads.cpp
const Rules& workload_rules(std::string_view kind);
// core_kinds.cpp
const Rules& core_rules(std::string_view kind);
/// Of events.k8s.io.
const Rules& new_event_rules();
// policies.cpp: batch, policy, networking, rbac, coordination, storage
const Rules& other_rules(std::string_view group, std::string_view kind);

/// Sets `value` where nothing is.
void set_default(json::Value& object, std::string_view key, json::Value value);
void check_not_negative(const json::Value& value, const std::string& path, Causes& causes);
/// A workload's selector; false when it cannot be read, and its template is not looked at.
bool check_selector(const json::Value& object, Causes& causes);
/// A count or a percentage, which is not negative.
void check_int_or_percent(const json::Value& value, const std::string& path, Causes& causes);
void check_not_more_than_all(const json::Value& value, const std::string& path, Causes& causes);

/// The next address of a Service. Throws Failure(500) when there is none.
std::string free_address(State& state);

}  // namespace windlass::inline v0::api_server
