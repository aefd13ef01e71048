// Conversion webhooks: v1 has spec.address "host:port", v2 has spec.host and spec.port.

#include <gmock/gmock.h>

#include "webhook_stage.hpp"

namespace windlass::testing_api {
namespace {

using ::testing::HasSubstr;

const std::string kDefinitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const std::string kFirst = "/apis/example.com/v1/namespaces/default/things";
const std::string kSecond = "/apis/example.com/v2/namespaces/default/things";

std::string definition(const std::string& conversion) {
  return R"({"metadata":{"name":"things.example.com"},"spec":{"group":"example.com",
    "scope":"Namespaced","names":{"plural":"things","kind":"Thing"},"versions":[
    {"name":"v1","served":true,"storage":true,"subresources":{"status":{}},"schema":
    {"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":
    {"address":{"type":"string"}}},"status":{"type":"object",
    "x-kubernetes-preserve-unknown-fields":true}}}}},
    {"name":"v2","served":true,"storage":false,"subresources":{"status":{}},"schema":
    {"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":
    {"host":{"type":"string"},"port":{"type":"integer"}}},"status":{"type":"object",
    "x-kubernetes-preserve-unknown-fields":true}}}}}],
    "conversion":)" +
         conversion + "}}";
}

std::string by_webhook(const Stage* stage) {
  return R"({"strategy":"Webhook","webhook":{"conversionReviewVersions":["v1"],"clientConfig":)" +
         stage->client() + "}}";
}

std::string first(const std::string& name, const std::string& address) {
  return R"({"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":")" + name +
         R"("},"spec":{"address":")" + address + "\"}}";
}
std::string second(const std::string& name, const std::string& host, int port,
                   const std::string& metadata = "") {
  return R"({"apiVersion":"example.com/v2","kind":"Thing","metadata":{"name":")" + name + "\"" +
         metadata + R"(},"spec":{"host":")" + host + R"(","port":)" + std::to_string(port) + "}}";
}

json::Value convert(json::Value object, std::string_view version) {
  json::Value spec = json::Object{};
  if (version == "example.com/v2") {
    const std::string address(object["spec"]["address"].string_or(""));
    const auto colon = address.find(':');
    spec["host"] = address.substr(0, colon);
    spec["port"] = std::stoi(address.substr(colon + 1));
  } else {
    spec["address"] = std::string(object["spec"]["host"].string_or("")) + ":" +
                      std::to_string(object["spec"]["port"].integer_or(0));
  }
  object["apiVersion"] = version;
  object["spec"] = std::move(spec);
  return object;
}

json::Value converted(const json::Value& request) {
  json::Array out;
  for (const json::Value& object : request["objects"].as_array())
    out.push_back(convert(object, request["desiredAPIVersion"].string_or("")));
  return json::Object{{"result", json::Object{{"status", "Success"}}},
                      {"convertedObjects", std::move(out)}};
}

/// The definition and a webhook that does what it should.
Task<void> establish(Stage* stage) {
  *stage->hook = [stage](const json::Value& request) {
    stage->seen.push_back(request);
    return converted(request);
  };
  Answer answer = co_await stage->ask("POST", kDefinitions, definition(by_webhook(stage)));
  EXPECT_EQ(answer.status, 201) << answer.message();
}

