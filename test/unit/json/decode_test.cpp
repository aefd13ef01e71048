#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/type/inspect.hpp>

#include "../type/widget.hpp"

namespace {

using example::Policy;
using example::Widget;
using example::WidgetSpec;
using testing::HasSubstr;
using windlass::Errc;
namespace json = windlass::json;
namespace meta = windlass::meta;

template <class T = WidgetSpec>
std::string error_of(std::string_view text, const json::DecodeOptions& options = {}) {
  const auto result = json::decode<T>(text, options);
  if (result) return "no error";
  EXPECT_EQ(result.error().code, Errc::parse);
  return result.error().message;
}

constexpr std::string_view kFull = R"({
  "name": "main", "replicas": 2, "paused": false, "ratio": 0.25, "note": "",
  "args": ["a", "b\u00e9\n\"quoted\""], "parts": [{"name": "p", "count": 9007199254740993}],
  "labels": {"z": "1", "a": "2"}, "limits": {"cpu": "500m", "memory": 1024},
  "policy": "Delete", "port": "http", "since": "2026-01-02T03:04:05Z",
  "fallback": {"name": "second", "fallback": {"name": "third"}},
  "children": [{"name": "c1"}, {"name": "c2", "children": [{"name": "c3"}]}],
  "named": {"n": {"name": "inner", "port": 8080}},
  "extra": {"free": [1, 2.5, null, true, {"x": "y"}]},
  "raw": {"f:spec": {"k:{\"name\":\"app\"}": {".": {}, "n": [1, -2, 1.5, true, null, "s"]}}},
  "unknown": {"kept": [1, {"deep": true}]}, "other": 7
})";

TEST(Decode, FillsEveryKindOfField) {
  const auto result = json::decode<WidgetSpec>(kFull);
  ASSERT_TRUE(result) << result.error().message;
  const WidgetSpec& spec = *result;
  EXPECT_EQ(spec.name, "main");
  EXPECT_EQ(spec.replicas, 2);
  EXPECT_EQ(spec.paused, false);
  EXPECT_EQ(spec.ratio, 0.25);
  EXPECT_EQ(spec.note, "");
  EXPECT_THAT(spec.args, testing::ElementsAre("a", "b\xc3\xa9\n\"quoted\""));
  ASSERT_EQ(spec.parts.size(), 1u);
  EXPECT_EQ(spec.parts[0].count, 9007199254740993);  // does not pass through double
  EXPECT_EQ(spec.labels, (meta::StringMap{{"a", "2"}, {"z", "1"}}));
  EXPECT_EQ(spec.limits.at("cpu").milli_value(), 500);
  EXPECT_EQ(spec.limits.at("memory").value(), 1024);
  EXPECT_EQ(spec.policy, Policy::remove);
  EXPECT_EQ(spec.port, "http");
  EXPECT_EQ(spec.since->to_string(), "2026-01-02T03:04:05Z");
  EXPECT_EQ(spec.fallback->fallback->name, "third");
  EXPECT_EQ(spec.children[1].children[0].name, "c3");
  EXPECT_EQ(spec.named.at("n").port, 8080);
  EXPECT_EQ(json::dump(spec.extra), R"({"free":[1,2.5,null,true,{"x":"y"}]})");
  EXPECT_EQ(spec.raw.text,
            R"({"f:spec":{"k:{\"name\":\"app\"}":{".":{},"n":[1,-2,1.5,true,null,"s"]}}})");
  EXPECT_EQ(json::dump(spec.rest), R"({"other":7,"unknown":{"kept":[1,{"deep":true}]}})");
}

TEST(Decode, RoundTripsThroughTextAndThroughValues) {
  const auto spec = json::decode<WidgetSpec>(kFull).value();
  EXPECT_EQ(json::decode<WidgetSpec>(json::encode(spec)).value(), spec);
  EXPECT_EQ(json::from_value<WidgetSpec>(json::to_value(spec)).value(), spec);
  EXPECT_EQ(json::parse(json::encode(spec)).value(), json::to_value(spec));
  EXPECT_EQ(json::from_value<WidgetSpec>(json::parse(kFull).value()).value(), spec);
  EXPECT_EQ(json::decode<WidgetSpec>(std::string(kFull)).value(), spec);
}

