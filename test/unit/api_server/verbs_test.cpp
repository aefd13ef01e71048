#include "api.hpp"

namespace windlass::testing_api {
namespace {

using Verbs = Api;
using ::testing::Test;

TEST_F(Verbs, CreateFillsInMetadata) {
  const auto created = post(kMaps, config_map("one"));
  ASSERT_EQ(created.status, 201) << created.message();
  EXPECT_EQ(created.body["kind"].as_string(), "ConfigMap");
  EXPECT_EQ(created.body["metadata"]["namespace"].as_string(), "default");
  EXPECT_EQ(created.body["metadata"]["uid"].as_string().size(), 36u);
  EXPECT_EQ(created.body["metadata"]["creationTimestamp"].as_string(), "2026-01-02T03:20:45Z");
  EXPECT_EQ(created.version(), std::to_string(core.revision()));
  EXPECT_EQ(created.body["metadata"].find("generation"), nullptr);
  EXPECT_EQ(get(std::string(kMaps) + "/one").body, created.body);
}

TEST_F(Verbs, RefusalsOfCreate) {
  post(kMaps, config_map("one"));
  const auto again = post(kMaps, config_map("one"));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.reason(), "AlreadyExists");
  EXPECT_EQ(again.message(), "configmaps \"one\" already exists");
  EXPECT_EQ(again.body["details"]["name"].as_string(), "one");
  EXPECT_EQ(again.body["details"]["kind"].as_string(), "configmaps");

  const auto homeless = post("/api/v1/namespaces/nowhere/configmaps", config_map("one"));
  EXPECT_EQ(homeless.status, 404);
  EXPECT_EQ(homeless.message(), "namespaces \"nowhere\" not found");

  const auto unnamed = post(kMaps, R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{}})");
  EXPECT_EQ(unnamed.status, 422);
  EXPECT_EQ(
      unnamed.message(),
      "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required");

  const auto bad = post(kMaps, config_map("Bad_Name"));
  EXPECT_EQ(bad.status, 422);
  EXPECT_TRUE(
      bad.message().starts_with("ConfigMap \"Bad_Name\" is invalid: metadata.name: Invalid value: "
                                "\"Bad_Name\": a lowercase RFC 1123 subdomain"))
      << bad.message();
  EXPECT_EQ(bad.body["details"]["causes"].as_array().at(0)["field"].as_string(), "metadata.name");

  EXPECT_EQ(post(kMaps, "{").status, 400);
  EXPECT_EQ(post("/api/v1/namespaces/default/nothings", "{}").status, 404);
  EXPECT_EQ(call("POST", kMaps, config_map("x"), "text/plain").status, 415);
}

TEST_F(Verbs, GenerateName) {
  const auto created = post(kMaps, R"({"metadata":{"generateName":"job-"}})");
  ASSERT_EQ(created.status, 201) << created.message();
  EXPECT_TRUE(created.body["metadata"]["name"].as_string().starts_with("job-"));
  EXPECT_EQ(created.body["metadata"]["name"].as_string().size(), 9u);
}

TEST_F(Verbs, DryRunChangesNothing) {
  const auto before = core.revision();
  EXPECT_EQ(post(std::string(kMaps) + "?dryRun=All", config_map("one")).status, 201);
  EXPECT_EQ(core.revision(), before);
  EXPECT_EQ(get(std::string(kMaps) + "/one").status, 404);
}

TEST_F(Verbs, UpdateKeepsTheVersionWhenNothingChanges) {
  const auto created = post(kMaps, config_map("one"));
  const auto same = put(std::string(kMaps) + "/one", created.body);
  ASSERT_EQ(same.status, 200) << same.message();
  EXPECT_EQ(same.version(), created.version());

  json::Value changed = created.body;
  changed["data"]["a"] = "2";
  const auto updated = put(std::string(kMaps) + "/one", changed);
  EXPECT_NE(updated.version(), created.version());
  const auto stale = put(std::string(kMaps) + "/one", changed);
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(stale.message(),
            "Operation cannot be fulfilled on configmaps \"one\": the object has been modified; "
            "please apply your "
            "changes to the latest version and try again");
}

TEST_F(Verbs, UpdateChecksTheUid) {
  auto created = post(kMaps, config_map("one"));
  created.body["metadata"]["uid"] = "other";
  const auto refused = put(std::string(kMaps) + "/one", created.body);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.reason(), "Conflict");
}

