#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/json/patch.hpp>

namespace {

using testing::HasSubstr;
using windlass::Errc;
namespace json = windlass::json;

json::Value parse(std::string_view text) { return json::parse(text).value(); }

struct PatchCase {
  const char* document;
  const char* patch;
  const char* expected;  // JSON, or part of the error after "error: "
};

// The examples of RFC 6902's appendix and more.
TEST(JsonPatch, DoesWhatTheRfcSays) {
  for (const auto& [document, patch, expected] : {
           PatchCase{R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])",
                     R"({"baz":"qux","foo":"bar"})"},
           PatchCase{R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])",
                     R"({"foo":["bar","qux","baz"]})"},
           PatchCase{R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["a"]}])",
                     R"({"foo":["bar",["a"]]})"},
           PatchCase{R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])",
                     R"({"foo":"bar"})"},
           PatchCase{R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])",
                     R"({"foo":["bar","baz"]})"},
           PatchCase{R"({"baz":"qux"})", R"([{"op":"replace","path":"/baz","value":null}])",
                     R"({"baz":null})"},
           PatchCase{R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
                     R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
                     R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
           PatchCase{R"({"foo":["all","grass","cows","eat"]})",
                     R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
                     R"({"foo":["all","cows","eat","grass"]})"},
           PatchCase{R"({"a":1})", R"([{"op":"copy","from":"/a","path":"/b"}])",
                     R"({"a":1,"b":1})"},
           PatchCase{R"({"a":[1,{"b":2}]})", R"([{"op":"test","path":"/a","value":[1.0,{"b":2}]}])",
                     R"({"a":[1,{"b":2}]})"},
           PatchCase{
               R"({"a/b":1,"m~n":2})",
               R"([{"op":"remove","path":"/a~1b"},{"op":"replace","path":"/m~0n","value":3}])",
               R"({"m~n":3})"},
           PatchCase{R"({"a":1})", R"([{"op":"replace","path":"","value":[]}])", "[]"},
           PatchCase{R"({"":1})", R"([{"op":"replace","path":"/","value":2}])", R"({"":2})"},
           PatchCase{R"({"a":1})", "[]", R"({"a":1})"},
           // errors
           PatchCase{R"({"a":1})", R"([{"op":"test","path":"/a","value":2}])",
                     "error: operation 0 (test /a): test failed: the value is 1"},
           PatchCase{R"({"a":1})", R"([{"op":"remove","path":"/b"}])",
                     "error: operation 0 (remove /b): the path does not exist"},
           PatchCase{R"({"a":1})", R"([{"op":"replace","path":"/b","value":1}])",
                     "error: the path does not exist"},
           PatchCase{R"({"a":1})", R"([{"op":"add","path":"/b/c","value":1}])",
                     "error: the path does not exist (at \"b\")"},
           PatchCase{R"({"a":[]})", R"([{"op":"add","path":"/a/1","value":1}])",
                     "error: out of range"},
           PatchCase{R"({"a":[1]})", R"([{"op":"remove","path":"/a/-"}])", "error: does not exist"},
           PatchCase{R"({"a":[1]})", R"([{"op":"remove","path":"/a/00"}])",
                     "error: does not exist"},
           PatchCase{R"({"a":1})", R"([{"op":"add","path":"a","value":1}])",
                     "error: malformed JSON pointer"},
           PatchCase{R"({"a":1})", R"([{"op":"add","path":"/~2","value":1}])",
                     "error: malformed JSON pointer"},
           PatchCase{R"({"a":1})", R"([{"op":"add","path":"/b"}])", "error: it has no value"},
           PatchCase{R"({"a":1})", R"([{"op":"frob","path":"/b"}])", "error: unknown operation"},
           PatchCase{R"({"a":1})", R"([{"op":"move","path":"/b"}])", "error: it has no from"},
           PatchCase{R"({"a":{}})", R"([{"op":"move","from":"/a","path":"/a/b"}])",
                     "error: into itself"},
           PatchCase{R"({"a":1})", R"([3])", "error: it has no path"},
           PatchCase{R"({"a":1})", R"({})", "error: array of operations"},
       }) {
    const auto result = json::apply_json_patch(parse(document), parse(patch));
    if (result) {
      EXPECT_EQ(json::dump(*result), expected) << patch;
    } else {
      ASSERT_THAT(expected, testing::StartsWith("error: ")) << result.error().message;
      EXPECT_EQ(result.error().code, Errc::invalid_argument);
      EXPECT_THAT(result.error().message, HasSubstr(expected + 7));
    }
  }
}

