#include "reconcilers.hpp"

namespace windlass::inline v0::testing {
namespace {

constexpr ControllerOptions kEveryReplica{.needs_leader_election = false};

}  // namespace

void add_workload_controllers(ControllerHost& host) {
  controller_managed_by(host)
      .reconciles<apps::Deployment>()
      .owns<apps::ReplicaSet>()
      .with(kEveryReplica)
      .complete<DeploymentReconciler>();
  controller_managed_by(host)
      .reconciles<apps::ReplicaSet>()
      .owns<core::Pod>()
      .with(kEveryReplica)
      .complete<ReplicaSetReconciler>();
  controller_managed_by(host)
      .reconciles<apps::StatefulSet>()
      .owns<core::Pod>()
      .watches<core::PersistentVolumeClaim>(
          [](const auto&) { return std::vector<meta::ObjectKey>(); })
      .with(kEveryReplica)
      .complete<StatefulSetReconciler>();

  auto& cache = host.cache();
  controller_managed_by(host)
      .reconciles<core::Service>()
      .owns<discovery::EndpointSlice>()
      .watches<core::Pod>([&cache](const Ref<core::Pod>& pod) {
        std::vector<meta::ObjectKey> keys;
        for (const auto& service : cache.list<core::Service>(pod->metadata.namespace_)) {
          keys.push_back(service->metadata.key());
        }
        return keys;
      })
      .named("endpointslice")
      .with(kEveryReplica)
      .complete<EndpointsReconciler>();
  controller_managed_by(host)
      .reconciles<policy::PodDisruptionBudget>()
      .watches<core::Pod>([&cache](const Ref<core::Pod>& pod) {
        std::vector<meta::ObjectKey> keys;
        for (const auto& budget :
             cache.list<policy::PodDisruptionBudget>(pod->metadata.namespace_)) {
          keys.push_back(budget->metadata.key());
        }
        return keys;
      })
      .named("disruption")
      .with(kEveryReplica)
      .complete<DisruptionReconciler>();
  controller_managed_by(host)
      .reconciles<core::PersistentVolumeClaim>()
      .watches<core::PersistentVolume>([](const auto&) { return std::vector<meta::ObjectKey>(); })
      .named("persistentvolumeclaim")
      .with(kEveryReplica)
      .complete<ClaimReconciler>();
}

}  // namespace windlass::inline v0::testing
