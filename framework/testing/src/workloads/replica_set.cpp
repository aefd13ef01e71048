#include <algorithm>

#include "reconcilers.hpp"

namespace windlass::inline v0::testing {
namespace {

core::Pod desired_pod(const apps::ReplicaSet& set, std::string suffix) {
  core::Pod pod;
  pod.metadata = set.spec.template_.metadata;
  pod.metadata.name = set.metadata.name + "-" + suffix;
  pod.metadata.generate_name = set.metadata.name + "-";
  pod.metadata.namespace_ = set.metadata.namespace_;
  pod.spec = set.spec.template_.spec;
  return pod;
}

/// Pods that are better to delete come first: not ready, then the youngest.
bool better_to_delete(const Ref<core::Pod>& a, const Ref<core::Pod>& b) {
  const bool a_ready = is_pod_ready(*a);
  const bool b_ready = is_pod_ready(*b);
  if (a_ready != b_ready) return !a_ready;
  if (a->metadata.creation_timestamp != b->metadata.creation_timestamp) {
    return b->metadata.creation_timestamp < a->metadata.creation_timestamp;
  }
  return a->metadata.name < b->metadata.name;
}

}  // namespace

Task<Action> ReplicaSetReconciler::reconcile(Context context, Ref<apps::ReplicaSet> set) {
  if (set->metadata.is_deleting()) co_return await_change();
  auto pods = co_await owned<core::Pod>(context, set->metadata);
  std::erase_if(pods, [](const auto& pod) { return !is_pod_active(*pod); });
  const auto desired = static_cast<std::size_t>(set->spec.replicas.value_or(1));
  for (auto missing = pods.size(); missing < desired; ++missing) {
    auto pod = desired_pod(*set, context.environment().random().suffix(5));
    co_await context.create(pod);
  }
  if (pods.size() > desired) {
    std::sort(pods.begin(), pods.end(), better_to_delete);
    for (std::size_t i = 0; i < pods.size() - desired; ++i) {
      client::DeleteOptions options;
      options.propagation = client::Propagation::background;
      co_await context.remove(*pods[i], options);
    }
    pods.erase(pods.begin(), pods.end() - static_cast<std::ptrdiff_t>(desired));
  }
  auto status = set->status;
  const auto ready = static_cast<std::int32_t>(
      std::count_if(pods.begin(), pods.end(), [](const auto& pod) { return is_pod_ready(*pod); }));
  status.replicas = static_cast<std::int32_t>(pods.size());
  status.fully_labeled_replicas = status.replicas;
  status.ready_replicas = ready;
  status.available_replicas = ready;
  status.observed_generation = set->metadata.generation;
  co_await context.update_status(*set, status);
  co_return await_change();
}

}  // namespace windlass::inline v0::testing
