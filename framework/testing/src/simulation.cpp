#include <algorithm>
#include <charconv>
#include <cstring>

#include <boost/asio/co_spawn.hpp>

#include "simulation_impl.hpp"

namespace windlass::inline v0::testing {

namespace asio = boost::asio;

namespace {

std::string text_of(const LogField& field) {
  std::string text = " " + std::string(field.key) + "=";
  std::visit(
      [&](const auto& value) {
        using V = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<V, std::string_view>) {
          text += value;
        } else if constexpr (std::is_same_v<V, bool>) {
          text += value ? "true" : "false";
        } else {
          char digits[32];
          text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
        }
      },
      field.value);
  return text;
}

std::string level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
    case LogLevel::off:
      break;
  }
  return "off";
}

/// Collects what one process logs while it lives.
class CapturedLog final : public LogSink {
 public:
  explicit CapturedLog(SimulatedProcess::Impl& process) : process_(process) {}
  void write(LogLevel level, std::string_view name, std::string_view message,
             std::span<const LogField> fields) override {
    if (process_.cut) return;
    auto& simulation = process_.simulation;
    LogRecord record{simulation.now, process_.name, level, {}};
    if (!name.empty()) record.text = "[" + std::string(name) + "] ";
    record.text += message;
    for (const auto& field : fields) record.text += text_of(field);
    simulation.note(record.text);
    if (simulation.log_listener) simulation.log_listener(record);
    simulation.log.push_back(std::move(record));
  }

 private:
  SimulatedProcess::Impl& process_;
};

}  // namespace

std::shared_ptr<LogSink> make_captured_log(SimulatedProcess::Impl& process) {
  return std::make_shared<CapturedLog>(process);
}

Simulation::Impl::Impl(SimulationOptions o)
    : options(o),
      schedule(o.seed * 4 + 1),
      traffic(o.seed * 4 + 2),
      user(o.seed * 4 + 3),
      network(*this) {}

SimulatedProcess& Simulation::Impl::find_or_make(std::string_view name) {
  for (auto& process : processes) {
    if (process->name() == name) return *process;
  }
  auto impl = std::make_unique<SimulatedProcess::Impl>(*this, std::string(name), processes.size());
  auto* raw = impl.get();
  processes.push_back(std::unique_ptr<SimulatedProcess>(new SimulatedProcess(std::move(impl))));
  raw->self = processes.back().get();
  raw->begin();
  return *raw->self;
}

void Simulation::Impl::at(Duration time, std::function<void()> action) {
  events.emplace(std::pair(std::max(time, now), ++sequence), std::move(action));
}

void Simulation::Impl::note(std::uint64_t a, std::uint64_t b) {
  for (const std::uint64_t value : {static_cast<std::uint64_t>(now.count()), a, b}) {
    trace = (trace ^ value) * 0x100000001b3ull;
    trace ^= trace >> 29;
  }
}

void Simulation::Impl::note(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (std::size_t i = 0; i < text.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, std::min(sizeof word, text.size() - i));
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
    hash ^= hash >> 32;
  }
  note(hash, text.size());
}

void Simulation::Impl::fail(std::string text) {
  if (failure.empty()) failure = std::move(text);
}

bool Simulation::Impl::step(SimulatedProcess::Impl& process) {
  if (!process.context || process.cut) return false;
  current = &process;
  std::size_t count = 0;
  try {
    if (process.context->stopped()) process.context->restart();
    count = process.context->poll_one();
  } catch (const ProcessExit&) {
    count = 1;
  } catch (...) {
    count = 1;
    fail("an exception left a handler of process \"" + process.name +
         "\": " + windlass::describe(std::current_exception()).message);
  }
  current = nullptr;
  if (count > 0 && process.steps_to_crash && (*process.steps_to_crash)-- == 0) {
    process.steps_to_crash.reset();
    process.self->crash();
  }
  if (process.doomed) process.destroy();
  if (count == 0) return false;
  ++steps;
  ++steps_this_instant;
  note(process.index + 1);
  return true;
}

std::size_t Simulation::Impl::round() {
  auto& order = round_order;
  order.clear();
  for (auto& process : processes) {
    auto& impl = of(*process);
    if (impl.context && !impl.cut && !impl.paused_until) order.push_back(&impl);
  }
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[schedule.next() % i]);
  }
  std::size_t total = 0;
  for (auto* process : order) {
    const auto budget = 1 + schedule.next() % 4;
    for (std::uint64_t n = 0; n < budget && !process->paused_until && step(*process); ++n) ++total;
  }
  return total;
}

