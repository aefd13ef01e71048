#pragma once
// The parts of a simulation, shared by its three .cpp files.

#include <deque>
#include <list>
#include <set>
#include <unordered_map>

#include <boost/asio/io_context.hpp>

#include <windlass/testing/simulation.hpp>

namespace windlass::inline v0::testing {

/// An io_context whose coroutine frames can be destroyed before its services are.
class Context : public boost::asio::io_context {
 public:
  Context() : boost::asio::io_context(1) {}
  void destroy_handlers() { boost::asio::io_context::shutdown(); }
};

/// What terminate throws. A cancellation by type, so that nobody reports it.
class ProcessExit final : public Exception {
 public:
  ProcessExit() : Exception(Errc::cancelled, "the simulated process has ended") {}
};

class SimulatedNetwork;

/// Wakes coroutines of one process; lives in their frames, but loses its Asio objects with them.
class Wake {
 public:
  Wake(SimulatedProcess::Impl& process, const Executor& executor);
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  void set_readable();
  void set_writable();
  Task<void> readable();  ///< waits for the next set_readable
  Task<void> writable();
  void drop() { events_.reset(); }

 private:
  struct Events {
    explicit Events(const Executor& e) : readable(e), writable(e) {}
    Event readable, writable;
  };
  SimulatedProcess::Impl* process_;
  std::unique_ptr<Events> events_;
};

struct Segment {
  enum class Kind : std::uint8_t { data, fin, reset } kind = Kind::data;
  std::string bytes;
};

/// One end of a connection.
struct Side {
  SimulatedProcess::Impl* process = nullptr;
  Endpoint address;
  std::string received;
  std::size_t consumed = 0;      // of `received`
  std::size_t outstanding = 0;   // bytes on their way here or unread: what the window limits
  std::deque<Segment> incoming;  // on their way here
  std::size_t stalled = 0;       // deliveries that a block held up
  Duration last_arrival{};       // keeps deliveries in order
  bool ended = false;            // the peer's end has arrived
  bool closed = false;           // closed on this side
  bool reset_on_close = false;
  std::optional<Error> broken;
  std::weak_ptr<Wake> wake;

  void notify() const {
    if (const auto w = wake.lock()) {
      w->set_readable();
      w->set_writable();
    }
  }
};

struct Connection {
  Side sides[2];  // 0 dialled, 1 accepted
};

struct ListenerState {
  SimulatedProcess::Impl* process = nullptr;
  Endpoint at;
  std::deque<std::shared_ptr<Connection>> backlog;
  bool closed = false;
  std::weak_ptr<Wake> wake;
};

/// A dial on its way. Its coroutine holds it; everybody else looks whether it is still there.
struct Attempt {
  Endpoint to;
  Duration deadline{};
  std::shared_ptr<Wake> wake;
  std::shared_ptr<Connection> connection;
  std::optional<Error> failure;
};

/// What a process's watchdog object and the simulation share.
struct WatchdogState {
  BootTime end_at = BootTime::max();
  std::string last_words;
};

/// All connections, listeners and faults between processes.
class SimulatedNetwork {
 public:
  explicit SimulatedNetwork(Simulation::Impl& simulation) : simulation_(simulation) {}

  void start_dial(SimulatedProcess::Impl& from, const std::shared_ptr<Attempt>& attempt);
  Result<std::shared_ptr<ListenerState>> listen(SimulatedProcess::Impl& process,
                                                const Endpoint& at);
  void stop_listening(ListenerState& listener);
  /// Sends from `sides[side]` to the other end.
  void send(const std::shared_ptr<Connection>& connection, int side, Segment segment);
  void close(const std::shared_ptr<Connection>& connection, int side);
  void discard_unsent(Connection& connection, int side);
  /// Ends everything of `process`; peers are reset, or hear nothing when `silently`.
  void drop_process(SimulatedProcess::Impl& process, bool silently);

