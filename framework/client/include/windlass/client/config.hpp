#pragma once
// Where the API server is and how to prove who one is: kubeconfig files as kubectl reads them, or
// the service account inside a cluster.

#include <optional>
#include <string>
#include <vector>

#include <windlass/base/environment.hpp>
#include <windlass/http/tls.hpp>

namespace windlass::inline v0::client {

struct ExecCredential {
  std::string command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string api_version;
};

struct Config {
  Endpoint server;
  std::string path_prefix = {};  ///< of the server URL, without a trailing slash
  std::optional<http::TlsClientOptions> tls = std::nullopt;  ///< none for http:// URLs
  std::string bearer_token = {};
  std::string bearer_token_file = {};  ///< read again every minute, and at once after a 401
  std::string certificate_file = {};   ///< read again every 5 minutes; tls holds what it held first
  std::string key_file = {};
  std::string ca_file = {};
  std::string username = {};  ///< basic authentication
  std::string password = {};
  std::optional<ExecCredential> exec = std::nullopt;
  std::string impersonate_user = {};
  std::vector<std::string> impersonate_groups = {};
  std::string namespace_ = "default";  ///< of the context, or of the pod
  bool in_cluster = false;
};

/// Finds the configuration: `flag` (--kubeconfig), else the files in $KUBECONFIG (a colon-separated
/// list, merged as kubectl does: the first file to set a value wins), else the service account when
/// KUBERNETES_SERVICE_HOST is set, else $HOME/.kube/config.
/// Errc::not_found names everything that was tried; other errors name file, entry and remedy.
Result<Config> load_config(Environment& environment, const std::string& flag = {},
                           const std::string& context = {});

/// Reads one kubeconfig document. Relative paths in it are relative to `directory`.
Result<Config> parse_kubeconfig(Environment& environment, std::string_view yaml,
                                const std::string& directory, const std::string& context = {});

}  // namespace windlass::inline v0::client
