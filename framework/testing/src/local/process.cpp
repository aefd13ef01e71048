#include "process.hpp"

#include <array>
#include <cstdio>

#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
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

constexpr std::array kNamespaces{"mnt", "ipc", "uts", "pid"};

/// Where a sandbox's namespaces are found; written before the fork, after which nothing may
/// allocate.
struct Doors {
  explicit Doors(pid_t pid) : user("/proc/" + std::to_string(pid) + "/ns/user") {
    for (const auto* name : kNamespaces)
      others.push_back("/proc/" + std::to_string(pid) + "/ns/" + name);
  }
  std::string user;
  std::vector<std::string> others;
};

/// A sandbox has two user namespaces: an outer one that owns its other namespaces, and an inner one
/// for its processes.
bool enter(const Doors& doors) {
  const int inner = ::open(doors.user.c_str(), O_RDONLY | O_CLOEXEC);
  std::array<int, kNamespaces.size()> others{};
  for (std::size_t i = 0; i < others.size(); ++i)
    others[i] = ::open(doors.others[i].c_str(), O_RDONLY | O_CLOEXEC);
  const int outer = ::ioctl(others[0], NS_GET_USERNS);
  if (inner < 0 || outer < 0 || ::setns(outer, CLONE_NEWUSER) != 0) return false;
  for (const int other : others) {
    if (::setns(other, 0) != 0) return false;
  }
  return ::setns(inner, CLONE_NEWUSER) == 0 || errno == EINVAL;  // EINVAL: the two are one
}

/// Only a child is in the process namespace that was entered; this process waits for it and ends as
/// it does.
void move_to_child() {
  const pid_t child = ::fork();
  if (child == 0) return;
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) ::_exit(126);
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/// Between fork and exec only calls that are safe there.
[[noreturn]] void become(const ProcessOptions& options, const Doors& doors, char* const* arguments,
                         char* const* environment, int output, int info, pid_t parent) {
  ::setpgid(0, 0);
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
    const bool ok =
        ::setgroups(0, nullptr) == 0 &&
        ::setresgid(options.user->second, options.user->second, options.user->second) == 0 &&
        ::setresuid(options.user->first, options.user->first, options.user->first) == 0;
    if (!ok) ::_exit(126);
  }
  if (options.inside) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!enter(doors) || ::chdir(options.inside->directory.c_str()) != 0) {
      ::dprintf(2, "cannot enter the container or its working directory: error %d\n", errno);
      ::_exit(126);
    }
    move_to_child();
  }
  environ = const_cast<char**>(environment);
  ::execvp(arguments[0], arguments);
  ::_exit(127);
}

/// What exec takes; points into `words`.
std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> made;
  for (const auto& word : words) made.push_back(const_cast<char*>(word.c_str()));
  made.push_back(nullptr);
  return made;
}

}  // namespace

Result<std::unique_ptr<Process>> Process::start(Executor executor, const ProcessOptions& options) {
  const auto failed = [&](const char* what) {
    const auto reason =
        boost::system::error_code(errno, boost::system::system_category()).message();
    return Error{Errc::io, std::string(what) + " for " + options.arguments.front() + ": " + reason};
  };
  const int output =
      ::open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) return failed("cannot open the log");
  int info[2] = {-1, -1};
  if (options.info_fd && ::pipe2(info, O_CLOEXEC) != 0) return failed("cannot make a pipe");
  auto arguments = pointers(options.arguments);
  std::vector<std::string> variables;
  if (options.environment) {
    for (const auto& [name, value] : *options.environment) variables.push_back(name + "=" + value);
  }
  auto variable_pointers = pointers(variables);
  char* const* environment = options.environment ? variable_pointers.data() : environ;
  const Doors doors(options.inside ? options.inside->pid : 0);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(options, doors, arguments.data(), environment, output, info[1], parent);
  if (pid > 0) ::setpgid(pid, pid);  // whoever of the two comes first
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
  return std::unique_ptr<Process>(
      new Process(std::make_shared<State>(executor, pid, pidfd, info[0])));
}

Process::~Process() {
  if (state_->exit_code) return;
  kill();
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

void Process::kill() const {
  if (!state_->exit_code) ::kill(-state_->pid, SIGKILL);
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