  void add_host(std::string host, SimulatedProcess::Impl& process);
  void remove_host(std::string_view host);
  void block(SimulatedProcess::Impl& from, SimulatedProcess::Impl& to);
  void unblock(SimulatedProcess::Impl& a, SimulatedProcess::Impl& b);
  void unblock_all();
  void balance_host(std::string host, std::vector<SimulatedProcess::Impl*> processes);
  void damage(SimulatedProcess::Impl& from, SimulatedProcess::Impl& to, Damage damage);
  struct Link {
    Duration min_delay{}, max_delay{};
    std::size_t fragment = 0;
  };
  void set_link(SimulatedProcess::Impl& from, SimulatedProcess::Impl& to, Link link);
  [[nodiscard]] Held held(const SimulatedProcess::Impl& process) const;
  void cut(SimulatedProcess::Impl& a, SimulatedProcess::Impl& b);
  /// Sends again what a block or a vanished machine held up.
  void release_stalled();
  [[nodiscard]] bool blocked(const SimulatedProcess::Impl* from,
                             const SimulatedProcess::Impl* to) const;

 private:
  struct Target {
    SimulatedProcess::Impl* process = nullptr;
    bool loopback = false;
  };
  [[nodiscard]] Target resolve(SimulatedProcess::Impl& from, const std::string& host) const;
  [[nodiscard]] ListenerState* find_listener(const Target& target, const Endpoint& to) const;
  void arrive(SimulatedProcess::Impl& from, const std::weak_ptr<Attempt>& attempt);
  void deliver(const std::shared_ptr<Connection>& connection, int to);
  void schedule_delivery(const std::shared_ptr<Connection>& connection, int to);
  void break_connection(Connection& connection, const Error& error);
  void watch_for_dead_peers(SimulatedProcess::Impl& a, SimulatedProcess::Impl& b);
  [[nodiscard]] std::vector<std::shared_ptr<Connection>> between(const SimulatedProcess::Impl* a,
                                                                 const SimulatedProcess::Impl* b);
  Duration delay(const SimulatedProcess::Impl* from, const SimulatedProcess::Impl* to);
  /// True when the segment is not to be sent any more.
  bool harm(const std::shared_ptr<Connection>& connection, int side, Segment& segment);

  Simulation::Impl& simulation_;
  std::list<std::weak_ptr<Connection>> connections_;
  std::vector<ListenerState*> listeners_;
  std::map<std::string, std::vector<SimulatedProcess::Impl*>, std::less<>> hosts_;
  std::map<std::pair<std::size_t, std::size_t>, Damage> damages_;
  std::map<std::pair<std::size_t, std::size_t>, Link> links_;
  // (index of from, index of to) -> number of the block, to tell a new one from an old one
  std::map<std::pair<std::size_t, std::size_t>, std::uint64_t> blocks_;
  std::uint64_t block_count_ = 0;
  std::size_t connections_since_purge_ = 0;
};

/// The clock of one process: true time, stretched and shifted.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(Simulation::Impl& simulation) : simulation_(simulation) {}
  [[nodiscard]] SteadyTime steady_now() const override;
  [[nodiscard]] BootTime boot_now() const override;
  [[nodiscard]] WallTime wall_now() const override;

  void set_rate(double rate);
  void set_wall_offset(Duration offset) { wall_offset_ = offset; }
  /// Takes `lost` off the steady clock (it stood still for so long).
  void lose(Duration lost) { steady_lost_ += lost; }
  /// When, in true time, the next timer is due. Empty: never.
  [[nodiscard]] std::optional<Duration> next_due() const;
  /// When, in true time, the boot clock shows `at`.
  [[nodiscard]] Duration true_time_of(BootTime at) const;
  /// Expires what is due.
  void fire();
  void drop_timers();
  [[nodiscard]] std::size_t timers() const { return timers_.size(); }

 protected:
  void arm(Timer& timer, SteadyTime at) override;
  void disarm(Timer& timer) noexcept override;

 private:
  using Key = std::pair<SteadyTime, std::uint64_t>;
  [[nodiscard]] Duration elapsed() const;
  [[nodiscard]] Duration true_time_of(SteadyTime at) const;
  [[nodiscard]] Duration true_time_after(Duration local) const;

  Simulation::Impl& simulation_;
  double rate_ = 1;
  Duration anchor_true_{};   // since when the rate holds
  Duration anchor_local_{};  // what had elapsed then
  Duration steady_lost_{};
  Duration wall_offset_{};
  std::map<Key, Timer*> timers_;
  std::unordered_map<Timer*, Key> keys_;
  std::uint64_t armed_ = 0;
};

