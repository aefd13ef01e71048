#include <gmock/gmock.h>

#include "api.hpp"

namespace windlass::testing_api {
namespace {

constexpr const char* kPods = "/api/v1/namespaces/default/pods";
constexpr const char* kDeployments = "/apis/apps/v1/namespaces/default/deployments";

class Builtin : public Api {
 protected:
  Answer pod(const std::string& name, const std::string& labels = "{}",
             const std::string& node = "") {
    return post(kPods, R"({"metadata":{"name":")" + name + R"(","labels":)" + labels +
                           R"(},"spec":{"containers":[{"name":"c","image":"nginx"}])" +
                           (node.empty() ? "" : R"(,"nodeName":")" + node + "\"") + "}}");
  }
};

// What kube-apiserver v1.36.1 answers for the same object, without identity and managed fields.
TEST_F(Builtin, DeploymentDefaults) {
  const auto created =
      post(kDeployments,
           R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{
    "replicas":2,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{
    "containers":[{"name":"c","image":"nginx","ports":[{"containerPort":80}],"env":[{"name":"A","value":""}],
      "livenessProbe":{"httpGet":{"path":"/","port":80}},"resources":{"limits":{"cpu":"0.5","memory":"1024Ki"}}}],
    "volumes":[{"name":"v","emptyDir":{}},{"name":"s","secret":{"secretName":"x"}}]}}}})");
  ASSERT_EQ(created.status, 201) << created.message();
  EXPECT_EQ(
      json::dump(created.body["spec"]),
      json::dump(read(R"({"progressDeadlineSeconds":600,"replicas":2,"revisionHistoryLimit":10,
    "selector":{"matchLabels":{"app":"web"}},"strategy":{"rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"},"type":"RollingUpdate"},
    "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"env":[{"name":"A"}],"image":"nginx","imagePullPolicy":"Always",
      "livenessProbe":{"failureThreshold":3,"httpGet":{"path":"/","port":80,"scheme":"HTTP"},"periodSeconds":10,"successThreshold":1,"timeoutSeconds":1},
      "name":"c","ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{"limits":{"cpu":"500m","memory":"1Mi"}},
      "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always",
      "schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30,
      "volumes":[{"emptyDir":{},"name":"v"},{"name":"s","secret":{"defaultMode":420,"secretName":"x"}}]}}})")));
  EXPECT_EQ(created.body["status"], read("{}"));
  EXPECT_EQ(created.body["metadata"]["generation"].as_integer(), 1);
}

TEST_F(Builtin, StatefulSetDefaults) {
  const auto created = post("/apis/apps/v1/namespaces/default/statefulsets",
                            R"({"metadata":{"name":"db"},"spec":{"serviceName":"db",
    "selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"nginx:1"}]}},
    "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}})");
  ASSERT_EQ(created.status, 201) << created.message();
  EXPECT_EQ(
      json::dump(created.body["spec"]),
      json::dump(read(
          R"({"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Retain","whenScaled":"Retain"},
    "podManagementPolicy":"OrderedReady","replicas":1,"revisionHistoryLimit":10,"selector":{"matchLabels":{"app":"web"}},"serviceName":"db",
    "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"image":"nginx:1","imagePullPolicy":"IfNotPresent","name":"c","resources":{},
    "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always",
    "schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}},
    "updateStrategy":{"rollingUpdate":{"partition":0},"type":"RollingUpdate"},"volumeClaimTemplates":[{"apiVersion":"v1","kind":"PersistentVolumeClaim",
    "metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}},"volumeMode":"Filesystem"},
    "status":{"phase":"Pending"}}]})")));
  EXPECT_EQ(created.body["status"], read(R"({"availableReplicas":0,"replicas":0})"));
}

TEST_F(Builtin, ServiceDefaults) {
  const auto created = post(
      "/api/v1/namespaces/default/services",
      R"({"metadata":{"name":"svc"},"spec":{"selector":{"app":"web"},"ports":[{"port":80}]}})");
  ASSERT_EQ(created.status, 201) << created.message();
  EXPECT_EQ(
      json::dump(created.body["spec"]),
      json::dump(read(
          R"({"clusterIP":"10.96.0.2","clusterIPs":["10.96.0.2"],"internalTrafficPolicy":"Cluster",
    "ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","ports":[{"port":80,"protocol":"TCP","targetPort":80}],"selector":{"app":"web"},
    "sessionAffinity":"None","type":"ClusterIP"})")));
  const auto headless =
      post("/api/v1/namespaces/default/services",
           R"({"metadata":{"name":"h"},"spec":{"clusterIP":"None","selector":{"app":"web"}}})");
  ASSERT_EQ(headless.status, 201) << headless.message();
  EXPECT_EQ(headless.body["spec"]["clusterIPs"], read(R"(["None"])"));
}

TEST_F(Builtin, PodDefaults) {
  const auto created = pod("po");
  ASSERT_EQ(created.status, 201) << created.message();
  EXPECT_EQ(created.body["status"], read(R"({"phase":"Pending","qosClass":"BestEffort"})"));
  EXPECT_EQ(created.body["spec"]["serviceAccountName"].as_string(), "default");
  EXPECT_EQ(created.body["spec"]["tolerations"].as_array().size(), 2u);
}

TEST_F(Builtin, Refusals) {
  const auto mismatch =
      post(kDeployments, R"({"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},
    "template":{"metadata":{"labels":{"a":"c"}},"spec":{"containers":[{"name":"x","image":"i"}]}}}})");
  EXPECT_EQ(mismatch.status, 422);
  EXPECT_EQ(mismatch.message(),
            "Deployment.apps \"d\" is invalid: spec.template.metadata.labels: Invalid value: "
            "{\"a\":\"c\"}: `selector` "
            "does not match template `labels`");
  const auto empty = post(kPods, R"({"metadata":{"name":"p"},"spec":{"containers":[]}})");
  EXPECT_EQ(empty.message(), "Pod \"p\" is invalid: spec.containers: Required value");
  const auto port = post("/api/v1/namespaces/default/services",
                         R"({"metadata":{"name":"s"},"spec":{"ports":[{"port":70000}]}})");
  EXPECT_TRUE(port.message().find("must be between 1 and 65535, inclusive") != std::string::npos)
      << port.message();
}

