#pragma once
// The reconciler of Database.

#include <map>
#include <mutex>
#include <string>

#include <windlass/controller/builder.hpp>

#include "controllers/credentials.hpp"
#include "controllers/desired.hpp"

namespace postgres {

struct DatabaseControllerOptions {
  /// The image that holds /instance-manager: the operator's own.
  std::string operator_image;
  int max_concurrent_reconciles = 4;
  /// Of the password's hash; at least 4096 outside of simulations.
  int scram_rounds = kScramRounds;
};

class DatabaseReconciler final : public windlass::ObjectReconciler<Database> {
 public:
  explicit DatabaseReconciler(DatabaseControllerOptions options) : options_(std::move(options)) {}
  windlass::Task<windlass::Action> reconcile(windlass::Context context,
                                             windlass::Ref<Database> database) override;

 private:
  /// The Secrets are not watched (the operator may not list Secrets), so what they hold is
  /// remembered for a few minutes, or until the instance manager reports another password's
  /// verifier. Guarded by mutex_; keyed by the Database's UID.
  struct Remembered {
    windlass::SteadyTime at;
    std::string spec;
    std::string verifier_hash;
  };
  bool looked_recently(const Database& db, const std::optional<Report>& report,
                       windlass::SteadyTime now);
  void remember(const Database& db, std::string verifier_hash, windlass::SteadyTime now);

  /// The name of a Secret that is somebody else's and therefore not touched; otherwise nothing.
  windlass::Task<std::string> ensure_secrets(windlass::Context context, windlass::Ref<Database> db,
                                             std::optional<Report> report);
  windlass::Task<void> apply_objects(windlass::Context context, windlass::Ref<Database> db);
  windlass::Task<windlass::Action> finalize(windlass::Context context, windlass::Ref<Database> db);

  DatabaseControllerOptions options_;
  std::mutex mutex_;
  std::map<std::string, Remembered> remembered_;
};

/// Wires the reconciler to what it watches.
void add_database_controller(windlass::ControllerHost& host, DatabaseControllerOptions options);

}  // namespace postgres
