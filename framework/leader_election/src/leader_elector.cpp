#include <algorithm>
#include <mutex>

#include <boost/asio/post.hpp>

#include <windlass/client/client.hpp>
#include <windlass/leader_election/leader_elector.hpp>

#include "lease_document.hpp"

namespace windlass::inline v0::leader_election {
namespace {

constexpr auto kWatchSeconds = 300;
constexpr int kReleaseAttempts = 3;

/// What an API call came to; cancellation stays an exception.
struct Reply {
  std::optional<std::string> text;
  std::optional<Error> error;
  bool lost_race = false;  ///< somebody else wrote first
};

template <class Text>
Task<Reply> captured(Task<Text> call) {
  Reply reply;
  std::exception_ptr failure;
  try {
    reply.text = co_await std::move(call);
  } catch (const client::ApiError& error) {
    reply.error = error.error();
    reply.lost_race = error.http_status() == 409;
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
  if (failure) reply.error = describe(failure);
  co_return reply;
}

std::string metric_name(std::string operator_name, std::string_view suffix) {
  for (char& c : operator_name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fits) c = '_';
  }
  return operator_name + std::string(suffix);
}

struct Metrics {
  Metrics(MetricsRegistry& registry, const Config& config)
      : status(registry.gauge("leader_election_master_status",
                              "Gauge of if the reporting system is master of the relevant lease, 0 "
                              "indicates backup, 1 indicates master. 'name' is the string used to "
                              "identify the lease. Please make sure to group by name.",
                              {{"name", config.lease_name}})),
        elections(registry.counter(metric_name(config.operator_name, "_leader_elections_total"),
                                   "Elections that this instance won.", {})),
        timestamp(registry.gauge(metric_name(config.operator_name, "_leader_election_timestamp"),
                                 "Unix time at which this instance last became leader.", {})),
        is_leader(registry.gauge(metric_name(config.operator_name, "_is_leader"),
                                 "1 while this instance leads.", {})),
        changes(
            registry.counter(metric_name(config.operator_name, "_leader_election_changes_total"),
                             "Changes of the lease's holder that this instance saw.", {})) {
    status.set(0);
    is_leader.set(0);
  }
  Gauge& status;
  Counter& elections;
  Gauge& timestamp;
  Gauge& is_leader;
  Counter& changes;
};

}  // namespace

struct LeaderElector::State {
  State(Environment& e, client::Config server, Config c, Callbacks cb)
      : environment(e),
        config(std::move(c)),
        callbacks(std::move(cb)),
        key{config.lease_namespace, config.lease_name},
        executor(e.lease()),
        client(e, executor, std::move(server), client_options(config)),
        machine(config.identity, config.timing),
        metrics(config.metrics != nullptr ? *config.metrics : null_metrics(), config),
        log(e.log().named("leader-election")),
        elected(executor),
        timer(e.clock(), executor),
        watching(executor, [l = log](std::string_view name, const std::exception_ptr& failure) {
          l.error("A background task failed",
                  {{"task", name}, {"error", describe(failure).message}});
        }) {}

  static client::ClientOptions client_options(const Config& config) {
    // election must notice a dead connection before the lease is gone
    const Duration timeout =
        std::max<Duration>(std::chrono::seconds(1), config.timing.renew_deadline / 2);
    return {.user_agent = config.user_agent, .timeout = timeout, .metrics = config.metrics};
  }

  using Self = std::shared_ptr<State>;

  Environment& environment;
  Config config;
  Callbacks callbacks;
  meta::ObjectKey key;
  Executor executor;

  // on `executor` only
  client::Client client;
  LeaseMachine machine;
  json::Value document;  ///< the Lease as last seen
  Metrics metrics;
  Logger log;
  Event elected;
  Timer timer;
  TaskGroup watching;
  bool woken = false;
  bool stopping = false;
  bool leading = false;
  std::string epoch;
  bool wrote = false;  ///< the lease may be ours, whatever the answer was
  std::string announced_holder;
  std::string last_failure;

  // for other threads
  struct Shown {
    std::optional<BootTime> writes_until;
    std::optional<BootTime> must_end_by;
    BootTime observed_at{};
    std::string holder;
    std::string epoch;
    bool leading = false;
  };
  mutable std::mutex mutex;
  Shown shown;
  std::unique_ptr<Watchdog> watchdog;  ///< none: nobody asked for it

