#pragma once
// Many deadlines, one timer.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include <windlass/base/clock.hpp>

namespace windlass::inline v0::http::detail {

/// Calls actions when their time has come, on its executor. Not thread-safe. Adding and removing
/// one costs a map operation; a timer is armed only when a deadline comes before all others.
class Deadlines {
 public:
  Deadlines(Clock& clock, Executor executor);
  ~Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
  friend class Deadline;
};

/// One of them, for as long as it lives.
class Deadline {
 public:
  Deadline() = default;
  /// A limit of zero or less: none.
  Deadline(Deadlines& deadlines, Duration limit, std::function<void()> action);
  Deadline(Deadline&& other) noexcept;
  Deadline& operator=(Deadline&& other) noexcept;
  ~Deadline();

 private:
  using Key = std::pair<SteadyTime, std::uint64_t>;
  std::weak_ptr<Deadlines::State> state_;
  Key key_{};
};

}  // namespace windlass::inline v0::http::detail
