#pragma once
// WebSockets (RFC 6455) over any Stream, without extensions.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/environment.hpp>
#include <windlass/http/message.hpp>

namespace windlass::inline v0::http {

enum class WebSocketRole : std::uint8_t { server, client };

/// A message, or one of the frames that steer the connection.
struct WebSocketEvent {
  enum class Kind : std::uint8_t { text, binary, ping, pong, close };
  Kind kind = Kind::binary;
  std::string data = {};      ///< of a close: the reason
  std::uint16_t code = 1005;  ///< of a close; 1005: none was given
};

/// Frames out of bytes, without I/O. Fragments are joined.
class WebSocketParser {
 public:
  /// `role`: of the side that reads.
  explicit WebSocketParser(WebSocketRole role, std::size_t max_message_bytes = 16u << 20);
  void put(std::string_view bytes) { buffer_.append(bytes); }
  /// The next event, if it is there. Errc::parse when the peer breaks the protocol (text is not
  /// checked to be UTF-8), Errc::too_large for a message that is too long.
  Result<std::optional<WebSocketEvent>> next();

 private:
  struct Frame;
  Result<std::optional<Frame>> next_frame();

  WebSocketRole role_;
  std::size_t max_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::optional<WebSocketEvent> message_;  ///< whose fragments arrive
};

/// One frame. `mask`: of a client's frame, which needs one.
std::string format_websocket_frame(const WebSocketEvent& event,
                                   std::optional<std::uint32_t> mask = std::nullopt);

/// Whether the request asks for a WebSocket.
bool wants_websocket(const Request& request);
/// The first of the request's subprotocols that is one of `known`; empty when none is.
std::string choose_subprotocol(const Request& request, const std::vector<std::string>& known);
/// The 101 that accepts it, for Responder::upgrade. Errc::invalid_argument names the field that is
/// missing or wrong.
Result<Response> accept_websocket(const Request& request, const std::string& subprotocol);

/// A WebSocket whose handshake is done. Use on one executor; one reader at a time, any number of
/// writers.
class WebSocket {
 public:
  WebSocket(Environment& environment, Executor executor, std::unique_ptr<Stream> stream,
            WebSocketRole role, std::size_t max_message_bytes = 16u << 20);
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  /// The next message; none when the peer has closed, in order or not. Answers pings and the close
  /// itself, so somebody has to be reading. Throws Exception(parse|too_large) after telling the
  /// peer why, Exception(io|closed|cancelled) as streams do.
  Task<std::optional<WebSocketEvent>> read();
  /// Sends one message and returns when it is on its way. Throws as streams do.
  Task<void> write(std::string data, bool text = false);
  /// Tells the peer that nothing more will come. Idempotent; the stream stays open.
  Task<void> close(std::uint16_t code = 1000, std::string reason = {});

 private:
  struct State;
  static Task<void> send(std::shared_ptr<State> state, WebSocketEvent event);
  std::shared_ptr<State> state_;
};

}  // namespace windlass::inline v0::http