Task<void> reads_and_writes(Stage* stage) {
  Task<void> establishing = establish(stage);
  co_await std::move(establishing);
  Answer answer = co_await stage->ask("POST", kFirst, first("a", "one:1"));
  EXPECT_EQ(answer.status, 201) << answer.message();
  EXPECT_TRUE(stage->seen.empty());  // the stored version needs nobody
  answer = co_await stage->ask("GET", kSecond + "/a", "");
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(answer.body["apiVersion"], json::Value("example.com/v2"));
  EXPECT_EQ(answer.body["spec"], json::Value(json::Object{{"host", "one"}, {"port", 1}}));
  EXPECT_EQ(stage->seen.size(), 1U);

  answer = co_await stage->ask("POST", kSecond, second("b", "two", 2));
  EXPECT_EQ(answer.status, 201) << answer.message();
  EXPECT_EQ(answer.body["spec"], json::Value(json::Object{{"host", "two"}, {"port", 2}}));
  EXPECT_FALSE(answer.version().empty());
  const std::string version = answer.version();
  answer = co_await stage->ask("GET", kFirst + "/b", "");
  EXPECT_EQ(answer.body["spec"]["address"], json::Value("two:2"));
  EXPECT_EQ(answer.version(), version);

  stage->seen.clear();
  answer = co_await stage->ask("GET", kSecond, "");
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(answer.body["items"].as_array().size(), 2U);
  EXPECT_EQ(answer.body["items"].as_array().at(1)["spec"]["port"], json::Value(2));
  EXPECT_EQ(stage->seen.size(), 1U);  // all of them at once

  json::Value changed = answer.body["items"].as_array().at(1);
  changed["spec"]["port"] = 3;
  answer = co_await stage->ask("PUT", kSecond + "/b", json::dump(changed));
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(answer.body["spec"]["port"], json::Value(3));
  EXPECT_EQ(answer.body["metadata"]["generation"], json::Value(2));
  const std::string after = answer.version();
  answer = co_await stage->ask("PUT", kSecond + "/b", json::dump(changed));
  EXPECT_EQ(answer.status, 409);
  answer = co_await stage->ask("GET", kFirst + "/b", "");
  EXPECT_EQ(answer.body["spec"]["address"], json::Value("two:3"));
  EXPECT_EQ(answer.version(), after);

  answer = co_await stage->ask("PATCH", kSecond + "/b", R"({"spec":{"host":"four"}})",
                               "application/merge-patch+json");
  EXPECT_EQ(answer.body["spec"], json::Value(json::Object{{"host", "four"}, {"port", 3}}));
  answer = co_await stage->ask("PATCH", kSecond + "/b/status", R"({"status":{"ready":true}})",
                               "application/merge-patch+json");
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(answer.body["status"]["ready"], json::Value(true));
  answer = co_await stage->ask("PATCH", kSecond + "/c?fieldManager=m", second("c", "five", 5),
                               "application/apply-patch+yaml");
  EXPECT_EQ(answer.status, 201) << answer.message();
  answer = co_await stage->ask("PATCH", kSecond + "/c?fieldManager=m", second("c", "five", 6),
                               "application/apply-patch+yaml");
  EXPECT_EQ(answer.status, 200) << answer.message();
  answer = co_await stage->ask("GET", kFirst + "/c", "");
  EXPECT_EQ(answer.body["spec"]["address"], json::Value("five:6"));
  answer = co_await stage->ask("POST", kSecond + "?dryRun=All", second("d", "six", 6));
  EXPECT_EQ(answer.status, 201) << answer.message();
  answer = co_await stage->ask("GET", kFirst + "/d", "");
  EXPECT_EQ(answer.status, 404);
}

Task<void> deletes(Stage* stage) {
  Task<void> establishing = establish(stage);
  co_await std::move(establishing);
  const std::string finalizer = R"(,"finalizers":["example.com/wait"])";
  Answer answer = co_await stage->ask("POST", kSecond, second("a", "one", 1, finalizer));
  EXPECT_EQ(answer.status, 201) << answer.message();
  answer = co_await stage->ask("DELETE", kSecond + "/a", "");
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(answer.body["apiVersion"], json::Value("example.com/v2"));
  EXPECT_EQ(answer.body["spec"]["port"], json::Value(1));
  EXPECT_FALSE(answer.body["metadata"]["deletionTimestamp"].is_null());
  answer = co_await stage->ask("PATCH", kSecond + "/a", R"({"metadata":{"finalizers":null}})",
                               "application/merge-patch+json");
  EXPECT_EQ(answer.status, 200) << answer.message();
  answer = co_await stage->ask("GET", kFirst + "/a", "");
  EXPECT_EQ(answer.status, 404);
  answer = co_await stage->ask("POST", kFirst, first("b", "two:2"));
  answer = co_await stage->ask("POST", kFirst, first("c", "three:3"));
  answer = co_await stage->ask("DELETE", kSecond, "");
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(answer.body["items"].as_array().size(), 2U);
  EXPECT_EQ(answer.body["items"].as_array().at(0)["spec"]["host"], json::Value("two"));
  answer = co_await stage->ask("GET", kFirst, "");
  EXPECT_TRUE(answer.body["items"].as_array().empty());
}

