#include <windlass/testing/simulation_test.hpp>

#include "greeting_reconciler.hpp"

using namespace std::chrono_literals;

SIMULATION(GreetsAlsoWhenItsLeaderDies) {
  sim.install(GREETING_CRD);
  sim.start_replicas(3, [](windlass::Manager& manager) {
    windlass::controller_managed_by(manager)
        .reconciles<api::v1::Greeting>()
        .owns<windlass::api::core::v1::ConfigMap>()
        .complete<hello::GreetingReconciler>();
  });
  ASSERT_TRUE(sim.run_until([&] { return sim.leader() >= 0; }, 1min));
  sim.replica(sim.leader()).crash();

  api::v1::Greeting greeting;
  greeting.metadata.name = "world";
  greeting.spec.name = "world";
  sim.apply(greeting);
  sim.run_until_quiet(5min);
  EXPECT_CONVERGED(sim.find<api::v1::Greeting>("world")->status.message == "Hello, world!");
}
