#include <set>

#include <gmock/gmock.h>

#include "api.hpp"

namespace windlass::testing_api {
namespace {

using ::testing::HasSubstr;

class Namespaces : public Api {
 protected:
  Namespaces() : Api({.ca_pem = "the authority"}) {}
  void expect_filled(const std::string& name) {
    SCOPED_TRACE(name);
    const auto account = get("/api/v1/namespaces/" + name + "/serviceaccounts/default");
    EXPECT_EQ(account.status, 200) << account.message();
    EXPECT_FALSE(account.body.at_path({"metadata", "uid"}).string_or("").empty());
    const auto ca = get("/api/v1/namespaces/" + name + "/configmaps/kube-root-ca.crt");
    EXPECT_EQ(ca.status, 200) << ca.message();
    EXPECT_EQ(ca.body["data"]["ca.crt"].string_or(""), "the authority");
  }
};

TEST_F(Namespaces, HaveAServiceAccountAndTheAuthorityFromTheStart) {
  for (const auto* name : {"default", "kube-system", "kube-public", "kube-node-lease"})
    expect_filled(name);
  post("/api/v1/namespaces", R"({"metadata":{"name":"made"}})");
  expect_filled("made");
  core.seed({read(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"seeded"}})")});
  expect_filled("seeded");
}

TEST_F(Namespaces, EachHasAUidOfItsOwn) {
  std::set<std::string> uids;
  for (const auto* name : {"default", "kube-system", "kube-public", "kube-node-lease"})
    uids.insert(get(std::string("/api/v1/namespaces/") + name).body["metadata"]["uid"].as_string());
  EXPECT_EQ(uids.size(), 4U);
}

TEST_F(Namespaces, AreFilledOnce) {
  post("/api/v1/namespaces", R"({"metadata":{"name":"made"}})");
  const std::string account = "/api/v1/namespaces/made/serviceaccounts/default";
  const auto uid = get(account).body["metadata"]["uid"].as_string();
  ASSERT_EQ(merge("/api/v1/namespaces/made", R"({"metadata":{"labels":{"a":"b"}}})").status, 200);
  EXPECT_EQ(get(account).body["metadata"]["uid"].as_string(), uid);
  ASSERT_EQ(erase(account).status, 200);
  ASSERT_EQ(merge("/api/v1/namespaces/made", R"({"metadata":{"labels":{"a":"c"}}})").status, 200);
  EXPECT_EQ(get(account).status, 404) << "a change of the namespace fills nothing in";
}

TEST_F(Namespaces, GoWithWhatTheyWereFilledWith) {
  post("/api/v1/namespaces", R"({"metadata":{"name":"made"}})");
  EXPECT_EQ(erase("/api/v1/namespaces/made").status, 200);
  EXPECT_EQ(get("/api/v1/namespaces/made").status, 404);
  EXPECT_EQ(get("/api/v1/namespaces/made/serviceaccounts/default").status, 404);
}

TEST_F(Namespaces, AreAppliedAgainAndAgain) {
  const auto apply = [&](const std::string& manager, const std::string& labels) {
    return call("PATCH", "/api/v1/namespaces/made?fieldManager=" + manager,
                R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"made","labels":)" +
                    labels + "}}",
                "application/apply-patch+yaml");
  };
  const auto first = apply("one", R"({"a":"1"})");
  ASSERT_EQ(first.status, 201) << first.message();
  const auto second = apply("one", R"({"a":"1"})");
  ASSERT_EQ(second.status, 200) << second.message();
  EXPECT_EQ(second.version(), first.version());
  const auto third = apply("two", R"({"b":"2"})");
  ASSERT_EQ(third.status, 200) << third.message();
  EXPECT_EQ(third.body["metadata"]["labels"]["a"].string_or(""), "1");
  EXPECT_EQ(third.body["metadata"]["labels"]["b"].string_or(""), "2");
  EXPECT_EQ(third.body["spec"]["finalizers"], read(R"(["kubernetes"])"));
  expect_filled("made");
}

class BareNamespaces : public Api {
 protected:
  BareNamespaces() : Api({.namespace_defaults = false}) {}
};

TEST_F(BareNamespaces, StayEmpty) {
  EXPECT_EQ(get("/api/v1/namespaces/default/serviceaccounts/default").status, 404);
  EXPECT_EQ(get("/api/v1/namespaces/default/configmaps/kube-root-ca.crt").status, 404);
}

class ClaimTemplates : public Api {
 protected:
  Answer stateful_set(const std::string& volume) {
    return post("/apis/apps/v1/namespaces/default/statefulsets",
                R"({"metadata":{"name":"db"},"spec":{"serviceName":"db",
      "selector":{"matchLabels":{"app":"db"}},"template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[
      {"name":"c","image":"db:1","volumeMounts":[{"name":")" +
                    volume + R"(","mountPath":"/data"}]}]}},
      "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],
      "resources":{"requests":{"storage":"1Gi"}}}}]}})");
  }
};

TEST_F(ClaimTemplates, AreVolumesOfTheirPods) {
  const auto created = stateful_set("data");
  EXPECT_EQ(created.status, 201) << created.message();
}

TEST_F(ClaimTemplates, OtherNamesAreRefused) {
  const auto refused = stateful_set("logs");
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(
      refused.message(),
      HasSubstr(R"(spec.template.spec.containers[0].volumeMounts[0].name: Not found: "logs")"));
}

class ByName : public Api {
 protected:
  ByName() : Api({.authorization = true}) {
    core.seed({
        read(
            R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"r","namespace":"default"},
                 "rules":[{"apiGroups":[""],"resources":["configmaps"],"resourceNames":["mine"],"verbs":["get","list","watch"]}]})"),
        read(
            R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b","namespace":"default"},
                 "roleRef":{"kind":"Role","name":"r","apiGroup":"rbac.authorization.k8s.io"},
                 "subjects":[{"kind":"User","name":"u","apiGroup":"rbac.authorization.k8s.io"}]})"),
    });
    post(kMaps, config_map("mine"));
    post(kMaps, config_map("other"));
  }
  Answer as_user(const std::string& target) {
    return call("GET", target, "", "application/json",
                {.user = "u", .groups = {"system:authenticated"}});
  }
  const std::string maps = kMaps;
};

TEST_F(ByName, WatchesAndListsOfOneObject) {
  EXPECT_EQ(as_user(maps + "/mine").status, 200);
  EXPECT_EQ(as_user(maps + "/other").status, 403);
  const auto list = as_user(maps + "?fieldSelector=metadata.name%3Dmine");
  ASSERT_EQ(list.status, 200) << list.message();
  EXPECT_EQ(list.body["items"].as_array().size(), 1u);
  const auto watch = as_user(maps + "?watch=true&fieldSelector=metadata.name%3Dmine");
  ASSERT_EQ(watch.status, 200) << watch.message();
  ASSERT_TRUE(watch.stream);
  EXPECT_EQ(brief(events(watch)), std::vector<std::string>{"ADDED mine"});
}

TEST_F(ByName, NothingElse) {
  for (const std::string query :
       {"", "?watch=true", "?fieldSelector=metadata.name%3Dother",
        "?watch=true&fieldSelector=metadata.name%3Dother", "?fieldSelector=metadata.name%21%3Dmine",
        "?watch=true&fieldSelector=metadata.namespace%3Ddefault",
        "?fieldSelector=metadata.name%3Dother%2Cmetadata.namespace%3Ddefault"}) {
    EXPECT_EQ(as_user(maps + query).status, 403) << query;
  }
}

}  // namespace
}  // namespace windlass::testing_api