TEST(Decode, GivesTheSameWhateverTheLengthOfStrings) {
  // Every length around the sixteen bytes that are scanned at once, with and without escapes.
  for (std::size_t length = 0; length < 70; ++length) {
    for (std::size_t special = 0; special <= length; ++special) {
      std::string text(length, 'x');
      if (special < length) text[special] = '"';
      json::Object object{{"name", text}, {"labels", json::Object{{text, text}}}};
      const auto spec = json::decode<WidgetSpec>(json::dump(object)).value();
      ASSERT_EQ(spec.name, text);
      ASSERT_EQ(spec.labels.at(text), text);
    }
  }
}

TEST(Decode, TakesNullAsAbsent) {
  const auto spec = json::decode<WidgetSpec>(
      R"({"name":null,"replicas":null,"args":null,"labels":null,"fallback":null,"extra":null,
          "since":null,"policy":null,"port":null,"raw":null,"parts":[null,{"name":null}],
          "named":{"a":null}})");
  ASSERT_TRUE(spec) << spec.error().message;
  WidgetSpec expected;
  expected.parts.resize(2);
  expected.named["a"];
  EXPECT_EQ(*spec, expected);
}

TEST(Decode, TakesTheLastOfMembersGivenTwice) {
  const auto spec = json::decode<WidgetSpec>(
      R"({"name":"a","args":["x","y"],"args":["z"],"name":"b","labels":{"k":"1"},
          "labels":{"m":"1","m":"2"},"fallback":{"name":"f","replicas":1},"fallback":{"name":"g"},
          "replicas":1,"replicas":null,"extra":{"a":1},"extra":{"b":2},"raw":{"a":1},"raw":2,
          "new":1,"new":{"x":2}})");
  ASSERT_TRUE(spec) << spec.error().message;
  WidgetSpec expected;
  expected.name = "b";
  expected.args = {"z"};
  expected.labels = {{"m", "2"}};
  expected.fallback.ensure().name = "g";
  expected.extra["b"] = 2;
  expected.raw.text = "2";
  expected.rest["new"]["x"] = 2;
  EXPECT_EQ(*spec, expected);
}

TEST(Decode, SkipsUnknownMembersOfAnyShape) {
  const auto part = json::decode<example::Part>(
      R"({"x":{"name":{"name":1}},"y":[[{"name":[]}]],"name":"n","z":null,"u":1.5,"count":3,"v":"s"})");
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(*part, (example::Part{"n", 3}));
  EXPECT_TRUE(json::decode<example::Nothing>(R"({"a":[1,{"b":2}]})"));
}

TEST(Decode, ReadsKeysInAnyOrderAndCase) {
  EXPECT_EQ(json::decode<example::Part>(R"({"count":1,"name":"n"})").value(),
            (example::Part{"n", 1}));
  EXPECT_EQ(json::decode<example::Part>(R"({"Name":"n","COUNT":1})").value(), example::Part());
}

TEST(Decode, ChecksApiVersionAndKindWhenTheyAreThere) {
  const auto widget = json::decode<Widget>(
      R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{}})");
  ASSERT_TRUE(widget) << widget.error().message;
  EXPECT_EQ(widget->metadata.name, "w");
  EXPECT_TRUE(json::decode<Widget>(R"({"metadata":{}})"));
  EXPECT_TRUE(json::decode<Widget>(R"({"kind":"","apiVersion":""})"));
  EXPECT_EQ(error_of<Widget>(R"({"kind":"Gadget"})"), "expected \"Widget\", got \"Gadget\"");
  EXPECT_THAT(error_of<Widget>(R"({"apiVersion":"example.com/v2"})"), HasSubstr("example.com/v2"));
}

struct ErrorCase {
  const char* text;
  const char* message;
};