Task<void> watches(Stage* stage) {
  Task<void> establishing = establish(stage);
  co_await std::move(establishing);
  Answer answer = co_await stage->ask("POST", kFirst, first("a", "one:1"));
  http::Request request{.method = "GET", .target = kSecond + "?watch=1", .headers = {}, .body = ""};
  Task<api_server::Reply> asking = stage->core.answer(stage->environment.io(), std::move(request),
                                                      api_server::Identity::admin());
  api_server::Reply reply = co_await std::move(asking);
  EXPECT_EQ(reply.stream->take(), "");  // nobody has asked the webhook yet
  answer = co_await stage->ask("POST", kFirst, first("b", "two:2"));
  stage->seen.clear();
  Task<void> preparing = reply.stream->prepare(stage->environment.io());
  co_await std::move(preparing);
  std::string lines = reply.stream->take();
  EXPECT_EQ(stage->seen.size(), 1U);
  EXPECT_THAT(lines, HasSubstr(R"("host":"one","port":1)"));
  EXPECT_THAT(lines, HasSubstr(R"("host":"two","port":2)"));
  EXPECT_THAT(lines, ::testing::Not(HasSubstr("example.com/v1\",\"kind\"")));
  *stage->hook = [](const json::Value&) -> json::Value {
    return json::Object{{"result", json::Object{{"status", "Failure"}, {"message", "broken"}}}};
  };
  answer = co_await stage->ask("DELETE", kFirst + "/a", "");
  Task<void> again = reply.stream->prepare(stage->environment.io());
  co_await std::move(again);
  lines = reply.stream->take();
  EXPECT_THAT(lines, HasSubstr(R"("type":"ERROR")"));
  EXPECT_THAT(lines, HasSubstr("conversion webhook for example.com/v1, Kind=Thing failed: broken"));
  EXPECT_TRUE(reply.stream->ended());
}

/// A later storage version leaves the objects of the earlier one where they are.
Task<void> storage_versions(Stage* stage) {
  Task<void> establishing = establish(stage);
  co_await std::move(establishing);
  Answer answer = co_await stage->ask("POST", kFirst, first("a", "one:1"));
  answer = co_await stage->ask("PATCH", kDefinitions + "/things.example.com",
                               R"([{"op":"replace","path":"/spec/versions/0/storage","value":false},
          {"op":"replace","path":"/spec/versions/1/storage","value":true}])",
                               "application/json-patch+json");
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(answer.body["status"]["storedVersions"], (json::Array{"v1", "v2"}));
  stage->seen.clear();
  answer = co_await stage->ask("GET", kSecond + "/a", "");
  EXPECT_EQ(answer.body["apiVersion"], json::Value("example.com/v2"));
  EXPECT_EQ(answer.body["spec"]["port"], json::Value(1));
  answer = co_await stage->ask("GET", kSecond, "");
  EXPECT_EQ(answer.body["items"].as_array().at(0)["apiVersion"], json::Value("example.com/v2"));
  EXPECT_EQ(stage->seen.size(), 2U);
  answer = co_await stage->ask("GET", kFirst + "/a", "");
  EXPECT_EQ(answer.body["spec"]["address"], json::Value("one:1"));
  EXPECT_EQ(stage->seen.size(), 2U);
  answer = co_await stage->ask("PATCH", kFirst + "/a", R"({"spec":{"address":"nine:9"}})",
                               "application/merge-patch+json");
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(answer.body["spec"]["address"], json::Value("nine:9"));
  answer = co_await stage->ask("GET", kSecond + "/a", "");
  EXPECT_EQ(answer.body["spec"]["port"], json::Value(9));
}

