#include <gtest/gtest.h>

#include <windlass/events/aggregator.hpp>
#include <windlass/json/value.hpp>

#include "event_document.hpp"

namespace windlass::events {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime kWall{seconds(1'767'225'600)};

Occurrence occurrence(const std::string& note = "n", const std::string& name = "a") {
  return {{.api_version = "v1", .kind = "Pod", .namespace_ = "ns", .name = name, .uid = "u"},
          EventType::normal,
          "Reason",
          "Action",
          note};
}

class AggregatorTest : public ::testing::Test {
 protected:
  std::optional<Aggregator::Write> observe(Duration at, const Occurrence& what = occurrence()) {
    return aggregator_.observe(what, SteadyTime(at), kWall + at);
  }
  std::vector<Aggregator::Write> tick(Duration at) { return aggregator_.tick(SteadyTime(at)); }
  Aggregator aggregator_{{.burst = 3}};
};

TEST_F(AggregatorTest, TheSecondEqualOneBeginsASeriesAndLaterOnesOnlyCount) {
  const auto first = observe(seconds(0));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->series_count, 0);
  auto again = occurrence();
  again.about.resource_version = "7";  // the same object, changed
  const auto second = observe(seconds(10), again);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->series_count, 2);
  EXPECT_EQ(second->id, first->id);
  EXPECT_EQ(second->last, kWall + seconds(10));
  for (int i = 3; i < 9; ++i) EXPECT_FALSE(observe(seconds(10 * i)));
  EXPECT_TRUE(tick(seconds(100)).empty());
}

TEST_F(AggregatorTest, ASeriesIsFinishedAfterSixMinutesOfSilence) {
  observe(seconds(0));
  observe(seconds(1));
  observe(seconds(2));
  EXPECT_TRUE(tick(minutes(6)).empty());
  const auto finished = tick(minutes(6) + seconds(3));
  ASSERT_EQ(finished.size(), 1u);
  EXPECT_EQ(finished[0].series_count, 3);
  EXPECT_EQ(aggregator_.tracked(), 0u);
  const auto anew = observe(minutes(7));
  ASSERT_TRUE(anew);
  EXPECT_EQ(anew->series_count, 0);
  EXPECT_NE(anew->id, finished[0].id);
}

TEST_F(AggregatorTest, ALongSeriesIsRefreshedEveryHalfHour) {
  for (int i = 0; i <= 32; ++i) observe(minutes(i));
  const auto refreshed = tick(minutes(32));
  ASSERT_EQ(refreshed.size(), 1u);
  EXPECT_EQ(refreshed[0].series_count, 33);
  EXPECT_TRUE(tick(minutes(33)).empty());
}

TEST_F(AggregatorTest, LimitsTheRatePerObject) {
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(observe(seconds(0), occurrence("note " + std::to_string(i))));
  EXPECT_FALSE(observe(seconds(0), occurrence("one too many")));
  EXPECT_EQ(aggregator_.dropped(), 1u);
  EXPECT_TRUE(observe(seconds(0), occurrence("x", "another object")));
  EXPECT_TRUE(observe(minutes(5), occurrence("later")));
  EXPECT_FALSE(observe(minutes(5), occurrence("too soon again")));
}

TEST(Aggregation, RemembersNoMoreThanItMay) {
  Aggregator aggregator({.max_tracked = 10});
  for (int i = 0; i < 50; ++i) {
    aggregator.observe(occurrence("n", "object-" + std::to_string(i)), SteadyTime{}, kWall);
  }
  EXPECT_EQ(aggregator.tracked(), 10u);
  EXPECT_EQ(aggregator.dropped(), 40u);
}

TEST(EventDocuments, AreWhatTheServerTakes) {
  const Aggregator::Write write{.id = 1, .occurrence = occurrence("hello"), .first = kWall};
  const auto key = detail::key_of(write.occurrence, "x7k2m");
  EXPECT_EQ(key, (meta::ObjectKey{"ns", "a.x7k2m"}));
  EXPECT_EQ(
      detail::event_body(key, write, {"example.com/c", "pod-1"}),
      R"({"action":"Action","apiVersion":"events.k8s.io/v1","eventTime":"2026-01-01T00:00:00.000000Z",)"
      R"("kind":"Event","metadata":{"name":"a.x7k2m","namespace":"ns"},"note":"hello",)"
      R"("reason":"Reason","regarding":{"apiVersion":"v1","kind":"Pod","name":"a","namespace":"ns",)"
      R"("uid":"u"},"reportingController":"example.com/c","reportingInstance":"pod-1","type":"Normal"})");
}

TEST(EventDocuments, GetNamesThatTheServerTakes) {
  const auto name_of = [](const std::string& name) {
    auto about = occurrence("n", name);
    about.about.namespace_.clear();
    return detail::key_of(about, "s");
  };
  EXPECT_EQ(name_of("system:Node-1"), (meta::ObjectKey{"default", "system--ode-1.s"}));
  EXPECT_EQ(name_of(":").name, "x.s");
  EXPECT_EQ(name_of(std::string(300, 'a')).name.size(), 253u);
}

TEST(EventDocuments, CutBetweenCharacters) {
  EXPECT_EQ(detail::cut("abc", 3), "abc");
  EXPECT_EQ(detail::cut("abcd", 3), "abc");
  EXPECT_EQ(detail::cut("ab\u00e9", 3), "ab");
}

}  // namespace
}  // namespace windlass::events
