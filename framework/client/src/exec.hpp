#pragma once
// Credential plugins: programs that print an ExecCredential (client.authentication.k8s.io).

#include <optional>
#include <string>

#include <windlass/base/clock.hpp>
#include <windlass/client/config.hpp>

namespace windlass::inline v0::client::detail {

struct IssuedCredential {
  std::string token = {};
  std::string certificate_pem = {};
  std::string key_pem = {};
  std::optional<WallTime> expires = std::nullopt;
};

/// Starts the program and returns what it printed. Blocks; for Environment::blocking.
/// Errc::not_found when it is not installed, Errc::io when it fails, timeout after a minute.
Result<std::string> run_plugin(const ExecCredential& plugin);

/// Reads the ExecCredential that `plugin` printed.
Result<IssuedCredential> parse_credential(const ExecCredential& plugin, std::string_view output);

}  // namespace windlass::inline v0::client::detail
