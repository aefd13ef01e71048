#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/base/random.hpp>
#include <windlass/json/compact.hpp>
#include <windlass/json/schema.hpp>

#include "../type/widget.hpp"

namespace {

using example::Nothing;
using example::Part;
using example::Policy;
using example::Widget;
using example::WidgetSpec;
namespace json = windlass::json;
namespace meta = windlass::meta;
namespace type = windlass::type;

/// There and back again.
template <class T>
void expect_same(const T& value) {
  const auto bytes = json::compact(value);
  EXPECT_EQ(bytes.capacity(), std::max<std::size_t>(bytes.size(), 15));
  const auto again = json::expand<T>(bytes);
  ASSERT_TRUE(again) << again.error().message << json::encode(value);
  EXPECT_EQ(*again, value);
  EXPECT_EQ(json::encode(*again), json::encode(value));
}

WidgetSpec with_args(std::vector<std::string> args) {
  WidgetSpec spec;
  spec.args = std::move(args);
  return spec;
}

TEST(Compact, KeepsEveryStateOfEveryKind) {
  expect_same(WidgetSpec{});
  expect_same(Nothing{});
  expect_same(Widget{});
  for (const std::int32_t number : {0, 1, -1, 63, 64, -65, INT32_MAX, INT32_MIN}) {
    WidgetSpec spec;
    spec.replicas = number;
    spec.port = number;
    expect_same(spec);
  }
  for (const std::int64_t number : {std::int64_t{0}, INT64_MAX, INT64_MIN}) {
    expect_same(Part{"p", number});
  }
  for (const double ratio : {0.0, -0.0, 1.5, 1e300, -5e-324}) {
    WidgetSpec spec;
    spec.ratio = ratio;
    expect_same(spec);
    const auto again = json::expand<WidgetSpec>(json::compact(spec)).value();
    EXPECT_EQ(std::signbit(*again.ratio), std::signbit(ratio));
  }
  for (const bool paused : {false, true}) {
    WidgetSpec spec;
    spec.paused = paused;
    spec.policy = paused ? Policy::remove : Policy::retain;
    spec.note = paused ? "" : "x";
    spec.port = paused ? "http" : "";
    spec.fallback.ensure();
    if (paused) spec.fallback->children.resize(2);
    spec.named["a"];
    expect_same(spec);
  }
}

TEST(Compact, KeepsTimesAndQuantities) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2026-01-02T03:04:05Z", "1901-12-13T20:45:52Z",
                           "9999-12-31T23:59:59Z"}) {
    WidgetSpec spec;
    spec.since = meta::Time::parse(text).value();
    spec.children.resize(3, spec);
    expect_same(spec);
  }
  WidgetSpec spec;
  spec.since = meta::Time();
  for (const char* text : {"0", "1", "-1", "500m", "1.5Gi", "512Mi", "1e3", "100n", "2Ei"}) {
    spec.limits[text] = meta::Quantity::parse(text).value();
  }
  expect_same(spec);
}

TEST(Compact, KeepsMicroseconds) {
  std::vector<meta::MicroTime> times(3);
  times[1] = meta::MicroTime::parse("2026-01-02T03:04:05.000006Z").value();
  times[2] = meta::MicroTime::parse("1969-12-31T23:59:59.999999Z").value();
  std::vector<meta::MicroTime> again;
  const auto bytes = json::compact(type::ref_to(times));
  ASSERT_TRUE(json::expand_into(bytes, type::shape_of<std::vector<meta::MicroTime>>, &again));
  EXPECT_EQ(again, times);
}

TEST(Compact, KeepsStringsOfEveryForm) {
  const std::string uuid = "c17149d4-3953-4b32-a6fd-aeeb975729fa";
  const std::string hex = "d12aabfe228f219e9cb0eb53f16947ccf25ec84d8dbc74254770f58904dba41e";
  std::vector<std::string> all = {"",
                                  "a",
                                  "ab",
                                  "true",
                                  "kubelet",
                                  "Initialized",
                                  "POD_NAME",
                                  "80",
                                  "0",
                                  "00",
                                  "0123",
                                  "1234",
                                  "7310442",
                                  "18446744073709551615",
                                  "9999999999999999999",
                                  "18446744073709551616",
                                  uuid,
                                  "C17149D4-3953-4b32-a6fd-aeeb975729fa",
                                  uuid + "x",
                                  "x" + uuid,
                                  hex,
                                  hex + "a",
                                  "sha256:" + hex,
                                  "containerd://" + hex,
                                  "a1b2c3d",
                                  "é",
                                  std::string("\0x\xff", 3),
                                  std::string(95, 'x'),
                                  std::string(96, 'x'),
                                  std::string(5000, 'y'),
                                  "prefix-of-many-1",
                                  "prefix-of-many-2",
                                  "prefix-of-many-",
                                  "prefix-of-many-1"};
  for (const auto& text : all) expect_same(with_args({text}));
  all.insert(all.end(), all.rbegin(), all.rend());
  for (const auto& text : std::vector(all)) all.push_back("longer than " + text);
  expect_same(with_args(all));
}

