#pragma once

#include "container_state.hpp"
#include "pod_context.hpp"

namespace windlass::inline v0::testing {

/// Runs and restarts a container with its hooks and probes, as the pod's policy says; returns when
/// it is not to run any more. Both arguments outlive it.
Task<void> run_container(PodContext* pod, ContainerState* container);

/// The preStop hook, SIGTERM, and SIGKILL when the grace period is over, which begins with the
/// hook. Nothing when the container does not run.
Task<void> stop_container(PodContext* pod, ContainerState* container, Duration grace);

}  // namespace windlass::inline v0::testing