TEST(Decode, NamesThePlaceAndTheProblem) {
  for (const auto& [text, message] : {
           ErrorCase{R"({"name":5})", "name: expected a string, got a number"},
           ErrorCase{R"({"name":{}})", "name: expected a string, got an object"},
           ErrorCase{R"({"replicas":"2"})", "replicas: expected an integer, got a string"},
           ErrorCase{R"({"replicas":1.0})", "replicas: expected an integer, got the number 1"},
           ErrorCase{R"({"replicas":1.5})", "replicas: expected an integer, got the number 1.5"},
           ErrorCase{R"({"replicas":1e2})", "replicas: expected an integer, got the number 100"},
           ErrorCase{R"({"replicas":2147483648})",
                     "replicas: the number 2147483648 does not fit in 32 bits"},
           ErrorCase{R"({"replicas":-2147483649})",
                     "replicas: the number -2147483649 does not fit in 32 bits"},
           ErrorCase{R"({"parts":[{},{"count":9223372036854775808}]})",
                     "parts[1].count: expected an integer, got the number 9223372036854775808"},
           ErrorCase{R"({"paused":1})", "paused: expected a boolean, got a number"},
           ErrorCase{R"({"paused":"true"})", "paused: expected a boolean, got a string"},
           ErrorCase{R"({"ratio":"1"})", "ratio: expected a number, got a string"},
           ErrorCase{R"({"args":"x"})", "args: expected an array, got a string"},
           ErrorCase{R"({"args":{}})", "args: expected an array, got an object"},
           ErrorCase{R"({"args":["a","b",3]})", "args[2]: expected a string, got a number"},
           ErrorCase{R"({"labels":[]})", "labels: expected an object, got an array"},
           ErrorCase{R"({"labels":{"a":"b","c":true}})",
                     "labels[c]: expected a string, got a boolean"},
           ErrorCase{R"({"fallback":[]})", "fallback: expected an object, got an array"},
           ErrorCase{R"({"children":[{},{"fallback":{"parts":[1]}}]})",
                     "children[1].fallback.parts[0]: expected an object, got a number"},
           ErrorCase{R"({"named":{"a":{},"b":{"args":[[]]}}})",
                     "named[b].args[0]: expected a string, got an array"},
           ErrorCase{R"({"policy":"Keep"})",
                     "policy: expected one of Retain, Delete, got \"Keep\""},
           ErrorCase{R"({"limits":{"cpu":"1x"}})",
                     "limits[cpu]: expected a quantity such as \"500m\", \"1.5\" or \"2Gi\", got "
                     "\"1x\""},
           ErrorCase{R"({"since":"yesterday"})",
                     "since: expected a time such as \"2026-01-02T03:04:05Z\", got \"yesterday\""},
           ErrorCase{R"({"port":true})",
                     "port: expected a value of type integer or string, got a boolean"},
           ErrorCase{R"({"port":4294967296})",
                     "port: the number 4294967296 does not fit in 32 bits"},
           ErrorCase{"[]", "expected an object, got an array"},
           ErrorCase{"3", "expected an object, got a number"},
       }) {
    EXPECT_EQ(error_of(text), message) << text;
  }
}

TEST(Decode, RefusesMalformedText) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "{\"",
                           "{\"name",
                           "{\"name\"",
                           "{\"name\":",
                           "{\"name\":\"",
                           "{\"name\":\"a",
                           "{\"name\":\"a\"",
                           "{\"name\":\"a\",",
                           "{\"name\":\"a\",}",
                           "{'name':1}",
                           "{\"name\" \"a\"}",
                           "{\"args\":[\"a\",]}",
                           "{\"args\":[\"a\" \"b\"]}",
                           "{\"replicas\":01}",
                           "{\"replicas\":+1}",
                           "{\"replicas\":1.}",
                           "{\"replicas\":.5}",
                           "{\"replicas\":-}",
                           "{\"replicas\":0x1}",
                           "{\"ratio\":NaN}",
                           "{\"ratio\":1e}",
                           "{\"ratio\":1e999}",
                           "{\"paused\":tru}",
                           "{\"x\":nul}",
                           "{\"name\":\"\\x\"}",
                           "{\"name\":\"\\u12\"}",
                           "{\"name\":\"\\u12g4\"}",
                           "{\"name\":\"a\nb\"}",
                           "{\"name\":\"\\",
                           "{\"name\":\"\\u",
                           "{\"name\":\"\\ud800\"}",
                           "{\"name\":\"\\ud800\\u0041\"}",
                           "{\"name\":\"\\udc00\"}",
                           "{} {}",
                           "{}x",
                           "{}/**/",
                           "{\"unknown\":[}",
                           "{\"unknown\":{]}"}) {
    EXPECT_THAT(error_of(text), HasSubstr("malformed JSON at byte")) << text;
  }
  EXPECT_THAT(error_of("{\"args\":[\"a\","), HasSubstr("(in args[0])"));
}

