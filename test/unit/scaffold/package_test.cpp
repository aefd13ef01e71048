#include "scaffold/package.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/codegen/yaml.hpp>

namespace windlass::scaffold {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kManifests = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop-system}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: orders.shop.example.com}
spec:
  names: {kind: Order}
  versions: [{name: v1, schema: {openAPIV3Schema: {description: "uses {{ braces }}"}}}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: shop-controller-manager, namespace: shop-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: shop-leader-election-role, namespace: shop-system}
rules: [{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: shop-manager-role}
rules: [{apiGroups: [shop.example.com], resources: [orders], verbs: [list, watch]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: shop-text, namespace: shop-system}
data: {template: "{{ not helm's }}"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop-controller-manager, namespace: shop-system}
spec:
  replicas: 3
  template:
    spec:
      serviceAccountName: shop-controller-manager
      containers:
      - name: manager
        image: registry.example.com:5000/shop:1.0
        resources: {limits: {cpu: 500m}}
)";

std::vector<json::Value> documents() { return codegen::parse_yaml("m", kManifests).value(); }
Project project() { return {.name = "shop", .domain = "example.com", .windlass_version = "0.1.0"}; }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

TEST(HelmChart, WithItsDefaultsItIsWhatConfigSays) {
  const auto files = helm_chart(project(), documents()).value();
  const auto values = codegen::parse_yaml("v", files.at("dist/chart/values.yaml")).value().front();
  EXPECT_EQ(values["image"]["repository"], json::Value("registry.example.com:5000/shop"));
  EXPECT_EQ(values["image"]["tag"], json::Value("1.0")) << "a tag is a text";
  for (const auto& document : documents()) {
    const std::string name(document["metadata"]["name"].string_or(""));
    const auto kind = document["kind"].string_or("");
    if (kind == "Namespace") continue;
    std::string text;
    for (const auto& [path, content] : files) {
      if (path.find(name + ".yaml") != std::string::npos &&
          content.find("kind: " + std::string(kind) + "\n") != std::string::npos)
        text = content;
    }
    ASSERT_FALSE(text.empty()) << name;
    if (kind != "CustomResourceDefinition") {
      // what helm does with the defaults
      text = replaced(text, "{{ .Release.Namespace }}", "shop-system");
      text = replaced(text, "{{ .Values.image.repository }}:{{ .Values.image.tag }}",
                      "registry.example.com:5000/shop:1.0");
      text = replaced(text, "{{ .Values.replicas }}", "3");
      text = replaced(text, "{{ .Values.image.pullPolicy }}", "IfNotPresent");
      text = replaced(text, "{{ toJson .Values.resources }}", json::dump(values["resources"]));
      text = replaced(text, "{{ `{{` }}", "{{");
    }
    auto expected = document;
    if (kind == "Deployment") {
      expected["spec"]["template"]["spec"]["containers"].as_array()[0]["imagePullPolicy"] =
          "IfNotPresent";
    }
    EXPECT_EQ(json::dump(codegen::parse_yaml("t", text).value().front()), json::dump(expected))
        << text;
  }
}

TEST(HelmChart, OnlyNamespacesBecomeTheReleases) {
  constexpr const char* manifests = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: default, namespace: default}
spec: {template: {spec: {serviceAccountName: default, containers: [{name: m, image: m}]}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: default}
subjects: [{kind: ServiceAccount, name: default, namespace: default}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
)";
  const auto rendered = [](const std::string& text, const std::string& path) {
    const auto files = helm_chart(project(), codegen::parse_yaml("m", text).value()).value();
    return codegen::parse_yaml("t", replaced(files.at("dist/chart/templates/" + path), "{{ .", "."))
        .value()
        .front();
  };
  const auto binding = rendered(manifests, "rolebinding-b.yaml");
  EXPECT_EQ(json::dump(binding["subjects"]),
            R"([{"kind":"ServiceAccount","name":"default","namespace":".Release.Namespace }}"}])");
  EXPECT_EQ(binding.at_path({"metadata", "namespace"}), json::Value(".Release.Namespace }}"));

  const auto without = replaced(manifests, ", namespace: default", "");
  EXPECT_EQ(json::dump(rendered(without, "role-r.yaml")["rules"]),
            R"([{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}])");
}

TEST(HelmChart, NeedsADeployment) {
  EXPECT_THAT(helm_chart(project(), {}).error().message, HasSubstr("Deployment"));
  EXPECT_THAT(olm_bundle(project(), {}, "1.0.0").error().message, HasSubstr("Deployment"));
}

TEST(OlmBundle, HoldsRightsDeploymentAndKinds) {
  const auto sample = json::parse(R"({"kind":"Order","metadata":{"name":"sample"}})").value();
  const auto files = olm_bundle(project(), documents(), "1.2.0", {sample}).value();
  const auto csv =
      codegen::parse_yaml("c", files.at("bundle/manifests/shop.clusterserviceversion.yaml"))
          .value()
          .front();
  EXPECT_EQ(csv["metadata"]["name"], json::Value("shop.v1.2.0"));
  EXPECT_EQ(csv.at_path({"metadata", "annotations", "alm-examples"}),
            json::Value(json::dump(json::Array{sample})))
      << "as text, for consoles";
  const auto& install = csv.at_path({"spec", "install", "spec"});
  EXPECT_EQ(
      install["clusterPermissions"].as_array()[0]["rules"].as_array()[0]["resources"].as_array()[0],
      json::Value("orders"));
  EXPECT_EQ(install["permissions"].as_array()[0]["rules"].as_array()[0]["resources"].as_array()[0],
            json::Value("leases"));
  EXPECT_EQ(install["deployments"].as_array()[0]["spec"]["replicas"], json::Value(3));
  EXPECT_EQ(csv.at_path({"spec", "customresourcedefinitions", "owned"}).as_array()[0]["kind"],
            json::Value("Order"));
  EXPECT_TRUE(
      files.contains("bundle/manifests/orders.shop.example.com_customresourcedefinition.yaml"));
  EXPECT_THAT(files.at("bundle.Dockerfile"), HasSubstr("package.v1=shop"));
  EXPECT_THAT(files.at("bundle/metadata/annotations.yaml"), HasSubstr("mediatype.v1: registry+v1"));
}

}  // namespace
}  // namespace windlass::scaffold
