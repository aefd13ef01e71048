#pragma once
// An API server to test against, as controller-runtime's envtest gives one: a real etcd and
// kube-apiserver, the in-memory server, or a cluster that exists. One interface, so that the same
// test runs against each.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <windlass/api_server/server.hpp>
#include <windlass/base/environment.hpp>
#include <windlass/client/config.hpp>

namespace windlass::inline v0::testing {

enum class ServerKind {
  in_memory,  ///< api_server::Server over HTTPS, in a thread of its own
  real,       ///< etcd and kube-apiserver from a folder of binaries, started here
  cluster     ///< what KUBECONFIG names; nothing is started or stopped
};
std::string_view to_string(ServerKind kind);

struct ControlPlaneOptions {
  ServerKind kind = ServerKind::in_memory;
  /// CustomResourceDefinitions to install: YAML or JSON files, or folders of them.
  std::vector<std::filesystem::path> crds = {};
  /// Where etcd and kube-apiserver are. Empty: $KUBEBUILDER_ASSETS.
  std::filesystem::path assets = {};
  /// How long starting may take, each CRD until it is established, and stopping.
  Duration start_timeout = std::chrono::seconds(20);
  Duration stop_timeout = std::chrono::seconds(20);
  /// More arguments of kube-apiserver ("--runtime-config=..."); a flag given here replaces the
  /// default one.
  std::vector<std::string> api_server_arguments = {};
  /// Of the in-memory server. As with envtest there are no controllers: nothing is garbage
  /// collected, a namespace that is deleted stays, and authorization is by RBAC.
  api_server::CoreOptions core = {
      .authorization = true, .garbage_collection = false, .namespace_defaults = false};
};

/// A running API server. `start`, `install`, `stop` and the destructor block; call them from any
/// thread but an executor's.
///
/// What was started ends with this process, however that ends: the servers are told so by the
/// kernel, and a guard process removes their files.
class ControlPlane {
 public:
  /// Returns when the server answers and the CRDs are established.
  /// Throws Exception: not_found (no binaries, no KUBECONFIG, no CRD file; names the remedy),
  /// timeout or io (with the end of the log of the process at fault).
  static std::unique_ptr<ControlPlane> start(ControlPlaneOptions options = {});
  /// Stops it.
  ~ControlPlane();
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  /// Why `kind` cannot be started here, in a sentence for GTEST_SKIP; none when it can.
  static std::optional<std::string> unavailable(const Environment& environment, ServerKind kind);

  [[nodiscard]] ServerKind kind() const;
  /// How a client reaches it as `identity`; a cluster that exists knows only its kubeconfig's user
  /// (throws Exception(invalid_argument) for anybody else).
  [[nodiscard]] client::Config config(
      const api_server::Identity& identity = api_server::Identity::admin()) const;
  /// The same for kubectl. Holds a private key.
  [[nodiscard]] std::string kubeconfig(
      const api_server::Identity& identity = api_server::Identity::admin()) const;
  /// Installs CRDs and waits until they are established. Throws as `start`, and Exception(closed)
  /// after `stop`.
  void install(const std::vector<std::filesystem::path>& crds);
  /// Stops it now instead of in the destructor. Idempotent.
  void stop();

 private:
  struct Impl;
  explicit ControlPlane(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::inline v0::testing
