// The local cluster with real sandboxed processes, in real time: what a container asks of its node.
// Skipped where there is no bubblewrap.

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <stdlib.h>

#include <windlass/api_server/server.hpp>
#include <windlass/base/encoding.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/client/client.hpp>
#include <windlass/testing/local_cluster.hpp>

namespace windlass::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr meta::Resource kPods{"", "v1", "Pod", "pods"};
constexpr meta::Resource kEvents{"events.k8s.io", "v1", "Event", "events"};

/// What one pod did.
struct Seen {
  json::Value pod;                  ///< when the condition held, or at the end of the time
  bool held = false;                ///< the condition
  std::vector<std::string> events;  ///< "<type> <reason>: <note>"
  std::string log;
  Duration ending{};  ///< from the deletion to the end
};

using Condition = std::function<bool(const json::Value& pod)>;

/// Does `work` with a cluster whose state lives in `state`.
class Machine {
 public:
  Machine() {
    std::string pattern = (fs::temp_directory_path() / "local-cluster-XXXXXX").string();
    state_ = ::mkdtemp(pattern.data());
  }
  ~Machine() { fs::remove_all(state_); }

  /// Creates a pod with one container, waits for `until` (20 s at most), deletes the pod again.
  Seen run(const std::string& container, Condition until, const std::string& pod_fields = "") {
    const auto environment = SystemEnvironment::make({.lease_thread = false});
    Seen seen;
    environment->run(
        [&] { return serve(environment.get(), this, container, pod_fields, until, &seen); });
    return seen;
  }

 private:
  static Task<int> serve(SystemEnvironment* environment, Machine* machine, std::string container,
                         std::string pod_fields, Condition until, Seen* seen) {
    const auto addresses = claim_addresses(*environment, environment->io()).value();
    api_server::ServerOptions server_options;
    server_options.listen = {"127.0.0.1", 0};
    server_options.core.service_address_base = addresses.services;
    server_options.core.loopback_endpoints = true;
    api_server::Server server(*environment, environment->io(), server_options);
    const auto config = client::parse_kubeconfig(*environment, server.kubeconfig(), "/").value();
    LocalCluster cluster(*environment, config,
                         {.state_directory = machine->state_,
                          .images = {{.image = "shell"}},
                          .pod_address_prefix = addresses.pods});
    server.set_pod_runtime(&cluster);
    client::Client client(*environment, environment->io(), config, {});
    TaskGroup group(environment->io());
    group.spawn("API server", server.run());
    group.spawn("cluster", run_cluster(&cluster));
    std::exception_ptr failure;
    try {
      auto living = live(environment, client, container, pod_fields, until, seen);
      co_await std::move(living);
    } catch (...) {
      failure = std::current_exception();
    }
    cluster.stop();
    co_await server.stop(500ms);
    co_await group.join();
    if (failure) std::rethrow_exception(failure);
    co_return 0;
  }

  static Task<void> run_cluster(LocalCluster* cluster) { co_await cluster->run(); }

  static Task<void> read_log(client::Client client, Seen* seen) {
    std::exception_ptr gone;
    try {
      seen->log = co_await client.raw_get("/api/v1/namespaces/default/pods/subject/log");
    } catch (...) {
      gone = std::current_exception();
    }
  }

  static Task<void> live(SystemEnvironment* environment, client::Client client,
                         std::string container, std::string pod_fields, Condition until,
                         Seen* seen) {
    auto& clock = environment->clock();
    const meta::ObjectKey key{"default", "subject"};
    const std::string body =
        R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"subject","namespace":"default"},)"
        R"("spec":{)" +
        pod_fields + R"("automountServiceAccountToken":false,"containers":[)" + container + "]}}";
    co_await client.create_text(kPods, key, body);
    const auto limit = clock.steady_now() + 20s;
    while (!seen->held && clock.steady_now() < limit) {
      co_await sleep_for(clock, 50ms);
      const auto text = co_await client.get_text(kPods, key);
      seen->pod = json::parse(text).value();
      seen->held = until(seen->pod);
    }
    const auto asked = clock.steady_now();
    co_await client.remove(kPods, key);
    for (;;) {
      const auto left = co_await client.find_text(kPods, key);
      if (!left) break;
      auto reading = read_log(client, seen);
      co_await std::move(reading);
      co_await sleep_for(clock, 50ms);
    }
    seen->ending = clock.steady_now() - asked;
    client::ListOptions options;
    options.namespace_ = "default";
    const auto page = co_await client.list_page(kEvents, options);
    const auto list = json::parse(page.body).value();
    for (const auto& event : list["items"].as_array()) {
      seen->events.push_back(std::string(event["type"].string_or("")) + " " +
                             std::string(event["reason"].string_or("")) + ": " +
                             std::string(event["note"].string_or("")));
    }
  }

  fs::path state_;
};

class LocalClusterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto usable = LocalCluster::check_machine();
    if (!usable) GTEST_SKIP() << usable.error().message;
  }

  /// A container that runs `script`, with more fields.
  static std::string shell(const std::string& script, const std::string& fields = "") {
    return R"({"name":"main","image":"shell","command":["/bin/sh","-c",)" + quote_json(script) +
           "]" + (fields.empty() ? "" : "," + fields) + "}";
  }
  static const json::Value& status(const json::Value& pod) {
    static const json::Value none;
    const auto& all = pod.at_path({"status", "containerStatuses"});
    return all.is_array() && !all.as_array().empty() ? all.as_array().front() : none;
  }
  static bool ready(const json::Value& pod) { return status(pod)["ready"] == json::Value(true); }
  static bool running(const json::Value& pod) {
    return status(pod)["state"]["running"].is_object();
  }
  static bool restarted(const json::Value& pod) {
    return status(pod)["restartCount"].integer_or(0) > 0;
  }

  Machine machine;
};

