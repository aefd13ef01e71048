#include <algorithm>

#include <windlass/leader_election/lease_machine.hpp>

namespace windlass::inline v0::leader_election {
namespace {

constexpr double kJitter = 1.2;  // client-go's JitterFactor

Duration scaled(Duration duration, double factor) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * factor));
}

Duration whole(std::int64_t seconds) {
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 1 << 30));
}

/// Between giving up writing and having to be gone.
Duration margin(const Timing& timing) {
  return std::min<Duration>(std::chrono::seconds(2),
                            (timing.lease_duration - timing.renew_deadline) / 2);
}

}  // namespace

Result<void> validate(const Timing& timing) {
  const auto refuse = [&](const std::string& rule) {
    return Error{
        Errc::invalid_argument,
        "leader election: " + rule + " (lease duration " + format_duration(timing.lease_duration) +
            ", renew deadline " + format_duration(timing.renew_deadline) + ", retry period " +
            format_duration(timing.retry_period) +
            "); the rule is LeaseDuration > RenewDeadline > 1.2 x RetryPeriod, as in 15s, 10s, 2s"};
  };
  if (timing.retry_period <= Duration::zero()) return refuse("the retry period must be positive");
  if (timing.lease_duration <= timing.renew_deadline) {
    return refuse("the lease duration must be longer than the renew deadline");
  }
  if (timing.renew_deadline <= scaled(timing.retry_period, kJitter)) {
    return refuse("the renew deadline must be longer than 1.2 x the retry period");
  }
  return {};
}

LeaseMachine::LeaseMachine(std::string identity, Timing timing)
    : identity_(std::move(identity)), timing_(timing) {}

LeaseRecord LeaseMachine::fresh_record(WallTime now) const {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(timing_.lease_duration);
  return {.holder_identity = identity_,
          .lease_duration_seconds = seconds.count(),
          .acquire_time = now,
          .renew_time = now};
}

bool LeaseMachine::valid(BootTime now) const {
  return known_ && observed_at_ + whole(observed_.lease_duration_seconds) > now;
}

void LeaseMachine::observe(const LeaseRecord& record, BootTime now) {
  if (known_ && record == observed_) return;
  observed_ = record;
  observed_at_ = now;
  known_ = true;
}

LeaseMachine::Action LeaseMachine::begin(Times now) {
  if (!sent_ || !holds() || !valid(now.boot)) return Read{};
  LeaseRecord record = fresh_record(now.wall);
  record.acquire_time = observed_.acquire_time;
  record.transitions = observed_.transitions;
  return Update{std::move(record), true};
}

LeaseMachine::Action LeaseMachine::on_read(const std::optional<LeaseRecord>& record, Times now) {
  if (record) observe(*record, now.boot);
  const bool foreign = known_ && !observed_.holder_identity.empty() && !holds();
  if (foreign && valid(now.boot)) return Wait{observed_.holder_identity};
  LeaseRecord next = fresh_record(now.wall);
  if (!record) return Create{std::move(next)};
  next.transitions = observed_.transitions + (holds() ? 0 : 1);
  if (holds()) next.acquire_time = observed_.acquire_time;
  return Update{std::move(next), false};
}

void LeaseMachine::on_written(const LeaseRecord& record, BootTime sent, BootTime now) {
  observe(record, now);
  observed_at_ = now;
  sent_ = sent;
}

LeaseMachine::Action LeaseMachine::on_write_failed(bool fast) {
  if (fast) return Read{};
  return Failed{};
}

bool LeaseMachine::on_observed(const std::optional<LeaseRecord>& record, BootTime now) {
  if (record) observe(*record, now);
  return !known_ || observed_.holder_identity.empty() || !valid(now);
}

BootTime LeaseMachine::lost_at() const {
  const BootTime sent = sent_.value_or(BootTime{});
  return std::min(round_ + timing_.renew_deadline,
                  sent + timing_.renew_deadline + margin(timing_) / 2);
}

bool LeaseMachine::lost(BootTime now) const { return sent_ && (!holds() || now >= lost_at()); }

std::optional<BootTime> LeaseMachine::writes_until() const {
  if (!sent_ || !holds()) return std::nullopt;
  return *sent_ + timing_.renew_deadline;
}

std::optional<BootTime> LeaseMachine::must_end_by() const {
  if (!sent_) return std::nullopt;
  return *sent_ + timing_.renew_deadline + margin(timing_);
}

Duration LeaseMachine::retry_delay(double uniform) const {
  return sent_ ? timing_.retry_period : scaled(timing_.retry_period, 1 + kJitter * uniform);
}

std::optional<BootTime> LeaseMachine::expires_at() const {
  if (!known_ || holds() || observed_.holder_identity.empty()) return std::nullopt;
  return observed_at_ + whole(observed_.lease_duration_seconds);
}

std::optional<LeaseRecord> LeaseMachine::release(const LeaseRecord& read, Times now) const {
  if (read.holder_identity != identity_) return std::nullopt;
  return LeaseRecord{.holder_identity = {},
                     .lease_duration_seconds = 1,
                     .acquire_time = now.wall,
                     .renew_time = now.wall,
                     .transitions = read.transitions};
}

}  // namespace windlass::inline v0::leader_election
