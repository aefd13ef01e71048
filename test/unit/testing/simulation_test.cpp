#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <windlass/testing/simulation.hpp>

namespace windlass {
namespace {

using namespace std::chrono_literals;
using testing::SimulatedProcess;
using testing::Simulation;
using testing::SimulationError;
using testing::SimulationOptions;

/// Counts its living instances.
struct Alive {
  explicit Alive(int* c) : count(c) { ++*count; }
  Alive(const Alive& other) : count(other.count) { ++*count; }
  ~Alive() { --*count; }
  int* count;
};

Task<void> sleep_in(SimulatedProcess* process, Duration duration) {
  co_await sleep_for(process->clock(), duration);
}

TEST(Simulation, MovesVirtualTimeToTheNextTimer) {
  Simulation sim(1);
  auto& process = sim.process("a");
  const auto before = process.clock().steady_now();
  sim.run(process, sleep_in(&process, 10min));
  EXPECT_EQ(process.clock().steady_now() - before, 10min);
  EXPECT_EQ(sim.now(), 10min);
  EXPECT_EQ(sim.wall_now(), process.clock().wall_now());
}

TEST(Simulation, ReturnsTheResultOfATaskAndRethrowsItsException) {
  Simulation sim(1);
  auto& process = sim.process("a");
  const auto number = [](SimulatedProcess* p) -> Task<int> {
    co_await sleep_for(p->clock(), 1s);
    co_return 42;
  };
  EXPECT_EQ(sim.run(process, number(&process)), 42);
  const auto failing = []() -> Task<void> {
    co_await yield();
    throw Exception(Errc::io, "broken");
  };
  EXPECT_THROW(sim.run(process, failing()), Exception);
}

TEST(Simulation, SaysThatATaskWaitsForEver) {
  Simulation sim(7);
  auto& process = sim.process("a");
  const auto forever = [](SimulatedProcess* p) -> Task<void> {
    Event never(p->io());
    co_await never.wait();
  };
  try {
    sim.run(process, forever(&process));
    FAIL() << "it ended";
  } catch (const SimulationError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("deadlock"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("a: waits without a timer"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("seed 7"));
  }
}

TEST(Simulation, SaysThatATaskTookTooLong) {
  Simulation sim(1);
  auto& process = sim.process("a");
  EXPECT_THROW(sim.run(process, sleep_in(&process, 2h), 1h), SimulationError);
  EXPECT_EQ(sim.now(), 1h);
}

TEST(Simulation, FindsABusyLoop) {
  Simulation sim(SimulationOptions{.max_steps_per_instant = 1000});
  auto& process = sim.process("a");
  const auto spin = []() -> Task<void> {
    for (;;) co_await yield();
  };
  sim.spawn(process, spin());
  EXPECT_THROW(sim.run_for(1s), SimulationError);
}

TEST(Simulation, FailsTheRunWhenABackgroundTaskFails) {
  Simulation sim(1);
  auto& process = sim.process("a");
  const auto failing = [](SimulatedProcess* p) -> Task<void> {
    co_await sleep_for(p->clock(), 5s);
    throw std::logic_error("oh no");
  };
  sim.spawn(process, failing(&process), "worker");
  try {
    sim.run_for(1min);
    FAIL() << "it went on";
  } catch (const SimulationError& error) {
    EXPECT_THAT(error.what(),
                ::testing::HasSubstr("\"worker\" in process \"a\" failed: oh no (at 5s"));
  }
}

TEST(Simulation, RunUntilSaysWhetherTheConditionHolds) {
  Simulation sim(1);
  auto& process = sim.process("a");
  bool done = false;
  const auto later = [](SimulatedProcess* p, bool* flag) -> Task<void> {
    co_await sleep_for(p->clock(), 30s);
    *flag = true;
  };
  sim.spawn(process, later(&process, &done));
  EXPECT_FALSE(sim.run_until([&] { return done; }, 29s));
  EXPECT_EQ(sim.now(), 29s);
  EXPECT_TRUE(sim.run_until([&] { return done; }, 29s));
  EXPECT_EQ(sim.now(), 30s);
}

Task<void> chatter(SimulatedProcess& process) {
  for (int n = 0; n < 50; ++n) {
    const auto pause = std::chrono::milliseconds(process.random().between(0, 3));
    co_await sleep_for(process.clock(), pause);
    process.log().info("turn", {{"n", n}, {"id", process.random().uuid()}});
  }
}

std::uint64_t trace_of(std::uint64_t seed, std::string* log) {
  Simulation sim(seed);
  for (const char* name : {"a", "b", "c", "d"}) sim.process(name).start(chatter);
  sim.run_for(1s);
  *log = sim.log_text();
  return sim.trace_hash();
}

TEST(Simulation, SameSeedSameRun) {
  std::string first, second, other;
  const auto hash = trace_of(11, &first);
  EXPECT_EQ(hash, trace_of(11, &second));
  EXPECT_EQ(first, second);
  EXPECT_NE(hash, trace_of(12, &other));
  EXPECT_NE(first, other);
  EXPECT_THAT(first, ::testing::HasSubstr("info turn n=49 id="));
}

TEST(Simulation, CrashDestroysFramesKeptObjectsAndEffects) {
  Simulation sim(1);
  auto& process = sim.process("a");
  int alive = 0;
  const auto hold = [](SimulatedProcess* p, Alive) -> Task<void> {
    for (;;) {
      co_await sleep_for(p->clock(), 1s);
      p->log().info("tick");
    }
  };
  for (int n = 0; n < 10; ++n) sim.spawn(process, hold(&process, Alive(&alive)));
  process.keep(std::make_shared<Alive>(&alive));
  sim.run_for(5500ms);
  EXPECT_EQ(sim.log().size(), 50u);
  EXPECT_EQ(alive, 11);
  process.crash();
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(process.alive());
  EXPECT_EQ(process.exit_code(), 137);
  sim.run_for(5s);
  EXPECT_EQ(sim.log().size(), 50u);
  EXPECT_THROW(sim.spawn(process, sleep_in(&process, 1s)), SimulationError);
}

TEST(Simulation, KeptObjectsMayHoldTimersAndTaskGroups) {
  Simulation sim(1);
  auto& process = sim.process("a");
  struct Component {
    explicit Component(SimulatedProcess& p) : process(p), group(p.io()), event(p.io()) {}
    SimulatedProcess& process;
    TaskGroup group;
    Event event;
  };
  auto component = std::make_shared<Component>(process);
  const auto wait = [](Component* c) -> Task<void> { co_await c->event.wait(); };
  component->group.spawn("waits", wait(component.get()));
  const std::weak_ptr<Component> weak = component;
  process.keep(std::move(component));
  sim.run_for(1s);
  process.crash();
  EXPECT_TRUE(weak.expired());
}

TEST(Simulation, TerminateRecordsTheCodeAndRunsNothingMore) {
  Simulation sim(1);
  auto& process = sim.process("a");
  int alive = 0;
  const auto ends = [](SimulatedProcess* p, Alive) -> Task<void> {
    co_await sleep_for(p->clock(), 1s);
    p->terminate(3);
  };
  const auto swallows = [](Task<void> inner, SimulatedProcess* p) -> Task<void> {
    try {
      co_await std::move(inner);
    } catch (...) {
    }
    p->log().error("still running");
    co_await sleep_for(p->clock(), 1s);
    p->log().error("still running later");
  };
  auto owned = std::make_shared<TaskGroup>(process.io());  // it answers failures by std::terminate
  auto* const group = owned.get();
  process.keep(std::move(owned));
  group->spawn("swallows", swallows(ends(&process, Alive(&alive)), &process));
  group->spawn("ends", ends(&process, Alive(&alive)));
  sim.run_for(1min);
  EXPECT_FALSE(process.alive());
  EXPECT_EQ(process.exit_code(), 3);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(sim.log_text(), "");
}

TEST(Simulation, RunFailsWhenItsProcessDies) {
  Simulation sim(1);
  auto& process = sim.process("a");
  sim.after(3s, [&] { process.crash(); });
  EXPECT_THROW(sim.run(process, sleep_in(&process, 1min)), SimulationError);
  EXPECT_EQ(sim.now(), 3s);
}

TEST(Simulation, RestartRunsTheProgramAgainWithTheSameFiles) {
  Simulation sim(1);
  auto& process = sim.process("a");
  process.files()["/etc/motd"] = "hello";
  process.variables()["POD_NAME"] = "a-0";
  process.start([](SimulatedProcess& self) -> Task<void> {
    self.log().info(*self.read_file("/etc/motd"), {{"pod", *self.variable("POD_NAME")}});
    for (;;) co_await sleep_for(self.clock(), 1s);
  });
  sim.run_for(1s);
  process.restart();
  EXPECT_TRUE(process.alive());
  sim.run_for(1s);
  EXPECT_EQ(sim.log_text(), "0s a info hello pod=a-0\n1s a info hello pod=a-0\n");
  EXPECT_EQ(process.read_file("/none").error().code, Errc::not_found);
  EXPECT_FALSE(process.variable("NONE").has_value());
}

TEST(Simulation, AProcessMayCrashOrRestartItself) {
  Simulation sim(1);
  auto& process = sim.process("a");
  process.start([](SimulatedProcess& self) -> Task<void> {
    self.log().info("start");
    co_await sleep_for(self.clock(), 1s);
    self.restart();
    co_await sleep_for(self.clock(), 0s);
    self.log().info("unreachable");
  });
  sim.run_for(2500ms);
  EXPECT_EQ(sim.log().size(), 3u);
  EXPECT_FALSE(sim.logged("unreachable"));
}

TEST(Simulation, PauseStopsAProcessWhileItsClocksGoOn) {
  Simulation sim(1);
  auto& process = sim.process("a");
  process.start([](SimulatedProcess& self) -> Task<void> {
    for (;;) {
      co_await sleep_for(self.clock(), 1s);
      self.log().info("tick");
    }
  });
  sim.run_for(1500ms);
  process.pause(10s);
  EXPECT_TRUE(process.paused());
  sim.run_for(9900ms);
  EXPECT_EQ(sim.log().size(), 1u);
  sim.run_for(200ms);
  EXPECT_FALSE(process.paused());
  ASSERT_EQ(sim.log().size(), 2u);
  EXPECT_EQ(sim.log().back().at, 11500ms);
}

TEST(Simulation, SuspensionStopsTheSteadyClockButNotTheBootClock) {
  Simulation sim(1);
  auto& process = sim.process("a");
  auto& clock = process.clock();
  const auto steady = clock.steady_now();
  const auto boot = clock.boot_now();
  const auto wall = clock.wall_now();
  process.suspend(10s);
  sim.run_for(15s);
  EXPECT_EQ(clock.steady_now() - steady, 5s);
  EXPECT_EQ(clock.boot_now() - boot, 15s);
  EXPECT_EQ(clock.wall_now() - wall, 15s);
  process.suspend(10s);
  sim.run_for(4s);
  process.resume();
  EXPECT_EQ(clock.steady_now() - steady, 5s);
  sim.run(process, sleep_in(&process, 1s));
  EXPECT_EQ(sim.now(), 20s);
}

TEST(Simulation, ClocksCanRunFastAndBeOff) {
  Simulation sim(1);
  auto& fast = sim.process("fast");
  auto& slow = sim.process("slow");
  fast.set_clock_rate(2);
  slow.set_clock_rate(0.9);
  slow.set_wall_offset(-1h);
  sim.run(fast, sleep_in(&fast, 10s));
  EXPECT_EQ(sim.now(), 5s);
  sim.run(slow, sleep_in(&slow, 9s));
  EXPECT_NEAR(std::chrono::duration<double>(sim.now()).count(), 15.0, 1e-6);
  EXPECT_LT(slow.clock().wall_now(), sim.wall_now() - 1h);
}

TEST(Simulation, DeliversSignals) {
  Simulation sim(1);
  auto& process = sim.process("a");
  process.start([](SimulatedProcess& self) -> Task<void> {
    const int number = co_await self.next_signal();
    self.log().info("signal", {{"number", number}});
    co_await sleep_for(self.clock(), 1min);
    self.terminate(0);
  });
  sim.run_for(1s);
  process.send_signal(SIGTERM);
  sim.run_for(1s);
  EXPECT_TRUE(sim.logged("signal number=15", "a"));
  process.send_signal(SIGTERM);
  EXPECT_EQ(process.exit_code(), 1);
  process.restart();
  sim.run_for(1s);
  process.send_signal(SIGINT);
  sim.run_for(2min);
  EXPECT_EQ(process.exit_code(), 0);
}

TEST(Simulation, BlockingRunsTheModelOrTheWork) {
  Simulation sim(1);
  auto& process = sim.process("a");
  int ran = 0;
  const auto call = [](SimulatedProcess* p, std::string name, int* count) -> Task<void> {
    co_await p->blocking(std::move(name), [count] { ++*count; });
  };
  sim.run(process, call(&process, "pg_dump", &ran));
  EXPECT_EQ(ran, 1);
  sim.set_blocking_model("pg_dump", [](Environment& e, std::function<void()>) -> Task<void> {
    co_await sleep_for(e.clock(), 20s);
  });
  sim.run(process, call(&process, "pg_dump", &ran));
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(sim.now(), 20s);

  Simulation strict(SimulationOptions{.strict_blocking = true});
  EXPECT_THROW(strict.run(strict.process("a"), call(&strict.process("a"), "pg_dump", &ran)),
               Exception);
}

TEST(Simulation, SecretsAndRandomnessComeFromTheSeed) {
  Simulation one(1), again(1), two(2);
  const auto secret = one.process("a").secret_bytes(32);
  EXPECT_EQ(secret.size(), 32u);
  EXPECT_EQ(again.process("a").secret_bytes(32), secret);
  EXPECT_NE(again.process("b").secret_bytes(32), secret);
  EXPECT_NE(two.process("a").secret_bytes(32), secret);
  EXPECT_EQ(again.process("a").random().next(), one.process("a").random().next());
}

TEST(Simulation, CancelledSleepsLeaveNoTimerBehind) {
  Simulation sim(1);
  auto& process = sim.process("a");
  const auto limited = [](SimulatedProcess* p) -> Task<void> {
    co_await with_timeout<void>(p->clock(), 5s, "the nap", sleep_in(p, 1h));
  };
  EXPECT_THROW(sim.run(process, limited(&process)), Exception);
  EXPECT_EQ(sim.now(), 5s);
  EXPECT_THROW(sim.run(process,
                       [](SimulatedProcess* p) -> Task<void> {
                         Event never(p->io());
                         co_await never.wait();
                       }(&process)),
               SimulationError);  // a deadlock at once: the hour's timer is gone
  EXPECT_EQ(sim.now(), 5s);
}

Task<void> watched(SimulatedProcess& process, Duration allowed) {
  const std::shared_ptr<Watchdog> watchdog = process.make_watchdog("last words");
  process.keep(watchdog);
  for (;;) {
    watchdog->end_at(process.clock().boot_now() + allowed);
    co_await sleep_for(process.clock(), 1s);
  }
}

TEST(Watchdog, EndsAProcessWhoseExecutorIsStuck) {
  Simulation sim(3);
  auto& process = sim.process("a");
  process.start([](SimulatedProcess& self) { return watched(self, 5s); });
  sim.run_for(30s);
  ASSERT_TRUE(process.alive());
  process.stall(4s);
  sim.run_for(30s);
  ASSERT_TRUE(process.alive());
  process.stall(1min);
  sim.run_for(3900ms);
  EXPECT_TRUE(process.alive());
  sim.run_for(1100ms);
  EXPECT_EQ(process.exit_code(), kWatchdogExitCode);
  EXPECT_TRUE(sim.logged("last words"));
}

TEST(Watchdog, CountsByTheBootClockOfItsProcess) {
  Simulation sim(3);
  auto& process = sim.process("a");
  process.set_clock_rate(0.5);
  process.start([](SimulatedProcess& self) { return watched(self, 5s); });
  sim.run_for(1s);
  process.stall(1min);
  sim.run_for(7900ms);
  EXPECT_TRUE(process.alive());
  sim.run_for(2100ms);
  EXPECT_EQ(process.exit_code(), kWatchdogExitCode);
}

TEST(Watchdog, RacesWithTheExecutorAfterAPause) {
  int ended = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Simulation sim(seed);
    auto& process = sim.process("a");
    process.start([](SimulatedProcess& self) { return watched(self, 5s); });
    sim.run_for(1s);
    seed % 2 == 0 ? process.pause(1min) : process.suspend(1min);
    sim.run_for(59s);
    EXPECT_TRUE(process.alive()) << "it stands still, with all its threads";
    sim.run_for(5s);
    ended += process.alive() ? 0 : 1;
  }
  EXPECT_GT(ended, 2);
  EXPECT_LT(ended, 18);
}

TEST(Watchdog, DiesWithItsProcess) {
  Simulation sim(3);
  auto& process = sim.process("a");
  process.start([](SimulatedProcess& self) { return watched(self, 5s); });
  sim.run_for(1s);
  process.restart();
  sim.run_for(1min);
  EXPECT_TRUE(process.alive());
}

}  // namespace
}  // namespace windlass
