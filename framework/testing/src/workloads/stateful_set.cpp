#include <algorithm>
#include <map>

#include "reconcilers.hpp"

namespace windlass::inline v0::testing {
namespace {

constexpr const char* kRevisionLabel = "controller-revision-hash";
constexpr const char* kPodNameLabel = "statefulset.kubernetes.io/pod-name";
constexpr const char* kIndexLabel = "apps.kubernetes.io/pod-index";

std::string pod_name(const apps::StatefulSet& set, std::int32_t ordinal) {
  return set.metadata.name + "-" + std::to_string(ordinal);
}

std::string claim_name(const apps::StatefulSet& set, const core::PersistentVolumeClaim& wanted,
                       std::int32_t ordinal) {
  return wanted.metadata.name + "-" + pod_name(set, ordinal);
}

core::Pod desired_pod(const apps::StatefulSet& set, std::int32_t ordinal,
                      const std::string& revision) {
  core::Pod pod;
  pod.metadata = set.spec.template_.metadata;
  pod.metadata.name = pod_name(set, ordinal);
  pod.metadata.namespace_ = set.metadata.namespace_;
  pod.metadata.labels[kPodNameLabel] = pod.metadata.name;
  pod.metadata.labels[kIndexLabel] = std::to_string(ordinal);
  pod.metadata.labels[kRevisionLabel] = revision;
  pod.spec = set.spec.template_.spec;
  pod.spec.hostname = pod.metadata.name;
  pod.spec.subdomain = set.spec.service_name;
  for (const auto& wanted : set.spec.volume_claim_templates) {
    std::erase_if(pod.spec.volumes, [&](const auto& v) { return v.name == wanted.metadata.name; });
    core::Volume volume;
    volume.name = wanted.metadata.name;
    volume.persistent_volume_claim.ensure().claim_name = claim_name(set, wanted, ordinal);
    pod.spec.volumes.push_back(std::move(volume));
  }
  return pod;
}

std::string revision_of(const core::Pod& pod) {
  const auto found = pod.metadata.labels.find(kRevisionLabel);
  return found == pod.metadata.labels.end() ? std::string() : found->second;
}

}  // namespace

Task<void> StatefulSetReconciler::ensure_claims(Context context, Ref<apps::StatefulSet> set,
                                                std::int32_t ordinal) {
  for (const auto& wanted : set->spec.volume_claim_templates) {
    core::PersistentVolumeClaim claim = wanted;
    claim.metadata.name = claim_name(*set, wanted, ordinal);
    claim.metadata.namespace_ = set->metadata.namespace_;
    for (const auto& [key, value] : set->spec.selector.match_labels)
      claim.metadata.labels[key] = value;
    claim.status = {};
    const auto existing = co_await context.get<core::PersistentVolumeClaim>(claim.metadata.key());
    if (existing) continue;
    const auto& retention = set->spec.persistent_volume_claim_retention_policy;
    const bool deleted_with_set = retention && retention->when_deleted == "Delete";
    co_await context.create(claim, {.owned = deleted_with_set});
  }
}

Task<Action> StatefulSetReconciler::reconcile(Context context, Ref<apps::StatefulSet> set) {
  if (set->metadata.is_deleting()) co_return await_change();
  const auto revision = set->metadata.name + "-" + template_hash(set->spec.template_);
  const auto desired = set->spec.replicas.value_or(1);
  const bool parallel = set->spec.pod_management_policy == "Parallel";
  std::map<std::int32_t, Ref<core::Pod>> pods;
  const auto all = co_await owned<core::Pod>(context, set->metadata);
  for (const auto& pod : all) {
    const auto ordinal = pod->metadata.labels.find(kIndexLabel);
    if (ordinal != pod->metadata.labels.end()) pods[std::atoi(ordinal->second.c_str())] = pod;
  }
  bool settled = true;  // nothing below this ordinal is on its way up or down
  for (std::int32_t i = 0; i < desired; ++i) {
    const auto found = pods.find(i);
    if (found != pods.end() && !is_pod_active(*found->second) &&
        !found->second->metadata.is_deleting()) {
      co_await context.remove(*found->second);
      settled = false;
    } else if (found == pods.end()) {
      co_await ensure_claims(context, set, i);
      auto pod = desired_pod(*set, i, revision);
      co_await context.create(pod);
      settled = false;
    } else if (found->second->metadata.is_deleting() || !is_pod_ready(*found->second)) {
      settled = false;
    }
    if (!settled && !parallel) break;
  }
  // beyond the desired number, the highest first
  for (auto it = pods.rbegin(); it != pods.rend() && (settled || parallel); ++it) {
    if (it->first < desired) break;
    if (!it->second->metadata.is_deleting()) co_await context.remove(*it->second);
    settled = false;
  }
  const bool on_delete = set->spec.update_strategy.type == "OnDelete";
  const auto& rolling = set->spec.update_strategy.rolling_update;
  const auto partition = rolling ? rolling->partition.value_or(0) : 0;
  // a pod of an old revision that is not ready may be replaced without waiting: it may never be
  for (std::int32_t i = desired - 1; i >= partition && !on_delete; --i) {
    const auto found = pods.find(i);
    if (found == pods.end() || found->second->metadata.is_deleting()) break;
    if (revision_of(*found->second) == revision) {
      if (!is_pod_ready(*found->second)) break;
      continue;
    }
    co_await context.remove(*found->second);
    break;
  }
  auto status = set->status;
  status.observed_generation = set->metadata.generation;
  status.replicas = static_cast<std::int32_t>(pods.size());
  std::int32_t ready = 0;
  std::int32_t updated = 0;
  for (const auto& [ordinal, pod] : pods) {
    ready += is_pod_ready(*pod) ? 1 : 0;
    updated += revision_of(*pod) == revision ? 1 : 0;
  }
  status.ready_replicas = ready;
  status.available_replicas = ready;
  status.updated_replicas = updated;
  status.update_revision = revision;
  if (updated == desired || status.current_revision.empty()) status.current_revision = revision;
  status.current_replicas =
      status.current_revision == revision ? updated : status.replicas - updated;
  status.collision_count = status.collision_count.value_or(0);
  co_await context.update_status(*set, status);
  co_return await_change();
}

}  // namespace windlass::inline v0::testing
