#include <algorithm>

#include "reconcilers.hpp"

namespace windlass::inline v0::testing {

policy::PodDisruptionBudgetStatus disruption_status(const policy::PodDisruptionBudget& budget,
                                                    const std::vector<Ref<core::Pod>>& pods,
                                                    std::int32_t expected) {
  auto status = budget.status;
  const auto healthy =
      static_cast<std::int32_t>(std::count_if(pods.begin(), pods.end(), [](const auto& pod) {
        return is_pod_active(*pod) && is_pod_ready(*pod);
      }));
  std::int32_t wanted = 0;
  if (budget.spec.max_unavailable) {
    wanted = std::max(expected - budget.spec.max_unavailable->scaled(expected, true).value(), 0);
  } else if (budget.spec.min_available) {
    wanted = budget.spec.min_available->is_int()
                 ? budget.spec.min_available->as_int()
                 : budget.spec.min_available->scaled(expected, true).value();
  } else {
    wanted = std::max(expected - 1, 0);
  }
  status.current_healthy = healthy;
  status.desired_healthy = wanted;
  status.expected_pods = expected;
  status.disruptions_allowed = expected > 0 ? std::max(healthy - wanted, 0) : 0;
  status.observed_generation = budget.metadata.generation;
  status.disrupted_pods = {};
  return status;
}

Task<Action> DisruptionReconciler::reconcile(Context context,
                                             Ref<policy::PodDisruptionBudget> budget) {
  if (budget->metadata.is_deleting()) co_return await_change();
  auto pods = co_await context.list<core::Pod>(budget->metadata.namespace_);
  std::erase_if(pods, [&](const auto& pod) {
    return !budget->spec.selector || !meta::matches(*budget->spec.selector, pod->metadata.labels);
  });
  // what the pods' controllers ask for: budgets in percent count pods that do not exist yet
  std::int32_t expected = 0;
  std::vector<std::string> counted;
  for (const auto& pod : pods) {
    const auto* owner = pod->metadata.controller_owner();
    if (owner == nullptr) {
      ++expected;
      continue;
    }
    if (std::find(counted.begin(), counted.end(), owner->uid) != counted.end()) continue;
    counted.push_back(owner->uid);
    const meta::ObjectKey key{pod->metadata.namespace_, owner->name};
    if (owner->kind == "ReplicaSet") {
      const auto set = co_await context.get<apps::ReplicaSet>(key);
      if (set) expected += set->spec.replicas.value_or(1);
    } else if (owner->kind == "StatefulSet") {
      const auto set = co_await context.get<apps::StatefulSet>(key);
      if (set) expected += set->spec.replicas.value_or(1);
    }
  }
  auto status = disruption_status(*budget, pods, expected);
  meta::Condition allowed;
  allowed.type = "DisruptionAllowed";
  allowed.status = status.disruptions_allowed.value_or(0) > 0 ? "True" : "False";
  allowed.reason =
      status.disruptions_allowed.value_or(0) > 0 ? "SufficientPods" : "InsufficientPods";
  allowed.observed_generation = budget->metadata.generation;
  meta::set_condition(status.conditions, allowed, context.clock().wall_now());
  co_await context.update_status(*budget, status);
  co_return await_change();
}

}  // namespace windlass::inline v0::testing
