#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/base/random.hpp>
#include <windlass/json/schema.hpp>
#include <windlass/json/stream.hpp>

#include "../type/widget.hpp"

namespace {

using example::Part;
using example::WidgetSpec;
using testing::ElementsAre;
using testing::HasSubstr;
namespace json = windlass::json;
namespace type = windlass::type;

/// What became of each item; "malformed: ..." at the end for a list that ends badly.
template <class T = Part>
std::vector<std::string> outcomes(const std::string& list) {
  std::vector<std::string> outcomes;
  json::ListDecoder decoder(list);
  for (;;) {
    T item;
    const auto found = decoder.next(type::shape_of<T>, &item);
    if (!found) {
      outcomes.push_back("malformed: " + found.error().message);
      return outcomes;
    }
    if (*found == json::ListDecoder::Next::end) return outcomes;
    if (*found == json::ListDecoder::Next::decoded) {
      outcomes.push_back(json::encode(item));
    } else {
      outcomes.push_back("unfit: " + decoder.problem().message + " in " +
                         std::string(decoder.text()));
    }
  }
}

TEST(ListDecoder, DecodesItemAfterItem) {
  const std::string list = R"( {"kind":"L","items":[ {"name":"a","count":1} ,{"name":"b\n"},{}],
                               "metadata":{"resourceVersion":"7","continue":"c"}} )";
  const std::string before = list;
  json::ListDecoder decoder(list);
  for (const char* expected :
       {R"({"name":"a","count":1})", R"({"name":"b\n"})", R"({"name":""})"}) {
    Part part;
    ASSERT_EQ(decoder.next(type::shape_of<Part>, &part).value(), json::ListDecoder::Next::decoded);
    EXPECT_EQ(json::encode(part), expected);
  }
  Part part;
  EXPECT_EQ(decoder.next(type::shape_of<Part>, &part).value(), json::ListDecoder::Next::end);
  EXPECT_EQ(decoder.next(type::shape_of<Part>, &part).value(), json::ListDecoder::Next::end);
  EXPECT_EQ(decoder.head().resource_version, "7");
  EXPECT_EQ(decoder.head().continue_, "c");
  EXPECT_EQ(list, before);
}

TEST(ListDecoder, GoesOnBehindAnItemThatDoesNotFit) {
  EXPECT_THAT(
      outcomes(R"({"items":[{"name":"a"},{"name":["]}"],"count":2},7,null,{"name":"\u0062"}]})"),
      ElementsAre(R"({"name":"a"})",
                  R"(unfit: name: expected a string, got an array in {"name":["]}"],"count":2})",
                  HasSubstr("unfit: expected an object, got a number in 7"), R"({"name":""})",
                  R"({"name":"b"})"));
}

TEST(ListDecoder, RefusesWhatIsMalformed) {
  for (const char* list :
       {"", "[]", "{}", R"({"items":3})", R"({"items":[{"name":"a"} {}]})", R"({"items":[{},]})",
        R"({"items":[{"name":"a"]})", R"({"items":[{"name":"a})", R"({"items":[{"name":tru}]})",
        "{\"items\":[{\"name\":\"\xff\"}]}", R"({"items":[{}]}x)",
        R"({"items":[{"name":"\ud800"}]})"}) {
    EXPECT_THAT(outcomes(list).back(), HasSubstr("malformed: ")) << list;
  }
}

TEST(ListDecoder, RefusesEveryTruncation) {
  const std::string list =
      R"({"kind":"L","metadata":{"resourceVersion":"12"},"items":[{"name":"x\"y"},{"count":1}]})";
  for (std::size_t size = 0; size < list.size(); ++size) {
    const std::string part(list, 0, size);
    EXPECT_THAT(outcomes(part).back(), HasSubstr("malformed: ")) << size;
  }
}

