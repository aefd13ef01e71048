#pragma once
// Everything that a component needs from the outside world: one parameter instead of globals.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <windlass/base/clock.hpp>
#include <windlass/base/log.hpp>
#include <windlass/base/network.hpp>
#include <windlass/base/random.hpp>

namespace windlass::inline v0 {

/// Exit code of a process that its watchdog ended. It says that an executor was stuck: look there.
inline constexpr int kWatchdogExitCode = 3;

/// Ends the process with `kWatchdogExitCode` at a moment that is put off again and again, from a
/// thread of its own: also when no executor runs any more and when memory is short.
class Watchdog {
 public:
  /// Ends the thread, not the process.
  virtual ~Watchdog() = default;
  /// The process ends when boot time, which counts suspension, reaches `at`; `BootTime::max()`:
  /// never, as in the beginning. Thread-safe, waits for nothing.
  virtual void end_at(BootTime at) noexcept = 0;
};

/// The outside world of one process, real or simulated. Outlives everything that it was given to.
///
/// Executors: `io` is one thread (HTTP, watches, cache writes, timers; no step longer than 5 ms),
/// `workers` a pool for reconciles (user code may block), `lease` one thread of its own for leader
/// election and liveness. In a simulation all three are the same single thread.
class Environment {
 public:
  virtual ~Environment() = default;

  virtual Executor io() = 0;
  virtual Executor workers() = 0;
  virtual Executor lease() = 0;
  virtual Clock& clock() = 0;
  virtual Random& random() = 0;
  /// A network whose streams live on `executor`. The reference stays valid.
  virtual Network& network(const Executor& executor) = 0;

  /// An environment variable; empty optional when unset.
  [[nodiscard]] virtual std::optional<std::string> variable(std::string_view name) const = 0;
  /// A whole file, at most 16 MiB. Errc::not_found, permission or io with the path in the message.
  [[nodiscard]] virtual Result<std::string> read_file(const std::filesystem::path& path) const = 0;
  /// Cryptographically strong bytes (a seeded stream in a simulation).
  virtual std::string secret_bytes(std::size_t count) = 0;
  /// The host's name.
  [[nodiscard]] virtual std::string host_name() const = 0;
  /// Waits for SIGTERM or SIGINT (or the simulation's equivalent) and returns its number.
  /// A second one while nobody waits ends the process with exit code 1.
  virtual Task<int> next_signal() = 0;
  /// Runs blocking `work` on `workers`; a simulation replaces it by the model registered for
  /// `name`.
  virtual Task<void> blocking(std::string name, std::function<void()> work) = 0;
  /// Ends the process at once with `code`, without destructors, after flushing `log()`.
  [[noreturn]] virtual void terminate(int code) = 0;
  /// `last_words` go to standard error before the end, if it takes them at once; the log is not
  /// flushed. Throws std::system_error when the system refuses a thread or a timer.
  virtual std::unique_ptr<Watchdog> make_watchdog(std::string last_words) = 0;

  [[nodiscard]] virtual Logger log() const = 0;
};

}  // namespace windlass::inline v0
