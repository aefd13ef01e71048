#include "process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>

namespace windlass::inline v0::testing {

namespace asio = boost::asio;

struct Process::State {
  State(const Executor& executor, pid_t p, int pidfd, int info)
      : pid(p), ended(executor, pidfd), ended_event(executor), info_pipe(executor) {
    if (info >= 0) info_pipe.assign(info);
  }
  pid_t pid;
  asio::posix::stream_descriptor ended;  ///< readable when the process has ended
  Event ended_event;
  asio::posix::stream_descriptor info_pipe;
  std::optional<int> exit_code;
  bool waiting = false;

  void reap() {
    if (exit_code) return;
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) != pid) return;
    exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

namespace {

/// Between fork and exec only calls that are safe there.
[[noreturn]] void become(const ProcessOptions& options, char* const* arguments, int output, int info,
                         pid_t parent) {
  if (options.parent_death_signal) {
    ::prctl(PR_SET_PDEATHSIG, *options.parent_death_signal);
    if (::getppid() != parent) ::_exit(1);
  }
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  if (info >= 0) ::dup2(info, *options.info_fd);
  const int first = info >= 0 ? *options.info_fd + 1 : 3;
  ::syscall(SYS_close_range, static_cast<unsigned>(first), ~0u, 0u);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGTERM, SIGINT, SIGPIPE, SIGCHLD}) ::signal(number, SIG_DFL);
  if (options.user) {
    const bool ok = ::setgroups(0, nullptr) == 0 &&
                    ::setresgid(options.user->second, options.user->second, options.user->second) == 0 &&
                    ::setresuid(options.user->first, options.user->first, options.user->first) == 0;
    if (!ok) ::_exit(126);
  }
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

Result<std::unique_ptr<Process>> Process::start(Executor executor, const ProcessOptions& options) {
  const auto failed = [&](const char* what) {
    const auto reason = boost::system::error_code(errno, boost::system::system_category()).message();
    return Error{Errc::io, std::string(what) + " for " + options.arguments.front() + ": " + reason};
  };
  const int output = ::open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) return failed("cannot open the log");
  int info[2] = {-1, -1};
  if (options.info_fd && ::pipe2(info, O_CLOEXEC) != 0) return failed("cannot make a pipe");
  std::vector<char*> arguments;
  for (const auto& argument : options.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(options, arguments.data(), output, info[1], parent);
  const int fork_error = errno;
  ::close(output);
  if (info[1] >= 0) ::close(info[1]);
  if (pid < 0) {
    if (info[0] >= 0) ::close(info[0]);
    errno = fork_error;
    return failed("cannot fork");
  }
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) {
    auto error = failed("pidfd_open");
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    if (info[0] >= 0) ::close(info[0]);
    return error;
  }
  return std::unique_ptr<Process>(new Process(std::make_shared<State>(executor, pid, pidfd, info[0])));
}

Process::~Process() {
  if (state_->exit_code) return;
  ::kill(state_->pid, SIGKILL);
  ::waitpid(state_->pid, nullptr, 0);
}

pid_t Process::pid() const { return state_->pid; }
std::optional<int> Process::exit_code() const { return state_->exit_code; }

bool Process::ended() const {
  state_->reap();
  return state_->exit_code.has_value();
}

Task<int> Process::wait() {
  const auto state = state_;
  while (!state->exit_code) {
    if (state->waiting) {
      co_await state->ended_event.wait();
      continue;
    }
    state->waiting = true;
    boost::system::error_code code;
    co_await state->ended.async_wait(asio::posix::stream_descriptor::wait_read,
                                     asio::redirect_error(asio::use_awaitable, code));
    state->waiting = false;
    state->reap();
    state->ended_event.set();
    if (!state->exit_code) {
      state->ended_event.reset();
      if (code) throw Exception(Errc::cancelled, "cancelled while waiting for a process");
    }
  }
  co_return *state->exit_code;
}

void Process::signal(int number) const {
  if (!state_->exit_code) ::kill(state_->pid, number);
}

Task<std::string> Process::info() {
  const auto state = state_;
  std::string text;
  char chunk[512];
  for (;;) {
    boost::system::error_code code;
    const auto size = co_await state->info_pipe.async_read_some(
        asio::buffer(chunk), asio::redirect_error(asio::use_awaitable, code));
    text.append(chunk, size);
    if (code || text.find('}') != text.npos) co_return text;
  }
}

}  // namespace windlass::inline v0::testing
