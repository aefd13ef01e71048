#include <gtest/gtest.h>

#include <windlass/base/log_format.hpp>

namespace windlass {
namespace {

struct FieldCase {
  const char* name;
  LogValue value;
  const char* text;
  const char* json;
};

class LogFieldTable : public ::testing::TestWithParam<FieldCase> {};

TEST_P(LogFieldTable, AsTextAndAsJson) {
  const auto& row = GetParam();
  std::string text;
  append_log_field(text, "key", row.value, false);
  EXPECT_EQ(text, row.text);
  std::string json = "{";
  append_log_field(json, "key", row.value, true);
  EXPECT_EQ(json, std::string("{") + row.json);
}

using namespace std::string_view_literals;
INSTANTIATE_TEST_SUITE_P(
    Values, LogFieldTable,
    ::testing::Values(FieldCase{"Plain", "word"sv, " key=word", R"("key":"word")"},
                      FieldCase{"Spaces", "two words"sv, R"( key="two words")",
                                R"("key":"two words")"},
                      FieldCase{"Equals", "a=b"sv, R"( key="a=b")", R"("key":"a=b")"},
                      FieldCase{"Quotes", "a\"b"sv, R"( key="a\"b")", R"("key":"a\"b")"},
                      FieldCase{"Lines", "a\nb"sv, R"( key="a\nb")", R"("key":"a\nb")"},
                      FieldCase{"Empty", ""sv, R"( key="")", R"("key":"")"},
                      FieldCase{"Integer", std::int64_t{-7}, " key=-7", R"("key":-7)"},
                      FieldCase{"Fraction", 1.5, " key=1.5", R"("key":1.5)"},
                      FieldCase{"Bool", true, " key=true", R"("key":true)"}),
    [](const auto& row) { return row.param.name; });

TEST(LogFields, FieldsOfAJsonLineAreSeparated) {
  std::string line;
  append_log_field(line, "a", std::int64_t{1}, true);
  append_log_field(line, "b", "{"sv, true);
  append_log_field(line, "c", true, true);
  EXPECT_EQ(line, R"("a":1,"b":"{","c":true)");
}

}  // namespace
}  // namespace windlass
