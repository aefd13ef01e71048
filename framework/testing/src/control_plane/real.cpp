// etcd and kube-apiserver as child processes.

#include <signal.h>

#include <windlass/client/client.hpp>
#include <windlass/http/tls.hpp>

#include "../local/process.hpp"
#include "backend.hpp"

namespace windlass::inline v0::testing {

using namespace std::chrono_literals;

namespace {

constexpr auto kCertificateLife = std::chrono::hours(24 * 7);
constexpr std::size_t kLogTail = 2000;

/// Waits until the process that started it is gone (or asks), then removes a folder.
constexpr const char* kGuard =
    R"(trap : TERM INT HUP
sleep 2147483647 &
wait
kill $!
for attempt in 1 2 3 4 5; do rm -rf -- "$1" && exit; sleep 0.2; done)";

class Real final : public Backend {
 public:
  Real(Environment& environment, const ControlPlaneOptions& options)
      : environment_(environment), options_(options) {}

  Task<void> start() override;
  Task<void> stop() override;
  [[nodiscard]] std::string trouble() const override;
  [[nodiscard]] std::string kubeconfig(const api_server::Identity& identity) const override;

 private:
  void prepare();
  http::KeyPair certificate(http::CertificateRequest request, const http::KeyPair* issuer) const;
  void write(const std::string& name, const std::string& text) const;
  [[nodiscard]] std::uint16_t free_port() const;
  std::unique_ptr<Process> run(const std::string& program, std::vector<std::string> arguments);
  void start_etcd();
  void start_api_server();
  [[nodiscard]] std::string log_end(const std::string& program) const;
  Task<void> wait_ready();

  Environment& environment_;
  ControlPlaneOptions options_;
  std::filesystem::path assets_, directory_;
  http::KeyPair authority_;
  std::string etcd_url_, url_;
  std::string last_answer_ = "none";  ///< why it is not ready
  std::unique_ptr<Process> guard_, etcd_, api_server_;
};

http::KeyPair Real::certificate(http::CertificateRequest request,
                                const http::KeyPair* issuer) const {
  const WallTime now = environment_.clock().wall_now();
  request.not_before = now - 1h;
  request.not_after = now + kCertificateLife;
  return http::make_certificate(request, issuer).value();
}

void Real::write(const std::string& name, const std::string& text) const {
  api_server::write_private_file(directory_ / name, text).value();
}

std::uint16_t Real::free_port() const {
  const auto listener =
      environment_.network(environment_.io()).listen(environment_.io(), {"127.0.0.1", 0}).value();
  return listener->local_endpoint().port;
}

std::unique_ptr<Process> Real::run(const std::string& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), (assets_ / program).string());
  return Process::start(environment_.io(), {.arguments = std::move(arguments),
                                            .output = directory_ / (program + ".log"),
                                            .parent_death_signal = SIGKILL})
      .value();
}

void Real::prepare() {
  assets_ = find_assets(environment_, options_.assets).value();
  directory_ = std::filesystem::temp_directory_path() /
               ("windlass-control-plane-" + environment_.random().suffix(10));
  std::filesystem::create_directory(directory_);
  std::filesystem::permissions(directory_, std::filesystem::perms::owner_all);
  guard_ =
      Process::start(environment_.io(),
                     {.arguments = {"/bin/sh", "-c", kGuard, "windlass-guard", directory_.string()},
                      .output = "/dev/null",
                      .parent_death_signal = SIGTERM})
          .value();
  authority_ = certificate(
      {.common_name = "windlass-ca", .not_before = {}, .not_after = {}, .is_ca = true}, nullptr);
  const auto serving = certificate(
      {.common_name = "kube-apiserver",
       .dns_names = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
       .ip_addresses = {"127.0.0.1", "10.0.0.1"},
       .not_before = {},
       .not_after = {}},
      &authority_);
  const auto tokens = certificate(
      {.common_name = "service-accounts", .not_before = {}, .not_after = {}}, &authority_);
  write("ca.crt", authority_.certificate_pem);
  write("server.crt", serving.certificate_pem);
  write("server.key", serving.key_pem);
  write("tokens.crt", tokens.certificate_pem);
  write("tokens.key", tokens.key_pem);
}

void Real::start_etcd() {
  etcd_url_ = "http://127.0.0.1:" + std::to_string(free_port());
  const std::string peers = "http://127.0.0.1:" + std::to_string(free_port());
  etcd_ = run("etcd", {"--data-dir=" + (directory_ / "etcd").string(),
                       "--listen-client-urls=" + etcd_url_, "--advertise-client-urls=" + etcd_url_,
                       "--listen-peer-urls=" + peers, "--initial-advertise-peer-urls=" + peers,
                       "--initial-cluster=default=" + peers, "--unsafe-no-fsync"});
}

