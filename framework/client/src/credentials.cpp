#include "credentials.hpp"

#include <windlass/base/encoding.hpp>

namespace windlass::inline v0::client::detail {
namespace {

constexpr auto kTokenPeriod = std::chrono::seconds(50);  // a minute less 10 s of leeway
constexpr auto kCertificatePeriod = std::chrono::minutes(5);
constexpr auto kExpiryLeeway = std::chrono::seconds(10);

std::string trimmed(std::string text) {
  const auto space = " \t\r\n";
  text.erase(text.find_last_not_of(space) + 1);
  text.erase(0, text.find_first_not_of(space));
  return text;
}

}  // namespace

Credentials::Credentials(Environment& environment, Executor executor, const Config& config)
    : environment_(environment),
      config_(config),
      token_(config.bearer_token),
      certificates_read_(environment.clock().steady_now()),
      tls_(config.tls),
      plugin_done_(std::move(executor)) {}

bool Credentials::can_refresh() const {
  return !config_.bearer_token_file.empty() || !config_.certificate_file.empty() ||
         !config_.ca_file.empty() || config_.exec.has_value();
}

void Credentials::refresh_token_file(bool force) {
  if (config_.bearer_token_file.empty()) return;
  const auto now = environment_.clock().steady_now();
  if (!force && token_read_ && now - *token_read_ < kTokenPeriod) return;
  const auto text = environment_.read_file(config_.bearer_token_file);
  std::string token = text ? trimmed(*text) : std::string();
  if (token.empty()) {
    const auto why = text ? config_.bearer_token_file + " is empty" : text.error().message;
    // the old token may still be good: the server decides
    if (token_.empty()) throw Exception(text ? Errc::not_found : text.error().code, why);
    environment_.log().named("client").warn("Keeping the old token", {{"error", why}});
  } else {
    token_ = std::move(token);
  }
  token_read_ = now;
}

void Credentials::refresh_certificates(bool force) {
  const bool from_files = !config_.certificate_file.empty() || !config_.ca_file.empty();
  if (!tls_ || !from_files) return;
  const auto now = environment_.clock().steady_now();
  if (!force && now - certificates_read_ < kCertificatePeriod) return;
  certificates_read_ = now;
  http::TlsClientOptions fresh = *tls_;
  const auto reload = [&](const std::string& path, std::string& into) {
    if (path.empty()) return true;
    auto text = environment_.read_file(path);
    if (!text) {
      environment_.log().named("client").warn("Keeping the old certificates",
                                              {{"error", text.error().message}});
      return false;
    }
    into = std::move(*text);
    return true;
  };
  if (!reload(config_.ca_file, fresh.ca_pem) ||
      !reload(config_.certificate_file, fresh.certificate_pem) ||
      !reload(config_.key_file, fresh.key_pem)) {
    return;
  }
  if (fresh.ca_pem == tls_->ca_pem && fresh.certificate_pem == tls_->certificate_pem &&
      fresh.key_pem == tls_->key_pem) {
    return;
  }
  tls_ = std::move(fresh);
  tls_changed_ = true;
}

bool Credentials::plugin_due(bool force) const {
  if (!config_.exec) return false;
  if (force || !issued_) return true;
  return issued_->expires && environment_.clock().wall_now() + kExpiryLeeway >= *issued_->expires;
}

void Credentials::adopt(IssuedCredential issued) {
  token_ = issued.token;
  if (tls_ && !issued.certificate_pem.empty() &&
      (tls_->certificate_pem != issued.certificate_pem || tls_->key_pem != issued.key_pem)) {
    tls_->certificate_pem = issued.certificate_pem;
    tls_->key_pem = issued.key_pem;
    tls_changed_ = true;
  }
  issued_ = std::move(issued);
}

Task<void> Credentials::refresh_plugin(std::shared_ptr<Credentials> self, bool force) {
  if (!self->plugin_due(force)) co_return;
  if (self->plugin_running_) {
    while (self->plugin_running_) co_await self->plugin_done_.wait();
    if (!self->plugin_due(false)) co_return;  // somebody else's run serves us too
  }
  self->plugin_running_ = true;
  self->plugin_done_.reset();
  std::exception_ptr failure;
  const auto output = std::make_shared<Result<std::string>>(std::string());
  try {
    const ExecCredential plugin = *self->config_.exec;
    std::function<void()> work = [plugin, output] { *output = run_plugin(plugin); };
    co_await self->environment_.blocking("credential-plugin", std::move(work));
  } catch (...) {
    failure = std::current_exception();
  }
  self->plugin_running_ = false;
  self->plugin_done_.set();
  if (failure) std::rethrow_exception(failure);
  if (!*output) throw Exception(output->error());
  auto issued = parse_credential(*self->config_.exec, **output);
  if (!issued) throw Exception(issued.error());
  self->adopt(std::move(*issued));
}

Task<void> Credentials::refresh(std::shared_ptr<Credentials> self, bool force) {
  self->refresh_token_file(force);
  self->refresh_certificates(force);
  auto plugin = refresh_plugin(self, force);
  co_await std::move(plugin);
}

void Credentials::authorize(http::Request& request) const {
  if (!token_.empty()) {
    request.headers.set("Authorization", "Bearer " + token_);
  } else if (!config_.username.empty()) {
    request.headers.set("Authorization",
                        "Basic " + encode_base64(config_.username + ":" + config_.password));
  }
  if (!config_.impersonate_user.empty()) {
    request.headers.set("Impersonate-User", config_.impersonate_user);
    request.headers.erase("Impersonate-Group");
    for (const auto& group : config_.impersonate_groups)
      request.headers.add("Impersonate-Group", group);
  }
}

std::optional<http::TlsClientOptions> Credentials::take_changed_tls() {
  if (!tls_changed_) return std::nullopt;
  tls_changed_ = false;
  return tls_;
}

}  // namespace windlass::inline v0::client::detail
