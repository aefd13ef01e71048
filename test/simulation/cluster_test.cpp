// The simulated cluster itself: the smallest operator in it, with and without faults.

#include <fstream>

#include <windlass/api/coordination_v1.hpp>
#include <windlass/testing/simulation_test.hpp>

#include "greeting_reconciler.hpp"

namespace windlass::testing {
namespace {

using namespace std::chrono_literals;
using api::core::v1::ConfigMap;
using ::api::v1::Greeting;

Greeting greeting(const std::string& name, const std::string& who) {
  Greeting made;
  made.metadata.name = name;
  made.spec.name = who;
  return made;
}

void add_hello(Manager& manager) {
  controller_managed_by(manager)
      .reconciles<Greeting>()
      .owns<ConfigMap>()
      .complete<hello::GreetingReconciler>();
}

std::string page(SimulatedCluster& sim, const std::string& name) {
  const auto map = sim.find<ConfigMap>(name);
  return map && map->data.contains("greeting") ? map->data.at("greeting") : "none";
}

void storm(SimulatedCluster& sim) {
  sim.install(GREETING_CRD);
  sim.start_replicas(3, add_hello);
  for (int i = 0; i < 5; ++i) sim.apply(greeting("greeting-" + std::to_string(i), "world"));
  sim.faults(Faults::storm(sim.seed()));
  for (int i = 0; i < 5; ++i) {
    sim.run_for(1min);
    sim.apply(greeting("greeting-" + std::to_string(i), "moon"));
  }
  sim.heal();
  sim.run_until_quiet(20min);
}

SIMULATION(HelloWithoutFaults) {
  sim.install(GREETING_CRD);
  sim.start_replicas(3, add_hello);
  sim.apply(greeting("world", "world"));
  sim.run_until_quiet(5min);
  EXPECT_CONVERGED(page(sim, "world") == "Hello, world!");
  sim.stop_replicas();
}

SIMULATION(HelloOfOneNamespaceLeavesOthersAlone) {
  sim.install(GREETING_CRD);
  sim.start_replicas(3, add_hello, {.namespaces = {"default"}});
  sim.apply(greeting("here", "world"));
  auto elsewhere = greeting("there", "world");
  elsewhere.metadata.namespace_ = "kube-public";
  sim.apply(elsewhere);
  sim.run_until_quiet(5min);
  EXPECT_CONVERGED(page(sim, "here") == "Hello, world!");
  EXPECT_FALSE(sim.find<ConfigMap>("there", "kube-public"));
  sim.stop_replicas();
}

/// What docs/benchmarks.md counts.
SIMULATION(TwentyGreetingsForTenMinutes) {
  sim.install(GREETING_CRD);
  sim.start_replicas(3, add_hello);
  for (int i = 0; i < 20; ++i) sim.apply(greeting("greeting-" + std::to_string(i), "world"));
  sim.faults(Faults::storm(sim.seed()));
  for (int i = 0; i < 10; ++i) {
    sim.run_for(1min);
    sim.apply(greeting("greeting-" + std::to_string(2 * i), "moon"));
  }
}

SIMULATION(HelloInAStorm) {
  storm(sim);
  EXPECT_CONVERGED(page(sim, "greeting-3") == "Hello, moon!");
  sim.stop_replicas();
}

/// What webhooks would see of ConfigMaps that replicas write.
json::Value webhook_configuration() {
  return json::parse(R"({"apiVersion": "admissionregistration.k8s.io/v1",
      "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "pages"},
      "webhooks": [{"name": "pages.example.com", "admissionReviewVersions": ["v1"],
        "sideEffects": "None", "timeoutSeconds": 5, "failurePolicy": "Fail",
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"],
                   "operations": ["CREATE", "UPDATE"]}]}]})")
      .value();
}

