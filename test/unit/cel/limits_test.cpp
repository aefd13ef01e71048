// Hostile sources and values end in errors, not in crashes.

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

TEST(Limits, TheCostOfACall) {
  EXPECT_EQ(outcome("self.matches('a')", "a", 1),
            "operation cancelled: actual cost limit exceeded");
  EXPECT_EQ(outcome("self.matches('a')", "a", 2), "fine");
}

}  // namespace
}  // namespace windlass::inline v0::cel