TEST_F(Verbs, MergePatch) {
  post(kMaps, config_map("one"));
  const auto patched = merge(std::string(kMaps) + "/one", R"({"data":{"b":"2","a":null}})");
  ASSERT_EQ(patched.status, 200) << patched.message();
  EXPECT_EQ(patched.body["data"], read(R"({"b":"2"})"));
  EXPECT_EQ(merge(std::string(kMaps) + "/one", R"({"metadata":{"resourceVersion":"1"}})").status,
            409);
  EXPECT_EQ(merge(std::string(kMaps) + "/two", R"({})").status, 404);
}

TEST_F(Verbs, JsonPatch) {
  post(kMaps, config_map("one"));
  const auto patched =
      call("PATCH", std::string(kMaps) + "/one",
           R"([{"op":"replace","path":"/data/a","value":"9"}])", "application/json-patch+json");
  ASSERT_EQ(patched.status, 200) << patched.message();
  EXPECT_EQ(patched.body["data"]["a"].as_string(), "9");
}

TEST_F(Verbs, DeleteAnswersStatus) {
  const auto created = post(kMaps, config_map("one"));
  const auto deleted = erase(std::string(kMaps) + "/one");
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(deleted.body["status"].as_string(), "Success");
  EXPECT_EQ(deleted.body["details"]["uid"], created.body["metadata"]["uid"]);
  EXPECT_EQ(erase(std::string(kMaps) + "/one").status, 404);
}

TEST_F(Verbs, DeletePreconditions) {
  const auto created = post(kMaps, config_map("one"));
  EXPECT_EQ(erase(std::string(kMaps) + "/one", R"({"preconditions":{"uid":"other"}})").status, 409);
  EXPECT_EQ(
      erase(std::string(kMaps) + "/one", R"({"preconditions":{"resourceVersion":"1"}})").status,
      409);
  json::Value options;
  options["preconditions"]["uid"] = created.body["metadata"]["uid"];
  EXPECT_EQ(erase(std::string(kMaps) + "/one", json::dump(options)).status, 200);
}

TEST_F(Verbs, FinalizersHoldAnObject) {
  post(kMaps, config_map("one", R"("finalizers":["example.com/a"])"));
  const auto deleted = erase(std::string(kMaps) + "/one");
  EXPECT_EQ(deleted.status, 200);
  EXPECT_NE(deleted.body["metadata"].find("deletionTimestamp"), nullptr);
  EXPECT_EQ(get(std::string(kMaps) + "/one").status, 200);
  const auto more = merge(std::string(kMaps) + "/one",
                          R"({"metadata":{"finalizers":["example.com/a","example.com/b"]}})");
  EXPECT_EQ(more.status, 422);
  EXPECT_EQ(merge(std::string(kMaps) + "/one", R"({"metadata":{"finalizers":null}})").status, 200);
  EXPECT_EQ(get(std::string(kMaps) + "/one").status, 404);
}

TEST_F(Verbs, DeleteCollectionBySelector) {
  post(kMaps, config_map("one", R"("labels":{"x":"1"})"));
  post(kMaps, config_map("two"));
  EXPECT_EQ(erase(std::string(kMaps) + "?labelSelector=x%3D1").status, 200);
  EXPECT_EQ(get(std::string(kMaps) + "/one").status, 404);
  EXPECT_EQ(get(std::string(kMaps) + "/two").status, 200);
}

TEST_F(Verbs, UnknownFields) {
  const std::string body = R"({"metadata":{"name":"one"},"daata":{"a":"1"}})";
  const auto strict = post(std::string(kMaps) + "?fieldValidation=Strict", body);
  EXPECT_EQ(strict.status, 400);
  EXPECT_EQ(strict.message(),
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: "
            "unknown field \"daata\"");
  const auto warned = post(kMaps, body);
  EXPECT_EQ(warned.status, 201);
  EXPECT_EQ(warned.headers.get("Warning"), R"(299 - "unknown field \"daata\"")");
  EXPECT_EQ(warned.body.find("daata"), nullptr);
}

TEST_F(Verbs, WrongTypesAreNamed) {
  const auto refused = post("/apis/apps/v1/namespaces/default/deployments",
                            R"({"metadata":{"name":"x"},"spec":{"replicas":"two"}})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.message(),
            "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot "
            "unmarshal string into Go "
            "struct field DeploymentSpec.spec.replicas of type int32");
}

TEST_F(Verbs, Paths) {
  EXPECT_EQ(get("/nothing").status, 404);
  EXPECT_EQ(get("/api/v1/namespaces/default").body["kind"].as_string(), "Namespace");
  EXPECT_EQ(call("PUT", kMaps, "{}").status, 405);
  EXPECT_EQ(get("/apis/apps/v1/namespaces/default/deployments/x/nothing").status, 404);
  EXPECT_EQ(get("/apis/coordination.k8s.io/v1/namespaces/default/leases/x/status").status, 404);
}

}  // namespace
}  // namespace windlass::testing_api
