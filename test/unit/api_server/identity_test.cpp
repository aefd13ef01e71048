// Who asks and what they may do: tokens, reviews, RBAC, impersonation.

#include <windlass/base/encoding.hpp>

#include "api.hpp"

namespace windlass::testing_api {
namespace {

constexpr const char* kRbac = "/apis/rbac.authorization.k8s.io/v1";
constexpr const char* kAuthorization = "/apis/authorization.k8s.io/v1";
constexpr const char* kAuthentication = "/apis/authentication.k8s.io/v1";
constexpr const char* kDefault = "/namespaces/default";

class IdentityTest : public Api {
 protected:
  IdentityTest() : Api({.authorization = true}) {}

  Answer as(const std::string& user, std::string method, std::string target,
            std::string body = "") {
    return call(std::move(method), std::move(target), std::move(body), "application/json",
                {.user = user, .groups = {"devs", "system:authenticated"}});
  }
  Answer impersonate(const api_server::Identity& who, http::Headers headers,
                     std::string target = kMaps + std::string("/a"), std::string method = "GET",
                     std::string body = "") {
    http::Request request{.method = std::move(method),
                          .target = std::move(target),
                          .headers = std::move(headers),
                          .body = std::move(body)};
    auto reply = core.handle(request, who);
    Answer answer{.status = reply.response.status,
                  .body = {},
                  .headers = reply.response.headers,
                  .stream = {},
                  .text = reply.response.body};
    if (auto value = json::parse(reply.response.body)) answer.body = *value;
    return answer;
  }
  void role(const std::string& name, const std::string& rules) {
    EXPECT_EQ(post(std::string(kRbac) + "/clusterroles",
                   R"({"metadata":{"name":")" + name + R"("},"rules":)" + rules + "}")
                  .status,
              201);
  }
  void bind(const std::string& name, const std::string& role, const std::string& user) {
    EXPECT_EQ(
        post(
            std::string(kRbac) + "/clusterrolebindings",
            R"({"metadata":{"name":")" + name +
                R"("},"roleRef":{"apiGroup":)"
                R"("rbac.authorization.k8s.io","kind":"ClusterRole","name":")" +
                role +
                R"("},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":")" +
                user + R"("}]})")
            .status,
        201);
  }
  Answer review(const std::string& path, const std::string& spec) {
    return post(path, R"({"spec":)" + spec + "}");
  }
  static json::Value status(const Answer& answer) { return answer.body["status"]; }
};

TEST_F(IdentityTest, RefusesWithTheServersWords) {
  EXPECT_EQ(
      as("alice", "GET", std::string(kMaps) + "/a").message(),
      "configmaps \"a\" is forbidden: User \"alice\" cannot get resource \"configmaps\" in API "
      "group \"\" in the namespace \"default\"");
  EXPECT_EQ(as("alice", "GET", "/apis/apps/v1/deployments").message(),
            "deployments.apps is forbidden: User \"alice\" cannot list resource \"deployments\" in "
            "API group \"apps\" at the cluster scope");
  EXPECT_EQ(as("alice", "GET", "/apis/gone.example.com/v1/gadgets").status, 403);
  EXPECT_EQ(as("alice", "GET", "/metrics").message(),
            "forbidden: User \"alice\" cannot get path \"/metrics\"");
  for (const char* path : {"/api", "/apis", "/apis/apps/v1", "/version", "/openapi/v3", "/healthz"})
    EXPECT_EQ(as("alice", "GET", path).status, 200) << path;
  EXPECT_EQ(as("alice", "POST", "/healthz").status, 403);
}

TEST_F(IdentityTest, HasTheUsualRoles) {
  bind("alice", "view", "alice");
  EXPECT_EQ(as("alice", "GET", kMaps).status, 200);
  EXPECT_EQ(as("alice", "GET", "/api/v1/secrets").status, 403);
  EXPECT_EQ(as("alice", "POST", kMaps, config_map("a")).status, 403);
  bind("bob", "edit", "bob");
  EXPECT_EQ(as("bob", "POST", kMaps, config_map("a")).status, 201);
  EXPECT_EQ(as("bob", "GET", "/api/v1/secrets").status, 200);
  EXPECT_EQ(as("bob", "GET", std::string(kRbac) + "/roles").status, 403);
  bind("carol", "admin", "carol");
  EXPECT_EQ(as("carol", "GET", std::string(kRbac) + "/roles").status, 200);
  bind("root", "cluster-admin", "root");
  EXPECT_EQ(as("root", "DELETE", "/api/v1/namespaces/kube-node-lease").status, 200);
}

