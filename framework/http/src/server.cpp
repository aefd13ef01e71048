#include <algorithm>
#include <set>
#include <vector>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <windlass/http/server.hpp>

#include "connection.hpp"
#include "deadlines.hpp"
#include "format.hpp"
#include "parser.hpp"
#include "tls_context.hpp"

namespace windlass::inline v0::http {

namespace asio = boost::asio;
using detail::Connection;
using detail::Deadline;
using detail::Deadlines;
using detail::Framing;
using detail::RequestParser;

namespace {

constexpr std::size_t kSmallBody = 64 * 1024;  // sent together with the header
constexpr Duration kLinger = std::chrono::milliseconds(500);
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

/// One accepted connection.
struct Session {
  explicit Session(const Executor& executor, TaskGroup::FailureHandler on_failure)
      : tasks(executor, std::move(on_failure)) {}

  /// Ends everything now.
  void kill() {
    gone = true;
    if (connection) connection->close();
    tasks.cancel();
  }

  TaskGroup tasks;
  std::shared_ptr<Connection> connection;  // once the handshake is done
  Peer peer;
  bool busy = false;      ///< between the first byte of a request and the end of its answer
  bool handling = false;  ///< the handler runs
  bool gone = false;      ///< the client went away, or the server stops
  bool timed_out = false;
};

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
  class ResponderOf;

  Impl(Environment& e, Executor x, std::unique_ptr<Listener> l, Handler h, ServerOptions o)
      : environment(e),
        executor(std::move(x)),
        listener(std::move(l)),
        handler(std::move(h)),
        options(std::move(o)),
        log(e.log().named("http.server")),
        deadlines(e.clock(), executor),
        changed(executor) {}

  static Task<void> accept_all(std::shared_ptr<Impl> impl);
  static Task<void> serve(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session,
                          std::unique_ptr<Stream> stream);
  static Task<void> converse(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session,
                             std::unique_ptr<Stream> stream);
  static Task<bool> wait_for_request(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session,
                                     bool first);
  static Task<bool> read_request(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session,
                                 RequestParser* parser);
  static Task<bool> serve_request(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session);
  static Task<bool> handle(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session,
                           std::unique_ptr<RequestParser> parser);
  static Task<void> refuse(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session, int status,
                           std::string reason);
  static Task<void> write(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session,
                          std::string_view bytes);
  static Task<void> all_ended(std::shared_ptr<Impl> impl);

  void admit(std::unique_ptr<Stream> stream);
  void kill_all();

  Environment& environment;
  Executor executor;
  std::unique_ptr<Listener> listener;
  Handler handler;
  ServerOptions options;
  Logger log;
  Deadlines deadlines;
  std::set<std::shared_ptr<Session>> sessions;
  Event changed;  // a session has ended
  bool stopping = false;
};

/// Writes one answer.
class Server::Impl::ResponderOf final : public Responder {
 public:
  ResponderOf(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session, bool to_head,
              bool http_1_0, bool keep_alive)
      : impl_(std::move(impl)),
        session_(std::move(session)),
        to_head_(to_head),
        http_1_0_(http_1_0),
        keep_alive_(keep_alive) {}

  Task<void> send(Response response) override {
    expect(State::nothing);
    const bool body = detail::status_has_body(response.status);
    const auto framing = body ? Framing::length : Framing::none;
    auto bytes = head(response, framing, response.body.size());
    state_ = State::finished;
    if (!body || to_head_) response.body.clear();
    if (response.body.size() <= kSmallBody) {
      bytes += response.body;
      response.body.clear();
    }
    auto writing = write_both(std::move(bytes), std::move(response.body));
    co_await std::move(writing);
  }

  Task<void> start(Response first) override {
    expect(State::nothing);
    framing_ = http_1_0_ ? Framing::until_close : Framing::chunked;
    if (!detail::status_has_body(first.status)) framing_ = Framing::none;
    if (framing_ == Framing::until_close) keep_alive_ = false;
    auto bytes = head(first, framing_, 0);
    state_ = State::streaming;
    if (writes_body() && !first.body.empty()) bytes += frame(first.body);
    auto writing = write_both(std::move(bytes), {});
    co_await std::move(writing);
  }

