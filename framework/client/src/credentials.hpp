#pragma once
// Who the client says it is, kept fresh. Lives on the client's executor.

#include <memory>
#include <optional>
#include <string>

#include <windlass/client/config.hpp>
#include <windlass/http/message.hpp>

#include "exec.hpp"

namespace windlass::inline v0::client::detail {

class Credentials {
 public:
  Credentials(Environment& environment, Executor executor, const Config& config);

  /// True when reading again may give something else.
  [[nodiscard]] bool can_refresh() const;
  /// Reads what is due: token files every minute (10 s early), certificates every 5 minutes, a
  /// plugin's credential when it expires; everything when `force`.
  static Task<void> refresh(std::shared_ptr<Credentials> self, bool force);
  void authorize(http::Request& request) const;
  /// The TLS options if they changed since the last call.
  std::optional<http::TlsClientOptions> take_changed_tls();

 private:
  void refresh_token_file(bool force);
  void refresh_certificates(bool force);
  static Task<void> refresh_plugin(std::shared_ptr<Credentials> self, bool force);
  [[nodiscard]] bool plugin_due(bool force) const;
  void adopt(IssuedCredential issued);

  Environment& environment_;
  Config config_;  ///< the files' names and the fixed credentials
  std::string token_;
  std::optional<SteadyTime> token_read_;
  SteadyTime certificates_read_{};
  std::optional<http::TlsClientOptions> tls_;
  bool tls_changed_ = false;
  std::optional<IssuedCredential> issued_;
  bool plugin_running_ = false;
  Event plugin_done_;
};

}  // namespace windlass::inline v0::client::detail
