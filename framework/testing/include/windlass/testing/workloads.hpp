#pragma once
// Controllers for the workload kinds that a real cluster's controller manager and scheduler look
// after: Deployment, ReplicaSet, StatefulSet, Service endpoints, PodDisruptionBudget, volume
// claims. Written with Windlass itself, so they run in the local cluster and inside the simulation
// alike.

#include <cstdint>
#include <string>
#include <vector>

#include <windlass/api/apps_v1.hpp>
#include <windlass/api/core_v1.hpp>
#include <windlass/api/discovery_v1.hpp>
#include <windlass/api/policy_v1.hpp>
#include <windlass/controller/builder.hpp>

namespace windlass::inline v0::testing {

/// Adds every workload controller to a manager (which should not need leader election).
void add_workload_controllers(ControllerHost& host);

// The decisions, without I/O ------------------------------------------------------------------

/// A short name for the content of a pod template: equal templates, equal names.
std::string template_hash(const api::core::v1::PodTemplateSpec& pod_template);

bool is_pod_ready(const api::core::v1::Pod& pod);
/// Not deleted, not Succeeded, not Failed.
bool is_pod_active(const api::core::v1::Pod& pod);

/// How many replicas each ReplicaSet of a rolling update is to have now.
struct RollingState {
  std::int32_t desired = 0;
  std::int32_t max_surge = 0;
  std::int32_t max_unavailable = 0;
  struct Set {
    std::int32_t replicas = 0;   ///< asked for at present
    std::int32_t available = 0;  ///< ready now
  };
  Set current;           ///< of the newest template
  std::vector<Set> old;  ///< oldest first
};
struct RollingStep {
  std::int32_t current = 0;
  std::vector<std::int32_t> old;
};
/// As kube-controller-manager's rolling update: never more than desired + max_surge asked for,
/// never fewer than desired - max_unavailable available, unavailable old pods first.
RollingStep next_rolling_step(const RollingState& state);

/// The status of a budget over the pods that it selects.
api::policy::v1::PodDisruptionBudgetStatus disruption_status(
    const api::policy::v1::PodDisruptionBudget& budget,
    const std::vector<Ref<api::core::v1::Pod>>& pods, std::int32_t expected);

}  // namespace windlass::inline v0::testing