TEST(ListDecoder, ReadsWhatDecodingEachItemAloneReads) {
  windlass::SeededRandom random(11);
  std::string list = R"({"items":[)";
  std::vector<std::string> expected;
  const auto schema = json::schema_of<WidgetSpec>();
  for (int i = 0; i < 200; ++i) {
    const auto item = json::sample(schema, random);
    if (i > 0) list += i % 2 == 0 ? ", " : ",";
    list += i % 3 == 0 ? json::dump_pretty(item) : json::dump(item);
    expected.push_back(json::encode(json::from_value<WidgetSpec>(item).value()));
  }
  list += "]}";
  EXPECT_EQ(outcomes<WidgetSpec>(list), expected);
}

struct RawCase {
  const char* text;
  const char* kept;  // or a part of the error
};

TEST(Decode, KeepsTextThatNobodyLooksInto) {
  // objects and strings without white space are taken as they are, everything else is read and
  // written again; both must give the same
  for (const auto& [text, kept] : std::initializer_list<RawCase>{
           {R"({})", R"({})"},
           {R"({"f:a":{}})", R"({"f:a":{}})"},
           {R"({"f:a":{".":{},"k:{\"n\":\"x\\\\\"}":{"f:b":{}}},"v":"t"})",
            R"({"f:a":{".":{},"k:{\"n\":\"x\\\\\"}":{"f:b":{}}},"v":"t"})"},
           {R"( { "a" : { } , "b" : "c" } )", R"({"a":{},"b":"c"})"},
           {R"({"\u0061":"\/\n\t\r\u000a"})", R"({"a":"/\n\t\r\n"})"},
           {R"({"é":{}})", R"({"é":{}})"},
           {R"({"a":[1,{"b":{}}],"c":null})", R"({"a":[1,{"b":{}}],"c":null})"},
           {R"({"a":{},})", "malformed"},
           {R"({,"a":{}})", "malformed"},
           {R"({"a":{}"b":{}})", "malformed"},
           {R"({"a":{}}})", "malformed"},
           {R"({"a":{})", "malformed"},
           {R"({"a")", "malformed"},
           {R"({"a":)", "malformed"},
           {R"({"a)", "malformed"},
           {"{\"a\x01\":{}}", "malformed"},
           {"{\"a\xff\":{}}", "not UTF-8"},
           {R"({"a":{"b":{"c":{"d":{"e":{"f":{"g":{}}}}}}}})", "nested deeper than 8"},
       }) {
    const std::string document =
        R"({"name":"n","parts":[],"port":1,"raw":)" + std::string(text) + "}";
    const auto spec = json::decode<WidgetSpec>(document, {.max_depth = 8});
    if (spec) {
      EXPECT_EQ(spec->raw.text, kept) << text;
    } else {
      EXPECT_THAT(spec.error().message, HasSubstr(kept)) << text;
    }
  }
  const auto within = R"({"raw":{"a":{"b":{"c":{"d":{"e":{"f":{}}}}}}}})";
  EXPECT_TRUE(json::decode<WidgetSpec>(within, {.max_depth = 8}));
}

TEST(Decode, FindsFieldsInWhateverOrderTheyCome) {
  // what was learned from one order must not harm another one
  for (const char* text : {R"({"name":"n","count":1})", R"({"count":1,"name":"n"})",
                           R"({"count":2,"name":"m","count":1,"name":"n"})",
                           R"({"x":1,"name":"n","y":[],"count":1})"}) {
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(json::encode(json::decode<Part>(text).value()), R"({"name":"n","count":1})");
    }
  }
}

TEST(Decode, GrowsAndShrinksListsWhateverTheirLastSizeWas) {
  for (const int count : {0, 1, 7, 40, 2, 300, 0, 1}) {
    std::string text = R"({"args":[)";
    for (int i = 0; i < count; ++i) text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\"";
    const auto spec = json::decode<WidgetSpec>(text + "]}").value();
    ASSERT_EQ(spec.args.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(spec.args.capacity(), spec.args.size());
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(spec.args[static_cast<std::size_t>(i)], std::to_string(i));
    }
  }
}

}  // namespace