/// What a webhook may change, and what an answer says that may not be.
Task<void> misbehaves(Stage* stage) {
  Task<void> establishing = establish(stage);
  co_await std::move(establishing);
  Answer answer = co_await stage->ask("POST", kFirst, first("a", "one:1"));
  struct Case {
    std::function<void(json::Value& response)> spoil;
    const char* message;
  };
  const auto object = [](json::Value& response) -> json::Value& {
    return response["convertedObjects"].as_array().at(0);
  };
  const std::vector<Case> cases{
      {[&](json::Value& r) { object(r)["metadata"]["name"] = "b"; },
       "returned invalid object: must have the same name: a != b"},
      {[&](json::Value& r) { object(r)["metadata"]["uid"] = "u"; },
       "returned invalid object: must have the same UID: "},
      {[&](json::Value& r) { object(r)["apiVersion"] = "example.com/v3"; },
       "returned invalid object at index 0: invalid groupVersion (expected example.com/v2, "
       "received example.com/v3)"},
      {[&](json::Value& r) { object(r)["kind"] = "Thong"; },
       "returned invalid object at index 0: invalid kind (expected Thing, received Thong)"},
      {[&](json::Value& r) { object(r).as_object().erase("metadata"); },
       "returned invalid object: must have the same name: a != "},
      {[&](json::Value& r) { object(r)["metadata"]["labels"] = json::Object{{"a", 1}}; },
       "returned invalid metadata: metadata.labels[a] must be a string"},
      {[&](json::Value& r) { r["convertedObjects"] = json::Array{}; },
       "returned 0 objects, expected 1"},
      {[&](json::Value& r) { r["uid"] = "other"; }, "failed: expected response.uid="},
      {[&](json::Value& r) {
         r["result"] = json::Object{{"status", "Failed"}, {"message", "I would rather not"}};
       },
       "failed: I would rather not"},
      {[&](json::Value& r) { r["result"] = json::Object{}; },
       "failed: response.result.status was '', not 'Success'"}};
  for (const Case& one : cases) {
    *stage->hook = [&one](const json::Value& request) {
      json::Value response = converted(request);
      one.spoil(response);
      return response;
    };
    answer = co_await stage->ask("GET", kSecond + "/a", "");
    EXPECT_EQ(answer.status, 500);
    EXPECT_THAT(
        std::string(answer.message()),
        HasSubstr(std::string("conversion webhook for example.com/v1, Kind=Thing ") + one.message));
  }
  *stage->hook = [](const json::Value& request) {
    json::Value response = converted(request);
    for (json::Value& each : response["convertedObjects"].as_array()) {
      each["metadata"]["labels"] = json::Object{{"seen", "yes"}};
      each["metadata"]["generation"] = 99;
    }
    return response;
  };
  answer = co_await stage->ask("GET", kSecond + "/a", "");
  EXPECT_EQ(answer.status, 200) << answer.message();
  EXPECT_EQ(answer.body.at_path({"metadata", "labels", "seen"}), json::Value("yes"));
  EXPECT_EQ(answer.body.at_path({"metadata", "generation"}), json::Value(1));
  // a write that cannot be converted writes nothing
  *stage->hook = [](const json::Value&) -> json::Value { return "503"; };
  answer = co_await stage->ask("POST", kSecond, second("b", "two", 2));
  EXPECT_EQ(answer.status, 500);
  answer = co_await stage->ask("GET", kFirst + "/b", "");
  EXPECT_EQ(answer.status, 404);
}

TEST(Conversion, ReadsAndWrites) { play(reads_and_writes); }
TEST(Conversion, Deletes) { play(deletes); }
TEST(Conversion, Watches) { play(watches); }
TEST(Conversion, OutlivesAChangeOfTheStorageVersion) { play(storage_versions); }
TEST(Conversion, ChecksWhatTheWebhookMade) { play(misbehaves); }

class Definitions : public Api {};

TEST_F(Definitions, OfConversionWebhooksAreValidated) {
  const auto message = [&](const std::string& conversion) {
    return std::string(post(kDefinitions, definition(conversion)).message());
  };
  EXPECT_THAT(
      message(R"({"strategy":"Webhook"})"),
      HasSubstr("is invalid: [spec.conversion.webhookClientConfig: Required value: required "
                "when strategy is set to Webhook, spec.conversion.conversionReviewVersions: "
                "Required value]"));
  EXPECT_THAT(message(R"({"strategy":"None","webhook":{"clientConfig":{"url":"https://x"},
                "conversionReviewVersions":["v1"]}})"),
              HasSubstr("spec.conversion.webhookClientConfig: Forbidden: should not be set when "
                        "strategy is not set to Webhook"));
  EXPECT_THAT(message(R"({"strategy":"Webhook","webhook":{"clientConfig":{"url":"http://x"},
                "conversionReviewVersions":["v1"]}})"),
              HasSubstr("'https' is the only allowed URL scheme"));
  EXPECT_THAT(message(R"({"strategy":"Webhook","webhook":{"clientConfig":{"url":"https://x"},
                "conversionReviewVersions":["v7"]}})"),
              HasSubstr("must include at least one of v1, v1beta1"));
  const Answer good = post(kDefinitions, definition(R"({"strategy":"Webhook","webhook":
    {"clientConfig":{"service":{"name":"s","namespace":"n"}},"conversionReviewVersions":["v1"]}})"));
  EXPECT_EQ(good.status, 201) << good.message();
  EXPECT_EQ(good.body.at_path({"spec", "conversion", "webhook", "clientConfig", "service", "port"}),
            json::Value(443));
  const Answer thing = post(kSecond, second("a", "one", 1));
  EXPECT_EQ(thing.status, 500);
  EXPECT_THAT(std::string(thing.message()), HasSubstr("Core::answer"));
}

}  // namespace
}  // namespace windlass::testing_api
