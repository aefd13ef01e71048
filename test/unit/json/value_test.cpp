#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/json/table.hpp>
#include <windlass/json/value.hpp>

namespace {

using testing::HasSubstr;
using windlass::Errc;
using windlass::Exception;
namespace json = windlass::json;
using json::Value;

std::string again(std::string_view text) {
  const auto value = json::parse(text);
  return value ? json::dump(*value) : "error: " + value.error().message;
}

TEST(Parse, KeepsIntegersExactly) {
  EXPECT_EQ(again("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(again("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(again("9007199254740993"), "9007199254740993");
  EXPECT_EQ(again("-0"), "0");
  EXPECT_TRUE(json::parse("9223372036854775807")->is_integer());
  EXPECT_FALSE(json::parse("9223372036854775808")->is_integer());
  EXPECT_FALSE(json::parse("1.0")->is_integer());
}

TEST(Parse, ReadsDoublesToTheLastDigit) {
  for (const char* text : {"0.1", "1e+300", "5e-324", "1.7976931348623157e+308", "123456.789"}) {
    EXPECT_EQ(again(text), text);
  }
}

TEST(Parse, ReadsAZeroWithAnyExponentAsZero) {
  for (const char* text : {"0e60", "0.000E+200", "-0e99", "0e-60", "[1,0.0e60]"}) {
    const auto value = json::parse(text).value();
    EXPECT_EQ(value.is_array() ? value.as_array().at(1) : value, Value(0)) << text;
  }
  EXPECT_EQ(json::decode<double>("0e60").value(), 0.0);
  EXPECT_EQ(json::decode<double>("10e60").value(), 1e61);
  EXPECT_EQ(json::decode<double>("0.01e60").value(), 1e58);
}

TEST(Dump, SortsKeysAndTheLastOfEqualOnesWins) {
  EXPECT_EQ(again(R"({"b":1,"a":{"z":1,"y":2},"b":3,"B":4})"),
            R"({"B":4,"a":{"y":2,"z":1},"b":3})");
}

TEST(Dump, IsIndentedWhenPretty) {
  const auto value = json::parse(R"({"a":[1,{"b":[]}],"c":{}})").value();
  EXPECT_EQ(json::dump_pretty(value),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}\n");
  EXPECT_EQ(json::parse(json::dump_pretty(value)).value(), value);
}

TEST(Dump, WritesWhatJsonCannotSayAsNull) {
  EXPECT_EQ(json::dump(Value(std::numeric_limits<double>::infinity())), "null");
  EXPECT_EQ(json::dump(Value(std::numeric_limits<double>::quiet_NaN())), "null");
}

TEST(Parse, SaysWhereTextIsMalformed) {
  EXPECT_THAT(again("{\n  \"a\": x\n}"), HasSubstr("line 2, column 8"));
  for (const char* text :
       {"", "{", "[1,]", "{\"a\"}", "nul", "\"\\x\"", "\"\xff\"", "01", "[1 2]", "{} {}"}) {
    const auto value = json::parse(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, Errc::parse);
  }
}

TEST(Parse, LimitsTheDepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(json::parse(nested(1000)));
  EXPECT_THAT(again(nested(1001)), HasSubstr("nested deeper than 1000"));
  EXPECT_FALSE(json::parse(nested(1000000)));
  EXPECT_FALSE(json::parse("[[]]", {.max_depth = 1}));
}

TEST(Parse, RefusesWhatIsNotUtf8) {
  EXPECT_THAT(again("\"\xc3\""), HasSubstr("error"));
  EXPECT_THAT(again("\"\xed\xa0\x80\""), HasSubstr("error"));
  EXPECT_EQ(again("\"\xf0\x9f\x98\x80\""), "\"\xf0\x9f\x98\x80\"");
}

TEST(Parse, RefusesZeroBytesAndSkipsAByteOrderMark) {
  using namespace std::string_view_literals;
  EXPECT_THAT(again("{}\0"sv), HasSubstr("zero byte"));
  EXPECT_THAT(again("[1,\0 2]"sv), HasSubstr("error"));
  EXPECT_EQ(again("\xef\xbb\xbf{}"), "{}");
}

TEST(Parse, RefusesEveryTruncation) {
  const std::string text =
      R"({"a":[1,-2.5e3,true,null,"x\u00e9\"y"],"b":{"c":"a longer string than sixteen"}})";
  EXPECT_TRUE(json::parse(text));
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string part = text.substr(0, size);
    EXPECT_FALSE(json::parse(part)) << part;
  }
}

TEST(Value, ComparesNumbersByValue) {
  EXPECT_EQ(Value(1), Value(1.0));
  EXPECT_FALSE(Value(1) == Value("1"));
  EXPECT_FALSE(Value() == Value(0));
  EXPECT_EQ(json::parse(R"({"a":[1]})").value(), json::parse(R"({ "a" : [ 1.0 ] })").value());
}

TEST(Value, GivesAccessThatThrowsAndAccessThatDoesNot) {
  const Value text("x");
  EXPECT_EQ(text.as_string(), "x");
  EXPECT_EQ(text.integer_or(7), 7);
  EXPECT_TRUE(text["a"]["b"].is_null());
  try {
    static_cast<void>(text.as_integer());
    FAIL();
  } catch (const Exception& error) {
    EXPECT_EQ(error.code(), Errc::parse);
    EXPECT_STREQ(error.what(), "expected integer, got string");
  }
}

TEST(Value, IsAValue) {
  Value a = json::parse(R"({"x":{"y":[1,2]}})").value();
  Value b = a;
  b["x"]["y"].as_array().push_back(3);
  EXPECT_EQ(json::dump(a), R"({"x":{"y":[1,2]}})");
  b["n"]["m"] = true;
  EXPECT_EQ(json::dump(b), R"({"n":{"m":true},"x":{"y":[1,2,3]}})");
  b = b["x"]["y"];  // from inside itself
  EXPECT_EQ(json::dump(b), "[1,2,3]");
}

TEST(Object, FindsSetsAndErases) {
  json::Object object{{"b", 1}, {"a", 2}};
  EXPECT_EQ(object.begin()->key, "a");
  object.set("c", 3);
  EXPECT_TRUE(object.erase("b"));
  EXPECT_FALSE(object.erase("b"));
  EXPECT_EQ(json::dump(object), R"({"a":2,"c":3})");
  EXPECT_EQ(json::parse(R"({"a":{"b":1}})")->at_path({"a", "b"}), Value(1));
  EXPECT_TRUE(json::parse(R"({"a":{"b":1}})")->at_path({"a", "x", "y"}).is_null());
}

}  // namespace
