#include <cerrno>
#include <cmath>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <windlass/api_server/server.hpp>
#include <windlass/base/encoding.hpp>
#include <windlass/http/server.hpp>
#include <windlass/http/tls.hpp>

#include "connection.hpp"
#include "failure.hpp"
#include "handlers.hpp"
#include "journal.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

constexpr auto kCertificateLife = std::chrono::hours(24 * 365);

http::KeyPair certificate(Environment& environment, http::CertificateRequest request,
                          const http::KeyPair* issuer) {
  const WallTime now = environment.clock().wall_now();
  request.not_before = now - std::chrono::hours(1);
  request.not_after = now + kCertificateLife;
  return http::make_certificate(request, issuer).value();
}

bool is_address(std::string_view name) {
  return name.find_first_not_of("0123456789.") == std::string_view::npos ||
         name.find(':') != std::string_view::npos;
}

}  // namespace

struct Server::Impl {
  Impl(Environment& environment, Executor on, ServerOptions server_options);

  Environment& env;
  Executor executor;
  ServerOptions options;
  http::KeyPair authority;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Core> core;
  std::unique_ptr<http::Server> server;
  Endpoint endpoint;
};

namespace {

/// What a handler needs; outlives every connection because the server joins them before it ends.
struct Service {
  Environment& env;
  Executor executor;
  Core& core;
  bool tls;
  PodRuntime*& pods;
  Journal* journal;
  const std::function<void(std::string)>& record;
};

Task<void> stream_watch(Service service, std::shared_ptr<EventStream> stream, http::Response head,
                        http::Responder& responder) {
  co_await responder.start(std::move(head));
  auto timer = std::make_shared<Timer>(service.env.clock(), service.executor);
  auto pending = std::make_shared<bool>(false);
  stream->on_ready([timer, pending] {
    *pending = true;
    timer->cancel();
  });
  for (;;) {
    *pending = false;
    Task<void> preparing = stream->prepare(service.executor);
    co_await std::move(preparing);
    const std::string chunk = stream->take();
    if (!chunk.empty()) co_await responder.write(chunk);
    if (stream->ended()) {
      const std::string rest = stream->take();
      if (!rest.empty()) co_await responder.write(rest);
      break;
    }
    if (*pending) continue;
    const SteadyTime at =
        stream->wakes_at().value_or(service.env.clock().steady_now() + std::chrono::hours(1));
    co_await timer->wait_until(at);
  }
  stream->on_ready({});
}

Task<void> write_log(http::Responder* responder, bool* started, http::Response head,
                     std::string chunk) {
  if (!*started) {
    *started = true;
    co_await responder->start(std::move(head));
  }
  co_await responder->write(chunk);
}

Task<void> stream_log(PodRuntime* pods, LogRequest log, http::Response head,
                      http::Responder& responder) {
  if (pods == nullptr) {
    const Value status = make_status(
        500, "InternalError",
        fmt::format("no kubelet runs pod {}: its log cannot be read", log.pod), nullptr);
    http::Response refusal = json_response(500, status);
    co_await responder.send(std::move(refusal));
    co_return;
  }
  bool started = false;
  http::Responder* target = &responder;
  LogWriter writer = [target, &started, head](std::string chunk) {
    return write_log(target, &started, head, std::move(chunk));
  };
  std::optional<Error> failed;
  try {
    Task<void> task = pods->logs(log, writer);
    co_await std::move(task);
  } catch (const Exception& error) {
    if (error.code() == Errc::cancelled || started) throw;
    failed = error.error();
  }
  if (failed) {
    const bool absent = failed->code == Errc::not_found || failed->code == Errc::invalid_argument;
    http::Response refusal = json_response(
        absent ? 400 : 500, make_status(absent ? 400 : 500, absent ? "BadRequest" : "InternalError",
                                        failed->message, nullptr));
    co_await responder.send(std::move(refusal));
  } else if (!started) {
    co_await responder.send(std::move(head));
  }
}

/// Who sent the request; none when the credentials are not valid.
std::optional<Identity> identify(const Service& service, const http::Request& request,
                                 const http::Peer& peer) {
  std::optional<Identity> identity = service.core.authenticate(
      request.headers, peer.certificate.common_name, peer.certificate.organizations);
  if (!identity && !service.tls && !request.headers.contains("Authorization"))
    return Identity::admin();
  const bool open = request.target.starts_with("/healthz") ||
                    request.target.starts_with("/livez") || request.target.starts_with("/readyz") ||
                    request.target.starts_with("/version");
  if (!identity && open)
    identity = Identity{.user = "system:anonymous", .groups = {"system:unauthenticated"}};
  return identity;
}

/// One line of the record, but for the code and the time it took.
Object record_entry(const Service& service, const http::Request& request,
                    const std::optional<Identity>& identity) {
  const auto question = request.target.find('?');
  Object entry{{"time", format_time(service.env.clock().wall_now(), 6)},
               {"user", identity ? identity->user : ""},
               {"verb", Core::verb(request)},
               {"path", request.target.substr(0, question)}};
  if (question != std::string::npos) entry.set("query", request.target.substr(question + 1));
  const std::string_view as = request.headers.get("Impersonate-User");
  if (!as.empty()) entry.set("as", as);
  return entry;
}

void write_record(const Service& service, Object entry, int code, SteadyTime began) {
  const auto took =
      std::chrono::duration<double, std::milli>(service.env.clock().steady_now() - began);
  entry.set("code", code);
  entry.set("milliseconds", std::round(took.count() * 1000) / 1000);
  service.record(json::dump(Value(std::move(entry))));
}

Task<void> serve(Service service, http::Request request, http::Peer peer,
                 http::Responder& responder) {
  const SteadyTime began = service.env.clock().steady_now();
  const std::optional<Identity> identity = identify(service, request, peer);
  std::optional<Object> entry;
  if (service.record) entry = record_entry(service, request, identity);
  if (!identity) {
    http::Response refusal = Core::unauthorized();
    if (entry) write_record(service, std::move(*entry), refusal.status, began);
    co_await responder.send(std::move(refusal));
    co_return;
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const http::Request handshake{
      .method = request.method, .target = "", .headers = request.headers, .body = ""};
  Task<Reply> answering = service.core.answer(service.executor, std::move(request), *identity);
  Reply reply = co_await std::move(answering);
  if (service.journal != nullptr && !reads) {
    Task<void> committing = service.journal->commit();
    co_await std::move(committing);
  }
  if (service.pods == nullptr) reply.connect.reset();
  const int code = reply.connect ? 101 : reply.response.status;
  if (entry) write_record(service, std::move(*entry), code, began);
  if (reply.stream != nullptr) {
    Task<void> task = stream_watch(service, reply.stream, std::move(reply.response), responder);
    co_await std::move(task);
  } else if (reply.log) {
    Task<void> task =
        stream_log(service.pods, std::move(*reply.log), std::move(reply.response), responder);
    co_await std::move(task);
  } else if (reply.connect) {
    Task<void> task = serve_connection(service.env, service.executor, service.pods,
                                       std::move(*reply.connect), handshake, responder);
    co_await std::move(task);
  } else {
    co_await responder.send(std::move(reply.response));
  }
}

}  // namespace

Server::Impl::Impl(Environment& environment, Executor on, ServerOptions server_options)
    : env(environment), executor(std::move(on)), options(std::move(server_options)) {
  http::ServerOptions http_options;
  if (options.tls) {
    authority = certificate(
        env, {.common_name = "windlass-ca", .not_before = {}, .not_after = {}, .is_ca = true},
        nullptr);
    http::CertificateRequest request{
        .common_name = "kube-apiserver",
        .dns_names = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
        .ip_addresses = {"127.0.0.1"},
        .not_before = {},
        .not_after = {}};
    std::vector<std::string> names = options.certificate_names;
    names.push_back(options.listen.host);
    for (const std::string& name : names) {
      if (name.empty() || name == "127.0.0.1" || name == "localhost") continue;
      (is_address(name) ? request.ip_addresses : request.dns_names).push_back(name);
    }
    const http::KeyPair own = certificate(env, std::move(request), &authority);
    http_options.tls = http::TlsServerContext::make({.certificate_pem = own.certificate_pem,
                                                     .key_pem = own.key_pem,
                                                     .client_ca_pem = authority.certificate_pem})
                           .value();
    options.core.ca_pem = authority.certificate_pem;
  }
  if (!options.journal.empty()) {
    options.core.journal = Journal::read(options.journal).value();
    journal = std::make_unique<Journal>(env, executor, options.journal);
  }
  core = std::make_unique<Core>(env, options.core);
  options.core.journal.clear();
  if (journal) {
    journal->rewrite(core->journal());
    core->on_change([this](std::string_view line) { journal->append(line); });
  }
  std::unique_ptr<Listener> listener =
      env.network(executor).listen(executor, options.listen).value();
  endpoint = listener->local_endpoint();
  Service service{env, executor, *core, options.tls, options.pods, journal.get(), options.record};
  http::Handler handler = [service](http::Request request, http::Peer peer,
                                    http::Responder& responder) {
    return serve(service, std::move(request), std::move(peer), responder);
  };
  server = std::make_unique<http::Server>(env, executor, std::move(listener), std::move(handler),
                                          std::move(http_options));
}

Server::Server(Environment& environment, Executor executor, ServerOptions options)
    : impl_(std::make_shared<Impl>(environment, std::move(executor), std::move(options))) {}
Server::~Server() = default;

Task<void> Server::run() {
  const auto impl = impl_;
  co_await impl->server->run();
}

Task<void> Server::stop(Duration grace) {
  const auto impl = impl_;
  impl->core->end_watches();
  co_await impl->server->stop(grace);
  if (impl->journal) {
    Task<void> closing = impl->journal->close();
    co_await std::move(closing);
  }
}

Core& Server::core() { return *impl_->core; }
Endpoint Server::local_endpoint() const { return impl_->endpoint; }
std::string Server::url() const {
  return (impl_->options.tls ? "https://" : "http://") + to_string(impl_->endpoint);
}
void Server::set_pod_runtime(PodRuntime* pods) { impl_->options.pods = pods; }
const std::string& Server::ca_pem() const { return impl_->authority.certificate_pem; }

std::string Server::kubeconfig(const Identity& identity) const {
  Object cluster{{"server", url()}};
  Object user;
  if (impl_->options.tls) {
    cluster.set("certificate-authority-data", encode_base64(impl_->authority.certificate_pem));
    std::vector<std::string> groups;
    for (const std::string& group : identity.groups) {
      if (group != "system:authenticated") groups.push_back(group);
    }
    const http::KeyPair pair = certificate(
        impl_->env,
        {.common_name = identity.user, .organizations = groups, .not_before = {}, .not_after = {}},
        &impl_->authority);
    user.set("client-certificate-data", encode_base64(pair.certificate_pem));
    user.set("client-key-data", encode_base64(pair.key_pem));
  } else {
    user.set("token", impl_->core->issue_token(identity));
  }
  const Object config{
      {"apiVersion", "v1"},
      {"kind", "Config"},
      {"current-context", "windlass"},
      {"clusters", Array{Object{{"name", "windlass"}, {"cluster", std::move(cluster)}}}},
      {"contexts",
       Array{Object{{"name", "windlass"},
                    {"context", Object{{"cluster", "windlass"}, {"user", "windlass"}}}}}},
      {"users", Array{Object{{"name", "windlass"}, {"user", std::move(user)}}}}};
  return json::dump_pretty(Value(config));
}

Result<void> write_private_file(const std::filesystem::path& path, const std::string& text) {
  const std::string temporary = path.string() + ".new";
  const auto failed = [&](const char* what) {
    const std::string reason = std::strerror(errno);
    ::unlink(temporary.c_str());
    return Error{Errc::io, fmt::format("{} {}: {}", what, path.string(), reason)};
  };
  ::unlink(temporary.c_str());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return failed("cannot create");
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(file, text.data() + done, text.size() - done);
    if (wrote < 0) {
      const auto error = failed("cannot write");
      ::close(file);
      return error;
    }
    done += static_cast<std::size_t>(wrote);
  }
  ::close(file);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("cannot replace");
  return {};
}

}  // namespace windlass::inline v0::api_server
