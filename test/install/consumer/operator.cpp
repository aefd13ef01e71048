// A whole operator, as small as one can be.
#include <api/v1/database.hpp>

#include <windlass/windlass.hpp>

class Reconciler final : public windlass::ObjectReconciler<api::v1::Database> {
  windlass::Task<windlass::Action> reconcile(windlass::Context,
                                             windlass::Ref<api::v1::Database>) override {
    co_return windlass::await_change();
  }
};

int main(int argc, char** argv) {
  return windlass::run(argc, argv, {.leader_election_id = "consumer"},
                       [](windlass::Manager& manager) {
                         windlass::controller_managed_by(manager)
                             .reconciles<api::v1::Database>()
                             .complete<Reconciler>();
                       });
}
