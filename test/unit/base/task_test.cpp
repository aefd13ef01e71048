// TaskGroup, Event, run_on.

#include <thread>

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <windlass/base/system_environment.hpp>

#include "../http/test_world.hpp"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using http_test::World;

Task<void> wait_for(Event& event) {
  auto waiting = event.wait();
  co_await std::move(waiting);
}

Task<void> wait_and_count(Event& event, int& woken) {
  auto waiting = event.wait();
  co_await std::move(waiting);
  ++woken;
}

Task<void> count_cancellation(Event& event, int& cancelled) {
  try {
    auto waiting = event.wait();
    co_await std::move(waiting);
  } catch (const Exception& failure) {
    if (failure.code() == Errc::cancelled) ++cancelled;
    throw;
  }
}

Task<void> fail_with(std::string text) {
  auto turn = yield();
  co_await std::move(turn);
  throw std::runtime_error(text);
}

Task<void> add_one(int& count) {
  ++count;
  co_return;
}

struct TaskTest : testing::Test {
  World world;
};

/// A task that owns tasks, which take a while to end once they are cancelled.
Task<void> slow_to_end(World& world, int& ended) {
  std::exception_ptr cancelled;
  try {
    auto pause = sleep_for(world.time, 1h);
    co_await std::move(pause);
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await ignore_cancellation();
  auto pause = sleep_for(world.time, 3s);
  co_await std::move(pause);
  ++ended;
  std::rethrow_exception(cancelled);
}

Task<void> owner_of_tasks(World& world, int& ended) {
  TaskGroup inner(world.io());
  inner.spawn("one", slow_to_end(world, ended));
  inner.spawn("two", slow_to_end(world, ended));
  std::exception_ptr cancelled;
  try {
    auto joining = inner.join();
    co_await std::move(joining);
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await ignore_cancellation();
  auto stopping = inner.stop();
  co_await std::move(stopping);
  std::rethrow_exception(cancelled);
}

Task<void> start_and_stop(World& world, int& ended) {
  TaskGroup outer(world.io());
  outer.spawn("owner", owner_of_tasks(world, ended));
  auto pause = sleep_for(world.time, 1s);
  co_await std::move(pause);
  auto stopping = outer.stop();
  co_await std::move(stopping);
}

TEST_F(TaskTest, StopWaitsForTheTasksOfTasks) {
  int ended = 0;
  world.run(start_and_stop(world, ended));
  EXPECT_EQ(ended, 2) << "tasks outlived the group that owns them";
}

/// Stops tasks that take 3 s to end; notes when it had waited for them, and whether it threw.
Task<void> stop_slowly(World& world, int& ended, std::string& outcome) {
  TaskGroup inner(world.io());
  inner.spawn("one", slow_to_end(world, ended));
  auto pause = sleep_for(world.time, 1s);
  co_await std::move(pause);
  try {
    auto stopping = inner.stop();
    co_await std::move(stopping);
    outcome = "returned";
  } catch (const Exception& failure) {
    outcome = failure.code() == Errc::cancelled ? "cancelled" : "failed";
  }
}

Task<void> cancel_a_stop(World& world, int& ended, std::string& outcome) {
  TaskGroup outer(world.io());
  outer.spawn("stopper", stop_slowly(world, ended, outcome));
  auto pause = sleep_for(world.time, 2s);
  co_await std::move(pause);
  auto stopping = outer.stop();
  co_await std::move(stopping);
}

TEST_F(TaskTest, StopThatIsCancelledWaitsAllTheSameAndTellsAfterwards) {
  int ended = 0;
  std::string outcome;
  world.run(cancel_a_stop(world, ended, outcome));
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(outcome, "cancelled");
}

TEST_F(TaskTest, JoinReturnsAtOnceWhenNothingRuns) {
  TaskGroup group(world.io());
  world.run(group.join());
}

TEST_F(TaskTest, JoinWaitsForTheLastTaskAndForThoseSpawnedMeanwhile) {
  TaskGroup group(world.io());
  int done = 0;
  const auto chain = [](TaskGroup& g, World& w, int& count, auto& self, int left) -> Task<void> {
    auto pause = sleep_for(w.time, 1s);
    co_await std::move(pause);
    ++count;
    if (left > 0) g.spawn("link", self(g, w, count, self, left - 1));
  };
  group.spawn("first", chain(group, world, done, chain, 4));
  world.run(group.join());
  EXPECT_EQ(done, 5);
  EXPECT_EQ(world.time.steady_now().time_since_epoch(), 5s);
}

TEST_F(TaskTest, SeveralMayJoin) {
  TaskGroup group(world.io());
  TaskGroup joiners(world.io());
  Event go(world.io());
  group.spawn("task", wait_for(go));
  joiners.spawn("a", group.join());
  joiners.spawn("b", group.join());
  world.settle();
  EXPECT_EQ(joiners.running().size(), 2);
  go.set();
  world.run(joiners.join());
}

TEST_F(TaskTest, NamesTheRunning) {
  TaskGroup group(world.io());
  Event go(world.io());
  group.spawn("one", wait_for(go));
  group.spawn("two", wait_for(go));
  EXPECT_EQ(group.running(), (std::vector<std::string>{"one", "two"}));
  go.set();
  world.settle();
  EXPECT_TRUE(group.running().empty());
}

TEST_F(TaskTest, ReportsFailuresByNameAndNoCancellations) {
  std::vector<std::string> failures;
  TaskGroup group(world.io(), [&](std::string_view name, std::exception_ptr failure) {
    failures.push_back(std::string(name) + ": " + describe(failure).message);
  });
  Event never(world.io());
  group.spawn("bad", fail_with("broken"));
  group.spawn("patient", wait_for(never));
  world.settle();
  group.cancel();
  world.run(group.join());
  EXPECT_EQ(failures, std::vector<std::string>{"bad: broken"});
}

TEST_F(TaskTest, CancelReachesEveryTaskOnceAndRefusesNewOnes) {
  TaskGroup group(world.io());
  Event never(world.io());
  int cancelled = 0;
  for (int i = 0; i < 100; ++i) group.spawn("waiter", count_cancellation(never, cancelled));
  world.settle();
  EXPECT_FALSE(group.cancelled());
  group.cancel();
  group.cancel();
  EXPECT_TRUE(group.cancelled());
  int started = 0;
  group.spawn("late", add_one(started));
  world.run(group.join());
  EXPECT_EQ(cancelled, 100);
  EXPECT_EQ(started, 0);
}

TEST_F(TaskTest, ATaskMayCancelItsOwnGroup) {
  TaskGroup group(world.io());
  Event never(world.io());
  int cancelled = 0;
  const auto killer = [](TaskGroup& g) -> Task<void> {
    auto turn = yield();
    co_await std::move(turn);
    g.cancel();
  };
  group.spawn("before", count_cancellation(never, cancelled));
  group.spawn("killer", killer(group));
  group.spawn("after", count_cancellation(never, cancelled));
  world.run(group.join());
  EXPECT_EQ(cancelled, 2);
}

TEST_F(TaskTest, TasksThatEndWhileTheGroupIsCancelledDoNoHarm) {
  // each cancelled task wakes the next one, which ends by itself
  TaskGroup group(world.io());
  std::vector<std::unique_ptr<Event>> events;
  for (int i = 0; i < 51; ++i) events.push_back(std::make_unique<Event>(world.io()));
  const auto link = [](Event& mine, Event& next) -> Task<void> {
    try {
      auto waiting = mine.wait();
      co_await std::move(waiting);
    } catch (const Exception&) {
    }
    next.set();
  };
  for (int i = 0; i < 50; ++i) {
    group.spawn("link", link(*events[static_cast<std::size_t>(i)],
                             *events[static_cast<std::size_t>(i) + 1]));
  }
  world.settle();
  group.cancel();
  world.run(group.join());
  EXPECT_TRUE(events.back()->is_set());
}

TEST_F(TaskTest, AfterCancellationEveryFurtherWaitThrows) {
  TaskGroup group(world.io());
  Event never(world.io());
  int reached = 0;
  const auto stubborn = [](Event& event, int& count) -> Task<void> {
    for (int attempt = 0; attempt < 3; ++attempt) {
      try {
        auto waiting = event.wait();
        co_await std::move(waiting);
      } catch (const std::exception&) {
        ++count;
      }
    }
  };
  group.spawn("stubborn", stubborn(never, reached));
  world.settle();
  group.cancel();
  world.run(group.join());
  EXPECT_EQ(reached, 3);
}

TEST_F(TaskTest, AGroupMayBeDestroyedBeforeItsTasks) {
  int cancelled = 0;
  Event never(world.io());
  {
    TaskGroup group(world.io());
    group.spawn("waiter", count_cancellation(never, cancelled));
    world.settle();
    group.cancel();
  }
  world.settle();
  EXPECT_EQ(cancelled, 1);
}

TEST(TaskThreads, SpawnAndCancelFromAnyThread) {
  const auto environment = SystemEnvironment::make({.worker_threads = 1, .handle_signals = false});
  // the group lives on the lease thread; tasks come from here
  for (int round = 0; round < 200; ++round) {
    auto group = std::make_shared<TaskGroup>(environment->lease());
    const auto forever = []() -> Task<void> {
      const auto executor = co_await boost::asio::this_coro::executor;
      Event never(executor);
      auto waiting = never.wait();
      co_await std::move(waiting);
    };
    std::thread other([group, &forever] {
      for (int i = 0; i < 10; ++i) group->spawn("forever", forever());
    });
    for (int i = 0; i < 10; ++i) group->spawn("forever", forever());
    group->cancel();
    other.join();
    const auto join = [](std::shared_ptr<TaskGroup> g) -> Task<void> {
      auto joining = g->join();
      co_await std::move(joining);
    };
    const auto main = [](Executor executor, Task<void> task) -> Task<int> {
      auto running = run_on(executor, std::move(task));
      co_await std::move(running);
      co_return 7;
    };
    const auto code = environment->run([&] { return main(environment->lease(), join(group)); });
    ASSERT_EQ(code, 7);
    ASSERT_TRUE(group->running().empty());
  }
}

TEST_F(TaskTest, EventWakesAllWaitersAndStaysSet) {
  TaskGroup group(world.io());
  Event event(world.io());
  int woken = 0;
  for (int i = 0; i < 5; ++i) group.spawn("waiter", wait_and_count(event, woken));
  world.settle();
  EXPECT_EQ(woken, 0);
  event.set();
  EXPECT_TRUE(event.is_set());
  world.settle();
  EXPECT_EQ(woken, 5);
  group.spawn("late", wait_and_count(event, woken));
  world.settle();
  EXPECT_EQ(woken, 6);
  event.reset();
  group.spawn("later", wait_and_count(event, woken));
  world.settle();
  EXPECT_EQ(woken, 6);
  event.set();
  world.run(group.join());
  EXPECT_EQ(woken, 7);
}

TEST_F(TaskTest, AnEventSetAndResetAtOnceStillWakesThoseWhoWaited) {
  TaskGroup group(world.io());
  Event event(world.io());
  int woken = 0;
  group.spawn("waiter", wait_and_count(event, woken));
  world.settle();
  event.set();
  event.reset();
  world.run(group.join());
  EXPECT_EQ(woken, 1);
}

TEST_F(TaskTest, ACancelledWaiterLeavesTheOthersWaiting) {
  TaskGroup first(world.io());
  TaskGroup second(world.io());
  Event event(world.io());
  int cancelled = 0;
  int woken = 0;
  first.spawn("cancelled", count_cancellation(event, cancelled));
  second.spawn("woken", wait_and_count(event, woken));
  world.settle();
  first.cancel();
  world.settle();
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(woken, 0);
  event.set();
  world.run(second.join());
  EXPECT_EQ(woken, 1);
}

TEST(RunOn, HopsToAnotherThreadAndBack) {
  const auto environment = SystemEnvironment::make({.worker_threads = 1, .handle_signals = false});
  const auto where = []() -> Task<std::thread::id> { co_return std::this_thread::get_id(); };
  const auto failing = []() -> Task<void> {
    throw Exception(Errc::unavailable, "from there");
    co_return;
  };
  const auto main = [&]() -> Task<int> {
    const auto run = [](SystemEnvironment& env, Task<std::thread::id> task,
                        Task<void> bad) -> Task<int> {
      const auto here = std::this_thread::get_id();
      auto hopping = run_on(env.workers(), std::move(task));
      const auto there = co_await std::move(hopping);
      EXPECT_NE(there, here);
      EXPECT_EQ(std::this_thread::get_id(), here);
      auto failing_there = run_on(env.workers(), std::move(bad));
      try {
        co_await std::move(failing_there);
        ADD_FAILURE();
      } catch (const Exception& failure) {
        EXPECT_EQ(failure.code(), Errc::unavailable);
      }
      EXPECT_EQ(std::this_thread::get_id(), here);
      co_return 0;
    };
    return run(*environment, where(), failing());
  };
  EXPECT_EQ(environment->run(main), 0);
}

TEST(RunOn, PassesCancellationOn) {
  const auto environment = SystemEnvironment::make({.worker_threads = 1, .handle_signals = false});
  const auto main = [&]() -> Task<int> {
    const auto run = [](SystemEnvironment& env) -> Task<int> {
      const auto forever = []() -> Task<void> {
        const auto executor = co_await boost::asio::this_coro::executor;
        Event never(executor);
        auto waiting = never.wait();
        co_await std::move(waiting);
      };
      const auto hop = [](Executor executor, Task<void> task) -> Task<void> {
        auto running = run_on(executor, std::move(task));
        co_await std::move(running);
      };
      TaskGroup group(env.io());
      group.spawn("hop", hop(env.lease(), forever()));
      auto turn = yield();
      co_await std::move(turn);
      group.cancel();
      auto joining = group.join();
      co_await std::move(joining);
      co_return 0;
    };
    return run(*environment);
  };
  EXPECT_EQ(environment->run(main), 0);
}

}  // namespace
}  // namespace windlass
