// Admission webhooks: whom they see, what their answers do, and calls over the loopback network.

#include "webhook_stage.hpp"

namespace windlass::testing_api {
namespace {

class WebhookConfigurations : public Api {
 protected:
  Answer create(const std::string& webhook) {
    return post(std::string(kHooks) + "validatingwebhookconfigurations",
                configuration("ValidatingWebhookConfiguration", webhook));
  }
};

TEST_F(WebhookConfigurations, GetDefaultsAndAreValidated) {
  const Answer answer = create(R"("clientConfig":{"service":{"name":"s","namespace":"n"}},
    "rules":[{"operations":["*"],"apiGroups":["*"],"apiVersions":["*"],"resources":["pods"]}])");
  ASSERT_EQ(answer.status, 201) << answer.message();
  const auto& hook = answer.body["webhooks"].as_array().at(0);
  EXPECT_EQ(hook["failurePolicy"], json::Value("Fail"));
  EXPECT_EQ(hook["matchPolicy"], json::Value("Equivalent"));
  EXPECT_EQ(hook["timeoutSeconds"], json::Value(10));
  EXPECT_EQ(hook.at_path({"clientConfig", "service", "port"}), json::Value(443));
  EXPECT_EQ(hook["rules"].as_array().at(0)["scope"], json::Value("*"));
  EXPECT_EQ(create(R"("clientConfig":{"url":"http://x/"})").status, 422);
  EXPECT_EQ(create(R"("clientConfig":{})").status, 422);
  EXPECT_EQ(create(R"("clientConfig":{"url":"https://x/"},"timeoutSeconds":31)").status, 422);
  const auto refused = [&](const std::string& webhook, const std::string& why) {
    const Answer found = create(webhook);
    EXPECT_EQ(found.status, 422) << webhook;
    EXPECT_NE(found.message().find(why), std::string::npos) << found.message();
  };
  refused(R"("clientConfig":{"service":{"name":"s","namespace":"n","port":65979}})",
          "webhooks[0].clientConfig.service.port: Invalid value: 65979: port is not valid: must be "
          "between 1 and 65535, inclusive");
  refused(R"("clientConfig":{"service":{"name":"s","namespace":"n","path":"/a//b"}})",
          "segment[1] may not be empty");
  refused(R"("clientConfig":{"url":"https:///x"})", "host must be specified");
  refused(R"("clientConfig":{"url":"https://a@b/"})", "user information is not permitted");
  refused(R"("clientConfig":{"url":"https://b/?c#d"})", "query parameters are not permitted");
  const std::string client = R"("clientConfig":{"url":"https://x/"},)";
  refused(client + R"("rules":[{"operations":["CREATE"],"apiGroups":[""],"apiVersions":["v1"]}])",
          "webhooks[0].rules[0].resources: Required value");
  refused(client + R"("rules":[{"operations":["*","CREATE"],"apiGroups":[""],"apiVersions":["v1"],
                      "resources":["pods"]}])",
          "if '*' is present, must not specify other operations");
  refused(client + R"("rules":[{"operations":["Create"],"apiGroups":[""],"apiVersions":["v1"],
                      "resources":["pods"]}])",
          "webhooks[0].rules[0].operations[0]: Unsupported value: \"Create\"");
  refused(client + R"("rules":[{"operations":["*"],"apiGroups":[""],"apiVersions":["v1"],
                      "resources":["pods"],"scope":"Everywhere"}])",
          "webhooks[0].rules[0].scope: Unsupported value");
  refused(client + R"("objectSelector":{"matchExpressions":[{"key":"a","operator":"is"}]})",
          "not a valid selector operator");
  const Answer condition = create(R"("clientConfig":{"url":"https://x/"},
    "matchConditions":[{"name":"c","expression":"nope == 1"}])");
  EXPECT_EQ(condition.status, 422);
  EXPECT_NE(condition.message().find("webhooks[0].matchConditions[0].expression"),
            std::string::npos)
      << condition.message();
}

TEST_F(WebhookConfigurations, TheSynchronousWayRefusesToGuess) {
  create(R"("clientConfig":{"url":"https://127.0.0.1:1/"},"rules":[{"operations":["CREATE"],
    "apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"]}])");
  const Answer refused = post(kMaps, config_map("a"));
  EXPECT_EQ(refused.status, 500);
  EXPECT_NE(refused.message().find("Core::answer"), std::string::npos);
  EXPECT_EQ(get(kMaps).status, 200);
}

