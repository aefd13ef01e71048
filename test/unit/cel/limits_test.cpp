// Hostile sources and values end in errors, not in crashes.

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/cel/program.hpp>

namespace windlass::inline v0::cel {
namespace {

Declarations text_variable() { return {.variables = {{"self", simple_type(Type::Kind::string)}}}; }

std::string outcome(const std::string& source, const std::string& self,
                    std::uint64_t limit = Program::kCallLimit) {
  const auto program = compile(source, text_variable());
  if (!program) return program.error().message;
  const std::vector<Value> variables{Value::string(self)};
  const Value value = program->evaluate(variables, limit).value;
  return value.is_error() ? value.message() : "fine";
}

TEST(Limits, DeepSources) {
  for (const auto& [open, close] :
       {std::pair("(", ")"), std::pair("[", "]"), std::pair("!(", ")")}) {
    std::string source;
    for (int i = 0; i < 20'000; ++i) source += open;
    source += "1";
    for (int i = 0; i < 20'000; ++i) source += close;
    EXPECT_THAT(outcome(source, ""), testing::HasSubstr("recursion limit exceeded")) << open;
  }
  std::string chain = "1";
  for (int i = 0; i < 20'000; ++i) chain += " + 1";
  EXPECT_THAT(outcome(chain, ""), testing::HasSubstr("recursion limit exceeded"));
}

/// Parentheses around 1, each with a sum behind it that is as long as its depth allows.
std::string tall(int depth, int longest) {
  std::string source(static_cast<std::size_t>(depth), '(');
  source += '1';
  for (int i = depth; i > 0; --i) {
    for (int k = 0; k < std::min(longest, 240 - 2 * i); ++k) source += "+1";
    source += ')';
  }
  return source + " > 0";
}

TEST(Limits, TallTrees) {
  EXPECT_EQ(outcome(tall(100, 9), ""), "fine");
  EXPECT_THAT(outcome(tall(100, 1000), ""),
              testing::HasSubstr("expression recursion limit exceeded: 1000"));
  for (const std::string& link : {std::string(".map(x, [x])"), std::string("[[0]][0]")}) {
    std::string nested = "1";
    for (int i = 0; i < 200; ++i) nested = "[" + nested + "]" + link;
    (void)outcome(nested, "");
  }
}

TEST(Limits, LongSources) {
  std::string source = "[";
  while (source.size() < 99'900) source += "1,1,1,1,";
  EXPECT_EQ(outcome(source + "1].size() > 0", ""), "fine");
  source += std::string(200, ' ');
  EXPECT_THAT(outcome(source + "1].size() > 0", ""),
              testing::HasSubstr("expression code point size exceeds limit: size: 100"));
}

TEST(Limits, MacrosThatDouble) {
  std::string source = "optional.of(1)";
  for (int i = 0; i < 6; ++i) source += ".optMap(x, x + 1)";
  EXPECT_EQ(outcome(source + ".hasValue()", ""), "fine");
  for (int i = 0; i < 60; ++i) source += ".optMap(x, x + 1)";
  EXPECT_THAT(outcome(source + ".hasValue()", ""),
              testing::HasSubstr("expression size limit exceeded"));
}

TEST(Limits, ManyErrors) {
  std::string source = "[a";
  while (source.size() < 99'000) source += ",a";
  const std::string text = outcome(source + "]", "");
  EXPECT_LT(text.size(), 20'000U);
  EXPECT_THAT(text, testing::HasSubstr("undeclared reference to 'a'"));
  EXPECT_THAT(text, testing::EndsWith("49400 more errors were truncated"));
}

TEST(Limits, LongConditionsAreBalanced) {
  std::string source = "self == 'x'";
  for (int i = 0; i < 5'000; ++i) source += " || self == 'x'";
  EXPECT_EQ(outcome(source, "x"), "fine");
}

TEST(Limits, BytesThatAreNoText) {
  for (const std::string source : {"\xff\xfe", "'\xc3'", "\x00 1", "'a\x80'", "\xf0\x9f"}) {
    (void)outcome(source, "");
  }
  EXPECT_EQ(outcome("self.size() == 1", "\xff"), "fine");
}

TEST(Limits, ValuesThatGrow) {
  const std::string thousand(1000, 'a');
  EXPECT_EQ(outcome("self.replace('', self).replace('', self).size() > 0", thousand),
            "strings have at most 16777216 bytes");
  EXPECT_EQ(outcome("lists.range(100000000).size() > 0", ""),
            "lists have at most 1000000 elements");
  EXPECT_EQ(outcome("lists.range(999999).all(x, x >= 0)", ""),
            "operation cancelled: actual cost limit exceeded");
}

/// They would take minutes.
TEST(Limits, QuadraticFunctionsArePaidBefore) {
  const std::string list = "lists.range(200000)";
  for (const std::string& source :
       {list + ".distinct().size() > 0", "sets.contains(" + list + ", " + list + ")",
        "sets.equivalent(" + list + ", " + list + ")",
        "sets.intersects(" + list + ", " + list + ".map(x, x + 200000))"}) {
    EXPECT_EQ(outcome(source, "", 100'000'000), "operation cancelled: actual cost limit exceeded");
  }
  EXPECT_EQ(outcome("lists.range(100).distinct().size() == 100", ""), "fine");
}

TEST(Limits, TheCostOfACall) {
  EXPECT_EQ(outcome("self.matches('a')", "a", 1),
            "operation cancelled: actual cost limit exceeded");
  EXPECT_EQ(outcome("self.matches('a')", "a", 2), "fine");
}

}  // namespace
}  // namespace windlass::inline v0::cel
