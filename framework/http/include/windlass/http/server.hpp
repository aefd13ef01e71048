#pragma once
// An HTTP/1.1 server over Environment's Network.

#include <functional>
#include <memory>
#include <optional>

#include <windlass/base/environment.hpp>
#include <windlass/http/message.hpp>
#include <windlass/http/tls.hpp>

namespace windlass::inline v0::http {

/// Answers one request: either `send` once, or `start` and then any number of `write`, or `upgrade`.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual Task<void> send(Response response) = 0;
  /// Sends the status and headers; the body follows in chunks. `head.body` is sent as the first.
  virtual Task<void> start(Response head) = 0;
  virtual Task<void> write(std::string_view chunk) = 0;
  /// Sends `head` (101 and its fields) and leaves HTTP: the stream is the rest of the connection,
  /// which ends when the handler returns. A client that goes away is the stream's end, it does not
  /// cancel the handler. Throws Exception(invalid_argument) when the request is HTTP/1.0.
  virtual Task<std::unique_ptr<Stream>> upgrade(Response head) = 0;
};

struct Peer {
  Endpoint address;  ///< empty host when the network does not tell
  PeerCertificate certificate;
};

/// Runs on the server's executor. An exception ends the connection after a 500, if nothing was
/// sent. The handler is cancelled when the server stops; a stream's `write` throws when the client
/// is gone.
using Handler = std::function<Task<void>(Request request, Peer peer, Responder& responder)>;

struct ServerOptions {
  std::shared_ptr<TlsServerContext> tls = nullptr;
  std::size_t max_header_bytes = 64 * 1024;
  std::size_t max_body_bytes = 8u << 20;  ///< 413 beyond
  Duration header_timeout = std::chrono::seconds(10);
  Duration body_timeout = std::chrono::seconds(60);
  Duration idle_timeout = std::chrono::seconds(120);
  std::size_t max_connections = 10'000;  ///< beyond: closed at once
};

/// Serves what `listener` accepts. Use on one executor.
class Server {
 public:
  Server(Environment& environment, Executor executor, std::unique_ptr<Listener> listener,
         Handler handler, ServerOptions options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] Endpoint local_endpoint() const;
  /// Accepts until cancelled or `stop` was called; returns when every connection has ended.
  Task<void> run();
  /// Stops accepting, closes idle connections, lets running requests finish for `grace`, then
  /// closes.
  Task<void> stop(Duration grace);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace windlass::inline v0::http
