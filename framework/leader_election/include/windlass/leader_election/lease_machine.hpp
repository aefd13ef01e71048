#pragma once
// The protocol of client-go's leader election without clocks, sockets or threads: times and what
// the server said come in, what to do next comes out.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include <windlass/base/clock.hpp>
#include <windlass/base/error.hpp>

namespace windlass::inline v0::leader_election {

/// client-go's and controller-runtime's defaults.
struct Timing {
  Duration lease_duration = std::chrono::seconds(15);  ///< others wait so long for a silent holder
  Duration renew_deadline = std::chrono::seconds(10);  ///< the holder gives up after so long
  Duration retry_period = std::chrono::seconds(2);     ///< between attempts
};

/// lease_duration > renew_deadline > 1.2 x retry_period, all positive. The Lease holds whole
/// seconds: lease_duration is rounded up there. Errc::invalid_argument names the values and the
/// broken rule.
Result<void> validate(const Timing& timing);

/// The spec of a Lease as far as election is concerned.
struct LeaseRecord {
  std::string holder_identity;  ///< empty: nobody, released
  std::int64_t lease_duration_seconds = 0;
  WallTime acquire_time{};
  WallTime renew_time{};
  std::int64_t transitions = 0;
  friend bool operator==(const LeaseRecord&, const LeaseRecord&) = default;
};

struct Times {
  BootTime boot;  ///< for decisions
  WallTime wall;  ///< for what is written into the Lease
};

/// Says what to do in one attempt to acquire or renew:
/// `begin`, then `on_read` after a read, `on_written` or `on_write_failed` after a write.
///
/// Expiry counts from the moment when this process saw the record change, by its own boot clock and
/// the record's own duration; the record's times are never compared with a clock. A Lease that was
/// deleted while its last holder's time runs is waited out: that holder may still write.
class LeaseMachine {
 public:
  LeaseMachine(std::string identity, Timing timing);

  struct Read {};  ///< get the Lease
  struct Create {
    LeaseRecord record;
  };
  /// Update the Lease on the resourceVersion last seen. `fast`: without having read it first.
  struct Update {
    LeaseRecord record;
    bool fast = false;
  };
  struct Wait {  ///< somebody else's; try again after `retry_delay`
    std::string holder;
  };
  struct Failed {};  ///< try again after `retry_delay`
  using Action = std::variant<Read, Create, Update, Wait, Failed>;

  Action begin(Times now);
  /// The Lease as just read; nothing when it does not exist.
  Action on_read(const std::optional<LeaseRecord>& record, Times now);
  /// The write was accepted; `sent` is the boot time just before it was sent first.
  void on_written(const LeaseRecord& record, BootTime sent, BootTime now);
  Action on_write_failed(bool fast);
  /// What a watch showed. True when trying at once is worth while: the Lease is free.
  bool on_observed(const std::optional<LeaseRecord>& record, BootTime now);

  /// A new round of renewing begins (client-go counts the renew deadline from here).
  void begin_round(BootTime now) { round_ = now; }
  /// The record last seen names us.
  [[nodiscard]] bool holds() const { return known_ && observed_.holder_identity == identity_; }
  /// Leadership, once won, is over: another holder was seen, or the time for renewing is up.
  [[nodiscard]] bool lost(BootTime now) const;
  /// When `lost` becomes true if nothing else happens. Only while leading.
  [[nodiscard]] BootTime lost_at() const;
  /// Until when writes may be sent; nothing when not leading.
  [[nodiscard]] std::optional<BootTime> writes_until() const;
  /// When a process that could not stop its work must have ended, before the lease can pass on:
  /// renew_deadline + min(2 s, half the gap to lease_duration) after the last renewal was sent.
  [[nodiscard]] std::optional<BootTime> must_end_by() const;
  /// Pause before the next attempt; `uniform` in [0, 1). Acquiring is jittered by 1.2, renewing
  /// not.
  [[nodiscard]] Duration retry_delay(double uniform) const;
  /// When the record last seen expires, if it is somebody else's.
  [[nodiscard]] std::optional<BootTime> expires_at() const;

  /// What releases `read`, the Lease as just read; nothing when it is not ours.
  [[nodiscard]] std::optional<LeaseRecord> release(const LeaseRecord& read, Times now) const;
  /// Leads no more; the gate is closed.
  void step_down() { sent_.reset(); }

  [[nodiscard]] const LeaseRecord& observed() const { return observed_; }
  [[nodiscard]] BootTime observed_at() const { return observed_at_; }
  [[nodiscard]] const std::string& identity() const { return identity_; }
  [[nodiscard]] const Timing& timing() const { return timing_; }

 private:
  [[nodiscard]] LeaseRecord fresh_record(WallTime now) const;
  [[nodiscard]] bool valid(BootTime now) const;
  void observe(const LeaseRecord& record, BootTime now);

  std::string identity_;
  Timing timing_;
  bool known_ = false;  ///< observed_ was seen on the server
  LeaseRecord observed_;
  BootTime observed_at_{};
  BootTime round_{};
  std::optional<BootTime> sent_;  ///< last successful renewal while leading
};

}  // namespace windlass::inline v0::leader_election