SIMULATION(HelloBehindAWebhookThatTimesOut) {
  int asked = 0;
  sim.install(GREETING_CRD);
  sim.webhook(webhook_configuration(), [&](const json::Value& request) {
    ++asked;
    json::Value response;
    const auto text = request["object"]["data"]["greeting"].string_or("");
    response["allowed"] = text.find("moon") == std::string_view::npos;
    response["status"]["message"] = "no moon";
    return response;
  });
  sim.start_replicas(3, add_hello);
  sim.faults({.crash = 0.02, .webhook = 0.05});
  for (int i = 0; i < 5; ++i) {
    sim.apply(greeting("greeting-" + std::to_string(i), i % 2 == 0 ? "world" : "moon"));
    sim.run_for(1min);
  }
  sim.heal();
  ASSERT_TRUE(sim.run_until([&] { return page(sim, "greeting-4") == "Hello, world!"; }, 15min));
  EXPECT_EQ(page(sim, "greeting-0"), "Hello, world!");
  EXPECT_EQ(page(sim, "greeting-1"), "none");
  EXPECT_GT(asked, 5);
}

/// Runs greetings through `faults` and comes to rest.
void endure(SimulatedCluster& sim, const Faults& faults) {
  sim.install(GREETING_CRD);
  sim.start_replicas(3, add_hello);
  sim.faults(faults);
  for (int i = 0; i < 5; ++i) {
    sim.apply(greeting("greeting-" + std::to_string(i), "world"));
    sim.run_for(1min);
  }
  sim.heal();
  sim.run_until_quiet(20min);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(page(sim, "greeting-" + std::to_string(i)), "Hello, world!");
  }
}

bool happened(const SimulatedCluster& sim, std::string_view text) {
  return sim.trace().text().find(text) != std::string::npos;
}

SIMULATION(HelloWithBrokenWatches) {
  endure(sim, {.drop = 0.05, .broken_watches = true});
  sim.stop_replicas();
}

SIMULATION(HelloWithWildClocks) { endure(sim, {.pause = 0.05, .clock = 0.1, .wild_clocks = true}); }

SIMULATION(HelloWhenMemoryRunsOut) {
  endure(sim, {.allocation = 0.2});
  EXPECT_TRUE(happened(sim, "memory runs out"));
  sim.stop_replicas();
}

SIMULATION(HelloWhenTokensExpire) {
  endure(sim, {.token_expiry = 0.05});
  EXPECT_TRUE(happened(sim, ": 401"));
  sim.stop_replicas();
}

SIMULATION(HelloWhenCertificatesRotate) {
  sim.use_tls();
  endure(sim, {.certificates = 0.01});
  EXPECT_TRUE(happened(sim, "a new authority is trusted") || sim.drawn_faults().empty());
  sim.stop_replicas();
}

TEST(Cluster, AStuckLeaderIsEndedByItsWatchdog) {
  SimulatedCluster sim({.seed = 4});
  sim.install(GREETING_CRD);
  sim.start_replicas(3, add_hello);
  ASSERT_TRUE(sim.run_until([&] { return sim.leader() >= 0; }, 1min));
  auto& stuck = sim.replica(sim.leader());
  stuck.stall(5min);
  ASSERT_TRUE(sim.run_until([&] { return !stuck.alive(); }, 13s));
  EXPECT_EQ(stuck.exit_code(), kWatchdogExitCode);
  sim.apply(greeting("world", "world"));
  sim.run_until_quiet(5min);
  EXPECT_EQ(page(sim, "world"), "Hello, world!");
}

/// Takes longer than a cluster has to be calm to be at rest.
class SlowReconciler final : public ObjectReconciler<Greeting> {
 public:
  Task<Action> reconcile(Context context, Ref<Greeting> greeting) override {
    co_await sleep_for(context.clock(), 61500ms);
    ConfigMap page;
    page.metadata.name = greeting->metadata.name;
    page.metadata.namespace_ = greeting->metadata.namespace_;
    page.data["greeting"] = "at last";
    co_await context.apply(page);
    co_return await_change();
  }
};

