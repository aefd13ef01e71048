#include <deque>

#include <gtest/gtest.h>

#include <windlass/api/core_v1.hpp>
#include <windlass/client/client.hpp>
#include <windlass/http/server.hpp>
#include <windlass/testing/simulation.hpp>

namespace windlass::client {
namespace {

using api::core::v1::ConfigMap;
using std::chrono::seconds;
using windlass::testing::SimulatedProcess;
using windlass::testing::Simulation;

/// What the server does with the next request.
struct Reply {
  http::Response response;
  bool hang_up = false;
  bool hang = false;
  bool fall_silent = false;  ///< after the beginning of the body
};

struct Script {
  std::deque<Reply> replies;
  std::vector<http::Request> requests;
  std::vector<Duration> at;
  std::vector<std::string> peers;  ///< common names of client certificates
};

struct HangUp : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Task<void> answer(std::shared_ptr<Script> script, Simulation* simulation, Environment* environment,
                  http::Request request, std::string peer, http::Responder& to) {
  script->peers.push_back(std::move(peer));
  script->requests.push_back(request);
  script->at.push_back(simulation->now());
  Reply reply{.response = {404, {}, "nothing scripted"}};
  if (!script->replies.empty()) {
    reply = script->replies.front();
    script->replies.pop_front();
  }
  if (reply.hang) {
    auto forever = sleep_for(environment->clock(), std::chrono::hours(5));
    co_await std::move(forever);
  }
  if (reply.fall_silent) {
    auto starting = to.start(reply.response);
    co_await std::move(starting);
    auto forever = sleep_for(environment->clock(), std::chrono::hours(5));
    co_await std::move(forever);
  }
  if (reply.hang_up) {
    // a body that is announced but never ends
    auto starting = to.start({200, {{"Content-Type", "application/json"}}, "{"});
    co_await std::move(starting);
    throw HangUp("as scripted");
  }
  auto sending = to.send(reply.response);
  co_await std::move(sending);
}

Task<void> serve(SimulatedProcess& process, std::shared_ptr<Script> script, Simulation* simulation,
                 std::uint16_t port = 6443, std::shared_ptr<http::TlsServerContext> tls = nullptr) {
  auto listener = process.network(process.io()).listen(process.io(), {"", port});
  if (!listener) throw Exception(listener.error());
  Environment* environment = &process;
  http::Handler handler = [=](http::Request request, http::Peer peer, http::Responder& to) {
    return answer(script, simulation, environment, std::move(request), peer.certificate.common_name,
                  to);
  };
  http::ServerOptions options;
  options.tls = std::move(tls);
  http::Server server(process, process.io(), std::move(*listener), std::move(handler),
                      std::move(options));
  auto running = server.run();
  co_await std::move(running);
}

class Gate final : public WriteGate {
 public:
  explicit Gate(Result<BootTime> until) : until_(std::move(until)) {}
  [[nodiscard]] Result<BootTime> open_until() const override { return until_; }

 private:
  Result<BootTime> until_;
};

/// Open until a moment of a process's boot clock, as a leader's gate.
class TimedGate final : public WriteGate {
 public:
  TimedGate(Clock& clock, Duration open) : clock_(clock), until_(clock.boot_now() + open) {}
  [[nodiscard]] Result<BootTime> open_until() const override {
    if (clock_.boot_now() < until_) return until_;
    return Error{Errc::permission, "not the leader: the lease was not renewed in time"};
  }

 private:
  Clock& clock_;
  BootTime until_;
};

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    server_.start(
        [this](SimulatedProcess& process) { return serve(process, script_, &simulation_); });
    simulation_.run_for(std::chrono::milliseconds(10));
    config_.server = {"api", 6443};
  }
  Client client(ClientOptions options = {}) {
    return Client(process_, process_.io(), config_, std::move(options));
  }
  void reply(int status, std::string body, http::Headers headers = {}) {
    script_->replies.push_back({.response = {status, std::move(headers), std::move(body)}});
  }
  template <class T>
  T run(Task<T> task) {
    return simulation_.run(process_, std::move(task));
  }
  template <class T>
  std::optional<ApiError> refusal(Task<T> task) {
    try {
      run(std::move(task));
    } catch (const ApiError& error) {
      return error;
    }
    return std::nullopt;
  }
  template <class T>
  std::optional<Error> trouble(Task<T> task) {
    try {
      run(std::move(task));
    } catch (const Exception& error) {
      return error.error();
    }
    return std::nullopt;
  }
  static std::string map_text(const std::string& name) {
    return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
           R"("},"data":{"a":"b"}})";
  }
  static std::string status_text(int code, const std::string& reason,
                                 const std::string& name = {}) {
    return R"({"kind":"Status","status":"Failure","message":"because","reason":")" + reason +
           R"(","code":)" + std::to_string(code) + R"(,"details":{"name":")" + name + R"("}})";
  }

  Simulation simulation_{7};
  SimulatedProcess& server_ = simulation_.process("api");
  SimulatedProcess& process_ = simulation_.process("operator");
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  Config config_;
};

