// Port forwarding: SPDY/3.1, itself a connection's bytes or the messages of a WebSocket. For each
// connection the client opens two streams, one for its bytes and one for the server's complaints.

#include <deque>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <windlass/http/websocket.hpp>

#include "connection.hpp"
#include "spdy.hpp"

namespace windlass::inline v0::api_server {

namespace {

constexpr std::size_t kQueueLimit = 1u << 20;
constexpr std::size_t kPiece = 32 * 1024;

/// A connection's bytes as they are.
class PlainTunnel final : public Tunnel {
 public:
  PlainTunnel(const Executor& executor, std::unique_ptr<Stream> stream)
      : stream_(std::move(stream)), free_(executor) {}
  Task<std::string> read() override {
    std::string piece(kPiece, '\0');
    const auto count = co_await stream_->read_some({piece.data(), piece.size()});
    piece.resize(count);
    co_return piece;
  }
  Task<void> write(std::string bytes) override {
    pending_ += bytes;
    while (writing_) {
      free_.reset();
      co_await free_.wait();
    }
    if (pending_.empty()) co_return;
    writing_ = true;
    const std::string batch = std::exchange(pending_, {});
    std::exception_ptr failure;
    try {
      co_await stream_->write(batch);
    } catch (...) {
      failure = std::current_exception();
    }
    writing_ = false;
    free_.set();
    if (failure) std::rethrow_exception(failure);
  }

 private:
  std::unique_ptr<Stream> stream_;
  std::string pending_;
  bool writing_ = false;
  Event free_;
};

/// Its bytes in messages.
class MessageTunnel final : public Tunnel {
 public:
  MessageTunnel(Environment& environment, const Executor& executor, std::unique_ptr<Stream> stream)
      : socket_(environment, executor, std::move(stream), http::WebSocketRole::server) {}
  Task<std::string> read() override {
    for (;;) {
      auto reading = socket_.read();
      auto message = co_await std::move(reading);
      if (!message) co_return std::string();
      if (!message->data.empty()) co_return std::move(message->data);
    }
  }
  Task<void> write(std::string bytes) override { return socket_.write(std::move(bytes)); }

 private:
  http::WebSocket socket_;
};

/// What the client sends into one forwarded connection.
struct Inbox {
  explicit Inbox(const Executor& executor) : changed(executor) {}
  std::deque<std::string> pieces;
  bool ended = false;
  Event changed;
};

/// The two streams of one connection.
struct Pair {
  std::uint32_t data = 0;
  std::uint32_t error = 0;
  std::uint16_t port = 0;
  std::shared_ptr<Inbox> inbox;
};

struct Forwarding {
  Forwarding(const Executor& x, PodRuntime* p, ExecRequest r, std::shared_ptr<Tunnel> t)
      : executor(x),
        pods(p),
        pod(std::move(r)),
        tunnel(std::move(t)),
        room(x),
        connections(x, [](std::string_view, std::exception_ptr) {}) {}

