#include <array>
#include <atomic>
#include <cstdlib>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>

#include <windlass/base/system_environment.hpp>

#include "system_network.hpp"
#include "system_watchdog.hpp"

namespace windlass::inline v0 {
namespace {

namespace asio = boost::asio;

class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] BootTime boot_now() const override {
    timespec t{};
    ::clock_gettime(CLOCK_BOOTTIME, &t);
    return BootTime(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
  }
  [[nodiscard]] WallTime wall_now() const override { return std::chrono::system_clock::now(); }

 protected:
  void arm(Timer& timer, SteadyTime at) override { timer.sleep_natively_until(at); }
  void disarm(Timer&) noexcept override {}
};

void fill_from_system(void* data, std::size_t size) {
  auto* bytes = static_cast<char*>(data);
  while (size > 0) {
    const auto got = ::getrandom(bytes, size, 0);
    if (got <= 0) continue;  // interrupted
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
}

class SystemRandom final : public Random {
 public:
  SystemRandom() : generator_(seed()) {}
  std::uint64_t next() override {
    const std::lock_guard lock(mutex_);
    return generator_.next();
  }

 private:
  static std::uint64_t seed() {
    std::uint64_t bits = 0;
    fill_from_system(&bits, sizeof bits);
    return bits;
  }
  std::mutex mutex_;
  SeededRandom generator_;
};

/// A context with one thread of its own.
class Thread {
 public:
  Thread() : work_(asio::make_work_guard(context_)), thread_([this] { context_.run(); }) {}
  ~Thread() {
    work_.reset();
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }
  asio::io_context& context() { return context_; }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

class RealEnvironment final : public SystemEnvironment {
 public:
  explicit RealEnvironment(SystemEnvironmentOptions options) : log_(std::move(options.log)) {
    if (const auto address = variable("WINDLASS_POD_ADDRESS")) listen_address_ = *address;
    ::signal(SIGPIPE, SIG_IGN);
    if (options.handle_signals) {
      // before any thread starts, so that all of them inherit the handlers
      signals_.emplace(io_, SIGTERM, SIGINT);
    }
    if (options.lease_thread) lease_.emplace();
    set_worker_threads(options.worker_threads);
  }

  ~RealEnvironment() override {
    if (workers_) {
      workers_->stop();
      workers_->join();
    }
    io_.stop();
    lease_.reset();
  }

  Executor io() override { return io_.get_executor(); }
  Executor workers() override { return workers_ ? Executor(workers_->get_executor()) : io(); }
  Executor lease() override { return lease_ ? Executor(lease_->context().get_executor()) : io(); }
  Clock& clock() override { return clock_; }
  Random& random() override { return random_; }

  Network& network(const Executor& executor) override {
    const std::lock_guard lock(mutex_);
    for (auto& [owner, network] : networks_) {
      if (owner == executor) return *network;
    }
    networks_.emplace_back(executor, detail::make_system_network(executor, listen_address_));
    return *networks_.back().second;
  }

  [[nodiscard]] std::optional<std::string> variable(std::string_view name) const override {
    const char* value = ::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  }

  [[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path) const override {
    constexpr std::size_t limit = 16u << 20;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return file_error(path);
    std::string text;
    std::array<char, 65536> chunk;
    for (;;) {
      const auto got = ::read(fd, chunk.data(), chunk.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        auto error = file_error(path);
        ::close(fd);
        return error;
      }
      if (got == 0) break;
      text.append(chunk.data(), static_cast<std::size_t>(got));
      if (text.size() > limit) {
        ::close(fd);
        return Error{Errc::too_large, path.string() + " is larger than 16 MiB"};
      }
    }
    ::close(fd);
    return text;
  }

  std::string secret_bytes(std::size_t count) override {
    std::string bytes(count, '\0');
    fill_from_system(bytes.data(), bytes.size());
    return bytes;
  }

  [[nodiscard]] std::string host_name() const override {
    std::array<char, 256> name{};
    ::gethostname(name.data(), name.size() - 1);
    return name.data();
  }

  Task<int> next_signal() override {
    if (!signals_) throw Exception(Errc::internal, "this environment does not handle signals");
    const int number = co_await signals_->async_wait(asio::use_awaitable);
    // nobody may be waiting any more: a second signal ends the process, as users of kubectl expect
    signals_->async_wait([](const boost::system::error_code& code, int) {
      if (!code) ::_exit(1);
    });
    co_return number;
  }

  Task<void> blocking(std::string, std::function<void()> work) override {
    auto run = [](std::function<void()> w) -> Task<void> {
      w();
      co_return;
    };
    co_await run_on(workers(), run(std::move(work)));
  }

  [[noreturn]] void terminate(int code) override {
    log_.flush();
    ::_exit(code);
  }

  std::unique_ptr<Watchdog> make_watchdog(std::string last_words) override {
    return detail::make_system_watchdog(std::move(last_words));
  }

  [[nodiscard]] Logger log() const override { return log_; }
  void set_log(Logger log) override { log_ = std::move(log); }

  void set_worker_threads(unsigned count) override {
    if (workers_) workers_->join();
    workers_.reset();
    if (count > 0) workers_ = std::make_unique<asio::thread_pool>(count);
  }

  int run(std::function<Task<int>()> main) override {
    std::optional<int> code;
    std::exception_ptr failure;
    asio::co_spawn(io_, main(), [&](std::exception_ptr error, int result) {
      failure = error;
      code = result;
      io_.stop();
    });
    io_.restart();
    io_.run();
    if (failure) std::rethrow_exception(failure);
    return code.value_or(1);
  }

 private:
  static Error file_error(const std::filesystem::path& path) {
    const int code = errno;
    const auto text = boost::system::error_code(code, boost::system::system_category()).message();
    const Errc kind = code == ENOENT   ? Errc::not_found
                      : code == EACCES ? Errc::permission
                                       : Errc::io;
    return {kind, "cannot read " + path.string() + ": " + text};
  }

  SystemClock clock_;
  SystemRandom random_;
  Logger log_;
  std::string listen_address_;
  asio::io_context io_{1};
  std::optional<asio::signal_set> signals_;
  std::optional<Thread> lease_;
  std::unique_ptr<asio::thread_pool> workers_;
  std::mutex mutex_;
  std::vector<std::pair<Executor, std::unique_ptr<Network>>> networks_;
};

}  // namespace

std::unique_ptr<SystemEnvironment> SystemEnvironment::make(SystemEnvironmentOptions options) {
  return std::make_unique<RealEnvironment>(std::move(options));
}

}  // namespace windlass::inline v0
