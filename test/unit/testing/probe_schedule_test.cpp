#include "local/probe_schedule.hpp"

#include <gtest/gtest.h>

namespace windlass::testing {
namespace {

using namespace std::chrono_literals;

struct VerdictCase {
  const char* name;
  std::optional<std::int32_t> successes;  ///< successThreshold
  std::optional<std::int32_t> failures;   ///< failureThreshold
  std::string answers;                    ///< '+' good, '-' bad
  std::string verdicts;                   ///< 'p' passed, 'f' failed, '.' undecided
};

class ProbeVerdict : public ::testing::TestWithParam<VerdictCase> {};

TEST_P(ProbeVerdict, AfterEachAnswer) {
  api::core::v1::Probe probe;
  probe.success_threshold = GetParam().successes;
  probe.failure_threshold = GetParam().failures;
  ProbeSchedule schedule(probe, SteadyTime{});
  std::string verdicts;
  for (const char answer : GetParam().answers) {
    const auto verdict = schedule.observe(answer == '+', SteadyTime{});
    verdicts += verdict == ProbeSchedule::Verdict::passed   ? 'p'
                : verdict == ProbeSchedule::Verdict::failed ? 'f'
                                                            : '.';
  }
  EXPECT_EQ(verdicts, GetParam().verdicts);
}

INSTANTIATE_TEST_SUITE_P(Rows, ProbeVerdict,
                         ::testing::Values(VerdictCase{"Defaults", {}, {}, "+---+", "p..fp"},
                                           VerdictCase{"OneFailureIsEnough", {}, 1, "+-+", "pfp"},
                                           VerdictCase{"SuccessesInARow",
                                                       3,
                                                       {},
                                                       "++-+++",
                                                       "....."
                                                       "p"},
                                           VerdictCase{"FailuresInARow", {}, 2, "-+--", ".p.f"},
                                           VerdictCase{"GoesOnFailing", {}, 2, "---", ".ff"}),
                         [](const auto& row) { return row.param.name; });

TEST(ProbeSchedule, IsDueAfterTheDelayAndThenEveryPeriod) {
  api::core::v1::Probe probe;
  const SteadyTime begin = SteadyTime{} + 100s;
  EXPECT_EQ(ProbeSchedule(probe, begin).next(), begin);
  probe.initial_delay_seconds = 5;
  ProbeSchedule schedule(probe, begin);
  EXPECT_EQ(schedule.next(), begin + 5s);
  (void)schedule.observe(true, begin + 6s);
  EXPECT_EQ(schedule.next(), begin + 16s);

  probe.period_seconds = 2;
  ProbeSchedule fast(probe, begin);
  (void)fast.observe(false, begin + 7s);
  EXPECT_EQ(fast.next(), begin + 9s);
}

}  // namespace
}  // namespace windlass::testing
