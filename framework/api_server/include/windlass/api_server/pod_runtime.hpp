#pragma once
// What the API server asks of whoever runs pods.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/network.hpp>
#include <windlass/base/task.hpp>

namespace windlass::inline v0::api_server {

struct LogRequest {
  std::string namespace_;
  std::string pod;
  std::string container;  ///< never empty: the server chose the only or the default container
  bool follow = false;
  bool previous = false;
  bool timestamps = false;
  std::optional<std::int64_t> tail_lines = std::nullopt;
  std::optional<std::int64_t> since_seconds = std::nullopt;
  std::optional<std::int64_t> limit_bytes = std::nullopt;
};

struct TerminalSize {
  std::uint16_t columns = 80;
  std::uint16_t rows = 24;
  friend bool operator==(const TerminalSize&, const TerminalSize&) = default;
};

/// A command to run in a container, or with an empty `command` the container's own process to be
/// attached to.
struct ExecRequest {
  std::string namespace_;
  std::string pod;
  std::string container;
  std::vector<std::string> command = {};
  bool input = false;  ///< the client has standard input to give
  bool tty = false;    ///< on a terminal of its own: output and errors are one
};

/// The client's end of a process's streams. Use on the server's executor; one reader and any number
/// of writers. Everything throws Exception(closed|io) once the client is gone.
class ProcessStreams {
 public:
  virtual ~ProcessStreams() = default;
  /// The next piece of standard input; empty at its end.
  virtual Task<std::string> read_input() = 0;
  virtual Task<void> write_output(std::string chunk) = 0;
  virtual Task<void> write_errors(std::string chunk) = 0;
  /// The next size of the client's terminal, which it tells once at first and then when it changes.
  virtual Task<TerminalSize> next_size() = 0;
};

/// Sends a piece of a log to the client; throws when the client is gone.
using LogWriter = std::function<Task<void>(std::string chunk)>;

/// The kubelet's side of logs, exec, attach and port forwarding. Implemented by testing's local
/// cluster; called on the server's executor. Every call is cancelled when its client goes.
class PodRuntime {
 public:
  virtual ~PodRuntime() = default;
  /// Writes the log; with `follow`, returns when the container has ended. `write` stays valid until
  /// it returns. Throws Exception(not_found) with a sentence for people when there is no such
  /// container or no previous instance.
  virtual Task<void> logs(LogRequest request, LogWriter write) = 0;
  /// Runs a command in a container to its end, and returns its exit code, or 128 and the number of
  /// the signal that ended it. Throws Exception(not_found) when the container does not run.
  virtual Task<int> exec(ExecRequest request, std::shared_ptr<ProcessStreams> streams) = 0;
  /// Shows what a running container writes from now on until it ends. Throws as `exec` does, and
  /// Exception(invalid_argument) for input or a terminal that the container does not have.
  virtual Task<void> attach(ExecRequest request, std::shared_ptr<ProcessStreams> streams) = 0;
  /// A connection to a port of the pod. Throws Exception(refused|not_found|io).
  virtual Task<std::unique_ptr<Stream>> dial(std::string namespace_, std::string pod,
                                             std::uint16_t port) = 0;
};

}  // namespace windlass::inline v0::api_server