  [[nodiscard]] Times times() const {
    return {environment.clock().boot_now(), environment.clock().wall_now()};
  }
  [[nodiscard]] BootTime now() const { return environment.clock().boot_now(); }
  [[nodiscard]] Shown look() const {
    const std::lock_guard lock(mutex);
    return shown;
  }

  void publish() {
    {
      const std::lock_guard lock(mutex);
      shown.writes_until = machine.writes_until();
      // after a loss it stays: the process has to end
      if (const auto by = machine.must_end_by()) shown.must_end_by = by;
      if (watchdog) watchdog->end_at(shown.must_end_by.value_or(BootTime::max()));
      shown.observed_at = machine.observed_at();
      shown.holder = machine.observed().holder_identity;
      shown.leading = leading;
      shown.epoch = leading ? epoch : std::string();
    }
    announce_holder();
  }

  void announce_holder() {
    const std::string holder = machine.observed().holder_identity;
    if (holder == announced_holder) return;
    if (!announced_holder.empty() || !holder.empty()) metrics.changes.add();
    announced_holder = holder;
    if (holder.empty()) return;
    if (holder != config.identity) {
      log.info("Lease already held by " + holder,
               {{"holderIdentity", holder}, {"lease", key.to_string()}});
    }
    if (callbacks.on_new_leader) callbacks.on_new_leader(holder);
  }

  void note_failure(const Error& error, bool lost_race = false) {
    if (error.message == last_failure) return;
    last_failure = error.message;
    const auto level = lost_race ? LogLevel::debug : LogLevel::warn;
    log.log(level, "The lease cannot be read or written",
            {{"error", error.message}, {"holderIdentity", config.identity}});
  }

  void wake() {
    woken = true;
    timer.cancel();
  }

  /// Sleeps, unless or until woken.
  static Task<void> nap(Self self, Duration duration) {
    if (!self->woken && duration > Duration::zero()) {
      auto waiting = self->timer.wait_for(duration);
      co_await std::move(waiting);
    }
    self->woken = false;
  }

  std::optional<LeaseRecord> adopt(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    auto parsed = json::parse(*text);
    if (!parsed) throw Exception(parsed.error().within("lease " + key.to_string()));
    document = std::move(*parsed);
    return detail::record_of(document);
  }

  static Task<LeaseMachine::Action> read(Self self) {
    auto call = captured(self->client.find_text(detail::kLease, self->key));
    const Reply reply = co_await std::move(call);
    if (reply.error) {
      self->note_failure(*reply.error);
      co_return LeaseMachine::Failed{};
    }
    const auto record = self->adopt(reply.text);
    auto action = self->machine.on_read(record, self->times());
    self->publish();
    co_return action;
  }

  /// Creates or updates the Lease. True when the server took it.
  static Task<bool> write(Self self, LeaseRecord record, bool create) {
    json::Value lease = create ? detail::new_lease(self->key) : self->document;
    detail::write_record(lease, record);
    std::string body = json::dump(lease);
    const BootTime sent = self->now();
    self->wrote = true;
    auto call = create ? self->client.create_text(detail::kLease, self->key, std::move(body))
                       : self->client.update_text(detail::kLease, self->key, {}, std::move(body));
    auto capturing = captured(std::move(call));
    const Reply reply = co_await std::move(capturing);
    if (reply.error) {
      self->note_failure(*reply.error, reply.lost_race);
      co_return false;
    }
    const auto written = self->adopt(reply.text);
    self->machine.on_written(written.value_or(record), sent, self->now());
    self->last_failure.clear();
    co_return true;
  }

  /// One attempt to acquire or renew.
  static Task<bool> attempt(Self self) {
    auto action = self->machine.begin(self->times());
    for (;;) {
      if (std::holds_alternative<LeaseMachine::Read>(action)) {
        auto reading = read(self);
        action = co_await std::move(reading);
        continue;
      }
      const bool create = std::holds_alternative<LeaseMachine::Create>(action);
      const auto* update = std::get_if<LeaseMachine::Update>(&action);
      if (!create && update == nullptr) co_return false;
      const bool fast = update != nullptr && update->fast;
      LeaseRecord record = create ? std::get<LeaseMachine::Create>(action).record : update->record;
      auto writing = write(self, std::move(record), create);
      const bool written = co_await std::move(writing);
      if (written) co_return true;
      action = self->machine.on_write_failed(fast);
    }
  }

