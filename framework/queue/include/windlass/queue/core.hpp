#pragma once
// The work queue as a pure state machine: no clock, no threads, no waiting.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include <windlass/base/clock.hpp>

namespace windlass::inline v0::queue {

struct CoreOptions {
  /// Delay of the first rate-limited add; doubled for each further one until `forget`.
  Duration base_delay = std::chrono::milliseconds(5);
  Duration max_delay = std::chrono::seconds(1000);
  /// A key that was ready for so long gets every fourth turn, whatever its priority, so that a
  /// stream of higher priorities cannot starve it.
  Duration starvation_limit = std::chrono::seconds(30);
};

/// base * 2^failures, at most max; never overflows.
Duration exponential_delay(Duration base, Duration max, std::uint64_t failures);

template <class Key>
struct Item {
  Key key;
  int priority = 0;
  Duration queued{};  ///< how long it was ready before it was handed out
};

/// client-go's semantics with controller-runtime's priorities:
/// a key is queued once, however often it is added; it is never handed out while it is being
/// processed, and handed out again after `done` if it was added meanwhile; of several delays the
/// earliest wins; of several priorities the highest, and the key then goes behind its equals.
/// Equal priorities are served in order of becoming ready. Not thread-safe.
template <class Key, class Hash = std::hash<Key>>
class Core {
 public:
  /// What the metrics tell.
  struct Totals {
    std::uint64_t adds = 0;     ///< times a key became ready
    std::uint64_t retries = 0;  ///< delayed adds, for whatever reason
  };
  struct Unfinished {
    Duration total{};
    Duration longest{};
  };

  explicit Core(CoreOptions options = {}) : options_(options) {}

  /// Makes `key` ready now. Without a priority: that of its run in progress, or 0.
  void add(const Key& key, std::optional<int> priority, SteadyTime now) {
    if (stopping_) return;
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
      auto& made = *entries_.emplace(key, Entry{}).first;
      made.second.priority = priority.value_or(current_priority(key));
      make_ready(made, now);
      return;
    }
    raise(*found, priority.value_or(current_priority(key)));
    if (found->second.state == State::waiting) {
      waiting_.erase({found->second.ready_at, found->second.order, &found->first});
      make_ready(*found, now);
    }
  }

