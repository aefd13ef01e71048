#include <algorithm>

#include "reconcilers.hpp"

namespace windlass::inline v0::testing {
namespace {

constexpr const char* kHashLabel = "pod-template-hash";
constexpr const char* kRevision = "deployment.kubernetes.io/revision";

using Sets = std::vector<Ref<apps::ReplicaSet>>;

std::int64_t revision_of(const apps::ReplicaSet& set) {
  const auto found = set.metadata.annotations.find(kRevision);
  return found == set.metadata.annotations.end() ? 0 : std::atoll(found->second.c_str());
}

std::int32_t replicas_of(const apps::ReplicaSet& set) { return set.spec.replicas.value_or(1); }
std::int32_t available_of(const apps::ReplicaSet& set) {
  return std::min(set.status.available_replicas.value_or(0), replicas_of(set));
}

apps::ReplicaSet desired_set(const apps::Deployment& deployment, const std::string& hash,
                             std::int64_t revision) {
  apps::ReplicaSet set;
  set.metadata.name = deployment.metadata.name + "-" + hash;
  set.metadata.namespace_ = deployment.metadata.namespace_;
  set.metadata.annotations[kRevision] = std::to_string(revision);
  set.spec.replicas = 0;
  set.spec.min_ready_seconds = deployment.spec.min_ready_seconds;
  set.spec.selector = deployment.spec.selector;
  set.spec.selector.match_labels[kHashLabel] = hash;
  set.spec.template_ = deployment.spec.template_;
  set.spec.template_.metadata.labels[kHashLabel] = hash;
  set.metadata.labels = set.spec.template_.metadata.labels;
  return set;
}

RollingState rolling_state(const apps::Deployment& deployment, const Ref<apps::ReplicaSet>& current,
                           const Sets& old) {
  RollingState state;
  state.desired = deployment.spec.replicas.value_or(1);
  const auto& rolling = deployment.spec.strategy.rolling_update;
  const auto bound = [&](const std::optional<meta::IntOrString>& value, bool up) {
    return value.value_or(meta::IntOrString("25%")).scaled(state.desired, up).value();
  };
  state.max_surge = bound(rolling ? rolling->max_surge : std::nullopt, true);
  state.max_unavailable = bound(rolling ? rolling->max_unavailable : std::nullopt, false);
  if (state.max_surge == 0 && state.max_unavailable == 0) state.max_unavailable = 1;
  state.current = {replicas_of(*current), available_of(*current)};
  for (const auto& set : old) state.old.push_back({replicas_of(*set), available_of(*set)});
  return state;
}

/// Recreate: nothing new before everything old is gone.
RollingStep recreate_step(const RollingState& state, const Sets& old) {
  RollingStep step;
  step.old.assign(state.old.size(), 0);
  const bool gone =
      std::all_of(old.begin(), old.end(), [](const auto& s) { return s->status.replicas == 0; });
  step.current = gone ? state.desired : state.current.replicas;
  return step;
}

void set_condition(apps::DeploymentStatus& status, const std::string& type, bool holds,
                   const std::string& reason, const std::string& message, const meta::Time& now) {
  apps::DeploymentCondition wanted;
  wanted.type = type;
  wanted.status = holds ? "True" : "False";
  wanted.reason = reason;
  wanted.message = message;
  wanted.last_transition_time = now;
  wanted.last_update_time = now;
  for (auto& condition : status.conditions) {
    if (condition.type != type) continue;
    if (condition.status == wanted.status)
      wanted.last_transition_time = condition.last_transition_time;
    if (condition.status == wanted.status && condition.reason == wanted.reason) {
      wanted.last_update_time = condition.last_update_time;
    }
    condition = wanted;
    return;
  }
  status.conditions.push_back(wanted);
}

apps::DeploymentStatus observe(const apps::Deployment& deployment,
                               const Ref<apps::ReplicaSet>& current, const Sets& old,
                               const meta::Time& now) {
  auto status = deployment.status;
  const auto desired = deployment.spec.replicas.value_or(1);
  std::int32_t replicas = current->status.replicas;
  std::int32_t ready = current->status.ready_replicas.value_or(0);
  std::int32_t available = current->status.available_replicas.value_or(0);
  for (const auto& set : old) {
    replicas += set->status.replicas;
    ready += set->status.ready_replicas.value_or(0);
    available += set->status.available_replicas.value_or(0);
  }
  status.observed_generation = deployment.metadata.generation;
  status.replicas = replicas;
  status.updated_replicas = current->status.replicas;
  status.ready_replicas = ready;
  status.available_replicas = available;
  status.unavailable_replicas = std::max(desired - available, 0);
  const auto state = rolling_state(deployment, current, old);
  const bool enough = available >= desired - state.max_unavailable;
  set_condition(status, "Available", enough,
                enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                enough ? "Deployment has minimum availability."
                       : "Deployment does not have minimum availability.",
                now);
  const bool complete =
      status.updated_replicas == desired && replicas == desired && available == desired;
  set_condition(status, "Progressing", true,
                complete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
                "ReplicaSet \"" + current->metadata.name +
                    (complete ? "\" has successfully progressed." : "\" is progressing."),
                now);
  return status;
}

}  // namespace

Task<Action> DeploymentReconciler::reconcile(Context context, Ref<apps::Deployment> deployment) {
  if (deployment->metadata.is_deleting()) co_return await_change();
  const auto sets = co_await owned<apps::ReplicaSet>(context, deployment->metadata);
  const auto hash = template_hash(deployment->spec.template_);
  Ref<apps::ReplicaSet> current;
  Sets old;
  std::int64_t newest = 0;
  for (const auto& set : sets) {
    newest = std::max(newest, revision_of(*set));
    if (set->metadata.name == deployment->metadata.name + "-" + hash) {
      current = set;
    } else {
      old.push_back(set);
    }
  }
  std::sort(old.begin(), old.end(),
            [](const auto& a, const auto& b) { return revision_of(*a) < revision_of(*b); });
  if (!current) {
    auto wanted = desired_set(*deployment, hash, newest + 1);
    auto made = co_await context.create(wanted);
    current = Ref<apps::ReplicaSet>(std::move(made));
  } else if (revision_of(*current) < newest) {  // a rollback
    json::Value patch;
    patch["metadata"]["annotations"][kRevision] = std::to_string(newest + 1);
    auto patched = co_await context.patch(*current, patch);
    current = Ref<apps::ReplicaSet>(std::move(patched));
  }
  const auto state = rolling_state(*deployment, current, old);
  if (!deployment->spec.paused.value_or(false)) {
    const auto step = deployment->spec.strategy.type == "Recreate" ? recreate_step(state, old)
                                                                   : next_rolling_step(state);
    co_await scale(context, current, step.current);
    for (std::size_t i = 0; i < old.size(); ++i) co_await scale(context, old[i], step.old[i]);
  }
  const auto keep = static_cast<std::size_t>(deployment->spec.revision_history_limit.value_or(10));
  for (std::size_t i = 0; old.size() - i > keep; ++i) {
    if (replicas_of(*old[i]) == 0 && old[i]->status.replicas == 0) co_await context.remove(*old[i]);
  }
  const auto revision = std::to_string(std::max(newest, revision_of(*current)));
  const auto annotation = deployment->metadata.annotations.find(kRevision);
  if (annotation == deployment->metadata.annotations.end() || annotation->second != revision) {
    json::Value patch;
    patch["metadata"]["annotations"][kRevision] = revision;
    auto patched = co_await context.patch(*deployment, patch);
    deployment = Ref<apps::Deployment>(std::move(patched));
  }
  const auto status = observe(*deployment, current, old, now(context));
  co_await context.update_status(*deployment, status);
  co_return await_change();
}

Task<void> DeploymentReconciler::scale(Context context, Ref<apps::ReplicaSet> set,
                                       std::int32_t replicas) {
  if (replicas_of(*set) == replicas) co_return;
  json::Value patch;
  patch["spec"]["replicas"] = replicas;
  co_await context.patch(*set, patch);
}

}  // namespace windlass::inline v0::testing