TEST_F(IdentityTest, AggregatesRoles) {
  bind("alice", "view", "alice");
  post(
      std::string(kRbac) + "/clusterroles",
      R"({"metadata":{"name":"widgets","labels":{"rbac.authorization.k8s.io/aggregate-to-view":"true"}},
           "rules":[{"apiGroups":["example.com"],"resources":["widgets"],"verbs":["get"]}]})");
  const std::string access = R"({"user":"alice","resourceAttributes":{"verb":"get",
    "group":"example.com","resource":"widgets"}})";
  const std::string path = std::string(kAuthorization) + "/subjectaccessreviews";
  EXPECT_EQ(status(review(path, access))["allowed"], json::Value(true));
  // what gathers "view" has it too
  const auto admin = get(std::string(kRbac) + "/clusterroles/admin").text;
  EXPECT_NE(admin.find("example.com"), std::string::npos);
  erase(std::string(kRbac) + "/clusterroles/widgets");
  EXPECT_EQ(status(review(path, access))["allowed"], json::Value(false));
}

TEST_F(IdentityTest, AnswersAccessReviews) {
  post(
      std::string(kRbac) + kDefault + "/roles",
      R"({"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]})");
  post(std::string(kRbac) + kDefault + "/rolebindings",
       R"({"metadata":{"name":"r"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role",
           "name":"r"},"subjects":[{"kind":"ServiceAccount","name":"robot","namespace":"default"}]})");
  const std::string path = std::string(kAuthorization) + "/subjectaccessreviews";
  EXPECT_EQ(json::dump(status(review(path, R"({"user":"system:serviceaccount:default:robot",
    "resourceAttributes":{"verb":"get","resource":"pods","namespace":"default"}})"))),
            R"({"allowed":true,"reason":"RBAC: allowed by RoleBinding \"r/default\" of Role \"r\" )"
            R"(to ServiceAccount \"robot/default\""})");
  EXPECT_EQ(json::dump(status(review(path, R"({"user":"admin","groups":["system:masters"],
    "resourceAttributes":{"verb":"get","resource":"pods"}})"))),
            R"({"allowed":true})");
  EXPECT_EQ(json::dump(status(review(path, R"({"user":"x","nonResourceAttributes":{"verb":"get",
    "path":"/metrics"}})"))),
            R"({"allowed":false})");
  EXPECT_EQ(review(path, R"({"user":"a"})").message(),
            ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: null: "
            "exactly one of nonResourceAttributes or resourceAttributes must be specified");
  EXPECT_EQ(
      review(path, R"({"resourceAttributes":{"verb":"get"}})").message(),
      ".authorization.k8s.io \"\" is invalid: spec.user: Invalid value: \"\": at least one of "
      "user or group must be specified");
  EXPECT_EQ(review(path, R"({"user":"a","resourceAttributes":{},
    "nonResourceAttributes":{"path":"/","verb":"get"}})")
                .message(),
            ".authorization.k8s.io \"\" is invalid: spec.nonResourceAttributes: Invalid value: "
            "{\"Path\":\"/\",\"Verb\":\"get\"}: cannot be specified in combination with "
            "resourceAttributes");
  const std::string local = std::string(kAuthorization) + kDefault + "/localsubjectaccessreviews";
  EXPECT_EQ(review(local, R"({"user":"a","resourceAttributes":{"namespace":"other"}})").message(),
            ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes.namespace: Invalid "
            "value: \"other\": must match metadata.namespace");
  EXPECT_EQ(as("alice", "POST", std::string(kAuthorization) + "/selfsubjectaccessreviews",
               R"({"spec":{"nonResourceAttributes":{"verb":"get","path":"/api"}}})")
                .body["status"]["reason"],
            json::Value("RBAC: allowed by ClusterRoleBinding \"system:discovery\" of ClusterRole "
                        "\"system:discovery\" to Group \"system:authenticated\""));
  const std::string rules = std::string(kAuthorization) + "/selfsubjectrulesreviews";
  EXPECT_EQ(as("alice", "POST", rules, R"({"spec":{}})").message(), "no namespace on request");
  const auto own = as("alice", "POST", rules, R"({"spec":{"namespace":"default"}})").body;
  EXPECT_EQ(own.at_path({"status", "resourceRules"}).as_array().size(), 2U);
  EXPECT_EQ(own.at_path({"status", "incomplete"}), json::Value(false));
}

