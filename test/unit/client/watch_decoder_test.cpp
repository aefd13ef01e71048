#include <gtest/gtest.h>

#include <windlass/client/watch_decoder.hpp>

namespace windlass::client {
namespace {

struct Seen {
  std::vector<std::pair<EventType, std::string>> events;
  std::optional<Errc> error;
  bool at_boundary = false;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen decode(const std::vector<std::string_view>& pieces, std::size_t limit = 1 << 20) {
  WatchDecoder decoder(limit);
  Seen seen;
  for (const auto piece : pieces) {
    decoder.feed(piece);
    for (;;) {
      auto event = decoder.next();
      if (!event) {
        seen.error = event.error().code;
        return seen;
      }
      if (!*event) break;
      seen.events.emplace_back((*event)->type, (*event)->object);
    }
  }
  seen.at_boundary = decoder.at_boundary();
  return seen;
}

const std::string_view kStream =
    "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"a\":[1,{\"type\":\"x\"},\"}\\\"{\"]}}\n"
    "{\"object\" : {\"a\":\"\\\\\"} , \"type\":\"MODIFIED\"}"
    "{ \"type\": \"DELETED\", \"other\": [1, 2], \"object\": {} }\r\n\n"
    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"5\"}}}\n"
    "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410}}\n";

const Seen kExpected{
    {{EventType::added, "{\"kind\":\"Pod\",\"a\":[1,{\"type\":\"x\"},\"}\\\"{\"]}"},
     {EventType::modified, "{\"a\":\"\\\\\"}"},
     {EventType::deleted, "{}"},
     {EventType::bookmark, "{\"metadata\":{\"resourceVersion\":\"5\"}}"},
     {EventType::error, "{\"kind\":\"Status\",\"code\":410}"}},
    std::nullopt,
    true};

TEST(WatchDecoder, ReadsDocumentsOneAfterAnother) { EXPECT_EQ(decode({kStream}), kExpected); }

TEST(WatchDecoder, DoesNotCareWhereBytesAreSplit) {
  for (std::size_t at = 0; at <= kStream.size(); ++at) {
    EXPECT_EQ(decode({kStream.substr(0, at), kStream.substr(at)}), kExpected) << at;
  }
  for (std::size_t size : {1, 2, 3, 7}) {
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < kStream.size(); at += size)
      pieces.push_back(kStream.substr(at, size));
    EXPECT_EQ(decode(pieces), kExpected) << size;
  }
}

TEST(WatchDecoder, KnowsWhenAnEventIsIncomplete) {
  for (std::size_t at = 1; at < 20; ++at)
    EXPECT_FALSE(decode({kStream.substr(0, at)}).at_boundary) << at;
  EXPECT_TRUE(decode({""}).at_boundary);
  EXPECT_TRUE(decode({" \n "}).at_boundary);
}

TEST(WatchDecoder, RefusesWhatIsNoEvent) {
  for (const std::string_view text :
       {"[]", "x", "}", "\"a\"", "{}", R"({"type":"ADDED"})", R"({"object":{}})",
        R"({"type":"NEW","object":{}})", R"({"type":5,"object":{}})", "Internal Server Error"}) {
    EXPECT_EQ(decode({text}).error, Errc::parse) << text;
  }
}

TEST(WatchDecoder, GarbageAfterAnEventDoesNotHideTheEvent) {
  const auto seen = decode({R"({"type":"ADDED","object":{}} garbage)"});
  EXPECT_EQ(seen.events.size(), 1u);
  EXPECT_EQ(seen.error, Errc::parse);
}

TEST(WatchDecoder, LimitsTheSizeOfOneEventOnly) {
  const std::string event = R"({"type":"ADDED","object":{"a":")" + std::string(50, 'x') + "\"}}";
  std::string many;
  for (int i = 0; i < 10; ++i) many += event;
  EXPECT_EQ(decode({many}, event.size()).events.size(), 10u);
  EXPECT_EQ(decode({many}, event.size() - 1).error, Errc::too_large);
  // also before its end has come
  EXPECT_EQ(decode({std::string_view(event).substr(0, 60)}, 50).error, Errc::too_large);
}

TEST(WatchEvents, ErrorsCarryTheirStatus) {
  const auto error = error_of(
      {EventType::error,
       R"({"kind":"Status","status":"Failure","message":"too old","reason":"Expired","code":410,
           "details":{"retryAfterSeconds":2}})"},
      "watch pods");
  EXPECT_TRUE(error.is_expired());
  EXPECT_EQ(error.retry_after(), std::chrono::seconds(2));
  EXPECT_STREQ(error.what(), "watch pods: too old (410 Expired)");
  EXPECT_EQ(error_of({EventType::error, "{}"}, "watch pods").http_status(), 500);
}

TEST(ApiErrors, KnowTheThreeFormsOfATooLargeVersion) {
  meta::Status plain;
  plain.message = "Too large resource version: 5, current: 3";
  EXPECT_TRUE(ApiError("x", plain).is_too_large_resource_version());
  meta::Status by_type;
  by_type.details.ensure().causes.push_back(
      {.field = "", .message = "", .reason = "ResourceVersionTooLarge"});
  EXPECT_TRUE(ApiError("x", by_type).is_too_large_resource_version());
  meta::Status by_message;
  by_message.details.ensure().causes.push_back(
      {.field = "", .message = "Too large resource version", .reason = ""});
  EXPECT_TRUE(ApiError("x", by_message).is_too_large_resource_version());
  EXPECT_FALSE(ApiError("x", meta::Status{}).is_too_large_resource_version());
}

}  // namespace
}  // namespace windlass::client
