#include <gtest/gtest.h>

#include <windlass/leader_election/leader_elector.hpp>

#include "lease_server.hpp"

namespace windlass::leader_election_test {
namespace {

using leader_election::LeaderElector;
using leader_election::Outcome;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using windlass::testing::SimulatedProcess;
using windlass::testing::Simulation;

Task<void> serve(SimulatedProcess& process, std::shared_ptr<LeaseServer> leases) {
  auto listener = process.network(process.io()).listen(process.io(), {"", 6443});
  if (!listener) throw Exception(listener.error());
  http::Handler handler = [leases](http::Request request, http::Peer, http::Responder& to) {
    return LeaseServer::handle(leases, std::move(request), to);
  };
  http::Server server(process, process.io(), std::move(*listener), std::move(handler));
  auto running = server.run();
  co_await std::move(running);
}

/// Several electors and one server.
struct World {
  explicit World(std::uint64_t seed, std::vector<std::string> names = {"a", "b", "c"})
      : simulation(seed),
        api(simulation.process("api")),
        leases(std::make_shared<LeaseServer>(api.io())) {
    api.start([this](SimulatedProcess& process) { return serve(process, leases); });
    for (const auto& name : names) add(name);
  }

  void add(const std::string& name) {
    SimulatedProcess& process = simulation.process(name);
    replicas.push_back(&process);
    process.start([this](SimulatedProcess& self) { return take_part(self, this); });
  }

  static leader_election::Config config_of(SimulatedProcess& process) {
    leader_election::Config config;
    config.lease_name = "lock";
    config.lease_namespace = "ns";
    config.identity = leader_election::default_identity(process);
    config.user_agent = process.name();
    return config;
  }

  /// The program of a replica: what a manager does about the lease.
  static Task<void> take_part(SimulatedProcess& process, World* world) {
    process.variables()["POD_NAME"] = process.name();
    client::Config server;
    server.server = {"api", 6443};
    auto elector = std::make_shared<LeaderElector>(process, server, config_of(process));
    process.keep(elector);
    world->electors[process.name()] = elector;
    auto running = elector->run();
    const Outcome outcome = co_await std::move(running);
    world->outcomes[process.name()] = outcome;
    if (outcome == Outcome::lost) process.terminate(1);
  }

  [[nodiscard]] std::shared_ptr<LeaderElector> elector(const std::string& name) const {
    const auto found = electors.find(name);
    return found == electors.end() ? nullptr : found->second.lock();
  }
  [[nodiscard]] std::vector<std::string> open_gates() const {
    std::vector<std::string> open;
    for (const auto* process : replicas) {
      const auto who = elector(process->name());
      if (process->alive() && who && who->open_until()) open.push_back(process->name());
    }
    return open;
  }
  [[nodiscard]] std::string leader() const {
    const auto open = open_gates();
    return open.size() == 1 ? open[0] : std::string();
  }
  /// Runs on, and says whether at most one gate was open all the time.
  bool run_safely(Duration duration) {
    const Duration end = simulation.now() + duration;
    const auto unsafe = [&] { return open_gates().size() > 1; };
    return !simulation.run_until(unsafe, end - simulation.now());
  }
  bool wait_for_leader(Duration limit) {
    return simulation.run_until([&] { return !leader().empty(); }, limit);
  }
  bool wait_for_other_leader(const std::string& than, Duration limit) {
    return simulation.run_until([&] { return !leader().empty() && leader() != than; }, limit);
  }

