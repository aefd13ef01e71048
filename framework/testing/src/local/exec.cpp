#include "exec.hpp"

#include <chrono>
#include <fstream>

namespace windlass::inline v0::testing {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

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

namespace {

using api_server::ProcessStreams;

constexpr Duration kDrainLimit = 500ms;
constexpr char kEndOfInput = '\x04';  // what a terminal takes for it

Task<void> pump_output(std::shared_ptr<Process> process, std::shared_ptr<ProcessStreams> streams) {
  for (;;) {
    auto reading = process->read_output();
    std::string piece = co_await std::move(reading);
    if (piece.empty()) co_return;
    auto writing = streams->write_output(std::move(piece));
    co_await std::move(writing);
  }
}

Task<void> pump_errors(std::shared_ptr<Process> process, std::shared_ptr<ProcessStreams> streams) {
  for (;;) {
    auto reading = process->read_errors();
    std::string piece = co_await std::move(reading);
    if (piece.empty()) co_return;
    auto writing = streams->write_errors(std::move(piece));
    co_await std::move(writing);
  }
}

Task<void> follow_size(std::shared_ptr<Process> process, std::shared_ptr<ProcessStreams> streams) {
  for (;;) {
    auto changing = streams->next_size();
    const api_server::TerminalSize size = co_await std::move(changing);
    process->resize(size.columns, size.rows);
  }
}

}  // namespace

Task<void> feed_input(std::shared_ptr<Process> process, std::shared_ptr<ProcessStreams> streams) {
  for (;;) {
    auto reading = streams->read_input();
    std::string piece = co_await std::move(reading);
    if (piece.empty()) co_return;
    auto writing = process->write_input(std::move(piece));
    co_await std::move(writing);
  }
}

namespace {

Task<void> pump_input(std::shared_ptr<Process> process, std::shared_ptr<ProcessStreams> streams,
                      bool tty) {
  auto feeding = feed_input(process, streams);
  co_await std::move(feeding);
  if (tty) {
    auto ending = process->write_input(std::string(1, kEndOfInput));
    co_await std::move(ending);
  } else {
    process->close_input();
  }
}

}  // namespace

Task<int> exec_with(NodeState& node, ContainerProcess target, api_server::ExecRequest request,
                    std::shared_ptr<ProcessStreams> streams) {
  ProcessOptions options;
  options.arguments = std::move(request.command);
  options.inside = {target.pid, target.working_directory.empty() ? "/" : target.working_directory};
  options.streams = request.tty ? ProcessOptions::Streams::tty : ProcessOptions::Streams::pipes;
  options.environment = std::move(target.environment);
  if (request.tty) options.environment->try_emplace("TERM", "xterm");
  if (node.is_root) options.user = target.user;
  const auto executor = node.client.executor();
  const std::shared_ptr<Process> process = Process::start(executor, options).value();
  // a client that is gone, or a command that reads no input: not this command's failure
  const auto ignore = [](std::string_view, std::exception_ptr) {};
  TaskGroup outputs(executor, ignore);
  TaskGroup inputs(executor, ignore);
  outputs.spawn("exec output", pump_output(process, streams));
  outputs.spawn("exec errors", pump_errors(process, streams));
  if (request.input) {
    inputs.spawn("exec input", pump_input(process, streams, request.tty));
  } else if (!request.tty) {
    process->close_input();
  }
  if (request.tty) inputs.spawn("exec size", follow_size(process, streams));
  int code = 0;
  std::exception_ptr failure;
  try {
    auto waiting = process->wait();
    code = co_await std::move(waiting);
    // background processes may hold the output open for longer than anybody wants to wait
    auto draining = outputs.join();
    auto limited = with_timeout(node.environment.clock(), kDrainLimit, "the output's end",
                                std::move(draining));
    co_await std::move(limited);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await ignore_cancellation();
  auto stopping_inputs = inputs.stop();
  co_await std::move(stopping_inputs);
  auto stopping_outputs = outputs.stop();
  co_await std::move(stopping_outputs);
  if (failure && !process->exit_code()) std::rethrow_exception(failure);
  if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
  co_return code;
}

}  // namespace windlass::inline v0::testing
