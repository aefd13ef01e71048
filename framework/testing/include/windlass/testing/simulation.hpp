#pragma once
// A whole distributed system on one thread, in virtual time, from one seed.
//
// Every process (a replica, the API server) is a windlass::Environment with an io_context of its
// own. One loop runs them in an order drawn from the seed; when none has work, it moves virtual
// time to the next timer or delivery. The same seed gives the same run, step by step.
//
// State of a process lives in its coroutines, or in objects handed to `SimulatedProcess::keep`: a
// crash destroys both. Do not hold objects of a process in the test across its crash.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/environment.hpp>

namespace windlass::inline v0::testing {

class Simulation;
class SimulatedProcess;

struct NetworkOptions {
  /// Each piece of data travels for a time drawn from the seed between these two.
  Duration min_delay = std::chrono::microseconds(50);
  Duration max_delay = std::chrono::microseconds(500);
  /// Not 0: data arrives in pieces of 1 to this many bytes, drawn from the seed.
  std::size_t max_fragment = 0;
  /// A writer waits while this many bytes are on their way or unread.
  std::size_t window = 256 * 1024;
  /// A connection whose peer cannot be reached for this long fails with Errc::timeout, as
  /// TCP_USER_TIMEOUT and keep-alive do it in production.
  Duration dead_peer_timeout = std::chrono::seconds(45);
};

struct SimulationOptions {
  std::uint64_t seed = 1;
  NetworkOptions network = {};
  /// What wall clocks show at the beginning. Default: 2026-01-01T00:00:00Z.
  WallTime start = WallTime(std::chrono::seconds(1'767'225'600));
  LogLevel log_level = LogLevel::debug;
  /// True: `Environment::blocking` throws for a name without a model. False: it runs the work.
  bool strict_blocking = false;
  /// More handlers than this without time moving on is a busy loop and fails the run.
  std::uint64_t max_steps_per_instant = 3'000'000;
};

/// The run cannot go on: a deadlock, a busy loop, a background task that failed, a limit reached.
/// The message says which, and where each process stands.
class SimulationError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What the network does to the next data on a way.
enum class Damage : std::uint8_t {
  truncate,  ///< half of it arrives, then the connection is reset
  garble     ///< it arrives with other bytes
};

/// What a process holds of the outside world.
struct Held {
  std::size_t timers = 0;
  std::size_t connections = 0;
  std::size_t listeners = 0;
  friend bool operator==(const Held&, const Held&) = default;
};

/// One record that a process logged.
struct LogRecord {
  Duration at{};  ///< virtual time since the start
  std::string process;
  LogLevel level = LogLevel::info;
  std::string text;  ///< "[logger] message key=value ..."
};

/// A process of the simulation. The object stays the same across `crash` and `restart`, and lives
/// as long as the simulation.
class SimulatedProcess final : public Environment {
 public:
  using Main = std::function<Task<void>(SimulatedProcess&)>;

  ~SimulatedProcess() override;
  SimulatedProcess(const SimulatedProcess&) = delete;
  SimulatedProcess& operator=(const SimulatedProcess&) = delete;

  Executor io() override;
  Executor workers() override;
  Executor lease() override;
  Clock& clock() override;
  Random& random() override;
  Network& network(const Executor& executor) override;
  [[nodiscard]] std::optional<std::string> variable(std::string_view name) const override;
  [[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path) const override;
  std::string secret_bytes(std::size_t count) override;
  [[nodiscard]] std::string host_name() const override;
  Task<int> next_signal() override;
  Task<void> blocking(std::string name, std::function<void()> work) override;
  /// Records `code`, cuts the process off and leaves the running handler by an exception that looks
  /// like a cancellation; what still runs while it unwinds has no effect outside. Then everything
  /// of the process is destroyed.
  [[noreturn]] void terminate(int code) override;
  /// Runs beside the process's executor: also while that is stuck (`stall`), not while the process
  /// stands still (`pause`). After a pause it races with the executor, as threads do.
  std::unique_ptr<Watchdog> make_watchdog(std::string last_words) override;
  [[nodiscard]] Logger log() const override;

  [[nodiscard]] const std::string& name() const;
  /// Its address on the simulated network, such as "10.0.0.1". `name()` reaches it too.
  [[nodiscard]] const std::string& address() const;
  /// False from a crash or terminate until `restart`.
  [[nodiscard]] bool alive() const;
  /// How it ended: terminate's code, 137 for `crash`. Empty while it lives.
  [[nodiscard]] std::optional<int> exit_code() const;

  /// Environment variables and files. They survive crashes.
  std::map<std::string, std::string, std::less<>>& variables();
  std::map<std::string, std::string, std::less<>>& files();

  /// Runs `main` as this process's program, now and after every `restart`.
  void start(Main main);
  /// Destroyed by a crash, after the coroutines, in reverse order.
  void keep(std::shared_ptr<void> object);

  /// SIGKILL: every effect ends at once, peers see their connections reset, then all coroutine
  /// frames are destroyed. Allowed anywhere, also from code of this or another process.
  void crash();
  /// `crash`es after it has run `steps` more handlers: between any two suspension points.
  void crash_after(std::uint64_t steps);
  /// `pause`s when it next has a request or other data to send: after every check that it made
  /// before, and before anything has left.
  void pause_before_sending(Duration duration);
  /// What `crash_after` and `pause_before_sending` asked for and has not happened does not happen.
  void call_off();
  /// The machine is gone: like `crash`, but peers hear nothing and run into their timeouts.
  void vanish();
  /// Crashes it if it lives, then begins anew under the same name and runs `start`'s program again.
  void restart();
  /// SIGSTOP: nothing of it runs for `duration`; all clocks go on.
  void pause(Duration duration);
  /// A handler blocks: its executors do nothing for `duration`; its watchdogs go on.
  void stall(Duration duration);
  /// The virtual machine is suspended: like `pause`, but the steady clock stands still.
  void suspend(Duration duration);
  /// Ends a pause, stall or suspension now.
  void resume();
  [[nodiscard]] bool paused() const;
  /// Delivers SIGTERM or SIGINT to next_signal; SIGKILL is `crash`.
  void send_signal(int number);

  /// Speed of all clocks of this process from now on; 1 is true time. Greater than 0.
  void set_clock_rate(double rate);
  /// What its wall clock shows beyond true time.
  void set_wall_offset(Duration offset);
  [[nodiscard]] Held held() const;

  struct Impl;

 private:
  friend class Simulation;
  explicit SimulatedProcess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Replaces `Environment::blocking(name, work)`: may sleep in virtual time, and may call work.
using BlockingModel = std::function<Task<void>(Environment&, std::function<void()> work)>;

class Simulation {
 public:
  explicit Simulation(SimulationOptions options = {});
  explicit Simulation(std::uint64_t seed);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  /// Finds or makes the process of that name.
  SimulatedProcess& process(std::string_view name);

  /// Virtual time since the start.
  [[nodiscard]] Duration now() const;
  /// What a true wall clock shows.
  [[nodiscard]] WallTime wall_now() const;
  [[nodiscard]] std::uint64_t seed() const;
  /// Random choices of the test itself, from the seed.
  Random& random();

  /// Runs everything for `duration` of virtual time.
  void run_for(Duration duration);
  /// Runs until `condition` holds, at most for `limit` of virtual time; says whether it holds.
  /// It is asked between steps and must not change anything.
  bool run_until(const std::function<bool()>& condition, Duration limit);
  /// Runs until no process has anything to do at this instant; time does not move.
  void settle();
  /// Starts `task` in `process`. If it fails otherwise than by cancellation, the run fails.
  void spawn(SimulatedProcess& process, Task<void> task, std::string name = "task");
  /// Runs `task` in `process` until it ends and returns its result or rethrows its exception.
  /// Throws SimulationError when nothing can make progress, after `limit` of virtual time, or when
  /// the process dies.
  template <class T>
  T run(SimulatedProcess& process, Task<T> task, Duration limit = std::chrono::hours(1));
  /// Calls `action` between steps, once virtual time has moved on by `delay`.
  void after(Duration delay, std::function<void()> action);

  /// Makes `host` another name of `process` (a service, a load balancer); again to move it.
  void add_host(std::string host, const SimulatedProcess& process);
  void remove_host(std::string_view host);
  /// Makes `host` a load balancer: each connection goes to one of `processes`, drawn from the seed.
  void balance_host(std::string host, std::vector<const SimulatedProcess*> processes);
  /// Nothing travels from `from` to `to` any more. Data waits; connections fail after
  /// `dead_peer_timeout`; dialling goes on trying until then.
  void block(const SimulatedProcess& from, const SimulatedProcess& to);
  /// Both directions.
  void partition(const SimulatedProcess& a, const SimulatedProcess& b);
  /// From and to everybody else.
  void isolate(const SimulatedProcess& process);
  void heal(const SimulatedProcess& a, const SimulatedProcess& b);
  /// Ends every block, partition, isolation, slow link and damage to come.
  void heal();
  /// Resets every connection between the two.
  void cut(const SimulatedProcess& a, const SimulatedProcess& b);
  /// Harms the next data that is sent from `from` to `to`.
  void damage(const SimulatedProcess& from, const SimulatedProcess& to, Damage damage);
  /// Data from `from` to `to` travels for a time between these, in pieces of at most `fragment`
  /// bytes (0: whole): a slow or trickling line. Both zero: as everything else again.
  void set_link(const SimulatedProcess& from, const SimulatedProcess& to, Duration min_delay,
                Duration max_delay, std::size_t fragment = 0);
  /// Connections to `process` are refused (though it may listen) until called with false.
  void refuse(const SimulatedProcess& process, bool refused = true);
  /// Changes delays from now on.
  void set_delays(Duration min_delay, Duration max_delay);

  /// What `blocking` calls of that name do in every process.
  void set_blocking_model(std::string name, BlockingModel model);

  [[nodiscard]] const std::vector<LogRecord>& log() const;
  /// `listener` hears of each record as it is logged, by a process that lives.
  void on_log(std::function<void(const LogRecord&)> listener);
  /// All records as text, one per line with virtual time and process: for a failing test.
  [[nodiscard]] std::string log_text() const;
  /// True if a process logged a line that contains `text`. Empty `process`: any.
  [[nodiscard]] bool logged(std::string_view text, std::string_view process = {}) const;

  /// A digest of everything that happened. Equal seeds give equal digests.
  [[nodiscard]] std::uint64_t trace_hash() const;
  /// Handlers run so far.
  [[nodiscard]] std::uint64_t steps() const;

  struct Impl;

 private:
  template <class T>
  struct Outcome;
  template <class T>
  static Task<void> store(Task<T> task, std::shared_ptr<Outcome<T>> outcome);
  void run_task(SimulatedProcess& process, Task<void> task, const bool& done, Duration limit);

  std::unique_ptr<Impl> impl_;
};

template <class T>
struct Simulation::Outcome {
  bool done = false;
  std::exception_ptr failure;
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
};

template <class T>
Task<void> Simulation::store(Task<T> task, std::shared_ptr<Outcome<T>> outcome) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      outcome->value = true;
    } else {
      outcome->value.emplace(co_await std::move(task));
    }
  } catch (...) {
    outcome->failure = std::current_exception();
  }
  outcome->done = true;
}

template <class T>
T Simulation::run(SimulatedProcess& process, Task<T> task, Duration limit) {
  const auto outcome = std::make_shared<Outcome<T>>();
  run_task(process, store<T>(std::move(task), outcome), outcome->done, limit);
  if (outcome->failure) std::rethrow_exception(outcome->failure);
  if constexpr (!std::is_void_v<T>) return std::move(*outcome->value);
}

}  // namespace windlass::inline v0::testing
