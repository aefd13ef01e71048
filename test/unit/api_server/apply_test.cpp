#include <gmock/gmock.h>

#include "api.hpp"

namespace windlass::testing_api {
namespace {

class Apply : public Api {
 protected:
  Answer apply(const std::string& target, const std::string& manager, const std::string& body,
               bool force = false) {
    return call("PATCH", target + "?fieldManager=" + manager + (force ? "&force=true" : ""), body,
                "application/apply-patch+yaml");
  }
  static std::string map(const std::string& data) {
    return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},"data":)" + data + "}";
  }
  const std::string map_path = std::string(kMaps) + "/m";
};

TEST_F(Apply, CreatesAndOwns) {
  const auto created = apply(map_path, "one", map(R"({"a":"1","b":"2"})"));
  ASSERT_EQ(created.status, 201) << created.message();
  const auto& managed = created.body["metadata"]["managedFields"].as_array();
  ASSERT_EQ(managed.size(), 1u);
  EXPECT_EQ(managed[0]["operation"].as_string(), "Apply");
  EXPECT_EQ(managed[0]["fieldsV1"], read(R"({"f:data":{"f:a":{},"f:b":{}}})"));
  const auto again = apply(map_path, "one", map(R"({"a":"1","b":"2"})"));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.version(), created.version());
}

TEST_F(Apply, RemovesWhatIsNoLongerStated) {
  apply(map_path, "one", map(R"({"a":"1","b":"2"})"));
  apply(map_path, "two", map(R"({"b":"2","c":"3"})"));
  const auto updated = apply(map_path, "one", map(R"({})"));
  ASSERT_EQ(updated.status, 200) << updated.message();
  EXPECT_EQ(updated.body["data"], read(R"({"b":"2","c":"3"})"));
}

TEST_F(Apply, WithAVersionThatNoObjectHasOnlyEverCreates) {
  const std::string body =
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","resourceVersion":"1"},"data":{"a":"1"}})";
  const auto created = apply(map_path, "one", body, true);
  ASSERT_EQ(created.status, 201) << created.message();
  const auto again = apply(map_path, "one", body, true);
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.reason(), "Conflict");
  const auto other = apply(
      std::string(kMaps) + "/n", "one",
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n","uid":"11111111-1111-1111-1111-111111111111"}})");
  EXPECT_EQ(other.status, 409) << "a UID asks for that very object";
}

TEST_F(Apply, AnEmptyMapMayGetMembers) {
  apply(map_path, "one", map(R"({})"));
  const auto updated = apply(map_path, "one", map(R"({"a":"1"})"));
  ASSERT_EQ(updated.status, 200) << updated.message();
  EXPECT_EQ(updated.body["data"], read(R"({"a":"1"})"));
}

TEST_F(Apply, Conflicts) {
  apply(map_path, "one", map(R"({"a":"1"})"));
  const auto refused = apply(map_path, "two", map(R"({"a":"2"})"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.reason(), "Conflict");
  EXPECT_EQ(refused.message(), "Apply failed with 1 conflict: conflict with \"one\": .data.a");
  EXPECT_EQ(
      refused.body["details"]["causes"],
      read(
          R"([{"reason":"FieldManagerConflict","message":"conflict with \"one\"","field":".data.a"}])"));
  const auto forced = apply(map_path, "two", map(R"({"a":"2"})"), true);
  ASSERT_EQ(forced.status, 200) << forced.message();
  EXPECT_EQ(forced.body["data"]["a"].as_string(), "2");
  EXPECT_EQ(forced.body["metadata"]["managedFields"].as_array().size(), 1u);
}

TEST_F(Apply, ConflictsNamePlacesBeforeThoseBelow) {
  apply(map_path, "one",
        R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","labels":{"l":"1"}},
            "data":{"a":"1"},"immutable":false})");
  const auto refused =
      apply(map_path, "two",
            R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","labels":{"l":"2"}},
                "data":{"a":"2"},"immutable":true})");
  EXPECT_EQ(refused.message(),
            "Apply failed with 3 conflicts: conflicts with \"one\":\n- .immutable\n- .data.a\n"
            "- .metadata.labels.l");
}

TEST_F(Apply, AnEmptyMapIsOwnedAsAWhole) {
  apply(map_path, "one", map("{}"));
  const auto refused = apply(map_path, "two", map(R"({"a":"1"})"));
  EXPECT_EQ(refused.message(), "Apply failed with 1 conflict: conflict with \"one\": .data");
}

TEST_F(Apply, WhatNobodyTrackedHasAnOwner) {
  post(kMaps, config_map("m"));
  merge(map_path, R"({"metadata":{"managedFields":[{}]}})");
  const auto refused = apply(map_path, "two", map(R"({"a":"2"})"));
  EXPECT_EQ(refused.message(),
            "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a");
}

TEST_F(Apply, UpdatesTakeFieldsOver) {
  apply(map_path, "one", map(R"({"a":"1"})"));
  const auto merged = merge(map_path + "?fieldManager=editor", R"({"data":{"a":"9"}})");
  ASSERT_EQ(merged.body["metadata"]["managedFields"].as_array().size(), 1u);
  EXPECT_EQ(merged.body["metadata"]["managedFields"].as_array()[0]["manager"].as_string(),
            "editor");
  const auto refused = apply(map_path, "one", map(R"({"a":"1"})"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.message(),
            "Apply failed with 1 conflict: conflict with \"editor\" using v1: .data.a");
}

TEST_F(Apply, ListsMergeByKey) {
  const std::string deployments = "/apis/apps/v1/namespaces/default/deployments/d";
  const auto body = [](const std::string& containers) {
    return R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},
      "template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":)" +
           containers + "}}}}";
  };
  const auto created =
      apply(deployments, "one", body(R"([{"name":"x","image":"i:1"},{"name":"y","image":"i:1"}])"));
  ASSERT_EQ(created.status, 201) << created.message();
  const auto updated = apply(deployments, "one", body(R"([{"name":"x","image":"i:2"}])"));
  ASSERT_EQ(updated.status, 200) << updated.message();
  const auto& containers =
      updated.body.at_path({"spec", "template", "spec", "containers"}).as_array();
  ASSERT_EQ(containers.size(), 1u);
  EXPECT_EQ(containers[0]["image"].as_string(), "i:2");
  EXPECT_EQ(updated.body["metadata"]["generation"].as_integer(), 2);
  EXPECT_EQ(updated.body["spec"]["replicas"].as_integer(), 1);
}

TEST_F(Apply, NeedsAManager) {
  EXPECT_EQ(call("PATCH", map_path, map("{}"), "application/apply-patch+yaml").status, 422);
}

TEST_F(Apply, StrategicMerge) {
  post(
      "/apis/apps/v1/namespaces/default/deployments",
      R"({"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},
           "spec":{"containers":[{"name":"x","image":"i:1"},{"name":"y","image":"i:1"}]}}}})");
  const auto patched = call(
      "PATCH", "/apis/apps/v1/namespaces/default/deployments/d",
      R"({"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"y"},{"name":"z"}],
                                "containers":[{"name":"y","image":"i:2"},{"name":"z","image":"i:3"},{"name":"x","$patch":"delete"}]}}}})",
      "application/strategic-merge-patch+json");
  ASSERT_EQ(patched.status, 200) << patched.message();
  std::string seen;
  for (const auto& container :
       patched.body.at_path({"spec", "template", "spec", "containers"}).as_array()) {
    seen += container["name"].as_string() + "=" + container["image"].as_string() + " ";
  }
  EXPECT_EQ(seen, "y=i:2 z=i:3 ");
}

}  // namespace
}  // namespace windlass::testing_api
