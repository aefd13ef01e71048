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
  void (*validate_status)(const json::Value& object, Causes& causes) = nullptr;
  /// What an update carries over.
  void (*carry)(json::Value& object, const json::Value& old_object) = nullptr;
};

/// The rules of a kind; all empty for kinds that have none.
const Rules& rules_for(const Resource& resource);

// pod.cpp
void default_pod_spec(json::Value& spec, bool in_pod);
/// `claim_templates`: volumes that a StatefulSet adds to its pods.
void validate_pod_spec(const json::Value& spec, const std::string& path, Causes& causes,
                       const std::set<std::string>& claim_templates = {});
const Rules& pod_rules();
// workloads.cpp
const Rules& workload_rules(std::string_view kind);
// core_kinds.cpp
const Rules& core_rules(std::string_view kind);
// policies.cpp: batch, policy, networking, rbac, coordination, storage
const Rules& other_rules(std::string_view group, std::string_view kind);

/// Sets `value` where nothing is.
void set_default(json::Value& object, std::string_view key, json::Value value);
void check_not_negative(const json::Value& value, const std::string& path, Causes& causes);
void check_selector_matches(const json::Value& object, Causes& causes);

/// The next address of a Service. Throws Failure(500) when there is none.
std::string free_address(State& state);

}  // namespace windlass::inline v0::api_server
