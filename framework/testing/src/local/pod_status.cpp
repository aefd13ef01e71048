#include "pod_status.hpp"

#include <algorithm>

namespace windlass::inline v0::testing {

namespace {

json::Value time_value(const meta::Time& time) {
  return time.is_zero() ? json::Value() : json::Value(time.to_string());
}

json::Value condition(const char* type, bool holds, const std::string& reason) {
  json::Value made;
  made["type"] = type;
  made["status"] = holds ? "True" : "False";
  if (!reason.empty()) made["reason"] = reason;
  return made;
}

json::Value container_status(const ContainerState& container) {
  json::Value status;
  status["name"] = container.spec->name;
  status["image"] = container.spec->image;
  status["imageID"] = "";
  status["containerID"] =
      container.pid > 0 ? "local://" + std::to_string(container.pid) : std::string();
  status["ready"] = container.ready;
  status["started"] = container.started;
  status["restartCount"] = container.restarts;
  auto& state = status["state"];
  switch (container.phase) {
    case ContainerPhase::running:
      state["running"]["startedAt"] = time_value(container.started_at);
      break;
    case ContainerPhase::ended: {
      auto& ended = state["terminated"];
      const int code = container.exit_code.value_or(0);
      ended["exitCode"] = code;
      ended["reason"] = code == 0 ? "Completed" : "Error";
      ended["startedAt"] = time_value(container.started_at);
      ended["finishedAt"] = time_value(container.finished_at);
      break;
    }
    case ContainerPhase::waiting:
      state["waiting"]["reason"] = container.waiting_reason;
      if (!container.waiting_message.empty())
        state["waiting"]["message"] = container.waiting_message;
      break;
  }
  if (container.last_exit_code) {
    auto& last = status["lastState"]["terminated"];
    last["exitCode"] = *container.last_exit_code;
    last["reason"] = *container.last_exit_code == 0 ? "Completed" : "Error";
    last["startedAt"] = time_value(container.last_started_at);
    last["finishedAt"] = time_value(container.last_finished_at);
  }
  return status;
}

json::Array conditions(const PodFacts& facts, bool ready) {
  const std::string uninitialized = facts.initialized ? "" : "ContainersNotInitialized";
  const std::string unready = ready ? "" : "ContainersNotReady";
  json::Array made{condition("PodScheduled", true, ""),
                   condition("Initialized", facts.initialized, uninitialized),
                   condition("ContainersReady", ready, unready),
                   condition("Ready", ready, unready)};
  for (auto& one : made) {
    const auto type = std::as_const(one)["type"].as_string();
    const auto wanted = std::as_const(one)["status"].as_string();
    auto since = facts.now;
    for (const auto& old : facts.pod.status.conditions) {
      if (old.type == type && old.status == wanted && old.last_transition_time)
        since = *old.last_transition_time;
    }
    one["lastTransitionTime"] = time_value(since);
  }
  return made;
}

}  // namespace

json::Value pod_status_patch(const PodFacts& facts) {
  json::Value patch;
  patch["metadata"]["uid"] = facts.pod.metadata.uid;
  auto& status = patch["status"];
  status["podIP"] = facts.address;
  status["podIPs"] = json::Array{json::Object{{"ip", facts.address}}};
  status["hostIP"] = "127.0.0.1";
  status["startTime"] = time_value(facts.start_time);
  json::Array inits;
  bool init_failed = false;
  for (const auto& container : facts.inits) {
    inits.push_back(container_status(*container));
    const int code = container->exit_code.value_or(0);
    init_failed = init_failed || (container->phase == ContainerPhase::ended && code != 0 &&
                                  !restarts(facts.pod, code));
  }
  if (!inits.empty()) status["initContainerStatuses"] = std::move(inits);
  json::Array mains;
  bool all_ready = facts.initialized;
  bool any_running = false;
  bool all_ended = true;
  bool any_failed = false;
  for (const auto& container : facts.mains) {
    mains.push_back(container_status(*container));
    all_ready = all_ready && container->ready;
    any_running = any_running || container->phase == ContainerPhase::running;
    const bool ended = container->phase == ContainerPhase::ended &&
                       !restarts(facts.pod, container->exit_code.value_or(0));
    all_ended = all_ended && ended;
    any_failed = any_failed || (ended && container->exit_code.value_or(0) != 0);
  }
  status["containerStatuses"] = std::move(mains);
  const bool restarted = std::any_of(facts.mains.begin(), facts.mains.end(),
                                     [](const auto& s) { return s->restarts > 0; });
  std::string phase = "Pending";
  if (any_running || restarted) phase = "Running";
  if (all_ended && facts.initialized) phase = any_failed ? "Failed" : "Succeeded";
  if (init_failed) phase = "Failed";
  status["phase"] = phase;
  status["conditions"] = conditions(facts, all_ready);
  return patch;
}

}  // namespace windlass::inline v0::testing
