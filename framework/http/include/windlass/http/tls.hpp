#pragma once
// TLS over any Stream. OpenSSL stays private to this component.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <windlass/base/network.hpp>

namespace windlass::inline v0::http {

struct TlsClientOptions {
  std::string ca_pem = {};           ///< trust; empty: the system's store
  std::string certificate_pem = {};  ///< client certificate chain; empty: none
  std::string key_pem = {};
  std::string server_name = {};  ///< name or address that the certificate must bear (and SNI)
  bool verify = true;            ///< false only when the kubeconfig says insecure-skip-tls-verify
};

struct TlsServerOptions {
  std::string certificate_pem;
  std::string key_pem;
  std::string client_ca_pem =
      {};  ///< not empty: client certificates are asked for and verified when given
};

/// What the peer's verified certificate says. Empty when it showed none.
struct PeerCertificate {
  std::string common_name;
  std::vector<std::string> organizations;
};

/// Handshakes as a client over `stream`. TLS 1.2 or later. Throws Exception(tls) with the reason
/// and the certificate's subject: expired, unknown authority, wrong name.
Task<std::unique_ptr<Stream>> tls_connect(std::unique_ptr<Stream> stream, TlsClientOptions options);

/// Certificates of a server, parsed once. Errc::tls names what is wrong.
class TlsServerContext {
 public:
  static Result<std::shared_ptr<TlsServerContext>> make(const TlsServerOptions& options);
  virtual ~TlsServerContext() = default;
  virtual Task<std::unique_ptr<Stream>> accept(std::unique_ptr<Stream> stream,
                                               PeerCertificate* peer) = 0;
};

/// A key pair and certificate in PEM.
struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};
struct CertificateRequest {
  std::string common_name;
  std::vector<std::string> organizations = {};
  std::vector<std::string> dns_names = {};
  std::vector<std::string> ip_addresses = {};
  WallTime not_before;
  WallTime not_after;
  bool is_ca = false;
};
/// Makes an ECDSA P-256 key and a certificate signed by `issuer` (by itself when null).
Result<KeyPair> make_certificate(const CertificateRequest& request,
                                 const KeyPair* issuer = nullptr);
/// When a PEM certificate (the first of a chain) ends.
Result<WallTime> certificate_expiry(std::string_view pem);

}  // namespace windlass::inline v0::http