  Executor executor;
  PodRuntime* pods;
  ExecRequest pod;
  std::shared_ptr<Tunnel> tunnel;
  SpdyParser parser;
  SpdyWriter writer;
  std::map<std::string, Pair> pairs;  ///< by the client's number of the connection
  std::map<std::uint32_t, std::shared_ptr<Inbox>> inboxes;
  std::size_t queued = 0;
  Event room;
  TaskGroup connections;
};

using ForwardingPtr = std::shared_ptr<Forwarding>;

/// Frames leave in the order in which this is awaited.
Task<void> send(ForwardingPtr self, SpdyFrame frame) {
  auto writing = self->tunnel->write(self->writer.write(frame));
  co_await std::move(writing);
}

Task<void> send_data(ForwardingPtr self, std::uint32_t stream, std::string data, bool last) {
  return send(std::move(self), SpdyFrame{.stream = stream, .last = last, .data = std::move(data)});
}

/// From the client to the pod.
Task<void> pour(ForwardingPtr self, std::shared_ptr<Inbox> inbox, std::shared_ptr<Stream> pod) {
  for (;;) {
    while (inbox->pieces.empty() && !inbox->ended) {
      inbox->changed.reset();
      co_await inbox->changed.wait();
    }
    if (inbox->pieces.empty()) co_return;
    const std::string piece = std::move(inbox->pieces.front());
    inbox->pieces.pop_front();
    self->queued -= piece.size();
    self->room.set();
    co_await pod->write(piece);
  }
}

/// One connection to the pod, until the pod ends it or cannot be reached: why.
Task<std::string> exchange(ForwardingPtr self, Pair pair) {
  auto dialing = self->pods->dial(self->pod.namespace_, self->pod.pod, pair.port);
  std::shared_ptr<Stream> pod = co_await std::move(dialing);
  TaskGroup outwards(self->executor, [](std::string_view, std::exception_ptr) {});
  outwards.spawn("forwarded bytes", pour(self, pair.inbox, pod));
  std::exception_ptr failure;
  try {
    for (;;) {
      std::string piece(kPiece, '\0');
      const auto count = co_await pod->read_some({piece.data(), piece.size()});
      if (count == 0) break;
      piece.resize(count);
      auto sending = send_data(self, pair.data, std::move(piece), false);
      co_await std::move(sending);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  co_await ignore_cancellation();
  auto stopping = outwards.stop();
  co_await std::move(stopping);
  if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
  co_return failure ? describe(failure).message : std::string();
}

Task<void> forward(ForwardingPtr self, Pair pair) {
  std::string problem;
  std::exception_ptr failure;
  try {
    auto exchanging = exchange(self, pair);
    problem = co_await std::move(exchanging);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
  if (failure) problem = describe(failure).message;
  if (!problem.empty()) {
    auto complaining = send_data(
        self, pair.error,
        fmt::format("error forwarding port {} to pod {}: {}", pair.port, self->pod.pod, problem),
        false);
    co_await std::move(complaining);
  }
  auto ending = send_data(self, pair.data, {}, true);
  co_await std::move(ending);
  auto ending_errors = send_data(self, pair.error, {}, true);
  co_await std::move(ending_errors);
  for (const std::string& piece : std::exchange(pair.inbox->pieces, {}))
    self->queued -= piece.size();
  self->inboxes.erase(pair.data);
  self->room.set();
}

/// A stream that the client opened; with the second of its pair the connection begins.
Task<void> open(ForwardingPtr self, SpdyFrame frame) {
  const std::string type(frame.header("streamtype"));
  const int port = std::atoi(std::string(frame.header("port")).c_str());
  const bool good = (type == "data" || type == "error") && port > 0 && port < 65536;
  auto answering = send(self, {.kind = good ? SpdyFrame::Kind::syn_reply : SpdyFrame::Kind::reset,
                               .stream = frame.stream});
  co_await std::move(answering);
  if (!good) co_return;
  const std::string number(frame.header("requestid"));
  Pair& pair = self->pairs[number.empty() ? std::string(frame.header("port")) : number];
  pair.port = static_cast<std::uint16_t>(port);
  (type == "data" ? pair.data : pair.error) = frame.stream;
  if (pair.data == 0 || pair.error == 0) co_return;
  pair.inbox = self->inboxes[pair.data] = std::make_shared<Inbox>(self->executor);
  const Pair whole = pair;
  self->pairs.erase(number.empty() ? std::string(frame.header("port")) : number);
  self->connections.spawn("forwarded connection", forward(self, whole));
}

Task<void> take(ForwardingPtr self, SpdyFrame frame) {
  using Kind = SpdyFrame::Kind;
  if (frame.kind == Kind::syn_stream) {
    auto opening = open(self, std::move(frame));
    co_await std::move(opening);
  } else if (frame.kind == Kind::ping) {
    auto answering = send(self, std::move(frame));
    co_await std::move(answering);
  } else if (frame.kind == Kind::data || frame.kind == Kind::reset) {
    const auto found = self->inboxes.find(frame.stream);
    if (found == self->inboxes.end()) co_return;
    const std::shared_ptr<Inbox> inbox = found->second;
    self->queued += frame.data.size();
    if (!frame.data.empty()) inbox->pieces.push_back(std::move(frame.data));
    inbox->ended = inbox->ended || frame.last || frame.kind == Kind::reset;
    inbox->changed.set();
  }
}

/// What the client sends, until it is gone.
Task<void> receive(ForwardingPtr self) {
  for (;;) {
    auto next = self->parser.next();
    if (!next) co_return;
    if (*next) {
      auto taking = take(self, std::move(**next));
      co_await std::move(taking);
      continue;
    }
    while (self->queued > kQueueLimit) {
      self->room.reset();
      co_await self->room.wait();
    }
    auto reading = self->tunnel->read();
    const std::string bytes = co_await std::move(reading);
    if (bytes.empty()) co_return;
    self->parser.put(bytes);
  }
}

}  // namespace

std::shared_ptr<Tunnel> plain_tunnel(const Executor& executor, std::unique_ptr<Stream> stream) {
  return std::make_shared<PlainTunnel>(executor, std::move(stream));
}
std::shared_ptr<Tunnel> message_tunnel(Environment& environment, const Executor& executor,
                                       std::unique_ptr<Stream> stream) {
  return std::make_shared<MessageTunnel>(environment, executor, std::move(stream));
}

Task<void> forward_ports(Executor executor, PodRuntime* pods, ExecRequest pod,
                         std::shared_ptr<Tunnel> tunnel) {
  const auto self = std::make_shared<Forwarding>(executor, pods, std::move(pod), std::move(tunnel));
  std::exception_ptr failure;
  try {
    auto receiving = receive(self);
    co_await std::move(receiving);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await ignore_cancellation();
  auto stopping = self->connections.stop();
  co_await std::move(stopping);
  if (failure && is_cancellation(failure)) std::rethrow_exception(failure);
}

}  // namespace windlass::inline v0::api_server
