// Bodies in other forms than JSON: protobuf and YAML, in and out, and what is refused.

#include <windlass/base/encoding.hpp>

#include "api.hpp"
#include "recorded.hpp"

namespace windlass::testing_api {
namespace {

constexpr const char* kProtobuf = "application/vnd.kubernetes.protobuf";
constexpr const char* kYaml = "application/yaml";
constexpr const char* kDeployments = "/apis/apps/v1/namespaces/default/deployments";

class Negotiation : public Api {
 protected:
  Answer ask(std::string method, std::string target, std::string accept, std::string body = "",
             std::string type = "application/json") {
    return call(std::move(method), std::move(target), std::move(body), std::move(type),
                api_server::Identity::admin(), std::move(accept));
  }
  /// Sends an object through a dry run in both forms and wants the same answer twice.
  void expect_same(const std::string& path, const std::string& object) {
    SCOPED_TRACE(path + " " + object);
    const Answer plain = ask("POST", path + "?dryRun=All", "", object);
    ASSERT_EQ(plain.status, 201) << plain.message();
    const Answer coded = ask("POST", path + "?dryRun=All", kProtobuf, object);
    ASSERT_EQ(coded.status, 201);
    ASSERT_EQ(coded.headers.get("Content-Type"), kProtobuf);
    json::Value again = decoded(coded.text, path);
    json::Value first = plain.body;
    for (json::Value* value : {&again, &first}) {
      for (const char* key : {"uid", "managedFields"}) (*value)["metadata"].as_object().erase(key);
    }
    EXPECT_EQ(json::dump(again), json::dump(first));
  }
  /// What the server reads in `bytes`, which it gave out itself.
  json::Value decoded(const std::string& bytes, const std::string& path) {
    const Answer answer = ask("POST", path + "?dryRun=All", "", bytes, kProtobuf);
    EXPECT_EQ(answer.status, 201) << answer.message();
    return answer.body;
  }
};

json::Value without_server_fields(json::Value object) {
  object.as_object().erase("status");
  for (const char* key : {"uid", "managedFields", "creationTimestamp", "resourceVersion"})
    object["metadata"].as_object().erase(key);
  return object;
}

TEST_F(Negotiation, ReadsWhatTheRealServerWrites) {
  const std::string path = std::string(kDeployments) + "/web";
  const json::Value recorded = read(kDeploymentJson);
  ASSERT_EQ(post(kDeployments, json::dump(without_server_fields(recorded))).status, 201);
  std::string bytes = decode_base64(kDeploymentProtobuf).value();
  // its version is another's: a field number that no type has turns it into one without
  const std::string version(recorded.at_path({"metadata", "resourceVersion"}).string_or(""));
  const auto at = bytes.find("2" + std::string(1, static_cast<char>(version.size())) + version);
  ASSERT_NE(at, std::string::npos);
  bytes[at] = static_cast<char>(15 << 3 | 2);
  const std::string uid(get(path).body.at_path({"metadata", "uid"}).string_or(""));
  bytes.replace(bytes.find(recorded.at_path({"metadata", "uid"}).as_string()), uid.size(), uid);
  const Answer answer = ask("PUT", path, "", bytes, kProtobuf);
  ASSERT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(json::dump(without_server_fields(answer.body)),
            json::dump(without_server_fields(recorded)));
}

TEST_F(Negotiation, RoundTripsKinds) {
  expect_same(kMaps, R"({"metadata":{"name":"a","labels":{"x":"y"}},"data":{"k":"v","e":""},
    "binaryData":{"b":"AAEC/w=="},"immutable":false})");
  expect_same("/api/v1/namespaces/default/secrets",
              R"({"metadata":{"name":"a"},"data":{"k":"dg=="},"type":"Opaque"})");
  expect_same(kDeployments, R"({"metadata":{"name":"a"},"spec":{"replicas":0,
    "selector":{"matchLabels":{"a":"b"}},"strategy":{"rollingUpdate":{"maxSurge":"30%",
    "maxUnavailable":0}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[
    {"name":"c","image":"i","command":["x","y"],"ports":[{"containerPort":80}],
     "resources":{"limits":{"cpu":"1500m","memory":"1Gi"}},
     "env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}],
     "readinessProbe":{"exec":{"command":["true"]}}}],
    "volumes":[{"name":"v","emptyDir":{}},{"name":"p","projected":{"sources":[
      {"serviceAccountToken":{"path":"t","expirationSeconds":3600}}]}}]}}}})");
  expect_same("/api/v1/namespaces/default/services",
              R"({"metadata":{"name":"a"},"spec":{"clusterIP":"None","selector":{"a":"b"},
    "ports":[{"name":"h","port":80,"targetPort":"http"},{"name":"j","port":81,"targetPort":8081}]}})");
  expect_same("/apis/batch/v1/namespaces/default/cronjobs",
              R"({"metadata":{"name":"a"},"spec":{"schedule":"* * * * *","suspend":false,
    "jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never",
    "containers":[{"name":"c","image":"i"}]}}}}}})");
  expect_same("/apis/coordination.k8s.io/v1/namespaces/default/leases",
              R"({"metadata":{"name":"a"},"spec":{"holderIdentity":"x","leaseDurationSeconds":15,
    "renewTime":"2026-01-02T03:04:05.678901Z"}})");
  expect_same("/apis/rbac.authorization.k8s.io/v1/clusterroles",
              R"({"metadata":{"name":"a"},"rules":[{"apiGroups":[""],"resources":["pods"],
    "verbs":["get"]},{"nonResourceURLs":["/healthz"],"verbs":["get"]}]})");
  expect_same("/apis/policy/v1/namespaces/default/poddisruptionbudgets",
              R"({"metadata":{"name":"a"},"spec":{"minAvailable":"50%",
    "selector":{"matchExpressions":[{"key":"a","operator":"In","values":["b"]}]}}})");
}

