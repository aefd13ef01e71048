#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "openssl.hpp"
#include "tls_context.hpp"

namespace windlass::inline v0::http {
namespace detail {
namespace {

using Context = std::shared_ptr<SSL_CTX>;
using Session = std::unique_ptr<SSL, Deleter<SSL_free>>;

bool is_address(const std::string& name) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

/// A TLS session between two byte streams, without I/O: ciphertext in, ciphertext out.
class Engine {
 public:
  Engine(const Context& context, bool client) : context_(context), ssl_(SSL_new(context.get())) {
    if (!ssl_) throw Exception(Errc::tls, "cannot start TLS: " + take_openssl_error());
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_app_data(ssl_.get(), this);
    if (client) {
      SSL_set_connect_state(ssl_.get());
    } else {
      SSL_set_accept_state(ssl_.get());
    }
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  enum class Step { done, want_input, ended };

  void feed(std::string_view bytes) {
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
  }
  [[nodiscard]] bool has_output() const { return BIO_pending(out_) > 0; }
  std::string take_output() {
    std::string bytes(BIO_pending(out_), '\0');
    BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }

  Step handshake() {
    ERR_clear_error();
    return judge(SSL_do_handshake(ssl_.get()), "TLS handshake");
  }
  Step read(std::span<char> buffer, std::size_t& count) {
    ERR_clear_error();
    return judge(SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count), "TLS");
  }
  void write(std::string_view bytes) {
    ERR_clear_error();
    std::size_t count = 0;
    const auto step = judge(SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count), "TLS");
    if (step != Step::done || count != bytes.size()) {
      throw Exception(Errc::closed, "TLS: the session has ended");
    }
  }
  void end() {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  SSL* session() { return ssl_.get(); }

  /// OpenSSL asks whether the peer's certificate is good; remembers why it was not.
  static int on_verify(int good, X509_STORE_CTX* store) {
    if (good != 1) {
      auto* ssl = static_cast<SSL*>(
          X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
      auto* self = static_cast<Engine*>(SSL_get_app_data(ssl));
      const auto* certificate = X509_STORE_CTX_get_current_cert(store);
      const int error = X509_STORE_CTX_get_error(store);
      self->verdict_ = "the certificate of \"" +
                       (certificate != nullptr ? subject_of(certificate) : std::string("?")) +
                       "\" was refused: " + X509_verify_cert_error_string(error);
    }
    return good;
  }

 private:
  Step judge(int result, const char* what) {
    if (result == 1) return Step::done;
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Step::want_input;
    if (error == SSL_ERROR_ZERO_RETURN) return Step::ended;
    auto reason = take_openssl_error();
    if (!verdict_.empty()) reason = verdict_;
    throw Exception(Errc::tls, std::string(what) + " failed: " + reason);
  }

  Context context_;
  Session ssl_;
  BIO* in_ = nullptr;   // owned by ssl_
  BIO* out_ = nullptr;  // owned by ssl_
  std::string verdict_;
};

/// A reader and a writer may be under way together. The session answers at once (its BIOs are
/// memory), so only the ciphertext that goes out has to be put in one line.
class TlsStream final : public Stream {
 public:
  TlsStream(const Executor& executor, std::unique_ptr<Stream> stream, const Context& context,
            bool client)
      : stream_(std::move(stream)), engine_(context, client), flushed_(executor) {
    flushed_.set();
  }

  Engine& engine() { return engine_; }

  Task<void> handshake() {
    for (;;) {
      std::exception_ptr failure;
      auto step = Engine::Step::done;
      try {
        step = engine_.handshake();
      } catch (...) {
        failure = std::current_exception();
      }
      if (failure) {
        // the peer learns why from the alert
        auto alert = captured(flush());
        co_await std::move(alert);
        std::rethrow_exception(failure);
      }
      auto flushing = flush();
      co_await std::move(flushing);
      if (step == Engine::Step::done) co_return;
      auto receiving = receive();
      const bool more = co_await std::move(receiving);
      if (!more) {
        throw Exception(Errc::tls, "TLS handshake failed: the peer closed the connection");
      }
    }
  }

  Task<std::size_t> read_some(std::span<char> buffer) override {
    for (;;) {
      throw_if_closed();
      std::size_t count = 0;
      const auto step = engine_.read(buffer, count);
      if (engine_.has_output() && !flushing_) {  // a key update wants its answer
        auto flushing = flush();
        co_await std::move(flushing);
      }
      if (step == Engine::Step::done) co_return count;
      if (step == Engine::Step::ended) co_return 0;
      auto receiving = receive();
      const bool more = co_await std::move(receiving);
      if (!more) {
        throw Exception(Errc::closed, "the connection ended without the end of its TLS session");
      }
    }
  }

  Task<void> write(std::string_view bytes) override {
    constexpr std::size_t slice = 128 * 1024;  // bounds the ciphertext in memory
    while (!bytes.empty()) {
      throw_if_closed();
      engine_.write(bytes.substr(0, slice));
      bytes.remove_prefix(std::min(slice, bytes.size()));
      auto flushing = flush();
      co_await std::move(flushing);
    }
  }

  Task<void> end() {
    if (closed_) co_return;
    engine_.end();
    auto flushing = flush();
    co_await std::move(flushing);
  }

  void close() noexcept override {
    closed_ = true;
    stream_->close();
    flushed_.set();
  }

  void reset_on_close(bool reset) noexcept override { stream_->reset_on_close(reset); }

 private:
  static Task<std::exception_ptr> captured(Task<void> task) {
    try {
      co_await std::move(task);
    } catch (...) {
      co_return std::current_exception();
    }
    co_return nullptr;
  }

  void throw_if_closed() const {
    if (closed_) throw Exception(Errc::closed, "the stream was closed");
  }

  /// False when the peer has closed its side.
  Task<bool> receive() {
    auto reading = stream_->read_some(received_);
    const auto count = co_await std::move(reading);
    if (count == 0) co_return false;
    engine_.feed({received_.data(), count});
    co_return true;
  }

  /// Returns once everything that the session had to say at the call is written.
  Task<void> flush() {
    while (flushing_ || engine_.has_output()) {
      throw_if_closed();
      if (flushing_) {
        co_await flushed_.wait();
        continue;
      }
      flushing_ = true;
      flushed_.reset();
      const auto bytes = engine_.take_output();
      std::exception_ptr failure;
      try {
        co_await stream_->write(bytes);
      } catch (...) {
        failure = std::current_exception();
      }
      flushing_ = false;
      flushed_.set();
      if (failure) {
        close();  // a record may have gone out in part
        std::rethrow_exception(failure);
      }
    }
  }

  std::unique_ptr<Stream> stream_;
  Engine engine_;
  Event flushed_;
  bool flushing_ = false;
  bool closed_ = false;
  std::array<char, 17 * 1024> received_;
};

Error broken(const std::string& what) { return {Errc::tls, what + ": " + take_openssl_error()}; }

/// "http/1.1" is all that we speak.
constexpr std::array<unsigned char, 9> kProtocols = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  auto* picked = const_cast<unsigned char*>(*chosen);
  const int result = SSL_select_next_proto(&picked, size, kProtocols.data(), kProtocols.size(),
                                           offered, offered_size);
  *chosen = picked;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Result<Context> make_context(const SSL_METHOD* method) {
  ERR_clear_error();
  Context context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) return broken("cannot set up TLS");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  // a chain is sent as it was given, not completed from what we trust
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  return context;
}

Result<void> use_certificate(SSL_CTX* context, std::string_view certificate_pem,
                             std::string_view key_pem, const std::string& whose) {
  auto chain = parse_certificates(certificate_pem, whose + " certificate");
  if (!chain) return chain.error();
  auto key = parse_key(key_pem, whose + " key");
  if (!key) return key.error();
  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1) {
    return broken("cannot use " + whose + " certificate");
  }
  for (auto link = chain->begin() + 1; link != chain->end(); ++link) {
    if (SSL_CTX_add1_chain_cert(context, link->get()) != 1) {
      return broken("cannot use the chain of " + whose + " certificate");
    }
  }
  if (SSL_CTX_use_PrivateKey(context, key->get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return broken(whose + " key does not belong to its certificate");
  }
  return {};
}

Result<void> trust(SSL_CTX* context, std::string_view pem, const std::string& what,
                   bool name_them_to_peer) {
  auto authorities = parse_certificates(pem, what);
  if (!authorities) return authorities.error();
  for (const auto& authority : *authorities) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get());
    if (name_them_to_peer) SSL_CTX_add_client_CA(context, authority.get());
  }
  // a kubeconfig may trust an intermediate certificate, or the server's own
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

class ClientContext final : public TlsClientContext {
 public:
  ClientContext(Context context, std::string server_name, bool verify)
      : context_(std::move(context)), server_name_(std::move(server_name)), verify_(verify) {}

