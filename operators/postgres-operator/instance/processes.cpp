#include "instance/processes.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>

namespace postgres {

namespace asio = boost::asio;
using windlass::Errc;
using windlass::Exception;
using windlass::Executor;
using windlass::Task;
using windlass::TaskGroup;

namespace {

constexpr std::size_t kLogTail = 64 * 1024;
constexpr std::size_t kOutputHead = 1 << 20;

struct Pipe {
  int read = -1;
  int write = -1;
};

[[noreturn]] void fail(const std::string& what) {
  throw Exception(Errc::io, what + ": " + std::strerror(errno));
}

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("cannot make a pipe");
  return {ends[0], ends[1]};
}

void close_if(int fd) {
  if (fd >= 0) ::close(fd);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

void keep_tail(std::string& log, std::string_view more) {
  log.append(more);
  if (log.size() > 2 * kLogTail) log.erase(0, log.size() - kLogTail);
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;  // nobody reads our log
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

}  // namespace

struct Processes::Child {
  Child(const Executor& executor)
      : input(executor), output(executor), errors(executor), ended(executor), readers(executor) {}

  pid_t pid = -1;
  asio::posix::stream_descriptor input;
  asio::posix::stream_descriptor output;
  asio::posix::stream_descriptor errors;
  std::string output_text;
  std::string log;
  std::optional<ExitStatus> status;
  windlass::Event ended;
  TaskGroup readers;
  std::function<void(ExitStatus, std::string)> exited;

  static Task<void> read(std::shared_ptr<Child> child, bool errors, bool tee) {
    std::array<char, 8192> buffer;
    auto& from = errors ? child->errors : child->output;
    for (;;) {
      boost::system::error_code code;
      const auto space = asio::buffer(buffer);
      const std::size_t got =
          co_await from.async_read_some(space, asio::redirect_error(asio::use_awaitable, code));
      if (code) break;
      const std::string_view text(buffer.data(), got);
      if (tee) write_all(STDOUT_FILENO, text);
      if (errors || tee) {
        keep_tail(child->log, text);
      } else if (child->output_text.size() < kOutputHead) {
        child->output_text.append(text);
      }
    }
  }

  static Task<void> feed(std::shared_ptr<Child> child, std::string text) {
    std::size_t done = 0;
    while (done < text.size()) {
      boost::system::error_code code;
      const auto rest = asio::buffer(text.data() + done, text.size() - done);
      done += co_await child->input.async_write_some(
          rest, asio::redirect_error(asio::use_awaitable, code));
      if (code) break;
    }
    boost::system::error_code ignored;
    child->input.close(ignored);
  }

  /// What was written before the end may still be on its way; grandchildren may hold the pipe open.
  static Task<void> finish(std::shared_ptr<Child> child, windlass::Clock& clock) {
    try {
      auto joined = child->readers.join();
      co_await windlass::with_timeout(clock, std::chrono::seconds(2), "reading a child's output",
                                      std::move(joined));
    } catch (const Exception&) {
      child->readers.cancel();
    }
  }

  static Task<void> tell(std::shared_ptr<Child> child, windlass::Clock& clock) {
    auto finished = finish(child, clock);
    co_await std::move(finished);
    child->exited(*child->status, child->log);
  }
};

Processes::Processes(windlass::Environment& environment, Executor executor)
    : environment_(environment), executor_(executor), endings_(executor) {
  // outside a container's own process namespace the orphans of our children come to us, too
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

Processes::~Processes() = default;

std::shared_ptr<Processes::Child> Processes::spawn(const Command& command, bool separate_output) {
  std::vector<std::string> arguments = {command.program};
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  auto variables = command.environment;
  auto argv = pointers(arguments);
  auto envp = pointers(variables);
  const Pipe in = make_pipe();
  const Pipe out = make_pipe();
  const Pipe err = separate_output ? make_pipe() : Pipe{};
  const Pipe failure = make_pipe();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) fail("cannot start " + command.program);
  if (pid == 0) {
    ::setsid();
    ::dup2(in.read, STDIN_FILENO);
    ::dup2(out.write, STDOUT_FILENO);
    ::dup2(separate_output ? err.write : out.write, STDERR_FILENO);
    // sockets of ours must not live on in a server that outlives us
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGPIPE, SIGTERM, SIGINT, SIGQUIT, SIGCHLD, SIGHUP})
      ::signal(number, SIG_DFL);
    // to the server that means an immediate stop
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (::getppid() == parent) ::execve(argv[0], argv.data(), envp.data());
    const int code = errno;
    [[maybe_unused]] const auto wrote = ::write(failure.write, &code, sizeof code);
    ::_exit(127);
  }
  for (const int fd : {in.read, out.write, err.write, failure.write}) close_if(fd);
  int code = 0;
  const auto got = ::read(failure.read, &code, sizeof code);
  ::close(failure.read);
  if (got > 0) {
    for (const int fd : {in.write, out.read, err.read}) close_if(fd);
    ::waitpid(pid, nullptr, 0);
    errno = code;
    fail("cannot start " + command.program);
  }
  auto child = std::make_shared<Child>(executor_);
  child->pid = pid;
  child->input.assign(in.write);
  child->output.assign(out.read);
  if (separate_output) child->errors.assign(err.read);
  child->readers.spawn("input", Child::feed(child, command.input));
  child->readers.spawn("output", Child::read(child, false, !separate_output));
  if (separate_output) child->readers.spawn("errors", Child::read(child, true, false));
  children_[pid] = child;
  return child;
}

Task<ChildResult> Processes::run(Command command) {
  const auto child = spawn(command, true);
  ChildResult result;
  std::exception_ptr cancelled;
  try {
    auto ended = child->ended.wait();
    co_await windlass::with_timeout(environment_.clock(), command.timeout, command.program,
                                    std::move(ended));
  } catch (const Exception& error) {
    ::kill(-child->pid, SIGKILL);
    result.timed_out = error.code() == Errc::timeout;
    if (!result.timed_out) cancelled = std::current_exception();
  }
  if (cancelled) std::rethrow_exception(cancelled);
  if (result.timed_out) {
    co_await child->ended.wait();
  }
  auto finished = Child::finish(child, environment_.clock());
  co_await std::move(finished);
  result.status = *child->status;
  result.output = child->output_text;
  result.log = child->log;
  co_return result;
}

pid_t Processes::start(Command command, std::function<void(ExitStatus, std::string)> exited) {
  const auto child = spawn(command, false);
  child->exited = std::move(exited);
  return child->pid;
}

void Processes::signal(pid_t child, int signal) {
  if (children_.contains(child)) ::kill(child, signal);
}

void Processes::kill_all() {
  for (const auto& [pid, child] : children_) ::kill(-pid, SIGKILL);
}

void Processes::collect() {
  for (;;) {
    int raw = 0;
    const pid_t pid = ::waitpid(-1, &raw, WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) return;
    const auto found = children_.find(pid);
    if (found == children_.end()) continue;  // an orphan that came to us
    const auto child = found->second;
    children_.erase(found);
    ExitStatus status;
    if (WIFEXITED(raw)) status.code = WEXITSTATUS(raw);
    if (WIFSIGNALED(raw)) status.signal = WTERMSIG(raw);
    child->status = status;
    child->ended.set();
    if (child->exited)
      endings_.spawn("the end of a child", Child::tell(child, environment_.clock()));
  }
}

Task<void> Processes::reap() {
  asio::signal_set signals(executor_, SIGCHLD);
  for (;;) {
    collect();
    boost::system::error_code code;
    co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, code));
    if (code) co_return;
  }
}

}  // namespace postgres
