#include <gtest/gtest.h>

#include <windlass/api/core_v1.hpp>
#include <windlass/controller/predicates.hpp>

namespace windlass {
namespace {

using api::core::v1::Pod;
using Change = std::function<void(Pod&)>;

Pod stored() {
  Pod pod;
  pod.metadata.name = "a";
  pod.metadata.uid = "u1";
  pod.metadata.resource_version = "10";
  pod.metadata.generation = 1;
  return pod;
}

/// Whether `predicate` lets the update pass that `change` makes, one version later.
bool passes(const Predicate<Pod>& predicate, const Change& change) {
  auto now = stored();
  now.metadata.resource_version = "11";
  change(now);
  return predicate.on_update(Ref<Pod>(stored()), Ref<Pod>(now));
}

TEST(GenerationChanged, PassesWhatConcernsTheSpecOrTheEnd) {
  const auto predicate = predicates::generation_changed<Pod>();
  EXPECT_TRUE(passes(predicate, [](Pod& pod) { pod.metadata.generation = 2; }));
  EXPECT_TRUE(passes(predicate, [](Pod& pod) { pod.metadata.uid = "made anew"; }));
  EXPECT_TRUE(passes(predicate, [](Pod& pod) { pod.metadata.finalizers = {"example.com/f"}; }));
  EXPECT_TRUE(passes(predicate, [](Pod& pod) { pod.metadata.deletion_timestamp = meta::Time(); }));
}

TEST(GenerationChanged, HidesTheRest) {
  const auto predicate = predicates::generation_changed<Pod>();
  EXPECT_FALSE(passes(predicate, [](Pod& pod) { pod.metadata.labels["a"] = "b"; }));
  EXPECT_FALSE(passes(predicate, [](Pod& pod) { pod.metadata.annotations["a"] = "b"; }));
  EXPECT_FALSE(passes(predicate, [](Pod& pod) { pod.status.phase = "Running"; }));
}

TEST(GenerationChanged, PassesAResync) {
  const Ref<Pod> same(stored());
  EXPECT_TRUE(predicates::generation_changed<Pod>().on_update(same, same));
}

TEST(GenerationChanged, LeavesAdditionsAndDeletionsAlone) {
  const auto predicate = predicates::generation_changed<Pod>();
  EXPECT_FALSE(predicate.on_add);
  EXPECT_FALSE(predicate.on_delete);
}

TEST(ResourceVersionChanged, PassesChangesAndDropsResyncs) {
  const auto predicate = predicates::resource_version_changed<Pod>();
  EXPECT_TRUE(passes(predicate, [](Pod& pod) { pod.metadata.labels["a"] = "b"; }));
  const Ref<Pod> same(stored());
  EXPECT_FALSE(predicate.on_update(same, same));
}

TEST(Matching, TestsEveryEvent) {
  const auto predicate = predicates::matching<Pod>(
      [](const Pod& pod) { return pod.metadata.labels.contains("mine"); });
  auto labelled = stored();
  labelled.metadata.labels["mine"] = "yes";
  const Ref<Pod> mine(labelled);
  const Ref<Pod> other(stored());
  EXPECT_TRUE(predicate.on_add(mine));
  EXPECT_FALSE(predicate.on_add(other));
  EXPECT_TRUE(predicate.on_delete(mine));
  EXPECT_FALSE(predicate.on_delete(other));
  EXPECT_TRUE(predicate.on_update(mine, other)) << "it left";
  EXPECT_TRUE(predicate.on_update(other, mine)) << "it came";
  EXPECT_FALSE(predicate.on_update(other, other));
}

}  // namespace
}  // namespace windlass
