#pragma once
// What the API server asks of whoever runs pods.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

struct ExecRequest {
  std::string namespace_;
  std::string pod;
  std::string container;
  std::vector<std::string> command;
  std::string input = {};
};

struct ExecResult {
  int exit_code = 0;
  std::string output;
  std::string errors;
};

/// Sends a piece of a log to the client; throws when the client is gone.
using LogWriter = std::function<Task<void>(std::string chunk)>;

/// The kubelet's side of logs and exec. Implemented by testing's local cluster; called on the
/// server's executor.
class PodRuntime {
 public:
  virtual ~PodRuntime() = default;
  /// Writes the log; with `follow`, returns when the container has ended. `write` stays valid until
  /// it returns. Throws Exception(not_found) with a sentence for people when there is no such
  /// container or no previous instance.
  virtual Task<void> logs(LogRequest request, LogWriter write) = 0;
  /// Runs a command in a container to its end.
  virtual Task<ExecResult> exec(ExecRequest request) = 0;
};

}  // namespace windlass::inline v0::api_server
