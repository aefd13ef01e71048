#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include <windlass/testing/workloads.hpp>

namespace windlass::testing {
namespace {

namespace core = api::core::v1;
namespace policy = api::policy::v1;

struct StepCase {
  const char* name;
  RollingState state;
  std::int32_t current;
  std::vector<std::int32_t> old;
};

class RollingStepTable : public ::testing::TestWithParam<StepCase> {};

TEST_P(RollingStepTable, Next) {
  const auto step = next_rolling_step(GetParam().state);
  EXPECT_EQ(step.current, GetParam().current);
  EXPECT_EQ(step.old, GetParam().old);
}

RollingState state(std::int32_t desired, std::int32_t surge, std::int32_t unavailable,
                   RollingState::Set current, std::vector<RollingState::Set> old) {
  return {desired, surge, unavailable, current, std::move(old)};
}

INSTANTIATE_TEST_SUITE_P(
    States, RollingStepTable,
    ::testing::Values(
        StepCase{"First", state(3, 1, 0, {0, 0}, {}), 3, {}},
        StepCase{"SurgeBeforeAnythingGoes", state(3, 1, 0, {0, 0}, {{3, 3}}), 1, {3}},
        StepCase{"OldGoesWhenNewIsAvailable", state(3, 1, 0, {1, 1}, {{3, 3}}), 1, {2}},
        StepCase{"NoRoomNoLeave", state(3, 1, 0, {1, 0}, {{3, 3}}), 1, {3}},
        StepCase{"WithoutSurgeOldGoesFirst", state(3, 0, 1, {0, 0}, {{3, 3}}), 0, {2}},
        StepCase{"BrokenOldPodsGoFirst", state(3, 1, 1, {0, 0}, {{3, 1}}), 1, {2}},
        StepCase{"OldestBrokenFirst", state(4, 1, 1, {1, 1}, {{2, 1}, {2, 2}}), 1, {0, 2}},
        StepCase{"ScaledUpMeanwhile", state(5, 1, 0, {2, 2}, {{1, 1}}), 5, {1}},
        StepCase{"ScaledDown", state(1, 1, 0, {3, 3}, {}), 1, {}},
        StepCase{"ScaledToNothing", state(0, 1, 0, {3, 3}, {{1, 1}}), 0, {0}},
        StepCase{"Done", state(3, 1, 1, {3, 3}, {{0, 0}}), 3, {0}}),
    [](const auto& row) { return row.param.name; });

/// A deployment whose pods become ready at random, one random rolling update after another.
class Rollout {
 public:
  explicit Rollout(std::uint64_t seed) : random_(seed) {
    state_.desired = draw(0, 10);
    state_.max_surge = draw(0, 4);
    state_.max_unavailable = draw(state_.max_surge == 0 ? 1 : 0, 4);
    state_.current = {draw(0, state_.desired), 0};
    auto left = state_.desired - state_.current.replicas;
    for (int sets = draw(0, 3); sets > 0; --sets) {
      const auto replicas = draw(0, left);
      left -= replicas;
      state_.old.push_back({replicas, draw(0, replicas)});
    }
  }

  /// The step, and the pods that follow it: those that are not ready leave first.
  void step() {
    const auto next = next_rolling_step(state_);
    ASSERT_EQ(next.old.size(), state_.old.size());
    const auto total_before = total();
    const auto available_before = available();
    state_.current.replicas = next.current;
    for (std::size_t i = 0; i < next.old.size(); ++i) {
      ASSERT_GE(next.old[i], 0);
      ASSERT_LE(next.old[i], state_.old[i].replicas) << "an old set never grows";
      state_.old[i].replicas = next.old[i];
      state_.old[i].available = std::min(state_.old[i].available, next.old[i]);
    }
    ASSERT_LE(total(), std::max(total_before, state_.desired + state_.max_surge)) << text();
    ASSERT_GE(available(), std::min(available_before, state_.desired - state_.max_unavailable))
        << text();
  }

