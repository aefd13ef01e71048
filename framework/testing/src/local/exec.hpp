#pragma once

#include <string>
#include <vector>

#include <windlass/api_server/pod_runtime.hpp>

#include "container_state.hpp"
#include "node.hpp"

namespace windlass::inline v0::testing {

/// A process of a container, whose namespaces others may enter.
struct ContainerProcess {
  pid_t pid = 0;
  std::pair<uid_t, gid_t> user{};
  std::map<std::string, std::string> environment;
  std::string working_directory;
};

/// That of a running container; nothing when it does not run.
std::optional<ContainerProcess> process_of(const ContainerState& container);

struct ExecOutcome {
  int exit_code = 0;  ///< or 128 + signal
  std::string output;
};

/// Runs a command in the container's namespaces, as its user and with its environment, and kills it
/// after `limit` (0: never). Throws Exception(timeout), or Exception(io) when it cannot be started.
Task<ExecOutcome> exec_in(NodeState& node, ContainerProcess target,
                          std::vector<std::string> command, Duration limit);

/// The same with the client's streams, to the command's end; the exit code. What the command leaves
/// behind in the background is killed with it.
Task<int> exec_with(NodeState& node, ContainerProcess target, api_server::ExecRequest request,
                    std::shared_ptr<api_server::ProcessStreams> streams);

/// Gives `process` what the client writes, until its input ends.
Task<void> feed_input(std::shared_ptr<Process> process,
                      std::shared_ptr<api_server::ProcessStreams> streams);

}  // namespace windlass::inline v0::testing
