#include <algorithm>
#include <array>

#include <openssl/sha.h>

#include <windlass/base/encoding.hpp>
#include <windlass/http/websocket.hpp>

#include "format.hpp"

namespace windlass::inline v0::http {

namespace {

constexpr std::size_t kMaxControl = 125;
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

enum Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10
};

Opcode opcode_of(WebSocketEvent::Kind kind) {
  switch (kind) {
    case WebSocketEvent::Kind::text:
      return kText;
    case WebSocketEvent::Kind::binary:
      return kBinary;
    case WebSocketEvent::Kind::ping:
      return kPing;
    case WebSocketEvent::Kind::pong:
      return kPong;
    case WebSocketEvent::Kind::close:
      break;
  }
  return kClose;
}

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
}

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

void apply_mask(std::string& data, std::size_t from, std::string_view key) {
  for (std::size_t i = from; i < data.size(); ++i) {
    data[i] = static_cast<char>(data[i] ^ key[(i - from) % 4]);
  }
}

std::string payload_of(const WebSocketEvent& event) {
  if (event.kind != WebSocketEvent::Kind::close || event.code == 1005) return event.data;
  std::string payload;
  append_big_endian(payload, event.code, 2);
  return payload.append(event.data, 0, kMaxControl - 2);
}

/// The words of a comma separated field, in order.
std::vector<std::string> words(const Headers& headers, std::string_view name) {
  std::vector<std::string> out;
  for (auto rest : headers.all(name)) {
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      auto word = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
      while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
      if (!word.empty()) out.emplace_back(word);
    }
  }
  return out;
}

}  // namespace

std::string format_websocket_frame(const WebSocketEvent& event, std::optional<std::uint32_t> mask) {
  const std::string payload = payload_of(event);
  std::string out;
  out.reserve(payload.size() + 14);
  out += static_cast<char>(0x80 | opcode_of(event.kind));
  const char masked = mask ? static_cast<char>(0x80) : '\0';
  if (payload.size() <= kMaxControl) {
    out += static_cast<char>(masked | static_cast<char>(payload.size()));
  } else if (payload.size() <= 0xffff) {
    out += static_cast<char>(masked | 126);
    append_big_endian(out, payload.size(), 2);
  } else {
    out += static_cast<char>(masked | 127);
    append_big_endian(out, payload.size(), 8);
  }
  if (!mask) return out.append(payload);
  std::string key;
  append_big_endian(key, *mask, 4);
  out.append(key);
  const std::size_t from = out.size();
  out.append(payload);
  apply_mask(out, from, key);
  return out;
}

struct WebSocketParser::Frame {
  bool last = true;
  std::uint8_t opcode = 0;
  std::string payload;
};

WebSocketParser::WebSocketParser(WebSocketRole role, std::size_t max_message_bytes)
    : role_(role), max_(max_message_bytes) {}

Result<std::optional<WebSocketParser::Frame>> WebSocketParser::next_frame() {
  const auto broken = [](const char* what) {
    return Error{Errc::parse, std::string("the WebSocket peer broke the protocol: ") + what};
  };
  const std::string_view bytes = std::string_view(buffer_).substr(at_);
  if (bytes.size() < 2) return std::optional<Frame>();
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  Frame frame{.last = (first & 0x80) != 0, .opcode = static_cast<std::uint8_t>(first & 0x0f)};
  if ((first & 0x70) != 0) return broken("a reserved bit is set");
  const bool masked = (second & 0x80) != 0;
  if (masked != (role_ == WebSocketRole::server)) {
    return broken(masked ? "a server must not mask" : "a client must mask");
  }
  std::uint64_t size = second & 0x7f;
  const bool control = frame.opcode >= kClose;
  if (control && (size > kMaxControl || !frame.last)) return broken("a control frame is too long");
  const std::size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
  const std::size_t head = 2 + extra + (masked ? 4 : 0);
  if (bytes.size() < head) return std::optional<Frame>();
  if (extra > 0) size = read_big_endian(bytes.substr(2, extra));
  const std::size_t before = message_ ? message_->data.size() : 0;
  if (size > max_ || size + before > max_) {
    return Error{Errc::too_large,
                 "a WebSocket message is longer than " + std::to_string(max_) + " bytes"};
  }
  if (bytes.size() - head < size) return std::optional<Frame>();
  frame.payload = bytes.substr(head, size);
  if (masked) apply_mask(frame.payload, 0, bytes.substr(head - 4, 4));
  at_ += head + size;
  if (at_ == buffer_.size() || at_ > 64 * 1024) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  return std::optional<Frame>(std::move(frame));
}

