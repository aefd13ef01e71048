// exec and attach over a WebSocket, with the subprotocols of Kubernetes: each message begins with
// the number of a channel. And what port forwarding goes through.

#include "connection.hpp"

#include <deque>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <windlass/http/websocket.hpp>

#include "failure.hpp"
#include "handlers.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

constexpr std::size_t kInputBuffer = 256 * 1024;
constexpr Duration kCloseWait = std::chrono::seconds(2);
constexpr const char* kVersion5 = "v5.channel.k8s.io";
constexpr const char* kVersion4 = "v4.channel.k8s.io";
constexpr const char* kSpdy = "SPDY/3.1";
constexpr const char* kTunnel = "SPDY/3.1+portforward.k8s.io";

enum Channel : unsigned char {
  kInput = 0,
  kOutput = 1,
  kErrors = 2,
  kStatus = 3,
  kResize = 4,
  kEndOfChannel = 255  // since version 5; the channel's number follows
};

/// One client's channels.
class Channels final : public ProcessStreams {
 public:
  Channels(Environment& environment, const Executor& executor, std::unique_ptr<Stream> stream)
      : socket_(environment, executor, std::move(stream), http::WebSocketRole::server),
        input_changed_(executor),
        room_(executor),
        size_changed_(executor) {}

  Task<std::string> read_input() override {
    while (input_.empty() && !input_ended_) {
      input_changed_.reset();
      co_await input_changed_.wait();
    }
    if (input_.empty()) co_return std::string();
    std::string next = std::move(input_.front());
    input_.pop_front();
    buffered_ -= next.size();
    room_.set();
    co_return next;
  }

  Task<void> write_output(std::string chunk) override { return write(kOutput, std::move(chunk)); }
  Task<void> write_errors(std::string chunk) override { return write(kErrors, std::move(chunk)); }

  Task<TerminalSize> next_size() override {
    while (!size_) {
      size_changed_.reset();
      co_await size_changed_.wait();
    }
    co_return *std::exchange(size_, std::nullopt);
  }

  /// What the client sends, until it is gone.
  static Task<void> receive(std::shared_ptr<Channels> self) {
    for (;;) {
      auto reading = self->socket_.read();
      std::optional<http::WebSocketEvent> message = co_await std::move(reading);
      if (!message) break;
      if (message->data.empty()) continue;
      self->take(static_cast<unsigned char>(message->data[0]), message->data.substr(1));
      while (self->buffered_ > kInputBuffer) {
        self->room_.reset();
        co_await self->room_.wait();
      }
    }
    self->input_ended_ = true;
    self->input_changed_.set();
  }

  Task<void> write(Channel channel, std::string data) {
    data.insert(data.begin(), static_cast<char>(channel));
    return socket_.write(std::move(data));
  }
  Task<void> close() { return socket_.close(); }

 private:
  void take(unsigned char channel, std::string data) {
    if (channel == kInput && !data.empty() && !input_ended_) {
      buffered_ += data.size();
      input_.push_back(std::move(data));
      input_changed_.set();
    } else if (channel == kEndOfChannel && data == std::string_view("\0", 1)) {
      input_ended_ = true;
      input_changed_.set();
    } else if (channel == kResize) {
      const auto size = json::parse(data);
      if (!size) return;
      const auto cells = [&](const char* key) {
        return static_cast<std::uint16_t>((*size)[key].integer_or(0));
      };
      size_ = TerminalSize{.columns = cells("Width"), .rows = cells("Height")};
      size_changed_.set();
    }
  }

  http::WebSocket socket_;
  std::deque<std::string> input_;
  std::size_t buffered_ = 0;
  bool input_ended_ = false;
  std::optional<TerminalSize> size_;
  Event input_changed_;
  Event room_;
  Event size_changed_;
};

/// How a command ended.
struct Outcome {
  int exit_code = 0;
  std::exception_ptr failure = nullptr;
};

/// What goes over the status channel at the end.
Value status_of(const Outcome& outcome, bool attached) {
  Object status{{"metadata", Object{}}, {"status", "Success"}};
  if (!outcome.failure && outcome.exit_code == 0) return status;
  status.set("status", "Failure");
  if (outcome.failure) {
    status.set("reason", "InternalError");
    status.set("code", 500);
    const std::string why = fmt::format(
        "{} container: {}", attached ? "error attaching to" : "error executing command in",
        describe(outcome.failure).message);
    status.set("message", "Internal error occurred: " + why);
    status.set("details", Object{{"causes", Array{Object{{"message", why}}}}});
    return status;
  }
  status.set("reason", "NonZeroExitCode");
  status.set("message", fmt::format("command terminated with non-zero exit code: exit status {}",
                                    outcome.exit_code));
  status.set("details",
             Object{{"causes", Array{Object{{"reason", "ExitCode"},
                                            {"message", std::to_string(outcome.exit_code)}}}}});
  return status;
}

/// The two ends of a connection, each of which may come first.
struct Session {
  explicit Session(const Executor& executor) : changed(executor), gone_event(executor) {}
  std::optional<Outcome> outcome;
  bool gone = false;
  Event changed;     ///< one of the two happened
  Event gone_event;  ///< the client is gone
};

