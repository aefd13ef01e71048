#pragma once
// What TLS offers to the rest of this component.

#include <memory>

#include <windlass/http/tls.hpp>

namespace windlass::inline v0::http::detail {

/// Certificates and trust of a client, parsed once for many connections.
class TlsClientContext {
 public:
  /// Errc::tls names what is wrong.
  static Result<std::shared_ptr<TlsClientContext>> make(const TlsClientOptions& options);
  virtual ~TlsClientContext() = default;
  virtual Task<std::unique_ptr<Stream>> connect(std::unique_ptr<Stream> stream) = 0;
};

/// Tells the peer of a TLS stream that nothing more will come; does nothing for other streams.
Task<void> end_tls(Stream& stream);

}  // namespace windlass::inline v0::http::detail
