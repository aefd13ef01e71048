#pragma once
// What stands behind a ControlPlane. All of it runs on the control plane's own executor.

#include <windlass/testing/control_plane.hpp>

namespace windlass::inline v0::testing {

class Backend {
 public:
  virtual ~Backend() = default;
  /// Returns when the server can be asked.
  virtual Task<void> start() = 0;
  virtual Task<void> stop() = 0;
  /// Why it cannot be reached any more, with the end of its log; empty while nothing is wrong.
  [[nodiscard]] virtual std::string trouble() const { return {}; }
  [[nodiscard]] virtual std::string kubeconfig(const api_server::Identity& identity) const = 0;
};

/// A kubeconfig (JSON is YAML) with a client certificate.
std::string kubeconfig_of(const std::string& url, const std::string& ca_pem,
                          const http::KeyPair& client);

std::unique_ptr<Backend> make_in_memory(Environment& environment,
                                        const ControlPlaneOptions& options);
std::unique_ptr<Backend> make_real(Environment& environment, const ControlPlaneOptions& options);
/// Empty: $KUBEBUILDER_ASSETS. Errc::not_found says what to do.
Result<std::filesystem::path> find_assets(const Environment& environment,
                                          const std::filesystem::path& given);

/// Reads the CRDs of files and folders. Throws Exception.
std::vector<json::Value> read_crds(const Environment& environment,
                                   const std::vector<std::filesystem::path>& paths);
/// Applies CRDs and waits until each is established.
Task<void> install_crds(Environment& environment, client::Config config,
                        std::vector<json::Value> crds, Duration limit);

}  // namespace windlass::inline v0::testing
