#pragma once
// Child processes of a process 1: starts them, reads what they say, and reaps every one of them,
// adopted orphans included.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include <windlass/base/environment.hpp>

namespace postgres {

struct Command {
  std::string program;  ///< a path
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string input = {};  ///< given on standard input, then its end
  windlass::Duration timeout = std::chrono::seconds(60);
};

struct ExitStatus {
  int code = -1;   ///< when it exited by itself
  int signal = 0;  ///< when it was killed
};

struct ChildResult {
  ExitStatus status;
  bool timed_out = false;
  std::string output;  ///< standard output, its first MiB
  std::string log;     ///< standard error, its last 64 KiB
};

/// Lives on one executor of one thread. Children die with this process.
class Processes {
 public:
  Processes(windlass::Environment& environment, windlass::Executor executor);
  ~Processes();
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  /// Runs to the end; kills it after `timeout`, or when the caller is cancelled.
  /// Throws Exception(io) when it cannot be started.
  windlass::Task<ChildResult> run(Command command);
  /// Starts a long-running program and returns its id. Standard output and error go to our
  /// standard output; `exited` gets their last 64 KiB. Throws Exception(io).
  pid_t start(Command command, std::function<void(ExitStatus, std::string log)> exited);
  void signal(pid_t child, int signal);
  /// Reaps until cancelled: spawn it once.
  windlass::Task<void> reap();
  /// Kills every child at once.
  void kill_all();

 private:
  struct Child;
  std::shared_ptr<Child> spawn(const Command& command, bool separate_output);
  void collect();

  windlass::Environment& environment_;
  windlass::Executor executor_;
  std::map<pid_t, std::shared_ptr<Child>> children_;
  windlass::TaskGroup endings_;
};

}  // namespace postgres
