#pragma once
// Connections that leave HTTP: exec, attach and port forwarding.

#include <windlass/api_server/core.hpp>
#include <windlass/base/environment.hpp>
#include <windlass/http/server.hpp>

namespace windlass::inline v0::api_server {

/// Answers a granted connection until one of its ends is through. `handshake` is the request's
/// head.
Task<void> serve_connection(Environment& environment, Executor executor, PodRuntime* pods,
                            Connect connect, http::Request handshake, http::Responder& responder);

/// The bytes of a connection both ways. One reader, any number of writers.
class Tunnel {
 public:
  virtual ~Tunnel() = default;
  /// Empty at the end.
  virtual Task<std::string> read() = 0;
  virtual Task<void> write(std::string bytes) = 0;
};
std::shared_ptr<Tunnel> plain_tunnel(const Executor& executor, std::unique_ptr<Stream> stream);
std::shared_ptr<Tunnel> message_tunnel(Environment& environment, const Executor& executor,
                                       std::unique_ptr<Stream> stream);

/// Forwards connections to the ports of a pod until the client is gone. port_forward.cpp
Task<void> forward_ports(Executor executor, PodRuntime* pods, ExecRequest pod,
                         std::shared_ptr<Tunnel> tunnel);

}  // namespace windlass::inline v0::api_server
