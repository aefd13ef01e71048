// Objects at rest are text: what a client sees must not depend on whether one is parsed.

#include "api.hpp"

namespace windlass::testing_api {
namespace {

class Store : public Api {
 protected:
  /// More than keep their parsed form.
  void crowd_out() {
    for (int i = 0; i < 600; ++i) post(kMaps, config_map("other-" + std::to_string(i)));
  }
};

TEST_F(Store, an_old_object_reads_as_it_was_written) {
  const auto created = post(kMaps, config_map("old", R"("labels":{"app":"a"})"));
  crowd_out();
  EXPECT_EQ(get(std::string(kMaps) + "/old").body, created.body);
  EXPECT_EQ(get(std::string(kMaps) + "/old").text, created.text);
}

TEST_F(Store, an_old_object_is_found_by_its_labels) {
  post(kMaps, config_map("old", R"("labels":{"app":"a"})"));
  crowd_out();
  const auto found = get(std::string(kMaps) + "?labelSelector=app%3Da");
  ASSERT_EQ(found.body["items"].as_array().size(), 1u);
  EXPECT_EQ(found.body["items"].as_array()[0].at_path({"metadata", "name"}).string_or(""), "old");
}

TEST_F(Store, a_change_of_an_old_object_tells_watches_that_it_left_their_selection) {
  post(kMaps, config_map("old", R"("labels":{"app":"a"})"));
  const auto watch = get(std::string(kMaps) + "?watch=1&labelSelector=app%3Da");
  EXPECT_EQ(brief(events(watch)), std::vector<std::string>{"ADDED old"});
  crowd_out();
  merge(std::string(kMaps) + "/old", R"({"metadata":{"labels":{"app":"b"}}})");
  EXPECT_EQ(brief(events(watch)), std::vector<std::string>{"DELETED old"});
}

TEST_F(Store, pages_go_on_after_their_last_object_in_any_namespace) {
  post("/api/v1/namespaces", R"({"metadata":{"name":"another"}})");
  post("/api/v1/namespaces/another/configmaps", config_map("z"));
  for (const char* name : {"a", "b", "c"}) post(kMaps, config_map(name));
  std::vector<std::string> seen;
  std::string next;
  do {
    const auto page =
        get("/api/v1/configmaps?limit=1&fieldSelector=metadata.name!%3Dkube-root-ca.crt" +
            (next.empty() ? "" : "&continue=" + next));
    for (const auto& item : page.body["items"].as_array()) {
      seen.push_back(std::string(item.at_path({"metadata", "name"}).string_or("")));
    }
    next = page.body.at_path({"metadata", "continue"}).string_or("");
  } while (!next.empty());
  EXPECT_EQ(seen, (std::vector<std::string>{"z", "a", "b", "c"}));
}

}  // namespace
}  // namespace windlass::testing_api