constexpr const char* kForever = "trap 'exit 0' TERM; while :; do sleep 0.05; done";

TEST_F(LocalClusterTest, AnExecProbeRunsInTheContainer) {
  const auto seen =
      machine.run(shell("sleep 1.5; touch /tmp/ready; exec sleep 1000",
                        R"("env":[{"name":"NAME","value":"/tmp/ready"}],"workingDir":"/tmp",)"
                        R"("readinessProbe":{"periodSeconds":1,"exec":{"command":)"
                        R"(["sh","-c","test $PWD = /tmp && test -e $(NAME) && test -e $NAME"]}})"),
                  ready, R"("terminationGracePeriodSeconds":1,)");
  EXPECT_TRUE(seen.held) << json::dump(seen.pod);
  EXPECT_THAT(seen.events,
              Contains(HasSubstr("Warning Unhealthy: Readiness probe failed: exit code 1")));
}

TEST_F(LocalClusterTest, AnExecProbeThatTakesTooLongFails) {
  const auto seen = machine.run(
      shell(kForever,
            R"("livenessProbe":{"periodSeconds":1,"failureThreshold":1,"timeoutSeconds":1,)"
            R"("exec":{"command":["sleep","30"]}})"),
      restarted, R"("terminationGracePeriodSeconds":1,)");
  EXPECT_TRUE(seen.held) << json::dump(seen.pod);
  EXPECT_THAT(seen.events,
              Contains(HasSubstr(
                  "Warning Unhealthy: Liveness probe failed: the command took longer than 1s")));
  EXPECT_THAT(seen.events, Contains(HasSubstr("Normal Killing: ")));
}

TEST_F(LocalClusterTest, AGrpcProbeIsRefusedWithTheRemedy) {
  const auto seen = machine.run(shell(kForever, R"("livenessProbe":{"grpc":{"port":9000}})"),
                                [](const json::Value& pod) {
                                  return status(pod)["state"]["waiting"]["reason"].string_or("") ==
                                         "CreateContainerConfigError";
                                });
  EXPECT_TRUE(seen.held) << json::dump(seen.pod);
  EXPECT_THAT(seen.events,
              Contains(AllOf(HasSubstr("Warning Failed: "), HasSubstr("livenessProbe"),
                             HasSubstr("gRPC"), HasSubstr("use exec, httpGet or tcpSocket"))));
}

TEST_F(LocalClusterTest, PostStartRunsBeforeTheProbes) {
  const auto seen = machine.run(
      shell(
          kForever,
          R"("lifecycle":{"postStart":{"exec":{"command":["sh","-c","sleep 0.5; touch /tmp/begun"]}}},)"
          R"("livenessProbe":{"failureThreshold":1,"exec":{"command":["test","-e","/tmp/begun"]}},)"
          R"("readinessProbe":{"exec":{"command":["test","-e","/tmp/begun"]}})"),
      ready);
  EXPECT_TRUE(seen.held) << json::dump(seen.pod);
  EXPECT_FALSE(restarted(seen.pod));
  EXPECT_THAT(seen.events, ::testing::Not(Contains(HasSubstr("Unhealthy"))));
}

TEST_F(LocalClusterTest, AFailedPostStartEndsTheContainer) {
  const auto seen = machine.run(
      shell(kForever, R"("lifecycle":{"postStart":{"exec":{"command":["sh","-c","exit 3"]}}})"),
      restarted, R"("terminationGracePeriodSeconds":1,)");
  EXPECT_TRUE(seen.held) << json::dump(seen.pod);
  EXPECT_THAT(seen.events, Contains(HasSubstr("Warning FailedPostStartHook: ")));
}

TEST_F(LocalClusterTest, PreStopRunsBeforeTheSignal) {
  const auto seen =
      machine.run(shell("trap 'test -e /tmp/hook && echo after the hook; sleep 0.3; exit 0' TERM; "
                        "while :; do sleep 0.05; done",
                        R"("lifecycle":{"preStop":{"exec":{"command":["touch","/tmp/hook"]}}})"),
                  running);
  EXPECT_THAT(seen.log, HasSubstr("after the hook"));
}

TEST_F(LocalClusterTest, PreStopSleeps) {
  const auto seen =
      machine.run(shell(kForever, R"("lifecycle":{"preStop":{"sleep":{"seconds":2}}})"), running);
  EXPECT_TRUE(seen.held);
  EXPECT_GE(seen.ending, 2s);
}

TEST_F(LocalClusterTest, PreStopCountsAgainstTheGracePeriod) {
  const auto seen =
      machine.run(shell("trap 'sleep 0.3; exit 0' TERM; while :; do sleep 0.05; done",
                        R"("lifecycle":{"preStop":{"exec":{"command":["sleep","100"]}}})"),
                  running, R"("terminationGracePeriodSeconds":1,)");
  EXPECT_TRUE(seen.held);
  EXPECT_GE(seen.ending, 1s);
  EXPECT_LT(seen.ending, 10s);
  EXPECT_THAT(seen.events, Contains(HasSubstr("Warning FailedPreStopHook: ")));
}

}  // namespace
}  // namespace windlass::testing
