#pragma once
// Runs the lease machine against the API server.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <windlass/base/environment.hpp>
#include <windlass/base/metrics.hpp>
#include <windlass/client/config.hpp>
#include <windlass/client/write_gate.hpp>
#include <windlass/leader_election/lease_machine.hpp>

namespace windlass::inline v0::leader_election {

struct Config {
  std::string lease_name;
  std::string lease_namespace;
  std::string identity = {};  ///< empty: `<POD_NAME or host name>_<uuid>`
  Timing timing = {};
  bool release_on_stop = true;
  /// Prefix of `<operator>_leader_elections_total` and its like; '-' becomes '_'.
  std::string operator_name = "operator";
  MetricsRegistry* metrics = nullptr;
  std::string user_agent = "windlass-leader-election";
};

/// Called on the lease executor; they must not block and must not throw.
struct Callbacks {
  std::function<void()> on_started = {};  ///< this instance leads; writes are open
  /// It does not lead any more: lost (the process has to end) or stopped. Only after on_started.
  std::function<void(bool lost)> on_stopped = {};
  std::function<void(const std::string& identity)> on_new_leader = {};  ///< also when it is us
  /// For an Event on the Lease: reason LeaderElection, note "<identity> became leader".
  std::function<void(const std::string& reason, const std::string& note)> record_event = {};
};

enum class Outcome {
  lost,    ///< end the process, without a graceful stop
  stopped  ///< `stop` was called; the lease was released if it was ours
};

/// client-go's election on one Lease, on Environment::lease() with connections of its own.
/// Standbys watch the Lease, so that a release or a deletion is noticed at once, and poll it every
/// retry period (jittered) besides. All const members and `stop` are thread-safe.
///
/// As the write gate it is open until `renew_deadline` after the last successful renewal was sent,
/// by the boot clock, which counts suspension.
class LeaderElector final : public client::WriteGate {
 public:
  /// Throws Exception(invalid_argument) when the configuration breaks a rule.
  LeaderElector(Environment& environment, client::Config server, Config config,
                Callbacks callbacks = {});
  ~LeaderElector() override;
  LeaderElector(const LeaderElector&) = delete;
  LeaderElector& operator=(const LeaderElector&) = delete;

  /// Takes part until the lease is lost or `stop` was called. Once only. May be called from any
  /// executor. Cancelling it closes the gate and releases nothing.
  Task<Outcome> run();
  /// Closes the gate, releases the lease if it is still ours as just read, waits for a new holder
  /// for at most one retry period and logs it; then `run` returns. Call it when all work has ended.
  void stop();
  /// Returns when this instance leads. From any executor.
  Task<void> wait_elected() const;

  [[nodiscard]] Result<BootTime> open_until() const override;
  [[nodiscard]] bool is_leader() const;
  /// The resourceVersion of the lease write that made this instance the leader; empty while it does
  /// not lead. Newer leaders have greater ones, also after somebody deleted the Lease (which starts
  /// leaseTransitions again): what is outside the cluster can refuse the lower.
  [[nodiscard]] std::string epoch() const;
  [[nodiscard]] std::string holder() const;  ///< as last seen; empty: nobody
  [[nodiscard]] const std::string& identity() const;
  [[nodiscard]] const Config& config() const;

  /// When the process has to have ended if nothing renews the lease until then: before anybody else
  /// can have it. Nothing while this instance does not lead.
  [[nodiscard]] std::optional<BootTime> must_end_by() const;
  /// From now on the process ends with kWatchdogExitCode when must_end_by() passes, also after a
  /// loss: from a thread of its own, also when no executor runs any more. It rests when `run` was
  /// stopped or cancelled, and ends with this object.
  void start_watchdog();
  /// An error when this instance leads and its lease expired more than `tolerance` ago: for
  /// /healthz.
  [[nodiscard]] Result<void> health(Duration tolerance = std::chrono::seconds(20)) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// `<POD_NAME or host name>_<uuid>`.
std::string default_identity(Environment& environment);

}  // namespace windlass::inline v0::leader_election