TEST(Cluster, IsNotAtRestWhileSomethingIsReconciled) {
  SimulatedCluster sim({.seed = 5});
  sim.install(GREETING_CRD);
  sim.start_replicas(1, [](Manager& manager) {
    controller_managed_by(manager)
        .reconciles<Greeting>()
        .owns<ConfigMap>()
        .complete<SlowReconciler>();
  });
  ASSERT_TRUE(sim.run_until([&] { return sim.leader() >= 0; }, 1min));
  sim.apply(greeting("world", "world"));
  sim.run_until_quiet(10min, 2s);
  EXPECT_TRUE(sim.converged());
  EXPECT_EQ(page(sim, "world"), "at last");
}

/// Notes which epoch it worked in.
class EpochReader final : public ObjectReconciler<Greeting> {
 public:
  explicit EpochReader(std::vector<std::uint64_t>* epochs) : epochs_(epochs) {}
  Task<Action> reconcile(Context context, Ref<Greeting>) override {
    const auto epoch = context.epoch();
    epochs_->push_back(std::strtoull(epoch.c_str(), nullptr, 10));
    co_return await_change();
  }

 private:
  std::vector<std::uint64_t>* epochs_;
};

TEST(Cluster, EveryLeaderHasAGreaterEpoch) {
  SimulatedCluster sim({.seed = 3});
  std::vector<std::uint64_t> epochs;
  sim.install(GREETING_CRD);
  sim.start_replicas(3, [&](Manager& manager) {
    controller_managed_by(manager).reconciles<Greeting>().complete<EpochReader>(&epochs);
  });
  sim.apply(greeting("world", "world"));
  std::size_t seen = 0;
  for (int life = 0; life < 4; ++life) {
    ASSERT_TRUE(sim.run_until([&] { return epochs.size() > seen; }, 1min)) << life;
    const auto lease = sim.find<api::coordination::v1::Lease>("operator", "operators");
    ASSERT_TRUE(lease);
    EXPECT_GT(epochs.back(), life == 0 ? 0 : epochs[seen - 1]) << life;
    EXPECT_LE(epochs.back(), std::strtoull(lease->metadata.resource_version.c_str(), nullptr, 10));
    seen = epochs.size();
    sim.replica(sim.leader()).crash();
    // leaseTransitions begins again with the next Lease; versions do not
    if (life == 1) ASSERT_TRUE(sim.remove<api::coordination::v1::Lease>("operator", "operators"));
  }
}

TEST(Cluster, ARuleOfOneKindIsAskedAfterItsChangesOnly) {
  SimulatedCluster sim;
  int asked = 0;
  constexpr int wrong_at = 3;
  sim.always<ConfigMap>("few maps", [&] {
    return ++asked < wrong_at ? std::string() : "asked " + std::to_string(asked) + " times";
  });
  const auto put = [&](auto object, const char* name) {
    object.metadata.name = name;
    sim.apply(object);
    sim.run_for(1s);
  };
  put(ConfigMap{}, "a");
  put(api::core::v1::Secret{}, "b");
  put(api::core::v1::ServiceAccount{}, "c");
  EXPECT_EQ(asked, 1);
  put(ConfigMap{}, "d");
  EXPECT_EQ(asked, 2);
  EXPECT_THROW(put(ConfigMap{}, "e"), Violation);
}

TEST(Cluster, TheSameSeedGivesTheSameTrace) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::string traces[2];
    for (auto& trace : traces) {
      SimulatedCluster sim({.seed = seed});
      storm(sim);
      trace = sim.trace().text() + std::to_string(sim.simulation().trace_hash());
    }
    ASSERT_EQ(traces[0], traces[1]) << "seed " << seed;
    ASSERT_GT(traces[0].size(), 10'000u);
  }
}

}  // namespace
}  // namespace windlass::testing
