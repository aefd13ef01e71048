#include "scaffold/rights.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/codegen/yaml.hpp>

namespace windlass::scaffold {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Project project() { return {.name = "shop", .domain = "example.com", .windlass_version = "0.1.0"}; }

json::Value description(std::string_view uses) {
  json::Value document;
  document["uses"] = json::parse(uses).value();
  return document;
}

json::Value role(const Rights& rights, const json::Value& extra = {}) {
  return codegen::parse_yaml("role.yaml", role_yaml(project(), rights, extra)).value().front();
}

TEST(Rights, OfAProgram) {
  const auto rights = rights_of_program(description(R"([
      {"group":"g.example.com","plural":"orders","use":"reconcile"},
      {"group":"g.example.com","plural":"orders","use":"get"},
      {"group":"g.example.com","plural":"orders","use":"updateStatus"},
      {"group":"","plural":"secrets","use":"get"},
      {"group":"apps","plural":"deployments","use":"watch"},
      {"group":"apps","plural":"deployments","use":"apply"},
      {"group":"apps","plural":"deployments","use":"remove"},
      {"group":"","plural":"pods","use":"event"}])"));
  ASSERT_TRUE(rights);
  EXPECT_THAT(
      *rights,
      ::testing::UnorderedElementsAre(
          Right{"g.example.com", "orders", "list"}, Right{"g.example.com", "orders", "watch"},
          Right{"g.example.com", "orders/status", "update"},
          Right{"g.example.com", "orders/finalizers", "update"}, Right{"", "secrets", "get"},
          Right{"apps", "deployments", "list"}, Right{"apps", "deployments", "watch"},
          Right{"apps", "deployments", "create"}, Right{"apps", "deployments", "patch"},
          Right{"apps", "deployments", "delete"}, Right{"events.k8s.io", "events", "create"},
          Right{"events.k8s.io", "events", "patch"}));
  EXPECT_THAT(*rights_of_program(description(R"([{"group":"","plural":"secrets","use":"apply"}])")),
              ElementsAre(Right{"", "secrets", "create"}, Right{"", "secrets", "get"},
                          Right{"", "secrets", "patch"}));
  EXPECT_THAT(rights_of_program(json::parse("{}").value()).error().message,
              HasSubstr("--describe"));
}

TEST(Rights, ARoleHoldsThemAllAndTheExtraRules) {
  Rights rights;
  for (const auto* verb : {"watch", "list", "patch", "create"}) {
    rights.insert({"", "configmaps", verb});
    rights.insert({"apps", "deployments", verb});
    rights.insert({"apps", "statefulsets", verb});
  }
  const auto extra =
      json::parse(
          R"([{"apiGroups":[""],"resources":["pods/exec"],"verbs":["create"],"resourceNames":["a: b"]}])")
          .value();
  const auto made = role(rights, extra);
  EXPECT_EQ(made["kind"], json::Value("ClusterRole"));
  ASSERT_EQ(made["rules"].as_array().size(), 3u) << "deployments and statefulsets share a rule";
  EXPECT_EQ(
      json::dump(made["rules"].as_array()[1]),
      R"({"apiGroups":["apps"],"resources":["deployments","statefulsets"],"verbs":["list","watch","create","patch"]})");
  EXPECT_EQ(made["rules"].as_array()[2], extra.as_array()[0]);
  auto all = rights;
  all.insert({"", "pods/exec", "create"});
  EXPECT_EQ(rights_of_rules(made["rules"]), all);
  EXPECT_EQ(role({})["rules"], json::Value(json::Array()));
}

TEST(Rights, OfARequest) {
  struct Case {
    const char *method, *target;
    Right right;
  };
  for (const auto& [method, target, right] : {
           Case{"GET", "/api/v1/pods", {"", "pods", "list"}},
           Case{
               "GET", "/api/v1/namespaces/a/pods?watch=1&resourceVersion=5", {"", "pods", "watch"}},
           Case{"GET", "/api/v1/namespaces/a/pods/x", {"", "pods", "get"}},
           Case{"GET", "/api/v1/namespaces/a/pods/x/log?follow=true", {"", "pods/log", "get"}},
           Case{
               "POST", "/apis/apps/v1/namespaces/a/deployments", {"apps", "deployments", "create"}},
           Case{"PATCH",
                "/apis/apps/v1/namespaces/a/deployments/x?fieldManager=m",
                {"apps", "deployments", "patch"}},
           Case{"PUT",
                "/apis/g.example.com/v1/namespaces/a/orders/x/status",
                {"g.example.com", "orders/status", "update"}},
           Case{"DELETE",
                "/apis/g.example.com/v1/regions/x",
                {"g.example.com", "regions", "delete"}},
           Case{"DELETE", "/api/v1/namespaces/a/pods", {"", "pods", "deletecollection"}},
           Case{"GET", "/api/v1/namespaces/a", {"", "namespaces", "get"}},
           Case{"PUT", "/api/v1/namespaces/a/finalize", {"", "namespaces/finalize", "update"}},
           Case{"GET", "/version", {}},
           Case{"GET", "/apis/apps/v1", {}},
           Case{"GET", "/api/v1", {}},
           Case{"GET", "", {}},
       }) {
    EXPECT_EQ(right_of_request(method, target), right) << method << " " << target;
  }
}

TEST(Rights, OfARecording) {
  const auto rights = rights_of_recording(
      "{\"method\":\"GET\",\"target\":\"/api/v1/pods?watch=true\"}\n\n"
      "{\"method\":\"POST\",\"requestURI\":\"/apis/apps/v1/namespaces/a/deployments\"}\n"
      "{\"verb\":\"update\",\"objectRef\":{\"apiGroup\":\"apps\",\"resource\":\"deployments\","
      "\"subresource\":\"status\"}}\n"
      "{\"method\":\"GET\",\"path\":\"/healthz\"}\n");
  ASSERT_TRUE(rights);
  EXPECT_THAT(*rights,
              ElementsAre(Right{"", "pods", "watch"}, Right{"apps", "deployments", "create"},
                          Right{"apps", "deployments/status", "update"}));
  EXPECT_THAT(rights_of_recording("{}\nnonsense\n").error().message, HasSubstr("line 2"));
}

TEST(Rights, OfTheRequestsOfOneUser) {
  const auto* text =
      "{\"user\":\"a\",\"verb\":\"watch\",\"path\":\"/api/v1/"
      "pods\",\"query\":\"watch=1\",\"code\":200}\n"
      "{\"user\":\"b\",\"verb\":\"create\",\"path\":\"/api/v1/namespaces/x/pods\",\"code\":201}\n"
      "{\"user\":\"b\",\"as\":\"a\",\"verb\":\"get\",\"path\":\"/api/v1/namespaces/x/secrets/"
      "y\",\"code\":404}\n"
      "{\"user\":{\"username\":\"a\"},\"verb\":\"delete\",\"objectRef\":{\"resource\":\"nodes\"}}"
      "\n";
  EXPECT_THAT(rights_of_recording(text, "a").value(),
              ElementsAre(Right{"", "nodes", "delete"}, Right{"", "pods", "watch"},
                          Right{"", "secrets", "get"}));
  EXPECT_EQ(rights_of_recording(text).value().size(), 4u);
}

TEST(Rights, AnObjectThatAPatchMadeNeedsTheRightToCreate) {
  EXPECT_THAT(rights_of_recording(
                  R"({"verb":"patch","path":"/api/v1/namespaces/a/pods/b","code":201}
{"verb":"patch","objectRef":{"resource":"secrets"},"responseStatus":{"code":201}}
{"method":"PATCH","target":"/api/v1/namespaces/a/services/b?force=true","code":200})")
                  .value(),
              ElementsAre(Right{"", "pods", "create"}, Right{"", "pods", "patch"},
                          Right{"", "secrets", "create"}, Right{"", "secrets", "patch"},
                          Right{"", "services", "patch"}));
}

TEST(Rights, NoRequestShowsThatFinalizersMayBeUpdated) {
  EXPECT_THAT(compare({{"g", "orders/finalizers", "update"}}, {}).unused, IsEmpty());
}

TEST(Rights, TheOperatorsUserIsTheOneThatConfigDeploys) {
  EXPECT_EQ(operator_user(project()), "system:serviceaccount:shop-system:shop-controller-manager");
}

TEST(Rights, Comparison) {
  const Rights allowed{{"", "pods", "get"}, {"", "pods", "delete"}, {"apps", "*", "get"}};
  const auto result = compare(
      allowed, {{"", "pods", "get"}, {"", "secrets", "get"}, {"apps", "deployments", "get"}});
  EXPECT_THAT(result.missing, ElementsAre(Right{"", "secrets", "get"}));
  EXPECT_THAT(result.unused, ElementsAre(Right{"", "pods", "delete"}));
  EXPECT_THAT(compare({{"*", "*", "*"}}, allowed).missing, IsEmpty());
}

TEST(Yaml, ReadsBackAsTheSameValue) {
  for (
      const auto* text :
      {R"({"a":1,"b":[1,"two",{"c":null,"d":[]},[3,[4,{"e":5}]]],"f":{},"g":{"h":{"i":"j"}}})",
       R"([{"a":[{"b":1,"c":2},{"d":[1]}]},"x",["y"]])",
       R"({"s":["", "true","No","1","1.5","null","~"," lead","trail ","a: b","a #b","- x","*","&a","!t","{}","[","%","@","`","'","\"","a'b","é","key:"]})",
       R"({"m":"one\ntwo\n","n":"no end\nhere","o":" indented\nfirst","p":"\nempty first","q":"gap\n\nin it\n","r":"two ends\n\n","t":"tab\there"})",
       R"({"true":1,"":2,"a b":3,"x: y":4,"1":5})", R"({"n":-1.5,"b":true,"big":123456789012})"}) {
    const auto value = json::parse(text).value();
    const auto yaml = to_yaml(value);
    const auto read = codegen::parse_yaml("t", yaml);
    ASSERT_TRUE(read) << read.error().message << "\n" << yaml;
    ASSERT_EQ(read->size(), 1u) << yaml;
    EXPECT_EQ(json::dump(read->front()), json::dump(value)) << yaml;
  }
}

}  // namespace
}  // namespace windlass::scaffold
