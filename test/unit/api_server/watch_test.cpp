#include <gmock/gmock.h>

#include "api.hpp"

namespace windlass::testing_api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The namespaces hold nothing but what a test puts there.
class Watch : public Api {
 protected:
  Watch() : Api({.namespace_defaults = false}) {}
};

std::string watch_from(const std::string& version, const std::string& more = "") {
  return std::string(kMaps) + "?watch=1&resourceVersion=" + version + more;
}

TEST_F(Watch, ListsPageAtOneVersion) {
  for (const char* name : {"a", "b", "c"}) post(kMaps, config_map(name));
  const auto first = get(std::string(kMaps) + "?limit=2");
  ASSERT_EQ(first.body["items"].as_array().size(), 2u);
  EXPECT_EQ(first.body["metadata"]["remainingItemCount"].as_integer(), 1);
  const std::string token = first.body["metadata"]["continue"].as_string();
  erase(std::string(kMaps) + "/c");
  post(kMaps, config_map("d"));
  const auto second = get(std::string(kMaps) + "?limit=2&continue=" + token);
  ASSERT_EQ(second.status, 200) << second.message();
  ASSERT_EQ(second.body["items"].as_array().size(), 1u);
  EXPECT_EQ(second.body["items"].as_array()[0]["metadata"]["name"].as_string(), "c");
  EXPECT_EQ(second.version(), first.version());
  core.compact();
  EXPECT_EQ(get(std::string(kMaps) + "?limit=2&continue=" + token).status, 410);
}

TEST_F(Watch, Selectors) {
  post(kMaps, config_map("a", R"("labels":{"app":"x","tier":"1"})"));
  post(kMaps, config_map("b", R"("labels":{"app":"y"})"));
  const auto names = [&](const std::string& query) {
    std::string out;
    const auto list = get(std::string(kMaps) + "?" + query);
    if (list.status != 200) return "status " + std::to_string(list.status);
    for (const auto& item : list.body["items"].as_array())
      out += item["metadata"]["name"].as_string();
    return out;
  };
  EXPECT_EQ(names("labelSelector=app%3Dx"), "a");
  EXPECT_EQ(names("labelSelector=app%20in%20(x,y)"), "ab");
  EXPECT_EQ(names("labelSelector=!tier"), "b");
  EXPECT_EQ(names("labelSelector=app!%3Dx,app"), "b");
  EXPECT_EQ(names("fieldSelector=metadata.name%3Db"), "b");
  EXPECT_EQ(names("fieldSelector=data.a%3Db"), "status 400");
  EXPECT_EQ(names("labelSelector=a%3Db%3Dc"), "status 400");
}

TEST_F(Watch, FollowsChanges) {
  const auto start = std::to_string(core.revision());
  const auto watch = get(watch_from(start));
  ASSERT_NE(watch.stream, nullptr);
  bool ready = false;
  watch.stream->on_ready([&] { ready = true; });
  post(kMaps, config_map("a"));
  EXPECT_TRUE(ready);
  merge(std::string(kMaps) + "/a", R"({"data":{"a":"2"}})");
  const auto before = core.revision();
  erase(std::string(kMaps) + "/a");
  const auto seen = events(watch);
  EXPECT_THAT(brief(seen), ElementsAre("ADDED a", "MODIFIED a", "DELETED a"));
  EXPECT_GT(std::stoull(seen[2].at_path({"object", "metadata", "resourceVersion"}).as_string()),
            before);
  EXPECT_THAT(brief(events(get(watch_from(start)))),
              ElementsAre("ADDED a", "MODIFIED a", "DELETED a"));
}

TEST_F(Watch, SelectorsTurnChangesIntoAddedAndDeleted) {
  const auto watch = get(watch_from(std::to_string(core.revision()), "&labelSelector=on"));
  post(kMaps, config_map("a"));
  merge(std::string(kMaps) + "/a", R"({"metadata":{"labels":{"on":"1"}}})");
  merge(std::string(kMaps) + "/a", R"({"data":{"a":"2"}})");
  merge(std::string(kMaps) + "/a", R"({"metadata":{"labels":null}})");
  merge(std::string(kMaps) + "/a", R"({"data":{"a":"3"}})");
  const auto seen = events(watch);
  EXPECT_THAT(brief(seen), ElementsAre("ADDED a", "MODIFIED a", "DELETED a"));
  EXPECT_EQ(seen[2].at_path({"object", "metadata", "labels", "on"}).string_or(""), "1");
}

TEST_F(Watch, StartsWithWhatIsThere) {
  post(kMaps, config_map("a"));
  EXPECT_THAT(brief(events(get(watch_from("0")))), ElementsAre("ADDED a"));
  const auto streaming = events(get(watch_from(
      "", "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true")));
  ASSERT_EQ(streaming.size(), 2u);
  EXPECT_EQ(streaming[1]["type"].as_string(), "BOOKMARK");
  EXPECT_EQ(streaming[1]
                .at_path({"object", "metadata", "annotations", "k8s.io/initial-events-end"})
                .string_or(""),
            "true");
  EXPECT_EQ(get(watch_from("", "&sendInitialEvents=true")).status, 422);
}

TEST_F(Watch, GoneAfterCompaction) {
  const auto start = std::to_string(core.revision());
  post(kMaps, config_map("a"));
  core.compact();
  const auto watch = get(watch_from(start));
  const auto seen = events(watch);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0]["type"].as_string(), "ERROR");
  EXPECT_EQ(seen[0]["object"]["code"].as_integer(), 410);
  EXPECT_EQ(seen[0]["object"]["reason"].as_string(), "Expired");
  EXPECT_TRUE(watch.stream->ended());
}

TEST_F(Watch, BookmarksAndTheEnd) {
  const auto watch = get(
      watch_from(std::to_string(core.revision()), "&allowWatchBookmarks=true&timeoutSeconds=100"));
  EXPECT_THAT(events(watch), IsEmpty());
  EXPECT_EQ(*watch.stream->wakes_at() - environment.clock().steady_now(), std::chrono::minutes(1));
  environment.clock().advance(std::chrono::seconds(60));
  const auto seen = events(watch);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0]["type"].as_string(), "BOOKMARK");
  EXPECT_EQ(seen[0].at_path({"object", "metadata", "resourceVersion"}).as_string(),
            std::to_string(core.revision()));
  environment.clock().advance(std::chrono::seconds(40));
  EXPECT_THAT(events(watch), IsEmpty());
  EXPECT_TRUE(watch.stream->ended());
}

}  // namespace
}  // namespace windlass::testing_api
