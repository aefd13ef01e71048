#include "exec.hpp"

#include <fstream>

namespace windlass::inline v0::testing {

namespace fs = std::filesystem;

namespace {

/// A file that goes when its user goes.
struct TemporaryFile {
  explicit TemporaryFile(fs::path p) : path(std::move(p)) {}
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove(path, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  fs::path path;
};

}  // namespace

std::optional<ContainerProcess> process_of(const ContainerState& container) {
  if (container.phase != ContainerPhase::running || container.pid == 0) return std::nullopt;
  return ContainerProcess{container.pid, container.user, container.environment,
                          container.spec->working_dir};
}

Task<ExecOutcome> exec_in(NodeState& node, ContainerProcess target,
                          std::vector<std::string> command, Duration limit) {
  const TemporaryFile output(node.options.state_directory /
                             ("exec-" + node.environment.random().uuid()));
  ProcessOptions options;
  options.arguments = std::move(command);
  options.inside = {target.pid, target.working_directory.empty() ? "/" : target.working_directory};
  options.output = output.path;
  options.environment = std::move(target.environment);
  if (node.is_root) options.user = target.user;
  const auto process = Process::start(node.client.executor(), options).value();
  ExecOutcome outcome;
  auto waiting = process->wait();
  if (limit > Duration::zero()) {
    waiting = with_timeout(node.environment.clock(), limit, "the command", std::move(waiting));
  }
  outcome.exit_code = co_await std::move(waiting);
  std::ifstream in(output.path, std::ios::binary);
  outcome.output.assign(std::istreambuf_iterator<char>(in), {});
  co_return outcome;
}

}  // namespace windlass::inline v0::testing