  /// Makes `key` ready after `delay`, unless it is ready or becomes so earlier. Not positive: now.
  void add_after(const Key& key, Duration delay, std::optional<int> priority, SteadyTime now) {
    if (stopping_) return;
    if (delay <= Duration::zero()) return add(key, priority, now);
    ++totals_.retries;
    const auto ready_at = now + delay;
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
      auto& made = *entries_.emplace(key, Entry{}).first;
      made.second.priority = priority.value_or(current_priority(key));
      made.second.order = ++orders_;
      made.second.ready_at = ready_at;
      waiting_.insert({ready_at, made.second.order, &made.first});
      return;
    }
    raise(*found, priority.value_or(current_priority(key)));
    auto& entry = found->second;
    if (entry.state != State::waiting || entry.ready_at <= ready_at) return;
    waiting_.erase({entry.ready_at, entry.order, &found->first});
    entry.ready_at = ready_at;
    waiting_.insert({ready_at, entry.order, &found->first});
  }

  /// Makes `key` ready after its backoff and counts one more failure. Returns the backoff.
  Duration add_rate_limited(const Key& key, std::optional<int> priority, SteadyTime now) {
    const auto delay = exponential_delay(options_.base_delay, options_.max_delay, failures_[key]++);
    add_after(key, delay, priority, now);
    return delay;
  }

  /// Hands out the next key; `done` has to follow. Empty when none is ready.
  std::optional<Item<Key>> get(SteadyTime now) {
    advance(now);
    if (ready_.empty()) return std::nullopt;
    const Key* next = choose(now);
    const auto found = entries_.find(*next);
    auto& entry = found->second;
    unlist(*found);
    --depth_[entry.priority];
    Item<Key> item{found->first, entry.priority, now - entry.ready_at};
    processing_.insert_or_assign(found->first, Processing{now, entry.priority});
    entries_.erase(found);
    return item;
  }

  /// The processing of `key` has ended. Returns how long it took; empty (and no effect) when it was
  /// not being processed.
  std::optional<Duration> done(const Key& key, SteadyTime now) {
    const auto found = processing_.find(key);
    if (found == processing_.end()) return std::nullopt;
    const auto took = now - found->second.since;
    processing_.erase(found);
    const auto again = entries_.find(key);
    if (again != entries_.end() && again->second.state == State::parked) list(*again);
    return took;
  }

  /// Forgets the failures of `key`, so that its backoff begins anew. Does not remove it.
  void forget(const Key& key) { failures_.erase(key); }
  /// Failures since `forget`.
  [[nodiscard]] std::uint64_t num_requeues(const Key& key) const {
    const auto found = failures_.find(key);
    return found == failures_.end() ? 0 : found->second;
  }

  /// Adds are ignored from now on and everything queued is dropped.
  void shut_down() {
    shut_down_with_drain();
    ready_.clear();
    by_age_.clear();
    entries_.clear();
    depth_.clear();
  }
  /// Adds are ignored from now on and delayed keys dropped; ready keys, and those added while they
  /// were being processed, are still handed out. `shut_down` breaks it off.
  void shut_down_with_drain() {
    stopping_ = true;
    for (const auto& waiting : waiting_) entries_.erase(*waiting.key);
    waiting_.clear();
  }
  [[nodiscard]] bool shutting_down() const { return stopping_; }
  /// Shutting down, and none is left to be handed out: not even one that was added while it was
  /// being processed, and becomes ready when that ends.
  [[nodiscard]] bool finished() const { return stopping_ && entries_.empty(); }
  /// Shutting down, none is queued and none is being processed.
  [[nodiscard]] bool drained() const {
    return stopping_ && entries_.empty() && processing_.empty();
  }

  /// When the next delayed key becomes ready. Empty: none waits.
  [[nodiscard]] std::optional<SteadyTime> next_deadline() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->at;
  }
  /// Makes delayed keys ready whose time has come. `get` does it too.
  void advance(SteadyTime now) {
    while (!waiting_.empty() && waiting_.begin()->at <= now) {
      const auto found = entries_.find(*waiting_.begin()->key);
      waiting_.erase(waiting_.begin());
      make_ready(*found, found->second.ready_at);
    }
  }

  /// Ready keys, including those that wait for their own processing to end.
  [[nodiscard]] std::size_t length() const { return entries_.size() - waiting_.size(); }
  /// Ready keys that could be handed out at once.
  [[nodiscard]] std::size_t available() const { return ready_.size(); }
  [[nodiscard]] std::size_t delayed() const { return waiting_.size(); }
  [[nodiscard]] std::size_t processing() const { return processing_.size(); }
  [[nodiscard]] const Totals& totals() const { return totals_; }
  /// Ready keys by priority; may hold zeros.
  [[nodiscard]] const std::map<int, std::size_t>& depth() const { return depth_; }
  [[nodiscard]] Unfinished unfinished(SteadyTime now) const {
    Unfinished result;
    for (const auto& [key, run] : processing_) {
      result.total += now - run.since;
      result.longest = std::max(result.longest, now - run.since);
    }
    return result;
  }

 private:
  enum class State : std::uint8_t { waiting, ready, parked };
  struct Entry {
    State state = State::waiting;
    int priority = 0;
    std::uint64_t order = 0;  // among equals
    std::uint64_t age = 0;    // order of becoming ready
    SteadyTime ready_at{};    // when it becomes, or became, ready
  };
  struct Processing {
    SteadyTime since;
    int priority;
  };
  struct Ready {
    int priority;
    std::uint64_t order;
    const Key* key;
    bool operator<(const Ready& other) const {
      return priority != other.priority ? priority > other.priority : order < other.order;
    }
  };
  struct Waiting {
    SteadyTime at;
    std::uint64_t order;
    const Key* key;
    bool operator<(const Waiting& other) const {
      return at != other.at ? at < other.at : order < other.order;
    }
  };
  using Node = std::pair<const Key, Entry>;

  [[nodiscard]] int current_priority(const Key& key) const {
    const auto found = processing_.find(key);
    return found == processing_.end() ? 0 : found->second.priority;
  }

  void list(Node& node) {
    auto& entry = node.second;
    entry.state = State::ready;
    ready_.insert({entry.priority, entry.order, &node.first});
    by_age_.emplace(entry.age, &node.first);
  }
  void unlist(const Node& node) {
    ready_.erase({node.second.priority, node.second.order, &node.first});
    by_age_.erase(node.second.age);
  }

  void make_ready(Node& node, SteadyTime since) {
    auto& entry = node.second;
    entry.ready_at = since;
    entry.order = entry.age = ++orders_;
    ++totals_.adds;
    ++depth_[entry.priority];
    if (processing_.contains(node.first)) {
      entry.state = State::parked;
    } else {
      list(node);
    }
  }

  void raise(Node& node, int priority) {
    auto& entry = node.second;
    if (priority <= entry.priority) return;
    if (entry.state == State::ready) unlist(node);
    if (entry.state != State::waiting) {
      --depth_[entry.priority];
      ++depth_[priority];
      entry.order = ++orders_;
    }
    entry.priority = priority;
    if (entry.state == State::ready) list(node);
  }

  const Key* choose(SteadyTime now) {
    const Key* oldest = by_age_.begin()->second;
    const bool starving =
        now - entries_.find(*oldest)->second.ready_at >= options_.starvation_limit;
    turns_ = starving ? turns_ + 1 : 0;
    return starving && turns_ % 4 == 0 ? oldest : ready_.begin()->key;
  }

  CoreOptions options_;
  std::unordered_map<Key, Entry, Hash> entries_;
  std::set<Ready> ready_;
  std::map<std::uint64_t, const Key*> by_age_;  // the same keys as in `ready_`
  std::set<Waiting> waiting_;
  std::unordered_map<Key, Processing, Hash> processing_;
  std::unordered_map<Key, std::uint64_t, Hash> failures_;
  std::map<int, std::size_t> depth_;
  Totals totals_;
  std::uint64_t orders_ = 0;
  std::uint64_t turns_ = 0;
  bool stopping_ = false;
};

}  // namespace windlass::inline v0::queue
