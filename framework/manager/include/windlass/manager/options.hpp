#pragma once
// How an operator is configured: a flag beats the environment, which beats the default.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <windlass/base/environment.hpp>
#include <windlass/leader_election/lease_machine.hpp>

namespace windlass::inline v0 {

/// What `run` and Manager need to know. Every field has a flag or a variable unless noted.
struct ManagerOptions {
  /// Name of the Lease (--leader-election-id, LEASE_NAME). Required when election is on.
  std::string leader_election_id = {};
  /// Prefix of metrics and the client's user agent. Default: the name of the program. No flag.
  std::string operator_name = {};
  /// --leader-elect, ENABLE_LEADER_ELECTION. Default: on inside a cluster, off outside.
  std::optional<bool> leader_election = std::nullopt;
  /// --leader-election-namespace, LEASE_NAMESPACE. Default: POD_NAMESPACE, or the kubeconfig's.
  std::string leader_election_namespace = {};
  /// --leader-election-identity. Default: <POD_NAME, else host name>_<uuid>.
  std::string leader_election_identity = {};
  /// --leader-election-lease-duration 15s, -renew-deadline 10s, -retry-period 2s, or
  /// LEASE_DURATION_SECONDS, LEASE_RENEW_DEADLINE_SECONDS, LEASE_RETRY_PERIOD_SECONDS.
  leader_election::Timing timing = {};
  /// Gives the lease back when the manager stops. No flag.
  bool release_on_stop = true;
  /// --kubeconfig. Default: as kubectl finds it.
  std::string kubeconfig = {};
  /// --namespace, repeatable. Default: all namespaces.
  std::vector<std::string> namespaces = {};
  /// How many objects of a kind the caches keep decoded, see cache::InformerOptions. No flag.
  std::size_t keep_decoded = 256;
  /// --health-probe-bind-address. "0" turns the probes off.
  std::string health_probe_bind_address = ":8081";
  /// --metrics-bind-address. "0" turns the metrics off.
  std::string metrics_bind_address = "0";
  /// --metrics-secure: HTTPS with a certificate made at start.
  bool metrics_secure = false;
  /// --log-level, LOG_LEVEL: debug, info, warn, error.
  LogLevel log_level = LogLevel::info;
  /// --log-format, LOG_FORMAT: text or json.
  bool log_json = false;
  /// How long a stop waits for reconciles that run. Default 30 s (controller-runtime's). No flag.
  Duration graceful_shutdown_timeout = std::chrono::seconds(30);
};

/// The outcome of reading the command line.
struct ParsedOptions {
  ManagerOptions options;
  /// Set when there is nothing to run: --help, --version. Print it and exit 0.
  std::optional<std::string> message = std::nullopt;
  /// --describe: print controller::describe_uses() and exit 0.
  bool describe = false;
};

/// Reads flags over environment over `defaults`. Errors name the flag or variable, the value and
/// what is allowed.
Result<ParsedOptions> parse_options(const std::vector<std::string>& arguments,
                                    const Environment& environment, ManagerOptions defaults);

/// Checks what does not depend on where it runs: addresses and election timing.
Result<void> validate(const ManagerOptions& options);

}  // namespace windlass::inline v0