void Real::start_api_server() {
  const auto port = free_port();
  url_ = "https://127.0.0.1:" + std::to_string(port);
  const auto file = [&](const char* name) { return (directory_ / name).string(); };
  std::vector<std::string> arguments = {"--etcd-servers=" + etcd_url_,
                                        "--bind-address=127.0.0.1",
                                        "--advertise-address=127.0.0.1",
                                        "--secure-port=" + std::to_string(port),
                                        "--cert-dir=" + directory_.string(),
                                        "--tls-cert-file=" + file("server.crt"),
                                        "--tls-private-key-file=" + file("server.key"),
                                        "--client-ca-file=" + file("ca.crt"),
                                        "--service-account-issuer=https://kubernetes.default.svc",
                                        "--service-account-key-file=" + file("tokens.crt"),
                                        "--service-account-signing-key-file=" + file("tokens.key"),
                                        "--service-cluster-ip-range=10.0.0.0/24",
                                        "--disable-admission-plugins=ServiceAccount",
                                        "--authorization-mode=RBAC",
                                        "--allow-privileged=true"};
  for (const std::string& given : options_.api_server_arguments) {
    const std::string flag = given.substr(0, given.find('=') + 1);
    if (!flag.empty()) std::erase_if(arguments, [&](auto& own) { return own.starts_with(flag); });
    arguments.push_back(given);
  }
  api_server_ = run("kube-apiserver", std::move(arguments));
}

std::string Real::log_end(const std::string& program) const {
  const auto text = environment_.read_file(directory_ / (program + ".log"));
  if (!text) return "(no log)";
  return text->size() > kLogTail ? text->substr(text->size() - kLogTail) : *text;
}

std::string Real::trouble() const {
  const auto ended = [&](const std::unique_ptr<Process>& process, const char* program) {
    if (process == nullptr || !process->ended()) return std::string();
    return std::string(program) + " ended by itself; the end of its log:\n" + log_end(program);
  };
  std::string text = ended(etcd_, "etcd");
  return text.empty() ? ended(api_server_, "kube-apiserver") : text;
}

/// Empty once the server and the namespace that every test uses are there; else why not.
Task<std::string> what_is_missing(client::Client client) {
  try {
    for (const char* target : {"/readyz", "/api/v1/namespaces/default"}) {
      auto getting = client.raw_get(target);
      co_await std::move(getting);
    }
  } catch (const Exception& error) {
    if (error.code() == Errc::cancelled) throw;
    co_return error.what();
  }
  co_return std::string();
}

Task<void> Real::wait_ready() {
  const auto config =
      client::parse_kubeconfig(environment_, kubeconfig(api_server::Identity::admin()), "/")
          .value();
  const client::Client client(environment_, environment_.io(), config, {.timeout = 2s});
  for (;;) {
    auto asking = what_is_missing(client);
    last_answer_ = co_await std::move(asking);
    if (last_answer_.empty()) co_return;
    if (const std::string text = trouble(); !text.empty()) throw Exception(Errc::io, text);
    auto pause = sleep_for(environment_.clock(), 50ms);
    co_await std::move(pause);
  }
}

Task<void> Real::start() {
  prepare();
  start_etcd();
  start_api_server();
  std::string late;
  try {
    auto waiting = with_timeout(environment_.clock(), options_.start_timeout,
                                "starting kube-apiserver", wait_ready());
    co_await std::move(waiting);
  } catch (const Exception& error) {
    if (error.code() != Errc::timeout) throw;
    late = error.what();
  }
  if (!late.empty()) {
    throw Exception(Errc::timeout, late + "; its last answer: " + last_answer_ +
                                       "; the end of its log:\n" + log_end("kube-apiserver"));
  }
}

Task<void> end(Environment& environment, std::unique_ptr<Process> process, Duration limit) {
  if (process == nullptr) co_return;
  process->signal(SIGTERM);
  try {
    auto waiting = with_timeout(environment.clock(), limit, "stopping", process->wait());
    co_await std::move(waiting);
  } catch (const Exception& error) {
    if (error.code() != Errc::timeout) throw;
    process->signal(SIGKILL);
  }
}

Task<void> Real::stop() {
  // Nobody needs a graceful end of a server whose data goes with it.
  if (api_server_) api_server_->signal(SIGKILL);
  if (etcd_) etcd_->signal(SIGKILL);
  auto first = end(environment_, std::move(api_server_), options_.stop_timeout);
  co_await std::move(first);
  auto second = end(environment_, std::move(etcd_), options_.stop_timeout);
  co_await std::move(second);
  auto third = end(environment_, std::move(guard_), options_.stop_timeout);
  co_await std::move(third);
}

std::string Real::kubeconfig(const api_server::Identity& identity) const {
  std::vector<std::string> groups;
  for (const std::string& group : identity.groups) {
    if (group != "system:authenticated") groups.push_back(group);
  }
  const auto pair = certificate(
      {.common_name = identity.user, .organizations = groups, .not_before = {}, .not_after = {}},
      &authority_);
  return kubeconfig_of(url_, authority_.certificate_pem, pair);
}

}  // namespace

Result<std::filesystem::path> find_assets(const Environment& environment,
                                          const std::filesystem::path& given) {
  std::filesystem::path folder = given;
  if (folder.empty()) folder = environment.variable("KUBEBUILDER_ASSETS").value_or("");
  if (folder.empty()) {
    return Error{Errc::not_found,
                 "KUBEBUILDER_ASSETS is not set: name a folder with etcd and kube-apiserver "
                 "(setup-envtest use -p path)"};
  }
  for (const char* program : {"etcd", "kube-apiserver"}) {
    if (!std::filesystem::exists(folder / program)) {
      return Error{Errc::not_found, "KUBEBUILDER_ASSETS: " + (folder / program).string() +
                                        " is missing: put etcd and kube-apiserver there"};
    }
  }
  return folder;
}

std::unique_ptr<Backend> make_real(Environment& environment, const ControlPlaneOptions& options) {
  return std::make_unique<Real>(environment, options);
}

}  // namespace windlass::inline v0::testing
