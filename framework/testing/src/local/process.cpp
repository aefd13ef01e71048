#include "process.hpp"

#include <array>
#include <cstdio>

#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

namespace windlass::inline v0::testing {

namespace asio = boost::asio;

namespace {

/// A file descriptor, closed with it.
class File {
 public:
  File() = default;
  explicit File(int number) : number_(number) {}
  File(File&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool open() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

/// The two ends of what stands between a child and its parent.
struct Ends {
  File child_input, child_output, child_errors;
  File input, output, errors;
};

bool make_pipe(File& reading, File& writing) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  reading = File(ends[0]);
  writing = File(ends[1]);
  return true;
}

bool make_ends(ProcessOptions::Streams streams, Ends& ends) {
  using Streams = ProcessOptions::Streams;
  if (streams == Streams::tty) {
    int master = -1, slave = -1;
    if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) return false;
    ends.output = File(master);
    ends.child_input = File(slave);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    ::fcntl(slave, F_SETFD, FD_CLOEXEC);
    ends.input = File(::fcntl(master, F_DUPFD_CLOEXEC, 3));
    ends.child_output = File(::fcntl(slave, F_DUPFD_CLOEXEC, 3));
    ends.child_errors = File(::fcntl(slave, F_DUPFD_CLOEXEC, 3));
    return ends.input.open() && ends.child_output.open() && ends.child_errors.open();
  }
  if (streams == Streams::none) return true;
  if (!make_pipe(ends.child_input, ends.input)) return false;
  if (streams == Streams::input) return true;
  return make_pipe(ends.output, ends.child_output) && make_pipe(ends.errors, ends.child_errors);
}

}  // namespace

struct Process::State {
  State(const Executor& executor, pid_t p, int pidfd, int info)
      : pid(p),
        ended(executor, pidfd),
        ended_event(executor),
        info_pipe(executor),
        input(executor),
        output(executor),
        errors(executor) {
    if (info >= 0) info_pipe.assign(info);
  }
  void take(Ends& ends) {
    if (ends.input.open()) input.assign(ends.input.release());
    if (ends.output.open()) output.assign(ends.output.release());
    if (ends.errors.open()) errors.assign(ends.errors.release());
  }
  pid_t pid;
  asio::posix::stream_descriptor ended;  ///< readable when the process has ended
  Event ended_event;
  asio::posix::stream_descriptor info_pipe;
  asio::posix::stream_descriptor input, output, errors;
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
                         char* const* environment, const Ends& ends, int info, pid_t parent) {
  const bool tty = options.streams == ProcessOptions::Streams::tty;
  if (tty) {
    ::setsid();
    ::ioctl(ends.child_input.get(), TIOCSCTTY, 0);
  } else {
    ::setpgid(0, 0);
  }
  if (options.parent_death_signal) {
    ::prctl(PR_SET_PDEATHSIG, *options.parent_death_signal);
    if (::getppid() != parent) ::_exit(1);
  }
  ::dup2(ends.child_input.open() ? ends.child_input.get() : ::open("/dev/null", O_RDONLY), 0);
  ::dup2(ends.child_output.get(), 1);
  ::dup2(ends.child_errors.open() ? ends.child_errors.get() : ends.child_output.get(), 2);
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
  Ends ends;
  if (!make_ends(options.streams, ends)) return failed("cannot make pipes or a terminal");
  if (!ends.child_output.open()) {
    ends.child_output =
        File(::open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!ends.child_output.open()) return failed("cannot open the log");
  }
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
  if (pid == 0) become(options, doors, arguments.data(), environment, ends, info[1], parent);
  const int fork_error = errno;
  // whoever of the two comes first; a leader of a group cannot begin the session of a terminal
  if (pid > 0 && options.streams != ProcessOptions::Streams::tty) ::setpgid(pid, pid);
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
  auto state = std::make_shared<State>(executor, pid, pidfd, info[0]);
  state->take(ends);
  return std::unique_ptr<Process>(new Process(std::move(state)));
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
  if (state_->exit_code) return;
  ::kill(-state_->pid, SIGKILL);
  ::kill(state_->pid, SIGKILL);  // when it has not made its group yet
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

namespace {

/// A terminal whose other end is closed says so with an error, which is its end.
Task<std::string> read_piece(asio::posix::stream_descriptor* from) {
  std::string piece(16 * 1024, '\0');
  boost::system::error_code code;
  const auto size = co_await from->async_read_some(asio::buffer(piece),
                                                   asio::redirect_error(asio::use_awaitable, code));
  if (code == asio::error::operation_aborted)
    throw Exception(Errc::cancelled, "cancelled while reading a process's output");
  piece.resize(size);
  co_return piece;
}

}  // namespace

Task<std::string> Process::read_output() {
  const auto state = state_;
  if (!state->output.is_open()) co_return std::string();
  auto reading = read_piece(&state->output);
  co_return co_await std::move(reading);
}

Task<std::string> Process::read_errors() {
  const auto state = state_;
  if (!state->errors.is_open()) co_return std::string();
  auto reading = read_piece(&state->errors);
  co_return co_await std::move(reading);
}

Task<void> Process::write_input(std::string text) {
  const auto state = state_;
  boost::system::error_code code;
  if (!state->input.is_open()) code = asio::error::broken_pipe;
  if (!code) {
    co_await asio::async_write(state->input, asio::buffer(text),
                               asio::redirect_error(asio::use_awaitable, code));
  }
  if (code == asio::error::operation_aborted)
    throw Exception(Errc::cancelled, "cancelled while writing a process's input");
  if (code) throw Exception(Errc::closed, "the process does not read its input any more");
}

void Process::close_input() {
  boost::system::error_code ignored;
  state_->input.close(ignored);
}

void Process::resize(std::uint16_t columns, std::uint16_t rows) {
  winsize size{};
  size.ws_col = columns;
  size.ws_row = rows;
  if (state_->output.is_open()) ::ioctl(state_->output.native_handle(), TIOCSWINSZ, &size);
}

}  // namespace windlass::inline v0::testing