TEST(JsonPatch, IsCreatedSoThatItAppliesBack) {
  for (const auto& [before, after, unused] : {
           PatchCase{"{}", R"({"a":1})", ""},
           PatchCase{R"({"a":{"b":1,"c":[1,2]},"x/y":1})", R"({"a":{"c":[2],"d":null}})", ""},
           PatchCase{"[1]", "{}", ""},
           PatchCase{R"({"a":1})", R"({"a":1})", ""},
       }) {
    const auto patch = json::create_json_patch(parse(before), parse(after));
    EXPECT_EQ(json::apply_json_patch(parse(before), patch).value(), parse(after))
        << json::dump(patch);
  }
  EXPECT_EQ(json::dump(json::create_json_patch(parse(R"({"a":1})"), parse(R"({"a":1})"))), "[]");
}

// RFC 7386's appendix.
TEST(MergePatch, DoesWhatTheRfcSays) {
  for (const auto& [document, patch, expected] : {
           PatchCase{R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
           PatchCase{R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
           PatchCase{R"({"a":"b"})", R"({"a":null})", "{}"},
           PatchCase{R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
           PatchCase{R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
           PatchCase{R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
           PatchCase{R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
           PatchCase{R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
           PatchCase{R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
           PatchCase{R"({"a":"b"})", R"(["c"])", R"(["c"])"},
           PatchCase{R"({"a":"foo"})", "null", "null"},
           PatchCase{R"({"e":null})", R"({"a":1})", R"({"a":1,"e":null})"},
           PatchCase{R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
           PatchCase{"{}", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
       }) {
    EXPECT_EQ(json::dump(json::apply_merge_patch(parse(document), parse(patch))), expected)
        << patch;
  }
}

TEST(MergePatch, IsCreatedAsSmallAsPossible) {
  for (const auto& [before, after, expected] : {
           PatchCase{R"({"a":1})", R"({"a":1})", "{}"},
           PatchCase{R"({"a":1,"b":2})", R"({"a":1,"b":3})", R"({"b":3})"},
           PatchCase{R"({"a":1,"b":2})", R"({"a":1})", R"({"b":null})"},
           PatchCase{R"({"s":{"x":1,"y":{"z":1}}})", R"({"s":{"x":1,"y":{"z":2}}})",
                     R"({"s":{"y":{"z":2}}})"},
           PatchCase{R"({"l":[1,2]})", R"({"l":[1]})", R"({"l":[1]})"},
           PatchCase{"{}", R"({"n":{"m":{}}})", R"({"n":{"m":{}}})"},
           PatchCase{R"({"a":1})", R"({"a":{"b":1}})", R"({"a":{"b":1}})"},
           PatchCase{R"({"a":{"b":1}})", R"({"a":1})", R"({"a":1})"},
       }) {
    const auto patch = json::create_merge_patch(parse(before), parse(after));
    EXPECT_EQ(json::dump(patch), expected);
    EXPECT_EQ(json::apply_merge_patch(parse(before), patch), parse(after));
  }
}

TEST(Pointer, FindsValues) {
  const auto document = parse(R"({"a":[{"b/c":5}]})");
  EXPECT_EQ(**json::at_pointer(document, "/a/0/b~1c"), json::Value(5));
  EXPECT_EQ(json::at_pointer(document, "/a/1").value(), nullptr);
  EXPECT_EQ(json::at_pointer(document, "").value(), &document);
  EXPECT_FALSE(json::at_pointer(document, "a"));
  EXPECT_EQ(json::escape_pointer("a/b~c"), "a~1b~0c");
}

}  // namespace
