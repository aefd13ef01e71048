// Which requests webhooks see and in what form: subresources, other versions, collections; and
// which webhooks are asked again, and where they are.

#include "webhook_stage.hpp"

namespace windlass::testing_api {
namespace {

Task<Answer> merge(Stage* stage, std::string target, std::string body) {
  return stage->ask("PATCH", std::move(target), std::move(body), "application/merge-patch+json");
}

/// What is sent to subresources has kinds of its own.
Task<void> subresources(Stage* stage) {
  *stage->hook = [stage](const json::Value& request) -> json::Value {
    stage->seen.push_back(request);
    if (request["kind"]["kind"].string_or("") == "PodExecOptions") {
      return json::Object{{"allowed", false},
                          {"status", json::Object{{"message", "no shells"}, {"code", 403}}}};
    }
    return allow();
  };
  Answer answer = co_await stage->configure(
      "ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
      R"("rules":[{"operations":["*"],"apiGroups":["*"],"apiVersions":["*"],
      "resources":["*/*"]}])");
  EXPECT_EQ(answer.status, 201) << answer.message();
  const auto shown = [stage](const char* operation, const char* kind, const char* sub) {
    if (stage->seen.empty()) return ::testing::AssertionFailure() << "no webhook was called";
    const json::Value seen = std::exchange(stage->seen, {}).back();
    const bool same =
        seen["operation"] == json::Value(operation) && seen["kind"]["kind"] == json::Value(kind) &&
        seen["subResource"] == json::Value(sub) && seen["requestKind"] == seen["kind"] &&
        seen["object"]["kind"] == json::Value(kind);
    return same ? ::testing::AssertionSuccess() : ::testing::AssertionFailure() << json::dump(seen);
  };
  const std::string deployments = "/apis/apps/v1/namespaces/default/deployments";
  answer = co_await stage->ask("POST", deployments, R"({"metadata":{"name":"d"},"spec":{"selector":
    {"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":
    [{"name":"c","image":"i"}]}}}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  stage->seen.clear();
  answer = co_await merge(stage, deployments + "/d/scale", R"({"spec":{"replicas":3}})");
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(stage->seen.size(), 1U);
  EXPECT_EQ(stage->seen.back().at_path({"oldObject", "spec", "replicas"}), json::Value(1));
  EXPECT_TRUE(shown("UPDATE", "Scale", "scale"));
  answer = co_await merge(stage, deployments + "/d/status", R"({"status":{"replicas":1}})");
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_TRUE(shown("UPDATE", "Deployment", "status"));
  const std::string pods = "/api/v1/namespaces/default/pods";
  answer = co_await stage->ask("POST", pods, R"({"metadata":{"name":"p"},"spec":{"containers":
    [{"name":"c","image":"i"}]}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  answer = co_await stage->ask("POST", pods + "/p/binding",
                               R"({"metadata":{"name":"p"},"target":{"name":"n"}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  EXPECT_TRUE(shown("CREATE", "Binding", "binding"));
  answer = co_await stage->ask("GET", pods + "/p/exec?command=sh&command=-i&tty=true", "");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.message(), "admission webhook \"a.example.com\" denied the request: no shells");
  EXPECT_EQ(stage->seen.back().at_path({"object", "command"}), (json::Array{"sh", "-i"}));
  EXPECT_EQ(stage->seen.back().at_path({"object", "tty"}), json::Value(true));
  EXPECT_EQ(stage->seen.back()["name"], json::Value("p"));
  EXPECT_TRUE(stage->seen.back()["options"].is_null());
  EXPECT_TRUE(shown("CONNECT", "PodExecOptions", "exec"));
  answer = co_await stage->ask("GET", pods + "/p/attach?stdin=true", "");
  EXPECT_TRUE(shown("CONNECT", "PodAttachOptions", "attach"));
  answer = co_await stage->ask("POST", "/api/v1/namespaces/default/serviceaccounts/default/token",
                               R"({"spec":{}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  EXPECT_TRUE(shown("CREATE", "TokenRequest", "token"));
  answer = co_await stage->ask("POST", pods + "/p/eviction", R"({"metadata":{"name":"p"}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  EXPECT_TRUE(shown("CREATE", "Eviction", "eviction"));
}

/// What a mutating webhook makes of a Scale is what counts.
Task<void> mutated_scale(Stage* stage) {
  *stage->hook = [](const json::Value&) {
    return allow_with(R"([{"op":"replace","path":"/spec/replicas","value":2}])");
  };
  Answer answer = co_await stage->configure(
      "MutatingWebhookConfiguration", "mutatingwebhookconfigurations",
      R"("rules":[{"operations":["UPDATE"],"apiGroups":["apps"],"apiVersions":["v1"],
      "resources":["deployments/scale"]}])");
  EXPECT_EQ(answer.status, 201) << answer.message();
  const std::string deployments = "/apis/apps/v1/namespaces/default/deployments";
  answer = co_await stage->ask("POST", deployments, R"({"metadata":{"name":"d"},"spec":{"selector":
    {"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":
    [{"name":"c","image":"i"}]}}}})");
  answer = co_await merge(stage, deployments + "/d/scale", R"({"spec":{"replicas":9}})");
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(answer.body.at_path({"spec", "replicas"}), json::Value(2));
  answer = co_await stage->ask("GET", deployments + "/d", "");
  EXPECT_EQ(answer.body.at_path({"spec", "replicas"}), json::Value(2));
}

