#include <gtest/gtest.h>

#include <windlass/testing/local_cluster.hpp>
#include <windlass/testing/simulation.hpp>

namespace windlass::testing {
namespace {

Task<std::vector<std::string>> claim_twice(SimulatedProcess* machine) {
  std::vector<std::string> seen;
  auto first = claim_addresses(*machine, machine->io()).value();
  seen.push_back(first.pods + " " + first.services);
  {
    const auto second = claim_addresses(*machine, machine->io()).value();
    seen.push_back(second.pods + " " + second.services);
  }
  const auto third = claim_addresses(*machine, machine->io()).value();
  seen.push_back(third.pods + " " + third.services);
  first.claim.reset();
  const auto fourth = claim_addresses(*machine, machine->io()).value();
  seen.push_back(fourth.pods + " " + fourth.services);
  co_return seen;
}

TEST(ClaimAddresses, ClustersOfOneMachineGetRangesOfTheirOwn) {
  Simulation sim(1);
  auto& machine = sim.process("machine");
  const auto seen = sim.run(machine, claim_twice(&machine));
  EXPECT_EQ(seen, (std::vector<std::string>{"127.64 127.96.0.0", "127.65 127.97.0.0",
                                            "127.65 127.97.0.0", "127.64 127.96.0.0"}));
}

Task<std::string> claim_too_many(SimulatedProcess* machine) {
  std::vector<AddressRange> ranges;
  for (int i = 0; i < 32; ++i) ranges.push_back(claim_addresses(*machine, machine->io()).value());
  const auto last = claim_addresses(*machine, machine->io());
  co_return last ? "given: " + last->pods : last.error().message;
}

TEST(ClaimAddresses, SaysWhenAllAreTaken) {
  Simulation sim(1);
  auto& machine = sim.process("machine");
  EXPECT_EQ(sim.run(machine, claim_too_many(&machine)),
            "every range of loopback addresses is taken: no more than 32 clusters run on one "
            "machine, and nothing else may listen on port 27964 of all addresses");
}

}  // namespace
}  // namespace windlass::testing