TEST_F(ClientTest, SaysWhoItIs) {
  config_.path_prefix = "/base";
  config_.bearer_token = "secret";
  config_.impersonate_user = "bob";
  config_.impersonate_groups = {"a", "b"};
  reply(200, map_text("x"));
  const auto object = run(client({.user_agent = "test/1"}).get<ConfigMap>({"ns", "x"}));
  EXPECT_EQ(object.data.at("a"), "b");
  const auto& request = script_->requests.at(0);
  EXPECT_EQ(request.target, "/base/api/v1/namespaces/ns/configmaps/x");
  EXPECT_EQ(request.headers.get("User-Agent"), "test/1");
  EXPECT_EQ(request.headers.get("Authorization"), "Bearer secret");
  EXPECT_EQ(request.headers.get("Impersonate-User"), "bob");
  EXPECT_EQ(request.headers.all("Impersonate-Group").size(), 2u);
}

TEST_F(ClientTest, UsesBasicAuthentication) {
  config_.username = "me";
  config_.password = "pw";
  reply(200, "{}");
  run(client().raw_get("/version"));
  EXPECT_EQ(script_->requests.at(0).headers.get("Authorization"), "Basic bWU6cHc=");
}

TEST_F(ClientTest, RepeatsTheWholeRequestAfterRetryAfter) {
  reply(429, status_text(429, "TooManyRequests"), {{"Retry-After", "3"}});
  reply(503, "busy", {{"Retry-After", "1"}});
  reply(201, map_text("x"));
  ConfigMap object;
  object.metadata.name = "x";
  object.metadata.namespace_ = "ns";
  object.data["a"] = "b";
  run(client().create(object));
  ASSERT_EQ(script_->requests.size(), 3u);
  EXPECT_EQ(script_->requests[2].body, script_->requests[0].body);
  EXPECT_GE(script_->at[1] - script_->at[0], seconds(3));
  EXPECT_GE(script_->at[2] - script_->at[1], seconds(1));
}

TEST_F(ClientTest, GivesUpWithoutRetryAfter) {
  reply(503, "the etcd is gone");
  const auto error = refusal(client().get<ConfigMap>({"ns", "x"}));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Errc::unavailable);
  EXPECT_EQ(error->reason(), "ServiceUnavailable");
  EXPECT_NE(std::string(error->what()).find("the etcd is gone"), std::string::npos);
  EXPECT_EQ(script_->requests.size(), 1u);
}

TEST_F(ClientTest, RepeatsAGetButNoPostWhoseConnectionBroke) {
  script_->replies.push_back({.hang_up = true});
  reply(200, map_text("x"));
  EXPECT_EQ(run(client().get<ConfigMap>({"ns", "x"})).data.at("a"), "b");
  const auto before = script_->requests.size();
  script_->replies.push_back({.hang_up = true});
  ConfigMap object;
  object.metadata.namespace_ = "ns";
  const auto error = trouble(client().create(object));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::closed) << error->message;
  EXPECT_EQ(script_->requests.size(), before + 1);
}

TEST_F(ClientTest, ReadsTokenFilesEveryMinuteAndAfter401) {
  config_.bearer_token_file = "/token";
  process_.files()["/token"] = " one\n";
  const auto c = client();
  const auto token_of_next = [&] {
    reply(200, "{}");
    run(c.raw_get("/version"));
    return std::string(script_->requests.back().headers.get("Authorization"));
  };
  EXPECT_EQ(token_of_next(), "Bearer one");
  process_.files()["/token"] = "two";
  simulation_.run_for(seconds(40));
  EXPECT_EQ(token_of_next(), "Bearer one");
  simulation_.run_for(seconds(11));
  EXPECT_EQ(token_of_next(), "Bearer two");
  process_.files()["/token"] = "three";
  reply(401, status_text(401, "Unauthorized"));
  EXPECT_EQ(token_of_next(), "Bearer three");
  process_.files()["/token"] = "";  // half written: the old one is kept
  simulation_.run_for(seconds(60));
  EXPECT_EQ(token_of_next(), "Bearer three");
  reply(401, status_text(401, "Unauthorized"));
  reply(401, status_text(401, "Unauthorized"));
  EXPECT_TRUE(refusal(c.raw_get("/version"))->is_unauthorized());
}

