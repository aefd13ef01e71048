#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/queue/core.hpp>

namespace windlass::queue {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CoreTest : public ::testing::Test {
 protected:
  void add(const std::string& key, std::optional<int> priority = {}) {
    core.add(key, priority, now);
  }
  void add_after(const std::string& key, Duration delay, std::optional<int> priority = {}) {
    core.add_after(key, delay, priority, now);
  }
  std::string get() {
    const auto item = core.get(now);
    return item ? item->key : "";
  }
  bool done(const std::string& key) { return core.done(key, now).has_value(); }
  std::vector<std::string> drain() {
    std::vector<std::string> keys;
    for (auto key = get(); !key.empty(); key = get()) {
      done(key);
      keys.push_back(key);
    }
    return keys;
  }
  std::size_t length() {
    core.advance(now);
    return core.length();
  }

  Core<std::string> core;
  SteadyTime now{1000s};
};

// client-go util/workqueue/queue_test.go

TEST_F(CoreTest, HandsOutInOrderOfAdding) {
  for (const char* key : {"foo", "bar", "baz"}) add(key);
  EXPECT_EQ(length(), 3u);
  EXPECT_THAT(drain(), ElementsAre("foo", "bar", "baz"));
  EXPECT_EQ(length(), 0u);
}

TEST_F(CoreTest, CollapsesAddsOfTheSameKey) {
  add("bar");
  add("bar");
  EXPECT_EQ(length(), 1u);
  EXPECT_EQ(get(), "bar");
  EXPECT_TRUE(done("bar"));
  EXPECT_EQ(length(), 0u);
  EXPECT_EQ(core.totals().adds, 1u);
}

TEST_F(CoreTest, CollapsesAddsWhileProcessingIntoOneRerun) {
  add("foo");
  EXPECT_EQ(get(), "foo");
  add("foo");
  add("foo");
  EXPECT_EQ(get(), "");  // never twice at once
  EXPECT_TRUE(done("foo"));
  EXPECT_EQ(get(), "foo");
  EXPECT_TRUE(done("foo"));
  EXPECT_EQ(get(), "");
}

TEST_F(CoreTest, ReinsertedKeyIsNotHandedOutTwice) {
  add("foo");
  const auto key = get();
  add(key);
  done(key);
  EXPECT_EQ(get(), "foo");
  done("foo");
  EXPECT_EQ(length(), 0u);
}

TEST_F(CoreTest, AKeyThatWaitsForItsRunDoesNotBlockOthers) {
  add("foo");
  EXPECT_EQ(get(), "foo");
  add("foo");
  add("bar");
  EXPECT_EQ(length(), 2u);
  EXPECT_EQ(core.available(), 1u);
  EXPECT_EQ(get(), "bar");
  EXPECT_EQ(get(), "");
  done("foo");
  EXPECT_EQ(get(), "foo");
}

TEST_F(CoreTest, ARerunKeepsItsPlaceInTheQueue) {
  add("foo");
  EXPECT_EQ(get(), "foo");
  add("foo");
  add("bar");
  done("foo");
  EXPECT_THAT(drain(), ElementsAre("foo", "bar"));
}

TEST_F(CoreTest, DoneOfAnUnknownKeyDoesNothing) {
  EXPECT_FALSE(done("foo"));
  add("foo");
  EXPECT_FALSE(done("foo"));
  EXPECT_THAT(drain(), ElementsAre("foo"));
}

TEST_F(CoreTest, ShutDownDropsWhatIsQueuedAndIgnoresAdds) {
  add("foo");
  add("bar");
  add_after("baz", 1s);
  EXPECT_EQ(get(), "foo");
  core.shut_down();
  EXPECT_TRUE(core.finished());
  EXPECT_FALSE(core.drained());
  add("late");
  add_after("late", 1s);
  core.add_rate_limited("late", {}, now);
  now += 10s;
  EXPECT_EQ(get(), "");
  EXPECT_TRUE(done("foo"));
  EXPECT_TRUE(core.drained());
}

TEST_F(CoreTest, DrainHandsOutWhatIsReady) {
  add("foo");
  add("bar");
  add_after("baz", 1s);
  core.shut_down_with_drain();
  EXPECT_FALSE(core.finished());
  add("late");
  now += 10s;
  EXPECT_EQ(get(), "foo");
  EXPECT_EQ(get(), "bar");
  EXPECT_TRUE(core.finished());
  done("foo");
  EXPECT_FALSE(core.drained());
  done("bar");
  EXPECT_TRUE(core.drained());
}

TEST_F(CoreTest, DrainHandsOutAKeyAddedDuringItsRun) {
  add("foo");
  EXPECT_EQ(get(), "foo");
  add("foo");
  core.shut_down_with_drain();
  EXPECT_FALSE(core.finished()) << "a worker that left now would leave the key behind";
  done("foo");
  EXPECT_FALSE(core.drained());
  EXPECT_EQ(get(), "foo");
  done("foo");
  EXPECT_TRUE(core.drained());
}

TEST_F(CoreTest, ShutDownBreaksOffADrain) {
  add("foo");
  add("bar");
  EXPECT_EQ(get(), "foo");
  core.shut_down_with_drain();
  core.shut_down();
  EXPECT_EQ(get(), "");
  done("foo");
  EXPECT_TRUE(core.drained());
}

// client-go util/workqueue/delaying_queue_test.go

TEST_F(CoreTest, DelayedKeysBecomeReadyWhenTheirTimeComes) {
  add_after("foo", 50ms);
  EXPECT_EQ(length(), 0u);
  EXPECT_EQ(core.next_deadline(), now + 50ms);
  now += 49ms;
  EXPECT_EQ(get(), "");
  now += 1ms;
  EXPECT_EQ(length(), 1u);
  EXPECT_EQ(get(), "foo");
  done("foo");
  now += 10s;
  EXPECT_EQ(get(), "");
  EXPECT_FALSE(core.next_deadline());
}

TEST_F(CoreTest, TheEarliestOfSeveralDelaysWins) {
  struct Case {
    Duration first, second, ready;
  };
  for (const auto& c : {Case{50ms, 70ms, 50ms}, Case{70ms, 50ms, 50ms}, Case{50ms, 50ms, 50ms},
                        Case{50ms, 0ms, 0ms}, Case{50ms, -1ms, 0ms}, Case{0ms, 50ms, 0ms}}) {
    Core<std::string> queue;
    queue.add_after("foo", c.first, {}, now);
    queue.add_after("foo", c.second, {}, now);
    if (c.ready > 0ms) {
      EXPECT_FALSE(queue.get(now + c.ready - 1ns));
    }
    EXPECT_TRUE(queue.get(now + c.ready));
    queue.done("foo", now + c.ready);
    EXPECT_FALSE(queue.get(now + 1min)) << "it fired twice";
  }
}

TEST_F(CoreTest, SeveralDelayedKeysFireInOrderOfTheirTime) {
  add_after("foo", 1s);
  add_after("bar", 500ms);
  add_after("baz", 600ms);
  EXPECT_EQ(core.next_deadline(), now + 500ms);
  EXPECT_EQ(core.delayed(), 3u);
  now += 2s;
  EXPECT_THAT(drain(), ElementsAre("bar", "baz", "foo"));
}

TEST_F(CoreTest, AnAddMakesADelayedKeyReadyNow) {
  add_after("foo", 1h);
  add("foo");
  EXPECT_EQ(get(), "foo");
  done("foo");
  now += 2h;
  EXPECT_EQ(get(), "");
}

TEST_F(CoreTest, ADelayedAddDuringTheRunFiresAfterwards) {
  add("foo");
  EXPECT_EQ(get(), "foo");
  add_after("foo", 1s);
  now += 5s;
  EXPECT_EQ(get(), "");
  EXPECT_EQ(length(), 1u);
  done("foo");
  EXPECT_EQ(get(), "foo");
}

// client-go util/workqueue/default_rate_limiters_test.go

TEST(ExponentialDelay, DoublesUpToTheMaximumWithoutOverflow) {
  struct Case {
    std::uint64_t failures;
    Duration want;
  };
  for (const auto& c : {Case{0, 5ms}, Case{1, 10ms}, Case{2, 20ms}, Case{3, 40ms}, Case{4, 80ms},
                        Case{17, 655'360ms}, Case{18, 1000s}, Case{62, 1000s}, Case{64, 1000s},
                        Case{1'000'000'000'000, 1000s}}) {
    EXPECT_EQ(exponential_delay(5ms, 1000s, c.failures), c.want) << c.failures;
  }
  EXPECT_EQ(exponential_delay(10s, 5s, 0), 5s);
  EXPECT_EQ(exponential_delay(0s, 5s, 10), 0s);
  EXPECT_EQ(exponential_delay(1ns, Duration::max(), 200), Duration::max());
}

TEST_F(CoreTest, BackoffGrowsPerKeyUntilForgotten) {
  const auto fail = [&](const std::string& key) { return core.add_rate_limited(key, {}, now); };
  EXPECT_EQ(fail("one"), 5ms);
  EXPECT_EQ(fail("one"), 10ms);
  EXPECT_EQ(fail("one"), 20ms);
  EXPECT_EQ(fail("two"), 5ms);
  EXPECT_EQ(core.num_requeues("one"), 3u);
  core.forget("one");
  EXPECT_EQ(core.num_requeues("one"), 0u);
  EXPECT_EQ(fail("one"), 5ms);
  EXPECT_EQ(core.num_requeues("two"), 1u);
  EXPECT_EQ(core.totals().retries, 5u);
}

TEST_F(CoreTest, ForgetDoesNotRemoveTheKey) {
  core.add_rate_limited("foo", {}, now);
  core.forget("foo");
  now += 5ms;
  EXPECT_EQ(get(), "foo");
}

// controller-runtime pkg/controller/priorityqueue

TEST_F(CoreTest, HigherPrioritiesComeFirst) {
  add("low", -100);
  add("normal");
  add("high", 1);
  add("normal too");
  EXPECT_THAT(drain(), ElementsAre("high", "normal", "normal too", "low"));
}

TEST_F(CoreTest, PrioritiesAreRaisedAndNeverLowered) {
  add("foo", -100);
  add("bar", 1);
  add("foo", 2);
  EXPECT_EQ(core.depth().at(2), 1u);
  EXPECT_EQ(core.depth().at(-100), 0u);
  add("foo", -5);
  EXPECT_THAT(drain(), ElementsAre("foo", "bar"));
}

TEST_F(CoreTest, ARaisedKeyGoesBehindItsNewEquals) {
  add("foo", 0);
  add("bar", 1);
  add("foo", 1);
  EXPECT_THAT(drain(), ElementsAre("bar", "foo"));
}

TEST_F(CoreTest, ADelayedKeyTakesTheHighestPriorityAndTheLowestDelay) {
  add_after("foo", 10s, -100);
  add_after("foo", 20s, 7);
  now += 10s;
  const auto item = core.get(now);
  ASSERT_TRUE(item);
  EXPECT_EQ(item->priority, 7);
}

TEST_F(CoreTest, DelayedKeysDoNotWinByPriorityBeforeTheirTime) {
  add_after("high", 1s, 100);
  add("low", -100);
  EXPECT_EQ(get(), "low");
  now += 1s;
  EXPECT_EQ(get(), "high");
}

TEST_F(CoreTest, ARequeueKeepsThePriorityOfItsRun) {
  add("foo", -100);
  EXPECT_EQ(get(), "foo");
  core.add_rate_limited("foo", {}, now);
  done("foo");
  now += 1s;
  EXPECT_EQ(core.get(now)->priority, -100);
  add("foo", 5);
  done("foo");
  EXPECT_EQ(core.get(now)->priority, 5);
}

TEST_F(CoreTest, ALowPriorityIsNotStarved) {
  add("low", -100);
  now += 29s;
  int turns = 0;
  for (; turns < 100; ++turns) {
    add("high " + std::to_string(turns));
    now += 500ms;
    const auto key = get();
    done(key);
    if (key == "low") break;
  }
  EXPECT_EQ(turns, 4);  // the second of these turns is the first after 30 s, and then the fourth
}

TEST_F(CoreTest, EvenUnderOverloadPrioritiesGetMostTurns) {
  for (int n = 0; n < 100; ++n) add("low " + std::to_string(n), -100);
  for (int n = 0; n < 100; ++n) add("high " + std::to_string(n));
  now += 1h;
  int low = 0;
  for (int n = 0; n < 100; ++n) low += get().starts_with("low") ? 1 : 0;
  EXPECT_EQ(low, 25);
}

TEST_F(CoreTest, MeasuresWaitingAndWork) {
  add_after("foo", 5s);
  now += 7s;
  EXPECT_EQ(core.get(now)->queued, 2s);
  now += 3s;
  add("bar");
  now += 1s;
  EXPECT_EQ(core.get(now)->queued, 1s);
  now += 2s;
  EXPECT_EQ(core.unfinished(now).total, 8s);
  EXPECT_EQ(core.unfinished(now).longest, 6s);
  EXPECT_EQ(core.done("foo", now), 6s);
  EXPECT_EQ(core.unfinished(now).total, 2s);
  EXPECT_EQ(core.processing(), 1u);
}

TEST_F(CoreTest, DepthCountsReadyKeysByPriority) {
  add("a");
  add("b");
  add("c", -100);
  add_after("d", 1s);
  EXPECT_EQ(core.depth().at(0), 2u);
  EXPECT_EQ(core.depth().at(-100), 1u);
  now += 1s;
  core.advance(now);
  EXPECT_EQ(core.depth().at(0), 3u);
  drain();
  EXPECT_EQ(core.depth().at(0), 0u);
  EXPECT_EQ(core.depth().at(-100), 0u);
}

}  // namespace
}  // namespace windlass::queue