TEST_F(Builtin, SecretsAndImmutability) {
  const auto secret = post("/api/v1/namespaces/default/secrets",
                           R"({"metadata":{"name":"s"},"stringData":{"a":"b"},"immutable":true})");
  ASSERT_EQ(secret.status, 201) << secret.message();
  EXPECT_EQ(secret.body["data"], read(R"({"a":"Yg=="})"));
  EXPECT_EQ(secret.body["type"].as_string(), "Opaque");
  EXPECT_EQ(secret.body.find("stringData"), nullptr);
  const auto refused = merge("/api/v1/namespaces/default/secrets/s", R"({"data":{"a":"Yw=="}})");
  EXPECT_EQ(refused.message(),
            "Secret \"s\" is invalid: data: Forbidden: field is immutable when `immutable` is set");
}

TEST_F(Builtin, PodsEndGracefully) {
  pod("p", "{}", "node-1");
  const auto deleted = erase(std::string(kPods) + "/p");
  EXPECT_EQ(deleted.body["metadata"]["deletionGracePeriodSeconds"].as_integer(), 30);
  EXPECT_EQ(get(std::string(kPods) + "/p").status, 200);
  EXPECT_EQ(erase(std::string(kPods) + "/p", R"({"gracePeriodSeconds":0})").status, 200);
  EXPECT_EQ(get(std::string(kPods) + "/p").status, 404);
}

TEST_F(Builtin, EvictionRespectsBudgets) {
  pod("p", R"({"app":"x"})", "node-1");
  merge(std::string(kPods) + "/p/status",
        R"({"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}})");
  post(
      "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
      R"({"metadata":{"name":"b"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"x"}}}})");
  const std::string status = "/apis/policy/v1/namespaces/default/poddisruptionbudgets/b/status";
  merge(status, R"({"status":{"observedGeneration":1,"desiredHealthy":1,"currentHealthy":1}})");
  const std::string eviction =
      R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}})";
  const auto refused = post(std::string(kPods) + "/p/eviction", eviction);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.reason(), "TooManyRequests");
  EXPECT_EQ(refused.message(), "Cannot evict pod as it would violate the pod's disruption budget.");
  EXPECT_EQ(refused.body["details"]["causes"].as_array().at(0)["reason"].as_string(),
            "DisruptionBudget");
  merge(status, R"({"status":{"disruptionsAllowed":1,"currentHealthy":2}})");
  EXPECT_EQ(post(std::string(kPods) + "/p/eviction", eviction).status, 201);
  EXPECT_NE(get(std::string(kPods) + "/p").body["metadata"].find("deletionTimestamp"), nullptr);
}