Task<void> receive(std::shared_ptr<Session> session, std::shared_ptr<Channels> channels) {
  try {
    auto receiving = Channels::receive(channels);
    co_await std::move(receiving);
  } catch (...) {  // a client that breaks off or breaks the protocol is gone, nothing else
    if (is_cancellation(std::current_exception())) throw;
  }
  session->gone = true;
  session->changed.set();
  session->gone_event.set();
}

Task<void> run(std::shared_ptr<Session> session, std::shared_ptr<Channels> channels,
               PodRuntime* pods, Connect connect) {
  Outcome outcome;
  try {
    if (connect.kind == Connect::Kind::exec) {
      auto running = pods->exec(std::move(connect.request), channels);
      outcome.exit_code = co_await std::move(running);
    } else {
      auto attaching = pods->attach(std::move(connect.request), channels);
      co_await std::move(attaching);
    }
  } catch (...) {
    outcome.failure = std::current_exception();
  }
  if (outcome.failure && is_cancellation(outcome.failure)) std::rethrow_exception(outcome.failure);
  session->outcome = std::move(outcome);
  session->changed.set();
}

/// Sends the status and waits a moment for the client to have read it.
Task<void> finish(Environment* environment, std::shared_ptr<Session> session,
                  std::shared_ptr<Channels> channels, bool attached) {
  auto telling = channels->write(kStatus, json::dump(status_of(*session->outcome, attached)));
  co_await std::move(telling);
  auto closing = channels->close();
  co_await std::move(closing);
  auto leaving = session->gone_event.wait();
  auto waiting =
      with_timeout(environment->clock(), kCloseWait, "a client's close", std::move(leaving));
  co_await std::move(waiting);
}

Task<void> converse(Environment* environment, Executor executor, PodRuntime* pods, Connect connect,
                    std::unique_ptr<Stream> stream) {
  const auto channels = std::make_shared<Channels>(*environment, executor, std::move(stream));
  const auto session = std::make_shared<Session>(executor);
  const bool attached = connect.kind == Connect::Kind::attach;
  // an empty message says that the connection stands
  auto greeting = channels->write(kOutput, {});
  co_await std::move(greeting);
  TaskGroup tasks(executor, [](std::string_view, std::exception_ptr) {});
  tasks.spawn("connection input", receive(session, channels));
  tasks.spawn("connection command", run(session, channels, pods, std::move(connect)));
  std::exception_ptr failure;
  try {
    co_await session->changed.wait();
    if (session->outcome && !session->gone) {
      auto finishing = finish(environment, session, channels, attached);
      co_await std::move(finishing);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  co_await ignore_cancellation();
  auto stopping = tasks.stop();
  co_await std::move(stopping);
  const bool cancelled = failure && is_cancellation(failure);
  if (cancelled) std::rethrow_exception(failure);  // all else is a client that did not wait
}

Task<void> refuse(http::Responder& responder, int code, const char* reason, std::string message) {
  http::Response refusal = json_response(code, make_status(code, reason, message, nullptr));
  co_await responder.send(std::move(refusal));
}

/// The 101 for a WebSocket with one of the subprotocols.
Result<http::Response> accept_channels(const http::Request& handshake, bool forwards) {
  const std::vector<std::string> known =
      forwards ? std::vector<std::string>{kTunnel} : std::vector<std::string>{kVersion5, kVersion4};
  const std::string protocol = http::choose_subprotocol(handshake, known);
  if (http::wants_websocket(handshake) && protocol.empty()) {
    return Error{
        Errc::invalid_argument,
        fmt::format("of the subprotocols, this API server knows {}", fmt::join(known, " and "))};
  }
  return http::accept_websocket(handshake, protocol);
}

/// The 101 for SPDY without a WebSocket, which older clients ask for.
Result<http::Response> accept_spdy(const http::Request& handshake) {
  if (handshake.headers.get("Upgrade") != kSpdy) {
    return Error{Errc::invalid_argument,
                 fmt::format("ports are forwarded over a WebSocket or {}", kSpdy)};
  }
  return http::Response{
      .status = 101,
      .headers = {{"Upgrade", kSpdy}, {"X-Stream-Protocol-Version", "portforward.k8s.io"}},
      .body = ""};
}

}  // namespace

Task<void> serve_connection(Environment& environment, Executor executor, PodRuntime* pods,
                            Connect connect, http::Request handshake, http::Responder& responder) {
  const bool forwards = connect.kind == Connect::Kind::port_forward;
  const bool plain = forwards && !http::wants_websocket(handshake);
  Result<http::Response> head =
      plain ? accept_spdy(handshake) : accept_channels(handshake, forwards);
  if (!head) {
    Task<void> refusing = refuse(responder, 400, "BadRequest", head.error().message);
    co_await std::move(refusing);
    co_return;
  }
  Task<std::unique_ptr<Stream>> upgrading = responder.upgrade(std::move(*head));
  std::unique_ptr<Stream> stream = co_await std::move(upgrading);
  if (forwards) {
    auto tunnel = plain ? plain_tunnel(executor, std::move(stream))
                        : message_tunnel(environment, executor, std::move(stream));
    Task<void> forwarding =
        forward_ports(executor, pods, std::move(connect.request), std::move(tunnel));
    co_await std::move(forwarding);
    co_return;
  }
  Task<void> conversing =
      converse(&environment, executor, pods, std::move(connect), std::move(stream));
  co_await std::move(conversing);
}

}  // namespace windlass::inline v0::api_server
