#pragma once

#include "pod_volumes.hpp"

namespace windlass::inline v0::testing {

/// How to start a container, or why that is not possible yet.
struct ContainerPlan {
  const ImageRoot* image = nullptr;
  Sandbox sandbox;
  std::string refusal =
      {};  ///< reason of the waiting state, as a kubelet would say; empty: it can start
  std::string message = {};
};

/// `pod` tells the pod's and the node's address in its status. `directory` is the pod's own. No I/O
/// but to make folders that a volume's subPath names.
ContainerPlan plan_container(const NodeState& node, const api::core::v1::Pod& pod,
                             const api::core::v1::Container& container, const PodVolumes& volumes,
                             const std::filesystem::path& directory);

/// Writes what the container sees of /etc. Errc::io names the file.
Result<void> write_etc(const Sandbox& sandbox, const std::string& address);

}  // namespace windlass::inline v0::testing
