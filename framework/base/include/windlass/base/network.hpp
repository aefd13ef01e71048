#pragma once
// Byte streams as a parameter: HTTP, TLS and everything above run over these, so that faults strike
// underneath them.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <windlass/base/clock.hpp>

namespace windlass::inline v0 {

struct Endpoint {
  std::string host;  ///< name or address, without brackets; for a Unix socket its absolute path
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "host:port", with brackets round an IPv6 address; a Unix socket's path as it is.
std::string to_string(const Endpoint& endpoint);
/// Reads ":8080", "127.0.0.1:8080", "[::1]:8080"; an empty host means all addresses, "0" is port 0.
Result<Endpoint> parse_endpoint(std::string_view text);

/// A reliable, ordered stream of bytes. One reader and one writer at a time, both on the executor
/// that the stream was made for. Destroying it closes it without waiting.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Reads at least one byte; 0 means the peer closed. Throws Exception(io|closed|cancelled).
  virtual Task<std::size_t> read_some(std::span<char> buffer) = 0;
  /// Writes all of `bytes`, which must stay alive until it returns. Throws as read_some does.
  virtual Task<void> write(std::string_view bytes) = 0;
  /// Ends both directions now; pending operations throw Exception(closed). Idempotent.
  virtual void close() noexcept = 0;
  /// Whether closing, also by the end of the process, resets the connection and throws away what
  /// has not left this machine. Otherwise the system goes on sending it. At first: no.
  virtual void reset_on_close(bool reset) noexcept = 0;
};

/// Accepts streams. Destroying it stops listening.
class Listener {
 public:
  virtual ~Listener() = default;
  /// The next connection. Throws Exception(closed) after `close`.
  virtual Task<std::unique_ptr<Stream>> accept() = 0;
  /// Where it listens, with the port that the system chose when 0 was asked for.
  [[nodiscard]] virtual Endpoint local_endpoint() const = 0;
  virtual void close() noexcept = 0;
};

/// Dials and listens. Use from the executor given.
class Network {
 public:
  virtual ~Network() = default;
  /// Resolves and connects, with TCP keep-alive and user timeout set so that a dead peer is
  /// noticed within 45 s. Throws Exception(refused|io|timeout).
  virtual Task<std::unique_ptr<Stream>> dial(Endpoint to) = 0;
  /// Listens at once; streams it accepts live on `executor`.
  /// Errc::io names the address and says when it is in use.
  virtual Result<std::unique_ptr<Listener>> listen(Executor executor, const Endpoint& at) = 0;
};

}  // namespace windlass::inline v0
