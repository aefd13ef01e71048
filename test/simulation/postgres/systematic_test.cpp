// The operator with three replicas, disturbed once at every point that there is.

#include <fstream>
#include <sstream>

#include <windlass/codegen/yaml.hpp>
#include <windlass/testing/simulation_test.hpp>
#include <windlass/testing/trials.hpp>

#include "controllers/database_controller.hpp"
#include "postgres_model.hpp"

namespace postgres {
namespace {

using namespace std::chrono_literals;
namespace json = windlass::json;
namespace meta = windlass::meta;
using windlass::testing::PodView;
using windlass::testing::SimulatedCluster;

/// Create, change, delete, create again.
void life(SimulatedCluster& sim) {
  PostgresModel model;
  sim.ignore(std::string(kTemplateAnnotation));
  sim.install(DATABASE_CRD);
  sim.image("postgres", [&](const PodView& view) { return model(view); });
  sim.always("data", [&] { return model.wrong; });
  sim.start_replicas(3,
                     [](windlass::Manager& manager) {
                       add_database_controller(
                           manager, {.operator_image = "operator:1", .scram_rounds = 64});
                     },
                     {.operator_name = "postgres-operator"});
  Database db;
  db.metadata.name = "shop";
  db.spec.image = "postgres:15";
  db.spec.storage.size = "1Gi";
  db.spec.database = "shop";
  db.spec.owner = "seller";
  sim.apply(db);
  sim.run_until_quiet(5min, 1s);
  json::Value change;
  change["spec"]["parameters"]["work_mem"] = "9MB";
  change["spec"]["storage"]["size"] = "2Gi";
  sim.patch<Database>("shop", change);
  sim.run_until_quiet(5min, 1s);
  sim.remove<Database>("shop");
  sim.run_until_quiet(5min, 1s);
  EXPECT_FALSE(sim.find<Database>("shop"));
  db.spec.storage.size = "2Gi";  // as the volume that was kept
  sim.apply(db);
  sim.run_until_quiet(5min, 1s);
  const auto found = sim.find<Database>("shop");
  EXPECT_CONVERGED(found && found->status.phase == ::api::v1::DatabaseStatusPhase::ready);
}

SYSTEMATIC_SIMULATION(KilledAfterEveryWrite, crash_after_write, 1000) { life(sim); }
SYSTEMATIC_SIMULATION(OldStateAfterEveryDeletion, stale_before_delete, 1000) { life(sim); }
SYSTEMATIC_SIMULATION(NotificationsHeldBack, withhold, 30) { life(sim); }

json::Value read_crd() {
  std::ifstream in(DATABASE_CRD);
  std::stringstream text;
  text << in.rdbuf();
  return windlass::codegen::parse_yaml(DATABASE_CRD, text.str()).value().front();
}

TEST(Trials, OfEveryFieldOfTwoDatabases) {
  SimulatedCluster sim;
  PostgresModel model;
  sim.ignore(std::string(kTemplateAnnotation));
  sim.install(DATABASE_CRD);
  sim.image("postgres", [&](const PodView& view) { return model(view); });
  sim.start_replicas(3,
                     [](windlass::Manager& manager) {
                       add_database_controller(
                           manager, {.operator_image = "operator:1", .scram_rounds = 64});
                     },
                     {.operator_name = "postgres-operator"});
  const auto make = [&](const std::string& name) {
    Database db;
    db.metadata.name = name;
    db.spec.image = "postgres:15";
    db.spec.storage.size = "1Gi";
    db.spec.database = "shop";
    db.spec.owner = "seller";
    return windlass::testing::trials_of(read_crd(), json::to_value(sim.apply(db)));
  };
  const std::vector<windlass::testing::ObjectTrials> objects{{"shop", make("shop")},
                                                             {"store", make("store")}};
  sim.run_until_quiet(5min, 1s);
  const auto count = objects[0].trials.size() + objects[1].trials.size();
  ASSERT_GT(count, 30u);
  const int refused =
      windlass::testing::run_trials<Database>(sim, objects, [](const Database& now) {
        if (now.status.observed_generation != now.metadata.generation) {
          return std::string("the status is of an older generation");
        }
        const auto* degraded = meta::find_condition(now.status.conditions, "Degraded");
        const bool says_why =
            degraded != nullptr && degraded->status == "True" && !degraded->message.empty();
        const bool ready = meta::is_condition_true(now.status.conditions, "Ready");
        return ready || says_why ? std::string()
                                 : std::string("neither ready nor a reason why not");
      });
  EXPECT_GT(refused, 10);
  EXPECT_LT(refused, static_cast<int>(count));
  RecordProperty("trials", static_cast<int>(count));
}

}  // namespace
}  // namespace postgres