http::KeyPair certificate(const std::string& name, const http::KeyPair* issuer) {
  http::CertificateRequest request{.common_name = name, .dns_names = {name}};
  request.not_before = WallTime(seconds(1'577'836'800));  // 2020
  request.not_after = WallTime(seconds(4'102'444'800));   // 2100
  request.is_ca = issuer == nullptr;
  return http::make_certificate(request, issuer).value();
}

TEST_F(ClientTest, ReadsCertificateFilesEveryFiveMinutes) {
  const auto ca = certificate("ca", nullptr);
  const auto server = certificate("api", &ca);
  const auto one = certificate("one", &ca);
  const auto two = certificate("two", &ca);
  const auto context =
      http::TlsServerContext::make({server.certificate_pem, server.key_pem, ca.certificate_pem});
  ASSERT_TRUE(context) << context.error().message;
  simulation_.spawn(server_, serve(server_, script_, &simulation_, 6444, *context));
  simulation_.run_for(std::chrono::milliseconds(10));
  config_.server.port = 6444;
  config_.tls = http::TlsClientOptions{ca.certificate_pem, one.certificate_pem, one.key_pem, "api"};
  config_.certificate_file = "/me.crt";
  config_.key_file = "/me.key";
  const auto c = client();
  const auto peer_of_next = [&] {
    reply(200, "{}");
    run(c.raw_get("/version"));
    return script_->peers.back();
  };
  EXPECT_EQ(peer_of_next(), "one");
  process_.files()["/me.crt"] = two.certificate_pem;
  process_.files()["/me.key"] = two.key_pem;
  simulation_.run_for(seconds(290));
  EXPECT_EQ(peer_of_next(), "one");
  simulation_.run_for(seconds(11));
  EXPECT_EQ(peer_of_next(), "two");
}

TEST_F(ClientTest, AsksThePluginOnceAndAgainAfter401) {
  config_.exec = ExecCredential{
      .command = "/bin/sh",
      .args = {"-c",
               R"(printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
               R"("status":{"token":"%s"}}' "$$")"},
      .api_version = "client.authentication.k8s.io/v1"};
  const auto c = client();
  const auto token_of_next = [&] {
    reply(200, "{}");
    run(c.raw_get("/version"));
    return std::string(script_->requests.back().headers.get("Authorization"));
  };
  const auto first = token_of_next();
  EXPECT_EQ(first.substr(0, 7), "Bearer ");
  EXPECT_EQ(token_of_next(), first);
  reply(401, status_text(401, "Unauthorized"));
  EXPECT_NE(token_of_next(), first);
  config_.exec->command = "no-such-plugin";
  const auto error = trouble(client().raw_get("/version"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::not_found) << error->message;
}

TEST_F(ClientTest, FindsOrNot) {
  reply(404, status_text(404, "NotFound", "x"));
  EXPECT_FALSE(run(client().find<ConfigMap>({"ns", "x"})));
  reply(404, "404 page not found");
  EXPECT_TRUE(refusal(client().find<ConfigMap>({"ns", "x"}))->is_not_found());
  reply(404, status_text(404, "NotFound", "x"));
  EXPECT_FALSE(run(client().remove<ConfigMap>(meta::ObjectKey{"ns", "x"})));
}

TEST_F(ClientTest, WalksPagesAndBeginsAnewWhenOneExpired) {
  const auto page = [](const std::string& name, const std::string& next) {
    return R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9","continue":")" +
           next + R"("},"items":[{"metadata":{"name":")" + name + R"("}}]})";
  };
  reply(200, page("a", "t1"));
  reply(200, page("b", ""));
  auto list = run(client().list<ConfigMap>({.namespace_ = "ns"}));
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.resource_version, "9");
  EXPECT_NE(script_->requests[1].target.find("continue=t1"), std::string::npos);

  reply(200, page("a", "t1"));
  reply(410, status_text(410, "Expired"));
  reply(200, page("c", ""));
  list = run(client().list<ConfigMap>({.namespace_ = "ns", .resource_version = "5"}));
  ASSERT_EQ(list.items.size(), 1u);
  EXPECT_EQ(list.items[0].metadata.name, "c");
  EXPECT_EQ(script_->requests.back().target, "/api/v1/namespaces/ns/configmaps");
}

Task<std::vector<WatchEvent>> collect(Client client, WatchOptions options) {
  auto opening = client.watch(ConfigMap::resource, std::move(options));
  const auto watch = co_await std::move(opening);
  std::vector<WatchEvent> events;
  for (;;) {
    auto next = watch->next();
    auto event = co_await std::move(next);
    if (!event) co_return events;
    events.push_back(std::move(*event));
  }
}

