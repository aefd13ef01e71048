#pragma once
// The API server on a network: any Environment's, plain or with TLS.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <windlass/api_server/core.hpp>
#include <windlass/base/environment.hpp>
#include <windlass/base/task.hpp>

namespace windlass::inline v0::api_server {

struct ServerOptions {
  CoreOptions core = {};
  Endpoint listen = {"127.0.0.1", 0};
  /// HTTPS with a certificate authority of its own, made at start. False: plain HTTP where every
  /// request without a token is an administrator's (simulations).
  bool tls = true;
  /// More names and addresses for the certificate.
  std::vector<std::string> certificate_names = {};
  /// Where the state is kept from run to run: a write is on disk before it is acknowledged. Tokens
  /// and certificates are made anew. Empty: in memory only.
  std::filesystem::path journal = {};
  /// Gets a line of JSON for each request that was answered: time, user, verb, path, query, code,
  /// milliseconds. Bodies are never in it.
  std::function<void(std::string line)> record = {};
  /// Logs and exec; must outlive the server. None: they are refused as when a node is gone.
  PodRuntime* pods = nullptr;
};

/// Serves a Core. Use on one executor; the constructor listens, `run` serves.
class Server {
 public:
  /// Throws Exception(io) when the address cannot be listened on or the journal cannot be read or
  /// written, Exception(parse) when it is damaged, Exception(tls) when OpenSSL fails.
  Server(Environment& environment, Executor executor, ServerOptions options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves until cancelled or stopped.
  Task<void> run();
  /// Ends watches, lets running requests finish for `grace`, then closes.
  Task<void> stop(Duration grace);

  [[nodiscard]] Core& core();
  [[nodiscard]] Endpoint local_endpoint() const;
  [[nodiscard]] std::string url() const;
  /// Who runs pods, once it exists.
  void set_pod_runtime(PodRuntime* pods);
  /// PEM of the authority that signed the server's certificate; empty without TLS.
  [[nodiscard]] const std::string& ca_pem() const;
  /// A kubeconfig (JSON is YAML) for `identity`, with a fresh client certificate when TLS is on.
  /// Holds a private key: write it with mode 0600 only.
  [[nodiscard]] std::string kubeconfig(const Identity& identity = Identity::admin()) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Writes `text` to `path` with mode 0600, replacing the file in one step.
/// Errc::io with the path and the system's reason.
Result<void> write_private_file(const std::filesystem::path& path, const std::string& text);

}  // namespace windlass::inline v0::api_server