TEST(Decode, RefusesZeroBytes) {
  using namespace std::string_view_literals;
  EXPECT_THAT(error_of("{}\0"sv), HasSubstr("zero byte"));
  EXPECT_THAT(error_of("{}\0{}"sv), HasSubstr("zero byte"));
  EXPECT_THAT(error_of("{\"name\":\"a\0b\"}"sv), HasSubstr("malformed"));
  EXPECT_THAT(error_of("{\0}"sv), HasSubstr("malformed"));
  EXPECT_EQ(json::decode<WidgetSpec>(R"({"name":"a\u0000b"})")->name, "a\0b"sv);
}

TEST(Decode, RefusesEveryTruncation) {
  std::string text(kFull);
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    // exactly sized, so that the sanitizer sees a read past the end of the copy
    const std::string part = text.substr(0, size);
    ASSERT_FALSE(json::decode<WidgetSpec>(part)) << size;
  }
}

TEST(Decode, SurvivesEveryFlippedByte) {
  const std::string text(kFull);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char replacement : {'"', '\\', '{', '}', '[', ']', ',', ':', '\0', '\x80', '0'}) {
      std::string changed = text;
      changed[at] = replacement;
      const auto result = json::decode<WidgetSpec>(changed);
      if (!result) {
        ++refused;
        continue;
      }
      ASSERT_EQ(json::decode<WidgetSpec>(json::encode(*result)).value(), *result);
    }
  }
  EXPECT_GT(refused, text.size());
}

TEST(Decode, RefusesWhatIsNotUtf8) {
  const auto text_with = [](std::string_view bytes, std::size_t before) {
    return "{\"name\":\"" + std::string(before, 'x') + std::string(bytes) + "\"}";
  };
  for (const std::size_t before : {0u, 1u, 14u, 15u, 16u, 17u, 40u}) {
    for (const char* bytes :
         {"\x80", "\xff", "\xc0\xaf", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf0\x80\x80\x80",
          "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\\n\xff", "\xe0\x80\xaf"}) {
      EXPECT_THAT(error_of(text_with(bytes, before)), HasSubstr("not UTF-8")) << before;
    }
    for (const char* bytes : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xef\xbf\xbf"}) {
      EXPECT_EQ(json::decode<WidgetSpec>(text_with(bytes, before))->name,
                std::string(before, 'x') + bytes);
    }
  }
  EXPECT_THAT(error_of("{\"x\xff\":1}"), HasSubstr("not UTF-8"));
  EXPECT_THAT(error_of("{\"unknown\":[\"\xff\"]}"), HasSubstr("not UTF-8"));
  EXPECT_EQ(json::decode<WidgetSpec>(R"({"name":"\ud83d\ude00"})")->name, "\xf0\x9f\x98\x80");
}

TEST(Decode, LimitsTheDepthInEveryMode) {
  const auto nested = [](std::string_view open, std::string_view close, std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += open;
    text += "1";
    for (std::size_t i = 0; i < depth; ++i) text += close;
    return text;
  };
  for (const char* field : {"extra", "raw", "unknown"}) {
    const std::string prefix = "{\"" + std::string(field) + "\":";
    EXPECT_TRUE(json::decode<WidgetSpec>(prefix + nested("[", "]", 499) + "}")) << field;
    EXPECT_THAT(error_of(prefix + nested("[", "]", 500) + "}"),
                HasSubstr("nested deeper than 500"));
    EXPECT_THAT(error_of(prefix + nested("{\"a\":", "}", 100000) + "}"),
                HasSubstr("nested deeper"));
    EXPECT_THAT(error_of(prefix + nested("[", "", 100000)), HasSubstr("nested deeper"));
  }
  EXPECT_TRUE(json::decode<example::Part>("{\"u\":" + nested("[", "]", 499) + "}"));
  EXPECT_THAT(error_of<example::Part>("{\"u\":" + nested("[", "]", 500) + "}"),
              HasSubstr("nested deeper"));
  EXPECT_THAT(error_of(nested("{\"fallback\":", "}", 501)), HasSubstr("nested deeper"));
  json::DecodeOptions options{.max_depth = 2};
  EXPECT_TRUE(json::decode<WidgetSpec>(R"({"args":[]})", options));
  EXPECT_FALSE(json::decode<WidgetSpec>(R"({"parts":[{}]})", options));
}