/// A webhook for v1 sees v2 too, as v1, unless it says Exact.
Task<void> equivalent(Stage* stage) {
  *stage->hook = [stage](const json::Value& request) {
    stage->seen.push_back(request);
    return allow();
  };
  const std::string definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  Answer answer = co_await stage->ask("POST", definitions, R"({"metadata":{"name":
    "things.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":
    {"plural":"things","kind":"Thing"},"versions":[
    {"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}},
    {"name":"v2","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object"}}}]}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  const std::string rules = R"("rules":[{"operations":["*"],"apiGroups":["example.com"],
    "apiVersions":["v1"],"resources":["things"]}])";
  answer = co_await stage->configure("ValidatingWebhookConfiguration",
                                     "validatingwebhookconfigurations", rules);
  EXPECT_EQ(answer.status, 201) << answer.message();
  const std::string things = "/apis/example.com/v2/namespaces/default/things";
  answer = co_await stage->ask("POST", things, R"({"apiVersion":"example.com/v2","kind":"Thing",
    "metadata":{"name":"a"}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  EXPECT_EQ(stage->seen.size(), 1U);
  if (stage->seen.empty()) co_return;
  const json::Value seen = stage->seen.front();
  EXPECT_EQ(seen["kind"]["version"], json::Value("v1"));
  EXPECT_EQ(seen["resource"]["version"], json::Value("v1"));
  EXPECT_EQ(seen["requestKind"]["version"], json::Value("v2"));
  EXPECT_EQ(seen["requestResource"]["version"], json::Value("v2"));
  EXPECT_EQ(seen["object"]["apiVersion"], json::Value("example.com/v1"));
  answer =
      co_await stage->ask("PATCH", std::string(kHooks) + "validatingwebhookconfigurations/hooks",
                          R"([{"op":"replace","path":"/webhooks/0/matchPolicy","value":"Exact"}])",
                          "application/json-patch+json");
  EXPECT_EQ(answer.status, 200) << answer.message();
  answer = co_await stage->ask("DELETE", things + "/a", "");
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(stage->seen.size(), 1U);
}

/// The first webhook adds a field once; the second one too, after which the first is asked again if
/// it wants that.
Task<void> reinvoked(Stage* stage) {
  *stage->hook = [stage](const json::Value& request) -> json::Value {
    stage->seen.push_back(request);
    const json::Value& data = request["object"]["data"];
    if (data.find("one") == nullptr)
      return allow_with(R"([{"op":"add","path":"/data/one","value":"1"}])");
    if (data.find("two") == nullptr)
      return allow_with(R"([{"op":"add","path":"/data/two","value":"2"}])");
    return allow();
  };
  for (const char* policy : {"IfNeeded", "Never"}) {
    stage->seen.clear();
    const std::string hook = R"({"sideEffects":"None","admissionReviewVersions":["v1"],)" +
                             std::string(kAllMaps) + R"(,"clientConfig":)" + stage->client() +
                             R"(,"reinvocationPolicy":")" + policy + R"(","name":")";
    const std::string hooks = std::string(kHooks) + "mutatingwebhookconfigurations";
    Answer answer = co_await stage->ask("POST", hooks,
                                        R"({"metadata":{"name":"hooks"},"webhooks":[)" + hook +
                                            R"(a.example.com"},)" + hook + R"(b.example.com"}]})");
    EXPECT_EQ(answer.status, 201) << answer.message();
    answer = co_await stage->ask("POST", kMaps, config_map(*policy == 'I' ? "again" : "once"));
    EXPECT_EQ(answer.status, 201) << answer.message();
    EXPECT_EQ(answer.body.at_path({"data", "two"}), json::Value("2"));
    EXPECT_EQ(stage->seen.size(), *policy == 'I' ? 3U : 2U);
    answer = co_await stage->ask("DELETE", hooks + "/hooks", "");
  }
}

