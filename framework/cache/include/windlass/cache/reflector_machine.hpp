#pragma once
// The reflector without I/O: which list or watch comes next, and when.
//
// The rules are client-go's (tools/cache/reflector.go), with one difference: a watch that breaks in
// transit is resumed from the last version instead of listing again.
//
//   first list at "0" (any state that the server has at hand), later lists at the last version seen
//   410 for a list, or "too large resource version": list at "" (the newest)
//   410 for a later page: one full list, never a mixture of pages
//   410 for a watch, as a status or as an event: list at the last version seen
//   429, 5xx, refused, broken: wait, then watch again from the last version
//   a watch that ends within a second and without an event: wait before the next
//   waits: 0.8 s doubling up to 30 s, times 1 to 2, back to 0.8 s after two minutes without trouble

#include <cstdint>
#include <exception>
#include <string>
#include <variant>

#include <windlass/base/clock.hpp>
#include <windlass/base/random.hpp>

namespace windlass::inline v0::cache {

/// Why a list or a watch ended.
enum class Trouble {
  none,               ///< a watch that the server closed properly
  expired,            ///< 410 Gone or Expired, as an answer or as an ERROR event
  version_too_large,  ///< the server has not seen that version yet
  busy,               ///< 429, 5xx, refused, reset, timeout: the same request later
  other               ///< forbidden, not found, garbage: start again with a list
};

Trouble classify(const std::exception_ptr& failure);

struct ListAction {
  std::string resource_version;
  std::string continue_;
  std::int64_t limit;
};
struct WatchAction {
  std::string resource_version;
  std::int64_t timeout_seconds;
};
struct WaitAction {
  SteadyTime until;
};
using ReflectorAction = std::variant<ListAction, WatchAction, WaitAction>;

class ReflectorMachine {
 public:
  explicit ReflectorMachine(Random& random, std::int64_t page_size = 500)
      : random_(random), page_size_(page_size) {}

  /// What to do now. Ask again after reporting how it went (or after the wait).
  ReflectorAction next(SteadyTime now);

  /// One page arrived. True when it was the last: commit all pages since the first as one state.
  bool listed(std::string resource_version, std::string continue_);
  /// Pages received so far are to be forgotten.
  void list_failed(Trouble why, SteadyTime now);
  void watch_started(SteadyTime now);
  /// An event or bookmark carried this version.
  void observed(std::string resource_version);
  void watch_ended(Trouble why, SteadyTime now);

  [[nodiscard]] const std::string& last_version() const { return last_version_; }
  [[nodiscard]] bool ever_listed() const { return ever_listed_; }

 private:
  enum class Step { list, watch };
  void back_off(SteadyTime now);

  Random& random_;
  std::int64_t page_size_;
  Step step_ = Step::list;
  std::string last_version_;
  std::string list_version_ = "0";
  std::string continue_;
  bool full_list_ = false;
  bool ever_listed_ = false;
  bool saw_event_ = false;
  SteadyTime watch_started_{};
  SteadyTime wait_until_{};
  SteadyTime last_trouble_{};
  Duration backoff_{};
};

}  // namespace windlass::inline v0::cache
