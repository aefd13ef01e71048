// Whole managers against the in-memory API server, in virtual time.

#include <gtest/gtest.h>

#include <windlass/api/coordination_v1.hpp>
#include <windlass/api/core_v1.hpp>
#include <windlass/api_server/server.hpp>
#include <windlass/testing/simulation.hpp>
#include <windlass/windlass.hpp>

namespace windlass {
namespace {

using namespace std::chrono_literals;
namespace core = api::core::v1;
namespace coordination = api::coordination::v1;

/// Copies each ConfigMap's "text" into a Secret-like twin ConfigMap of its own.
class CopyReconciler final : public ObjectReconciler<core::ConfigMap> {
 public:
  explicit CopyReconciler(std::map<std::string, int>* reconciles) : reconciles_(reconciles) {}

  Task<Action> reconcile(Context context, Ref<core::ConfigMap> source) override {
    ++(*reconciles_)[source->metadata.name];
    if (source->metadata.labels.contains("copy-of")) co_return await_change();
    core::ConfigMap copy;
    copy.metadata.name = source->metadata.name + "-copy";
    copy.metadata.namespace_ = source->metadata.namespace_;
    copy.metadata.labels["copy-of"] = source->metadata.name;
    copy.data = source->data;
    co_await context.apply(copy);
    co_return await_change();
  }

 private:
  std::map<std::string, int>* reconciles_;
};

class ManagerSimulation : public ::testing::Test {
 protected:
  ManagerSimulation() : server(sim.process("api")) {
    server.start([](testing::SimulatedProcess& process) -> Task<void> {
      api_server::ServerOptions options;
      options.listen = {"", 6443};
      options.tls = false;
      auto api = std::make_shared<api_server::Server>(process, process.io(), options);
      process.keep(api);
      auto serving = api->run();
      co_await std::move(serving);
    });
  }

  client::Config config() const {
    client::Config made;
    made.server = {"api", 6443};
    return made;
  }

  /// Starts a replica of the copying operator.
  testing::SimulatedProcess& replica(const std::string& name) {
    auto& process = sim.process(name);
    process.start([this](testing::SimulatedProcess& self) -> Task<void> {
      auto running = run_replica(self, config(), &reconciles[self.name()]);
      co_await std::move(running);
    });
    return process;
  }

  static Task<void> run_replica(testing::SimulatedProcess& self, client::Config server,
                                std::map<std::string, int>* counts) {
    ManagerOptions options;
    options.operator_name = "copier";
    options.leader_election = true;
    options.leader_election_id = "copier";
    options.leader_election_namespace = "default";
    auto manager = std::make_shared<Manager>(self, server, options);
    self.keep(manager);
    controller_managed_by(*manager)
        .reconciles<core::ConfigMap>()
        .owns<core::ConfigMap>()
        .complete<CopyReconciler>(counts);
    auto running = manager->run();
    const int code = co_await std::move(running);
    if (code != 0) self.terminate(code);
  }

  client::Client user() {
    auto& process = sim.process("user");
    return client::Client(process, process.io(), config());
  }
  template <class T>
  T run(Task<T> task) {
    return sim.run(sim.process("user"), std::move(task), 10min);
  }

  void create(const std::string& name, const std::string& text) {
    core::ConfigMap map;
    map.metadata.name = name;
    map.metadata.namespace_ = "default";
    map.data["text"] = text;
    run(user().create(map));
  }
  std::string copied(const std::string& name) {
    const auto copy = run(user().find<core::ConfigMap>({"default", name + "-copy"}));
    return copy ? copy->data.at("text") : std::string();
  }
  bool copied_within(const std::string& name, const std::string& text, Duration limit) {
    const auto until = sim.now() + limit;
    while (sim.now() < until) {
      if (copied(name) == text) return true;
      sim.run_for(100ms);
    }
    return false;
  }
  std::string leader() {
    const auto lease = run(user().find<coordination::Lease>({"default", "copier"}));
    if (!lease) return {};
    const auto& holder = lease->spec.holder_identity;
    return holder.substr(0, holder.find('_'));
  }

  testing::Simulation sim{1};
  testing::SimulatedProcess& server;
  std::map<std::string, std::map<std::string, int>> reconciles;
};

TEST_F(ManagerSimulation, SaysHowToMendCredentialsThatAreRefused) {
  auto& process = sim.process("a");
  process.start([this](testing::SimulatedProcess& self) -> Task<void> {
    auto server = config();
    server.bearer_token = "expired";
    auto running = run_replica(self, server, &reconciles[self.name()]);
    co_await std::move(running);
  });
  sim.run_for(1min);
  EXPECT_TRUE(sim.logged("renew the kubeconfig's token", "a")) << sim.log_text();
  EXPECT_TRUE(reconciles["a"].empty());
}

TEST_F(ManagerSimulation, ReconcilesAndStopsOnSigterm) {
  auto& process = replica("a");
  create("one", "hello");
  EXPECT_TRUE(copied_within("one", "hello", 10s)) << sim.log_text();
  EXPECT_EQ(leader(), "a");
  process.send_signal(15);
  sim.run_for(5s);
  EXPECT_TRUE(sim.logged("Stopped exitCode=0", "a")) << sim.log_text();
  EXPECT_EQ(leader(), "") << "the lease is released";
}

TEST_F(ManagerSimulation, AtRestNothingIsWritten) {
  replica("a");
  create("one", "hello");
  ASSERT_TRUE(copied_within("one", "hello", 10s)) << sim.log_text();
  sim.run_for(5s);
  const auto before = run(user().get<core::ConfigMap>({"default", "one-copy"}));
  sim.run_for(1h);
  const auto after = run(user().get<core::ConfigMap>({"default", "one-copy"}));
  EXPECT_EQ(before.metadata.resource_version, after.metadata.resource_version);
}

TEST_F(ManagerSimulation, AnotherReplicaTakesOverAfterACrash) {
  for (const auto* name : {"a", "b", "c"}) replica(name);
  create("one", "hello");
  ASSERT_TRUE(copied_within("one", "hello", 20s)) << sim.log_text();
  const auto first = leader();
  sim.process(first).crash();
  create("two", "written in the gap");
  EXPECT_TRUE(copied_within("two", "written in the gap", 15s + 3s)) << sim.log_text();
  EXPECT_NE(leader(), first);
}

TEST_F(ManagerSimulation, HandsOverAtOnceOnSigterm) {
  for (const auto* name : {"a", "b", "c"}) replica(name);
  create("one", "hello");
  ASSERT_TRUE(copied_within("one", "hello", 20s)) << sim.log_text();
  const auto first = leader();
  sim.process(first).send_signal(15);
  create("two", "during the hand-over");
  EXPECT_TRUE(copied_within("two", "during the hand-over", 1s)) << sim.log_text();
  EXPECT_NE(leader(), first);
}

TEST_F(ManagerSimulation, SurvivesARestartOfTheServer) {
  replica("a");
  create("one", "hello");
  ASSERT_TRUE(copied_within("one", "hello", 10s)) << sim.log_text();
  sim.cut(sim.process("a"), server);
  run(user().patch<core::ConfigMap>({"default", "one"}, client::PatchType::merge,
                                    json::parse(R"({"data":{"text":"changed"}})").value()));
  EXPECT_TRUE(copied_within("one", "changed", 60s)) << sim.log_text();
}

}  // namespace
}  // namespace windlass