  Task<std::unique_ptr<Stream>> connect(std::unique_ptr<Stream> stream) override {
    return connect_over(context_, server_name_, verify_, std::move(stream));
  }

 private:
  static Task<std::unique_ptr<Stream>> connect_over(Context context, std::string server_name,
                                                    bool verify, std::unique_ptr<Stream> stream) {
    const auto executor = co_await boost::asio::this_coro::executor;
    auto tls = std::make_unique<TlsStream>(executor, std::move(stream), context, true);
    name_server(tls->engine().session(), server_name, verify);
    auto handshake = tls->handshake();
    co_await std::move(handshake);
    co_return tls;
  }

  static void name_server(SSL* session, const std::string& server_name, bool verify) {
    const bool address = is_address(server_name);
    if (!server_name.empty() && !address) SSL_set_tlsext_host_name(session, server_name.c_str());
    if (!verify) return;
    if (server_name.empty()) {
      throw Exception(Errc::tls, "TLS needs the name that the server's certificate has to bear");
    }
    auto* parameters = SSL_get0_param(session);
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, server_name.c_str())
                            : X509_VERIFY_PARAM_set1_host(parameters, server_name.c_str(), 0);
    if (set != 1) throw Exception(Errc::tls, "\"" + server_name + "\" is not a server's name");
  }