TEST_F(ClientTest, WatchesToTheEnd) {
  reply(200, R"({"type":"ADDED","object":{"a":1}}{"type":"BOOKMARK","object":{}})");
  const auto events = run(collect(client(), {}));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].object, R"({"a":1})");
  reply(403, status_text(403, "Forbidden"));
  EXPECT_TRUE(refusal(collect(client(), {}))->is_forbidden());
}

TEST_F(ClientTest, AWatchThatNeverAnswersEndsAfterTheRequestsTimeout) {
  script_->replies.push_back({.hang = true});
  const auto begin = simulation_.now();
  const auto error = trouble(collect(client(), {}));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::timeout) << error->message;
  EXPECT_LE(simulation_.now() - begin, seconds(31));
}

TEST_F(ClientTest, AWatchThatFallsSilentEndsAfterItsTimeoutAndHalfAMinute) {
  script_->replies.push_back(
      {.response = {200, {}, R"({"type":"ADDED","object":{}})"}, .fall_silent = true});
  const auto begin = simulation_.now();
  const auto error = trouble(collect(client(), {.timeout_seconds = 300}));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::timeout) << error->message;
  EXPECT_GE(simulation_.now() - begin, seconds(329));
  EXPECT_LE(simulation_.now() - begin, seconds(331));
}

TEST_F(ClientTest, AClosedGateStopsWritesOnly) {
  const auto closed = std::make_shared<Gate>(Error{Errc::permission, "not the leader: b is"});
  const auto gated = client().with_gate(closed);
  ConfigMap object;
  object.metadata.name = "x";
  object.metadata.namespace_ = "ns";
  for (const auto& error :
       {trouble(gated.create(object)), trouble(gated.update(object)), trouble(gated.apply(object)),
        trouble(gated.remove(object)),
        trouble(gated.patch<ConfigMap>({"ns", "x"}, PatchType::merge, json::Object()))}) {
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, Errc::permission);
    EXPECT_NE(error->message.find("b is"), std::string::npos) << error->message;
  }
  EXPECT_TRUE(script_->requests.empty());
  reply(200, map_text("x"));
  run(gated.get<ConfigMap>({"ns", "x"}));
}

TEST_F(ClientTest, AGatesDeadlineClipsTheRequest) {
  const BootTime until = process_.clock().boot_now() + seconds(2);
  const auto gated = client().with_gate(std::make_shared<Gate>(until));
  script_->replies.push_back({.hang = true});
  ConfigMap object;
  object.metadata.namespace_ = "ns";
  const auto begin = simulation_.now();
  const auto error = trouble(gated.create(object));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::timeout) << error->message;
  EXPECT_LT(simulation_.now() - begin, seconds(3));
  EXPECT_EQ(trouble(gated.create(object))->code, Errc::permission);  // passed meanwhile
}

/// A server that hears data and the end of a connection at once does not answer: several times.
constexpr int kTimes = 10;

TEST_F(ClientTest, WhatIsOnItsWayWhenTheGateClosesNeverArrives) {
  const auto plain = client();
  ConfigMap object;
  object.metadata.namespace_ = "ns";
  for (int i = 0; i < kTimes; ++i) {
    reply(200, map_text("x"));
    run(plain.get<ConfigMap>({"ns", "x"}));
    simulation_.block(process_, server_);  // what is sent now waits in this machine
    const auto gated = plain.with_gate(std::make_shared<TimedGate>(process_.clock(), seconds(2)));
    const auto error = trouble(gated.create(object));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, Errc::timeout) << error->message;
    simulation_.heal();
    simulation_.run_for(seconds(5));
  }
  for (const auto& request : script_->requests) EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(script_->requests.size(), kTimes);
}

/// Reads, then writes behind a gate that is open for 10 s.
Task<void> read_and_create(SimulatedProcess& self, Config server, Simulation* simulation,
                           SimulatedProcess* api) {
  Client plain(self, self.io(), std::move(server));
  auto getting = plain.get<ConfigMap>({"ns", "x"});
  co_await std::move(getting);
  simulation->block(self, *api);
  const auto gated = plain.with_gate(std::make_shared<TimedGate>(self.clock(), seconds(10)));
  ConfigMap object;
  object.metadata.namespace_ = "ns";
  auto creating = gated.create(object);
  co_await std::move(creating);
}

