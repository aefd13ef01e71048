#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/json/stream.hpp>
#include <windlass/json/value.hpp>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace json = windlass::json;

std::vector<std::string> items_of(std::string_view text, json::ListHead* head = nullptr) {
  std::vector<std::string> items;
  auto result = json::for_each_item(text, [&](std::string_view item) {
    items.emplace_back(item);
    return true;
  });
  if (!result) return {"error: " + result.error().message};
  if (head != nullptr) *head = *result;
  return items;
}

TEST(ListReader, HandsOutEachItemAndThenTheHead) {
  json::ListHead head;
  EXPECT_THAT(items_of(R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"12",
                "continue":"c","remainingItemCount":3},"items":[ {"a":"]}"} ,
                {"b":[{"c":"\"}"}]}, {} ]})",
                       &head),
              ElementsAre(R"({"a":"]}"})", R"({"b":[{"c":"\"}"}]})", "{}"));
  EXPECT_EQ(head.kind, "PodList");
  EXPECT_EQ(head.api_version, "v1");
  EXPECT_EQ(head.resource_version, "12");
  EXPECT_EQ(head.continue_, "c");
  EXPECT_EQ(head.remaining_item_count, 3);
}

TEST(ListReader, TakesTheMetadataAlsoFromBehindTheItems) {
  json::ListHead head;
  EXPECT_THAT(
      items_of(R"({"items":[1,"x",null],"metadata":{"resourceVersion":"7"},"kind":"L"} )", &head),
      ElementsAre("1", "\"x\"", "null"));
  EXPECT_EQ(head.resource_version, "7");
  EXPECT_EQ(head.kind, "L");
  EXPECT_EQ(head.remaining_item_count, std::nullopt);
}

TEST(ListReader, TakesNullAndEmptyItemsAsNone) {
  EXPECT_THAT(items_of(R"({"items":[]})"), ElementsAre());
  EXPECT_THAT(items_of(R"({"metadata":{},"items":null})"), ElementsAre());
}

TEST(ListReader, StopsWhenAskedTo) {
  int count = 0;
  ASSERT_TRUE(
      json::for_each_item(R"({"items":[1,2,3]})", [&](std::string_view) { return ++count < 2; }));
  EXPECT_EQ(count, 2);
}

TEST(ListReader, GivesOneItemAtATime) {
  json::ListReader reader(R"({"items":[1,2],"metadata":{"resourceVersion":"9"}})");
  EXPECT_EQ(reader.next().value(), "1");
  EXPECT_EQ(reader.head().resource_version, "");
  EXPECT_EQ(reader.next().value(), "2");
  EXPECT_EQ(reader.next().value(), "");
  EXPECT_EQ(reader.head().resource_version, "9");
  EXPECT_EQ(reader.next().value(), "");
}

TEST(ListReader, RefusesMalformedLists) {
  for (const char* text :
       {"", "[]", "{", "{}", R"({"items":{}})", R"({"items":3})", R"({"items":[1 2]})",
        R"({"items":[1,]})", R"({"items":[,1]})", R"({"items":[1)", R"({"items":[{"a":1])",
        R"({"items":["a)", R"({"items":[1]})x",
        R"({"items":[1]}{})",
        R"({"items":[1],"items":[2]})", R"({"items":[1] "kind":"x"})", R"({"kind":3,"items":[]})",
        R"({"metadata":{"a":},"items":[]})", R"({"kind" "x"})"}) {
    EXPECT_THAT(items_of(text), testing::Contains(HasSubstr("error:"))) << text;
  }
}

TEST(ListReader, RefusesEveryTruncation) {
  const std::string text =
      R"({"kind":"PodList","metadata":{"resourceVersion":"12"},"items":[{"a":"x\"y"},{"b":[1]}]})";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string part = text.substr(0, size);
    EXPECT_THAT(items_of(part), testing::Contains(HasSubstr("error:"))) << size;
  }
}

TEST(Envelope, ReadsWhatAnObjectSaysOfItself) {
  const auto envelope =
      json::envelope(R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"p\u0041",
    "labels":{"name":"not me"},"managedFields":[{"a":"]}"}],"namespace":"ns","uid":"u",
    "resourceVersion":"42","generation":9007199254740993},"spec":{"name":"x"}})");
  ASSERT_TRUE(envelope) << envelope.error().message;
  EXPECT_EQ(envelope->api_version, "v1");
  EXPECT_EQ(envelope->kind, "Pod");
  EXPECT_EQ(envelope->name, "pA");
  EXPECT_EQ(envelope->namespace_, "ns");
  EXPECT_EQ(envelope->uid, "u");
  EXPECT_EQ(envelope->resource_version, "42");
  EXPECT_EQ(envelope->generation, 9007199254740993);
}

TEST(Envelope, FindsTheMetadataBehindOtherMembers) {
  const auto envelope =
      json::envelope(R"({"spec":{"metadata":{"name":"no"}},"metadata":{"name":"yes"}})");
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->name, "yes");
  EXPECT_EQ(envelope->kind, "");
  EXPECT_EQ(json::envelope(R"({"metadata":null,"kind":null})")->name, "");
}

TEST(Envelope, RefusesMalformedObjects) {
  for (const char* text :
       {"", "[]", "{", R"({"metadata":[]})", R"({"metadata":{"name":5}})", R"({"kind":[]})",
        R"({"metadata":{"generation":"1"}})", R"({"metadata":{"name":"a)",
        R"({"metadata":{"name":"\u12"}})", R"({"spec":{"a":[})", R"({"a":1 "b":2})"}) {
    EXPECT_FALSE(json::envelope(text)) << text;
  }
}

}  // namespace
