#pragma once

#include "exec.hpp"

namespace windlass::inline v0::testing {

/// The container that a probe or a hook is about. `spec` outlives the pod's worker.
struct HandlerTarget {
  NodeState& node;
  std::string address;  ///< of the pod
  const api::core::v1::Container* spec;
  ContainerProcess process;
};

/// Asks once; returns when the answer is good, throws an Exception with a sentence otherwise.
Task<void> run_probe(HandlerTarget target, const api::core::v1::Probe* probe);

/// Runs a postStart or preStop hook to its end; throws an Exception with a sentence when it fails.
/// As in a kubelet, an HTTP hook succeeds with any answer.
Task<void> run_hook(HandlerTarget target, const api::core::v1::LifecycleHandler* hook);

/// What the container asks for that this node cannot do, and what to write instead; empty: nothing.
std::string unsupported_handlers(const api::core::v1::Container& container);

}  // namespace windlass::inline v0::testing