  /// An attempt that takes no longer than `limit`.
  static Task<bool> bounded_attempt(Self self, Duration limit) {
    if (limit <= Duration::zero()) co_return false;
    std::exception_ptr failure;
    bool done = false;
    try {
      auto trying = with_timeout(self->environment.clock(), limit,
                                 "an attempt to get or keep the lease", attempt(self));
      done = co_await std::move(trying);
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
    if (failure) self->note_failure(describe(failure));
    co_return done;
  }

  [[nodiscard]] Duration acquire_delay() {
    const double uniform = environment.random().uniform();
    Duration delay = machine.retry_delay(uniform);
    if (const auto expiry = machine.expires_at()) {
      // at expiry, spread a little so that standbys do not all come at once
      const auto spread = Duration(static_cast<Duration::rep>(
          uniform * static_cast<double>(config.timing.retry_period.count()) / 4));
      const Duration at_expiry = *expiry - now() + spread;
      if (at_expiry > Duration::zero()) delay = std::min(delay, at_expiry);
    }
    return delay;
  }

  /// Returns when leading or stopping.
  static Task<void> acquire(Self self) {
    self->log.info("Attempting to acquire lease",
                   {{"lease", self->key.to_string()}, {"holderIdentity", self->config.identity}});
    while (!self->stopping) {
      auto trying = bounded_attempt(self, self->config.timing.renew_deadline);
      const bool acquired = co_await std::move(trying);
      if (acquired) co_return;
      auto pause = nap(self, self->acquire_delay());
      co_await std::move(pause);
    }
  }

  void begin_leading() {
    leading = true;
    epoch = std::as_const(document)["metadata"]["resourceVersion"].string_or("");
    watching.cancel();
    machine.begin_round(now());
    publish();
    metrics.status.set(1);
    metrics.is_leader.set(1);
    metrics.elections.add();
    const std::chrono::duration<double> unix_time =
        environment.clock().wall_now().time_since_epoch();
    metrics.timestamp.set(unix_time.count());
    log.info(
        "Lease acquired, this instance is now the leader (" + config.identity + " became leader)",
        {{"holderIdentity", config.identity},
         {"lease", key.to_string()},
         {"transitions", machine.observed().transitions}});
    if (callbacks.record_event)
      callbacks.record_event("LeaderElection", config.identity + " became leader");
    elected.set();
    if (callbacks.on_started) callbacks.on_started();
  }

  /// Renews until lost (true) or stopping (false).
  static Task<bool> lead(Self self) {
    while (!self->stopping) {
      auto pause = nap(self, self->machine.retry_delay(0));
      co_await std::move(pause);
      if (self->stopping) break;
      self->machine.begin_round(self->now());
      for (;;) {
        auto renewing = bounded_attempt(self, self->machine.lost_at() - self->now());
        const bool renewed = co_await std::move(renewing);
        self->publish();
        if (self->machine.lost(self->now())) co_return true;
        if (renewed || self->stopping) break;
        const Duration left = self->machine.lost_at() - self->now();
        auto retry = nap(self, std::min(self->machine.retry_delay(0), left));
        co_await std::move(retry);
      }
    }
    co_return false;
  }

  /// Nothing may be written from here on.
  void close_gate() {
    machine.step_down();
    metrics.status.set(0);
    metrics.is_leader.set(0);
    const std::lock_guard lock(mutex);
    shown.writes_until.reset();
    shown.leading = false;
    shown.epoch.clear();
  }

  void disarm_watchdog() {
    const std::lock_guard lock(mutex);
    shown.must_end_by.reset();
    if (watchdog) watchdog->end_at(BootTime::max());
  }

  void start_watchdog() {
    const std::lock_guard lock(mutex);
    if (watchdog) return;
    watchdog = environment.make_watchdog("Leadership of " + config.identity +
                                         " is over and the process still runs: ending it now");
    watchdog->end_at(shown.must_end_by.value_or(BootTime::max()));
  }

  /// Gives the lease back if it is ours as just read, on the version just read.
  static Task<bool> release(Self self) {
    for (int i = 0; i < kReleaseAttempts; ++i) {
      auto reading = captured(self->client.find_text(detail::kLease, self->key));
      const Reply reply = co_await std::move(reading);
      if (reply.error) {
        self->note_failure(*reply.error);
        continue;
      }
      const auto record = self->adopt(reply.text);
      if (!record) co_return false;
      const auto released = self->machine.release(*record, self->times());
      if (!released) co_return false;
      json::Value lease = self->document;
      detail::write_record(lease, *released);
      auto call = self->client.update_text(detail::kLease, self->key, {}, json::dump(lease));
      auto capturing = captured(std::move(call));
      const Reply written = co_await std::move(capturing);
      if (!written.error) co_return true;
      self->note_failure(*written.error, written.lost_race);
    }
    co_return false;
  }

  /// Waits at most one retry period for somebody to take over.
  static Task<void> see_successor(Self self) {
    const BootTime until = self->now() + self->config.timing.retry_period;
    const Duration step = self->config.timing.retry_period / 8;
    while (self->now() < until) {
      auto pause = sleep_for(self->environment.clock(), step);
      co_await std::move(pause);
      auto reading = captured(self->client.find_text(detail::kLease, self->key));
      const Reply reply = co_await std::move(reading);
      const auto record = reply.error ? std::nullopt : self->adopt(reply.text);
      if (!record || record->holder_identity.empty() ||
          record->holder_identity == self->config.identity) {
        continue;
      }
      self->log.info(
          "Handed over to the new leader " + record->holder_identity,
          {{"holderIdentity", record->holder_identity}, {"lease", self->key.to_string()}});
      co_return;
    }
    self->log.info("No new leader yet", {{"lease", self->key.to_string()}});
  }

  static Task<void> give_back(Self self) {
    auto giving = with_timeout(self->environment.clock(), self->config.timing.renew_deadline / 2,
                               "releasing the lease", release(self));
    std::exception_ptr failure;
    bool released = false;
    try {
      released = co_await std::move(giving);
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
    if (failure) self->note_failure(describe(failure));
    if (!released) co_return;
    self->log.info("Lease released",
                   {{"holderIdentity", self->config.identity}, {"lease", self->key.to_string()}});
    if (!self->leading) co_return;
    auto looking = see_successor(self);
    co_await std::move(looking);
  }

  static Task<Outcome> campaign(Self self) {
    self->watching.spawn("lease watch", watch(self));
    auto acquiring = acquire(self);
    co_await std::move(acquiring);
    // an attempt may have won while `stop` was called
    if (self->machine.writes_until() && !self->stopping) self->begin_leading();
    bool lost = false;
    if (self->leading) {
      auto renewing = lead(self);
      lost = co_await std::move(renewing);
    }
    if (lost) {
      self->close_gate();
      self->log.error(
          "Leadership lost! Stopping all operators...",
          {{"holderIdentity", self->config.identity}, {"lease", self->key.to_string()}});
      if (self->callbacks.on_stopped) self->callbacks.on_stopped(true);
      co_return Outcome::lost;
    }
    self->close_gate();
    self->disarm_watchdog();
    if (self->leading && self->callbacks.on_stopped) self->callbacks.on_stopped(false);
    if (self->config.release_on_stop && self->wrote) {
      auto giving_back = give_back(self);
      co_await std::move(giving_back);
    }
    co_return Outcome::stopped;
  }

  static Task<Outcome> run(Self self) {
    std::exception_ptr failure;
    Outcome outcome = Outcome::stopped;
    try {
      auto campaigning = campaign(self);
      outcome = co_await std::move(campaigning);
    } catch (...) {
      failure = std::current_exception();
    }
    self->close_gate();
    if (outcome != Outcome::lost) self->disarm_watchdog();
    self->watching.cancel();
    self->client.abort_connections();
    if (failure) std::rethrow_exception(failure);
    co_return outcome;
  }

  // Standbys only: the Lease as it changes
  // ---------------------------------------------------------

  void on_event(const client::WatchEvent& event) {
    if (leading || event.type == client::EventType::bookmark) return;
    if (event.type == client::EventType::error)
      throw client::error_of(event, "watch lease " + key.to_string());
    std::optional<LeaseRecord> record;
    if (event.type != client::EventType::deleted) {
      const auto lease = json::parse(event.object);
      if (!lease) throw Exception(lease.error().within("lease " + key.to_string()));
      record = detail::record_of(*lease);
    }
    const bool free = machine.on_observed(record, now());
    publish();
    if (free) wake();
  }

  static Task<void> follow(Self self) {
    client::WatchOptions options;
    options.namespace_ = self->key.namespace_;
    options.field_selector = "metadata.name=" + self->key.name;
    options.timeout_seconds = kWatchSeconds;
    auto opening = self->client.watch(detail::kLease, std::move(options));
    const std::unique_ptr<client::Watch> open = co_await std::move(opening);
    while (!self->leading) {
      auto waiting = open->next();
      const std::optional<client::WatchEvent> event = co_await std::move(waiting);
      if (!event) co_return;
      self->on_event(*event);
    }
  }

  static Task<void> watch(Self self) {
    bool told = false;
    while (!self->leading && !self->stopping) {
      std::exception_ptr failure;
      try {
        auto following = follow(self);
        co_await std::move(following);
      } catch (...) {
        failure = std::current_exception();
      }
      if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
      const Error error = failure ? describe(failure) : Error{};
      if (failure && error.code == Errc::permission && !told) {
        told = true;
        self->log.warn(
            "The lease cannot be watched, so a hand-over takes up to a few retry periods; allow "
            "the verb watch on leases",
            {{"error", error.message}});
      }
      const Duration delay = self->machine.retry_delay(self->environment.random().uniform());
      auto pause = sleep_for(self->environment.clock(), delay);
      co_await std::move(pause);
    }
  }

  static Task<void> until_elected(Self self) {
    auto waiting = self->elected.wait();
    co_await std::move(waiting);
  }
};

std::string default_identity(Environment& environment) {
  const auto pod = environment.variable("POD_NAME");
  const std::string name = pod && !pod->empty() ? *pod : environment.host_name();
  return name + "_" + environment.random().uuid();
}

LeaderElector::LeaderElector(Environment& environment, client::Config server, Config config,
                             Callbacks callbacks) {
  if (const auto ok = validate(config.timing); !ok) throw Exception(ok.error());
  if (config.lease_name.empty() || config.lease_namespace.empty()) {
    throw Exception(
        Errc::invalid_argument,
        "leader election needs the name and the namespace of a Lease; set LEASE_NAME and "
        "LEASE_NAMESPACE, or --leader-election-id and --leader-election-namespace");
  }
  if (config.identity.empty()) config.identity = default_identity(environment);
  state_ = std::make_shared<State>(environment, std::move(server), std::move(config),
                                   std::move(callbacks));
}

LeaderElector::~LeaderElector() = default;

Task<Outcome> LeaderElector::run() { return run_on(state_->executor, State::run(state_)); }

void LeaderElector::stop() {
  boost::asio::post(state_->executor, [state = state_] {
    state->stopping = true;
    state->wake();
  });
}

Task<void> LeaderElector::wait_elected() const {
  return run_on(state_->executor, State::until_elected(state_));
}

Result<BootTime> LeaderElector::open_until() const {
  const auto shown = state_->look();
  if (!shown.writes_until) {
    const std::string who = shown.holder.empty() ? "nobody is" : shown.holder + " is";
    return Error{Errc::permission, "not the leader: " + who};
  }
  if (state_->now() >= *shown.writes_until) {
    return Error{Errc::permission, "not the leader: the lease was not renewed in time"};
  }
  return *shown.writes_until;
}

std::string LeaderElector::epoch() const { return state_->look().epoch; }
bool LeaderElector::is_leader() const { return state_->look().leading; }
std::string LeaderElector::holder() const { return state_->look().holder; }
const std::string& LeaderElector::identity() const { return state_->config.identity; }
const Config& LeaderElector::config() const { return state_->config; }
std::optional<BootTime> LeaderElector::must_end_by() const { return state_->look().must_end_by; }

void LeaderElector::start_watchdog() { state_->start_watchdog(); }

Result<void> LeaderElector::health(Duration tolerance) const {
  const auto shown = state_->look();
  if (!shown.leading) return {};
  const auto age = state_->now() - shown.observed_at;
  if (age <= state_->config.timing.lease_duration + tolerance) return {};
  return Error{Errc::unavailable, "failed to renew the lease " + state_->key.to_string() + " for " +
                                      format_duration(age)};
}

}  // namespace windlass::inline v0::leader_election