TEST_F(Negotiation, RoundTripsDefinitions) {
  expect_same("/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
              R"({"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com",
    "scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},"versions":[{"name":"v1",
    "served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{
      "spec":{"type":"object","properties":{
        "n":{"type":"number","minimum":0.5,"default":1.5},
        "m":{"type":"object","additionalProperties":{"type":"string"}},
        "p":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
        "l":{"type":"array","items":{"type":"string","enum":["x","y"]}}}}}}}}]}})");
}

TEST_F(Negotiation, AnswersListsErrorsAndWatchesInProtobuf) {
  post(kMaps, config_map("a"));
  const Answer list = ask("GET", kMaps, std::string(kProtobuf) + ",application/json");
  EXPECT_EQ(list.headers.get("Content-Type"), kProtobuf);
  EXPECT_TRUE(list.text.starts_with(std::string("k8s\0", 4)));
  EXPECT_NE(list.text.find("ConfigMapList"), std::string::npos);
  const Answer missing = ask("GET", std::string(kMaps) + "/none", kProtobuf);
  EXPECT_EQ(missing.status, 404);
  EXPECT_NE(missing.text.find("configmaps \"none\" not found"), std::string::npos);
  const Answer watch = ask("GET", std::string(kMaps) + "?watch=1", kProtobuf);
  EXPECT_EQ(watch.headers.get("Content-Type"), std::string(kProtobuf) + ";stream=watch");
  const std::string frames = watch.stream->take();
  ASSERT_GT(frames.size(), 4U);
  std::size_t length = 0;
  for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(frames[i]);
  EXPECT_LE(length, frames.size() - 4);
  EXPECT_TRUE(
      frames.substr(4).starts_with("\x0a\x05"
                                   "ADDED"));
}

TEST_F(Negotiation, CustomResourcesAreJson) {
  post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
       R"({"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com",
    "scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},"versions":[{"name":"v1",
    "served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}})");
  const std::string path = "/apis/example.com/v1/widgets";
  EXPECT_EQ(ask("GET", path, std::string(kProtobuf) + ",application/json").status, 200);
  const Answer refused = ask("GET", path, kProtobuf);
  EXPECT_EQ(refused.status, 406);
  EXPECT_EQ(refused.message(),
            "only the following media types are accepted: application/json, application/yaml, "
            "application/vnd.kubernetes.protobuf");
}