TEST_F(IdentityTest, TokensExpireWithTimeAndWithTheirAccounts) {
  post("/api/v1/namespaces/default/serviceaccounts", R"({"metadata":{"name":"robot"}})");
  const std::string path = "/api/v1/namespaces/default/serviceaccounts/robot/token";
  const auto authenticated = [&](const std::string& token) {
    return core.authenticate({{"Authorization", "Bearer " + token}}, "", {}).has_value();
  };
  const auto request = [&](const std::string& spec) {
    return post(path, R"({"spec":)" + spec + "}");
  };
  const auto token_of = [](const Answer& answer) {
    return std::string(answer.body.at_path({"status", "token"}).string_or(""));
  };
  const std::string token = token_of(request(R"({"expirationSeconds":600})"));
  ASSERT_TRUE(authenticated(token));
  const auto reviewed =
      review(std::string(kAuthentication) + "/tokenreviews", R"({"token":")" + token + R"("})")
          .body["status"];
  EXPECT_EQ(reviewed.at_path({"user", "username"}),
            json::Value("system:serviceaccount:default:robot"));
  EXPECT_EQ(json::dump(reviewed["audiences"]), R"(["https://kubernetes.default.svc"])");
  environment.clock().advance(std::chrono::seconds(599));
  EXPECT_TRUE(authenticated(token));
  environment.clock().advance(std::chrono::seconds(1));
  EXPECT_FALSE(authenticated(token));
  EXPECT_EQ(json::dump(review(std::string(kAuthentication) + "/tokenreviews",
                              R"({"token":")" + token + R"("})")
                           .body["status"]),
            R"({"error":"invalid bearer token","user":{}})");

  EXPECT_FALSE(authenticated(token_of(request(R"({"audiences":["vault"]})"))));
  EXPECT_EQ(request(R"({"expirationSeconds":599})").status, 422);
  EXPECT_EQ(request(R"({"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"no"}})").message(),
            "pods \"no\" not found");
  post("/api/v1/namespaces/default/secrets", R"({"metadata":{"name":"s"}})");
  const std::string bound =
      token_of(request(R"({"boundObjectRef":{"kind":"Secret","apiVersion":"v1","name":"s"}})"));
  EXPECT_TRUE(authenticated(bound));
  erase("/api/v1/namespaces/default/secrets/s");
  EXPECT_FALSE(authenticated(bound));
  const std::string last = token_of(request("{}"));
  EXPECT_TRUE(authenticated(last));
  erase("/api/v1/namespaces/default/serviceaccounts/robot");
  post("/api/v1/namespaces/default/serviceaccounts", R"({"metadata":{"name":"robot"}})");
  EXPECT_FALSE(authenticated(last));
}

TEST_F(IdentityTest, Impersonates) {
  post(kMaps, config_map("a"));
  const auto admin = api_server::Identity::admin();
  EXPECT_EQ(impersonate(admin, {{"Impersonate-User", "bob"}}).message(),
            "configmaps \"a\" is forbidden: User \"bob\" cannot get resource \"configmaps\" in API "
            "group \"\" in the namespace \"default\"");
  EXPECT_EQ(impersonate(admin, {{"Impersonate-Group", "devs"}}).status, 400);
  EXPECT_EQ(impersonate(admin, {{"Impersonate-User", "x"}, {"Impersonate-Group", "system:masters"}})
                .status,
            200);
  const auto self = impersonate(admin,
                                {{"Impersonate-User", "system:serviceaccount:ns:sa"},
                                 {"Impersonate-Uid", "77"},
                                 {"Impersonate-Extra-dash%2eb", "a"}},
                                std::string(kAuthentication) + "/selfsubjectreviews", "POST", "{}");
  EXPECT_EQ(json::dump(self.body.at_path({"status", "userInfo"})),
            R"({"extra":{"dash.b":["a"]},"groups":["system:serviceaccounts",)"
            R"("system:serviceaccounts:ns","system:authenticated"],"uid":"77",)"
            R"("username":"system:serviceaccount:ns:sa"})");
}

