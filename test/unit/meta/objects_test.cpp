#include <unordered_set>

#include <gtest/gtest.h>

#include <windlass/json/table.hpp>
#include <windlass/meta/meta.hpp>

namespace {

using windlass::meta::ObjectKey;
using windlass::meta::ObjectMeta;
using windlass::meta::Resource;
namespace json = windlass::json;
namespace meta = windlass::meta;

constexpr Resource kPods{
    .group = "", .version = "v1", .kind = "Pod", .plural = "pods", .has_status = true};
constexpr Resource kDeployments{
    .group = "apps", .version = "v1", .kind = "Deployment", .plural = "deployments"};
constexpr Resource kNodes{
    .group = "", .version = "v1", .kind = "Node", .plural = "nodes", .namespaced = false};

TEST(Resource, KnowsItsPaths) {
  EXPECT_EQ(meta::collection_path(kPods, ""), "/api/v1/pods");
  EXPECT_EQ(meta::collection_path(kPods, "ns"), "/api/v1/namespaces/ns/pods");
  EXPECT_EQ(meta::collection_path(kDeployments, "ns"), "/apis/apps/v1/namespaces/ns/deployments");
  EXPECT_EQ(meta::object_path(kDeployments, "ns", "d", "status"),
            "/apis/apps/v1/namespaces/ns/deployments/d/status");
  EXPECT_EQ(meta::object_path(kNodes, "ignored", "n"), "/api/v1/nodes/n");
}

TEST(Resource, KnowsItsNames) {
  EXPECT_EQ(kPods.api_version(), "v1");
  EXPECT_EQ(kDeployments.api_version(), "apps/v1");
  EXPECT_EQ(kPods.group_resource(), "pods");
  EXPECT_EQ(kDeployments.group_resource(), "deployments.apps");
  EXPECT_EQ(kDeployments.gvk().to_string(), "apps/v1, Kind=Deployment");
  EXPECT_EQ(kPods.gvr().to_string(), "v1, Resource=pods");
  EXPECT_EQ(meta::OwnedResource(kNodes).view(), kNodes);
}

TEST(GroupVersion, IsParsedFromApiVersion) {
  EXPECT_EQ(meta::GroupVersion::parse("v1").value(), (meta::GroupVersion{"", "v1"}));
  EXPECT_EQ(meta::GroupVersion::parse("apps/v1").value(), (meta::GroupVersion{"apps", "v1"}));
  EXPECT_EQ(meta::GroupVersion::parse("apps/v1")->api_version(), "apps/v1");
  for (const char* text : {"", "/", "/v1", "apps/", "a/b/c"}) {
    EXPECT_FALSE(meta::GroupVersion::parse(text)) << text;
  }
}

TEST(ObjectKey, IsOrderedHashedAndPrinted) {
  EXPECT_EQ((ObjectKey{"ns", "a"}).to_string(), "ns/a");
  EXPECT_EQ((ObjectKey{"", "a"}).to_string(), "a");
  EXPECT_EQ(ObjectKey::parse("ns/a").value(), (ObjectKey{"ns", "a"}));
  EXPECT_EQ(ObjectKey::parse("a").value(), (ObjectKey{"", "a"}));
  for (const char* text : {"", "/", "a/", "/a", "a/b/c"})
    EXPECT_FALSE(ObjectKey::parse(text)) << text;
  EXPECT_LT((ObjectKey{"a", "z"}), (ObjectKey{"b", "a"}));
  const std::unordered_set<ObjectKey> keys{{"a", "b"}, {"a", "b"}, {"ab", ""}, {"", "ab"}};
  EXPECT_EQ(keys.size(), 3u);
}

TEST(ObjectMeta, KeepsManagedFieldsAsText) {
  constexpr std::string_view text =
      R"({"name":"n","namespace":"ns","uid":"u","resourceVersion":"5","generation":2,)"
      R"("creationTimestamp":"2026-01-02T03:04:05Z","labels":{"a":"b"},)"
      R"("ownerReferences":[{"apiVersion":"v1","kind":"K","name":"o","uid":"x","controller":true}],)"
      R"("finalizers":["f"],"managedFields":[{"manager":"m","operation":"Apply","apiVersion":"v1",)"
      R"("time":"2026-01-02T03:04:05Z","fieldsType":"FieldsV1",)"
      R"("fieldsV1":{"f:spec":{"k:{\"name\":\"a\"}":{".":{}}}}}]})";
  const auto object = json::decode<ObjectMeta>(text);
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(json::encode(*object), text);
  EXPECT_EQ(object->key(), (ObjectKey{"ns", "n"}));
  EXPECT_EQ(object->controller_owner()->name, "o");
  EXPECT_EQ(object->managed_fields[0].fields_v1.text,
            R"({"f:spec":{"k:{\"name\":\"a\"}":{".":{}}}})");
  EXPECT_FALSE(object->is_deleting());
}

TEST(ObjectMeta, OmitsANullCreationTimestamp) {
  const auto object = json::decode<ObjectMeta>(R"({"name":"n","creationTimestamp":null})");
  EXPECT_EQ(json::encode(object.value()), R"({"name":"n"})");
}

TEST(ObjectMeta, AddsAndRemovesFinalizersOnce) {
  ObjectMeta object;
  EXPECT_TRUE(object.add_finalizer("a/b"));
  EXPECT_FALSE(object.add_finalizer("a/b"));
  EXPECT_TRUE(object.has_finalizer("a/b"));
  EXPECT_TRUE(object.remove_finalizer("a/b"));
  EXPECT_FALSE(object.remove_finalizer("a/b"));
}

TEST(Status, CarriesTheServersDetails) {
  const auto status = json::decode<meta::Status>(
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no","reason":"Invalid",
          "details":{"name":"x","group":"apps","kind":"Deployment","retryAfterSeconds":3,
          "causes":[{"reason":"FieldValueInvalid","message":"bad","field":"spec.replicas"}]},"code":422})");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->code, 422);
  EXPECT_EQ(status->details->causes[0].field, "spec.replicas");
  EXPECT_EQ(status->details->retry_after_seconds, 3);
  EXPECT_FALSE(json::decode<meta::Status>(R"({"kind":"Pod","apiVersion":"v1"})"));
}

TEST(DeleteOptions, IsWrittenWithItsKind) {
  meta::DeleteOptions options;
  options.preconditions.ensure().uid = "u";
  options.propagation_policy = "Background";
  EXPECT_EQ(
      json::encode(options),
      R"({"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u"},"propagationPolicy":"Background"})");
}

}  // namespace
