// The smallest operator. Its reconciler is in greeting_reconciler.hpp, its type in config/crd.yaml.

#include "greeting_reconciler.hpp"

int main(int argc, char** argv) {
  windlass::ManagerOptions defaults;
  defaults.leader_election_id = "hello.windlass.dev";
  return windlass::run(argc, argv, defaults, [](windlass::Manager& manager) {
    windlass::controller_managed_by(manager)
        .reconciles<api::v1::Greeting>()
        .owns<windlass::api::core::v1::ConfigMap>()
        .complete<hello::GreetingReconciler>();
  });
}