struct SimulatedProcess::Impl {
  Impl(Simulation::Impl& s, std::string n, std::size_t i);

  Simulation::Impl& simulation;
  std::string name;
  std::size_t index;
  std::string address;
  SimulatedProcess* self = nullptr;
  SimulatedClock clock;
  SeededRandom random;
  SeededRandom secrets;
  std::unique_ptr<Network> network;
  std::shared_ptr<LogSink> log_sink;
  std::map<std::string, std::string, std::less<>> variables, files;
  std::uint64_t incarnation = 0;
  bool cut = false;     // effects are no-ops
  bool doomed = false;  // to be destroyed as soon as its handler has returned
  bool restart_after = false;
  bool refused = false;   // connections to it are refused
  bool vanished = false;  // answers nothing, not even with a reset
  std::optional<int> exit_code;
  Main main;
  std::deque<int> signals;
  std::size_t signals_taken = 0;
  std::size_t signal_waiters = 0;
  std::shared_ptr<Wake> signal_wake;
  std::optional<Duration> paused_until;
  std::optional<Duration> pause_at_send;
  std::optional<std::uint64_t> steps_to_crash;
  bool suspended = false;
  bool stalled = false;  // `paused_until` is a stall: watchdogs go on
  std::vector<std::shared_ptr<WatchdogState>> watchdogs;  // gone: nobody else holds it
  Duration watchdogs_run{};  // from when on: threads come back from a pause in any order
  std::uint16_t next_port = 40'000;
  std::set<Wake*> wakes;
  std::unique_ptr<Context> context;
  std::vector<std::shared_ptr<void>> kept;

  void begin();
  /// Cuts it off now; destroys it now, or after the handler of it that is running.
  void end(int code, bool silently);
  void destroy();
  void run_main();
  /// When, in true time, a watchdog is to end it. Empty: never, as things are.
  [[nodiscard]] std::optional<Duration> ends_at() const;
  /// Ends it if a watchdog wants that now.
  void obey_watchdogs();
};

struct Simulation::Impl {
  explicit Impl(SimulationOptions o);

  SimulationOptions options;
  SeededRandom schedule, traffic, user;
  Duration now{};
  std::uint64_t sequence = 0;
  std::uint64_t trace = 0xcbf29ce484222325ull;
  std::uint64_t steps = 0;
  std::uint64_t steps_this_instant = 0;
  std::vector<SimulatedProcess::Impl*> round_order;  ///< scratch of round()
  std::map<std::pair<Duration, std::uint64_t>, std::function<void()>> events;
  std::vector<std::unique_ptr<SimulatedProcess>> processes;
  SimulatedNetwork network;
  SimulatedProcess::Impl* current = nullptr;
  bool running = false;
  std::string failure;
  std::map<std::string, BlockingModel, std::less<>> models;
  std::vector<LogRecord> log;
  std::function<void(const LogRecord&)> log_listener;

  static SimulatedProcess::Impl& of(const SimulatedProcess& process) { return *process.impl_; }
  SimulatedProcess& find_or_make(std::string_view name);
  void at(Duration time, std::function<void()> action);
  void note(std::uint64_t a, std::uint64_t b = 0);
  void note(std::string_view text);
  /// Runs one handler of `process`; false when it has none.
  bool step(SimulatedProcess::Impl& process);
  /// Lets every process run a little, in random order. Returns the number of handlers run.
  std::size_t round();
  /// Moves time to the next thing that happens, at most to `limit`; false when there is none.
  bool advance(Duration limit);
  bool run(const std::function<bool()>& condition, Duration limit);
  void fail(std::string text);
  [[nodiscard]] std::string describe() const;
};

std::unique_ptr<Network> make_network(SimulatedProcess::Impl& process);
std::shared_ptr<LogSink> make_captured_log(SimulatedProcess::Impl& process);
Task<void> run_blocking(SimulatedProcess::Impl& process, std::string name,
                        std::function<void()> work);

}  // namespace windlass::inline v0::testing