  void pods_change(bool new_ones_work) {
    if (new_ones_work)
      state_.current.available = draw(state_.current.available, state_.current.replicas);
    for (auto& set : state_.old) set.available = draw(0, set.replicas);
  }
  /// Everything that can be ready is.
  void pods_settle(bool new_ones_work) {
    state_.current.available = new_ones_work ? state_.current.replicas : 0;
    for (auto& set : state_.old) set.available = set.replicas;
  }

  [[nodiscard]] bool done() const {
    return state_.current.replicas == state_.desired && total() == state_.desired;
  }
  [[nodiscard]] std::int32_t total() const { return sum(&RollingState::Set::replicas); }
  [[nodiscard]] std::int32_t available() const { return sum(&RollingState::Set::available); }
  [[nodiscard]] const RollingState& state() const { return state_; }
  [[nodiscard]] std::string text() const {
    std::string out =
        "desired " + std::to_string(state_.desired) + " surge " + std::to_string(state_.max_surge) +
        " unavailable " + std::to_string(state_.max_unavailable) + ": " +
        std::to_string(state_.current.available) + "/" + std::to_string(state_.current.replicas);
    for (const auto& set : state_.old) {
      out += ", " + std::to_string(set.available) + "/" + std::to_string(set.replicas);
    }
    return out;
  }

 private:
  std::int32_t draw(std::int32_t least, std::int32_t most) {
    return std::uniform_int_distribution<std::int32_t>(least, most)(random_);
  }
  std::int32_t sum(std::int32_t RollingState::Set::* field) const {
    return std::accumulate(
        state_.old.begin(), state_.old.end(), state_.current.*field,
        [field](std::int32_t total, const auto& set) { return total + set.*field; });
  }
  std::mt19937_64 random_;
  RollingState state_;
};

TEST(RollingUpdate, KeepsItsBoundsAndConverges) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    Rollout rollout(seed);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + rollout.text());
    for (int i = 0; i < 20; ++i) {
      rollout.step();
      if (HasFatalFailure()) return;
      rollout.pods_change(true);
    }
    for (int i = 0; i < 50 && !rollout.done(); ++i) {
      rollout.pods_settle(true);
      rollout.step();
      if (HasFatalFailure()) return;
    }
    ASSERT_TRUE(rollout.done()) << rollout.text();
  }
}

TEST(RollingUpdate, ATemplateThatNeverWorksLeavesEnoughOldPods) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Rollout rollout(seed);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + rollout.text());
    rollout.pods_settle(false);
    const auto enough =
        std::min(rollout.available(), rollout.state().desired - rollout.state().max_unavailable);
    for (int i = 0; i < 50; ++i) {
      rollout.step();
      if (HasFatalFailure()) return;
      rollout.pods_settle(false);
      ASSERT_GE(rollout.available(), enough) << rollout.text();
    }
  }
}

core::Pod pod(const std::string& phase, bool ready, bool deleted = false) {
  core::Pod made;
  made.status.phase = phase;
  core::PodCondition condition;
  condition.type = "Ready";
  condition.status = ready ? "True" : "False";
  made.status.conditions.push_back(condition);
  if (deleted)
    made.metadata.deletion_timestamp =
        meta::Time(std::chrono::sys_seconds(std::chrono::seconds(1)));
  return made;
}

TEST(Pods, ActiveAndReady) {
  EXPECT_TRUE(is_pod_active(pod("Pending", false)));
  EXPECT_TRUE(is_pod_active(pod("Running", true)));
  EXPECT_FALSE(is_pod_active(pod("Succeeded", false)));
  EXPECT_FALSE(is_pod_active(pod("Failed", false)));
  EXPECT_FALSE(is_pod_active(pod("Running", true, true)));
  EXPECT_TRUE(is_pod_ready(pod("Running", true)));
  EXPECT_FALSE(is_pod_ready(pod("Running", false)));
  EXPECT_FALSE(is_pod_ready(core::Pod()));
}

struct BudgetCase {
  const char* name;
  std::optional<meta::IntOrString> min_available;
  std::optional<meta::IntOrString> max_unavailable;
  int healthy;
  int sick;
  std::int32_t expected;
  std::int32_t desired_healthy;
  std::int32_t allowed;
};

