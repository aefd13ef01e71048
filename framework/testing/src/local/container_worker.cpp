#include "container_worker.hpp"

#include <algorithm>
#include <fstream>

#include <signal.h>

#include "container_plan.hpp"
#include "handlers.hpp"
#include "probe_schedule.hpp"

namespace windlass::inline v0::testing {

namespace core = api::core::v1;
using namespace std::chrono_literals;

namespace {

constexpr int kInfoFd = 9;
constexpr Duration kFirstBackoff = 1s;
constexpr Duration kLongestBackoff = 30s;
constexpr Duration kCalm = 60s;
constexpr Duration kLeastGrace =
    2s;  // what is left for a process when its preStop hook took all of the grace period

void wait_with(PodContext* pod, ContainerState* container, const std::string& reason,
               const std::string& message) {
  container->phase = ContainerPhase::waiting;
  container->waiting_reason = reason;
  container->waiting_message = message;
  pod->changed.set();
}

void begin(PodContext* pod, ContainerState* container) {
  container->phase = ContainerPhase::running;
  container->exit_code.reset();
  container->waiting_message.clear();
  container->stopping = false;
  container->started_at = pod->now();
  container->running_since = pod->node.environment.clock().steady_now();
  pod->changed.set();
}

void end(PodContext* pod, ContainerState* container, int exit_code) {
  container->exit_code = exit_code;
  container->phase = ContainerPhase::ended;
  container->finished_at = pod->now();
  container->ready = false;
  container->started = false;
  container->process.reset();
  container->pid = 0;
  pod->changed.set();
}

/// Until bubblewrap has set the sandbox up and given way to the container's program: hooks and
/// probes must not enter a sandbox that is half made.
Task<void> wait_for_program(PodContext* pod, pid_t pid) {
  const auto comm = "/proc/" + std::to_string(pid) + "/comm";
  for (std::string name; std::getline(std::ifstream(comm), name) && name == "bwrap";) {
    co_await sleep_for(pod->node.environment.clock(), 2ms);
  }
}

/// Starts the container's process; false when it has to wait, which its state then explains.
Task<bool> start(PodContext* pod, ContainerState* container) {
  const auto refuse = [&](const std::string& reason, const std::string& message) {
    if (container->waiting_message != message)
      pod->record(events::EventType::warning, "Failed", "Starting", message);
    wait_with(pod, container, reason, message);
  };
  core::Pod placed = *pod->pod;
  placed.status.pod_ip = pod->address;
  placed.status.host_ip = "127.0.0.1";
  placed.spec.node_name = pod->node.node_name;
  auto plan = plan_container(pod->node, placed, *container->spec, pod->volumes, pod->directory);
  if (!plan.refusal.empty()) {
    refuse(plan.refusal, plan.message);
    co_return false;
  }
  if (const auto written = write_etc(plan.sandbox, pod->address); !written) {
    refuse("CreateContainerError", written.error().message);
    co_return false;
  }
  container->user = {static_cast<uid_t>(plan.sandbox.uid), static_cast<gid_t>(plan.sandbox.gid)};
  ProcessOptions options;
  options.arguments = sandbox_command(plan.sandbox, *plan.image, kInfoFd);
  options.output = pod->directory / "logs" /
                   (container->spec->name + "." + std::to_string(container->restarts) + ".log");
  options.info_fd = kInfoFd;
  if (container->spec->stdin.value_or(false)) options.streams = ProcessOptions::Streams::input;
  if (pod->node.is_root) options.user = container->user;
  auto process = Process::start(pod->node.client.executor(), options);
  if (!process) {
    refuse("CreateContainerError", process.error().message);
    co_return false;
  }
  container->process = std::move(*process);
  container->environment = std::move(plan.sandbox.environment);
  const auto info = co_await container->process->info();
  const auto parsed = json::parse(info);
  container->pid = parsed ? static_cast<pid_t>((*parsed)["child-pid"].integer_or(0)) : 0;
  auto setting_up = wait_for_program(pod, container->pid);
  co_await std::move(setting_up);
  begin(pod, container);
  co_return true;
}

HandlerTarget target(const PodContext* pod, const ContainerState& container) {
  return {pod->node, pod->address, container.spec,
          process_of(container).value_or(ContainerProcess{})};
}

Task<bool> run_post_start(PodContext* pod, ContainerState* container) {
  const auto& lifecycle = container->spec->lifecycle;
  if (!lifecycle || !lifecycle->post_start) co_return true;
  std::exception_ptr failure;
  try {
    auto running = run_hook(target(pod, *container), lifecycle->post_start.get());
    co_await std::move(running);
  } catch (...) {
    failure = std::current_exception();
  }
  if (is_cancellation(failure)) std::rethrow_exception(failure);
  if (failure) {
    pod->record(events::EventType::warning, "FailedPostStartHook", "Starting",
                "PostStartHook of container " + container->spec->name +
                    " failed: " + describe(failure).message);
  }
  co_return !failure;
}

/// One attempt; a failed one becomes an event.
Task<bool> probe(PodContext* pod, ContainerState* container, const core::Probe* probe,
                 std::string name) {
  std::exception_ptr failure;
  try {
    auto running = run_probe(target(pod, *container), probe);
    co_await std::move(running);
  } catch (...) {
    failure = std::current_exception();
  }
  if (is_cancellation(failure)) std::rethrow_exception(failure);
  if (failure && !pod->ending()) {
    pod->record(events::EventType::warning, "Unhealthy", "Probing",
                name + " probe failed: " + describe(failure).message);
  }
  co_return !failure;
}

/// The preStop hook, for no longer than `grace`. Once for each time that the container runs.
Task<void> run_pre_stop(PodContext* pod, ContainerState* container, Duration grace) {
  const auto& lifecycle = container->spec->lifecycle;
  if (container->stopping || !lifecycle || !lifecycle->pre_stop) co_return;
  container->stopping = true;
  std::exception_ptr failure;
  try {
    auto running = run_hook(target(pod, *container), lifecycle->pre_stop.get());
    auto limited =
        with_timeout(pod->node.environment.clock(), grace, "the hook", std::move(running));
    co_await std::move(limited);
  } catch (...) {
    failure = std::current_exception();
  }
  if (is_cancellation(failure)) std::rethrow_exception(failure);
  if (!failure) co_return;
  pod->record(events::EventType::warning, "FailedPreStopHook", "Killing",
              "PreStopHook of container " + container->spec->name +
                  " failed: " + describe(failure).message);
}

/// Startup first, then readiness and liveness, each by its own period.
Task<void> run_probes(PodContext* pod, ContainerState* container) {
  auto& clock = pod->node.environment.clock();
  const auto schedule = [&](const Box<core::Probe>& probe) {
    return probe ? std::optional(ProbeSchedule(*probe, clock.steady_now())) : std::nullopt;
  };
  auto startup = schedule(container->spec->startup_probe);
  auto readiness = schedule(container->spec->readiness_probe);
  auto liveness = schedule(container->spec->liveness_probe);
  for (;;) {
    auto* due = !container->started ? &startup : &readiness;
    if (container->started && liveness && (!readiness || liveness->next() < readiness->next()))
      due = &liveness;
    if (!*due) co_return;
    const auto pause = (*due)->next() - clock.steady_now();
    if (pause > Duration::zero()) co_await sleep_for(clock, pause);
    if (pod->ending() || container->stopping) co_return;
    const char* name = due == &startup ? "Startup" : due == &readiness ? "Readiness" : "Liveness";
    auto probing = probe(pod, container, &(*due)->probe(), name);
    const bool good = co_await std::move(probing);
    const auto verdict = (*due)->observe(good, clock.steady_now());
    if (verdict == ProbeSchedule::Verdict::undecided) continue;
    const bool passed = verdict == ProbeSchedule::Verdict::passed;
    if (due == &readiness && container->ready != passed) {
      container->ready = passed;
      pod->changed.set();
    }
    if (due == &startup && passed) {
      container->started = true;
      container->ready = !readiness;
      pod->changed.set();
    }
    if (due != &readiness && !passed) {
      pod->record(events::EventType::normal, "Killing", "Killing",
                  "Container " + container->spec->name + " failed its " +
                      (due == &startup ? "startup" : "liveness") + " probe and is stopped");
      const auto& own = (*due)->probe().termination_grace_period_seconds;
      auto stopping =
          stop_container(pod, container, own ? std::chrono::seconds(*own) : pod->grace_period());
      co_await std::move(stopping);
      co_return;
    }
  }
}

/// What goes on beside a running container: its postStart hook, then its probes.
Task<void> attend(PodContext* pod, ContainerState* container) {
  auto hooking = run_post_start(pod, container);
  const bool good = co_await std::move(hooking);
  if (good) {
    container->started = !container->spec->startup_probe;
    container->ready = container->started && !container->spec->readiness_probe;
    pod->changed.set();
    auto probing = run_probes(pod, container);
    co_await std::move(probing);
  } else {
    auto stopping = stop_container(pod, container, pod->grace_period());
    co_await std::move(stopping);
  }
}

}  // namespace

Task<void> run_container(PodContext* pod, ContainerState* container) {
  Duration backoff = kFirstBackoff;
  while (!pod->ending()) {
    auto starting = start(pod, container);
    const bool running = co_await std::move(starting);
    if (running) {
      TaskGroup attendants(pod->node.client.executor());
      if (container->init) {
        container->started = true;
      } else {
        attendants.spawn("hooks and probes", attend(pod, container));
      }
      auto waiting = container->process->wait();
      std::exception_ptr stopped;
      int code = 0;
      try {
        code = co_await std::move(waiting);
      } catch (...) {
        stopped = std::current_exception();
      }
      co_await ignore_cancellation();
      co_await attendants.stop();
      if (stopped) std::rethrow_exception(stopped);
      end(pod, container, code);
      if (pod->ending() || (container->init && code == 0) || !restarts(*pod->pod, code)) co_return;
      if (pod->node.environment.clock().steady_now() - container->running_since > kCalm)
        backoff = kFirstBackoff;
      container->last_exit_code = code;
      container->last_started_at = container->started_at;
      container->last_finished_at = container->finished_at;
      ++container->restarts;
      wait_with(pod, container, "CrashLoopBackOff",
                "back-off " + format_duration(backoff) + " restarting failed container");
    }
    co_await sleep_for(pod->node.environment.clock(), backoff);
    backoff = std::min(backoff * 2, kLongestBackoff);
  }
}

Task<void> stop_container(PodContext* pod, ContainerState* container, Duration grace) {
  if (!container->process || container->process->exit_code()) co_return;
  if (container->pid > 0 && grace > Duration::zero()) {
    auto& clock = pod->node.environment.clock();
    const auto until = clock.steady_now() + grace;
    auto hooking = run_pre_stop(pod, container, grace);
    co_await std::move(hooking);
    if (!container->process || container->process->exit_code()) co_return;
    ::kill(container->pid, SIGTERM);
    auto waiting = container->process->wait();
    auto limited = with_timeout(clock, std::max(until - clock.steady_now(), kLeastGrace),
                                "a container's end", std::move(waiting));
    std::exception_ptr failure;
    try {
      co_await std::move(limited);
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) co_return;
    if (is_cancellation(failure)) std::rethrow_exception(failure);
  }
  if (container->process) container->process->kill();
}

}  // namespace windlass::inline v0::testing
