#pragma once

#include <memory>
#include <string>
#include <vector>

#include <windlass/cache/cache.hpp>

#include "process.hpp"
#include "sandbox.hpp"
#include "volumes.hpp"

namespace windlass::inline v0::testing {

/// What the workers of all pods share.
struct NodeState {
  Environment& environment;
  client::Client client;
  const cache::Cache& cache;
  const LocalClusterOptions& options;
  Endpoint api_server;
  std::string ca_pem = {};
  std::string node_name = "local";
  bool is_root = false;
  Logger log;
};

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
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const api::core::v1::Pod& pod() const { return *pod_; }

  /// Where the log of a container is; the previous instance's with `previous`. Empty: there is none.
  [[nodiscard]] std::filesystem::path log_path(const std::string& container, bool previous) const;
  [[nodiscard]] bool is_running(const std::string& container) const;
  /// The container's first process and whose it is; nothing when it does not run.
  struct Target {
    pid_t pid;
    std::pair<uid_t, gid_t> user;
  };
  [[nodiscard]] std::optional<Target> process_of(const std::string& container) const;

 private:
  enum class Phase { waiting, running, ended };
  /// One container of the pod.
  struct Slot {
    const api::core::v1::Container* spec = nullptr;
    Phase phase = Phase::waiting;
    std::string waiting_reason = "PodInitializing";
    std::string waiting_message;
    std::unique_ptr<Process> process;
    pid_t pid = 0;  ///< of the container's process, on the host
    std::pair<uid_t, gid_t> user{};
    std::optional<int> exit_code;
    std::optional<int> last_exit_code;
    meta::Time started_at;
    meta::Time finished_at;
    meta::Time last_started_at;
    meta::Time last_finished_at;
    std::int32_t restarts = 0;
    bool started = false;
    bool ready = false;
    SteadyTime running_since{};
  };
  using Containers = std::vector<std::unique_ptr<Slot>>;

  Task<void> live();
  Task<void> bind();
  Task<void> prepare_volumes();
  Task<void> run_init_containers();
  Task<void> run_container(Slot* slot);
  Task<bool> start(Slot* slot);
  Task<void> probe_loop(Slot* slot);
  Task<bool> probe(Slot* slot, const api::core::v1::Probe* probe);
  Task<void> kill_container(Slot* slot, Duration grace);
  Task<void> stop_all();
  Task<void> refresh_volumes();
  Task<void> publish_loop();
  Task<void> fetch_token();
  [[nodiscard]] bool mounts_credentials() const;
  [[nodiscard]] std::string account_name() const;
  [[nodiscard]] Result<void> write_credentials() const;
  Task<void> finish_deletion();

  void wait_with(Slot* slot, const std::string& reason, const std::string& message);
  [[nodiscard]] json::Value status_patch() const;
  [[nodiscard]] json::Value container_status(const Slot& slot) const;
  [[nodiscard]] std::vector<Mount> mounts_of(const api::core::v1::Container& container) const;
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> user_of(const api::core::v1::Container& container,
                                                              const ImageRoot& image) const;
  [[nodiscard]] std::filesystem::path volume_path(const api::core::v1::Volume& volume) const;
  void own(const std::filesystem::path& path) const;
  void changed();
  [[nodiscard]] meta::Time now() const;
  [[nodiscard]] bool ending() const { return deleting_ || forgotten_; }

  NodeState& node_;
  Ref<api::core::v1::Pod> pod_;
  const Ref<api::core::v1::Pod> first_;  ///< container specs point into it
  std::string address_;
  std::filesystem::path directory_;
  std::string token_;
  SteadyTime token_fetched_{};
  [[nodiscard]] const Slot* find_slot(const std::string& container) const;

  Containers inits_;
  Containers mains_;
  bool initialized_ = false;
  bool deleting_ = false;
  bool forgotten_ = false;
  meta::Time start_time_;
  Event end_requested_;
  Event dirty_;
  TaskGroup tasks_;
};

}  // namespace windlass::inline v0::testing
