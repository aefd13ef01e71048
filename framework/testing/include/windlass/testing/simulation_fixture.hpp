#pragma once
// For GoogleTest: a simulation per test that prints its seed and log when the test fails.
//
//   class OperatorTest : public windlass::testing::SimulationFixture {};
//   TEST_P(OperatorTest, Converges) { auto& server = sim.process("server"); ... }
//   INSTANTIATE_TEST_SUITE_P(Seeds, OperatorTest, windlass::testing::seeds(20));

#include <iostream>

#include <gtest/gtest.h>

#include <windlass/testing/simulation.hpp>

namespace windlass::inline v0::testing {

/// Seeds 1 to `count`.
inline auto seeds(std::uint64_t count) { return ::testing::Range<std::uint64_t>(1, count + 1); }

class SimulationFixture : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  explicit SimulationFixture(SimulationOptions options = {}) : sim(with_seed(options)) {}

  void TearDown() override {
    if (!HasFailure()) return;
    std::cerr << "Seed " << sim.seed() << ", " << format_duration(sim.now())
              << " of virtual time. The log:\n"
              << sim.log_text();
  }

 private:
  static SimulationOptions with_seed(SimulationOptions options) {
    options.seed = GetParam();
    return options;
  }

 protected:
  Simulation sim;
};

}  // namespace windlass::inline v0::testing
