#include <tuple>

#include <gmock/gmock.h>

#include "api.hpp"

namespace windlass::testing_api {
namespace {

using ::testing::ElementsAre;

constexpr const char* kCrds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
constexpr const char* kDatabases = "/apis/example.com/v1/namespaces/default/databases";

constexpr const char* kCrd = R"({
  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
  "metadata": {"name": "databases.example.com"},
  "spec": {
    "group": "example.com", "scope": "Namespaced",
    "names": {"plural": "databases", "kind": "Database", "shortNames": ["db"]},
    "versions": [{
      "name": "v1", "served": true, "storage": true,
      "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}},
      "additionalPrinterColumns": [
        {"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"},
        {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"}],
      "schema": {"openAPIV3Schema": {"type": "object", "required": ["spec"], "properties": {
        "spec": {"type": "object", "required": ["storage"], "properties": {
          "storage": {"type": "object", "required": ["size"], "properties": {"size": {"type": "string", "pattern": "^[0-9]+Gi$"}}},
          "replicas": {"type": "integer", "minimum": 1, "maximum": 5, "default": 1},
          "policy": {"type": "string", "enum": ["Retain", "Delete"], "default": "Retain"},
          "port": {"x-kubernetes-int-or-string": true},
          "name": {"type": "string", "minLength": 1, "maxLength": 3},
          "parameters": {"type": "object", "additionalProperties": {"type": "string"}},
          "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}},
        "status": {"type": "object", "properties": {"phase": {"type": "string"}, "replicas": {"type": "integer"},
          "conditions": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
            "items": {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}, "status": {"type": "string"}}}}}}
      }}}
    }]
  }
})";

class Custom : public Api {
 protected:
  void SetUp() override {
    const auto created = post(kCrds, kCrd);
    ASSERT_EQ(created.status, 201) << created.message();
  }
  static std::string database(const std::string& spec, const std::string& more = "") {
    return R"({"apiVersion":"example.com/v1","kind":"Database","metadata":{"name":"x"},"spec":)" +
           spec + more + "}";
  }
};

TEST_F(Custom, DefinitionsAreEstablished) {
  const auto crd = get(std::string(kCrds) + "/databases.example.com");
  std::vector<std::string> conditions;
  for (const auto& condition : crd.body["status"]["conditions"].as_array()) {
    conditions.push_back(condition["type"].as_string() + "=" + condition["status"].as_string());
  }
  EXPECT_THAT(conditions, ElementsAre("NamesAccepted=True", "Established=True"));
  EXPECT_EQ(crd.body["status"]["storedVersions"], read(R"(["v1"])"));
  EXPECT_EQ(crd.body["spec"]["names"]["listKind"].as_string(), "DatabaseList");
  EXPECT_EQ(get(kDatabases).body["kind"].as_string(), "DatabaseList");
}

TEST_F(Custom, DefaultsAndPruning) {
  const auto created = post(
      kDatabases,
      database(
          R"({"storage":{"size":"1Gi","x":1},"free":{"any":1},"port":"http","parameters":{"a":"b"}})"));
  ASSERT_EQ(created.status, 201) << created.message();
  EXPECT_EQ(created.body["spec"], read(R"({"storage":{"size":"1Gi"},"free":{"any":1},"port":"http",
                                           "parameters":{"a":"b"},"replicas":1,"policy":"Retain"})"));
  EXPECT_EQ(created.headers.get("Warning"), R"(299 - "unknown field \"spec.storage.x\"")");
  EXPECT_EQ(created.body["metadata"]["generation"].as_integer(), 1);
}

TEST_F(Custom, ValidationMessages) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"storage":{}})", "spec.storage.size: Required value"},
      {R"({})", "spec.storage: Required value"},
      {R"({"storage":{"size":"1Gi"},"replicas":0})",
       "spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to "
       "1"},
      {R"({"storage":{"size":"1Gi"},"replicas":9})",
       "spec.replicas: Invalid value: 9: spec.replicas in body should be less than or equal to 5"},
      {R"({"storage":{"size":"1Gi"},"replicas":"2"})",
       "spec.replicas: Invalid value: \"string\": spec.replicas in body must be of type integer: "
       "\"string\""},
      {R"({"storage":{"size":"1Gi"},"policy":"Keep"})",
       "spec.policy: Unsupported value: \"Keep\": supported values: \"Retain\", \"Delete\""},
      {R"({"storage":{"size":"big"}})",
       "spec.storage.size: Invalid value: \"big\": spec.storage.size in body should match "
       "'^[0-9]+Gi$'"},
      {R"({"storage":{"size":"1Gi"},"name":"abcd"})",
       "spec.name: Too long: may not be more than 3 bytes"},
      {R"({"storage":{"size":"1Gi"},"name":""})",
       "spec.name: Invalid value: \"\": spec.name in body should be at least 1 chars long"},
  };
  for (const auto& [spec, message] : cases) {
    const auto refused = post(kDatabases, database(spec));
    EXPECT_EQ(refused.status, 422) << spec;
    EXPECT_EQ(refused.message(), std::string("Database.example.com \"x\" is invalid: ") + message);
    EXPECT_EQ(refused.body["details"]["kind"].as_string(), "Database");
  }
}