  Simulation simulation;
  SimulatedProcess& api;
  std::shared_ptr<LeaseServer> leases;
  std::vector<SimulatedProcess*> replicas;
  std::map<std::string, std::weak_ptr<LeaderElector>> electors;
  std::map<std::string, Outcome> outcomes;
};

class Electors : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  World world_{GetParam()};
  SimulatedProcess& process(const std::string& name) { return world_.simulation.process(name); }
};
INSTANTIATE_TEST_SUITE_P(Seeds, Electors, ::testing::Range<std::uint64_t>(1, 9));

TEST_P(Electors, OneOfThreeLeads) {
  ASSERT_TRUE(world_.wait_for_leader(seconds(5))) << world_.simulation.log_text();
  const std::string leader = world_.leader();
  ASSERT_TRUE(world_.run_safely(minutes(2))) << world_.simulation.log_text();
  EXPECT_EQ(world_.leader(), leader);
  EXPECT_EQ(world_.leases->holder().substr(0, 2), leader + "_");
  EXPECT_EQ(world_.leases->spec()["leaseTransitions"].integer_or(-1), 0);
  EXPECT_EQ(world_.leases->spec()["leaseDurationSeconds"].integer_or(-1), 15);
  EXPECT_TRUE(world_.simulation.logged("Attempting to acquire lease", leader));
  EXPECT_TRUE(world_.simulation.logged("Lease acquired, this instance is now the leader", leader));
  EXPECT_TRUE(world_.simulation.logged("became leader", leader));
  for (const auto* replica : world_.replicas) {
    const int calls = world_.leases->requests(replica->name());
    EXPECT_LE(calls, 120 / 2 + 8) << replica->name();  // at most one call every 2 s
    if (replica->name() == leader) continue;
    EXPECT_TRUE(world_.simulation.logged("Lease already held by " + leader, replica->name()));
  }
}

TEST_P(Electors, ACrashIsTakenOverWithinTheLeaseAndThreeSeconds) {
  ASSERT_TRUE(world_.wait_for_leader(seconds(5)));
  world_.simulation.run_for(seconds(30));
  const std::string first = world_.leader();
  process(first).crash();
  EXPECT_TRUE(world_.wait_for_other_leader(first, seconds(18))) << world_.simulation.log_text();
  EXPECT_EQ(world_.leases->spec()["leaseTransitions"].integer_or(-1), 1);
  EXPECT_TRUE(world_.run_safely(minutes(1)));
}

TEST_P(Electors, StoppingHandsOverAtOnce) {
  ASSERT_TRUE(world_.wait_for_leader(seconds(5)));
  world_.simulation.run_for(seconds(20));
  const std::string first = world_.leader();
  world_.elector(first)->stop();
  EXPECT_TRUE(world_.wait_for_other_leader(first, milliseconds(500)))
      << world_.simulation.log_text();
  ASSERT_TRUE(world_.run_safely(seconds(30)));
  EXPECT_EQ(world_.outcomes.at(first), Outcome::stopped);
  EXPECT_TRUE(world_.simulation.logged("Lease released", first));
  EXPECT_TRUE(world_.simulation.logged("Handed over to the new leader", first))
      << world_.simulation.log_text();
  EXPECT_EQ(world_.leases->spec()["leaseTransitions"].integer_or(-1), 1);
}

TEST_P(Electors, APartitionedLeaderStopsBeforeTheNextOneStarts) {
  ASSERT_TRUE(world_.wait_for_leader(seconds(5)));
  world_.simulation.run_for(seconds(20));
  const std::string first = world_.leader();
  world_.simulation.partition(process(first), world_.api);
  ASSERT_TRUE(world_.run_safely(seconds(25))) << world_.simulation.log_text();
  EXPECT_FALSE(process(first).alive());
  EXPECT_EQ(process(first).exit_code(), 1);
  EXPECT_TRUE(world_.simulation.logged("Leadership lost! Stopping all operators...", first));
  EXPECT_NE(world_.leader(), "");
  EXPECT_NE(world_.leader(), first);
}

TEST_P(Electors, APausedLeaderWakesUpWithAClosedGate) {
  ASSERT_TRUE(world_.wait_for_leader(seconds(5)));
  world_.simulation.run_for(seconds(20));
  const std::string first = world_.leader();
  if (GetParam() % 2 == 0) {
    process(first).pause(seconds(40));
  } else {
    process(first).suspend(seconds(40));
  }
  ASSERT_TRUE(world_.run_safely(minutes(2))) << world_.simulation.log_text();
  EXPECT_EQ(world_.outcomes.at(first), Outcome::lost);
  EXPECT_NE(world_.leader(), first);
  EXPECT_NE(world_.leader(), "");
}

TEST_P(Electors, AShortOutageOfTheServerCostsNobodyTheLease) {
  ASSERT_TRUE(world_.wait_for_leader(seconds(5)));
  world_.simulation.run_for(seconds(20));
  const std::string first = world_.leader();
  world_.simulation.refuse(world_.api);
  for (auto* replica : world_.replicas) world_.simulation.cut(*replica, world_.api);
  ASSERT_TRUE(world_.run_safely(seconds(6)));
  world_.simulation.refuse(world_.api, false);
  ASSERT_TRUE(world_.run_safely(minutes(1)));
  EXPECT_EQ(world_.leader(), first) << world_.simulation.log_text();
  EXPECT_EQ(world_.leases->spec()["leaseTransitions"].integer_or(-1), 0);
}

TEST_P(Electors, TheLeaderMakesADeletedLeaseAgain) {
  ASSERT_TRUE(world_.wait_for_leader(seconds(5)));
  world_.simulation.run_for(seconds(20));
  const std::string first = world_.leader();
  world_.leases->remove();
  ASSERT_TRUE(world_.run_safely(minutes(1))) << world_.simulation.log_text();
  EXPECT_EQ(world_.leader(), first);
}

TEST_P(Electors, AStopAfterTheLeaseWasLostDoesNotWipeTheNextLeadersLease) {
  ASSERT_TRUE(world_.wait_for_leader(seconds(5)));
  world_.simulation.run_for(seconds(20));
  const std::string first = world_.leader();
  world_.simulation.partition(process(first), world_.api);
  world_.simulation.run_for(seconds(9));
  world_.elector(first)->stop();
  process(first).pause(seconds(30));
  world_.simulation.run_for(seconds(20));
  world_.simulation.heal();
  ASSERT_TRUE(world_.run_safely(minutes(1))) << world_.simulation.log_text();
  EXPECT_NE(world_.leader(), "");
  EXPECT_EQ(world_.leases->holder().substr(0, 2), world_.leader() + "_");
  EXPECT_EQ(world_.leases->spec()["leaseTransitions"].integer_or(-1), 1);
}

TEST_P(Electors, WithoutTheRightToWatchTheyPoll) {
  World world(GetParam(), {});
  world.leases->forbid_watch();
  world.add("a");
  world.add("b");
  ASSERT_TRUE(world.wait_for_leader(seconds(5)));
  world.simulation.run_for(seconds(10));
  const std::string first = world.leader();
  world.elector(first)->stop();
  EXPECT_TRUE(world.wait_for_other_leader(first, seconds(5))) << world.simulation.log_text();
  EXPECT_TRUE(world.simulation.logged("allow the verb watch on leases"));
}

TEST_P(Electors, NeverTwoGatesUnderFaultsAndALeaderAfterThem) {
  Simulation& simulation = world_.simulation;
  for (int round = 0; round < 25; ++round) {
    auto& replica = *world_.replicas[static_cast<std::size_t>(simulation.random().between(0, 2))];
    const Duration length = milliseconds(simulation.random().between(100, 25'000));
    switch (simulation.random().between(0, 6)) {
      case 0:
        simulation.partition(replica, world_.api);
        break;
      case 1:
        simulation.block(world_.api, replica);
        break;
      case 2:
        replica.pause(length);
        break;
      case 3:
        replica.suspend(length);
        break;
      case 4:
        replica.crash();
        break;
      case 5:
        simulation.cut(replica, world_.api);
        break;
      default:
        replica.set_clock_rate(simulation.random().uniform() < 0.5 ? 0.9 : 1.1);
    }
    ASSERT_TRUE(world_.run_safely(length)) << round << "\n" << simulation.log_text();
    if (simulation.random().between(0, 1) == 0) simulation.heal();
    for (auto* each : world_.replicas) {
      if (!each->alive()) each->restart();
    }
  }
  simulation.heal();
  for (auto* each : world_.replicas) {
    each->resume();
    if (!each->alive()) each->restart();
  }
  ASSERT_TRUE(world_.run_safely(seconds(90))) << simulation.log_text();
  EXPECT_NE(world_.leader(), "") << simulation.log_text();
}

// The watchdog
// ---------------------------------------------------------------------------------------

Task<void> ignore_loss(SimulatedProcess& process) {
  client::Config server;
  server.server = {"api", 6443};
  auto elector = std::make_shared<LeaderElector>(process, server, World::config_of(process));
  process.keep(elector);
  elector->start_watchdog();
  auto running = elector->run();
  co_await std::move(running);
  auto working_on = sleep_for(process.clock(), minutes(10));
  co_await std::move(working_on);
}

TEST(Watchdog, EndsAProcessThatOutlivesItsLease) {
  World world(1, {});
  auto& process = world.simulation.process("stubborn");
  process.start(ignore_loss);
  world.simulation.run_for(seconds(20));
  ASSERT_TRUE(process.alive()) << world.simulation.log_text();
  world.simulation.partition(process, world.api);
  world.simulation.run_for(milliseconds(12'100));
  EXPECT_FALSE(process.alive()) << world.simulation.log_text();
  EXPECT_EQ(process.exit_code(), kWatchdogExitCode);
}

TEST(Watchdog, EndsAStuckProcessBeforeAnybodyElseLeads) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    World world(seed, {"standby"});
    auto& standby = world.simulation.process("standby");
    ASSERT_TRUE(world.wait_for_leader(seconds(5)));
    auto& process = world.simulation.process("stubborn");
    process.start(ignore_loss);
    standby.crash();
    ASSERT_TRUE(world.simulation.run_until(
        [&] { return world.simulation.logged("became leader", "stubborn"); }, seconds(30)));
    standby.restart();
    world.simulation.run_for(milliseconds(seed * 700));
    process.stall(minutes(5));
    ASSERT_TRUE(world.simulation.run_until([&] { return !process.alive(); }, seconds(14)));
    EXPECT_EQ(process.exit_code(), kWatchdogExitCode);
    EXPECT_EQ(world.leader(), "");
    EXPECT_TRUE(world.wait_for_leader(seconds(10))) << world.simulation.log_text();
  }
}

// Configuration
// --------------------------------------------------------------------------------------

TEST(Elector, RefusesBrokenConfigurations) {
  Simulation simulation(1);
  auto& process = simulation.process("a");
  auto config = World::config_of(process);
  config.timing.renew_deadline = seconds(20);
  EXPECT_THROW(LeaderElector(process, {}, config), Exception);
  config = World::config_of(process);
  config.lease_namespace.clear();
  EXPECT_THROW(LeaderElector(process, {}, config), Exception);
}

TEST(Elector, IsNamedAfterItsPod) {
  Simulation simulation(1);
  auto& process = simulation.process("a");
  process.variables()["POD_NAME"] = "operator-6c9-x2";
  const auto identity = leader_election::default_identity(process);
  EXPECT_EQ(identity.substr(0, 16), "operator-6c9-x2_");
  EXPECT_EQ(identity.size(), 16u + 36u);
  EXPECT_NE(identity, leader_election::default_identity(process));
}

}  // namespace
}  // namespace windlass::leader_election_test