TEST_F(IdentityTest, ImpersonationNeedsPermission) {
  post(kMaps, config_map("a"));
  bind("bob", "view", "bob");
  const api_server::Identity alice{.user = "alice", .groups = {"system:authenticated"}};
  EXPECT_EQ(impersonate(alice, {{"Impersonate-User", "bob"}}).message(),
            "configmaps \"a\" is forbidden: User \"alice\" cannot impersonate-on:user-info:get "
            "resource \"configmaps\" in API group \"\" in the namespace \"default\"");
  EXPECT_EQ(
      impersonate(alice, {{"Impersonate-User", "system:serviceaccount:ns:sa"}}).message(),
      "configmaps \"a\" is forbidden: User \"alice\" cannot impersonate-on:serviceaccount:get "
      "resource \"configmaps\" in API group \"\" in the namespace \"default\"");
  role("actor", R"([{"apiGroups":[""],"resources":["users"],"resourceNames":["bob"],
                     "verbs":["impersonate"]}])");
  bind("actor", "actor", "alice");
  EXPECT_EQ(impersonate(alice, {{"Impersonate-User", "bob"}}).status, 200);
  EXPECT_EQ(impersonate(alice, {{"Impersonate-User", "eve"}}).status, 403);
  EXPECT_EQ(impersonate(alice, {{"Impersonate-User", "bob"}, {"Impersonate-Group", "x"}}).status,
            403);
  // the newer, narrower way: both parts are needed
  const api_server::Identity dave{.user = "dave", .groups = {"system:authenticated"}};
  role("reading", R"([{"apiGroups":[""],"resources":["configmaps"],
                       "verbs":["impersonate-on:user-info:get"]}])");
  bind("reading", "reading", "dave");
  EXPECT_EQ(
      impersonate(dave, {{"Impersonate-User", "bob"}}).message(),
      "users.authentication.k8s.io \"bob\" is forbidden: User \"dave\" cannot "
      "impersonate:user-info resource \"users\" in API group \"authentication.k8s.io\" at the "
      "cluster scope");
  role("being", R"([{"apiGroups":["authentication.k8s.io"],"resources":["users"],
                     "verbs":["impersonate:user-info"]}])");
  bind("being", "being", "dave");
  EXPECT_EQ(impersonate(dave, {{"Impersonate-User", "bob"}}).status, 200);
  EXPECT_EQ(impersonate(dave, {{"Impersonate-User", "bob"}}, kMaps).status, 403);
}

TEST_F(IdentityTest, NobodyGrantsWhatTheyLack) {
  role("maker", R"([{"apiGroups":["rbac.authorization.k8s.io"],
                     "resources":["roles","rolebindings"],"verbs":["create","update"]},
                    {"apiGroups":[""],"resources":["pods"],"verbs":["get"]}])");
  bind("maker", "maker", "alice");
  const std::string roles = std::string(kRbac) + kDefault + "/roles";
  EXPECT_EQ(
      as("alice", "POST", roles, R"({"metadata":{"name":"esc"},"rules":[{"apiGroups":[""],
    "resources":["pods","secrets"],"verbs":["get","delete"]}]})")
          .message(),
      "roles.rbac.authorization.k8s.io \"esc\" is forbidden: user \"alice\" (groups=[\"devs\" "
      "\"system:authenticated\"]) is attempting to grant RBAC permissions not currently "
      "held:\n{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}\n{APIGroups:[\"\"], "
      "Resources:[\"secrets\"], Verbs:[\"get\" \"delete\"]}");
  EXPECT_EQ(as("alice", "POST", roles, R"({"metadata":{"name":"ok"},"rules":[{"apiGroups":[""],
    "resources":["pods"],"verbs":["get"]}]})")
                .status,
            201);
  const std::string bindings = std::string(kRbac) + kDefault + "/rolebindings";
  const auto binding = [](const std::string& name) {
    return R"({"metadata":{"name":"b"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io",
      "kind":"ClusterRole","name":")" +
           name + R"("}})";
  };
  EXPECT_EQ(as("alice", "POST", bindings, binding("cluster-admin")).message(),
            "rolebindings.rbac.authorization.k8s.io \"b\" is forbidden: user \"alice\" "
            "(groups=[\"devs\" \"system:authenticated\"]) is attempting to grant RBAC permissions "
            "not currently held:\n{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}\n"
            "{NonResourceURLs:[\"*\"], Verbs:[\"*\"]}");
  EXPECT_EQ(as("alice", "POST", bindings, binding("missing")).message(),
            "clusterroles.rbac.authorization.k8s.io \"missing\" not found");
  role("binder", R"([{"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"],
                      "resourceNames":["edit"],"verbs":["bind"]}])");
  bind("binder", "binder", "alice");
  EXPECT_EQ(as("alice", "POST", bindings, binding("edit")).status, 201);
}

TEST_F(IdentityTest, PatchesReplaceWhatIsMissing) {
  post(kMaps, config_map("a"));
  const auto patch = [&](const char* operations) {
    return call("PATCH", std::string(kMaps) + "/a", operations, "application/json-patch+json")
        .status;
  };
  EXPECT_EQ(patch(R"([{"op":"replace","path":"/metadata/annotations","value":{"a":"b"}}])"), 200);
  EXPECT_EQ(patch(R"([{"op":"replace","path":"/data/new","value":"b"}])"), 200);
  EXPECT_EQ(patch(R"([{"op":"remove","path":"/data/none"}])"), 422);
  EXPECT_EQ(patch(R"([{"op":"replace","path":"/none/a","value":"b"}])"), 422);
  EXPECT_EQ(patch(R"([{"op":"test","path":"/data/none","value":"b"}])"), 422);
  EXPECT_EQ(patch(R"([{"op":"test","path":"/data/none","value":null}])"), 200);
}

}  // namespace
}  // namespace windlass::testing_api
