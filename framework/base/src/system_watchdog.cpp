#include "system_watchdog.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <system_error>
#include <thread>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

namespace windlass::inline v0::detail {
namespace {

using Ticks = Duration::rep;

Ticks boot_ticks() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_BOOTTIME, &t);
  return Ticks{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

/// Its thread sleeps in the kernel on a timer of the boot clock. From `end_at` to the end of the
/// process nothing allocates, locks or waits for another thread.
class SystemWatchdog final : public Watchdog {
 public:
  explicit SystemWatchdog(std::string last_words)
      : last_words_(std::move(last_words)), timer_(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC)) {
    if (timer_ < 0) throw std::system_error(errno, std::system_category(), "the watchdog's timer");
    last_words_ += '\n';
    // a pipe that is ready takes so many bytes at once
    if (last_words_.size() > PIPE_BUF) last_words_.resize(PIPE_BUF);
    try {
      thread_ = std::thread([this] { watch(); });
    } catch (...) {
      ::close(timer_);
      throw;
    }
  }

  ~SystemWatchdog() override {
    stopped_ = true;
    wake_at(1);  // long ago
    thread_.join();
    ::close(timer_);
  }

  void end_at(BootTime at) noexcept override {
    const Ticks ticks = at.time_since_epoch().count();
    end_at_ = ticks;
    wake_at(ticks == kNever ? 0 : std::max<Ticks>(ticks, 1));
  }

 private:
  static constexpr Ticks kNever = BootTime::max().time_since_epoch().count();

  /// 0: never.
  void wake_at(Ticks ticks) noexcept {
    itimerspec when{};
    when.it_value.tv_sec = ticks / 1'000'000'000;
    when.it_value.tv_nsec = ticks % 1'000'000'000;
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
  }

  void watch() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
    for (;;) {
      std::uint64_t expirations = 0;
      const auto got = ::read(timer_, &expirations, sizeof expirations);
      if (stopped_) return;
      // it may have been put off since the timer expired
      if (got == sizeof expirations && boot_ticks() >= end_at_) end();
    }
  }

  [[noreturn]] void end() noexcept {
    pollfd error{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&error, 1, 0) == 1 && (error.revents & POLLOUT) != 0) {
      [[maybe_unused]] const auto written =
          ::write(STDERR_FILENO, last_words_.data(), last_words_.size());
    }
    ::_exit(kWatchdogExitCode);
  }

  std::string last_words_;
  int timer_;
  std::atomic<Ticks> end_at_{kNever};
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Watchdog> make_system_watchdog(std::string last_words) {
  return std::make_unique<SystemWatchdog>(std::move(last_words));
}

}  // namespace windlass::inline v0::detail
