#include "scaffold/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/codegen/yaml.hpp>

namespace windlass::scaffold {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ProjectResource resource(std::string group, std::string kind) {
  ProjectResource made{
      .group = std::move(group), .domain = "example.com", .version = "v1", .kind = std::move(kind)};
  made.plural = plural_of(made.kind);
  return made;
}

Project empty() { return {.name = "shop", .domain = "example.com", .windlass_version = "0.1.0"}; }

std::vector<Project> projects() {
  std::vector<Project> all{empty()};
  auto one = empty();
  one.resources.push_back(resource("shop", "Order"));
  all.push_back(one);
  auto narrow = one;
  narrow.namespaced = true;
  all.push_back(narrow);
  auto many = one;
  many.multigroup = true;
  auto region = resource("geo", "Region");
  region.grouped = true;
  region.namespaced = false;
  many.resources.push_back(region);
  auto plain = resource("geo", "HTTPRoute");
  plain.grouped = true;
  plain.controller = false;
  many.resources.push_back(plain);
  all.push_back(many);
  auto foreign = empty();
  foreign.resources.push_back({.group = "apps",
                               .version = "v1",
                               .kind = "Deployment",
                               .plural = "deployments",
                               .own = false});
  foreign.resources.push_back({.group = "cert-manager.io",
                               .version = "v1",
                               .kind = "Certificate",
                               .plural = "certificates",
                               .own = false,
                               .crd = "config/external/cert.yaml"});
  all.push_back(foreign);
  return all;
}

TEST(ScaffoldFiles, EveryTemplateRendersForEveryKindOfProject) {
  for (const auto& project : projects()) {
    const auto files = scaffold_files(project);
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_EQ(*files, scaffold_files(project).value());
    for (const auto& [path, content] : *files) {
      EXPECT_THAT(path, Not(HasSubstr("%")));
      EXPECT_THAT(content, Not(HasSubstr("<%"))) << path;
      EXPECT_THAT(content, Not(HasSubstr("\n\n\n"))) << path;
      EXPECT_TRUE(content.ends_with("\n") && !content.ends_with("\n\n")) << path;
    }
  }
}

TEST(ScaffoldFiles, SourcesBeginWithOwnerAndLicense) {
  auto project = projects()[1];
  const auto plain = scaffold_files(project).value();
  project.license = "Apache-2.0";
  project.owner = "The Shop Authors";
  const std::string head =
      "// SPDX-FileCopyrightText: The Shop Authors\n// SPDX-License-Identifier: Apache-2.0\n\n";
  int sources = 0;
  for (const auto& [path, content] : scaffold_files(project).value()) {
    const bool source = path.ends_with(".cpp") || path.ends_with(".hpp");
    EXPECT_EQ(content, (source ? head : "") + plain.at(path)) << path;
    sources += source ? 1 : 0;
  }
  EXPECT_GT(sources, 5);
}

TEST(ScaffoldFiles, ManifestsAreYamlAndNameFilesThatExist) {
  for (const auto& project : projects()) {
    const auto files = scaffold_files(project).value();
    for (const auto& [path, content] : files) {
      if (!path.ends_with(".yaml") && !path.ends_with(".yml")) continue;
      const auto documents = codegen::parse_yaml(path, content);
      ASSERT_TRUE(documents) << documents.error().message;
      if (!path.ends_with("/kustomization.yaml")) continue;
      const auto folder = path.substr(0, path.rfind('/') + 1);
      for (const auto& entry : documents->front()["resources"].as_array()) {
        const auto& name = entry.as_string();
        const bool found = name.starts_with("../")
                               ? files.contains("config/" + name.substr(3) + "/kustomization.yaml")
                               : files.contains(folder + name);
        EXPECT_TRUE(found) << path << " names " << name;
      }
    }
  }
}

TEST(ScaffoldFiles, GroupsHaveFoldersOfTheirOwn) {
  const auto files = scaffold_files(projects()[3]).value();
  EXPECT_TRUE(files.contains("controllers/order_controller.cpp"));
  EXPECT_TRUE(files.contains("controllers/geo/region_controller.cpp"));
  EXPECT_TRUE(files.contains("test/geo_region_api_test.cpp"));
  EXPECT_FALSE(files.contains("controllers/geo/http_route_controller.cpp"))
      << "it has no controller";
  EXPECT_TRUE(files.contains("config/crd/bases/geo.example.com_httproutes.yaml"));
  EXPECT_THAT(files.at("controllers/controllers.cpp"),
              HasSubstr("geo::add_region_controller(host);"));
  EXPECT_THAT(files.at("CMakeLists.txt"),
              HasSubstr("TARGET geo_types NAMESPACE api::geo OUTPUT_PREFIX api/geo"));
}

TEST(ScaffoldFiles, KindsOfOthersAreReadOnly) {
  const auto files = scaffold_files(projects()[4]).value();
  EXPECT_THAT(files.at("controllers/deployment_controller.hpp"),
              HasSubstr("#include <windlass/api/apps_v1.hpp>"));
  EXPECT_THAT(files.at("controllers/certificate_controller.hpp"),
              HasSubstr("#include \"api/cert_manager_io/v1/certificate.hpp\""));
  EXPECT_THAT(files.at("config/crd/kustomization.yaml"), Not(HasSubstr("cert")));
  EXPECT_THAT(files.at("config/rbac/role.yaml"), Not(HasSubstr("status")));
  EXPECT_FALSE(files.contains("test/deployment_failover_test.cpp"));
}

TEST(ScaffoldFiles, TheOperatorHasNoMoreRightsThanItNeeds) {
  const auto rights = [](const Project& project) {
    return codegen::parse_yaml("role", scaffold_files(project).value().at("config/rbac/role.yaml"))
        .value()
        .front();
  };
  EXPECT_EQ(rights(projects()[1])["kind"], json::Value("ClusterRole"));
  EXPECT_EQ(rights(projects()[2])["kind"], json::Value("Role"));
  const auto role = rights(projects()[1]);
  for (const auto& rule : role["rules"].as_array()) {
    EXPECT_THAT(json::dump(rule), Not(HasSubstr("\"*\"")));
  }
}

TEST(ScaffoldFiles, ThreeReplicasThatAreRestrictedAndSpread) {
  const auto files = scaffold_files(projects()[1]).value();
  const auto manager = codegen::parse_yaml("m", files.at("config/manager/manager.yaml")).value();
  const auto& deployment = manager[1]["spec"];
  EXPECT_EQ(deployment["replicas"], json::Value(3));
  const auto& pod = deployment.at_path({"template", "spec"});
  EXPECT_EQ(pod.at_path({"securityContext", "runAsNonRoot"}), json::Value(true));
  EXPECT_TRUE(pod["topologySpreadConstraints"].is_array());
  const auto& container = pod["containers"].as_array().front();
  EXPECT_TRUE(container["livenessProbe"].is_object());
  EXPECT_TRUE(container["readinessProbe"].is_object());
  EXPECT_EQ(container.at_path({"securityContext", "readOnlyRootFilesystem"}), json::Value(true));
  EXPECT_EQ(manager.front().at_path({"metadata", "labels", "pod-security.kubernetes.io/enforce"}),
            json::Value("restricted"));
  EXPECT_THAT(files.at("config/manager/pdb.yaml"), HasSubstr("minAvailable: 2"));
}

}  // namespace
}  // namespace windlass::scaffold
