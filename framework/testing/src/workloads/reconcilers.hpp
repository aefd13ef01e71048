#pragma once

#include <windlass/testing/workloads.hpp>

namespace windlass::inline v0::testing {

namespace apps = api::apps::v1;
namespace core = api::core::v1;
namespace discovery = api::discovery::v1;
namespace policy = api::policy::v1;

inline meta::Time now(const Context& context) {
  return meta::Time::from(context.clock().wall_now());
}

/// Cached objects whose controller is the given one.
template <class T>
Task<std::vector<Ref<T>>> owned(Context context, meta::ObjectMeta owner) {
  auto all = co_await context.list<T>(owner.namespace_);
  std::erase_if(all, [&](const Ref<T>& object) {
    const auto* controller = object->metadata.controller_owner();
    return controller == nullptr || controller->uid != owner.uid;
  });
  co_return all;
}

class DeploymentReconciler final : public ObjectReconciler<apps::Deployment> {
 public:
  Task<Action> reconcile(Context context, Ref<apps::Deployment> deployment) override;

 private:
  static Task<void> scale(Context context, Ref<apps::ReplicaSet> set, std::int32_t replicas);
};

class ReplicaSetReconciler final : public ObjectReconciler<apps::ReplicaSet> {
 public:
  Task<Action> reconcile(Context context, Ref<apps::ReplicaSet> set) override;
};

class StatefulSetReconciler final : public ObjectReconciler<apps::StatefulSet> {
 public:
  Task<Action> reconcile(Context context, Ref<apps::StatefulSet> set) override;

 private:
  static Task<void> ensure_claims(Context context, Ref<apps::StatefulSet> set,
                                  std::int32_t ordinal);
};

class EndpointsReconciler final : public ObjectReconciler<core::Service> {
 public:
  Task<Action> reconcile(Context context, Ref<core::Service> service) override;
};

class DisruptionReconciler final : public ObjectReconciler<policy::PodDisruptionBudget> {
 public:
  Task<Action> reconcile(Context context, Ref<policy::PodDisruptionBudget> budget) override;
};

/// Binds claims to volumes that are made on the spot and grows them.
class ClaimReconciler final : public ObjectReconciler<core::PersistentVolumeClaim> {
 public:
  Task<Action> reconcile(Context context, Ref<core::PersistentVolumeClaim> claim) override;
};

}  // namespace windlass::inline v0::testing
