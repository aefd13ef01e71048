// Timer, sleep_for, with_timeout.

#include <gtest/gtest.h>

#include <windlass/base/system_environment.hpp>

#include "../http/test_world.hpp"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using http_test::World;

Task<void> wait_into(Timer& timer, Duration duration, std::vector<std::string>& log) {
  try {
    auto waiting = timer.wait_for(duration);
    const bool expired = co_await std::move(waiting);
    log.push_back(expired ? "expired" : "ended");
  } catch (const Exception& failure) {
    log.push_back(failure.code() == Errc::cancelled ? "cancelled" : "failed");
    throw;
  }
}

struct TimerTest : testing::Test {
  Duration now() const { return world.time.steady_now().time_since_epoch(); }
  World world;
  std::vector<std::string> log;
};

TEST_F(TimerTest, ExpiresAndIsUsedAgain) {
  Timer timer(world.time, world.io());
  for (int i = 1; i <= 3; ++i) {
    world.run(wait_into(timer, 2s, log));
    EXPECT_EQ(now(), i * 2s);
  }
  EXPECT_EQ(log, (std::vector<std::string>{"expired", "expired", "expired"}));
}

TEST_F(TimerTest, CancelEndsTheWaitAndItIsUsedAgain) {
  Timer timer(world.time, world.io());
  TaskGroup tasks(world.io());
  tasks.spawn("wait", wait_into(timer, 10s, log));
  world.settle();
  timer.cancel();
  world.run(tasks.join());
  EXPECT_EQ(now(), 0s);
  world.run(wait_into(timer, 1s, log));
  EXPECT_EQ(now(), 1s);
  EXPECT_EQ(log, (std::vector<std::string>{"ended", "expired"}));
}

TEST_F(TimerTest, CancelAfterExpiryDoesNotSpoilTheNextWait) {
  Timer timer(world.time, world.io());
  world.run(wait_into(timer, 1s, log));
  timer.cancel();
  world.run(wait_into(timer, 1s, log));
  EXPECT_EQ(log, (std::vector<std::string>{"expired", "expired"}));
  EXPECT_EQ(now(), 2s);
}

TEST_F(TimerTest, AnotherWaitReplacesTheFirst) {
  Timer timer(world.time, world.io());
  TaskGroup tasks(world.io());
  tasks.spawn("first", wait_into(timer, 10s, log));
  world.settle();
  tasks.spawn("second", wait_into(timer, 1s, log));
  world.run(tasks.join());
  EXPECT_EQ(log, (std::vector<std::string>{"ended", "expired"}));
  EXPECT_EQ(now(), 1s);
}

TEST_F(TimerTest, CancellationOfTheCoroutineThrows) {
  Timer timer(world.time, world.io());
  TaskGroup tasks(world.io());
  tasks.spawn("wait", wait_into(timer, 10s, log));
  world.settle();
  tasks.cancel();
  world.run(tasks.join());
  EXPECT_EQ(log, std::vector<std::string>{"cancelled"});
}

TEST_F(TimerTest, DestroyingItEndsTheWait) {
  auto timer = std::make_unique<Timer>(world.time, world.io());
  TaskGroup tasks(world.io());
  tasks.spawn("wait", wait_into(*timer, 10s, log));
  world.settle();
  timer.reset();
  world.run(tasks.join());
  EXPECT_EQ(log, std::vector<std::string>{"ended"});
  EXPECT_EQ(now(), 0s);
}

TEST_F(TimerTest, APastTimeExpiresAtOnce) {
  Timer timer(world.time, world.io());
  world.run(wait_into(timer, -5s, log));
  EXPECT_EQ(log, std::vector<std::string>{"expired"});
  EXPECT_EQ(now(), 0s);
}

Task<int> answer_after(Clock& clock, Duration duration) {
  auto pause = sleep_for(clock, duration);
  co_await std::move(pause);
  co_return 42;
}

Task<void> fail_after(Clock& clock, Duration duration) {
  auto pause = sleep_for(clock, duration);
  co_await std::move(pause);
  throw Exception(Errc::unavailable, "inner");
}

TEST_F(TimerTest, WithTimeoutReturnsWhatTheTaskReturns) {
  EXPECT_EQ(world.run(with_timeout(world.time, 2s, "x", answer_after(world.time, 1s))), 42);
  EXPECT_EQ(now(), 1s);
}

TEST_F(TimerTest, WithTimeoutCancelsWhatTakesTooLong) {
  try {
    world.run(with_timeout(world.time, 1500ms, "the answer", answer_after(world.time, 2s)));
    FAIL();
  } catch (const Exception& failure) {
    EXPECT_EQ(failure.code(), Errc::timeout);
    EXPECT_STREQ(failure.what(), "the answer took longer than 1.5s");
  }
  EXPECT_EQ(now(), 1500ms);
}

TEST_F(TimerTest, WithTimeoutPassesFailuresOn) {
  try {
    world.run(with_timeout(world.time, 2s, "x", fail_after(world.time, 1s)));
    FAIL();
  } catch (const Exception& failure) {
    EXPECT_EQ(failure.code(), Errc::unavailable);
  }
}

TEST_F(TimerTest, WithTimeoutIsCancelledFromOutside) {
  std::vector<Errc> codes;
  const auto outer = [](World& w, std::vector<Errc>& out) -> Task<void> {
    try {
      auto timed = with_timeout(w.time, 5s, "x", answer_after(w.time, 10s));
      co_await std::move(timed);
    } catch (...) {
      out.push_back(describe(std::current_exception()).code);
    }
  };
  TaskGroup tasks(world.io());
  tasks.spawn("outer", outer(world, codes));
  world.settle();
  tasks.cancel();
  world.run(tasks.join());
  EXPECT_EQ(codes, std::vector<Errc>{Errc::cancelled});
  EXPECT_EQ(now(), 0s);
}

TEST(SystemClock, SleepsAtLeastAsLongAsAsked) {
  const auto environment = SystemEnvironment::make({.worker_threads = 0, .handle_signals = false});
  const auto main = [](Clock& clock) -> Task<int> {
    const auto before = clock.steady_now();
    const auto boot = clock.boot_now();
    auto pause = sleep_for(clock, 5ms);
    co_await std::move(pause);
    EXPECT_GE(clock.steady_now() - before, 5ms);
    EXPECT_GE(clock.boot_now() - boot, 5ms);
    try {
      auto timed = with_timeout(clock, 2ms, "sleep", sleep_for(clock, 1h));
      co_await std::move(timed);
      ADD_FAILURE();
    } catch (const Exception& failure) {
      EXPECT_EQ(failure.code(), Errc::timeout);
    }
    co_return 3;
  };
  EXPECT_EQ(environment->run([&] { return main(environment->clock()); }), 3);
  // and once more, since a stopped context must run again
  EXPECT_EQ(environment->run([&] { return main(environment->clock()); }), 3);
}

}  // namespace
}  // namespace windlass
