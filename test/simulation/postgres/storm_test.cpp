// The operator's own control loop, three replicas of it, in simulations with faults.

#include <windlass/testing/simulation_test.hpp>

#include "controllers/database_controller.hpp"
#include "postgres_model.hpp"

namespace postgres {
namespace {

using namespace std::chrono_literals;
namespace json = windlass::json;
namespace meta = windlass::meta;
using windlass::testing::Faults;
using windlass::testing::PodView;
using windlass::testing::SimulatedCluster;

Database database(const std::string& name, bool deletes_data = false) {
  Database db;
  db.metadata.name = name;
  db.spec.image = "postgres:15";
  db.spec.storage.size = "1Gi";
  db.spec.database = "shop";
  db.spec.owner = "seller";
  db.spec.deletion_policy = deletes_data ? ::api::v1::DatabaseSpecDeletionPolicy::delete_
                                         : ::api::v1::DatabaseSpecDeletionPolicy::retain;
  return db;
}

/// The operator in its cluster, with what must never happen to data watched all the time.
struct World {
  explicit World(SimulatedCluster& cluster) : sim(cluster) {
    sim.install(DATABASE_CRD);
    sim.image("postgres", [this](const PodView& view) { return model(view); });
    sim.always("data", [this] { return model.wrong; });
    sim.always<core::PersistentVolumeClaim>("retained volumes", [this] { return lost_claim(); });
    sim.start_replicas(3,
                       [](windlass::Manager& manager) {
                         add_database_controller(
                             manager, {.operator_image = "operator:1", .scram_rounds = 64});
                       },
                       {.operator_name = "postgres-operator"});
  }

  /// A claim that was there and went, though its Database says Retain.
  std::string lost_claim() {
    std::set<std::string> now;
    for (const auto& claim : sim.list<core::PersistentVolumeClaim>()) {
      now.insert(claim.metadata.name);
      if (claim.metadata.is_deleting()) now.erase(claim.metadata.name);
    }
    for (const auto& name : claims) {
      if (!now.contains(name) && !disposable.contains(name))
        return "the claim " + name + " was deleted";
    }
    claims = std::move(now);
    return {};
  }
  [[nodiscard]] bool ready(const std::string& name) const {
    const auto db = sim.find<Database>(name);
    return db && db->status.phase == ::api::v1::DatabaseStatusPhase::ready &&
           db->status.observed_generation == db->metadata.generation &&
           meta::is_condition_true(db->status.conditions, "Ready");
  }
  void set(const std::string& name, const char* parameter, const std::string& value) {
    json::Value change;
    change["spec"]["parameters"][parameter] = value;
    sim.patch<Database>(name, change);
  }
  void grow(const std::string& name, const std::string& size) {
    json::Value change;
    change["spec"]["storage"]["size"] = size;
    sim.patch<Database>(name, change);
  }

  SimulatedCluster& sim;
  PostgresModel model;
  std::set<std::string> claims;
  std::set<std::string> disposable;
};

/// Lets everything pass, when it answers.
void put_a_webhook_before_workloads(SimulatedCluster& sim) {
  const char* configuration = R"({"apiVersion": "admissionregistration.k8s.io/v1",
      "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "workloads"},
      "webhooks": [{"name": "workloads.example.com", "admissionReviewVersions": ["v1"],
        "sideEffects": "None", "timeoutSeconds": 5, "failurePolicy": "Fail",
        "rules": [{"apiGroups": ["", "apps"], "apiVersions": ["v1"],
                   "resources": ["statefulsets", "services", "persistentvolumeclaims"],
                   "operations": ["CREATE", "UPDATE", "DELETE"]}]}]})";
  sim.webhook(json::parse(configuration).value(), [](const json::Value&) {
    json::Value response;
    response["allowed"] = true;
    return response;
  });
}

/// Five minutes of faults over the life of three databases, and five of rest. In one
/// run of fifteen the API servers speak TLS, in one of fifteen they ask a webhook: so these can
/// fail, too.
void storm(SimulatedCluster& sim, const Faults& faults) {
  if (sim.seed() % 15 == 1) sim.use_tls();
  if (sim.seed() % 15 == 2) put_a_webhook_before_workloads(sim);
  World world(sim);
  world.disposable.insert("data-b-0");
  sim.apply(database("a"));
  sim.apply(database("b", true));
  sim.faults(faults);
  sim.run_for(1min);
  sim.apply(database("c"));
  world.set("a", "work_mem", "8MB");
  sim.run_for(1min);
  world.grow("a", "2Gi");
  sim.remove<Database>("b");
  sim.run_for(1min);
  sim.remove<Database>("c");
  world.set("a", "work_mem", "9MB");
  sim.run_for(1min);
  if (!sim.find<Database>("b")) sim.apply(database("b", true));
  if (!sim.find<Database>("c")) sim.apply(database("c"));
  sim.run_for(1min);
  sim.heal();
  sim.run_until_quiet(20min);  // backoff may have grown to ten minutes
  EXPECT_CONVERGED(world.ready("a"));
  EXPECT_EQ(sim.find<Database>("a")->status.storage_size, "2Gi");
  for (const auto& db : sim.list<Database>()) {
    EXPECT_TRUE(world.ready(db.metadata.name)) << db.metadata.name;
  }
  sim.stop_replicas();
}

SIMULATION(DatabasesInAStorm) { storm(sim, Faults::storm(sim.seed())); }

}  // namespace
}  // namespace postgres
