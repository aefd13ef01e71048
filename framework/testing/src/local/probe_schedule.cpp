#include "probe_schedule.hpp"

namespace windlass::inline v0::testing {

using std::chrono::seconds;

ProbeSchedule::ProbeSchedule(const api::core::v1::Probe& probe, SteadyTime begin)
    : probe_(&probe), next_(begin + seconds(probe.initial_delay_seconds.value_or(0))) {}

ProbeSchedule::Verdict ProbeSchedule::observe(bool good, SteadyTime now) {
  next_ = now + seconds(probe_->period_seconds.value_or(10));
  successes_ = good ? successes_ + 1 : 0;
  failures_ = good ? 0 : failures_ + 1;
  if (successes_ >= probe_->success_threshold.value_or(1)) return Verdict::passed;
  if (failures_ >= probe_->failure_threshold.value_or(3)) return Verdict::failed;
  return Verdict::undecided;
}

}  // namespace windlass::inline v0::testing
