#include "local/pod_status.hpp"

#include <gtest/gtest.h>

namespace windlass::testing {
namespace {

struct Row {
  const char* name;
  const char* policy;
  std::vector<std::optional<int>> inits;  ///< exit codes; none: not ended
  std::vector<std::optional<int>> mains;
  const char* phase;
};

Containers containers(const std::vector<std::optional<int>>& codes,
                      const api::core::v1::Container& spec) {
  Containers made;
  for (const auto& code : codes) {
    made.push_back(std::make_unique<ContainerState>());
    made.back()->spec = &spec;
    made.back()->exit_code = code;
    if (code) made.back()->phase = ContainerPhase::ended;
  }
  return made;
}

class PodPhase : public ::testing::TestWithParam<Row> {};

TEST_P(PodPhase, IsTheKubelets) {
  const auto& row = GetParam();
  api::core::v1::Pod pod;
  pod.spec.restart_policy = row.policy;
  const api::core::v1::Container spec;
  const auto inits = containers(row.inits, spec);
  const auto mains = containers(row.mains, spec);
  const bool initialized =
      std::all_of(row.inits.begin(), row.inits.end(), [](const auto& code) { return code == 0; });
  const std::string address = "10.0.0.1";
  const auto patch = pod_status_patch({pod, inits, mains, address, {}, {}, initialized});
  EXPECT_EQ(patch.at_path({"status", "phase"}), json::Value(row.phase));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, PodPhase,
    ::testing::Values(Row{"NothingYet", "Always", {}, {{}}, "Pending"},
                      Row{"InitRuns", "Never", {{}}, {{}}, "Pending"},
                      Row{"InitFailedForGood", "Never", {1}, {{}}, "Failed"},
                      Row{"InitFailedAfterAnother", "Never", {0, 2}, {{}}, "Failed"},
                      Row{"InitFailedAndRunsAgain", "OnFailure", {1}, {{}}, "Pending"},
                      Row{"InitFailedAndAlwaysRunsAgain", "Always", {1}, {{}}, "Pending"},
                      Row{"InitDone", "Never", {0}, {{}}, "Pending"},
                      Row{"AllDone", "Never", {0}, {0, 0}, "Succeeded"},
                      Row{"OneFailed", "Never", {0}, {0, 1}, "Failed"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace windlass::testing
