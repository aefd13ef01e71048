// The watchdog of the real environment, in processes of their own.

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include <windlass/base/system_environment.hpp>

namespace windlass {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<SystemEnvironment> one_thread() {
  return SystemEnvironment::make({.worker_threads = 0, .lease_thread = false});
}

/// The one thread of all executors never comes back.
Task<int> blocked_for_ever() {
  for (;;) ::pause();
  co_return 0;
}

Task<int> put_off(SystemEnvironment& env, Watchdog& watchdog) {
  const auto begin = env.clock().steady_now();
  while (env.clock().steady_now() - begin < 400ms) {
    watchdog.end_at(env.clock().boot_now() + 200ms);
    auto sleeping = sleep_for(env.clock(), 20ms);
    co_await std::move(sleeping);
  }
  watchdog.end_at(BootTime::max());
  auto sleeping = sleep_for(env.clock(), 300ms);
  co_await std::move(sleeping);
  co_return 17;
}

struct WatchdogDeathTest : testing::Test {
  WatchdogDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(WatchdogDeathTest, EndsAProcessWhoseOnlyExecutorIsStuck) {
  EXPECT_EXIT(
      {
        const auto env = one_thread();
        const auto watchdog = env->make_watchdog("the watchdog's last words");
        watchdog->end_at(env->clock().boot_now() + 200ms);
        env->run([] { return blocked_for_ever(); });
      },
      testing::ExitedWithCode(kWatchdogExitCode), "the watchdog's last words\n");
}

TEST_F(WatchdogDeathTest, EndsItAlsoWhenNobodyReadsItsStandardError) {
  EXPECT_EXIT(
      {
        int ends[2];
        if (::pipe(ends) != 0) ::_exit(1);
        const std::string filling(1 << 20, 'x');
        const auto env = one_thread();
        const auto watchdog = env->make_watchdog("the watchdog's last words");
        watchdog->end_at(env->clock().boot_now() + 200ms);
        ::dup2(ends[1], STDERR_FILENO);
        env->run([&]() -> Task<int> {
          // blocks: the pipe is full
          const auto written = ::write(STDERR_FILENO, filling.data(), filling.size());
          co_return static_cast<int>(written);
        });
      },
      testing::ExitedWithCode(kWatchdogExitCode), "");
}

TEST_F(WatchdogDeathTest, IsPutOffAndCalledOff) {
  EXPECT_EXIT(
      {
        const auto env = one_thread();
        const auto watchdog = env->make_watchdog("the watchdog's last words");
        ::_exit(env->run([&] { return put_off(*env, *watchdog); }));
      },
      testing::ExitedWithCode(17), "");
}

TEST_F(WatchdogDeathTest, GoesWithItsObject) {
  EXPECT_EXIT(
      {
        const auto env = one_thread();
        auto watchdog = env->make_watchdog("the watchdog's last words");
        watchdog->end_at(env->clock().boot_now() + 100ms);
        watchdog.reset();
        ::_exit(env->run([&]() -> Task<int> {
          auto sleeping = sleep_for(env->clock(), 300ms);
          co_await std::move(sleeping);
          co_return 17;
        }));
      },
      testing::ExitedWithCode(17), "");
}

}  // namespace
}  // namespace windlass
