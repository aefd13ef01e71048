#include <algorithm>

#include <boost/asio/strand.hpp>

#include <windlass/controller/controller.hpp>

namespace windlass::inline v0 {

using namespace std::chrono_literals;

namespace {

constexpr Duration kOwnWriteLimit = 5s;
/// At most one "Reconciled" line per controller in this time.
constexpr Duration kSuccessLogInterval = 1s;
constexpr int kInitialListPriority = -100;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

const std::vector<double>& reconcile_time_buckets() {
  static const std::vector<double> buckets{
      0.005, 0.01, 0.025, 0.05, 0.1,  0.15, 0.2,  0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6,
      0.7,   0.8,  0.9,   1.0,  1.25, 1.5,  1.75, 2.0,  2.5, 3.0,  3.5, 4.0,  4.5, 5,
      6,     7,    8,     9,    10,   15,   20,   25,   30,  40,   50,  60};
  return buckets;
}

bool passes(const controller::Source& source, const cache::ObjectPtr& before,
            const cache::ObjectPtr& now) {
  for (const auto& filter : source.filters) {
    if (!filter(before, now)) return false;
  }
  return true;
}

/// Keeps what a reconcile threw, so that it can cross executors as a value.
Task<Action> run_reconcile(controller::ReconcileFunction reconcile, Context context) {
  auto reconciling = reconcile(std::move(context));
  co_return co_await std::move(reconciling);
}

}  // namespace

/// controller-runtime's instruments (pkg/internal/controller/metrics).
struct Controller::Metrics {
  Metrics(MetricsRegistry& registry, const std::string& name, int workers)
      : success(result(registry, name, "success")),
        requeue_after(result(registry, name, "requeue_after")),
        error(result(registry, name, "error")),
        errors(registry.counter("controller_runtime_reconcile_errors_total",
                                "Total number of reconciliation errors per controller",
                                {{"controller", name}})),
        terminal_errors(
            registry.counter("controller_runtime_terminal_reconcile_errors_total",
                             "Total number of terminal reconciliation errors per controller",
                             {{"controller", name}})),
        timeouts(registry.counter("controller_runtime_reconcile_timeouts_total",
                                  "Total number of reconciliation timeouts per controller",
                                  {{"controller", name}})),
        time(registry.histogram("controller_runtime_reconcile_time_seconds",
                                "Length of time per reconciliation per controller",
                                {{"controller", name}}, reconcile_time_buckets())),
        active(registry.gauge("controller_runtime_active_workers",
                              "Number of currently used workers per controller",
                              {{"controller", name}})) {
    registry
        .gauge("controller_runtime_max_concurrent_reconciles",
               "Maximum number of concurrent reconciles per controller", {{"controller", name}})
        .set(workers);
  }
  static Counter& result(MetricsRegistry& registry, const std::string& name, const char* value) {
    return registry.counter("controller_runtime_reconcile_total",
                            "Total number of reconciliations per controller",
                            {{"controller", name}, {"result", value}});
  }
  Counter& success;
  Counter& requeue_after;
  Counter& error;
  Counter& errors;
  Counter& terminal_errors;
  Counter& timeouts;
  Histogram& time;
  Gauge& active;
};

Controller::Controller(ControllerHost& host, std::string name, meta::Resource primary,
                       ControllerOptions options, std::vector<controller::Source> sources,
                       controller::ReconcileFunction reconcile)
    : host_(host),
      name_(std::move(name)),
      primary_(primary),
      options_(options),
      sources_(std::move(sources)),
      reconcile_(std::move(reconcile)),
      client_(host.client(options.needs_leader_election)),
      log_(host.environment()
               .log()
               .named("controller")
               .with({{"controller", name_},
                      {"controllerGroup", primary.group},
                      {"controllerKind", primary.kind}})),
      queue_(host.environment(), client_.executor(),
             {.name = name_,
              .base_delay = options.base_delay,
              .max_delay = options.max_delay,
              .metrics = &host.metrics()}),
      applied_(std::make_shared<controller::AppliedBodies>()),
      metrics_(
          std::make_unique<Metrics>(host.metrics(), name_, options.max_concurrent_reconciles)) {
  if (options_.max_concurrent_reconciles < 1) {
    throw Exception(Errc::invalid_argument,
                    "controller \"" + name_ + "\": max_concurrent_reconciles must be 1 or more");
  }
}

Controller::~Controller() = default;

bool Controller::filters_primary() const {
  return std::any_of(sources_.begin(), sources_.end(), [this](const controller::Source& source) {
    return source.kind->resource.plural == primary_.plural &&
           source.kind->resource.group == primary_.group && !source.filters.empty();
  });
}

void Controller::watch_sources() {
  for (const auto& source : sources_) {
    auto& informer = host_.cache().informer(*source.kind);
    cache::ObjectHandler handler;
    handler.on_add = [this, &source](const cache::ObjectPtr& object, bool initial) {
      if (!passes(source, nullptr, object)) return;
      for (auto& key : source.mapper(object)) queue_.add(key, initial ? kInitialListPriority : 0);
    };
    handler.on_update = [this, &source](const cache::ObjectPtr& before,
                                        const cache::ObjectPtr& now) {
      if (!passes(source, before, now)) return;
      const bool resync = before == now;
      for (auto& key : source.mapper(now)) queue_.add(key, resync ? kInitialListPriority : 0);
      if (resync) return;
      for (auto& key : source.mapper(before)) queue_.add(key, 0);
    };
    handler.on_delete = [this, &source](const cache::ObjectPtr& last) {
      if (!passes(source, last, nullptr)) return;
      for (auto& key : source.mapper(last)) queue_.add(key, 0);
    };
    informer.add_handler(std::move(handler));
  }
}

void Controller::enqueue(meta::ObjectKey key) { queue_.add(std::move(key), 0); }

Task<void> Controller::run() {
  log_.info("Starting workers", {{"workerCount", options_.max_concurrent_reconciles}});
  TaskGroup workers(client_.executor(),
                    [this](std::string_view worker, std::exception_ptr failure) {
                      log_.error("A worker stopped; this is a bug",
                                 {{"worker", worker}, {"error", describe(failure).message}});
                      host_.environment().terminate(1);
                    });
  for (int i = 0; i < options_.max_concurrent_reconciles; ++i) {
    auto worker = work(i);
    workers.spawn(name_ + " worker " + std::to_string(i), std::move(worker));
  }
  std::exception_ptr stopped;
  try {
    co_await workers.join();
  } catch (...) {
    stopped = std::current_exception();
  }
  queue_.shut_down();
  co_await ignore_cancellation();
  co_await workers.stop();
  log_.info("All workers finished");
  if (stopped) std::rethrow_exception(stopped);
}

Task<void> Controller::work(int) {
  for (;;) {
    auto next = queue_.get();
    const auto key = co_await std::move(next);
    if (!key) co_return;
    metrics_->active.add(1);
    std::exception_ptr stopped;
    try {
      auto processing = process(*key);
      co_await std::move(processing);
    } catch (...) {
      stopped = std::current_exception();  // only a cancellation gets here
    }
    metrics_->active.add(-1);
    queue_.done(*key);
    if (stopped) std::rethrow_exception(stopped);
  }
}

Task<void> Controller::process(meta::ObjectKey key) {
  auto settling = settle_own_writes(key);
  co_await std::move(settling);
  auto& environment = host_.environment();
  const auto reconcile_id = environment.random().uuid();
  const auto log =
      log_.with({{"namespace", key.namespace_}, {"name", key.name}, {"reconcileID", reconcile_id}});
  auto state = std::make_shared<controller::ContextState>(controller::ContextState{
      .environment = environment,
      .client = client_,
      .cache = host_.cache(),
      .applied = applied_,
      .record_event =
          [this](const meta::Resource& resource, const meta::ObjectMeta& object,
                 std::string_view type, std::string_view reason, std::string_view note) {
            host_.record_event(resource, object, type, reason, note);
          },
      .log = log,
      .request = key,
      .epoch = [this] { return host_.epoch(); },
  });
  const auto started = environment.clock().steady_now();
  Action action;
  std::exception_ptr failure;
  try {
    // a strand, because timeouts and parallel awaits of user code need one (rule 8)
    const Executor strand = boost::asio::make_strand(environment.workers());
    auto reconciling = run_reconcile(reconcile_, Context(state));
    if (options_.reconciliation_timeout > Duration::zero()) {
      reconciling = with_timeout(environment.clock(), options_.reconciliation_timeout,
                                 "reconciling " + key.to_string(), std::move(reconciling));
    }
    action = co_await run_on(strand, std::move(reconciling));
  } catch (...) {
    failure = std::current_exception();
  }
  const auto took = environment.clock().steady_now() - started;
  if (!state->pending.empty()) own_writes_[key] = std::move(state->pending);
  if (is_cancellation(failure)) std::rethrow_exception(failure);
  metrics_->time.observe(seconds(took));
  if (failure) {
    conclude_failure(key, failure);
  } else {
    conclude(key, action);
    log_success(log, took);
  }
}

Task<void> Controller::settle_own_writes(meta::ObjectKey key) {
  const auto found = own_writes_.find(key);
  if (found == own_writes_.end()) co_return;
  const auto writes = std::move(found->second);
  own_writes_.erase(found);
  for (const auto& write : writes) {
    auto* informer = host_.cache().find(write.resource);
    if (informer == nullptr) continue;
    auto waiting = write.removed_uid.empty()
                       ? informer->wait_for_version(write.key.namespace_, write.resource_version,
                                                    kOwnWriteLimit)
                       : informer->wait_for_removal(write.key, write.removed_uid, kOwnWriteLimit);
    co_await std::move(waiting);
  }
}

void Controller::conclude(const meta::ObjectKey& key, const Action& action) {
  queue_.forget(key);
  if (action.delay()) {
    queue_.add_after(key, *action.delay());
    metrics_->requeue_after.add();
  } else {
    metrics_->success.add();
  }
}

void Controller::conclude_failure(const meta::ObjectKey& key, const std::exception_ptr& failure) {
  bool terminal = false;
  bool conflict = false;
  try {
    std::rethrow_exception(failure);
  } catch (const TerminalError&) {
    terminal = true;
  } catch (const client::ApiError& error) {
    conflict = error.is_conflict();
  } catch (...) {
  }
  const auto error = describe(failure);
  metrics_->error.add();
  metrics_->errors.add();
  if (error.code == Errc::timeout) metrics_->timeouts.add();
  if (terminal) {
    metrics_->terminal_errors.add();
    queue_.forget(key);
  } else {
    queue_.add_rate_limited(key);
  }
  // somebody else changed the object first: daily business, seen again right away
  log_.log(conflict ? LogLevel::info : LogLevel::error,
           conflict ? "Reconcile met a newer version, will retry" : "Reconciler error",
           {{"namespace", key.namespace_},
            {"name", key.name},
            {"error", error.message},
            {"terminal", terminal},
            {"failures", queue_.num_requeues(key)}});
}

void Controller::log_success(const Logger& log, Duration took) {
  const auto now = host_.environment().clock().steady_now();
  ++successes_unlogged_;
  if (success_logged_ != SteadyTime{} && now - success_logged_ < kSuccessLogInterval) return;
  success_logged_ = now;
  log.info("Reconciled", {{"seconds", seconds(took)}, {"reconciles", successes_unlogged_}});
  successes_unlogged_ = 0;
}

}  // namespace windlass::inline v0
