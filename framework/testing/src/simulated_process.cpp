#include <cmath>

#include <signal.h>

#include <boost/asio/co_spawn.hpp>

#include "simulation_impl.hpp"

namespace windlass::inline v0::testing {

namespace {

/// What steady and boot clocks show when a simulation begins.
constexpr Duration kUptime = std::chrono::seconds(1000);
/// Timers further away never expire.
constexpr Duration kForever = std::chrono::hours(24 * 365 * 50);

std::uint64_t seed_of(std::uint64_t seed, std::string_view name, std::uint64_t salt) {
  std::uint64_t hash = 0xcbf29ce484222325ull ^ SeededRandom(seed + salt).next();
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return hash;
}

}  // namespace

// Clock

Duration SimulatedClock::elapsed() const {
  const auto since = simulation_.now - anchor_true_;
  if (rate_ == 1) return anchor_local_ + since;
  return anchor_local_ + Duration(static_cast<std::int64_t>(
                             std::floor(static_cast<long double>(since.count()) * rate_)));
}

SteadyTime SimulatedClock::steady_now() const {
  return SteadyTime(kUptime + elapsed() - steady_lost_);
}
BootTime SimulatedClock::boot_now() const { return BootTime(kUptime + elapsed()); }
WallTime SimulatedClock::wall_now() const {
  return simulation_.options.start + elapsed() + wall_offset_;
}

void SimulatedClock::set_rate(double rate) {
  anchor_local_ = elapsed();
  anchor_true_ = simulation_.now;
  rate_ = rate;
}

Duration SimulatedClock::true_time_of(SteadyTime at) const {
  return true_time_after(at.time_since_epoch() - kUptime + steady_lost_ - anchor_local_);
}

Duration SimulatedClock::true_time_of(BootTime at) const {
  return true_time_after(at.time_since_epoch() - kUptime - anchor_local_);
}

Duration SimulatedClock::true_time_after(Duration local) const {
  if (rate_ == 1) return anchor_true_ + local;
  return anchor_true_ + Duration(static_cast<std::int64_t>(
                            std::ceil(static_cast<long double>(local.count()) / rate_)));
}

std::optional<Duration> SimulatedClock::next_due() const {
  if (timers_.empty()) return std::nullopt;
  return std::max(true_time_of(timers_.begin()->first.first), simulation_.now);
}

void SimulatedClock::fire() {
  while (!timers_.empty() && true_time_of(timers_.begin()->first.first) <= simulation_.now) {
    auto* timer = timers_.begin()->second;
    keys_.erase(timer);
    timers_.erase(timers_.begin());
    timer->expire();
  }
}

void SimulatedClock::drop_timers() {
  timers_.clear();
  keys_.clear();
}

void SimulatedClock::arm(Timer& timer, SteadyTime at) {
  disarm(timer);
  if (at > steady_now() + kForever) return;
  const Key key(at, ++armed_);
  timers_.emplace(key, &timer);
  keys_.emplace(&timer, key);
}

void SimulatedClock::disarm(Timer& timer) noexcept {
  const auto found = keys_.find(&timer);
  if (found == keys_.end()) return;
  timers_.erase(found->second);
  keys_.erase(found);
}

// Wake

Wake::Wake(SimulatedProcess::Impl& process, const Executor& executor)
    : process_(&process), events_(std::make_unique<Events>(executor)) {
  process_->wakes.insert(this);
}
Wake::~Wake() { process_->wakes.erase(this); }

void Wake::set_readable() {
  if (events_) events_->readable.set();
}
void Wake::set_writable() {
  if (events_) events_->writable.set();
}
Task<void> Wake::readable() {
  if (!events_) throw ProcessExit();
  events_->readable.reset();
  co_await events_->readable.wait();
}
Task<void> Wake::writable() {
  if (!events_) throw ProcessExit();
  events_->writable.reset();
  co_await events_->writable.wait();
}

// Watchdog

namespace {

class SimulatedWatchdog final : public Watchdog {
 public:
  explicit SimulatedWatchdog(std::shared_ptr<WatchdogState> state) : state_(std::move(state)) {}
  void end_at(BootTime at) noexcept override { state_->end_at = at; }

