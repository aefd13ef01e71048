#pragma once
// A cluster of one machine without a container runtime: pods are host processes in bubblewrap
// sandboxes, each with a loopback address of its own. For development and tests.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <windlass/api_server/pod_runtime.hpp>
#include <windlass/base/environment.hpp>
#include <windlass/client/config.hpp>

namespace windlass::inline v0::testing {

/// What stands for an image: a root made of the host's /usr plus single files. A pod whose image is
/// not in the table stays in ErrImagePull.
struct ImageRoot {
  /// Repository, with or without a tag ("postgres:15", "postgres-operator"); a registry host and
  /// "library/" in the pod's image name are ignored.
  std::string image;
  struct File {
    std::filesystem::path host;
    std::string path;  ///< in the container
  };
  std::vector<File> files = {};
  std::vector<std::string> entrypoint = {};
  std::string search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::int64_t uid = 65532;  ///< when the pod does not say
};

struct LocalClusterOptions {
  /// Logs, volumes and pods live here; made if missing. Volumes survive the cluster.
  std::filesystem::path state_directory;
  std::vector<ImageRoot> images = {};
  /// First two bytes of pod addresses.
  std::string pod_address_prefix = "127.64";
};

/// A part of this machine's loopback addresses that one cluster has for itself.
struct AddressRange {
  std::string pods;                           ///< first two bytes: "127.64" to "127.95"
  std::string services;                       ///< first address: "127.96.0.0" to "127.127.0.0"
  std::unique_ptr<Listener> claim = nullptr;  ///< the range is taken for as long as this listens
};

/// The first range that no other cluster of this machine has. Errc::io when there is none.
Result<AddressRange> claim_addresses(Environment& environment, const Executor& executor);

/// Runs the workload controllers, the pods and the service proxies against the API server of
/// `config`. Use on Environment::io().
class LocalCluster final : public api_server::PodRuntime {
 public:
  LocalCluster(Environment& environment, client::Config config, LocalClusterOptions options);
  ~LocalCluster() override;

  /// Errc::permission or not_found with the remedy when this machine cannot run sandboxes:
  /// bubblewrap is missing, or user namespaces are turned off.
  static Result<void> check_machine();

  /// Runs until a signal or `stop`; pods are stopped (SIGTERM, SIGKILL after 5 s) before it
  /// returns.
  Task<int> run();
  void stop();

  Task<void> logs(api_server::LogRequest request, api_server::LogWriter write) override;
  Task<int> exec(api_server::ExecRequest request,
                 std::shared_ptr<api_server::ProcessStreams> streams) override;
  Task<void> attach(api_server::ExecRequest request,
                    std::shared_ptr<api_server::ProcessStreams> streams) override;
  Task<std::unique_ptr<Stream>> dial(std::string namespace_, std::string pod,
                                     std::uint16_t port) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::inline v0::testing
