#pragma once
// The work queue between event handlers and workers.
//
//   queue::RateLimitingQueue<meta::ObjectKey> queue(environment, environment.io(), {.name =
//   "database"}); queue.add(key);                                  // any thread while (auto key =
//   co_await queue.get()) { ...; queue.done(*key); }

#include <list>
#include <mutex>

#include <boost/asio/post.hpp>

#include <windlass/base/environment.hpp>
#include <windlass/base/metrics.hpp>
#include <windlass/queue/core.hpp>

namespace windlass::inline v0::queue {

struct QueueOptions {
  /// The labels `name` and `controller` of the metrics.
  std::string name = {};
  Duration base_delay = CoreOptions{}.base_delay;
  Duration max_delay = CoreOptions{}.max_delay;
  Duration starvation_limit = CoreOptions{}.starvation_limit;
  /// Null: counts nothing. Outlives the queue.
  MetricsRegistry* metrics = nullptr;
};

/// controller-runtime's workqueue_* metrics of one queue. Not thread-safe by itself.
class Instruments {
 public:
  Instruments(MetricsRegistry& registry, std::string name);
  void set_totals(std::uint64_t adds, std::uint64_t retries);
  void set_depth(const std::map<int, std::size_t>& depth);
  void set_unfinished(Duration total, Duration longest);
  void observe_queued(Duration duration);
  void observe_work(Duration duration);

 private:
  Gauge& depth_gauge(int priority);
  MetricsRegistry& registry_;
  std::string name_;
  std::map<int, Gauge*> depth_gauges_;
  std::map<int, std::size_t> depth_;
  Gauge* other_depths_ = nullptr;
  std::uint64_t adds_ = 0, retries_ = 0;
  Counter& adds_total_;
  Counter& retries_total_;
  Histogram& queue_duration_;
  Histogram& work_duration_;
  Gauge& unfinished_;
  Gauge& longest_running_;
};

/// Core with a clock, waiting and metrics. `get` and `drained` are for coroutines of `executor`
/// (one thread or a strand), of which several may wait; everything else is thread-safe. Waiters
/// hold the state themselves: the queue may be destroyed before them if it was shut down.
template <class Key, class Hash = std::hash<Key>>
class RateLimitingQueue {
 public:
  RateLimitingQueue(Environment& environment, Executor executor, QueueOptions options = {})
      : state_(std::make_shared<State>(environment.clock(), std::move(executor), options)) {
    if (options.metrics != nullptr) collecting_ = state_->report_on_collection(*options.metrics);
  }
  ~RateLimitingQueue() { shut_down(); }
  RateLimitingQueue(const RateLimitingQueue&) = delete;
  RateLimitingQueue& operator=(const RateLimitingQueue&) = delete;

  /// See Core. Without a priority: that of the run in progress of `key`, or 0.
  void add(const Key& key, std::optional<int> priority = {}) {
    state_->change([&](auto& core, SteadyTime now) { core.add(key, priority, now); });
  }
  void add_after(const Key& key, Duration delay, std::optional<int> priority = {}) {
    state_->change([&](auto& core, SteadyTime now) { core.add_after(key, delay, priority, now); });
  }
  void add_rate_limited(const Key& key, std::optional<int> priority = {}) {
    state_->change([&](auto& core, SteadyTime now) { core.add_rate_limited(key, priority, now); });
  }
  void forget(const Key& key) {
    const std::lock_guard lock(state_->mutex);
    state_->core.forget(key);
  }
  [[nodiscard]] std::uint64_t num_requeues(const Key& key) const {
    const std::lock_guard lock(state_->mutex);
    return state_->core.num_requeues(key);
  }

  /// The next key, whose processing ends with `done`; empty when the queue has shut down.
  /// Throws Exception(cancelled) when the caller is cancelled.
  Task<std::optional<Key>> get() { return get_from(state_); }
  void done(const Key& key) {
    state_->change([&](auto& core, SteadyTime now) {
      const auto took = core.done(key, now);
      if (took && state_->instruments) state_->instruments->observe_work(*took);
    });
  }

  /// Ready keys.
  [[nodiscard]] std::size_t length() const {
    const std::lock_guard lock(state_->mutex);
    state_->core.advance(state_->clock.steady_now());
    return state_->core.length();
  }

  /// As Core::shut_down: waiting `get`s return an empty value.
  void shut_down() {
    state_->change([](auto& core, SteadyTime) { core.shut_down(); });
  }
  /// As Core::shut_down_with_drain; `drained` says when it is over.
  void shut_down_with_drain() {
    state_->change([](auto& core, SteadyTime) { core.shut_down_with_drain(); });
  }
  [[nodiscard]] bool shutting_down() const {
    const std::lock_guard lock(state_->mutex);
    return state_->core.shutting_down();
  }
  /// Returns when the queue has shut down and every key handed out is done.
  Task<void> drained() { return wait_until_drained(state_); }

