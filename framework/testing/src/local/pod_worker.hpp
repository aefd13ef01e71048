#pragma once

#include "exec.hpp"
#include "pod_context.hpp"

namespace windlass::inline v0::testing {

/// Runs one pod from its binding to its end: what a kubelet does for it. Lives on the I/O executor.
class PodWorker {
 public:
  PodWorker(NodeState& node, Ref<api::core::v1::Pod> pod, std::string address);
  ~PodWorker();

  /// Until the pod is gone (or cancelled: then every process is killed).
  Task<void> run();
  /// The pod changed.
  void update(Ref<api::core::v1::Pod> pod);
  /// The pod object is gone: end its processes without telling the server.
  void forget();
  /// SIGTERM to everything.
  void terminate_processes();
  [[nodiscard]] bool has_processes() const;
  [[nodiscard]] const std::string& address() const { return context_.address; }
  [[nodiscard]] const api::core::v1::Pod& pod() const { return *context_.pod; }

  /// Where the log of a container is; the previous instance's with `previous`. Empty: there is
  /// none.
  [[nodiscard]] std::filesystem::path log_path(const std::string& container, bool previous) const;
  [[nodiscard]] bool is_running(const std::string& container) const;
  /// The container's first process; nothing when it does not run.
  [[nodiscard]] std::optional<ContainerProcess> process_of(const std::string& container) const;
  /// As it stands; null when the pod has no such container.
  [[nodiscard]] const ContainerState* find(const std::string& container) const;

 private:
  Task<void> live();
  Task<void> bind();
  Task<void> prepare_volumes();
  Task<void> refresh_volumes();
  Task<void> run_init_containers();
  Task<void> stop_all();
  Task<void> finish_deletion();
  Task<void> publish_loop();

  PodContext context_;
  const Ref<api::core::v1::Pod> first_;  ///< container specs point into it
  Containers inits_;
  Containers mains_;
  bool initialized_ = false;
  meta::Time start_time_;
  Event end_requested_;
  TaskGroup tasks_;
};

}  // namespace windlass::inline v0::testing