Result<std::optional<WebSocketEvent>> WebSocketParser::next() {
  using Kind = WebSocketEvent::Kind;
  const auto broken = [](const char* what) {
    return Error{Errc::parse, std::string("the WebSocket peer broke the protocol: ") + what};
  };
  for (;;) {
    auto read = next_frame();
    if (!read) return read.error();
    if (!*read) return std::optional<WebSocketEvent>();
    Frame frame = std::move(**read);
    switch (frame.opcode) {
      case kPing:
        return std::optional(WebSocketEvent{.kind = Kind::ping, .data = std::move(frame.payload)});
      case kPong:
        return std::optional(WebSocketEvent{.kind = Kind::pong, .data = std::move(frame.payload)});
      case kClose: {
        WebSocketEvent event{.kind = Kind::close};
        if (frame.payload.size() == 1) return broken("a close frame has half a code");
        if (frame.payload.size() >= 2) {
          event.code = static_cast<std::uint16_t>(read_big_endian(frame.payload.substr(0, 2)));
          event.data = frame.payload.substr(2);
        }
        return std::optional(std::move(event));
      }
      case kText:
      case kBinary:
        if (message_) return broken("a message begins within another");
        message_ = WebSocketEvent{.kind = frame.opcode == kText ? Kind::text : Kind::binary,
                                  .data = std::move(frame.payload)};
        break;
      case kContinuation:
        if (!message_) return broken("a fragment belongs to no message");
        message_->data += frame.payload;
        break;
      default:
        return broken("an unknown kind of frame");
    }
    if (frame.last) return std::exchange(message_, std::nullopt);
  }
}

bool wants_websocket(const Request& request) {
  return detail::has_token(request.headers, "connection", "upgrade") &&
         detail::has_token(request.headers, "upgrade", "websocket");
}

std::string choose_subprotocol(const Request& request, const std::vector<std::string>& known) {
  for (auto& wanted : words(request.headers, "sec-websocket-protocol")) {
    if (std::find(known.begin(), known.end(), wanted) != known.end()) return wanted;
  }
  return {};
}

