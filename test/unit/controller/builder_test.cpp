#include <gmock/gmock.h>

#include <windlass/api/core_v1.hpp>
#include <windlass/testing/simulation.hpp>
#include <windlass/windlass.hpp>

namespace windlass {
namespace {

namespace core = api::core::v1;
using ::testing::HasSubstr;

class Idle final : public ObjectReconciler<core::ConfigMap> {
  Task<Action> reconcile(Context, Ref<core::ConfigMap>) override { co_return await_change(); }
};

class Builder : public ::testing::Test {
 protected:
  static client::Config config() {
    client::Config made;
    made.server = {"api", 6443};
    return made;
  }
  ControllerBuilder builder() { return controller_managed_by(manager); }

  testing::Simulation sim{1};
  Manager manager{
      sim.process("operator"), config(), {.operator_name = "test", .leader_election = false}};
};

/// What `work` complains about; empty when it does not.
std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const Exception& error) {
    EXPECT_EQ(error.code(), Errc::invalid_argument);
    return error.what();
  }
  return {};
}

TEST_F(Builder, AControllerReconcilesOneType) {
  EXPECT_EQ(refusal([&] { builder().reconciles<core::ConfigMap>().reconciles<core::Secret>(); }),
            "reconciles<Secret>: a controller reconciles one type; this one already has ConfigMap");
}

TEST_F(Builder, OwnsComesAfterReconciles) {
  EXPECT_EQ(refusal([&] { builder().owns<core::ConfigMap>(); }),
            "owns(): call reconciles<T>() first");
}

TEST_F(Builder, CompleteComesAfterReconciles) {
  EXPECT_EQ(refusal([&] { builder().complete<Idle>(); }), "complete(): call reconciles<T>() first");
}

TEST_F(Builder, NamesAreUniqueInAManager) {
  EXPECT_EQ(refusal([&] { builder().reconciles<core::ConfigMap>().complete<Idle>(); }), "");
  EXPECT_EQ(refusal([&] { builder().reconciles<core::ConfigMap>().complete<Idle>(); }),
            "two controllers are called \"configmap\"; give one of them another name with named()");
  EXPECT_EQ(
      refusal([&] { builder().reconciles<core::ConfigMap>().named("second").complete<Idle>(); }),
      "");
}

TEST_F(Builder, AtLeastOneWorker) {
  const auto text = refusal([&] {
    builder().reconciles<core::ConfigMap>().with({.max_concurrent_reconciles = 0}).complete<Idle>();
  });
  EXPECT_THAT(text, HasSubstr("configmap"));
  EXPECT_THAT(text, HasSubstr("max_concurrent_reconciles must be 1 or more"));
}

}  // namespace
}  // namespace windlass
