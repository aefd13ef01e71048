#include "system_network.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

namespace windlass::inline v0::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

[[noreturn]] void fail(const error_code& code, const std::string& what) {
  namespace e = asio::error;
  Errc kind = Errc::io;
  if (code == e::operation_aborted) kind = Errc::cancelled;
  if (code == e::connection_refused) kind = Errc::refused;
  if (code == e::connection_reset || code == e::broken_pipe || code == e::bad_descriptor ||
      code == e::eof) {
    kind = Errc::closed;
  }
  if (code == e::timed_out) kind = Errc::timeout;
  if (code == e::access_denied) kind = Errc::permission;
  throw Exception(kind, what + ": " + code.message());
}

/// Finds a dead peer within 45 s: 15 s idle, then three probes 10 s apart, and the same limit for
/// data that is not acknowledged.
void notice_dead_peers(asio::ip::tcp::socket& socket) {
  const int fd = socket.native_handle();
  const auto set = [fd](int level, int option, int value) {
    ::setsockopt(fd, level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 15);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 45'000);
}

template <class Socket>
class SocketStream final : public Stream {
 public:
  explicit SocketStream(Socket socket) : socket_(std::move(socket)) {}

  Task<std::size_t> read_some(std::span<char> buffer) override {
    error_code code;
    const auto size =
        co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()),
                                         asio::redirect_error(asio::use_awaitable, code));
    if (code == asio::error::eof) co_return 0;
    if (code) refuse(code, "reading");
    co_return size;
  }

  Task<void> write(std::string_view bytes) override {
    error_code code;
    co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()),
                               asio::redirect_error(asio::use_awaitable, code));
    if (code) refuse(code, "writing");
  }

  void close() noexcept override {
    closed_ = true;
    error_code ignored;
    socket_.close(ignored);
  }

  void reset_on_close(bool reset) noexcept override {
    // by hand: Asio would take its own option back before it closes
    const ::linger option{.l_onoff = reset ? 1 : 0, .l_linger = 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &option, sizeof option);
  }

 private:
  [[noreturn]] void refuse(const error_code& code, const char* what) {
    if (closed_) throw Exception(Errc::closed, std::string(what) + ": the stream was closed");
    fail(code, what);
  }
  Socket socket_;
  bool closed_ = false;
};

template <class Protocol>
class SocketListener final : public Listener {
 public:
  explicit SocketListener(typename Protocol::acceptor acceptor) : acceptor_(std::move(acceptor)) {}

  Task<std::unique_ptr<Stream>> accept() override {
    error_code code;
    auto socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, code));
    if (code && !acceptor_.is_open()) throw Exception(Errc::closed, "the listener was closed");
    if (code) fail(code, "accepting a connection");
    if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) notice_dead_peers(socket);
    co_return std::make_unique<SocketStream<typename Protocol::socket>>(std::move(socket));
  }

  [[nodiscard]] Endpoint local_endpoint() const override {
    const auto at = acceptor_.local_endpoint();
    if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) {
      return {at.address().to_string(), at.port()};
    } else {
      return {at.path(), 0};
    }
  }

  void close() noexcept override {
    error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  typename Protocol::acceptor acceptor_;
};

class SystemNetwork final : public Network {
 public:
  SystemNetwork(Executor executor, std::string listen_address)
      : executor_(std::move(executor)), listen_address_(std::move(listen_address)) {}

  Task<std::unique_ptr<Stream>> dial(Endpoint to) override {
    return to.host.starts_with('/') ? dial_unix(std::move(to)) : dial_tcp(std::move(to));
  }

  Result<std::unique_ptr<Listener>> listen(Executor executor, const Endpoint& at) override {
    return at.host.starts_with('/') ? listen_unix(executor, at) : listen_tcp(executor, at);
  }

 private:
  Task<std::unique_ptr<Stream>> dial_unix(Endpoint to) {
    using Local = asio::local::stream_protocol;
    Local::socket socket(executor_);
    error_code code;
    co_await socket.async_connect(Local::endpoint(to.host),
                                  asio::redirect_error(asio::use_awaitable, code));
    if (code) fail(code, "connecting to " + to.host);
    co_return std::make_unique<SocketStream<Local::socket>>(std::move(socket));
  }

  Task<std::unique_ptr<Stream>> dial_tcp(Endpoint to) {
    asio::ip::tcp::socket socket(executor_);
    error_code code;
    const auto address = asio::ip::make_address(to.host, code);
    if (!code) {
      co_await socket.async_connect({address, to.port},
                                    asio::redirect_error(asio::use_awaitable, code));
    } else {
#ifdef WINDLASS_NO_RESOLVER
      throw Exception(Errc::io,
                      "connecting to " + to_string(to) + ": only addresses work here, not names");
#else
      asio::ip::tcp::resolver resolver(executor_);
      code = {};
      auto found = co_await resolver.async_resolve(to.host, std::to_string(to.port),
                                                   asio::redirect_error(asio::use_awaitable, code));
      if (code) fail(code, "resolving " + to.host);
      co_await asio::async_connect(socket, found, asio::redirect_error(asio::use_awaitable, code));
#endif
    }
    if (code) fail(code, "connecting to " + to_string(to));
    notice_dead_peers(socket);
    co_return std::make_unique<SocketStream<asio::ip::tcp::socket>>(std::move(socket));
  }

  template <class Protocol>
  Result<std::unique_ptr<Listener>> listen_at(const Executor& executor,
                                              const typename Protocol::endpoint& where,
                                              const std::string& name) {
    typename Protocol::acceptor acceptor(executor);
    error_code code;
    acceptor.open(where.protocol(), code);
    if (!code && std::is_same_v<Protocol, asio::ip::tcp>) {
      acceptor.set_option(asio::socket_base::reuse_address(true), code);
    }
    if (!code) acceptor.bind(where, code);
    if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
    if (!code) return std::make_unique<SocketListener<Protocol>>(std::move(acceptor));
    if (code == asio::error::address_in_use) {
      return Error{
          Errc::io,
          "cannot listen on " + name +
              ": the address is in use by another program; stop it or choose another port"};
    }
    return Error{code == asio::error::access_denied ? Errc::permission : Errc::io,
                 "cannot listen on " + name + ": " + code.message()};
  }

  Result<std::unique_ptr<Listener>> listen_unix(const Executor& executor, const Endpoint& at) {
    using Local = asio::local::stream_protocol;
    return listen_at<Local>(executor, Local::endpoint(at.host), at.host);
  }

  Result<std::unique_ptr<Listener>> listen_tcp(const Executor& executor, const Endpoint& at) {
    Endpoint where = at;
    const bool everywhere = where.host.empty() || where.host == "0.0.0.0" || where.host == "::";
    if (everywhere && !listen_address_.empty()) where.host = listen_address_;
    if (where.host.empty()) where.host = "0.0.0.0";
    if (where.host == "localhost") where.host = "127.0.0.1";
    error_code code;
    const auto address = asio::ip::make_address(where.host, code);
    if (code) {
      return Error{Errc::invalid_argument,
                   "cannot listen on " + to_string(at) + ": the host must be an IP address"};
    }
    return listen_at<asio::ip::tcp>(executor, {address, where.port}, to_string(where));
  }

  Executor executor_;
  std::string listen_address_;
};

}  // namespace

std::unique_ptr<Network> make_system_network(Executor executor, std::string listen_address) {
  return std::make_unique<SystemNetwork>(std::move(executor), std::move(listen_address));
}

}  // namespace windlass::inline v0::detail
