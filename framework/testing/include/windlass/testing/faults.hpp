#pragma once
// Faults as plain data: how often each happens, and what was drawn from that.

#include <cstdint>
#include <string>
#include <vector>

#include <windlass/base/clock.hpp>
#include <windlass/base/random.hpp>

namespace windlass::inline v0::testing {

/// From the shortest to the longest.
struct DurationRange {
  Duration low{};
  Duration high{};
};

/// How often each fault begins, on average, per simulated second in the whole cluster. 0: never.
/// Where, when and for how long is drawn from the seed.
struct Faults {
  double crash = 0;  ///< a replica is killed between any two of its steps, and started again
  double stop = 0;   ///< a replica gets SIGTERM, and is started again
  double pause = 0;  ///< a replica stands still, often between a check and the request
  double clock = 0;  ///< a replica's clocks run at another rate, its wall clock jumps
  double drop = 0;   ///< connections of a replica to an API server are reset
  /// Of a slow line.
  DurationRange delay = {Duration::zero(), std::chrono::seconds(5)};
  double refuse = 0;          ///< an API server refuses connections for a while
  double partition = 0;       ///< a replica and API servers do not hear each other, or only one way
  double slow = 0;            ///< data travels for `delay`, each connection for itself, or trickles
  double damage = 0;          ///< data is cut short or arrives as garbage
  double lost_reply = 0;      ///< for a while, writes are done and their answers lost
  double error = 0;           ///< for a while, an API server answers with errors, 401 to 504
  double stale_reads = 0;     ///< an API server shows an old state to those who ask for any
  double compaction = 0;      ///< history is forgotten
  double server_restart = 0;  ///< an API server ends and comes back
  double token_rotation = 0;  ///< tokens are replaced; old ones are refused after a while
  double pod = 0;             ///< a container crashes, a pod is evicted, a node is lost for a while
  double stall = 0;           ///< a handler of a replica blocks its executors for a while
  double allocation = 0;      ///< for a while, memory runs out in some reconciles of a replica
  double token_expiry = 0;    ///< all tokens are refused, new ones come after a while
  double certificates = 0;    ///< after `SimulatedCluster::use_tls`: a new authority signs
  double webhook = 0;         ///< for a while, the webhooks of `SimulatedCluster::webhook` time out

  Duration longest_pause = std::chrono::minutes(1);

  /// Watch events are lost, duplicated and late, as some servers did it. Then only the gate, one
  /// reconcile per key at a time, preconditions and backoff are checked. `heal` ends all watches,
  /// so that what was lost is found by new lists.
  bool broken_watches = false;
  /// Clock rates from 0.5 to 2: more than an election can bear. Then two replicas may pass the gate
  /// at once, and only the versions keep one from overwriting the other.
  bool wild_clocks = false;

  /// All of them, each armed by a coin of the seed, so that every run is different in kind.
  static Faults storm(std::uint64_t seed);
};

/// One fault that was drawn.
struct Fault {
  enum class Kind : std::uint8_t {
    crash,
    stop,
    pause,
    pause_before_sending,
    clock,
    drop,
    refuse,
    partition,
    slow,
    trickle,
    truncate,
    garble,
    lost_reply,
    error,
    stale_reads,
    compaction,
    server_restart,
    token_rotation,
    container_crash,
    eviction,
    node_loss,
    stall,
    allocation,
    token_expiry,
    webhook,
    certificates,
  };
  Kind kind = Kind::crash;
  Duration at{};     ///< since the start
  Duration lasts{};  ///< of those that last
  int replica = 0;   ///< whom it strikes
  int server = 0;    ///< which API server; -1: all
  int way = 0;       ///< 0 both, 1 to the server, 2 from it
  int status = 0;    ///< of errors
  bool retry_after = false;
  double amount = 0;       ///< rate of a clock, probability per request
  Duration offset{};       ///< of a wall clock; shortest delay of a slow line
  std::uint64_t seed = 0;  ///< for what is drawn while it lasts
};

/// "pause replica-1 for 12s before it sends".
std::string describe(const Fault& fault);

/// Draws what happens between `from` and `until`, in order of time.
std::vector<Fault> draw_faults(const Faults& faults, Random& random, Duration from, Duration until,
                               int replicas, int servers);

}  // namespace windlass::inline v0::testing