/// A Service is reached where the cluster says that it is.
Task<void> service(Stage* stage) {
  *stage->hook = [stage](const json::Value& request) {
    stage->seen.push_back(request);
    return allow();
  };
  const std::string own = stage->url.substr(std::string_view("https://").size());
  const Endpoint here = parse_endpoint(own.substr(0, own.find('/'))).value();
  stage->core.set_service_resolver([here](const std::string& space, const std::string& name,
                                          std::uint16_t port) -> Result<Endpoint> {
    if (space == "default" && name == "hook" && port == 8443) return here;
    return Error{Errc::not_found, "service \"" + name + "\" not found"};
  });
  const auto client = [stage](const std::string& name) {
    return R"("clientConfig":{"service":{"namespace":"default","name":")" + name +
           R"(","port":8443,"path":"/review"},"caBundle":")" + encode_base64(stage->ca) + "\"}";
  };
  const std::string hooks = std::string(kHooks) + "validatingwebhookconfigurations";
  Answer answer = co_await stage->ask(
      "POST", hooks,
      configuration("ValidatingWebhookConfiguration", kAllMaps + ("," + client("hook"))));
  EXPECT_EQ(answer.status, 201) << answer.message();
  answer = co_await stage->ask("POST", kMaps, config_map("a"));
  EXPECT_EQ(answer.status, 201) << answer.message();
  EXPECT_EQ(stage->seen.size(), 1U);
  answer = co_await stage->ask("DELETE", hooks + "/hooks", "");
  answer = co_await stage->ask(
      "POST", hooks,
      configuration("ValidatingWebhookConfiguration", kAllMaps + ("," + client("other"))));
  answer = co_await stage->ask("POST", kMaps, config_map("b"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_TRUE(answer.message().ends_with(
      "Post \"https://other.default.svc:8443/review?timeout=10s\": service \"other\" not found"))
      << answer.message();
}

/// Each of several objects is judged before the first one goes.
Task<void> collection(Stage* stage) {
  *stage->hook = [stage](const json::Value& request) -> json::Value {
    stage->seen.push_back(request);
    const json::Value& name = request["oldObject"]["metadata"]["name"];
    return json::Object{{"allowed", name != json::Value("c")}};
  };
  for (const char* name : {"a", "b", "c"}) {
    Answer made = co_await stage->ask("POST", kMaps, config_map(name));
    EXPECT_EQ(made.status, 201) << made.message();
  }
  Answer answer = co_await stage->configure("ValidatingWebhookConfiguration",
                                            "validatingwebhookconfigurations", kAllMaps);
  answer = co_await stage->ask("DELETE", kMaps, "");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(stage->seen.size(), 3U);
  EXPECT_TRUE(stage->seen.front()["name"].is_null());
  answer = co_await stage->ask("GET", std::string(kMaps) + "/a", "");
  EXPECT_EQ(answer.status, 200);
  answer =
      co_await stage->ask("DELETE", std::string(kMaps) + "?fieldSelector=metadata.name!=c", "");
  EXPECT_EQ(answer.status, 200) << answer.message();
  // a, b and the namespace's own kube-root-ca.crt
  EXPECT_EQ(answer.body["items"].as_array().size(), 3U);
}

TEST(WebhookRequests, SeeWhatIsSentToSubresources) { play(subresources); }
TEST(WebhookRequests, MayChangeAScale) { play(mutated_scale); }
TEST(WebhookRequests, SeeOtherVersionsWithEquivalent) { play(equivalent); }
TEST(WebhookRequests, AreAskedAgainIfNeeded) { play(reinvoked); }
TEST(WebhookRequests, MayBeServices) { play(service); }
TEST(WebhookRequests, JudgeCollections) { play(collection); }

}  // namespace
}  // namespace windlass::testing_api
