#pragma once

#include "node.hpp"
#include "sandbox.hpp"
#include "volumes.hpp"

namespace windlass::inline v0::testing {

/// The folders that one pod mounts: its volumes, and the credentials that most pods get.
class PodVolumes {
 public:
  /// `directory` is the pod's own.
  PodVolumes(NodeState& node, Ref<api::core::v1::Pod> pod, std::filesystem::path directory);

  /// Makes what is not there yet. Returns what is still missing, in a sentence; empty when nothing
  /// is.
  Task<std::string> prepare();
  /// Files follow their sources, and tokens are renewed. What cannot be had now stays as it is, and
  /// is logged once.
  Task<void> refresh();
  /// The pod changed.
  void update(Ref<api::core::v1::Pod> pod) { pod_ = std::move(pod); }
  [[nodiscard]] std::vector<Mount> mounts_of(const api::core::v1::Container& container) const;

 private:
  Task<void> fetch_token();
  [[nodiscard]] Result<void> prepare_volume(const api::core::v1::Volume& volume) const;
  [[nodiscard]] std::filesystem::path path_of(const api::core::v1::Volume& volume) const;
  [[nodiscard]] Mount mount_of(const api::core::v1::VolumeMount& mount,
                               const api::core::v1::Volume& volume) const;
  void own(const std::filesystem::path& path) const;
  [[nodiscard]] bool mounts_credentials() const;
  [[nodiscard]] std::string account_name() const;
  [[nodiscard]] Result<void> write_credentials() const;

  NodeState& node_;
  Ref<api::core::v1::Pod> pod_;
  std::filesystem::path directory_;
  std::string token_;
  SteadyTime token_fetched_{};
  std::string trouble_;  ///< of the last refresh
};

}  // namespace windlass::inline v0::testing
