#pragma once
// The manager: starts and stops everything an operator is made of, in order.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <windlass/controller/builder.hpp>
#include <windlass/events/event_recorder.hpp>
#include <windlass/health/checks.hpp>
#include <windlass/leader_election/leader_elector.hpp>
#include <windlass/manager/options.hpp>
#include <windlass/metrics/registry.hpp>

namespace windlass::inline v0 {

/// Anything that lives as long as the manager runs. `run` returns when it is cancelled; an
/// exception stops the manager with exit code 1.
struct Runnable {
  std::string name;
  std::function<Task<void>()> run;
  bool needs_leader_election = false;
};

/// Owns a process' clients, cache, controllers, election and servers. Nothing in it is global:
/// several managers may live in one process. Members are for the I/O executor, before `run`, unless
/// stated otherwise.
///
/// Order of `run`: probe and metrics servers; caches, until the first lists are in (standbys keep
/// them warm); runnables that need no leadership; election; controllers and runnables that do.
/// Order of a stop (SIGTERM, SIGINT or `stop`): controllers and leader-only runnables, which see a
/// cancellation; the others; the lease is released and the next holder awaited for a retry period;
/// events; caches; servers. Exit code 0. What does not stop within graceful_shutdown_timeout is
/// named in the log, the lease is not released, and the process ends with 1.
/// A lost lease ends the process at once with exit code 1 and without a graceful stop: another
/// instance may lead already.
class Manager final : public ControllerHost {
 public:
  /// Throws Exception(invalid_argument) for options that break a rule.
  Manager(Environment& environment, client::Config config, ManagerOptions options);
  ~Manager() override;
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  Environment& environment() override { return environment_; }
  cache::Cache& cache() override { return *cache_; }
  MetricsRegistry& metrics() override;
  [[nodiscard]] const ManagerOptions& options() const { return options_; }
  /// Shares the manager's connections. `leader_only`: mutating verbs pass the write gate.
  client::Client client(bool leader_only = true) override;
  [[nodiscard]] const events::EventRecorder& events() const { return events_; }
  void record_event(const meta::Resource& resource, const meta::ObjectMeta& object,
                    std::string_view type, std::string_view reason, std::string_view note) override;

  void add(std::unique_ptr<Controller> controller) override;
  void add(Runnable runnable);
  /// Named checks of /healthz and /readyz; a name twice throws Exception(invalid_argument).
  void add_healthz_check(std::string name, health::Check check);
  void add_readyz_check(std::string name, health::Check check);

  /// Runs until a signal, `stop`, a lost lease or a failure. Returns the exit code. Once.
  Task<int> run();
  /// Asks `run` to stop gracefully. Any thread.
  void stop();
  /// True while this instance leads (always, without election). Any thread.
  [[nodiscard]] bool is_leader() const;
  [[nodiscard]] const leader_election::LeaderElector* elector() const { return elector_.get(); }
  [[nodiscard]] std::string epoch() const override {
    return elector_ ? elector_->epoch() : std::string();
  }
  [[nodiscard]] const std::vector<std::unique_ptr<Controller>>& controllers() const {
    return controllers_;
  }

 private:
  struct Servers;
  void prepare_election();
  void start_servers();
  Task<void> start_up();
  Task<void> elect();
  Task<void> wait_for_signal();
  Task<void> stop_work(std::shared_ptr<Event> stopped);
  Task<void> shut_down();
  void start_group(TaskGroup& group, bool leader_only);
  void fail(std::string_view what, const std::exception_ptr& failure);

  Environment& environment_;
  client::Config config_;
  ManagerOptions options_;
  Logger log_;
  std::shared_ptr<metrics::Registry> metrics_;
  std::shared_ptr<leader_election::LeaderElector> elector_;
  client::Client client_;
  std::unique_ptr<cache::Cache> cache_;
  events::EventRecorder events_;
  health::Checks healthz_;
  health::Checks readyz_;
  std::vector<std::unique_ptr<Controller>> controllers_;
  std::vector<Runnable> runnables_;

  std::unique_ptr<Servers> servers_;
  TaskGroup caches_;
  TaskGroup others_;
  TaskGroup leaders_;
  TaskGroup election_;
  TaskGroup supervision_;
  Event stop_requested_;
  int exit_code_ = 0;
};

}  // namespace windlass::inline v0