TEST_F(Custom, StatusIsASubresource) {
  post(kDatabases, database(R"({"storage":{"size":"1Gi"}})", R"(,"status":{"phase":"Ready"})"));
  auto object = get(std::string(kDatabases) + "/x");
  EXPECT_EQ(object.body.find("status"), nullptr);
  object.body["status"]["phase"] = "Ready";
  object.body["spec"]["replicas"] = 4;
  const auto updated = put(std::string(kDatabases) + "/x/status", object.body);
  ASSERT_EQ(updated.status, 200) << updated.message();
  EXPECT_EQ(updated.body["status"]["phase"].as_string(), "Ready");
  EXPECT_EQ(updated.body["spec"]["replicas"].as_integer(), 1);
  EXPECT_EQ(updated.body["metadata"]["generation"].as_integer(), 1);
  const auto spec =
      merge(std::string(kDatabases) + "/x", R"({"spec":{"replicas":2},"status":{"phase":"No"}})");
  EXPECT_EQ(spec.body["metadata"]["generation"].as_integer(), 2);
  EXPECT_EQ(spec.body["status"]["phase"].as_string(), "Ready");
}

TEST_F(Custom, UpdatesNameTheirVersion) {
  post(kDatabases, database(R"({"storage":{"size":"1Gi"}})"));
  const auto refused =
      put(std::string(kDatabases) + "/x", read(database(R"({"storage":{"size":"2Gi"}})")));
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.body["details"]["causes"].as_array().at(0)["field"].as_string(),
            "metadata.resourceVersion");
}

TEST_F(Custom, Scale) {
  post(kDatabases, database(R"({"storage":{"size":"1Gi"}})"));
  const auto scaled = merge(std::string(kDatabases) + "/x/scale", R"({"spec":{"replicas":3}})");
  ASSERT_EQ(scaled.status, 200) << scaled.message();
  EXPECT_EQ(scaled.body["kind"].as_string(), "Scale");
  EXPECT_EQ(get(std::string(kDatabases) + "/x").body["spec"]["replicas"].as_integer(), 3);
}