 private:
  std::shared_ptr<WatchdogState> state_;
};

}  // namespace

std::optional<Duration> SimulatedProcess::Impl::ends_at() const {
  if (watchdogs.empty() || (paused_until && !stalled)) return std::nullopt;
  std::optional<Duration> first;
  for (const auto& watchdog : watchdogs) {
    if (watchdog.use_count() == 1 || watchdog->end_at == BootTime::max()) continue;
    const auto at = std::max(clock.true_time_of(watchdog->end_at), watchdogs_run);
    if (!first || at < *first) first = at;
  }
  return first;
}

void SimulatedProcess::Impl::obey_watchdogs() {
  for (const auto& watchdog : watchdogs) {
    if (watchdog.use_count() == 1 || clock.boot_now() < watchdog->end_at) continue;
    self->log().error(watchdog->last_words);
    return end(kWatchdogExitCode, false);
  }
}

std::unique_ptr<Watchdog> SimulatedProcess::make_watchdog(std::string last_words) {
  const auto state = std::make_shared<WatchdogState>();
  state->last_words = std::move(last_words);
  std::erase_if(impl_->watchdogs, [](const auto& other) { return other.use_count() == 1; });
  impl_->watchdogs.push_back(state);
  return std::make_unique<SimulatedWatchdog>(state);
}

// Process

SimulatedProcess::Impl::Impl(Simulation::Impl& s, std::string n, std::size_t i)
    : simulation(s),
      name(std::move(n)),
      index(i),
      address("10.0." + std::to_string((i + 1) / 250) + "." + std::to_string((i + 1) % 250)),
      clock(s),
      random(0),
      secrets(0),
      network(make_network(*this)),
      log_sink(make_captured_log(*this)) {}

void SimulatedProcess::Impl::begin() {
  ++incarnation;
  const auto seed = simulation.options.seed + incarnation * 0x10001;
  random = SeededRandom(seed_of(seed, name, 1));
  secrets = SeededRandom(seed_of(seed, name, 2));
  cut = doomed = restart_after = suspended = stalled = false;
  watchdogs.clear();
  watchdogs_run = {};
  if (std::exchange(vanished, false)) simulation.network.release_stalled();
  exit_code.reset();
  signals.clear();
  signals_taken = signal_waiters = 0;
  paused_until.reset();
  pause_at_send.reset();
  steps_to_crash.reset();
  context = std::make_unique<Context>();
  signal_wake = std::make_shared<Wake>(*this, context->get_executor());
}

void SimulatedProcess::Impl::run_main() {
  if (!main) return;
  auto run = [](Main program, SimulatedProcess& process) -> Task<void> {
    co_await program(process);
  };
  auto finished = [this](std::exception_ptr failure) {
    if (!failure || cut || is_cancellation(failure)) return;
    simulation.fail("the program of process \"" + name +
                    "\" failed: " + windlass::describe(failure).message);
  };
  boost::asio::co_spawn(*context, run(main, *self), std::move(finished));
}

void SimulatedProcess::Impl::end(int code, bool silently) {
  if (!context || cut) return;
  cut = true;
  exit_code = code;
  vanished = silently;
  simulation.note(index + 1, 0xdead0000u + static_cast<unsigned>(code));
  simulation.network.drop_process(*this, silently);
  clock.drop_timers();
  paused_until.reset();
  if (simulation.current == this) {
    doomed = true;
  } else {
    destroy();
  }
}

void SimulatedProcess::Impl::destroy() {
  doomed = false;
  // destructors of this process's objects may log or restart: it counts as running meanwhile
  auto* const before = std::exchange(simulation.current, this);
  context->destroy_handlers();
  while (!kept.empty()) kept.pop_back();
  signal_wake.reset();
  for (auto* wake : wakes) wake->drop();
  clock.drop_timers();
  context.reset();
  simulation.current = before;
  if (!std::exchange(restart_after, false)) return;
  begin();
  run_main();
}

SimulatedProcess::SimulatedProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SimulatedProcess::~SimulatedProcess() = default;

Executor SimulatedProcess::io() {
  if (!impl_->context) {
    throw SimulationError("process \"" + impl_->name + "\" has ended; restart it first");
  }
  return impl_->context->get_executor();
}
Executor SimulatedProcess::workers() { return io(); }
Executor SimulatedProcess::lease() { return io(); }
Clock& SimulatedProcess::clock() { return impl_->clock; }
Random& SimulatedProcess::random() { return impl_->random; }
Network& SimulatedProcess::network(const Executor&) { return *impl_->network; }

std::optional<std::string> SimulatedProcess::variable(std::string_view name) const {
  const auto found = impl_->variables.find(name);
  if (found == impl_->variables.end()) return std::nullopt;
  return found->second;
}

Result<std::string> SimulatedProcess::read_file(const std::filesystem::path& path) const {
  const auto found = impl_->files.find(path.string());
  if (found == impl_->files.end()) {
    return Error{Errc::not_found, "cannot read " + path.string() + ": No such file or directory"};
  }
  if (found->second.size() > 16u << 20) {
    return Error{Errc::too_large, path.string() + " is larger than 16 MiB"};
  }
  return found->second;
}

std::string SimulatedProcess::secret_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(impl_->secrets.next() >> 56);
  return bytes;
}

std::string SimulatedProcess::host_name() const { return impl_->name; }

