#include <gtest/gtest.h>

#include <windlass/json/table.hpp>
#include <windlass/meta/condition.hpp>

namespace {

using windlass::WallTime;
using windlass::meta::Condition;
using windlass::meta::Time;
using namespace std::chrono_literals;
namespace meta = windlass::meta;

const WallTime kFirst{1000s};
const WallTime kLater{2000s};

TEST(SetCondition, KeepsTheTransitionTimeWhileTheStatusStays) {
  std::vector<Condition> conditions;
  EXPECT_TRUE(
      meta::set_condition(conditions, {.type = "Ready", .status = "False", .reason = "A"}, kFirst));
  EXPECT_TRUE(
      meta::set_condition(conditions, {.type = "Ready", .status = "False", .reason = "B"}, kLater));
  ASSERT_EQ(conditions.size(), 1u);
  EXPECT_EQ(conditions[0].reason, "B");
  EXPECT_EQ(conditions[0].last_transition_time, Time::from(kFirst));
  EXPECT_FALSE(
      meta::set_condition(conditions, {.type = "Ready", .status = "False", .reason = "B"}, kLater));
}

TEST(SetCondition, MovesTheTransitionTimeWhenTheStatusChanges) {
  std::vector<Condition> conditions{{.type = "Ready",
                                     .status = "False",
                                     .last_transition_time = Time::from(kFirst),
                                     .reason = "A"}};
  EXPECT_TRUE(
      meta::set_condition(conditions, {.type = "Ready", .status = "True", .reason = "A"}, kLater));
  EXPECT_EQ(conditions[0].last_transition_time, Time::from(kLater));
  EXPECT_TRUE(meta::is_condition_true(conditions, "Ready"));
  EXPECT_FALSE(meta::is_condition_false(conditions, "Ready"));
  EXPECT_FALSE(meta::is_condition_true(conditions, "Other"));
}

TEST(SetCondition, TakesAGivenTransitionTime) {
  std::vector<Condition> conditions;
  Condition given{
      .type = "X", .status = "True", .last_transition_time = Time::from(kFirst), .reason = "R"};
  meta::set_condition(conditions, given, kLater);
  EXPECT_EQ(conditions[0].last_transition_time, Time::from(kFirst));
}

TEST(SetCondition, KeepsTheObservedGenerationUnlessANewOneIsGiven) {
  std::vector<Condition> conditions;
  meta::set_condition(
      conditions, {.type = "X", .status = "True", .observed_generation = 3, .reason = "R"}, kFirst);
  EXPECT_FALSE(
      meta::set_condition(conditions, {.type = "X", .status = "True", .reason = "R"}, kLater));
  EXPECT_TRUE(meta::set_condition(
      conditions, {.type = "X", .status = "True", .observed_generation = 4, .reason = "R"},
      kLater));
  EXPECT_EQ(conditions[0].observed_generation, 4);
}

TEST(RemoveCondition, TellsWhetherThereWasOne) {
  std::vector<Condition> conditions{{.type = "A"}, {.type = "B"}};
  EXPECT_TRUE(meta::remove_condition(conditions, "A"));
  EXPECT_FALSE(meta::remove_condition(conditions, "A"));
  EXPECT_NE(meta::find_condition(conditions, "B"), nullptr);
}

TEST(Condition, WritesAllRequiredMembers) {
  EXPECT_EQ(
      windlass::json::encode(Condition{.type = "Ready", .status = "True"}),
      R"({"type":"Ready","status":"True","lastTransitionTime":null,"reason":"","message":""})");
}

}  // namespace