TEST_F(Negotiation, ReadsAndWritesYaml) {
  const Answer created =
      ask("POST", kMaps, kYaml,
          "metadata:\n  name: yy\n  annotations: {on: 'yes', m: \"1\", d: 2026-01-01}\n"
          "data:\n  text: |\n    one\n    two\n  plain: a b\n",
          kYaml);
  EXPECT_EQ(created.status, 201) << created.text;
  EXPECT_EQ(created.headers.get("Content-Type"), kYaml);
  EXPECT_NE(created.text.find("data:\n  plain: a b\n  text: |\n    one\n    two\n"),
            std::string::npos)
      << created.text;
  EXPECT_NE(created.text.find(
                "  annotations:\n    d: \"2026-01-01\"\n    m: \"1\"\n    \"true\": \"yes\"\n"),
            std::string::npos)
      << created.text;
  const Answer again = ask("PUT", std::string(kMaps) + "/yy", "", created.text, kYaml);
  EXPECT_EQ(again.status, 200) << again.message();
  EXPECT_EQ(again.body.at_path({"data", "text"}), json::Value("one\ntwo\n"));
  EXPECT_EQ(again.version(), get(std::string(kMaps) + "/yy").version());
  const Answer broken = ask("POST", kMaps, "", "a: [", kYaml);
  EXPECT_EQ(broken.status, 400);
  EXPECT_TRUE(broken.message().starts_with(
      "the object provided is unrecognized (must be of type ConfigMap): yaml: line 1: "))
      << broken.message();
  EXPECT_TRUE(ask("POST", kMaps, "", "a: \xd3\xd2", kYaml)
                  .message()
                  .ends_with("yaml: invalid leading UTF-8 octet"));
  EXPECT_TRUE(ask("POST", kMaps, "", "a: \x01", kYaml)
                  .message()
                  .ends_with("yaml: control characters are not allowed"));
  const Answer applied = ask("PATCH", std::string(kMaps) + "/z?fieldManager=m", "",
                             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: z}\ndata: {a: b}\n",
                             "application/apply-patch+yaml");
  EXPECT_EQ(applied.status, 201) << applied.message();
}

TEST_F(Negotiation, RefusesOtherTypes) {
  const Answer type = ask("POST", kMaps, "", "x", "text/html");
  EXPECT_EQ(type.status, 415);
  EXPECT_EQ(type.message(),
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml, application/vnd.kubernetes.protobuf");
  const Answer accept = ask("GET", kMaps, "text/html");
  EXPECT_EQ(accept.status, 406);
  EXPECT_EQ(accept.reason(), "NotAcceptable");
  EXPECT_TRUE(accept.message().starts_with("406: Not Acceptable\n\nAvailable representations: "));
  const Answer watch = ask("GET", std::string(kMaps) + "?watch=1", kYaml);
  EXPECT_EQ(watch.status, 406);
  EXPECT_EQ(watch.message(),
            "only the following media types are accepted: application/json;stream=watch, "
            "application/vnd.kubernetes.protobuf;stream=watch");
  const Answer weights = ask("GET", kMaps, "application/yaml;q=0.5, application/json;q=0.9");
  EXPECT_EQ(weights.headers.get("Content-Type"), "application/json");
}

TEST_F(Negotiation, SurvivesBrokenProtobuf) {
  EXPECT_EQ(ask("POST", kMaps, "", "x", kProtobuf).status, 400);
  const Answer whole = ask("POST", std::string(kMaps) + "?dryRun=All", kProtobuf, config_map("a"));
  for (std::size_t length = 0; length < whole.text.size(); ++length) {
    const int status =
        ask("POST", std::string(kMaps) + "?dryRun=All", "", whole.text.substr(0, length), kProtobuf)
            .status;
    EXPECT_TRUE(status == 400 || status == 422 || status == 201) << length << ": " << status;
  }
  std::string noise = whole.text;
  for (std::size_t at = 4; at < noise.size(); ++at) {
    const char kept = noise[at];
    noise[at] = static_cast<char>(kept ^ 0x55);
    EXPECT_LT(ask("POST", std::string(kMaps) + "?dryRun=All", "", noise, kProtobuf).status, 501);
    noise[at] = kept;
  }
}

}  // namespace
}  // namespace windlass::testing_api
