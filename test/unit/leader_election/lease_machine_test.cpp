#include <gtest/gtest.h>

#include <windlass/leader_election/lease_machine.hpp>

namespace windlass::leader_election {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr BootTime kStart{std::chrono::hours(1)};
constexpr WallTime kWall{std::chrono::hours(400'000)};

Times at(Duration after) { return {kStart + after, kWall + after}; }

LeaseRecord held_by(std::string holder, std::int64_t transitions = 3, std::int64_t duration = 15) {
  return {.holder_identity = std::move(holder),
          .lease_duration_seconds = duration,
          .acquire_time = kWall - std::chrono::hours(1),
          .renew_time = kWall - std::chrono::minutes(1),
          .transitions = transitions};
}

LeaseMachine machine() { return LeaseMachine("me", Timing{}); }

/// A machine that has just taken over an expired lease of "other".
LeaseMachine leader() {
  LeaseMachine m = machine();
  m.begin(at(seconds(0)));
  m.on_read(held_by(""), at(seconds(0)));
  LeaseRecord mine = held_by("me", 4);
  m.on_written(mine, kStart, kStart);
  m.begin_round(kStart);
  return m;
}

template <class Step>
const Step* as(const LeaseMachine::Action& action) {
  return std::get_if<Step>(&action);
}

// client-go's tryAcquireOrRenew table ------------------------------------------------------------

TEST(LeaseMachine, CreatesALeaseThatDoesNotExist) {
  auto m = machine();
  ASSERT_TRUE(as<LeaseMachine::Read>(m.begin(at(seconds(0)))));
  const auto action = m.on_read(std::nullopt, at(seconds(0)));
  const auto* create = as<LeaseMachine::Create>(action);
  ASSERT_TRUE(create);
  EXPECT_EQ(create->record, (LeaseRecord{"me", 15, kWall, kWall, 0}));
}

TEST(LeaseMachine, RefusesAFreshForeignLease) {
  auto m = machine();
  const auto action = m.on_read(held_by("other"), at(seconds(0)));
  ASSERT_TRUE(as<LeaseMachine::Wait>(action));
  EXPECT_EQ(as<LeaseMachine::Wait>(action)->holder, "other");
  EXPECT_EQ(m.expires_at(), kStart + seconds(15));
}

TEST(LeaseMachine, TakesAReleasedLeaseAtOnce) {
  auto m = machine();
  const auto action = m.on_read(held_by("", 3, 1), at(seconds(0)));
  const auto* update = as<LeaseMachine::Update>(action);
  ASSERT_TRUE(update);
  EXPECT_FALSE(update->fast);
  EXPECT_EQ(update->record, (LeaseRecord{"me", 15, kWall, kWall, 4}));
}

TEST(LeaseMachine, TakesOverWhatDidNotChangeForItsOwnDuration) {
  auto m = machine();
  m.on_read(held_by("other", 3, 20), at(seconds(0)));
  EXPECT_TRUE(as<LeaseMachine::Wait>(m.on_read(held_by("other", 3, 20), at(milliseconds(19'999)))));
  const auto action = m.on_read(held_by("other", 3, 20), at(seconds(20)));
  ASSERT_TRUE(as<LeaseMachine::Update>(action));
  EXPECT_EQ(as<LeaseMachine::Update>(action)->record.transitions, 4);
}

TEST(LeaseMachine, ARenewalSeenStartsTheWaitAnew) {
  auto m = machine();
  auto record = held_by("other");
  m.on_read(record, at(seconds(0)));
  record.renew_time += seconds(2);
  m.on_read(record, at(seconds(14)));
  EXPECT_TRUE(as<LeaseMachine::Wait>(m.on_read(record, at(seconds(28)))));
  EXPECT_TRUE(as<LeaseMachine::Update>(m.on_read(record, at(seconds(29)))));
}

TEST(LeaseMachine, NeverComparesTheRecordsTimesWithAClock) {
  for (const Duration skew :
       {Duration(-std::chrono::hours(1000)), Duration(std::chrono::hours(1000))}) {
    auto m = machine();
    auto record = held_by("other");
    record.renew_time = kWall + skew;
    EXPECT_TRUE(as<LeaseMachine::Wait>(m.on_read(record, at(seconds(0)))));
    EXPECT_TRUE(as<LeaseMachine::Update>(m.on_read(record, at(seconds(15)))));
  }
}

TEST(LeaseMachine, KeepsItsOwnLeaseWithoutATransition) {
  auto m = machine();  // as after an update whose answer was lost
  const auto action = m.on_read(held_by("me"), at(seconds(0)));
  const auto* update = as<LeaseMachine::Update>(action);
  ASSERT_TRUE(update);
  EXPECT_EQ(update->record.transitions, 3);
  EXPECT_EQ(update->record.acquire_time, held_by("me").acquire_time);
  EXPECT_EQ(update->record.renew_time, kWall);
}

TEST(LeaseMachine, WaitsOutALeaseThatWasDeletedWhileHeld) {
  auto m = machine();
  m.on_read(held_by("other"), at(seconds(0)));
  EXPECT_TRUE(as<LeaseMachine::Wait>(m.on_read(std::nullopt, at(seconds(1)))));
  EXPECT_TRUE(as<LeaseMachine::Create>(m.on_read(std::nullopt, at(seconds(15)))));
}

// Renewing ---------------------------------------------------------------------------------------

TEST(LeaseMachine, RenewsOnTheCachedVersionAndFallsBackToReading) {
  auto m = leader();
  const auto action = m.begin(at(seconds(2)));
  const auto* update = as<LeaseMachine::Update>(action);
  ASSERT_TRUE(update);
  EXPECT_TRUE(update->fast);
  EXPECT_EQ(update->record.transitions, 4);
  EXPECT_EQ(update->record.acquire_time, held_by("me").acquire_time);
  EXPECT_TRUE(as<LeaseMachine::Read>(m.on_write_failed(true)));
  EXPECT_TRUE(as<LeaseMachine::Failed>(m.on_write_failed(false)));
}

TEST(LeaseMachine, ReadsFirstWhenItsOwnLeaseRanOut) {
  auto m = leader();
  EXPECT_TRUE(as<LeaseMachine::Update>(m.begin(at(milliseconds(14'999)))));
  EXPECT_TRUE(as<LeaseMachine::Read>(m.begin(at(seconds(15)))));
}

TEST(LeaseMachine, TheGateIsOpenForTheRenewDeadlineAfterSending) {
  auto m = machine();
  EXPECT_FALSE(m.writes_until());
  m.on_read(std::nullopt, at(seconds(0)));
  m.on_written(held_by("me", 0), kStart + seconds(1), kStart + seconds(4));
  EXPECT_EQ(m.writes_until(), kStart + seconds(11));
  EXPECT_EQ(m.must_end_by(), kStart + seconds(13));
  m.step_down();
  EXPECT_FALSE(m.writes_until());
  EXPECT_FALSE(m.must_end_by());
}

TEST(LeaseMachine, IsLostBeforeTheProcessMustEndAndThatBeforeTheLeaseExpires) {
  for (const Timing timing : {Timing{}, Timing{seconds(60), seconds(40), seconds(5)},
                              Timing{seconds(3), seconds(2), seconds(1)},
                              Timing{seconds(15), milliseconds(14'900), seconds(2)}}) {
    LeaseMachine m("me", timing);
    m.on_written(held_by("me"), kStart, kStart);
    m.begin_round(kStart + timing.retry_period);
    EXPECT_GE(m.lost_at(), *m.writes_until());
    EXPECT_LT(m.lost_at(), *m.must_end_by());
    EXPECT_LT(*m.must_end_by(), kStart + timing.lease_duration);
    EXPECT_FALSE(m.lost(m.lost_at() - milliseconds(1)));
    EXPECT_TRUE(m.lost(m.lost_at()));
  }
}

TEST(LeaseMachine, AnotherHolderIsALossAtOnce) {
  auto m = leader();
  EXPECT_TRUE(as<LeaseMachine::Wait>(m.on_read(held_by("other", 5), at(seconds(1)))));
  EXPECT_TRUE(m.lost(kStart + seconds(1)));
  EXPECT_FALSE(m.writes_until());
}

TEST(LeaseMachine, JittersAcquiringOnly) {
  auto standby = machine();
  EXPECT_EQ(standby.retry_delay(0), seconds(2));
  EXPECT_EQ(standby.retry_delay(0.5), milliseconds(3200));
  EXPECT_EQ(leader().retry_delay(0.9), seconds(2));
}

// Watching and releasing
// ---------------------------------------------------------------------------

TEST(LeaseMachine, AWatchTellsWhenTryingIsWorthWhile) {
  auto m = machine();
  EXPECT_FALSE(m.on_observed(held_by("other"), kStart));
  EXPECT_FALSE(m.on_observed(std::nullopt, kStart + seconds(1)));
  EXPECT_TRUE(m.on_observed(held_by("", 3, 1), kStart + seconds(2)));
  EXPECT_TRUE(machine().on_observed(std::nullopt, kStart));
}

TEST(LeaseMachine, ReleasesOnlyWhatIsItsOwnAsJustRead) {
  const auto m = leader();
  EXPECT_FALSE(m.release(held_by("other"), at(seconds(1))));
  EXPECT_FALSE(m.release(held_by(""), at(seconds(1))));
  const auto released = m.release(held_by("me", 4), at(seconds(1)));
  ASSERT_TRUE(released);
  EXPECT_EQ(*released, (LeaseRecord{"", 1, kWall + seconds(1), kWall + seconds(1), 4}));
}

// Configuration ----------------------------------------------------------------------------------

TEST(Timing, KeepsLeaseDurationAboveRenewDeadlineAboveRetryPeriod) {
  EXPECT_TRUE(validate({}));
  struct Bad {
    Timing timing;
    const char* says;
  };
  for (const Bad& bad :
       {Bad{{seconds(10), seconds(10), seconds(2)}, "lease duration must be longer"},
        Bad{{seconds(5), seconds(10), seconds(2)}, "(lease duration 5s, renew deadline 10s"},
        Bad{{seconds(15), milliseconds(2400), seconds(2)}, "1.2 x the retry period"},
        Bad{{seconds(15), seconds(10), seconds(0)}, "must be positive"},
        Bad{{seconds(0), seconds(0), seconds(0)}, "must be positive"}}) {
    const auto result = validate(bad.timing);
    ASSERT_FALSE(result) << bad.says;
    EXPECT_NE(result.error().message.find(bad.says), std::string::npos) << result.error().message;
  }
  EXPECT_TRUE(validate({seconds(15), milliseconds(2401), seconds(2)}));
}

TEST(Timing, RoundsTheWrittenDurationUp) {
  LeaseMachine m("me", {milliseconds(2500), seconds(2), seconds(1)});
  const auto action = m.on_read(std::nullopt, at(seconds(0)));
  EXPECT_EQ(as<LeaseMachine::Create>(action)->record.lease_duration_seconds, 3);
}

}  // namespace
}  // namespace windlass::leader_election
