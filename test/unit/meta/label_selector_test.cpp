#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/json/table.hpp>
#include <windlass/meta/label_selector.hpp>

namespace {

using windlass::meta::LabelSelector;
using windlass::meta::StringMap;
namespace meta = windlass::meta;

const StringMap kLabels{{"app", "web"}, {"tier", "gold"}, {"n", "7"}, {"empty", ""}};

struct MatchCase {
  const char* selector;
  bool matches;
};

TEST(Selector, MatchesAsKubectlDoes) {
  for (const auto& [selector, expected] : {
           MatchCase{"", true},
           MatchCase{"  ", true},
           MatchCase{"app=web", true},
           MatchCase{"app==web", true},
           MatchCase{" app = web ", true},
           MatchCase{"app=api", false},
           MatchCase{"none=web", false},
           MatchCase{"app!=api", true},
           MatchCase{"app!=web", false},
           MatchCase{"none!=x", true},
           MatchCase{"app", true},
           MatchCase{"none", false},
           MatchCase{"!app", false},
           MatchCase{"!none", true},
           MatchCase{"app in (web,api)", true},
           MatchCase{"app in (web)", true},
           MatchCase{"app in(api)", false},
           MatchCase{"app notin (api, db)", true},
           MatchCase{"none notin (x)", true},
           MatchCase{"app notin (web)", false},
           MatchCase{"none in (x)", false},
           MatchCase{"app=web,tier=gold", true},
           MatchCase{"app=web,tier=silver", false},
           MatchCase{"n>6", true},
           MatchCase{"n>7", false},
           MatchCase{"n<8", true},
           MatchCase{"app>1", false},
           MatchCase{"none<1", false},
           MatchCase{"empty=", true},
           MatchCase{"empty in ()", true},
           MatchCase{"app=", false},
           MatchCase{"in in (in)", false},
           MatchCase{"app in (web),!none , tier", true},
       }) {
    const auto parsed = meta::parse_selector(selector);
    ASSERT_TRUE(parsed) << selector << ": " << parsed.error().message;
    EXPECT_EQ(parsed->matches(kLabels), expected) << selector;
    const auto again = meta::parse_selector(meta::format_selector(*parsed));
    ASSERT_TRUE(again) << meta::format_selector(*parsed);
    EXPECT_EQ(*again, *parsed) << selector;
  }
}

TEST(Selector, IsFormattedForQueries) {
  EXPECT_EQ(meta::format_selector(
                meta::parse_selector("a=b, c in (y,x,y) ,!d,e,f!=g,h notin (i,j),k>1").value()),
            "a=b,c in (x,y),!d,e,f!=g,h notin (i,j),k>1");
}

TEST(ParseSelector, SaysWhereItWentWrong) {
  for (const char* text :
       {",", "a=b,", "a=b c=d", "a in b", "a in (b", "a in (b c)", "=b", "!", "!a=b", "a>b",
        "a=b=c", "a = (b)", "-a=b", "a=-b", "a b", "a notin", "a/b/c=d", "a in (b,-c)"}) {
    const auto parsed = meta::parse_selector(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, testing::HasSubstr("character")) << text;
  }
}

TEST(LabelSelector, BecomesAQuery) {
  const auto selector = windlass::json::decode<LabelSelector>(R"({"matchLabels":{"b":"2","a":"1"},
    "matchExpressions":[{"key":"tier","operator":"In","values":["gold","bronze"]},{"key":"x","operator":"Exists"},
    {"key":"y","operator":"DoesNotExist"},{"key":"z","operator":"NotIn","values":["q"]}]})")
                            .value();
  EXPECT_EQ(meta::format_selector(selector), "a=1,b=2,tier in (bronze,gold),x,!y,z!=q");
  EXPECT_FALSE(meta::matches(selector, kLabels));
  EXPECT_TRUE(meta::matches(LabelSelector(), kLabels));
  EXPECT_TRUE(meta::matches(LabelSelector{.match_labels = {{"app", "web"}}}, kLabels));
  EXPECT_EQ(meta::format_selector(LabelSelector()), "");
}

TEST(LabelSelector, IsRefusedWhenItsValuesDoNotFit) {
  for (const auto& requirement :
       std::vector<meta::LabelSelectorRequirement>{{"a", "In", {}},
                                                   {"a", "NotIn", {}},
                                                   {"a", "Exists", {"x"}},
                                                   {"a", "DoesNotExist", {"x"}},
                                                   {"a", "Gt", {"1"}},
                                                   {"a", "", {}},
                                                   {"", "Exists", {}},
                                                   {"a b", "Exists", {}},
                                                   {"a", "In", {"x y"}}}) {
    const LabelSelector selector{.match_expressions = {requirement}};
    EXPECT_FALSE(meta::to_selector(selector));
    EXPECT_FALSE(meta::matches(selector, kLabels));
  }
}

}  // namespace
