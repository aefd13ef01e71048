// CEL rules of custom resources: refused when they are wrong, enforced at every write.

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include <windlass/codegen/yaml.hpp>

#include "api.hpp"

namespace windlass::testing_api {
namespace {

using ::testing::HasSubstr;

constexpr const char* kCrds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
constexpr const char* kPlants = "/apis/example.com/v1/plants";

std::string crd(const std::string& schema) {
  return R"({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "plants.example.com"},
    "spec": {"group": "example.com", "scope": "Cluster",
      "names": {"plural": "plants", "singular": "plant", "kind": "Plant", "listKind": "PlantList"},
      "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": )" +
         schema + "}}]}}";
}

std::string plant(const std::string& parts, const std::string& version = "") {
  return R"({"apiVersion":"example.com/v1","kind":"Plant","metadata":{"name":"x","resourceVersion":")" +
         version + R"("},)" + parts + "}";
}

class CelRules : public Api {};

TEST_F(CelRules, WrongRulesAreRefused) {
  const auto refused = post(kCrds, crd(R"json({"type": "object", "properties": {"spec": {
    "type": "object", "properties": {"height": {"type": "integer"}},
    "x-kubernetes-validations": [{"rule": "self.heigth > 0"},
                                 {"rule": "math.greatest(self.height, 1) == 1"}]}}})json"));
  EXPECT_EQ(refused.status, 422);
  const auto& causes = refused.body["details"]["causes"].as_array();
  ASSERT_EQ(causes.size(), 2U);
  EXPECT_EQ(causes[0]["field"].as_string(),
            "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule");
  EXPECT_THAT(causes[0]["message"].as_string(),
              HasSubstr("compilation failed: ERROR: <input>:1:5: undefined field 'heigth'\n"
                        " | self.heigth > 0\n | ....^"));
  EXPECT_THAT(causes[1]["message"].as_string(), HasSubstr("undeclared reference to 'math'"));
}

TEST_F(CelRules, RulesThatCostTooMuchAreRefused) {
  const auto refused = post(kCrds, crd(R"json({"type": "object", "properties": {"spec": {
    "type": "object", "properties": {"names": {"type": "array", "items": {"type": "string"}}},
    "x-kubernetes-validations": [{"rule": "self.names.all(a, self.names.all(b, a != b))"}]}}})json"));
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.message(), HasSubstr("estimated rule cost exceeds budget by factor of more "
                                           "than 100x"));
}

constexpr const char* kSchema = R"json({"type": "object", "properties": {
  "spec": {"type": "object", "properties": {
    "height": {"type": "integer", "x-kubernetes-validations": [
      {"rule": "self >= oldSelf", "message": "plants do not shrink"}]},
    "color": {"type": "string", "x-kubernetes-validations": [{"rule": "self != 'black'"}]},
    "kind": {"type": "string", "enum": ["tree", "herb"]}}},
  "status": {"type": "object", "properties": {"leaves": {"type": "integer",
    "x-kubernetes-validations": [{"rule": "self >= 0", "reason": "FieldValueForbidden"}]}}}}})json";

TEST_F(CelRules, EveryWriteIsChecked) {
  ASSERT_EQ(post(kCrds, crd(kSchema)).status, 201);
  const auto black = post(kPlants, plant(R"("spec":{"color":"black"})"));
  EXPECT_EQ(black.status, 422);
  EXPECT_EQ(black.message(),
            "Plant.example.com \"x\" is invalid: spec.color: Invalid value: \"black\": failed "
            "rule: self != 'black'");
  ASSERT_EQ(post(kPlants, plant(R"("spec":{"height":5})")).status, 201);
  const std::string path = std::string(kPlants) + "/x";
  EXPECT_EQ(merge(path, R"({"spec":{"height":4}})").message(),
            "Plant.example.com \"x\" is invalid: spec.height: Invalid value: 4: plants do not "
            "shrink");
  EXPECT_EQ(merge(path, R"({"spec":{"height":6}})").status, 200);
  EXPECT_EQ(merge(path + "/status", R"({"status":{"leaves":-1}})").message(),
            "Plant.example.com \"x\" is invalid: status.leaves: Forbidden: failed rule: self >= 0");
  EXPECT_EQ(merge(path + "/status", R"({"status":{"leaves":1}})").status, 200);
}

TEST_F(CelRules, InvalidObjectsAreNotCheckedFurther) {
  ASSERT_EQ(post(kCrds, crd(kSchema)).status, 201);
  const auto refused = post(kPlants, plant(R"("spec":{"color":"black","kind":"stone"})"));
  const auto& causes = refused.body["details"]["causes"].as_array();
  ASSERT_EQ(causes.size(), 2U);
  EXPECT_EQ(causes[1]["field"].as_string(), "<nil>");
  EXPECT_EQ(causes[1]["message"].as_string(),
            "Invalid value: null: some validation rules were not checked because the object was "
            "invalid; correct the existing errors to complete validation");
}

TEST_F(CelRules, WhatWasStoredBeforeARuleIsTolerated) {
  ASSERT_EQ(post(kCrds, crd(R"({"type": "object", "properties": {"spec": {"type": "object",
    "properties": {"color": {"type": "string"}, "height": {"type": "integer"}}}}})"))
                .status,
            201);
  ASSERT_EQ(post(kPlants, plant(R"("spec":{"color":"black"})")).status, 201);
  const auto changed =
      merge(std::string(kCrds) + "/plants.example.com",
            R"({"spec":{"versions":)" + json::dump(read(crd(kSchema))["spec"]["versions"]) + "}}");
  ASSERT_EQ(changed.status, 200) << changed.message();
  const std::string path = std::string(kPlants) + "/x";
  const auto tolerated = merge(path, R"({"spec":{"height":1}})");
  EXPECT_EQ(tolerated.status, 200) << tolerated.message();
  EXPECT_EQ(tolerated.headers.get("Warning"),
            R"(299 - "spec.color: Invalid value: \"black\": failed rule: self != 'black'")");
  EXPECT_EQ(post(kPlants, plant(R"("spec":{"color":"black"})")).status, 422);
}

/// The sample operator's own definition.
TEST_F(CelRules, StorageOfADatabaseCannotShrink) {
  std::ifstream file(DATABASE_CRD);
  std::stringstream text;
  text << file.rdbuf();
  const auto created =
      post(kCrds, json::dump(codegen::parse_yaml(DATABASE_CRD, text.str()).value().front()));
  ASSERT_EQ(created.status, 201) << created.message();
  const std::string databases = "/apis/postgres.windlass.dev/v1/namespaces/default/databases";
  ASSERT_EQ(post(databases, R"({"apiVersion":"postgres.windlass.dev/v1","kind":"Database",
    "metadata":{"name":"d"},"spec":{"image":"postgres:15","storage":{"size":"2Gi"}}})")
                .status,
            201);
  const auto shrunk = merge(databases + "/d", R"({"spec":{"storage":{"size":"1Gi"}}})");
  EXPECT_EQ(shrunk.status, 422);
  EXPECT_EQ(shrunk.message(),
            "Database.postgres.windlass.dev \"d\" is invalid: spec.storage.size: Forbidden: "
            "storage cannot shrink; make a new Database and move the data");
  EXPECT_EQ(merge(databases + "/d", R"({"spec":{"storage":{"size":"3Gi"}}})").status, 200);
  const auto reserved = merge(databases + "/d", R"({"spec":{"parameters":{"port":"1"}}})");
  EXPECT_THAT(reserved.message(), HasSubstr("spec.parameters: Invalid value: "));
}

}  // namespace
}  // namespace windlass::testing_api
