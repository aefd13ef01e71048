#include <gtest/gtest.h>

#include <windlass/cache/reflector_machine.hpp>
#include <windlass/client/api_error.hpp>

namespace windlass::cache {
namespace {

using namespace std::chrono_literals;

class ReflectorMachineTest : public ::testing::Test {
 protected:
  ReflectorAction next() { return machine.next(now); }
  ListAction expect_list() {
    const auto action = next();
    const auto* list = std::get_if<ListAction>(&action);
    EXPECT_NE(list, nullptr);
    return list != nullptr ? *list : ListAction{"unexpected", "", -1};
  }
  WatchAction expect_watch() {
    const auto action = next();
    const auto* watch = std::get_if<WatchAction>(&action);
    EXPECT_NE(watch, nullptr);
    return watch != nullptr ? *watch : WatchAction{"unexpected", 0};
  }
  Duration expect_wait() {
    const auto action = next();
    const auto* wait = std::get_if<WaitAction>(&action);
    EXPECT_NE(wait, nullptr);
    return wait != nullptr ? wait->until - now : Duration::zero();
  }
  void wait_over() { now += expect_wait(); }
  void reach_watch(const std::string& version) {
    expect_list();
    machine.listed(version, "");
    expect_watch();
    machine.watch_started(now);
  }

  SeededRandom random{7};
  ReflectorMachine machine{random};
  SteadyTime now{1h};
};

TEST_F(ReflectorMachineTest, ListsAtAnyVersionThenWatchesFromThere) {
  const auto list = expect_list();
  EXPECT_EQ(list.resource_version, "0");
  EXPECT_EQ(list.limit, 500);
  EXPECT_TRUE(machine.listed("10", ""));
  const auto watch = expect_watch();
  EXPECT_EQ(watch.resource_version, "10");
  EXPECT_GE(watch.timeout_seconds, 300);
  EXPECT_LE(watch.timeout_seconds, 600);
}

TEST_F(ReflectorMachineTest, FollowsPages) {
  expect_list();
  EXPECT_FALSE(machine.listed("10", "token"));
  EXPECT_EQ(expect_list().continue_, "token");
  EXPECT_TRUE(machine.listed("10", ""));
  EXPECT_EQ(expect_watch().resource_version, "10");
}

TEST_F(ReflectorMachineTest, ExpiredPageLeadsToOneFullList) {
  expect_list();
  machine.listed("10", "token");
  expect_list();
  machine.list_failed(Trouble::expired, now);
  const auto full = expect_list();
  EXPECT_EQ(full.limit, 0);
  EXPECT_EQ(full.continue_, "");
}

TEST_F(ReflectorMachineTest, RelistsAtTheLastVersionWhenTheWatchExpired) {
  reach_watch("10");
  machine.observed("12");
  machine.watch_ended(Trouble::expired, now);
  EXPECT_EQ(expect_list().resource_version, "12");
}

TEST_F(ReflectorMachineTest, AsksForTheNewestWhenTheListExpiredToo) {
  reach_watch("10");
  machine.watch_ended(Trouble::expired, now);
  expect_list();
  machine.list_failed(Trouble::expired, now);
  EXPECT_EQ(expect_list().resource_version, "");
  machine.listed("40", "");
  EXPECT_EQ(expect_watch().resource_version, "40");
}

TEST_F(ReflectorMachineTest, AsksForTheNewestWhenTheVersionIsTooLarge) {
  reach_watch("10");
  machine.watch_ended(Trouble::expired, now);
  expect_list();
  machine.list_failed(Trouble::version_too_large, now);
  EXPECT_EQ(expect_list().resource_version, "");
}

TEST_F(ReflectorMachineTest, ResumesABrokenWatchWithoutAList) {
  reach_watch("10");
  machine.observed("11");
  machine.watch_ended(Trouble::busy, now);
  wait_over();
  EXPECT_EQ(expect_watch().resource_version, "11");
}

TEST_F(ReflectorMachineTest, ResumesAtOnceAfterANormalEnd) {
  reach_watch("10");
  now += 5min;
  machine.watch_ended(Trouble::none, now);
  EXPECT_EQ(expect_watch().resource_version, "10");
}

TEST_F(ReflectorMachineTest, WaitsAfterAWatchThatEndedAtOnceAndEmpty) {
  reach_watch("10");
  now += 500ms;
  machine.watch_ended(Trouble::none, now);
  EXPECT_GE(expect_wait(), 800ms);
}

TEST_F(ReflectorMachineTest, BookmarksMoveTheVersion) {
  reach_watch("10");
  machine.observed("55");
  machine.observed("32");  // versions are never compared as numbers here
  machine.watch_ended(Trouble::busy, now);
  wait_over();
  EXPECT_EQ(expect_watch().resource_version, "32");
}

TEST_F(ReflectorMachineTest, BacksOffUpToThirtySecondsAndRecovers) {
  Duration longest{};
  Duration previous{};
  for (int i = 0; i < 12; ++i) {
    expect_list();
    machine.list_failed(Trouble::busy, now);
    const auto wait = expect_wait();
    longest = std::max(longest, wait);
    if (i > 0 && i < 4) {
      EXPECT_GT(wait, previous / 2);
    }
    previous = wait;
    now += wait;
  }
  EXPECT_GE(longest, 30s);
  EXPECT_LE(longest, 60s);
  now += 3min;
  expect_list();
  machine.list_failed(Trouble::busy, now);
  EXPECT_LE(expect_wait(), 1600ms);
}

TEST_F(ReflectorMachineTest, OtherTroubleStartsAgainWithAListAfterAWait) {
  reach_watch("10");
  machine.watch_ended(Trouble::other, now);
  wait_over();
  EXPECT_EQ(expect_list().resource_version, "10");
}

meta::Status status(int code, const std::string& reason) {
  meta::Status s;
  s.status = "Failure";
  s.code = code;
  s.reason = reason;
  return s;
}

TEST(Classify, KnowsTheThreeFormsOf410AndWhatIsBusy) {
  const auto of = [](int code, const std::string& reason) {
    return classify(std::make_exception_ptr(client::ApiError("list", status(code, reason))));
  };
  EXPECT_EQ(of(410, "Expired"), Trouble::expired);
  EXPECT_EQ(of(410, "Gone"), Trouble::expired);
  EXPECT_EQ(of(429, "TooManyRequests"), Trouble::busy);
  EXPECT_EQ(of(503, "ServiceUnavailable"), Trouble::busy);
  EXPECT_EQ(of(403, "Forbidden"), Trouble::other);
  EXPECT_EQ(classify(std::make_exception_ptr(Exception(Errc::refused, "x"))), Trouble::busy);
  EXPECT_EQ(classify(std::make_exception_ptr(Exception(Errc::parse, "x"))), Trouble::other);
}

}  // namespace
}  // namespace windlass::cache
