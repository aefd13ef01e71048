#pragma once
// Time as a parameter. Components never read a clock or build a timer of their own.

#include <chrono>
#include <list>
#include <memory>

#include <windlass/base/task.hpp>

namespace windlass::inline v0 {

using Duration = std::chrono::nanoseconds;
/// Monotonic, does not count suspension (CLOCK_MONOTONIC). For delays and measurements.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
/// Monotonic and counts suspension (CLOCK_BOOTTIME). For leases.
struct BootClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock, duration>;
  static constexpr bool is_steady = true;
};
using BootTime = BootClock::time_point;
/// UTC. Only for what people and other programs read, never for decisions.
using WallTime = std::chrono::sys_time<Duration>;

class Timer;

/// Reads time and arms timers. Thread-safe. One per process (or per simulated process).
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime steady_now() const = 0;
  [[nodiscard]] virtual BootTime boot_now() const = 0;
  [[nodiscard]] virtual WallTime wall_now() const = 0;

 protected:
  friend class Timer;
  /// Makes `timer` call `Timer::expire` on its executor once steady_now() >= at.
  virtual void arm(Timer& timer, SteadyTime at) = 0;
  /// Forgets `timer`; called before it is destroyed, cancelled or armed again.
  virtual void disarm(Timer& timer) noexcept = 0;
};

/// One pending wait at a time. Not thread-safe: use it on its executor only. Must not outlive the
/// clock.
class Timer {
 public:
  Timer(Clock& clock, Executor executor);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Waits until steady time `at`. True when it expired; false when `cancel` was called or the wait
  /// replaced by another. Throws Exception(cancelled) when the waiting coroutine is cancelled.
  Task<bool> wait_until(SteadyTime at);
  Task<bool> wait_for(Duration duration);
  void cancel() noexcept;

  /// For implementations of Clock: ends the wait as expired, on the timer's executor.
  void expire() noexcept;
  /// For implementations of Clock that sleep for real.
  void sleep_natively_until(SteadyTime at);

 private:
  struct State;
  Clock* clock_;
  std::shared_ptr<State> state_;
};

/// Waits for `duration` of the clock's steady time. Throws Exception(cancelled) on cancellation.
Task<void> sleep_for(Clock& clock, Duration duration);

/// Runs `task`; cancels it after `limit` and then throws Exception(timeout, "<what> took longer
/// than <limit>"). The task must run on the caller's executor.
template <class T>
Task<T> with_timeout(Clock& clock, Duration limit, std::string what, Task<T> task);

/// "1.5s", "250ms", "2m30s": Go's notation, which Kubernetes users know.
std::string format_duration(Duration duration);
/// Reads Go's notation ("300ms", "1.5h", "2h45m"). Errc::parse names the text and shows an example.
Result<Duration> parse_duration(std::string_view text);

}  // namespace windlass::inline v0

#include <windlass/base/detail/with_timeout.hpp>
