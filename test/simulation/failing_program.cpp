// What `windlass simulate` runs in simulate.sh: it fails when the seed is the one in the
// environment, where a user's own code would.

#include <cstdlib>

#include <windlass/testing/simulation_test.hpp>

namespace windlass::testing {
namespace {

SIMULATION(FailsWhereItIsTold) {
  sim.run_for(std::chrono::seconds(1));
  const char* seed = std::getenv("FAILING_SEED");
  EXPECT_NE(std::to_string(sim.seed()), seed != nullptr ? seed : "");
}

}  // namespace
}  // namespace windlass::testing
