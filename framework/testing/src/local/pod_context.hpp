#pragma once

#include "pod_volumes.hpp"

namespace windlass::inline v0::testing {

/// What the containers of one pod share.
struct PodContext {
  PodContext(NodeState& n, Ref<api::core::v1::Pod> p, std::string a)
      : node(n),
        pod(p),
        address(std::move(a)),
        directory(n.options.state_directory / "pods" / p->metadata.uid),
        volumes(n, p, directory),
        changed(n.client.executor()) {}

  NodeState& node;
  Ref<api::core::v1::Pod> pod;  ///< the newest
  std::string address;
  std::filesystem::path directory;
  PodVolumes volumes;
  Event changed;  ///< the status is to be published
  bool deleting = false;
  bool forgotten = false;  ///< the object is gone

  [[nodiscard]] bool ending() const { return deleting || forgotten; }
  [[nodiscard]] meta::Time now() const {
    return meta::Time::from(node.environment.clock().wall_now());
  }
  [[nodiscard]] Duration grace_period() const {
    return std::chrono::seconds(pod->metadata.deletion_grace_period_seconds.value_or(
        pod->spec.termination_grace_period_seconds.value_or(30)));
  }
  void record(events::EventType type, const char* reason, const char* action,
              std::string note) const {
    node.events.event(*pod, type, reason, action, std::move(note));
  }
};

}  // namespace windlass::inline v0::testing