  Task<void> write(std::string_view chunk) override {
    expect(State::streaming);
    if (chunk.empty() || !writes_body()) co_return;
    auto writing = write_both(frame(chunk), {});
    co_await std::move(writing);
  }

  Task<std::unique_ptr<Stream>> upgrade(Response head) override;

  /// After the handler: ends a stream.
  Task<void> finish() {
    if (state_ != State::streaming) co_return;
    state_ = State::finished;
    if (framing_ != Framing::chunked || to_head_) co_return;
    auto writing = write_both("0\r\n\r\n", {});
    co_await std::move(writing);
  }

  [[nodiscard]] bool nothing_sent() const { return state_ == State::nothing; }
  [[nodiscard]] bool complete() const { return state_ == State::finished && !broken_; }
  /// A write has failed: the client is gone.
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  void do_not_keep_alive() { keep_alive_ = false; }

 private:
  enum class State { nothing, streaming, finished };

  void expect(State state) const {
    if (session_->gone || session_->connection->closed()) {
      throw Exception(Errc::closed, "the client has closed the connection");
    }
    if (state_ != state) {
      throw Exception(Errc::internal,
                      "a handler answers with one send, or with one start and then writes");
    }
  }

  [[nodiscard]] bool writes_body() const { return framing_ != Framing::none && !to_head_; }

  [[nodiscard]] std::string frame(std::string_view data) const {
    return framing_ == Framing::chunked ? detail::format_chunk(data) : std::string(data);
  }

  std::string head(const Response& response, Framing framing, std::size_t body_size) {
    if (impl_->stopping || detail::has_token(response.headers, "connection", "close")) {
      keep_alive_ = false;
    }
    return detail::format_response_head(response, framing, body_size, keep_alive_, http_1_0_)
        .value();
  }

  Task<void> write_both(std::string first, std::string second) {
    broken_ = true;  // unless both went out
    auto writing = Impl::write(impl_, session_, first);
    co_await std::move(writing);
    if (!second.empty()) {
      auto rest = Impl::write(impl_, session_, second);
      co_await std::move(rest);
    }
    broken_ = false;
  }

  std::shared_ptr<Impl> impl_;
  std::shared_ptr<Session> session_;
  bool to_head_;
  bool http_1_0_;
  bool keep_alive_;
  bool broken_ = false;
  State state_ = State::nothing;
  Framing framing_ = Framing::length;
};

/// What a connection carries once it has left HTTP.
class UpgradedStream final : public Stream {
 public:
  using Write = std::function<Task<void>(std::string_view bytes)>;
  UpgradedStream(std::shared_ptr<Connection> connection, Write write)
      : connection_(std::move(connection)), write_(std::move(write)) {}
  ~UpgradedStream() override { connection_->close(); }

  Task<std::size_t> read_some(std::span<char> buffer) override {
    const auto connection = connection_;
    for (;;) {
      const auto bytes = connection->look();
      if (!bytes.empty()) {
        const auto count = std::min(bytes.size(), buffer.size());
        std::copy_n(bytes.begin(), count, buffer.begin());
        connection->consume(count);
        co_return count;
      }
      if (connection->closed()) throw Exception(Errc::closed, "reading: the stream was closed");
      if (connection->failure()) std::rethrow_exception(connection->failure());
      if (connection->ended()) co_return 0;
      co_await connection->more();
    }
  }
  Task<void> write(std::string_view bytes) override {
    if (connection_->closed()) throw Exception(Errc::closed, "writing: the stream was closed");
    return write_(bytes);
  }
  void close() noexcept override {
    connection_->close();
    connection_->wake();
  }
  void reset_on_close(bool reset) noexcept override {
    connection_->stream().reset_on_close(reset);
  }

