#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include <windlass/base/task.hpp>

namespace windlass::inline v0::testing {

struct ProcessOptions {
  std::vector<std::string> arguments;  ///< [0] is looked up in the PATH of `environment`
  std::filesystem::path output;        ///< standard output and error are appended here
  /// Become this user and group before the program starts; only for a caller that is root.
  std::optional<std::pair<uid_t, gid_t>> user = std::nullopt;
  /// The whole environment; none: this process's own.
  std::optional<std::map<std::string, std::string>> environment = std::nullopt;
  /// Run beside the first process of a sandbox, in its namespaces.
  struct Inside {
    pid_t pid;
    std::string directory;  ///< where to start, as the sandbox sees it
  };
  std::optional<Inside> inside = std::nullopt;
  /// A pipe inherited under this number, whose text `Process::info` returns.
  std::optional<int> info_fd = std::nullopt;
  /// Standard streams that are this process's to read and write.
  enum class Streams : std::uint8_t {
    none,   ///< no input; output and errors go to `output`
    input,  ///< input is a pipe
    pipes,  ///< input, output and errors are pipes; `output` is not used
    tty     ///< a terminal of its own; `output` is not used
  };
  Streams streams = Streams::none;
  /// Sent by the kernel when the thread that started it ends.
  std::optional<int> parent_death_signal = std::nullopt;
};

/// A child process and the group of those that it starts. Destroying it kills the group.
class Process {
 public:
  /// Errc::io names the program.
  static Result<std::unique_ptr<Process>> start(Executor executor, const ProcessOptions& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const;
  /// Waits for the end; the exit code, or 128 + signal.
  Task<int> wait();
  [[nodiscard]] std::optional<int> exit_code() const;
  /// True when it has ended, whether anybody waited or not.
  [[nodiscard]] bool ended() const;
  /// To the process alone.
  void signal(int number) const;
  /// SIGKILL to the group.
  void kill() const;
  /// Text that the child wrote to info_fd, once it is there.
  Task<std::string> info();

  /// The next piece of what it writes, with Streams::pipes and tty; empty at the end. A terminal
  /// has no errors of its own.
  Task<std::string> read_output();
  Task<std::string> read_errors();
  /// Throws Exception(closed) when nothing reads it any more.
  Task<void> write_input(std::string text);
  void close_input();
  /// With Streams::tty.
  void resize(std::uint16_t columns, std::uint16_t rows);

 private:
  struct State;
  explicit Process(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace windlass::inline v0::testing