bool Simulation::Impl::advance(Duration limit) {
  std::optional<Duration> next;
  const auto consider = [&](std::optional<Duration> time) {
    if (time && (!next || *time < *next)) next = time;
  };
  if (!events.empty()) consider(events.begin()->first.first);
  for (auto& process : processes) {
    auto& impl = of(*process);
    if (!impl.context || impl.cut) continue;
    consider(impl.paused_until ? impl.paused_until : impl.clock.next_due());
    consider(impl.ends_at());
  }
  if (!next || *next > limit) return false;
  if (*next > now) {
    now = *next;
    steps_this_instant = 0;
  }
  while (!events.empty() && events.begin()->first.first <= now) {
    const auto node = events.extract(events.begin());
    node.mapped()();
    ++steps_this_instant;
  }
  for (auto& process : processes) {
    auto& impl = of(*process);
    if (!impl.context || impl.cut) continue;
    if (impl.paused_until && *impl.paused_until <= now) {
      const bool stood_still = !impl.stalled;
      process->resume();
      // a watchdog that is late by now is one thread among others
      const auto end = impl.ends_at();
      if (stood_still && end && *end <= now && schedule.next() % 2 == 0) {
        impl.watchdogs_run = now + Duration(schedule.next() % 2'000'000);
      }
    }
    if (const auto end = impl.ends_at(); end && *end <= now) impl.obey_watchdogs();
    if (!impl.paused_until) impl.clock.fire();
  }
  return true;
}

std::string Simulation::Impl::describe() const {
  std::string text =
      "at " + format_duration(now) + " of virtual time, seed " + std::to_string(options.seed) + ";";
  for (const auto& process : processes) {
    const auto& impl = of(*process);
    text += " " + impl.name + ": ";
    if (impl.exit_code) {
      text += "ended with code " + std::to_string(*impl.exit_code);
    } else if (impl.paused_until) {
      text += "paused until " + format_duration(*impl.paused_until);
    } else if (const auto due = impl.clock.next_due()) {
      text += "next timer at " + format_duration(*due);
    } else {
      text += "waits without a timer";
    }
    text += ";";
  }
  text.pop_back();
  return text;
}

bool Simulation::Impl::run(const std::function<bool()>& condition, Duration limit) {
  if (running)
    throw SimulationError("the simulation is running already: do not run it from inside");
  struct Running {
    explicit Running(bool& f) : flag(f) { flag = true; }
    ~Running() { flag = false; }
    bool& flag;
  } guard(running);
  steps_this_instant = 0;
  for (;;) {
    if (!failure.empty()) {
      const auto text = std::exchange(failure, {});
      throw SimulationError(text + " (" + describe() + ")");
    }
    if (condition && condition()) return true;
    if (steps_this_instant > options.max_steps_per_instant) {
      throw SimulationError("busy loop: " + std::to_string(steps_this_instant) +
                            " steps without time moving (" + describe() + ")");
    }
    if (round() > 0) continue;
    if (!failure.empty()) continue;
    if (advance(limit)) continue;
    return false;
  }
}

Simulation::Simulation(SimulationOptions options) : impl_(std::make_unique<Impl>(options)) {}
Simulation::Simulation(std::uint64_t seed) : Simulation(SimulationOptions{.seed = seed}) {}

Simulation::~Simulation() {
  for (auto& process : impl_->processes) {
    auto& impl = Impl::of(*process);
    impl.restart_after = false;
    if (impl.context) impl.end(137, true);
  }
  impl_->events.clear();
}

SimulatedProcess& Simulation::process(std::string_view name) { return impl_->find_or_make(name); }
Duration Simulation::now() const { return impl_->now; }
WallTime Simulation::wall_now() const { return impl_->options.start + impl_->now; }
std::uint64_t Simulation::seed() const { return impl_->options.seed; }
Random& Simulation::random() { return impl_->user; }

void Simulation::run_for(Duration duration) {
  const auto end = impl_->now + duration;
  impl_->run({}, end);
  impl_->now = end;
}

bool Simulation::run_until(const std::function<bool()>& condition, Duration limit) {
  const auto end = impl_->now + limit;
  if (impl_->run(condition, end)) return true;
  impl_->now = end;
  return condition();
}

void Simulation::settle() { impl_->run({}, impl_->now); }

void Simulation::spawn(SimulatedProcess& process, Task<void> task, std::string name) {
  auto& target = Impl::of(process);
  if (!target.context || target.cut) {
    throw SimulationError("cannot start \"" + name + "\": process \"" + target.name +
                          "\" has ended; restart it first");
  }
  auto* simulation = impl_.get();
  auto finished = [simulation, &target, name = std::move(name)](std::exception_ptr failure) {
    if (!failure || target.cut || is_cancellation(failure)) return;
    simulation->fail("\"" + name + "\" in process \"" + target.name +
                     "\" failed: " + windlass::describe(failure).message);
  };
  asio::co_spawn(*target.context, std::move(task), std::move(finished));
}

