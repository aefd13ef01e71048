#pragma once

#include <windlass/api/core_v1.hpp>
#include <windlass/base/clock.hpp>

namespace windlass::inline v0::testing {

/// When a probe is due, and what its answers mean: a kubelet's periods and thresholds. No I/O, no
/// clock.
class ProbeSchedule {
 public:
  /// `begin`: when the container started.
  ProbeSchedule(const api::core::v1::Probe& probe, SteadyTime begin);

  [[nodiscard]] const api::core::v1::Probe& probe() const { return *probe_; }
  [[nodiscard]] SteadyTime next() const { return next_; }

  enum class Verdict { undecided, passed, failed };
  /// An answer came. Undecided: the container's state stays what it was.
  Verdict observe(bool good, SteadyTime now);

 private:
  const api::core::v1::Probe* probe_;
  SteadyTime next_;
  int successes_ = 0;
  int failures_ = 0;
};

}  // namespace windlass::inline v0::testing