TEST_F(Custom, PrinterColumns) {
  post(kDatabases, database(R"({"storage":{"size":"1Gi"}})"));
  merge(std::string(kDatabases) + "/x/status",
        R"({"status":{"conditions":[{"type":"Ready","status":"True"}]}})");
  const auto table = call("GET", kDatabases, "", "", api_server::Identity::admin(),
                          "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
  ASSERT_EQ(table.body["kind"].as_string(), "Table");
  EXPECT_EQ(table.body["columnDefinitions"].as_array().size(), 3u);
  EXPECT_EQ(table.body["rows"].as_array().at(0)["cells"], read(R"(["x","True",1])"));
}

TEST_F(Custom, RemovedWithTheirDefinition) {
  post(kDatabases, database(R"({"storage":{"size":"1Gi"}})"));
  const auto watch =
      get(std::string(kDatabases) + "?watch=1&resourceVersion=" + std::to_string(core.revision()));
  EXPECT_EQ(erase(std::string(kCrds) + "/databases.example.com").status, 200);
  EXPECT_THAT(brief(events(watch)), ElementsAre("DELETED x"));
  EXPECT_EQ(get(kDatabases).status, 404);
}

/// kCrd with another schema for `spec.storage.size`.
json::Value with_size(const char* schema) {
  json::Value crd = read(kCrd);
  json::Value& version = crd["spec"]["versions"].as_array().at(0);
  version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["storage"]["properties"]
         ["size"] = read(schema);
  return crd;
}

TEST_F(Custom, WhatWasBadMayStayUntilItChanges) {
  ASSERT_EQ(post(kDatabases, database(R"({"storage":{"size":"1Gi"}})")).status, 201);
  json::Value stricter = with_size(R"({"type":"string","minLength":5})");
  stricter["metadata"]["resourceVersion"] =
      get(std::string(kCrds) + "/databases.example.com").version();
  const auto replaced = put(std::string(kCrds) + "/databases.example.com", stricter);
  ASSERT_EQ(replaced.status, 200) << replaced.message();
  const std::string object = std::string(kDatabases) + "/x";
  const auto other = merge(object, R"({"spec":{"replicas":3}})");
  EXPECT_EQ(other.status, 200) << other.message();
  EXPECT_EQ(merge(object, R"({"spec":{"storage":{"size":"2Gi"}}})").message(),
            "Database.example.com \"x\" is invalid: spec.storage.size: Invalid value: \"2Gi\": "
            "spec.storage.size in body should be at least 5 chars long");
  EXPECT_EQ(merge(object, R"({"spec":{"storage":{"size":"100Gi"}}})").status, 200);
}

TEST_F(Custom, FormatsAreTypesToMessages) {
  for (const auto& [format, good, bad] :
       {std::tuple("uri", "https://a.b", "a b"), std::tuple("email", "a@b.c", "a"),
        std::tuple("ipv4", "10.0.0.1", "10.0.0.256"), std::tuple("duration", "1h", "soon")}) {
    erase(std::string(kCrds) + "/databases.example.com");
    const std::string schema = std::string(R"({"type":"string","format":")") + format + "\"}";
    ASSERT_EQ(post(kCrds, json::dump(with_size(schema.c_str()))).status, 201);
    const auto spec = [](const char* size) {
      return database(std::string(R"({"storage":{"size":")") + size + R"("}})");
    };
    const auto refused = post(kDatabases, spec(bad));
    EXPECT_EQ(refused.message(), std::string("Database.example.com \"x\" is invalid: ") +
                                     "spec.storage.size: Invalid value: \"" + bad +
                                     "\": spec.storage.size in body must be of type " + format +
                                     ": \"" + bad + "\"");
    EXPECT_EQ(refused.body["details"]["causes"].as_array().at(0)["reason"],
              json::Value("FieldValueTypeInvalid"));
    EXPECT_EQ(post(kDatabases, spec(good)).status, 201) << format;
  }
}

TEST_F(Custom, DefaultsMustFollowTheSchemaAndItsRules) {
  const std::string path =
      "spec.validation.openAPIV3Schema.properties[spec].properties[storage].properties[size]."
      "default: ";
  const auto refusal = [&](const char* schema) {
    erase(std::string(kCrds) + "/databases.example.com");
    return post(kCrds, json::dump(with_size(schema))).message();
  };
  EXPECT_THAT(refusal(R"({"type":"string","default":1})"),
              ::testing::HasSubstr(path + "Invalid value: \"integer\":  in body must be of type "
                                          "string: \"integer\""));
  EXPECT_THAT(refusal(R"({"type":"string","maxLength":9,"default":"a",
                          "x-kubernetes-validations":[{"rule":"self == 'b'","message":"is b"}]})"),
              ::testing::HasSubstr(path + "Invalid value: \"a\": is b"));
}

TEST_F(Custom, NamesThatAreTakenAreNotServed) {
  json::Value other = read(kCrd);
  other["metadata"]["name"] = "stores.example.com";
  other["spec"]["names"] = read(R"({"plural":"stores","kind":"Database"})");
  ASSERT_EQ(post(kCrds, json::dump(other)).status, 201);
  const auto crd = get(std::string(kCrds) + "/stores.example.com");
  const auto& conditions = crd.body["status"]["conditions"].as_array();
  ASSERT_EQ(conditions.size(), 2u);
  EXPECT_EQ(conditions[0]["reason"], json::Value("ListKindConflict"));
  EXPECT_EQ(conditions[1]["status"], json::Value("False"));
  EXPECT_EQ(crd.body["status"]["acceptedNames"]["plural"], json::Value("stores"));
  EXPECT_EQ(get("/apis/example.com/v1/namespaces/default/stores").status, 404);
}

TEST_F(Custom, AreEstablishedByAWriteOfTheServers) {
  const auto made = post(kCrds, R"({"apiVersion":"apiextensions.k8s.io/v1",
    "kind":"CustomResourceDefinition","metadata":{"name":"as.other.com"},"spec":{
    "group":"other.com","scope":"Cluster","names":{"plural":"as","kind":"A"},
    "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}})");
  ASSERT_EQ(made.status, 201) << made.message();
  EXPECT_TRUE(made.body["status"]["conditions"].is_null()) << "the answer is from before";
  const auto now = get(std::string(kCrds) + "/as.other.com");
  EXPECT_NE(now.version(), made.version());
  EXPECT_EQ(now.body["metadata"]["managedFields"].as_array().at(0)["manager"],
            json::Value("kube-apiserver"));
  EXPECT_EQ(get("/apis/other.com/v1/as").status, 200);
}

TEST_F(Custom, DefaultsAreThoseOfTheVersionsOfTheRequestAndOfTheStore) {
  const std::string things = "/apis/other.com/v1beta1/things";
  const auto version = [](const std::string& name, bool stored, const std::string& properties) {
    return R"({"name":")" + name + R"(","served":true,"storage":)" + (stored ? "true" : "false") +
           R"(,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object",)"
           R"("default":{},"properties":)" +
           properties + "}}}}}";
  };
  const std::string sent = R"("sent":{"type":"integer","default":1})";
  const auto made = post(
      kCrds,
      R"({"metadata":{"name":"things.other.com"},"spec":{"group":"other.com","scope":"Cluster",
         "names":{"plural":"things","kind":"Thing"},"versions":[)" +
          version("v1", true, "{" + sent + R"(,"port":{"type":"integer","default":179}})") + "," +
          version("v1beta1", false, "{" + sent + R"(,"port":{"type":"integer"}})") + "]}}");
  ASSERT_EQ(made.status, 201) << made.message();
  // the store is read with the defaults of its version, in the answer to a write, too
  const std::string thing =
      R"({"apiVersion":"other.com/v1beta1","kind":"Thing","metadata":{"name":"x"}})";
  const json::Value expected = read(R"({"sent":1,"port":179})");
  EXPECT_EQ(post(things + "?dryRun=All", thing).body["spec"], expected);
  EXPECT_EQ(post(things, thing).body["spec"], expected);
  EXPECT_EQ(get(things + "/x").body["spec"], expected);
}

TEST_F(Custom, DiscoveryShowsThem) {
  const auto list = get("/apis/example.com/v1");
  ASSERT_EQ(list.status, 200);
  EXPECT_EQ(list.body["resources"].as_array().at(0)["shortNames"], read(R"(["db"])"));
  EXPECT_EQ(list.body["resources"].as_array().size(), 3u);
}

}  // namespace
}  // namespace windlass::testing_api
