#pragma once
// Everything that an operator needs.
//
//   class MyReconciler final : public windlass::ObjectReconciler<api::v1::Database> { ... };
//
//   int main(int argc, char** argv) {
//     return windlass::run(argc, argv, {.leader_election_id = "databases.example.com"},
//                          [](windlass::Manager& manager) {
//       windlass::controller_managed_by(manager).reconciles<api::v1::Database>().complete<MyReconciler>();
//     });
//   }

#include <windlass/controller/builder.hpp>
#include <windlass/controller/predicates.hpp>
#include <windlass/manager/manager.hpp>
#include <windlass/manager/run.hpp>
#include <windlass/meta/condition.hpp>