TEST(Compact, PointsAtEarlierStringsAtEveryDistance) {
  std::vector<std::string> args;
  for (int i = 0; i < 6000; ++i) {
    args.push_back("word-" + std::to_string(i * 7919 % 3001));
    if (i % 3 == 0) args.push_back(args.back() + "-" + args[args.size() / 2]);
  }
  expect_same(with_args(args));
  EXPECT_LT(json::compact(with_args({std::string(200, 'x'), std::string(200, 'x')})).size(), 220u);
}

TEST(Compact, KeepsManagedFieldsAsTheyStand) {
  for (
      const char* text :
      {R"({})", R"({"f:metadata":{}})",
       R"({"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:name":{},"f:parts":{"k:{\"name\":\"a\"}":{".":{},"f:count":{}}}}})",
       R"({"f:spec":{"f:children":{"k:{\"a\":\"b\",\"port\":80,\"x\":true}":{"f:args":{"v:\"x\"":{},"v:7":{}}}}}})",
       R"({"f:spec":{"f:named":{"f:x":{"f:fallback":{"f:name":{}}}},"f:labels":{"f:a\"b":{}}}})",
       R"({"k:{}":{},"k:{\"a\":}":{},"k:":{},"v:":{},"f:":{},"k:{\"a\":\"b\"":{},"k:{\"a\":\"\\u0041\"}":{},"v:\"":{},"v:\"\"":{}})",
       R"({"k:{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5}":{},"k:{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6}":{}})",
       R"({"f:a":"text"})", R"({"f:a":[1]})", R"([1,2])", "7", "null", "\"x\"",
       // whoever fills it by hand may fill in anything
       "{", "{}{}", "{\"f:a\":{}", "{\"f:a\":{},}", "{ }", "{\"f:a\": {}}", "{\"a", "{\"a\\"}) {
    Widget widget;
    widget.metadata.managed_fields.resize(2);
    widget.metadata.managed_fields[0].fields_v1.text = text;
    widget.metadata.managed_fields[1].fields_v1.text = text;
    const auto again = json::expand<Widget>(json::compact(widget));
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(*again, widget) << text;
  }
  std::string deep = "{}";
  for (int i = 0; i < 300; ++i) deep = R"({"f:a":)" + deep + "}";
  WidgetSpec spec;
  spec.raw.text = deep;
  expect_same(spec);
}

TEST(Compact, KeepsValuesOfAnyType) {
  for (const char* text : {"true", "0", "-7", "1.5", "\"\"", "\"x\"", "[]", "{}",
                           R"([null,1,"a",{"b":[[]],"c":null}])"}) {
    WidgetSpec spec;
    spec.extra = json::parse(text).value();
    spec.rest["x"] = spec.extra;
    expect_same(spec);
  }
}

TEST(Compact, KeepsNullApartFromAbsent) {
  // Nullable is optional with a third state; lists hold empty optionals, too
  using Notes = std::vector<windlass::Nullable<std::string>>;
  const Notes notes = {nullptr, std::string(), std::string("x"), {}};
  const auto bytes = json::compact(type::ref_to(notes));
  Notes again;
  ASSERT_TRUE(json::expand_into(bytes, type::shape_of<Notes>, &again));
  EXPECT_EQ(again, notes);
}

TEST(Compact, KeepsRandomObjects) {
  windlass::SeededRandom random(7);
  for (int i = 0; i < 300; ++i) {
    expect_same(json::sample<Widget>(random).value());
    const auto spec = json::sample<WidgetSpec>(random, {.optional = 0.8, .max_elements = 6});
    expect_same(spec.value());
  }
}

TEST(Compact, RefusesDamagedBytesWithoutReadingOutside) {
  windlass::SeededRandom random(8);
  std::size_t refused = 0;
  for (int i = 0; i < 12; ++i) {
    auto widget = json::sample<Widget>(random).value();
    widget.metadata.managed_fields.resize(1);
    widget.metadata.managed_fields[0].fields_v1.text =
        R"({"f:spec":{"f:parts":{"k:{\"name\":\"a\"}":{".":{},"f:count":{}}}}})";
    const auto bytes = json::compact(widget);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // a block of exactly that size, so that the sanitizer sees what is outside
      const std::vector<char> part(bytes.begin(), bytes.begin() + static_cast<long>(size));
      EXPECT_FALSE(json::expand<Widget>({part.data(), part.size()})) << size;
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (int k = 0; k < 6; ++k) {
        std::vector<char> changed(bytes.begin(), bytes.end());
        changed[at] = static_cast<char>(random.next());
        if (!json::expand<Widget>({changed.data(), changed.size()})) ++refused;
      }
    }
  }
  EXPECT_GT(refused, 1000u);
  EXPECT_FALSE(json::expand<Widget>(std::string(100000, '\x64')));
  EXPECT_FALSE(json::expand<Part>(json::compact(json::sample<Widget>(random).value())));
}

}  // namespace
