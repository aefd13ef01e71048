#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <windlass/api/core_v1.hpp>

#include "process.hpp"

namespace windlass::inline v0::testing {

enum class ContainerPhase { waiting, running, ended };

/// One container of a pod, as it stands.
struct ContainerState {
  const api::core::v1::Container* spec = nullptr;
  bool init = false;  ///< one of the pod's initContainers
  ContainerPhase phase = ContainerPhase::waiting;
  std::string waiting_reason = "PodInitializing";
  std::string waiting_message;
  std::shared_ptr<Process> process;
  pid_t pid = 0;  ///< of the container's process, on the host
  std::pair<uid_t, gid_t> user{};
  std::map<std::string, std::string> environment;
  std::optional<int> exit_code;
  std::optional<int> last_exit_code;
  meta::Time started_at;
  meta::Time finished_at;
  meta::Time last_started_at;
  meta::Time last_finished_at;
  std::int32_t restarts = 0;
  bool started = false;
  bool ready = false;
  bool stopping = false;  ///< its preStop hook has its turn, or had it
  SteadyTime running_since{};
};

using Containers = std::vector<std::unique_ptr<ContainerState>>;

/// Whether the pod's policy lets a container that ended with `exit_code` run again.
inline bool restarts(const api::core::v1::Pod& pod, int exit_code) {
  if (pod.spec.restart_policy == "Never") return false;
  return pod.spec.restart_policy != "OnFailure" || exit_code != 0;
}

}  // namespace windlass::inline v0::testing
