#include <algorithm>
#include <list>
#include <map>

#include <windlass/http/client.hpp>

#include "connection.hpp"
#include "deadlines.hpp"
#include "format.hpp"
#include "parser.hpp"
#include "tls_context.hpp"

namespace windlass::inline v0::http {

using detail::Connection;
using detail::Deadline;
using detail::Deadlines;
using detail::ResponseParser;

namespace {

std::string path_of(std::string_view target) {
  return std::string(target.substr(0, target.find('?')));
}

/// What stays the same over the attempts of one request.
struct Call {
  std::string wire;
  std::string method;
  std::string what;  ///< for error messages; without the query
  SendOptions options;
  SteadyTime deadline;
  bool keep_alive = true;
};

}  // namespace

struct Client::Impl : std::enable_shared_from_this<Client::Impl> {
  /// An exchange on a connection. Closes it when destroyed before `release`.
  struct Exchange {
    std::shared_ptr<Impl> impl;
    std::shared_ptr<Connection> connection;
    std::shared_ptr<const Call> call;
    std::unique_ptr<ResponseParser> parser;
    Deadline deadline;
    std::uint64_t generation = 0;
    bool reused = false;
    bool answered = false;  ///< the first byte has arrived
    bool timed_out = false;

    ~Exchange() {
      if (connection) impl->end(connection);
    }
  };
  struct Idle {
    std::shared_ptr<Connection> connection;
    Deadline deadline;
  };

  Impl(Environment& e, Executor x, ClientOptions o)
      : environment(e),
        executor(std::move(x)),
        options(std::move(o)),
        name((options.tls ? "https://" : "http://") + to_string(options.server)),
        deadlines(e.clock(), executor),
        tasks(executor) {}

  static Task<std::unique_ptr<Stream>> open_stream(std::shared_ptr<Impl> impl);
  static Task<std::shared_ptr<Connection>> dial(std::shared_ptr<Impl> impl, SteadyTime deadline);
  static Task<std::unique_ptr<Exchange>> acquire(std::shared_ptr<Impl> impl,
                                                 std::shared_ptr<const Call> call, bool fresh);
  static Task<void> write_and_read_header(Exchange* exchange);
  static Task<std::unique_ptr<Exchange>> start(std::shared_ptr<Impl> impl,
                                               std::shared_ptr<const Call> call);
  static Task<void> read_more(Exchange* exchange);

  std::shared_ptr<const Call> prepare(const Request& request,
                                      const SendOptions& send_options) const;
  std::string host() const;
  std::shared_ptr<Connection> take_idle();
  void release(Exchange& exchange);
  void end(const std::shared_ptr<Connection>& connection);
  void close_idle();
  void close_all();