TEST_F(ClientTest, WhatIsOnItsWayWhenALeaderDiesNeverArrives) {
  process_.start([this](SimulatedProcess& self) {
    return read_and_create(self, config_, &simulation_, &server_);
  });
  for (int i = 0; i < kTimes; ++i) {
    reply(200, map_text("x"));
    if (!process_.alive()) process_.restart();
    simulation_.run_for(seconds(1));
    process_.crash();
    simulation_.heal();
    simulation_.run_for(seconds(5));
  }
  for (const auto& request : script_->requests) EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(script_->requests.size(), kTimes);
}

TEST_F(ClientTest, AWriteThatWaitedForAConnectionPassesTheGateAgain) {
  simulation_.partition(process_, server_);
  const auto gated = client().with_gate(std::make_shared<TimedGate>(process_.clock(), seconds(10)));
  ConfigMap object;
  object.metadata.namespace_ = "ns";
  std::optional<Error> error;
  const auto writing = [](Client leader, ConfigMap map,
                          std::optional<Error>* failed) -> Task<void> {
    try {
      auto creating = leader.create(map);
      co_await std::move(creating);
    } catch (...) {
      *failed = describe(std::current_exception());
    }
  };
  simulation_.spawn(process_, writing(gated, object, &error));
  simulation_.run_for(std::chrono::milliseconds(500));
  // time-outs count steady time, which stands still now; the gate does not
  process_.suspend(seconds(30));
  simulation_.heal();
  simulation_.run_for(seconds(60));
  EXPECT_TRUE(script_->requests.empty());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::permission) << error->message;
}

TEST_F(ClientTest, AConnectionServesReadsAfterAWriteAsItDidBefore) {
  const auto plain = client({.timeout = seconds(2)});
  const auto gated = plain.with_gate(std::make_shared<TimedGate>(process_.clock(), seconds(1000)));
  ConfigMap object;
  object.metadata.namespace_ = "ns";
  for (int i = 0; i < kTimes; ++i) {
    script_->replies.clear();
    reply(201, map_text("x"));
    run(gated.create(object));
    simulation_.block(process_, server_);
    EXPECT_TRUE(trouble(plain.get<ConfigMap>({"ns", "x"})));
    simulation_.heal();
    simulation_.run_for(seconds(5));
  }
  // it is closed in order: what was sent before may arrive
  EXPECT_GT(script_->requests.size(), kTimes);
}

TEST_F(ClientTest, ReportsEachWarningOnce) {
  std::vector<std::string> warnings;
  const auto c =
      client({.on_warning = [&](std::string_view text) { warnings.emplace_back(text); }});
  for (int i = 0; i < 2; ++i) {
    reply(200, "{}", {{"Warning", "299 - \"old API\""}});
    run(c.raw_get("/version"));
  }
  EXPECT_EQ(warnings, std::vector<std::string>{"old API"});
}

TEST_F(ClientTest, NamesTheServerThatRefuses) {
  simulation_.refuse(server_);
  const auto error = trouble(client().raw_get("/version"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::refused);
  EXPECT_NE(error->message.find("api:6443"), std::string::npos) << error->message;
}

TEST_F(ClientTest, RefusesAnswersThatDoNotFitTheType) {
  reply(200, R"({"apiVersion":"v1","kind":"ConfigMap","data":[1]})");
  const auto error = trouble(client().get<ConfigMap>({"ns", "x"}));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, Errc::parse);
  EXPECT_NE(error->message.find("configmaps"), std::string::npos) << error->message;
}

class CountingRegistry final : public MetricsRegistry {
 public:
  struct Cell final : windlass::Counter {
    void add(double amount) override { value += amount; }
    double value = 0;
  };
  windlass::Counter& counter(std::string_view name, std::string_view,
                             const Labels& labels) override {
    std::string key(name);
    for (const auto& [label, value] : labels) key += "," + label + "=" + value;
    return cells[key];
  }
  Gauge& gauge(std::string_view n, std::string_view h, const Labels& l) override {
    return null_metrics().gauge(n, h, l);
  }
  Histogram& histogram(std::string_view n, std::string_view h, const Labels& l,
                       const std::vector<double>& b) override {
    return null_metrics().histogram(n, h, l, b);
  }
  std::map<std::string, Cell> cells;
};

TEST_F(ClientTest, CountsRequests) {
  CountingRegistry registry;
  reply(503, "", {{"Retry-After", "0"}});
  reply(200, "{}");
  run(client({.metrics = &registry}).raw_get("/version"));
  EXPECT_EQ(registry.cells["rest_client_requests_total,code=503,method=GET,host=api:6443"].value,
            1);
  EXPECT_EQ(registry.cells["rest_client_requests_total,code=200,method=GET,host=api:6443"].value,
            1);
}

}  // namespace
}  // namespace windlass::client