 private:
  struct State : std::enable_shared_from_this<State> {
    State(Clock& c, Executor e, const QueueOptions& options)
        : clock(c),
          executor(std::move(e)),
          core({options.base_delay, options.max_delay, options.starvation_limit}) {
      if (options.metrics != nullptr) instruments.emplace(*options.metrics, options.name);
    }

    template <class Change>
    void change(Change apply) {
      const std::lock_guard lock(mutex);
      apply(core, clock.steady_now());
      report();
      if (wake_posted) return;
      wake_posted = true;
      boost::asio::post(executor, [self = this->shared_from_this()] { self->wake(); });
    }

    void report() {
      if (!instruments) return;
      instruments->set_totals(core.totals().adds, core.totals().retries);
      instruments->set_depth(core.depth());
    }

    std::shared_ptr<void> report_on_collection(MetricsRegistry& registry) {
      return registry.on_collect([weak = this->weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        const std::lock_guard lock(self->mutex);
        const auto now = self->clock.steady_now();
        self->core.advance(now);
        self->report();
        const auto unfinished = self->core.unfinished(now);
        self->instruments->set_unfinished(unfinished.total, unfinished.longest);
      });
    }

    /// Wakes as many workers as there are keys, and one in any case: the deadline may be new.
    void wake() {
      std::size_t count = 0;
      bool drained = false;
      {
        const std::lock_guard lock(mutex);
        wake_posted = false;
        count = core.shutting_down() ? workers.size() : std::max<std::size_t>(core.available(), 1);
        drained = core.drained();
      }
      for (auto* worker : workers) {
        if (count == 0) break;
        --count;
        worker->cancel();
      }
      for (auto* drainer : drainers) {
        if (drained) drainer->cancel();
      }
    }

    Clock& clock;
    Executor executor;
    std::mutex mutex;  // guards the next three
    Core<Key, Hash> core;
    std::optional<Instruments> instruments;
    bool wake_posted = false;
    std::list<Timer*> workers, drainers;  // who waits; used on `executor` only
  };

  /// In the list while it lives.
  class Listed {
   public:
    Listed(std::list<Timer*>& list, Timer& timer)
        : list_(list), at_(list.insert(list.end(), &timer)) {}
    ~Listed() { list_.erase(at_); }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;

   private:
    std::list<Timer*>& list_;
    std::list<Timer*>::iterator at_;
  };

  static Task<std::optional<Key>> get_from(std::shared_ptr<State> state) {
    for (;;) {
      auto deadline = SteadyTime::max();
      bool more = false;
      std::optional<Key> key;
      {
        const std::lock_guard lock(state->mutex);
        auto item = state->core.get(state->clock.steady_now());
        if (item) {
          if (state->instruments) state->instruments->observe_queued(item->queued);
          state->report();
          // whoever sleeps may not know the next deadline
          more = state->core.available() > 0 || state->core.next_deadline();
          key = std::move(item->key);
        } else if (state->core.finished()) {
          co_return std::nullopt;
        } else {
          deadline = state->core.next_deadline().value_or(SteadyTime::max());
        }
      }
      if (key) {
        if (more) state->wake();
        co_return key;
      }
      auto waiting = wait(state, &State::workers, deadline);
      co_await std::move(waiting);
    }
  }

  static Task<void> wait(std::shared_ptr<State> state, std::list<Timer*> State::* list,
                         SteadyTime until) {
    std::exception_ptr cancelled;
    {
      Timer timer(state->clock, state->executor);
      const Listed listed(state.get()->*list, timer);
      try {
        auto waiting = timer.wait_until(until);
        co_await std::move(waiting);
      } catch (...) {
        cancelled = std::current_exception();
      }
    }
    if (!cancelled) co_return;
    state->wake();  // it may have been woken for a key that somebody else has to take now
    std::rethrow_exception(cancelled);
  }

  static Task<void> wait_until_drained(std::shared_ptr<State> state) {
    for (;;) {
      {
        const std::lock_guard lock(state->mutex);
        if (state->core.drained()) co_return;
      }
      auto waiting = wait(state, &State::drainers, SteadyTime::max());
      co_await std::move(waiting);
    }
  }

  std::shared_ptr<State> state_;
  std::shared_ptr<void> collecting_;
};

}  // namespace windlass::inline v0::queue
