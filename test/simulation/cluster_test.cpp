// The simulated cluster itself: the smallest operator in it, with and without faults.

#include <fstream>

#include <windlass/testing/simulation_test.hpp>

#include "greeting_reconciler.hpp"

namespace windlass::testing {
namespace {

using namespace std::chrono_literals;
using api::core::v1::ConfigMap;
using ::api::v1::Greeting;

Greeting greeting(const std::string& name, const std::string& who) {
  Greeting made;
  made.metadata.name = name;
  made.spec.name = who;
  return made;
}

void add_hello(Manager& manager) {
  controller_managed_by(manager)
      .reconciles<Greeting>()
      .owns<ConfigMap>()
      .complete<hello::GreetingReconciler>();
}

std::string page(SimulatedCluster& sim, const std::string& name) {
  const auto map = sim.find<ConfigMap>(name);
  return map && map->data.contains("greeting") ? map->data.at("greeting") : "none";
}

void storm(SimulatedCluster& sim) {
  sim.install(GREETING_CRD);
  sim.start_replicas(3, add_hello);
  for (int i = 0; i < 5; ++i) sim.apply(greeting("greeting-" + std::to_string(i), "world"));
  sim.faults(Faults::storm(sim.seed()));
  for (int i = 0; i < 5; ++i) {
    sim.run_for(1min);
    sim.apply(greeting("greeting-" + std::to_string(i), "moon"));
  }
  sim.heal();
  sim.run_until_quiet(20min);
}

SIMULATION(HelloWithoutFaults) {
  sim.install(GREETING_CRD);
  sim.start_replicas(3, add_hello);
  sim.apply(greeting("world", "world"));
  sim.run_until_quiet(5min);
  EXPECT_CONVERGED(page(sim, "world") == "Hello, world!");
  sim.stop_replicas();
}

SIMULATION(HelloOfOneNamespaceLeavesOthersAlone) {
  sim.install(GREETING_CRD);
  sim.start_replicas(3, add_hello, {.namespaces = {"default"}});
  sim.apply(greeting("here", "world"));
  auto elsewhere = greeting("there", "world");
  elsewhere.metadata.namespace_ = "kube-public";
  sim.apply(elsewhere);
  sim.run_until_quiet(5min);
  EXPECT_CONVERGED(page(sim, "here") == "Hello, world!");
  EXPECT_FALSE(sim.find<ConfigMap>("there", "kube-public"));
  sim.stop_replicas();
}

SIMULATION(HelloInAStorm) {
  storm(sim);
  EXPECT_CONVERGED(page(sim, "greeting-3") == "Hello, moon!");
  sim.stop_replicas();
}

TEST(Cluster, TheSameSeedGivesTheSameTrace) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::string traces[2];
    for (auto& trace : traces) {
      SimulatedCluster sim({.seed = seed});
      storm(sim);
      trace = sim.trace().text() + std::to_string(sim.simulation().trace_hash());
    }
    ASSERT_EQ(traces[0], traces[1]) << "seed " << seed;
    ASSERT_GT(traces[0].size(), 10'000u);
  }
}

}  // namespace
}  // namespace windlass::testing