void Simulation::run_task(SimulatedProcess& process, Task<void> task, const bool& done,
                          Duration limit) {
  auto& target = Impl::of(process);
  const auto incarnation = target.incarnation;
  const auto died = [&] { return target.cut || target.incarnation != incarnation; };
  spawn(process, std::move(task), "run");
  const auto end = impl_->now + limit;
  const bool ended = impl_->run([&] { return done || died(); }, end);
  if (died()) {
    throw SimulationError("process \"" + target.name + "\" died while running the task (" +
                          impl_->describe() + ")");
  }
  if (ended) return;
  const bool stuck =
      impl_->events.empty() && std::ranges::none_of(impl_->processes, [](const auto& p) {
        const auto& i = Impl::of(*p);
        return i.context && (i.paused_until || i.clock.next_due());
      });
  if (stuck) {
    throw SimulationError("deadlock: the task waits and nothing will ever happen (" +
                          impl_->describe() + ")");
  }
  impl_->now = end;
  throw SimulationError("the task did not end within " + format_duration(limit) + " (" +
                        impl_->describe() + ")");
}

void Simulation::after(Duration delay, std::function<void()> action) {
  impl_->at(impl_->now + delay, std::move(action));
}

void Simulation::add_host(std::string host, const SimulatedProcess& process) {
  impl_->network.add_host(std::move(host), Impl::of(process));
}
void Simulation::remove_host(std::string_view host) { impl_->network.remove_host(host); }
void Simulation::balance_host(std::string host, std::vector<const SimulatedProcess*> processes) {
  std::vector<SimulatedProcess::Impl*> targets;
  for (const auto* process : processes) targets.push_back(&Impl::of(*process));
  impl_->network.balance_host(std::move(host), std::move(targets));
}
void Simulation::damage(const SimulatedProcess& from, const SimulatedProcess& to, Damage damage) {
  impl_->network.damage(Impl::of(from), Impl::of(to), damage);
}
void Simulation::set_link(const SimulatedProcess& from, const SimulatedProcess& to,
                          Duration min_delay, Duration max_delay, std::size_t fragment) {
  impl_->network.set_link(Impl::of(from), Impl::of(to), {min_delay, max_delay, fragment});
}
void Simulation::block(const SimulatedProcess& from, const SimulatedProcess& to) {
  impl_->network.block(Impl::of(from), Impl::of(to));
}
void Simulation::partition(const SimulatedProcess& a, const SimulatedProcess& b) {
  block(a, b);
  block(b, a);
}
void Simulation::isolate(const SimulatedProcess& process) {
  for (auto& other : impl_->processes) {
    if (other.get() != &process) partition(process, *other);
  }
}
void Simulation::heal(const SimulatedProcess& a, const SimulatedProcess& b) {
  impl_->network.unblock(Impl::of(a), Impl::of(b));
}
void Simulation::heal() { impl_->network.unblock_all(); }
void Simulation::cut(const SimulatedProcess& a, const SimulatedProcess& b) {
  impl_->network.cut(Impl::of(a), Impl::of(b));
}
void Simulation::refuse(const SimulatedProcess& process, bool refused) {
  Impl::of(process).refused = refused;
}
void Simulation::set_delays(Duration min_delay, Duration max_delay) {
  impl_->options.network.min_delay = min_delay;
  impl_->options.network.max_delay = max_delay;
}
void Simulation::set_blocking_model(std::string name, BlockingModel model) {
  impl_->models.insert_or_assign(std::move(name), std::move(model));
}

const std::vector<LogRecord>& Simulation::log() const { return impl_->log; }

void Simulation::on_log(std::function<void(const LogRecord&)> listener) {
  impl_->log_listener = std::move(listener);
}

std::string Simulation::log_text() const {
  std::string text;
  for (const auto& record : impl_->log) {
    text += format_duration(record.at) + " " + record.process + " " + level_name(record.level) +
            " " + record.text + "\n";
  }
  return text;
}

bool Simulation::logged(std::string_view text, std::string_view process) const {
  return std::ranges::any_of(impl_->log, [&](const LogRecord& record) {
    return (process.empty() || record.process == process) &&
           record.text.find(text) != std::string::npos;
  });
}

std::uint64_t Simulation::trace_hash() const { return impl_->trace; }
std::uint64_t Simulation::steps() const { return impl_->steps; }

}  // namespace windlass::inline v0::testing