Result<Response> accept_websocket(const Request& request, const std::string& subprotocol) {
  const auto wrong = [](const char* what) {
    return Error{Errc::invalid_argument, std::string("a WebSocket's handshake needs ") + what};
  };
  if (request.method != "GET") return wrong("the method GET");
  if (!wants_websocket(request)) return wrong("\"Connection: Upgrade\" and \"Upgrade: websocket\"");
  if (request.headers.get("sec-websocket-version") != "13") {
    return wrong("\"Sec-WebSocket-Version: 13\"");
  }
  const std::string key(request.headers.get("sec-websocket-key"));
  const auto nonce = decode_base64(key);
  if (!nonce || nonce->size() != 16) return wrong("16 bytes in base64 in Sec-WebSocket-Key");
  const std::string text = key + std::string(kGuid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  ::SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  Response response{.status = 101};
  response.headers.add("Upgrade", "websocket");
  response.headers.add(
      "Sec-WebSocket-Accept",
      encode_base64({reinterpret_cast<const char*>(digest.data()), digest.size()}));
  if (!subprotocol.empty()) response.headers.add("Sec-WebSocket-Protocol", subprotocol);
  return response;
}

struct WebSocket::State {
  State(Environment& e, const Executor& executor, std::unique_ptr<Stream> s, WebSocketRole r,
        std::size_t max)
      : environment(e), stream(std::move(s)), role(r), parser(r, max), written(executor) {}

  Environment& environment;
  std::unique_ptr<Stream> stream;
  WebSocketRole role;
  WebSocketParser parser;
  std::array<char, 16 * 1024> buffer{};
  std::string pending;  ///< frames that wait for the one who writes
  std::uint64_t appended = 0, sent = 0;
  bool writing = false;
  std::exception_ptr broken;
  Event written;
  bool closing = false;  ///< a close frame was sent
};

WebSocket::WebSocket(Environment& environment, Executor executor, std::unique_ptr<Stream> stream,
                     WebSocketRole role, std::size_t max_message_bytes)
    : state_(std::make_shared<State>(environment, executor, std::move(stream), role,
                                     max_message_bytes)) {}
WebSocket::~WebSocket() { state_->stream->close(); }

/// Frames of several writers go out in one write; each waits until its own is sent.
Task<void> WebSocket::send(std::shared_ptr<State> state, WebSocketEvent event) {
  if (state->closing) throw Exception(Errc::closed, "writing: the WebSocket was closed");
  if (state->broken) std::rethrow_exception(state->broken);
  if (event.kind == WebSocketEvent::Kind::close) state->closing = true;
  std::optional<std::uint32_t> mask;
  if (state->role == WebSocketRole::client) {
    mask = static_cast<std::uint32_t>(state->environment.random().next());
  }
  const std::string frame = format_websocket_frame(event, mask);
  state->pending += frame;
  state->appended += frame.size();
  const std::uint64_t own_end = state->appended;
  while (state->writing && state->sent < own_end && !state->broken) {
    state->written.reset();
    co_await state->written.wait();
  }
  std::exception_ptr failure;
  while (state->sent < own_end && !state->broken) {
    state->writing = true;
    const std::string batch = std::exchange(state->pending, {});
    try {
      co_await state->stream->write(batch);
      state->sent += batch.size();
    } catch (...) {
      failure = std::current_exception();
      // also when only this writer was cancelled: half a frame may have gone out
      state->broken = std::make_exception_ptr(
          Exception(Errc::closed, "writing: the WebSocket broke: " + describe(failure).message));
    }
    state->writing = false;
    state->written.set();
  }
  if (failure) std::rethrow_exception(failure);
  if (state->sent < own_end) std::rethrow_exception(state->broken);
}

Task<std::optional<WebSocketEvent>> WebSocket::read() {
  const auto state = state_;
  for (;;) {
    auto next = state->parser.next();
    if (!next) {
      const std::uint16_t code = next.error().code == Errc::too_large ? 1009 : 1002;
      if (!state->closing) {
        auto telling = send(state, {.kind = WebSocketEvent::Kind::close, .code = code});
        co_await std::move(telling);
      }
      throw Exception(next.error());
    }
    if (!*next) {
      const auto count = co_await state->stream->read_some(std::span<char>(state->buffer));
      if (count == 0) co_return std::nullopt;
      state->parser.put({state->buffer.data(), count});
      continue;
    }
    WebSocketEvent event = std::move(**next);
    using Kind = WebSocketEvent::Kind;
    if (event.kind == Kind::text || event.kind == Kind::binary) co_return event;
    if (event.kind == Kind::ping && !state->closing) {
      event.kind = Kind::pong;
      auto answering = send(state, std::move(event));
      co_await std::move(answering);
    } else if (event.kind == Kind::close) {
      std::exception_ptr failure;
      try {
        event.data.clear();
        auto answering = send(state, std::move(event));
        co_await std::move(answering);
      } catch (...) {  // closed already, by one side or the other
        failure = std::current_exception();
      }
      if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
      co_return std::nullopt;
    }
  }
}

Task<void> WebSocket::write(std::string data, bool text) {
  return send(state_, {.kind = text ? WebSocketEvent::Kind::text : WebSocketEvent::Kind::binary,
                       .data = std::move(data)});
}

Task<void> WebSocket::close(std::uint16_t code, std::string reason) {
  const auto state = state_;
  if (state->closing) co_return;
  auto telling =
      send(state, {.kind = WebSocketEvent::Kind::close, .data = std::move(reason), .code = code});
  co_await std::move(telling);
}

}  // namespace windlass::inline v0::http
