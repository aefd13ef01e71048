#pragma once
// The production Environment: the only place that reads real clocks, randomness, variables, files
// and sockets.

#include <functional>
#include <memory>

#include <windlass/base/environment.hpp>

namespace windlass::inline v0 {

struct SystemEnvironmentOptions {
  /// Threads of `workers`. 0: none, `workers` is `io` (programs that never block).
  unsigned worker_threads = 2;
  /// False: `lease` is `io`.
  bool lease_thread = true;
  /// Blocks SIGTERM and SIGINT in all threads and delivers them through `next_signal`.
  bool handle_signals = true;
  Logger log = {};
};

/// Programs that listen on all addresses listen on the address in the variable
/// `WINDLASS_POD_ADDRESS` instead when it is set: `windlass dev` gives every pod an address of
/// its own on the loopback network that way, without network namespaces.
class SystemEnvironment : public Environment {
 public:
  /// Starts the threads. Throws std::system_error when the system refuses.
  static std::unique_ptr<SystemEnvironment> make(SystemEnvironmentOptions options = {});

  /// Runs `main` on `io` from the calling thread until it ends; rethrows its exception.
  virtual int run(std::function<Task<int>()> main) = 0;
  /// Replaces the logger; call it before anything runs.
  virtual void set_log(Logger log) = 0;
  /// As SystemEnvironmentOptions::worker_threads, once the flags are known; before anything runs.
  virtual void set_worker_threads(unsigned count) = 0;
};

}  // namespace windlass::inline v0
