#pragma once
// A controller: sources fill a queue with keys, workers reconcile them.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <windlass/base/metrics.hpp>
#include <windlass/controller/reconciler.hpp>
#include <windlass/queue/rate_limiting_queue.hpp>

namespace windlass::inline v0 {

struct ControllerOptions {
  /// Workers. Range: 1 or more.
  int max_concurrent_reconciles = 1;
  /// A reconcile that takes longer is cancelled and retried; 0: never.
  Duration reconciliation_timeout = Duration::zero();
  /// Backoff of failing keys.
  Duration base_delay = std::chrono::milliseconds(5);
  Duration max_delay = std::chrono::seconds(1000);
  /// False: runs on every replica, also those that do not lead, and passes no write gate.
  bool needs_leader_election = true;
};

namespace controller {

/// Which keys an event of a watched object asks for. `before` is null for additions, `now` for
/// deletions.
using Mapper = std::function<std::vector<meta::ObjectKey>(const cache::ObjectPtr& object)>;

/// Erased predicate: true lets the event pass. Null pointers as in Mapper's comment.
using Filter = std::function<bool(const cache::ObjectPtr& before, const cache::ObjectPtr& now)>;

struct Source {
  const cache::Kind* kind;
  Mapper mapper;
  std::vector<Filter> filters;
};

/// Runs one reconcile. Empty key lookups have happened already for object reconcilers.
using ReconcileFunction = std::function<Task<Action>(Context)>;

}  // namespace controller

/// What a controller needs from its surroundings. The manager implements it.
class ControllerHost {
 public:
  virtual ~ControllerHost() = default;
  virtual Environment& environment() = 0;
  virtual cache::Cache& cache() = 0;
  /// Passes the write gate when `leader_only`.
  virtual client::Client client(bool leader_only) = 0;
  virtual MetricsRegistry& metrics() = 0;
  /// The fencing token of this leadership; empty without election or leadership.
  [[nodiscard]] virtual std::string epoch() const { return {}; }
  virtual void record_event(const meta::Resource& resource, const meta::ObjectMeta& object,
                            std::string_view type, std::string_view reason,
                            std::string_view note) = 0;
  virtual void add(std::unique_ptr<class Controller> controller) = 0;
};

/// Members are for the I/O executor.
class Controller {
 public:
  Controller(ControllerHost& host, std::string name, meta::Resource primary,
             ControllerOptions options, std::vector<controller::Source> sources,
             controller::ReconcileFunction reconcile);
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const ControllerOptions& options() const { return options_; }
  /// The type whose keys are reconciled.
  [[nodiscard]] const meta::Resource& primary() const { return primary_; }
  /// True when a predicate may hold back changes of the primary type.
  [[nodiscard]] bool filters_primary() const;
  /// Puts `around` in the place of the reconcile function, which it is given: for simulations and
  /// measurements. Before `run`.
  void intercept(
      const std::function<controller::ReconcileFunction(controller::ReconcileFunction)>& around) {
    reconcile_ = around(std::move(reconcile_));
  }

  /// Connects the sources to the cache's informers, so that events collect in the queue. Before
  /// `run`; on a standby too, which makes it warm.
  void watch_sources();
  /// Reconciles until cancelled; then lets running reconciles see the cancellation and returns when
  /// the last has ended.
  Task<void> run();
  /// Asks for a reconcile of `key`. Any thread.
  void enqueue(meta::ObjectKey key);

 private:
  struct Metrics;
  Task<void> work(int number);
  Task<void> process(meta::ObjectKey key);
  Task<void> settle_own_writes(meta::ObjectKey key);
  void conclude(const meta::ObjectKey& key, const Action& action);
  void conclude_failure(const meta::ObjectKey& key, const std::exception_ptr& failure);
  void log_success(const Logger& log, Duration took);

  ControllerHost& host_;
  std::string name_;
  meta::Resource primary_;
  ControllerOptions options_;
  std::vector<controller::Source> sources_;
  controller::ReconcileFunction reconcile_;
  client::Client client_;
  Logger log_;
  queue::RateLimitingQueue<meta::ObjectKey> queue_;
  std::shared_ptr<controller::AppliedBodies> applied_;
  std::map<meta::ObjectKey, std::vector<controller::PendingWrite>> own_writes_;
  std::unique_ptr<Metrics> metrics_;
  SteadyTime success_logged_{};
  std::uint64_t successes_unlogged_ = 0;
};

}  // namespace windlass::inline v0