 private:
  std::shared_ptr<Connection> connection_;
  Write write_;
};

Task<std::unique_ptr<Stream>> Server::Impl::ResponderOf::upgrade(Response head) {
  expect(State::nothing);
  if (http_1_0_) {
    throw Exception(Errc::invalid_argument, "an HTTP/1.0 connection cannot be upgraded");
  }
  state_ = State::streaming;
  framing_ = Framing::none;
  keep_alive_ = false;
  session_->handling = false;  // the client's end of the stream is the handler's business now
  auto bytes = detail::format_upgrade_head(head).value();
  auto writing = write_both(std::move(bytes), {});
  co_await std::move(writing);
  auto write = [impl = impl_, session = session_](std::string_view part) {
    return Impl::write(impl, session, part);
  };
  co_return std::make_unique<UpgradedStream>(session_->connection, std::move(write));
}

/// A write that makes no progress for `body_timeout` ends the connection.
Task<void> Server::Impl::write(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session,
                               std::string_view bytes) {
  constexpr std::size_t slice = 256 * 1024;
  const auto connection = session->connection;
  while (!bytes.empty()) {
    const Deadline deadline(impl->deadlines, impl->options.body_timeout,
                            [connection] { connection->close(); });
    const auto part = bytes.substr(0, slice);
    co_await connection->stream().write(part);
    bytes.remove_prefix(part.size());
  }
}

/// True when the first bytes of a request are there.
Task<bool> Server::Impl::wait_for_request(std::shared_ptr<Impl> impl,
                                          std::shared_ptr<Session> session, bool first) {
  const auto connection = session->connection;
  const auto limit = first ? impl->options.header_timeout : impl->options.idle_timeout;
  const Deadline deadline(impl->deadlines, limit, [connection] { connection->close(); });
  while (connection->look().empty()) {
    if (connection->ended() || connection->closed() || impl->stopping) co_return false;
    co_await connection->more();
  }
  co_return !connection->closed();
}

/// True when `parser` has the whole request; answers what is wrong itself.
Task<bool> Server::Impl::read_request(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session,
                                      RequestParser* parser) {
  const auto connection = session->connection;
  const auto interrupt = [target = session.get()] {
    target->timed_out = true;
    target->connection->wake();
  };
  Deadline deadline(impl->deadlines, impl->options.header_timeout, interrupt);
  bool in_body = false;
  for (;;) {
    const auto bytes = connection->look();
    const auto used = parser->put(bytes);
    connection->consume(used);
    if (parser->failure()) {
      const auto failure = *parser->failure();
      auto refusing = refuse(impl, session, failure.status, failure.error.message);
      co_await std::move(refusing);
      co_return false;
    }
    if (parser->done()) co_return true;
    if (session->timed_out) {
      const char* part = in_body ? "body" : "header";
      auto refusing = refuse(impl, session, 408,
                             std::string("the request's ") + part + " did not arrive in time");
      co_await std::move(refusing);
      co_return false;
    }
    if (parser->header_done() && !in_body) {
      in_body = true;
      deadline = Deadline(impl->deadlines, impl->options.body_timeout, interrupt);
      const bool asks = detail::has_token(parser->request.headers, "expect", "100-continue");
      if (asks && parser->request.body.empty() && !parser->http_1_0()) {
        auto writing = write(impl, session, "HTTP/1.1 100 Continue\r\n\r\n");
        co_await std::move(writing);
      }
    }
    if (connection->ended() || connection->closed()) co_return false;
    if (used == 0 || connection->look().empty()) co_await connection->more();
  }
}

/// Answers what cannot be served; the connection ends with it.
Task<void> Server::Impl::refuse(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session,
                                int status, std::string reason) {
  const auto connection = session->connection;
  Response response{.status = status};
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = reason + "\n";
  auto bytes =
      detail::format_response_head(response, Framing::length, response.body.size(), false, false)
          .value();
  bytes += response.body;
  auto writing = write(impl, session, bytes);
  co_await std::move(writing);
  auto ending = detail::end_tls(connection->stream());
  co_await std::move(ending);
  // closing with unread bytes would reset the connection and lose the answer on its way
  const Deadline deadline(impl->deadlines, kLinger, [connection] { connection->close(); });
  while (!connection->ended() && !connection->closed() && !impl->stopping) {
    connection->consume(connection->look().size());
    co_await connection->more();
  }
}

namespace {

/// "http://host/path" asks for "/path" (RFC 9112, 3.2.2). False for what no handler understands.
bool normalize_target(std::string& target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() ||
        !detail::equal_ignoring_case(std::string_view(target).substr(0, scheme.size()), scheme)) {
      continue;
    }
    const auto path = target.find_first_of("/?", scheme.size());
    std::string rest = path == target.npos ? "/" : target.substr(path);
    target = rest.starts_with('?') ? "/" + rest : rest;
  }
  return target.starts_with('/') || target == "*";
}

}  // namespace

