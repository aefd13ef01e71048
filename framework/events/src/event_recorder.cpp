#include <deque>
#include <mutex>

#include <boost/asio/post.hpp>

#include <windlass/events/event_recorder.hpp>

#include "event_document.hpp"

namespace windlass::inline v0::events {
namespace {

constexpr std::size_t kMaxNote = 1024;
constexpr std::size_t kMaxWord = 128;  // reason, action, reportingInstance
constexpr auto kTick = std::chrono::minutes(1);
constexpr auto kRetryDelay = std::chrono::seconds(10);
constexpr int kTries = 12;  // client-go's

Occurrence trimmed(Occurrence occurrence) {
  occurrence.note = detail::cut(std::move(occurrence.note), kMaxNote);
  occurrence.reason = detail::cut(std::move(occurrence.reason), kMaxWord);
  occurrence.action = detail::cut(std::move(occurrence.action), kMaxWord);
  // the server demands both
  if (occurrence.reason.empty()) occurrence.reason = "Unknown";
  if (occurrence.action.empty()) occurrence.action = occurrence.reason;
  return occurrence;
}

}  // namespace

struct EventRecorder::Impl {
  Impl(client::Client c, RecorderOptions o)
      : client(std::move(c)),
        options(std::move(o)),
        environment(client.environment()),
        executor(client.executor()),
        log(environment.log().named("events")),
        aggregator(options.aggregation),
        timer(environment.clock(), executor),
        group(executor, [l = log](std::string_view name, const std::exception_ptr& failure) {
          l.error("A background task failed",
                  {{"task", name}, {"error", describe(failure).message}});
        }) {
    reporter.controller = options.reporting_controller;
    reporter.instance =
        options.reporting_instance.empty() ? environment.host_name() : options.reporting_instance;
    reporter.instance = detail::cut(std::move(reporter.instance), kMaxWord);
    auto& registry = options.metrics != nullptr ? *options.metrics : null_metrics();
    const auto counter = [&](const char* result) {
      return &registry.counter("windlass_events_total", "Kubernetes Events by what became of them.",
                               {{"result", result}});
    };
    sent = counter("sent");
    failed = counter("failed");
    dropped = counter("dropped");
  }

  struct Queued {
    Occurrence occurrence;
    SteadyTime at;
    WallTime wall;
  };

  using Self = std::shared_ptr<Impl>;

  client::Client client;
  RecorderOptions options;
  Environment& environment;
  Executor executor;
  Logger log;
  detail::Reporter reporter;
  Counter* sent = nullptr;
  Counter* failed = nullptr;
  Counter* dropped = nullptr;

  std::mutex mutex;  // guards the next three
  std::deque<Queued> queue;
  bool started = false;
  bool closed = false;

  // on `executor` only
  Aggregator aggregator;
  std::map<std::uint64_t, meta::ObjectKey> names;  ///< of series that were created
  Timer timer;
  TaskGroup group;
  bool told = false;

  [[nodiscard]] std::optional<Queued> pop() {
    const std::lock_guard lock(mutex);
    if (queue.empty()) return std::nullopt;
    Queued first = std::move(queue.front());
    queue.pop_front();
    return first;
  }

  [[nodiscard]] bool is_closed() {
    const std::lock_guard lock(mutex);
    return closed;
  }

  static Task<void> run(Self self) {
    SteadyTime next_tick = self->environment.clock().steady_now() + kTick;
    for (;;) {
      while (auto next = self->pop()) {
        const auto dropped_before = self->aggregator.dropped();
        const auto write = self->aggregator.observe(next->occurrence, next->at, next->wall);
        if (self->aggregator.dropped() != dropped_before) self->dropped->add();
        if (!write) continue;
        auto sending = send(self, *write);
        co_await std::move(sending);
      }
      if (self->is_closed()) co_return;
      const SteadyTime now = self->environment.clock().steady_now();
      if (now >= next_tick) {
        next_tick = now + kTick;
        const auto writes = self->aggregator.tick(now);
        for (const auto& write : writes) {
          auto sending = send(self, write);
          co_await std::move(sending);
        }
        continue;
      }
      // with nothing to finish, only a new event ends the wait
      const bool idle = self->aggregator.tracked() == 0;
      auto waiting = self->timer.wait_until(idle ? now + std::chrono::hours(24) : next_tick);
      co_await std::move(waiting);
    }
  }

