#pragma once
// What a reconcile asks for when it is done.

#include <optional>

#include <windlass/base/clock.hpp>

namespace windlass::inline v0 {

/// The result of a reconcile. Either way the key's failure count is forgotten.
class Action {
 public:
  /// Nothing more until something changes.
  static Action await_change() { return Action(); }
  /// Again after `delay` (at the latest: any change comes first).
  static Action requeue_after(Duration delay) {
    Action action;
    action.delay_ = delay;
    return action;
  }
  [[nodiscard]] std::optional<Duration> delay() const { return delay_; }

 private:
  std::optional<Duration> delay_;
};

inline Action await_change() { return Action::await_change(); }
inline Action requeue_after(Duration delay) { return Action::requeue_after(delay); }

/// Thrown out of a reconcile: trying again would not help until something changes. Logged and
/// counted, not retried. (Any other exception means: again, with backoff.)
class TerminalError : public Exception {
 public:
  explicit TerminalError(std::string message)
      : Exception(Errc::invalid_argument, std::move(message)) {}
};

}  // namespace windlass::inline v0
