#pragma once
// A small world for tests of http: one thread, virtual time, streams in memory.

#include <deque>
#include <map>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <windlass/base/environment.hpp>

namespace windlass::http_test {

class ManualClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady_now() const override { return now_; }
  [[nodiscard]] BootTime boot_now() const override { return BootTime(now_.time_since_epoch()); }
  [[nodiscard]] WallTime wall_now() const override {
    return WallTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)) +
           now_.time_since_epoch();
  }
  /// Moves time to the next timer and ends its wait. False when there is none.
  bool advance() {
    if (armed_.empty()) return false;
    const auto [at, timer] = *armed_.begin();
    armed_.erase(armed_.begin());
    now_ = std::max(now_, at);
    timer->expire();
    return true;
  }
  void move(Duration duration) { now_ += duration; }

 protected:
  void arm(Timer& timer, SteadyTime at) override { armed_.emplace(at, &timer); }
  void disarm(Timer& timer) noexcept override {
    std::erase_if(armed_, [&](const auto& entry) { return entry.second == &timer; });
  }

 private:
  SteadyTime now_{};
  std::multimap<SteadyTime, Timer*> armed_;
};

/// One direction of a connection.
struct Pipe {
  explicit Pipe(const Executor& executor) : changed(executor) {}
  std::string bytes;
  bool ended = false;    ///< the writer closed
  bool refused = false;  ///< the reader closed
  std::size_t window = SIZE_MAX;
  std::size_t piece = SIZE_MAX;  ///< a read returns at most so much
  std::size_t total = 0;
  Event changed;
};

class MemoryStream final : public Stream {
 public:
  MemoryStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
      : in_(std::move(in)), out_(std::move(out)) {}
  ~MemoryStream() override { close(); }

  Task<std::size_t> read_some(std::span<char> buffer) override {
    const auto in = in_;
    while (in->bytes.empty() && !in->ended && !in->refused) {
      in->changed.reset();
      co_await in->changed.wait();
    }
    if (in->refused) throw Exception(Errc::closed, "reading: the stream was closed");
    const auto count = std::min({in->bytes.size(), buffer.size(), in->piece});
    std::copy_n(in->bytes.begin(), count, buffer.begin());
    in->bytes.erase(0, count);
    in->changed.set();
    co_return count;
  }

  Task<void> write(std::string_view bytes) override {
    const auto out = out_;
    while (!bytes.empty()) {
      if (out->ended || out->refused)
        throw Exception(Errc::closed, "writing: the stream was closed");
      const auto room = out->window - std::min(out->window, out->bytes.size());
      if (room == 0) {
        out->changed.reset();
        co_await out->changed.wait();
        continue;
      }
      const auto part = bytes.substr(0, room);
      out->bytes += part;
      out->total += part.size();
      bytes.remove_prefix(part.size());
      out->changed.set();
    }
    auto turn = yield();
    co_await std::move(turn);
  }

  void close() noexcept override {
    in_->refused = true;
    out_->ended = true;
    in_->changed.set();
    out_->changed.set();
  }

  void reset_on_close(bool) noexcept override {}

  Pipe& in() { return *in_; }
  Pipe& out() { return *out_; }

 private:
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
};

using StreamPair = std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>>;

inline StreamPair make_streams(const Executor& executor) {
  auto there = std::make_shared<Pipe>(executor);
  auto back = std::make_shared<Pipe>(executor);
  return {std::make_unique<MemoryStream>(back, there), std::make_unique<MemoryStream>(there, back)};
}

class MemoryNetwork final : public Network {
 public:
  explicit MemoryNetwork(Executor executor) : executor_(std::move(executor)) {}

  struct Queue {
    explicit Queue(const Executor& executor) : changed(executor) {}
    std::deque<std::unique_ptr<Stream>> waiting;
    bool closed = false;
    Event changed;
  };