/// One request and its answer. True when another may follow.
Task<bool> Server::Impl::serve_request(std::shared_ptr<Impl> impl,
                                       std::shared_ptr<Session> session) {
  const detail::ParserLimits limits{.header_bytes = impl->options.max_header_bytes,
                                    .body_bytes = impl->options.max_body_bytes};
  auto parser = RequestParser::make(limits);
  auto reading = read_request(impl, session, parser.get());
  const bool complete = co_await std::move(reading);
  if (!complete) co_return false;
  const bool hosts = parser->request.headers.all("host").size() == 1;
  if ((!hosts && !parser->http_1_0()) || !normalize_target(parser->request.target)) {
    auto refusing = refuse(impl, session, 400, "the request needs one Host field and a path");
    co_await std::move(refusing);
    co_return false;
  }
  if (session->connection->ended()) co_return false;
  auto handling = handle(impl, session, std::move(parser));
  const bool keep = co_await std::move(handling);
  co_return keep;
}

Task<bool> Server::Impl::handle(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session,
                                std::unique_ptr<RequestParser> parser) {
  auto& request = parser->request;
  const auto what = request.method + " " + request.target.substr(0, request.target.find('?'));
  ResponderOf responder(impl, session, request.method == "HEAD", parser->http_1_0(),
                        parser->keep_alive());
  std::exception_ptr failure;
  session->handling = true;
  try {
    auto handling = impl->handler(std::move(request), session->peer, responder);
    co_await std::move(handling);
    auto finishing = responder.finish();
    co_await std::move(finishing);
    if (responder.nothing_sent()) throw Exception(Errc::internal, "the handler sent no answer");
  } catch (...) {
    failure = std::current_exception();
  }
  session->handling = false;
  if (!failure) co_return responder.complete() && responder.keep_alive();
  if (session->gone || session->connection->closed() || responder.broken()) co_return false;
  const auto error = describe(failure);
  impl->log.warn("A handler failed", {{"request", what}, {"error", error.message}});
  if (responder.nothing_sent()) {
    responder.do_not_keep_alive();
    Response response{.status = 500};
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.body = "internal error\n";
    auto sending = responder.send(std::move(response));
    co_await std::move(sending);
  }
  co_return false;
}

Task<void> Server::Impl::converse(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session,
                                  std::unique_ptr<Stream> stream) {
  if (const auto tls = impl->options.tls) {
    auto handshake = tls->accept(std::move(stream), &session->peer.certificate);
    auto timed = with_timeout(impl->environment.clock(), impl->options.header_timeout,
                              "a TLS handshake", std::move(handshake));
    stream = co_await std::move(timed);
  }
  const auto capacity = std::max<std::size_t>(64 * 1024, impl->options.max_header_bytes + 1024);
  const auto connection = std::make_shared<Connection>(impl->executor, std::move(stream), capacity);
  connection->on_end = [weak = std::weak_ptr(session)] {
    const auto self = weak.lock();
    if (self && self->handling) self->kill();
  };
  session->connection = connection;
  connection->start(session->tasks);
  bool more = true;
  for (bool first = true; more && !impl->stopping; first = false) {
    session->busy = false;
    auto waiting = wait_for_request(impl, session, first);
    more = co_await std::move(waiting);
    if (!more) break;
    session->busy = true;
    auto serving = serve_request(impl, session);
    more = co_await std::move(serving);
  }
  if (!connection->closed() && !connection->ended()) {
    const Deadline deadline(impl->deadlines, kLinger, [connection] { connection->close(); });
    auto ending = detail::end_tls(connection->stream());
    co_await std::move(ending);
  }
}

