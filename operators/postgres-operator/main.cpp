// postgres-operator: makes Databases into running PostgreSQL servers. See README.md.

#include <windlass/manager/run.hpp>

#include "controllers/database_controller.hpp"

int main(int argc, char** argv) {
  windlass::ManagerOptions defaults;
  defaults.leader_election_id = "postgres-operator-leader";
  return windlass::run(argc, argv, std::move(defaults), [](windlass::Manager& manager) {
    const auto image = manager.environment().variable("OPERATOR_IMAGE");
    if (!image || image->empty()) {
      throw windlass::Exception(
          windlass::Errc::invalid_argument,
          "OPERATOR_IMAGE is not set: it names the image that holds /instance-manager, "
          "which is this operator's own");
    }
    postgres::add_database_controller(manager, {.operator_image = *image});
  });
}
