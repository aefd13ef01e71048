#pragma once
// A core whose webhooks are the test's own, called over the loopback network.

#include <functional>

#include <windlass/api_server/server.hpp>
#include <windlass/base/encoding.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/http/server.hpp>

#include "api.hpp"

namespace windlass::testing_api {

constexpr const char* kHooks = "/apis/admissionregistration.k8s.io/v1/";

inline std::string configuration(const std::string& kind, const std::string& webhook) {
  return R"({"apiVersion":"admissionregistration.k8s.io/v1","kind":")" + kind +
         R"(","metadata":{"name":"hooks"},"webhooks":[{"name":"a.example.com","sideEffects":"None",
           "admissionReviewVersions":["v1"],)" +
         webhook + "}]}";
}

/// The response to a review's request; a string: none, with status 503.
using Hook = std::function<json::Value(const json::Value& request)>;

inline Task<void> answer_review(std::shared_ptr<Hook> hook, http::Request request,
                                http::Responder* responder) {
  const json::Value review = json::parse(request.body).value();
  json::Value response = (*hook)(review["request"]);
  http::Response out;
  if (response.is_string()) {
    out.status = 503;
  } else {
    if (response.find("uid") == nullptr) response["uid"] = review["request"]["uid"];
    out.body = json::dump(json::Object{{"apiVersion", review["apiVersion"]},
                                       {"kind", review["kind"]},
                                       {"response", std::move(response)}});
  }
  co_await responder->send(std::move(out));
}

inline json::Value allow() { return json::Object{{"allowed", true}}; }
inline json::Value allow_with(const std::string& patch) {
  return json::Object{
      {"allowed", true}, {"patchType", "JSONPatch"}, {"patch", encode_base64(patch)}};
}

/// A core and a webhook server on loopback; the story asks the one and is the other.
struct Stage {
  SystemEnvironment& environment;
  api_server::Core core;
  std::shared_ptr<Hook> hook = std::make_shared<Hook>();
  std::string ca;
  std::string url = {};
  std::vector<json::Value> seen = {};

  Task<Answer> ask(std::string method, std::string target, std::string body,
                   std::string type = "application/json") {
    http::Request request{.method = std::move(method),
                          .target = std::move(target),
                          .headers = {{"Content-Type", type}, {"User-Agent", "test/1.0"}},
                          .body = std::move(body)};
    Task<api_server::Reply> asking =
        core.answer(environment.io(), std::move(request), api_server::Identity::admin());
    api_server::Reply reply = co_await std::move(asking);
    Answer answer{.status = reply.response.status,
                  .body = {},
                  .headers = reply.response.headers,
                  .stream = nullptr,
                  .text = reply.response.body};
    if (auto value = json::parse(reply.response.body)) answer.body = *value;
    co_return answer;
  }
  /// Who the webhook is, as a clientConfig.
  [[nodiscard]] std::string client() const {
    return R"({"url":")" + url + R"(","caBundle":")" + encode_base64(ca) + "\"}";
  }
  Task<Answer> configure(std::string kind, std::string plural, std::string webhook) {
    webhook += ",\"clientConfig\":" + client();
    return ask("POST", std::string(kHooks) + plural, configuration(kind, webhook));
  }
};

constexpr const char* kAllMaps = R"("rules":[{"operations":["*"],"apiGroups":[""],
  "apiVersions":["v1"],"resources":["configmaps"]}])";

using Story = Task<void> (*)(Stage* stage);

inline Task<int> stage_and_play(SystemEnvironment* environment, Story story) {
  const WallTime now = environment->clock().wall_now();
  http::CertificateRequest wanted{.common_name = "hook",
                                  .dns_names = {"hook.default.svc"},
                                  .ip_addresses = {"127.0.0.1"},
                                  .not_before = now - std::chrono::hours(1),
                                  .not_after = now + std::chrono::hours(1)};
  const http::KeyPair pair = http::make_certificate(wanted).value();
  Stage stage{.environment = *environment,
              .core = api_server::Core(*environment),
              .ca = pair.certificate_pem};
  http::ServerOptions options;
  options.tls = http::TlsServerContext::make(
                    {.certificate_pem = pair.certificate_pem, .key_pem = pair.key_pem})
                    .value();
  auto listener =
      environment->network(environment->io()).listen(environment->io(), {"127.0.0.1", 0}).value();
  stage.url = "https://" + to_string(listener->local_endpoint()) + "/review";
  const auto hook = stage.hook;
  http::Handler handler = [hook](http::Request request, http::Peer, http::Responder& responder) {
    return answer_review(hook, std::move(request), &responder);
  };
  http::Server server(*environment, environment->io(), std::move(listener), std::move(handler),
                      std::move(options));
  TaskGroup group(environment->io());
  Task<void> serving = server.run();
  group.spawn("hook", std::move(serving));
  Task<void> playing = story(&stage);
  co_await std::move(playing);
  Task<void> stopping = server.stop(std::chrono::seconds(1));
  co_await std::move(stopping);
  co_await group.join();
  co_return 0;
}

inline void play(Story story) {
  auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  SystemEnvironment* reference = environment.get();
  EXPECT_EQ(environment->run([reference, story] { return stage_and_play(reference, story); }), 0);
}

}  // namespace windlass::testing_api