  class MemoryListener final : public Listener {
   public:
    MemoryListener(std::shared_ptr<Queue> queue, Endpoint at)
        : queue_(std::move(queue)), at_(std::move(at)) {}
    ~MemoryListener() override { close(); }
    Task<std::unique_ptr<Stream>> accept() override {
      const auto queue = queue_;
      while (queue->waiting.empty() && !queue->closed) {
        queue->changed.reset();
        co_await queue->changed.wait();
      }
      if (queue->closed) throw Exception(Errc::closed, "the listener was closed");
      auto next = std::move(queue->waiting.front());
      queue->waiting.pop_front();
      co_return next;
    }
    [[nodiscard]] Endpoint local_endpoint() const override { return at_; }
    void close() noexcept override {
      queue_->closed = true;
      queue_->changed.set();
    }

   private:
    std::shared_ptr<Queue> queue_;
    Endpoint at_;
  };

  Task<std::unique_ptr<Stream>> dial(Endpoint to) override {
    ++dials;
    if (dial_delay > Duration::zero()) {
      auto pause = sleep_for(*clock, dial_delay);
      co_await std::move(pause);
    }
    const auto found = queues_.find(to_string(to));
    if (found == queues_.end() || found->second->closed) {
      throw Exception(Errc::refused, "connecting to " + to_string(to) + ": connection refused");
    }
    auto [client, server] = make_streams(executor_);
    client->in().piece = client_piece;
    server->in().piece = server_piece;
    client->out().window = window;
    server->out().window = window;
    found->second->waiting.push_back(std::move(server));
    found->second->changed.set();
    co_return std::move(client);
  }

  Result<std::unique_ptr<Listener>> listen(Executor, const Endpoint& at) override {
    auto& queue = queues_[to_string(at)];
    queue = std::make_shared<Queue>(executor_);
    return std::make_unique<MemoryListener>(queue, at);
  }

  int dials = 0;
  std::size_t client_piece = SIZE_MAX;
  std::size_t server_piece = SIZE_MAX;
  std::size_t window = SIZE_MAX;
  Duration dial_delay{};
  Clock* clock = nullptr;

 private:
  Executor executor_;
  std::map<std::string, std::shared_ptr<Queue>> queues_;
};

class World final : public Environment {
 public:
  World() : memory(context.get_executor()) { memory.clock = &time; }

  Executor io() override { return context.get_executor(); }
  Executor workers() override { return io(); }
  Executor lease() override { return io(); }
  Clock& clock() override { return time; }
  Random& random() override { return random_; }
  Network& network(const Executor&) override { return memory; }
  [[nodiscard]] std::optional<std::string> variable(std::string_view) const override { return {}; }
  [[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path) const override {
    return Error{Errc::not_found, path.string()};
  }
  std::string secret_bytes(std::size_t count) override { return std::string(count, 'x'); }
  [[nodiscard]] std::string host_name() const override { return "test"; }
  Task<int> next_signal() override { throw Exception(Errc::internal, "no signals here"); }
  Task<void> blocking(std::string, std::function<void()> work) override {
    work();
    co_return;
  }
  [[noreturn]] void terminate(int) override { std::abort(); }
  std::unique_ptr<Watchdog> make_watchdog(std::string) override {
    throw Exception(Errc::internal, "no watchdog");
  }
  [[nodiscard]] Logger log() const override { return {}; }

  /// Runs until `task` has ended; time moves when nothing else does.
  template <class T>
  T run(Task<T> task) {
    bool done = false;
    std::exception_ptr failure;
    std::conditional_t<std::is_void_v<T>, std::monostate, std::optional<T>> result;
    const auto finish = [&](std::exception_ptr error, auto&&... value) {
      done = true;
      failure = error;
      if constexpr (!std::is_void_v<T>) ((result = std::move(value)), ...);
    };
    boost::asio::co_spawn(context, std::move(task), finish);
    while (!done) {
      settle();
      if (!done && !time.advance()) throw std::logic_error("nothing can happen any more");
    }
    if (failure) std::rethrow_exception(failure);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }

  /// Runs what is ready, without moving time.
  void settle() {
    context.restart();
    context.poll();
  }

  ManualClock time;  // outlives the timers in coroutines that the context destroys
  boost::asio::io_context context{1};
  MemoryNetwork memory;

 private:
  SeededRandom random_{1};
};

}  // namespace windlass::http_test