  Environment& environment;
  Executor executor;
  ClientOptions options;
  std::string name;
  std::shared_ptr<detail::TlsClientContext> tls;  // made on first use
  Deadlines deadlines;
  TaskGroup tasks;
  std::list<Idle> idle;                                            // oldest first
  std::map<Connection*, std::shared_ptr<Connection>> connections;  // idle and busy
  std::uint64_t generation = 0;  // of connections that may be reused
  std::uint64_t aborts = 0;
  bool stopped = false;
};

std::string Client::Impl::host() const {
  const auto& server = options.server;
  if (server.host.starts_with('/')) return "localhost";
  const bool default_port = server.port == (options.tls ? 443 : 80);
  const auto text = to_string(server);
  return default_port ? text.substr(0, text.rfind(':')) : text;
}

std::shared_ptr<const Call> Client::Impl::prepare(const Request& request,
                                                  const SendOptions& send_options) const {
  auto call = std::make_shared<Call>();
  call->wire = detail::format_request(request, host()).value();
  call->method = request.method;
  call->what = request.method + " " + name + path_of(request.target);
  call->options = send_options;
  call->deadline = send_options.timeout > Duration::zero()
                       ? environment.clock().steady_now() + send_options.timeout
                       : SteadyTime::max();
  call->keep_alive = !detail::has_token(request.headers, "connection", "close");
  return call;
}

Task<std::unique_ptr<Stream>> Client::Impl::open_stream(std::shared_ptr<Impl> impl) {
  if (impl->options.tls && !impl->tls) {
    auto tls_options = *impl->options.tls;
    if (tls_options.server_name.empty()) tls_options.server_name = impl->options.server.host;
    impl->tls = detail::TlsClientContext::make(tls_options).value();
  }
  const auto context = impl->tls;
  auto dialing = impl->environment.network(impl->executor).dial(impl->options.server);
  auto stream = co_await std::move(dialing);
  if (context) {
    auto handshake = context->connect(std::move(stream));
    stream = co_await std::move(handshake);
  }
  co_return stream;
}

Task<std::shared_ptr<Connection>> Client::Impl::dial(std::shared_ptr<Impl> impl,
                                                     SteadyTime deadline) {
  auto& clock = impl->environment.clock();
  auto limit = deadline == SteadyTime::max() ? Duration::max() : deadline - clock.steady_now();
  if (impl->options.dial_timeout > Duration::zero()) {
    limit = std::min(limit, impl->options.dial_timeout);
  }
  const auto aborts = impl->aborts;
  auto opening = open_stream(impl);
  std::unique_ptr<Stream> stream;
  if (limit == Duration::max()) {
    stream = co_await std::move(opening);
  } else {
    auto timed = with_timeout(clock, limit, "connecting to " + impl->name, std::move(opening));
    stream = co_await std::move(timed);
  }
  if (impl->stopped || aborts != impl->aborts) {
    throw Exception(Errc::closed, "connecting to " + impl->name + ": the client was closed");
  }
  const auto capacity = std::max<std::size_t>(64 * 1024, impl->options.max_header_bytes + 1024);
  auto connection = std::make_shared<Connection>(impl->executor, std::move(stream), capacity);
  connection->start(impl->tasks);
  impl->connections.emplace(connection.get(), connection);
  co_return connection;
}

std::shared_ptr<Connection> Client::Impl::take_idle() {
  while (!idle.empty()) {
    auto connection = std::move(idle.back().connection);
    idle.pop_back();
    connection->on_end = {};
    // bytes that nobody asked for: it is not ours to guess what they mean
    if (!connection->ended() && !connection->closed() && connection->look().empty()) {
      return connection;
    }
    end(connection);
  }
  return nullptr;
}

void Client::Impl::release(Exchange& exchange) {
  const auto connection = std::exchange(exchange.connection, nullptr);
  exchange.deadline = {};
  if (exchange.call->options.fence && !connection->closed()) {
    connection->stream().reset_on_close(false);
  }
  const bool reusable = exchange.call->keep_alive && exchange.parser->keep_alive() &&
                        exchange.generation == generation && !stopped && !connection->ended() &&
                        !connection->closed() && connection->look().empty() &&
                        options.max_idle_connections > 0;
  if (!reusable) {
    end(connection);
    return;
  }
  if (idle.size() >= options.max_idle_connections) {
    end(idle.front().connection);
    idle.pop_front();
  }
  const auto forget = [weak = weak_from_this(), key = connection.get()] {
    const auto self = weak.lock();
    if (!self) return;
    const auto found = std::find_if(self->idle.begin(), self->idle.end(), [&](const Idle& entry) {
      return entry.connection.get() == key;
    });
    if (found == self->idle.end()) return;
    const auto ended = found->connection;
    self->idle.erase(found);
    self->end(ended);
  };
  connection->on_end = forget;
  idle.push_back({connection, Deadline(deadlines, options.idle_timeout, forget)});
}

void Client::Impl::end(const std::shared_ptr<Connection>& connection) {
  const auto kept = connection;
  kept->on_end = {};
  connections.erase(kept.get());
  kept->close();
}

void Client::Impl::close_idle() {
  auto closing = std::exchange(idle, {});
  for (const auto& entry : closing) end(entry.connection);
}

void Client::Impl::close_all() {
  ++aborts;
  ++generation;
  close_idle();
  // busy ones stay with their exchange, which sees them closed
  const auto busy = std::exchange(connections, {});
  for (const auto& [key, connection] : busy) connection->close();
}

Task<std::unique_ptr<Client::Impl::Exchange>> Client::Impl::acquire(
    std::shared_ptr<Impl> impl, std::shared_ptr<const Call> call, bool fresh) {
  auto exchange = std::make_unique<Exchange>();
  exchange->impl = impl;
  exchange->call = call;
  exchange->generation = impl->generation;
  if (impl->stopped) throw Exception(Errc::closed, call->what + ": the client was closed");
  if (!fresh) exchange->connection = impl->take_idle();
  exchange->reused = exchange->connection != nullptr;
  if (!exchange->reused) {
    auto dialing = dial(impl, call->deadline);
    exchange->connection = co_await std::move(dialing);
  }
  if (call->deadline != SteadyTime::max()) {
    const auto left = call->deadline - impl->environment.clock().steady_now();
    exchange->deadline =
        Deadline(impl->deadlines, std::max(left, Duration(1)), [target = exchange.get()] {
          target->timed_out = true;
          target->connection->close();
        });
  }
  co_return exchange;
}

/// One step of reading: parses what is there, or waits for more. Throws when the answer is broken.
Task<void> Client::Impl::read_more(Exchange* exchange) {
  const auto connection = exchange->connection;
  auto& parser = *exchange->parser;
  const auto& what = exchange->call->what;
  const auto check = [&] {
    if (exchange->timed_out) {
      throw Exception(Errc::timeout, what + " took longer than " +
                                         format_duration(exchange->call->options.timeout));
    }
    if (connection->closed()) {
      throw Exception(Errc::closed, what + ": the connection was closed here");
    }
    if (parser.failure()) throw Exception(parser.failure()->error.within(what));
  };
  check();
  const auto bytes = connection->look();
  if (!bytes.empty()) {
    exchange->answered = true;
    const auto used = parser.put(bytes);
    connection->consume(used);
    check();
    if (used > 0) co_return;
  }
  if (!connection->ended()) {
    co_await connection->more();
    check();
    co_return;
  }
  if (connection->failure()) {
    const auto error = describe(connection->failure());
    const auto code = error.code == Errc::cancelled ? Errc::closed : error.code;
    throw Exception(code, what + ": " + error.message);
  }
  parser.put_end();
  if (!parser.done() && !exchange->answered) {
    throw Exception(Errc::closed, what + ": the server closed the connection without an answer");
  }
  check();
}

Task<void> Client::Impl::write_and_read_header(Exchange* exchange) {
  const auto call = exchange->call;
  const auto connection = exchange->connection;
  std::exception_ptr unwritten;
  if (const auto& fence = call->options.fence) {
    if (const auto open = fence(); !open) throw Exception(open.error().within(call->what));
    connection->stream().reset_on_close(true);
  }
  try {
    co_await connection->stream().write(call->wire);
  } catch (const Exception& failure) {
    if (failure.code() == Errc::cancelled) throw;
    // a server may answer and close before it has read all of a large body
    unwritten = std::current_exception();
  }
  const detail::ParserLimits limits{.header_bytes = exchange->impl->options.max_header_bytes};
  try {
    do {
      exchange->parser = ResponseParser::make(limits, call->method == "HEAD");
      while (!exchange->parser->header_done()) {
        auto step = read_more(exchange);
        co_await std::move(step);
      }
      // 1xx answers come before the real one
    } while (exchange->parser->response.status / 100 == 1 &&
             exchange->parser->response.status != 101);
  } catch (const Exception& failure) {
    if (!unwritten || exchange->timed_out || failure.code() == Errc::cancelled) throw;
    const auto error = describe(unwritten);
    throw Exception(error.within(call->what));
  }
  if (exchange->parser->response.status == 101) {
    throw Exception(Errc::io,
                    call->what + ": the server switched protocols, which nobody asked for");
  }
  if (unwritten) exchange->generation = UINT64_MAX;  // not to be reused
}

Task<std::unique_ptr<Client::Impl::Exchange>> Client::Impl::start(
    std::shared_ptr<Impl> impl, std::shared_ptr<const Call> call) {
  const auto aborts = impl->aborts;
  for (bool fresh = false;; fresh = true) {
    auto acquiring = acquire(impl, call, fresh);
    auto exchange = co_await std::move(acquiring);
    std::exception_ptr failure;
    try {
      auto attempt = write_and_read_header(exchange.get());
      co_await std::move(attempt);
      co_return exchange;
    } catch (...) {
      failure = std::current_exception();
    }
    const auto code = describe(failure).code;
    const bool stale = exchange->reused && !exchange->answered && !exchange->timed_out &&
                       (code == Errc::closed || code == Errc::io);
    const bool again = stale && !fresh && call->method == "GET" && aborts == impl->aborts;
    if (!again) std::rethrow_exception(failure);
  }
}

namespace {

template <class ExchangeType, class ImplType>
class Body final : public ResponseStream {
 public:
  explicit Body(std::unique_ptr<ExchangeType> exchange) : exchange_(std::move(exchange)) {
    settle();
  }

