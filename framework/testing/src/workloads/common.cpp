#include <algorithm>

#include <windlass/testing/workloads.hpp>

namespace windlass::inline v0::testing {

std::string template_hash(const api::core::v1::PodTemplateSpec& pod_template) {
  std::uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a: the same on every machine
  for (const char c : json::encode(pod_template)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  }
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string name;
  for (int i = 0; i < 10; ++i) {
    name += alphabet[hash % alphabet.size()];
    hash /= alphabet.size();
  }
  return name;
}

bool is_pod_ready(const api::core::v1::Pod& pod) {
  return std::any_of(pod.status.conditions.begin(), pod.status.conditions.end(),
                     [](const auto& c) { return c.type == "Ready" && c.status == "True"; });
}

bool is_pod_active(const api::core::v1::Pod& pod) {
  return !pod.metadata.is_deleting() && pod.status.phase != "Succeeded" &&
         pod.status.phase != "Failed";
}

RollingStep next_rolling_step(const RollingState& state) {
  RollingStep step;
  std::int32_t total = state.current.replicas;
  std::int32_t available = state.current.available;
  for (const auto& set : state.old) {
    total += set.replicas;
    available += set.available;
    step.old.push_back(set.replicas);
  }
  const auto room = state.desired + state.max_surge - total;
  step.current = std::clamp(state.current.replicas + std::max(room, 0), 0, state.desired);
  if (state.current.replicas > state.desired) step.current = state.desired;

  // pods that are not available cost nothing, so they go first
  const auto current_unavailable = state.current.replicas - state.current.available;
  auto may_go = total - (state.desired - state.max_unavailable) - std::max(current_unavailable, 0);
  for (std::size_t i = 0; i < step.old.size() && may_go > 0; ++i) {
    const auto unavailable = std::clamp(state.old[i].replicas - state.old[i].available, 0, may_go);
    step.old[i] -= unavailable;
    may_go -= unavailable;
  }
  may_go = std::min(may_go, available - (state.desired - state.max_unavailable));
  for (auto& replicas : step.old) {
    const auto down = std::clamp(may_go, 0, replicas);
    replicas -= down;
    may_go -= down;
  }
  return step;
}

}  // namespace windlass::inline v0::testing