class Budget : public ::testing::TestWithParam<BudgetCase> {};

TEST_P(Budget, Status) {
  const auto& row = GetParam();
  policy::PodDisruptionBudget budget;
  budget.metadata.generation = 7;
  budget.spec.min_available = row.min_available;
  budget.spec.max_unavailable = row.max_unavailable;
  std::vector<Ref<core::Pod>> pods;
  for (int i = 0; i < row.healthy; ++i) pods.emplace_back(pod("Running", true));
  for (int i = 0; i < row.sick; ++i) pods.emplace_back(pod("Running", false));
  const auto status = disruption_status(budget, pods, row.expected);
  EXPECT_EQ(status.current_healthy, row.healthy);
  EXPECT_EQ(status.desired_healthy, row.desired_healthy);
  EXPECT_EQ(status.expected_pods, row.expected);
  EXPECT_EQ(status.disruptions_allowed, row.allowed);
  EXPECT_EQ(status.observed_generation, 7);
}

using Value = meta::IntOrString;
INSTANTIATE_TEST_SUITE_P(
    Rules, Budget,
    ::testing::Values(BudgetCase{"MinAvailable", Value(2), {}, 3, 0, 3, 2, 1},
                      BudgetCase{"MinAvailableReached", Value(3), {}, 3, 0, 3, 3, 0},
                      BudgetCase{"SickPodsDoNotCount", Value(2), {}, 2, 1, 3, 2, 0},
                      BudgetCase{"NeverNegative", Value(5), {}, 1, 2, 3, 5, 0},
                      BudgetCase{"MinAvailablePercentRoundsUp", Value("50%"), {}, 3, 0, 3, 2, 1},
                      BudgetCase{"MaxUnavailable", {}, Value(1), 3, 0, 3, 2, 1},
                      BudgetCase{"MaxUnavailableOfPodsThatAreMissing", {}, Value(1), 2, 0, 3, 2, 0},
                      BudgetCase{"MaxUnavailablePercentRoundsUp", {}, Value("30%"), 3, 0, 3, 2, 1},
                      BudgetCase{"MaxUnavailableAll", {}, Value("100%"), 3, 0, 3, 0, 3},
                      BudgetCase{"MaxUnavailableMoreThanThereAre", {}, Value(9), 3, 0, 3, 0, 3},
                      BudgetCase{"NothingStatedMeansOne", {}, {}, 3, 0, 3, 2, 1},
                      BudgetCase{"NoPodsExpected", {}, Value(1), 0, 0, 0, 0, 0}),
    [](const auto& row) { return row.param.name; });

TEST(BudgetOfPods, PodsThatLeaveAreNotHealthy) {
  policy::PodDisruptionBudget budget;
  budget.spec.min_available = Value(1);
  std::vector<Ref<core::Pod>> pods;
  pods.emplace_back(pod("Running", true));
  pods.emplace_back(pod("Running", true, true));
  pods.emplace_back(pod("Failed", true));
  EXPECT_EQ(disruption_status(budget, pods, 3).current_healthy, 1);
}

core::PodTemplateSpec pod_template(const std::string& image) {
  core::PodTemplateSpec made;
  made.metadata.labels["app"] = "web";
  core::Container container;
  container.name = "c";
  container.image = image;
  made.spec.containers.push_back(container);
  return made;
}

TEST(TemplateHash, NamesTheContent) {
  const auto hash = template_hash(pod_template("web:1"));
  EXPECT_EQ(hash, template_hash(pod_template("web:1")));
  EXPECT_NE(hash, template_hash(pod_template("web:2")));
  auto labelled = pod_template("web:1");
  labelled.metadata.labels["tier"] = "front";
  EXPECT_NE(hash, template_hash(labelled));
  EXPECT_EQ(hash.size(), 10u);
  EXPECT_EQ(hash.find_first_not_of("bcdfghjklmnpqrstvwxz2456789"), hash.npos)
      << hash << ": no vowels, so no words; fit for names of objects";
}

}  // namespace
}  // namespace windlass::testing