  /// Sends with client-go's patience: 12 tries, 10 s apart, while the server cannot be reached.
  static Task<void> send(Self self, Aggregator::Write write) {
    for (int tries = 1;; ++tries) {
      std::exception_ptr failure;
      bool final = false;
      try {
        auto sending = send_once(self, write);
        co_await std::move(sending);
      } catch (const client::ApiError&) {
        failure = std::current_exception();
        final = true;  // it was refused: sending it again changes nothing
      } catch (...) {
        failure = std::current_exception();
      }
      if (!failure) {
        self->sent->add();
        co_return;
      }
      if (is_cancellation(failure)) std::rethrow_exception(failure);
      if (final || tries >= kTries || self->is_closed()) {
        self->give_up(write, describe(failure));
        co_return;
      }
      auto pause = sleep_for(self->environment.clock(), kRetryDelay);
      co_await std::move(pause);
    }
  }

  static Task<void> send_once(Self self, Aggregator::Write write) {
    const auto known = self->names.find(write.id);
    if (write.series_count > 0 && known != self->names.end()) {
      const meta::ObjectKey key = known->second;
      bool gone = false;
      try {
        auto patching = self->client.patch_text(detail::kEvent, key, {}, client::PatchType::merge,
                                                detail::series_patch(write));
        co_await std::move(patching);
      } catch (const client::ApiError& error) {
        if (!error.is_not_found()) throw;
        gone = true;  // events live an hour
      }
      if (!gone) co_return;
    }
    const auto key = detail::key_of(write.occurrence, self->environment.random().suffix(12));
    auto creating = self->client.create_text(detail::kEvent, key,
                                             detail::event_body(key, write, self->reporter));
    co_await std::move(creating);
    self->names.insert_or_assign(write.id, key);
    // the oldest are the first to have finished
    while (self->names.size() > self->options.aggregation.max_tracked)
      self->names.erase(self->names.begin());
  }

  void give_up(const Aggregator::Write& write, const Error& error) {
    failed->add();
    const auto level = told ? LogLevel::debug : LogLevel::warn;
    told = true;
    log.log(level, "An event could not be sent",
            {{"reason", write.occurrence.reason},
             {"note", write.occurrence.note},
             {"error", error.message}});
  }

  static void wake(const Self& self, bool start) {
    if (start) self->group.spawn("events", run(self));
    boost::asio::post(self->executor, [self] { self->timer.cancel(); });
  }

  static Task<void> join(Self self, Duration limit) {
    std::exception_ptr failure;
    try {
      auto joining = with_timeout(self->environment.clock(), limit, "sending the last events",
                                  self->group.join());
      co_await std::move(joining);
    } catch (...) {
      failure = std::current_exception();
    }
    self->group.cancel();
    if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
    if (failure) self->log.warn("Events were left unsent", {{"error", describe(failure).message}});
  }
};

EventRecorder::EventRecorder(client::Client client, RecorderOptions options)
    : impl_(std::make_shared<Impl>(std::move(client), std::move(options))) {}

void EventRecorder::event(ObjectReference about, EventType type, std::string reason,
                          std::string action, std::string note) const {
  if (!impl_) return;
  auto& clock = impl_->environment.clock();
  Impl::Queued queued{
      trimmed({std::move(about), type, std::move(reason), std::move(action), std::move(note)}),
      clock.steady_now(), clock.wall_now()};
  bool start = false;
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->closed || impl_->queue.size() >= impl_->options.queue_size) {
      impl_->dropped->add();
      return;
    }
    impl_->queue.push_back(std::move(queued));
    start = !std::exchange(impl_->started, true);
  }
  Impl::wake(impl_, start);
}

Task<void> EventRecorder::stop(Duration limit) const {
  auto nothing = []() -> Task<void> { co_return; };
  if (!impl_) return nothing();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->closed = true;
  }
  Impl::wake(impl_, false);
  return run_on(impl_->executor, Impl::join(impl_, limit));
}

}  // namespace windlass::inline v0::events