Task<void> validating(Stage* stage) {
  *stage->hook = [stage](const json::Value& request) -> json::Value {
    stage->seen.push_back(request);
    const std::string_view name = request["name"].string_or("");
    if (name == "silent") return json::Object{{"allowed", false}};
    if (name == "broken") return "503";
    if (name == "bad") {
      return json::Object{
          {"allowed", false},
          {"status",
           json::Object{{"message", "no bad ones"}, {"code", 403}, {"reason", "Forbidden"}}}};
    }
    json::Value out = allow();
    out["warnings"] = json::Array{"mind the gap"};
    return out;
  };
  Answer answer =
      co_await stage->configure("ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
                                std::string(kAllMaps) + R"~(,"matchConditions":[{"name":"not-free",
        "expression":"!has(object.data) || !('free' in object.data)"}])~");
  EXPECT_EQ(answer.status, 201) << answer.message();
  const std::string maps = kMaps;
  answer = co_await stage->ask("POST", maps, config_map("a"));
  EXPECT_EQ(answer.status, 201) << answer.message();
  EXPECT_EQ(answer.headers.get("Warning"), "299 - \"mind the gap\"");
  EXPECT_EQ(stage->seen.size(), 1U);
  const json::Value first = stage->seen.empty() ? json::Value() : stage->seen.front();
  EXPECT_EQ(first["operation"], json::Value("CREATE"));
  EXPECT_EQ(first.at_path({"object", "metadata", "uid"}), answer.body.at_path({"metadata", "uid"}));
  EXPECT_EQ(first.at_path({"userInfo", "username"}), json::Value("kubernetes-admin"));
  EXPECT_EQ(first["dryRun"], json::Value(false));
  answer = co_await stage->ask("POST", maps, config_map("bad"));
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.message(),
            "admission webhook \"a.example.com\" denied the request: no bad ones");
  answer = co_await stage->ask("POST", maps, config_map("silent"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.message(),
            "admission webhook \"a.example.com\" denied the request without explanation");
  answer = co_await stage->ask("POST", maps, config_map("broken"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_TRUE(
      answer.message().starts_with("Internal error occurred: failed calling webhook "
                                   "\"a.example.com\": failed to call webhook: "))
      << answer.message();
  const std::size_t before = stage->seen.size();
  answer = co_await stage->ask("POST", maps, R"({"metadata":{"name":"f"},"data":{"free":"1"}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  EXPECT_EQ(stage->seen.size(), before);
  answer = co_await stage->ask("PATCH", maps + "/a?dryRun=All", R"({"data":{"b":"2"}})",
                               "application/merge-patch+json");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(stage->seen.back()["operation"], json::Value("UPDATE"));
  EXPECT_EQ(stage->seen.back()["dryRun"], json::Value(true));
  EXPECT_EQ(stage->seen.back()["options"],
            json::Value(json::Object{{"kind", "UpdateOptions"},
                                     {"apiVersion", "meta.k8s.io/v1"},
                                     {"dryRun", json::Array{"All"}}}));
  EXPECT_EQ(stage->seen.back().at_path({"oldObject", "data", "a"}), json::Value("1"));
  answer = co_await stage->ask("DELETE", maps + "/a", "");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(stage->seen.back()["operation"], json::Value("DELETE"));
  EXPECT_TRUE(stage->seen.back()["object"].is_null());
}

Task<void> mutating(Stage* stage) {
  *stage->hook = [stage](const json::Value& request) -> json::Value {
    stage->seen.push_back(request);
    if (request["name"].string_or("") == "wild")
      return allow_with("[{\"op\":\"remove\",\"path\":\"/x\"}]");
    return allow_with(R"([{"op":"add","path":"/data/stamp","value":"yes"},
                          {"op":"add","path":"/metadata/uid","value":"forged"}])");
  };
  Answer answer = co_await stage->configure("MutatingWebhookConfiguration",
                                            "mutatingwebhookconfigurations", kAllMaps);
  EXPECT_EQ(answer.status, 201) << answer.message();
  const std::string maps = kMaps;
  answer =
      co_await stage->ask("POST", maps, R"({"metadata":{"generateName":"g-"},"data":{"a":"1"}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  EXPECT_EQ(answer.body.at_path({"data", "stamp"}), json::Value("yes"));
  EXPECT_NE(answer.body.at_path({"metadata", "uid"}), json::Value("forged"));
  EXPECT_TRUE(stage->seen.front()["name"].is_null());
  EXPECT_TRUE(stage->seen.front().at_path({"object", "metadata", "uid"}).is_null());
  answer = co_await stage->ask("POST", maps, config_map("wild"));
  EXPECT_EQ(answer.status, 500);
  answer = co_await stage->ask("GET", maps + "/wild", "");
  EXPECT_EQ(answer.status, 404);
}

Task<void> choosing(Stage* stage) {
  *stage->hook = [stage](const json::Value& request) {
    stage->seen.push_back(request);
    return allow();
  };
  Answer answer = co_await stage->configure(
      "ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
      std::string(kAllMaps) + R"(,"namespaceSelector":{"matchLabels":{"watched":"yes"}},
        "objectSelector":{"matchLabels":{"checked":"yes"}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  const std::string checked = config_map("a", R"("labels":{"checked":"yes"})");
  answer = co_await stage->ask("POST", kMaps, checked);
  EXPECT_TRUE(stage->seen.empty());  // the namespace does not match
  answer = co_await stage->ask("PATCH", "/api/v1/namespaces/default",
                               R"({"metadata":{"labels":{"watched":"yes"}}})",
                               "application/merge-patch+json");
  answer = co_await stage->ask("POST", kMaps, config_map("plain"));
  EXPECT_TRUE(stage->seen.empty());  // the object does not match
  answer = co_await stage->ask("DELETE", std::string(kMaps) + "/a", "");
  EXPECT_EQ(stage->seen.size(), 1U);
  answer = co_await stage->ask("DELETE", std::string(kMaps), "");
  EXPECT_EQ(answer.status, 200);
}

Task<void> unreachable(Stage* stage) {
  stage->url = "https://127.0.0.1:1/";
  Answer answer =
      co_await stage->configure("ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
                                std::string(kAllMaps) + R"(,"failurePolicy":"Ignore")");
  EXPECT_EQ(answer.status, 201) << answer.message();
  answer = co_await stage->ask("POST", kMaps, config_map("a"));
  EXPECT_EQ(answer.status, 201) << answer.message();
  answer =
      co_await stage->ask("PATCH", std::string(kHooks) + "validatingwebhookconfigurations/hooks",
                          R"([{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Fail"}])",
                          "application/json-patch+json");
  EXPECT_EQ(answer.status, 200) << answer.message();
  answer = co_await stage->ask("POST", kMaps, config_map("b"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_TRUE(answer.message().starts_with(
      "Internal error occurred: failed calling webhook \"a.example.com\": failed to call webhook: "
      "Post \"https://127.0.0.1:1/?timeout=10s\": "))
      << answer.message();
}

/// Both kinds of configuration may have the same name, and their webhooks too.
Task<void> same_names(Stage* stage) {
  *stage->hook = [stage](const json::Value& request) -> json::Value {
    stage->seen.push_back(request);
    const bool second = stage->seen.size() % 2 == 0;
    return json::Object{{"allowed", !second}};
  };
  for (const auto& [kind, plural] :
       {std::pair("MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
        std::pair("ValidatingWebhookConfiguration", "validatingwebhookconfigurations")}) {
    const Answer made = co_await stage->configure(kind, plural, kAllMaps);
    EXPECT_EQ(made.status, 201) << made.message();
  }
  Answer answer = co_await stage->ask("POST", kMaps, config_map("a"));
  EXPECT_EQ(stage->seen.size(), 2U);
  EXPECT_EQ(answer.status, 400);
  answer = co_await stage->ask("DELETE", std::string(kMaps) + "/kube-root-ca.crt", "");
  EXPECT_EQ(stage->seen.size(), 4U);
  EXPECT_EQ(answer.status, 400);
}

Task<void> collection(Stage* stage) {
  *stage->hook = [stage](const json::Value& request) -> json::Value {
    stage->seen.push_back(request);
    json::Value out = allow();
    out["warnings"] = json::Array{request["oldObject"]["metadata"]["name"]};
    return out;
  };
  for (const char* name : {"a", "b", "c"}) {
    const std::string object = config_map(name, R"("labels":{"x":"y"})");
    const Answer made = co_await stage->ask("POST", kMaps, object);
    EXPECT_EQ(made.status, 201);
  }
  Answer answer = co_await stage->configure("ValidatingWebhookConfiguration",
                                            "validatingwebhookconfigurations", kAllMaps);
  EXPECT_EQ(answer.status, 201) << answer.message();
  answer = co_await stage->ask("DELETE", std::string(kMaps) + "?labelSelector=x%3Dy", "");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body["items"].as_array().size(), 3U);
  EXPECT_EQ(stage->seen.size(), 3U);
  EXPECT_EQ(answer.headers.all("Warning"),
            (std::vector<std::string_view>{"299 - \"a\"", "299 - \"b\"", "299 - \"c\""}));
  answer = co_await stage->ask("GET", std::string(kMaps) + "?labelSelector=x%3Dy", "");
  EXPECT_EQ(answer.body["items"].as_array().size(), 0U);
}

constexpr const char* kServices = "/api/v1/namespaces/default/services";
constexpr const char* kAllServices = R"("rules":[{"operations":["*"],"apiGroups":["","apps"],
  "apiVersions":["v1"],"resources":["services","deployments"]}])";

Task<void> addresses(Stage* stage) {
  *stage->hook = [stage](const json::Value& request) {
    stage->seen.push_back(request);
    return allow();
  };
  Answer answer = co_await stage->configure("ValidatingWebhookConfiguration",
                                            "validatingwebhookconfigurations", kAllServices);
  EXPECT_EQ(answer.status, 201) << answer.message();
  answer = co_await stage->ask("POST", kServices,
                               R"({"metadata":{"name":"s"},"spec":{"ports":[{"port":80}]}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  EXPECT_EQ(stage->seen.size(), 1U);
  if (stage->seen.empty()) co_return;
  EXPECT_EQ(stage->seen[0].at_path({"object", "spec", "clusterIP"}),
            answer.body.at_path({"spec", "clusterIP"}));
  EXPECT_TRUE(answer.body.at_path({"spec", "clusterIP"}).is_string());
}

/// What only the server decides, mutating webhooks cannot decide either.
Task<void> overreaching(Stage* stage) {
  *stage->hook = [](const json::Value& request) {
    if (request["operation"].string_or("") == "CREATE") {
      return allow_with(R"([{"op":"add","path":"/status","value":{"replicas":5,
                             "loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]}}}])");
    }
    return allow_with(R"([{"op":"replace","path":"/spec/ports","value":[{"port":80}]}])");
  };
  Answer answer = co_await stage->configure("MutatingWebhookConfiguration",
                                            "mutatingwebhookconfigurations", kAllServices);
  EXPECT_EQ(answer.status, 201) << answer.message();
  answer =
      co_await stage->ask("POST", "/apis/apps/v1/namespaces/default/deployments",
                          R"({"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},
      "template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  EXPECT_TRUE(answer.body.at_path({"status", "replicas"}).is_null());
  answer = co_await stage->ask("POST", kServices, R"({"metadata":{"name":"s"},"spec":{
      "type":"NodePort","ports":[{"port":80,"nodePort":31234}]}})");
  EXPECT_EQ(answer.status, 201) << answer.message();
  answer =
      co_await stage->ask("PATCH", std::string(kServices) + "/s",
                          R"({"metadata":{"labels":{"x":"y"}}})", "application/merge-patch+json");
  EXPECT_EQ(answer.status, 200) << answer.message();
  const json::Value& ports = answer.body["spec"]["ports"];
  EXPECT_EQ(ports.as_array().at(0)["nodePort"], json::Value(31234)) << json::dump(ports);
}

TEST(Webhooks, Validate) { play(validating); }
TEST(Webhooks, Mutate) { play(mutating); }
TEST(Webhooks, AreChosenBySelectors) { play(choosing); }
TEST(Webhooks, FailOpenOrClosed) { play(unreachable); }
TEST(Webhooks, OfBothKindsMayShareNames) { play(same_names); }
TEST(Webhooks, SeeAllOfACollectionBeforeAnyGoes) { play(collection); }
TEST(Webhooks, SeeTheAddressThatIsStored) { play(addresses); }
TEST(Webhooks, DoNotDecideWhatTheServerDecides) { play(overreaching); }

}  // namespace
}  // namespace windlass::testing_api