TEST(Decode, RejectsUnknownMembersWhenAskedTo) {
  const json::DecodeOptions strict{.reject_unknown = true};
  EXPECT_EQ(error_of<example::Part>(R"({"nam":"x"})", strict), "unknown field \"nam\"");
  EXPECT_EQ(error_of<Widget>(R"({"kind":"Widget","metadata":{"nam":1}})", strict),
            "metadata: unknown field \"nam\"");
  EXPECT_TRUE(json::decode<WidgetSpec>(R"({"free":1})", strict));  // keeps unknown members
}

TEST(Decode, RequiresMembersWhenAskedTo) {
  const json::DecodeOptions strict{.require_required = true};
  EXPECT_EQ(error_of<example::Part>("{}", strict), "missing required field \"name\"");
  EXPECT_EQ(error_of(R"({"name":"a","port":1,"parts":[{}]})", strict),
            "parts[0]: missing required field \"name\"");
  EXPECT_TRUE(json::decode<example::Part>(R"({"name":""})", strict));
}

TEST(Decode, RequiresValuesWhereNoNullMayBe) {
  const json::DecodeOptions strict{.require_required = true};
  EXPECT_EQ(error_of<example::Part>(R"({"name":null})", strict),
            "name: expected a string, got null");
  const auto dropped = json::decode<WidgetSpec>(
      R"({"name":"a","port":1,"parts":[],"labels":{"a":null,"b":"c"}})", strict);
  ASSERT_TRUE(dropped) << dropped.error().message;
  EXPECT_EQ(dropped->labels, (meta::StringMap{{"b", "c"}}));
  EXPECT_EQ(error_of(R"({"name":"a","port":1,"parts":[null]})", strict),
            "parts[0]: expected an object, got null");
  EXPECT_TRUE(json::decode<WidgetSpec>(
      R"({"name":"a","port":1,"parts":[{"name":"p","count":null}],"labels":null,"note":null})",
      strict));
  EXPECT_TRUE((json::decode<windlass::FlatMap<std::string, std::optional<std::string>>>(
      R"({"a":null})", strict)));
  const auto lenient = json::decode<WidgetSpec>(R"({"labels":{"a":null}})");
  EXPECT_EQ(lenient.value().labels.at("a"), "");
}

TEST(Decode, LeavesNoSpareCapacityInLists) {
  const auto spec = json::decode<WidgetSpec>(R"({"args":["a","b","c","d","e"]})").value();
  EXPECT_EQ(spec.args.capacity(), 5u);
}

TEST(Decode, ReadsTopLevelListsAndMaps) {
  EXPECT_THAT(json::decode<std::vector<std::string>>(R"(["a","b"])").value(),
              testing::ElementsAre("a", "b"));
  EXPECT_EQ(json::decode<meta::StringMap>(R"({"b":"1","a":"2"})").value(),
            (meta::StringMap{{"a", "2"}, {"b", "1"}}));
  EXPECT_EQ(json::decode<std::int64_t>("-9223372036854775808").value(), INT64_MIN);
  EXPECT_EQ(json::decode<std::string>("\"x\"").value(), "x");
}

TEST(ApplyDefaults, FillsWhatIsAbsentAndLeavesWhatIsThere) {
  auto spec =
      json::decode<WidgetSpec>(R"({"name":"a","children":[{"replicas":1}],"fallback":{}})").value();
  ASSERT_TRUE(json::apply_defaults(spec));
  EXPECT_EQ(spec.replicas, 3);
  EXPECT_THAT(spec.args, testing::ElementsAre("--on"));
  EXPECT_EQ(spec.children[0].replicas, 1);
  EXPECT_THAT(spec.children[0].args, testing::ElementsAre("--on"));
  EXPECT_EQ(spec.fallback->replicas, 3);
}

}  // namespace