TEST_F(Builtin, OwnersTakeTheirDependents) {
  const auto owner = post(kMaps, config_map("owner"));
  const std::string uid = owner.body["metadata"]["uid"].as_string();
  const auto owned = [&](const std::string& name) {
    return config_map(
        name, R"("ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":")" +
                  uid + R"(","blockOwnerDeletion":true}])");
  };
  post(kMaps, owned("child"));
  erase(std::string(kMaps) + "/owner", R"({"propagationPolicy":"Orphan"})");
  EXPECT_EQ(get(std::string(kMaps) + "/owner").status, 404);
  EXPECT_EQ(get(std::string(kMaps) + "/child").body["metadata"].find("ownerReferences"), nullptr);
  post(kMaps, owned("lost"));
  EXPECT_EQ(get(std::string(kMaps) + "/lost").status, 404);
}

TEST_F(Builtin, ForegroundDeletionWaits) {
  const auto owner = post(kMaps, config_map("owner"));
  const std::string uid = owner.body["metadata"]["uid"].as_string();
  post(
      kMaps,
      config_map(
          "child",
          R"("finalizers":["example.com/f"],"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap",
    "name":"owner","uid":")" +
              uid + R"(","blockOwnerDeletion":true}])"));
  erase(std::string(kMaps) + "/owner", R"({"propagationPolicy":"Foreground"})");
  EXPECT_EQ(get(std::string(kMaps) + "/owner").status, 200);
  EXPECT_NE(get(std::string(kMaps) + "/child").body["metadata"].find("deletionTimestamp"), nullptr);
  merge(std::string(kMaps) + "/child", R"({"metadata":{"finalizers":null}})");
  EXPECT_EQ(get(std::string(kMaps) + "/owner").status, 404);
}

TEST_F(Builtin, NamespacesTakeTheirContent) {
  post("/api/v1/namespaces", R"({"metadata":{"name":"n"}})");
  post("/api/v1/namespaces/n/configmaps", config_map("a", R"("finalizers":["example.com/f"])"));
  EXPECT_EQ(erase("/api/v1/namespaces/n").body["status"]["phase"].as_string(), "Terminating");
  const auto refused = post("/api/v1/namespaces/n/configmaps", config_map("b"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.message(),
            "configmaps \"b\" is forbidden: unable to create new content in namespace n because it "
            "is being terminated");
  merge("/api/v1/namespaces/n/configmaps/a", R"({"metadata":{"finalizers":null}})");
  EXPECT_EQ(get("/api/v1/namespaces/n").status, 404);
}

class Guarded : public Api {
 protected:
  Guarded() : Api({.authorization = true}) {}
};

TEST_F(Guarded, RolesAllow) {
  core.seed(
      {read(
           R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"op","namespace":"default"}})"),
       read(
           R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"r","namespace":"default"},
                      "rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["get","create"]}]})"),
       read(
           R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b","namespace":"default"},
                      "roleRef":{"kind":"Role","name":"r","apiGroup":"rbac.authorization.k8s.io"},
                      "subjects":[{"kind":"ServiceAccount","name":"op","namespace":"default"}]})")});
  const auto request = post("/api/v1/namespaces/default/serviceaccounts/op/token",
                            R"({"spec":{"expirationSeconds":600}})");
  ASSERT_EQ(request.status, 201) << request.message();
  const http::Headers headers{
      {"Authorization", "Bearer " + request.body["status"]["token"].as_string()}};
  const auto identity = core.authenticate(headers, "", {});
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->user, "system:serviceaccount:default:op");
  const auto as = [&](const char* method, const std::string& path, const std::string& body = "") {
    return call(method, path, body, "application/json", *identity);
  };
  EXPECT_EQ(as("POST", kMaps, config_map("a")).status, 201);
  EXPECT_EQ(as("GET", std::string(kMaps) + "/a").status, 200);
  const auto refused = as("DELETE", std::string(kMaps) + "/a");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.message(),
            "configmaps \"a\" is forbidden: User \"system:serviceaccount:default:op\" cannot "
            "delete resource "
            "\"configmaps\" in API group \"\" in the namespace \"default\"");
  const auto review = as(
      "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      R"({"spec":{"resourceAttributes":{"namespace":"default","verb":"list","resource":"secrets"}}})");
  EXPECT_FALSE(review.body["status"]["allowed"].bool_or(true));
  EXPECT_FALSE(core.authenticate({{"Authorization", "Bearer nonsense"}}, "", {}));
  EXPECT_EQ(api_server::Core::unauthorized().status, 401);
}

}  // namespace
}  // namespace windlass::testing_api