  Context context_;
  std::string server_name_;
  bool verify_;
};

class ServerContext final : public TlsServerContext {
 public:
  explicit ServerContext(Context context) : context_(std::move(context)) {}

  Task<std::unique_ptr<Stream>> accept(std::unique_ptr<Stream> stream,
                                       PeerCertificate* peer) override {
    return accept_over(context_, std::move(stream), peer);
  }

 private:
  static Task<std::unique_ptr<Stream>> accept_over(Context context, std::unique_ptr<Stream> stream,
                                                   PeerCertificate* peer) {
    const auto executor = co_await boost::asio::this_coro::executor;
    auto tls = std::make_unique<TlsStream>(executor, std::move(stream), context, false);
    auto handshake = tls->handshake();
    co_await std::move(handshake);
    const auto* shown = SSL_get0_peer_certificate(tls->engine().session());
    if (peer != nullptr) *peer = shown != nullptr ? describe_peer(shown) : PeerCertificate{};
    co_return tls;
  }

  Context context_;
};

}  // namespace

Result<std::shared_ptr<TlsClientContext>> TlsClientContext::make(const TlsClientOptions& options) {
  auto context = make_context(TLS_client_method());
  if (!context) return context.error();
  auto* raw = context->get();
  SSL_CTX_set_alpn_protos(raw, kProtocols.data(), kProtocols.size());
  SSL_CTX_set_verify(raw, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                     options.verify ? Engine::on_verify : nullptr);
  if (!options.ca_pem.empty()) {
    auto trusted = trust(raw, options.ca_pem, "the certificate authority", false);
    if (!trusted) return trusted.error();
  } else if (options.verify && SSL_CTX_set_default_verify_paths(raw) != 1) {
    return broken("cannot read the system's certificate authorities");
  }
  if (!options.certificate_pem.empty()) {
    auto used = use_certificate(raw, options.certificate_pem, options.key_pem, "the client's");
    if (!used) return used.error();
  }
  return std::make_shared<ClientContext>(*context, options.server_name, options.verify);
}

Task<void> end_tls(Stream& stream) {
  auto* tls = dynamic_cast<TlsStream*>(&stream);
  if (tls == nullptr) co_return;
  auto ending = tls->end();
  co_await std::move(ending);
}

}  // namespace detail

Task<std::unique_ptr<Stream>> tls_connect(std::unique_ptr<Stream> stream,
                                          TlsClientOptions options) {
  const auto context = detail::TlsClientContext::make(options).value();
  auto connecting = context->connect(std::move(stream));
  auto connected = co_await std::move(connecting);
  co_return connected;
}

Result<std::shared_ptr<TlsServerContext>> TlsServerContext::make(const TlsServerOptions& options) {
  auto context = detail::make_context(TLS_server_method());
  if (!context) return context.error();
  auto* raw = context->get();
  SSL_CTX_set_alpn_select_cb(raw, detail::choose_protocol, nullptr);
  auto used =
      detail::use_certificate(raw, options.certificate_pem, options.key_pem, "the server's");
  if (!used) return used.error();
  if (!options.client_ca_pem.empty()) {
    auto trusted = detail::trust(raw, options.client_ca_pem, "the clients' authority", true);
    if (!trusted) return trusted.error();
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, detail::Engine::on_verify);
  }
  return std::make_shared<detail::ServerContext>(*context);
}

}  // namespace windlass::inline v0::http
