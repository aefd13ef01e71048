#include <gtest/gtest.h>

#include <windlass/codegen/definition.hpp>
#include <windlass/codegen/emit.hpp>
#include <windlass/codegen/openapi.hpp>
#include <windlass/codegen/reduce.hpp>

namespace windlass::codegen {
namespace {

// As a server answers GET /openapi/v3/apis/apps/v1, cut down.
constexpr const char* kServer = R"({
  "openapi": "3.0.0",
  "paths": {
    "/apis/apps/v1/": {"get": {"description": "get available resources"}},
    "/apis/apps/v1/deployments": {"get": {"x-kubernetes-action": "list",
      "x-kubernetes-group-version-kind": {"group": "apps", "kind": "Deployment", "version": "v1"}}},
    "/apis/apps/v1/namespaces/{namespace}/deployments": {
      "parameters": [],
      "post": {"x-kubernetes-action": "post",
        "x-kubernetes-group-version-kind": {"group": "apps", "kind": "Deployment", "version": "v1"}}},
    "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/status": {
      "get": {"x-kubernetes-action": "get",
        "x-kubernetes-group-version-kind": {"group": "apps", "kind": "Deployment", "version": "v1"}}},
    "/apis/apps/v1/watch/deployments": {"get": {"x-kubernetes-action": "watchlist"}}
  },
  "components": {"schemas": {
    "io.k8s.api.apps.v1.Deployment": {
      "description": "Deployment enables declarative updates for Pods and ReplicaSets.",
      "type": "object",
      "properties": {
        "apiVersion": {"type": "string", "description": "x"},
        "kind": {"type": "string"},
        "metadata": {"allOf": [{"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}], "default": {}},
        "spec": {"allOf": [{"$ref": "#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec"}], "default": {}, "description": "y"}
      },
      "x-kubernetes-group-version-kind": [{"group": "apps", "kind": "Deployment", "version": "v1"}]
    },
    "io.k8s.api.apps.v1.DeploymentSpec": {
      "type": "object", "required": ["template"],
      "properties": {
        "paused": {"type": "boolean", "default": false},
        "description": {"type": "string", "description": "a property of that name", "default": ""},
        "template": {"allOf": [{"$ref": "#/components/schemas/io.k8s.api.core.v1.PodTemplateSpec"}]},
        "fallback": {"$ref": "#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec"},
        "names": {"type": "array", "items": {"type": "string", "default": ""},
                  "x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge"}
      }
    },
    "io.k8s.api.core.v1.PodTemplateSpec": {"type": "object", "properties": {"x": {"type": "string"}}},
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": {"type": "object", "properties": {}}
  }}
})";

std::map<std::string, std::string> reduced() {
  auto files = reduce({{"apps.json", json::parse(kServer).value()}});
  if (!files) ADD_FAILURE() << files.error().message;
  return files ? *files : std::map<std::string, std::string>{};
}

TEST(Reduce, EachDefinitionGoesHome) {
  const auto files = reduced();
  ASSERT_EQ(files.size(), 3u);
  EXPECT_TRUE(files.contains("apps_v1.json"));
  EXPECT_TRUE(files.contains("core_v1.json"));
  EXPECT_TRUE(files.contains("meta_v1.json"));
}

TEST(Reduce, WhatIsLeft) {
  const json::Value apps = json::parse(reduced()["apps_v1.json"]).value();
  EXPECT_EQ(json::dump(apps["schemas"]["io.k8s.api.apps.v1.DeploymentSpec"]),
            R"({"properties":{"description":{"type":"string"},)"
            R"("fallback":{"$ref":"io.k8s.api.apps.v1.DeploymentSpec"},)"
            R"("names":{"items":{"type":"string"},"type":"array","x-kubernetes-list-type":"set",)"
            R"("x-kubernetes-patch-strategy":"merge"},"paused":{"type":"boolean"},)"
            R"("template":{"$ref":"io.k8s.api.core.v1.PodTemplateSpec"}},)"
            R"("required":["template"],"type":"object"})");
  const auto& resources = apps["resources"].as_array();
  ASSERT_EQ(resources.size(), 2u);
  EXPECT_EQ(
      json::dump(resources[0]),
      R"({"categories":["all"],"kind":"Deployment","name":"deployments","namespaced":true,)"
      R"("shortNames":["deploy"],"singularName":"deployment","verbs":["create","list","watch"]})");
  EXPECT_EQ(
      json::dump(resources[1]),
      R"({"kind":"Deployment","name":"deployments/status","namespaced":true,"verbs":["get"]})");
}

TEST(OpenApi, TheModel) {
  const auto unit = parse_openapi("x/apps_v1.json", json::parse(reduced()["apps_v1.json"]).value());
  ASSERT_TRUE(unit) << unit.error().message;
  EXPECT_EQ(unit->header, "windlass/api/apps_v1.hpp");
  EXPECT_EQ(unit->origin, "apps_v1.json");
  ASSERT_EQ(unit->structs.size(), 2u);
  const auto& deployment = unit->structs[0];
  ASSERT_TRUE(deployment.resource);
  EXPECT_EQ(deployment.resource->plural, "deployments");
  EXPECT_TRUE(deployment.resource->has_status);
  ASSERT_EQ(deployment.fields.size(), 2u);  // apiVersion and kind stand in the table
  EXPECT_EQ(spelling(deployment.fields[0]), "windlass::meta::ObjectMeta");
  EXPECT_EQ(spelling(deployment.fields[1]), "DeploymentSpec");
  std::vector<std::string> members;
  for (const auto& field : unit->structs[1].fields) {
    members.push_back(spelling(field) + " " + field.member);
  }
  const std::vector<std::string> expected = {
      "std::string description", "windlass::Box<DeploymentSpec> fallback",
      "std::vector<std::string> names", "std::optional<bool> paused",
      "windlass::api::core::v1::PodTemplateSpec template_"};
  EXPECT_EQ(members, expected);
}

TEST(OpenApi, ErrorsNameTheProperty) {
  struct Case {
    const char* property;
    const char* message;
  };
  const Case cases[] = {
      {R"({"type": "integr"})", "f.json: A.p: type `integr` is not one of"},
      {R"({"$ref": "com.example.Foo"})", "f.json: A.p: $ref `com.example.Foo` tells no group"},
      {R"({"$ref": "io.k8s.api.apps.v1.B"})", "f.json: A.p: $ref `io.k8s.api.apps.v1.B` is not in"},
      {R"({"type": "array", "items": {"$ref": "io.k8s.apimachinery.pkg.apis.meta.v1.Nope"}})",
       "f.json: A.p[]: the framework has no type for"},
  };
  for (const auto& [property, message] : cases) {
    const auto document = json::parse(
        std::string(R"({"group": "apps", "version": "v1", "resources": [], "schemas": )") +
        R"({"io.k8s.api.apps.v1.A": {"type": "object", "properties": {"p": )" + property + "}}}}");
    ASSERT_TRUE(document);
    const auto unit = parse_openapi("f.json", *document);
    ASSERT_FALSE(unit) << property;
    EXPECT_EQ(unit.error().message.rfind(message, 0), 0u) << unit.error().message;
  }
}

TEST(Definition, Homes) {
  EXPECT_EQ(home_of("io.k8s.api.apps.v1.Deployment")->unit(), "apps_v1");
  EXPECT_EQ(home_of("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON")->unit(),
            "apiextensions_v1");
  EXPECT_TRUE(home_of("io.k8s.apimachinery.pkg.api.resource.Quantity")->is_meta());
  EXPECT_FALSE(home_of("com.example.Foo"));
  EXPECT_FALSE(home_of("io.k8s.api.apps"));
  EXPECT_EQ(definition_of_reference("#/components/schemas/a.b.C"), "a.b.C");
}

}  // namespace
}  // namespace windlass::codegen