Task<void> Server::Impl::serve(std::shared_ptr<Impl> impl, std::shared_ptr<Session> session,
                               std::unique_ptr<Stream> stream) {
  std::exception_ptr failure;
  try {
    auto conversation = converse(impl, session, std::move(stream));
    co_await std::move(conversation);
  } catch (...) {
    failure = std::current_exception();
  }
  if (session->connection) session->connection->close();
  if (failure && !is_cancellation(failure)) {
    impl->log.debug("A connection failed", {{"error", describe(failure).message}});
  }
  impl->sessions.erase(session);
  impl->changed.set();
}

void Server::Impl::admit(std::unique_ptr<Stream> stream) {
  if (stopping || sessions.size() >= options.max_connections) return;
  const auto session = std::make_shared<Session>(
      executor, [logger = log](std::string_view name, std::exception_ptr failure) {
        logger.error("A task failed", {{"task", name}, {"error", describe(failure).message}});
      });
  sessions.insert(session);
  session->tasks.spawn("http connection", serve(shared_from_this(), session, std::move(stream)));
}

void Server::Impl::kill_all() {
  const std::vector<std::shared_ptr<Session>> all(sessions.begin(), sessions.end());
  for (const auto& session : all) session->kill();
}

Task<void> Server::Impl::accept_all(std::shared_ptr<Impl> impl) {
  while (!impl->stopping) {
    std::exception_ptr failure;
    try {
      auto accepting = impl->listener->accept();
      auto stream = co_await std::move(accepting);
      impl->admit(std::move(stream));
      continue;
    } catch (...) {
      failure = std::current_exception();
    }
    const auto error = describe(failure);
    if (error.code == Errc::closed) co_return;
    if (error.code == Errc::cancelled) std::rethrow_exception(failure);
    // out of file descriptors, most likely: connections that end give some back
    impl->log.warn("Cannot accept a connection", {{"error", error.message}});
    auto pause = sleep_for(impl->environment.clock(), kAcceptPause);
    co_await std::move(pause);
  }
}

Task<void> Server::Impl::all_ended(std::shared_ptr<Impl> impl) {
  while (!impl->sessions.empty()) {
    impl->changed.reset();
    co_await impl->changed.wait();
  }
}

Server::Server(Environment& environment, Executor executor, std::unique_ptr<Listener> listener,
               Handler handler, ServerOptions options)
    : impl_(std::make_shared<Impl>(environment, std::move(executor), std::move(listener),
                                   std::move(handler), std::move(options))) {}

Server::~Server() {
  impl_->stopping = true;
  impl_->listener->close();
  impl_->kill_all();
}

Endpoint Server::local_endpoint() const { return impl_->listener->local_endpoint(); }

Task<void> Server::run() {
  const auto impl = impl_;
  std::exception_ptr failure;
  try {
    auto accepting = Impl::accept_all(impl);
    co_await std::move(accepting);
    auto ending = Impl::all_ended(impl);
    co_await std::move(ending);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  impl->stopping = true;
  impl->listener->close();
  impl->kill_all();
  // cancelled, and yet the handlers have to be waited for
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto ending = Impl::all_ended(impl);
  co_await std::move(ending);
  std::rethrow_exception(failure);
}

Task<void> Server::stop(Duration grace) {
  const auto impl = impl_;
  impl->stopping = true;
  impl->listener->close();
  const std::vector<std::shared_ptr<Session>> all(impl->sessions.begin(), impl->sessions.end());
  for (const auto& session : all) {
    if (!session->busy || grace <= Duration::zero()) session->kill();
  }
  const Deadline deadline(impl->deadlines, grace, [target = impl.get()] { target->kill_all(); });
  auto ending = Impl::all_ended(impl);
  co_await std::move(ending);
}

}  // namespace windlass::inline v0::http
