#pragma once
// An HTTP/1.1 client with a pool of keep-alive connections to one server, over Environment's
// Network.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <windlass/base/environment.hpp>
#include <windlass/http/message.hpp>
#include <windlass/http/tls.hpp>

namespace windlass::inline v0::http {

struct ClientOptions {
  Endpoint server;
  std::optional<TlsClientOptions> tls = std::nullopt;  ///< none: plain HTTP
  std::size_t max_idle_connections = 8;
  Duration idle_timeout = std::chrono::seconds(90);
  Duration dial_timeout = std::chrono::seconds(10);  ///< connect and handshake together
  std::size_t max_header_bytes = 64 * 1024;
};

struct SendOptions {
  Duration timeout = std::chrono::seconds(30);  ///< dial to last byte; 0: none
  std::size_t max_body_bytes = 64u << 20;       ///< Exception(too_large) beyond
  /// Asked just before the first byte is written; its error is thrown instead. A connection that is
  /// closed before the answer is there is then reset: what has not left this machine never does.
  std::function<Result<void>()> fence = {};
};

/// A response whose body is still arriving. Destroying it closes its connection unless the body
/// was read to its end. Lives on the client's executor.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  [[nodiscard]] virtual int status() const = 0;
  [[nodiscard]] virtual const Headers& headers() const = 0;
  /// The next piece of the body, valid until the next call; empty at the end.
  /// Throws Exception(closed|io) when the connection ends before the body does.
  virtual Task<std::string_view> read() = 0;
  virtual void close() noexcept = 0;
};

/// Use on the executor given at construction only (client::Client hops for you).
/// A request on a reused connection that dies before the first byte of the answer is sent once more
/// on a new connection if its method is GET.
class Client {
 public:
  Client(Environment& environment, Executor executor, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Sends and reads the whole answer. Any status is an answer, not an exception.
  /// Throws Exception(refused|io|closed|tls|timeout|too_large|cancelled).
  Task<Response> send(Request request, SendOptions options = {});
  /// Sends and returns once the header is there; `timeout` covers dial to header.
  Task<std::unique_ptr<ResponseStream>> open(Request request, SendOptions options = {});
  /// Closes idle connections, and busy ones when their exchange ends: after credentials changed.
  void drop_connections();
  /// Closes every connection now: when the write gate closes.
  void abort_connections();
  /// New certificates and trust for connections made from now on.
  void set_tls(TlsClientOptions tls);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace windlass::inline v0::http