Task<int> SimulatedProcess::next_signal() {
  auto& process = *impl_;
  const auto wake = process.signal_wake;
  struct Waiting {
    explicit Waiting(std::size_t& c) : count(c) { ++count; }
    ~Waiting() { --count; }
    std::size_t& count;
  } waiting(process.signal_waiters);
  while (process.signals.empty()) co_await wake->readable();
  const int number = process.signals.front();
  process.signals.pop_front();
  ++process.signals_taken;
  co_return number;
}

Task<void> SimulatedProcess::blocking(std::string name, std::function<void()> work) {
  return run_blocking(*impl_, std::move(name), std::move(work));
}

Task<void> run_blocking(SimulatedProcess::Impl& process, std::string name,
                        std::function<void()> work) {
  const auto found = process.simulation.models.find(name);
  if (found != process.simulation.models.end()) {
    const auto model = found->second;
    co_await model(*process.self, std::move(work));
    co_return;
  }
  if (process.simulation.options.strict_blocking) {
    throw Exception(Errc::internal, "the blocking call \"" + name +
                                        "\" has no model in this simulation; register one with "
                                        "set_blocking_model");
  }
  co_await yield();
  work();
}

void SimulatedProcess::terminate(int code) {
  impl_->end(code, false);
  throw ProcessExit();
}

Logger SimulatedProcess::log() const {
  return Logger(impl_->log_sink, impl_->simulation.options.log_level);
}

const std::string& SimulatedProcess::name() const { return impl_->name; }
const std::string& SimulatedProcess::address() const { return impl_->address; }
bool SimulatedProcess::alive() const { return impl_->context && !impl_->cut; }
std::optional<int> SimulatedProcess::exit_code() const { return impl_->exit_code; }
std::map<std::string, std::string, std::less<>>& SimulatedProcess::variables() {
  return impl_->variables;
}
std::map<std::string, std::string, std::less<>>& SimulatedProcess::files() { return impl_->files; }

void SimulatedProcess::start(Main main) {
  impl_->main = std::move(main);
  if (!alive()) {
    restart();
    return;
  }
  impl_->run_main();
}

void SimulatedProcess::keep(std::shared_ptr<void> object) {
  impl_->kept.push_back(std::move(object));
}

void SimulatedProcess::crash() { impl_->end(137, false); }
void SimulatedProcess::crash_after(std::uint64_t steps) {
  if (alive()) impl_->steps_to_crash = steps;
}
void SimulatedProcess::pause_before_sending(Duration duration) {
  if (alive()) impl_->pause_at_send = duration;
}
void SimulatedProcess::call_off() {
  impl_->steps_to_crash.reset();
  impl_->pause_at_send.reset();
}
Held SimulatedProcess::held() const { return impl_->simulation.network.held(*impl_); }
void SimulatedProcess::vanish() { impl_->end(137, true); }

void SimulatedProcess::restart() {
  impl_->restart_after = true;
  if (alive()) {
    crash();
  } else if (!impl_->context) {
    impl_->restart_after = false;
    impl_->begin();
    impl_->run_main();
  }
}

void SimulatedProcess::stall(Duration duration) {
  if (!alive() || impl_->paused_until) return;
  pause(duration);
  impl_->stalled = true;
}

void SimulatedProcess::pause(Duration duration) {
  if (!alive()) return;
  impl_->stalled = false;
  const auto until = impl_->simulation.now + duration;
  impl_->paused_until = std::max(until, impl_->paused_until.value_or(until));
}

void SimulatedProcess::suspend(Duration duration) {
  if (!alive() || impl_->suspended) return;
  pause(duration);
  impl_->suspended = true;
  impl_->clock.lose(*impl_->paused_until - impl_->simulation.now);
}

void SimulatedProcess::resume() {
  if (!impl_->paused_until) return;
  if (std::exchange(impl_->suspended, false)) {
    impl_->clock.lose(impl_->simulation.now -
                      *impl_->paused_until);  // what it did not lose after all
  }
  impl_->paused_until.reset();
  impl_->stalled = false;
}

bool SimulatedProcess::paused() const { return impl_->paused_until.has_value(); }

void SimulatedProcess::send_signal(int number) {
  if (!alive()) return;
  if (number == SIGKILL) return crash();
  const bool nobody_waits = impl_->signal_waiters == 0;
  if (nobody_waits && impl_->signals_taken > 0) return impl_->end(1, false);
  impl_->signals.push_back(number);
  impl_->signal_wake->set_readable();
}

void SimulatedProcess::set_clock_rate(double rate) { impl_->clock.set_rate(rate); }
void SimulatedProcess::set_wall_offset(Duration offset) { impl_->clock.set_wall_offset(offset); }

}  // namespace windlass::inline v0::testing
