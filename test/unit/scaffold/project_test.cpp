#include "scaffold/project.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass::scaffold {
namespace {

using ::testing::HasSubstr;

Project sample() {
  Project project{.name = "shop",
                  .domain = "example.com",
                  .repo = "github.com/me/shop",
                  .windlass_version = "0.1.0"};
  project.resources.push_back({.group = "shop",
                               .domain = "example.com",
                               .version = "v1",
                               .kind = "Order",
                               .plural = "orders"});
  return project;
}

ProjectResource resource(std::string group, std::string version, std::string kind) {
  ProjectResource made{.group = std::move(group),
                       .domain = "example.com",
                       .version = std::move(version),
                       .kind = std::move(kind)};
  made.plural = plural_of(made.kind);
  return made;
}

TEST(ProjectFile, ReadsWhatItWrites) {
  auto project = sample();
  EXPECT_EQ(parse_project(write_project(project)).value(), project);
  project.multigroup = true;
  project.namespaced = true;
  project.name = "7";
  project.license = "MIT";
  project.owner = "Ann \"A\" & Söhne: yes";
  project.resources.push_back({.group = "apps",
                               .version = "v1",
                               .kind = "Deployment",
                               .plural = "deployments",
                               .own = false});
  project.resources.push_back({.group = "yes",
                               .domain = "example.com",
                               .version = "v1alpha1",
                               .kind = "Region",
                               .plural = "regions",
                               .namespaced = false,
                               .controller = false,
                               .grouped = true});
  project.resources.push_back({.group = "cert-manager.io",
                               .version = "v1",
                               .kind = "Certificate",
                               .plural = "certificates",
                               .own = false,
                               .crd = "config/external/cert.yaml"});
  EXPECT_EQ(parse_project(write_project(project)).value(), project);
}

TEST(ProjectFile, ErrorsNameTheRemedy) {
  EXPECT_THAT(parse_project("layout: go.kubebuilder.io/v4\n").error().message,
              HasSubstr("this windlass knows windlass.dev/v1"));
  EXPECT_THAT(parse_project("layout: windlass.dev/v1\nprojectName: Shop\n").error().message,
              HasSubstr("lower-case"));
  EXPECT_THAT(parse_project("layout: windlass.dev/v1\nprojectName: shop\ndomain: "
                            "example.com\nresources:\n- kind: A\n")
                  .error()
                  .message,
              HasSubstr("resources[0]"));
  EXPECT_THAT(parse_project("- a\n").error().message, HasSubstr("expected one YAML mapping"));
  EXPECT_THAT(parse_project("a: [\n").error().message, HasSubstr("PROJECT"));
}

TEST(CheckHeads, AreOneLineEach) {
  EXPECT_TRUE(check_license("Apache-2.0"));
  EXPECT_TRUE(check_license(""));
  EXPECT_THAT(check_license("a new line\n").error().message, HasSubstr("--license"));
  EXPECT_TRUE(check_owner("The Shop Authors"));
  EXPECT_THAT(check_owner("two\nlines").error().message, HasSubstr("--owner"));
  EXPECT_THAT(check_owner("goes on\\").error().message, HasSubstr("--owner"));
}

TEST(CheckResource, Accepts) {
  for (const auto* version : {"v1", "v2", "v10", "v1alpha1", "v2beta12"}) {
    EXPECT_TRUE(check_resource(sample(), resource("shop", version, "Price"))) << version;
  }
}

TEST(CheckResource, RefusesWithTheRemedy) {
  struct Case {
    ProjectResource resource;
    const char* words;
  };
  for (const auto& [given, words] : {
           Case{resource("shop", "v1", "order"), "PascalCase"},
           Case{resource("shop", "v1", "My-Kind"), "PascalCase"},
           Case{resource("shop", "v1", ""), "PascalCase"},
           Case{resource("shop", "1", "Price"), "v1alpha1"},
           Case{resource("shop", "v0", "Price"), "v1alpha1"},
           Case{resource("shop", "v1gamma1", "Price"), "v1alpha1"},
           Case{resource("shop", "v1beta", "Price"), "v1alpha1"},
           Case{resource("Shop", "v1", "Price"), "--group"},
           Case{resource("", "v1", "Price"), "--group"},
           Case{resource("shop", "v1", "Order"), "already"},
           Case{resource("shop", "v2", "Order"), "to the versions in its CRD"},
           Case{resource("other", "v1", "Price"), "windlass edit --multigroup"},
       }) {
    const auto checked = check_resource(sample(), given);
    ASSERT_FALSE(checked) << given.group << given.version << given.kind;
    EXPECT_THAT(checked.error().message, HasSubstr(words));
  }
  auto narrow = sample();
  narrow.namespaced = true;
  auto region = resource("shop", "v1", "Region");
  region.namespaced = false;
  EXPECT_THAT(check_resource(narrow, region).error().message,
              HasSubstr("windlass edit --namespaced=false"));
}

TEST(Names, OfProjects) {
  EXPECT_EQ(project_name_from("My Shop"), "my-shop");
  EXPECT_EQ(project_name_from("--a__b--"), "a-b");
  EXPECT_EQ(project_name_from(std::string(50, 'x')), std::string(40, 'x'));
  EXPECT_FALSE(check_project_name(project_name_from("---")));
  EXPECT_FALSE(check_project_name(std::string(41, 'x')));
}

TEST(Names, OfKinds) {
  EXPECT_EQ(plural_of("Order"), "orders");
  EXPECT_EQ(plural_of("Policy"), "policies");
  EXPECT_EQ(plural_of("Gateway"), "gateways");
  EXPECT_EQ(plural_of("Box"), "boxes");
  EXPECT_EQ(plural_of("Ingress"), "ingresses");
  EXPECT_EQ(plural_of("Patch"), "patches");
  EXPECT_EQ(snake_case("FirstMate"), "first_mate");
  EXPECT_EQ(snake_case("HTTPRoute"), "http_route");
  EXPECT_EQ(snake_case("Namespace"), "namespace");
}

}  // namespace
}  // namespace windlass::scaffold
