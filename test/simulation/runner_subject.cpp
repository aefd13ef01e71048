// Simulations that fail in different ways, and some that do not: what runner_test.cpp runs.

#include <cstdlib>
#include <iostream>

#include <windlass/testing/simulation_test.hpp>
#include <windlass/windlass.hpp>

namespace windlass::testing {
namespace {

using namespace std::chrono_literals;
using api::core::v1::ConfigMap;
using api::core::v1::Pod;

class Idle final : public ObjectReconciler<ConfigMap> {
  Task<Action> reconcile(Context, Ref<ConfigMap>) override { co_return await_change(); }
};

SIMULATION(ExpectsNoCrash) {
  int lives = 0;
  sim.start_replicas(1, [&lives](Manager& manager) {
    ++lives;
    controller_managed_by(manager).reconciles<ConfigMap>().complete<Idle>();
  });
  sim.faults({.crash = 0.05, .drop = 0.05, .slow = 0.05});
  sim.run_for(2min);
  EXPECT_EQ(lives, 1) << "it began anew";
}

SIMULATION(ExitsWithZero) {
  if (sim.seed() == 3) std::exit(0);
}

SIMULATION(ExitsWithOne) {
  if (sim.seed() == 3) std::exit(1);
}

SIMULATION(Passes) { EXPECT_GT(sim.seed(), 0u); }

SYSTEMATIC_SIMULATION(SaysEachRun, withhold, 2) {
  std::cerr << "one run\n";
  sim.start_replicas(1, [](Manager& manager) {
    controller_managed_by(manager).reconciles<ConfigMap>().complete<Idle>();
  });
  ConfigMap map;
  for (const auto* name : {"a", "b", "c", "d", "e"}) {
    map.metadata.name = name;
    sim.apply(map);
    sim.run_until_quiet(5min, 1s);
  }
}

Task<void> evict(Manager* manager, bool fenced) {
  json::Value eviction;
  eviction["apiVersion"] = "policy/v1";
  eviction["kind"] = "Eviction";
  eviction["metadata"]["name"] = "web-0";
  if (fenced) {
    auto& preconditions = eviction["deleteOptions"]["preconditions"];
    preconditions["uid"] = "c0ffee";
    preconditions["resourceVersion"] = "7";
  }
  std::exception_ptr none_there;
  try {
    const auto client = manager->client();
    auto evicting = client.create_text(Pod::resource, {"default", "web-0"}, json::dump(eviction),
                                       {}, "eviction");
    co_await std::move(evicting);
  } catch (...) {
    none_there = std::current_exception();
  }
  if (is_cancellation(none_there)) std::rethrow_exception(none_there);
  auto waiting = sleep_for(manager->environment().clock(), 24h);
  co_await std::move(waiting);
}

void evicting_replica(SimulatedCluster& sim, bool fenced) {
  sim.start_replicas(1, [fenced](Manager& manager) {
    manager.add({"evictor", [&manager, fenced] { return evict(&manager, fenced); }, true});
  });
  sim.run_for(1min);
}

SIMULATION(EvictsWhatItHasSeen) { evicting_replica(sim, true); }
SIMULATION(EvictsWhateverIsThere) { evicting_replica(sim, false); }

}  // namespace
}  // namespace windlass::testing
