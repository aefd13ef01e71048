#pragma once
// The fence in front of every mutating request of a leader-only controller.

#include <windlass/base/clock.hpp>

namespace windlass::inline v0::client {

/// Decides whether a write may be sent now. `client` asks; `leader_election` implements it.
/// Thread-safe; must not block.
class WriteGate {
 public:
  virtual ~WriteGate() = default;
  /// The boot time until which a write sent now may run, or Errc::permission ("not the leader:
  /// ...") when none may be sent. Requests are clipped to that deadline.
  [[nodiscard]] virtual Result<BootTime> open_until() const = 0;
};

}  // namespace windlass::inline v0::client
