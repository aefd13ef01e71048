#pragma once
// For GoogleTest: simulations of whole operators.
//
//   SIMULATION(DatabaseSurvivesLeaderCrash) {
//     sim.install("config/crd/bases/example.com_databases.yaml");
//     sim.start_replicas(3, [](windlass::Manager& manager) { register_controllers(manager); });
//     sim.apply(database("orders"));
//     sim.faults({.crash = 0.02, .drop = 0.01});
//     sim.run_for(10min);
//     sim.heal();
//     sim.run_until_quiet(5min);
//     EXPECT_CONVERGED(sim.find<Database>("orders")->status.phase == "Ready");
//   }
//
// Link windlass::testing and windlass::testing_main. Flags of the program:
//   --seeds=N         runs each simulation with N seeds (default 10); --first-seed=K begins
//   elsewhere
//   --jobs=M          in M processes (default 1), stopping at the first failure
//   --seed=K          only this one; --faults=1,4 only these of its faults
//   --points=N        of systematic simulations, instead of the limit that each states
//   --record=FILE     appends the operator's requests, for `windlass generate manifests
//   --from-recording`
//   --trace           prints all events
//   --report-dir=PATH where pages of failures go (default: here); a seed that failed is kept there
//   and comes first next time

#include <gtest/gtest.h>

#include <windlass/testing/cluster.hpp>

namespace windlass::inline v0::testing {

using SimulationBody = void (*)(SimulatedCluster& sim);

/// Runs `body` as the flags say; failures become GoogleTest's.
void run_simulation(const char* name, SimulationBody body, const ClusterOptions& options = {});
/// Runs `body` undisturbed, then once for each perturbation of that kind that it offers (at most
/// `limit` of them, spread evenly), and compares the end states.
void run_systematically(const char* name, Perturbation::Kind kind, int limit, SimulationBody body);

/// Takes the flags above out of the command line. False and a sentence on stderr for a wrong one.
bool read_simulation_flags(int& argc, char** argv);

}  // namespace windlass::inline v0::testing

/// A test that is run with many seeds. Its body gets `sim`, a windlass::testing::SimulatedCluster.
#define SIMULATION(Name)                                                                    \
  static void Name##_simulation(::windlass::testing::SimulatedCluster& sim);                \
  TEST(Simulation, Name) { ::windlass::testing::run_simulation(#Name, Name##_simulation); } \
  static void Name##_simulation([[maybe_unused]] ::windlass::testing::SimulatedCluster& sim)

/// A test whose body is run once for each point at which `kind` can be made to happen. Every run
/// has to end in the same state, with each object created and deleted as often.
#define SYSTEMATIC_SIMULATION(Name, kind, limit)                                                  \
  static void Name##_simulation(::windlass::testing::SimulatedCluster& sim);                      \
  TEST(Systematic, Name) {                                                                        \
    ::windlass::testing::run_systematically(#Name, ::windlass::testing::Perturbation::Kind::kind, \
                                            limit, Name##_simulation);                            \
  }                                                                                               \
  static void Name##_simulation([[maybe_unused]] ::windlass::testing::SimulatedCluster& sim)

/// Expects that the simulation came to rest and stayed so, and that the condition, if any, holds.
#define EXPECT_CONVERGED(...)                                                          \
  EXPECT_TRUE(sim.converged()) << "it is not at rest: call sim.run_until_quiet first"; \
  __VA_OPT__(EXPECT_TRUE((__VA_ARGS__)))
