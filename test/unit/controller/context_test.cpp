#include <gtest/gtest.h>

#include <windlass/controller/context.hpp>

namespace windlass::controller {
namespace {

using namespace std::chrono_literals;

struct ContainsCase {
  const char* name;
  const char* have;
  const char* want;
  bool contained;
};

class Contains : public ::testing::TestWithParam<ContainsCase> {};

TEST_P(Contains, Table) {
  const auto& row = GetParam();
  EXPECT_EQ(contains(json::parse(row.have).value(), json::parse(row.want).value()), row.contained)
      << row.want << " in " << row.have;
}

INSTANTIATE_TEST_SUITE_P(
    Values, Contains,
    ::testing::Values(
        ContainsCase{"Equal", R"({"a":1})", R"({"a":1})", true},
        ContainsCase{"FieldsOfTheServer", R"({"a":1,"uid":"x"})", R"({"a":1})", true},
        ContainsCase{"OtherNumber", R"({"a":2})", R"({"a":1})", false},
        ContainsCase{"OtherType", R"({"a":"1"})", R"({"a":1})", false},
        ContainsCase{"MissingField", R"({"b":1})", R"({"a":1})", false},
        ContainsCase{"FalseIsAValue", R"({})", R"({"a":false})", false},
        ContainsCase{"ZeroIsAValue", R"({})", R"({"a":0})", false},
        ContainsCase{"Nested", R"({"s":{"a":1,"d":2}})", R"({"s":{"a":1}})", true},
        ContainsCase{"NestedOther", R"({"s":{"a":2}})", R"({"s":{"a":1}})", false},
        ContainsCase{"NestedMissing", R"({})", R"({"s":{"a":1}})", false},
        ContainsCase{"EmptyObjectIsAbsent", R"({})", R"({"s":{}})", true},
        ContainsCase{"EmptyListIsAbsent", R"({})", R"({"l":[]})", true},
        ContainsCase{"EmptyObjectIsNull", R"({"s":null})", R"({"s":{}})", true},
        ContainsCase{"EmptyObjectFilledByTheServer", R"({"s":{"d":1}})", R"({"s":{}})", true},
        ContainsCase{"EmptyObjectIsNoNumber", R"({"s":1})", R"({"s":{}})", false},
        ContainsCase{"EmptyTextIsAbsent", R"({})", R"({"t":""})", true},
        ContainsCase{"EmptyTextIsNoOtherText", R"({"t":"changed"})", R"({"t":""})", false},
        ContainsCase{"ListInPlace", R"({"l":[{"n":"a","d":1},{"n":"b"}]})",
                     R"({"l":[{"n":"a"},{"n":"b"}]})", true},
        ContainsCase{"ListInAnotherOrder", R"({"l":["b","a"]})", R"({"l":["a","b"]})", true},
        ContainsCase{"ListWithMore", R"({"l":[{"n":"injected"},{"n":"a","d":1}]})",
                     R"({"l":[{"n":"a"}]})", true},
        ContainsCase{"ListWithLess", R"({"l":["a"]})", R"({"l":["a","b"]})", false},
        ContainsCase{"ListElementChanged", R"({"l":[{"n":"a","i":"2"}]})",
                     R"({"l":[{"n":"a","i":"1"}]})", false},
        ContainsCase{"ListIsNoObject", R"({"l":{"a":1}})", R"({"l":["a"]})", false}),
    [](const auto& row) { return row.param.name; });

TEST(AppliedBodies, KnowsWhatWasAppliedLast) {
  AppliedBodies applied;
  const SteadyTime now{100s};
  EXPECT_FALSE(applied.same("core/configmaps/a", "one"));
  applied.remember("core/configmaps/a", "one", "", now);
  EXPECT_TRUE(applied.same("core/configmaps/a", "one"));
  EXPECT_FALSE(applied.same("core/configmaps/b", "one"));
  applied.remember("core/configmaps/a", "two", "", now);
  EXPECT_FALSE(applied.same("core/configmaps/a", "one"));
  EXPECT_TRUE(applied.same("core/configmaps/a", "two"));
  applied.forget("core/configmaps/a");
  EXPECT_FALSE(applied.same("core/configmaps/a", "two"));
}

TEST(AppliedBodies, AnswersServeForTenMinutes) {
  AppliedBodies applied;
  const SteadyTime now{100s};
  applied.remember("a", "body", "answer", now);
  EXPECT_EQ(applied.recent_answer("a", "body", now), "answer");
  EXPECT_EQ(applied.recent_answer("a", "body", now + 10min), "answer");
  EXPECT_EQ(applied.recent_answer("a", "body", now + 10min + 1ns), std::nullopt);
  EXPECT_EQ(applied.recent_answer("a", "another body", now), std::nullopt);
  EXPECT_EQ(applied.recent_answer("b", "body", now), std::nullopt);
}

TEST(AppliedBodies, AnEmptyAnswerIsNone) {
  AppliedBodies applied;
  applied.remember("a", "body", "", SteadyTime{1s});
  EXPECT_EQ(applied.recent_answer("a", "body", SteadyTime{1s}), std::nullopt);
  EXPECT_TRUE(applied.same("a", "body"));
}

}  // namespace
}  // namespace windlass::controller