  [[nodiscard]] int status() const override { return exchange_->parser->response.status; }
  [[nodiscard]] const Headers& headers() const override {
    return exchange_->parser->response.headers;
  }

  Task<std::string_view> read() override {
    auto& arriving = exchange_->parser->response.body;
    piece_.clear();
    while (arriving.empty() && exchange_->connection) {
      auto step = ImplType::read_more(exchange_.get());
      co_await std::move(step);
      settle();
    }
    if (closed_) throw Exception(Errc::closed, exchange_->call->what + ": the response was closed");
    piece_.swap(arriving);
    co_return piece_;
  }

  void close() noexcept override {
    if (!exchange_->connection) return;
    closed_ = true;
    exchange_->connection->close();
  }

 private:
  /// Gives the connection back as soon as the answer is complete.
  void settle() {
    if (exchange_->parser->done() && exchange_->connection) exchange_->impl->release(*exchange_);
  }

  std::unique_ptr<ExchangeType> exchange_;
  std::string piece_;
  bool closed_ = false;
};

}  // namespace

Client::Client(Environment& environment, Executor executor, ClientOptions options)
    : impl_(std::make_shared<Impl>(environment, std::move(executor), std::move(options))) {}

Client::~Client() {
  impl_->stopped = true;
  impl_->close_all();
}

Task<Response> Client::send(Request request, SendOptions options) {
  const auto impl = impl_;
  const auto call = impl->prepare(request, options);
  auto starting = Impl::start(impl, call);
  const auto exchange = co_await std::move(starting);
  auto& parser = *exchange->parser;
  const auto check_size = [&] {
    if (parser.response.body.size() > options.max_body_bytes) {
      throw Exception(Errc::too_large, call->what + ": the answer is larger than " +
                                           std::to_string(options.max_body_bytes) + " bytes");
    }
  };
  check_size();
  while (!parser.done()) {
    auto step = Impl::read_more(exchange.get());
    co_await std::move(step);
    check_size();
  }
  impl->release(*exchange);
  co_return std::move(parser.response);
}

Task<std::unique_ptr<ResponseStream>> Client::open(Request request, SendOptions options) {
  const auto impl = impl_;
  const auto call = impl->prepare(request, options);
  auto starting = Impl::start(impl, call);
  auto exchange = co_await std::move(starting);
  exchange->deadline = {};
  co_return std::make_unique<Body<Impl::Exchange, Impl>>(std::move(exchange));
}

void Client::drop_connections() {
  ++impl_->generation;
  impl_->close_idle();
}

void Client::abort_connections() { impl_->close_all(); }

void Client::set_tls(TlsClientOptions tls) {
  impl_->options.tls = std::move(tls);
  impl_->tls.reset();
}

}  // namespace windlass::inline v0::http
