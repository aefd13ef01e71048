#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/api/core_v1.hpp>
#include <windlass/controller/permissions.hpp>
#include <windlass/windlass.hpp>

namespace windlass {
namespace {

namespace core = api::core::v1;

// kinds that no other test of this program uses
class Reads final : public ObjectReconciler<core::ReplicationController> {
  Task<Action> reconcile(Context context, Ref<core::ReplicationController> object) override {
    auto found = co_await context.get<core::LimitRange>({"", "x"});
    core::PodTemplate want;
    co_await context.apply(want);
    co_await context.update_status(*object, object->status);
    co_await context.add_finalizer(*object, "example.com/x");
    context.event(*object, "Normal", "Reason", "note");
    co_return await_change();
  }
};

void set_up(ControllerHost& host) {
  controller_managed_by(host)
      .reconciles<core::ReplicationController>()
      .owns<core::PodTemplate>()
      .complete<Reads>();
}

/// Is in the program, but nobody calls it.
[[maybe_unused]] Task<bool> dead(Context context) { return context.remove(core::Endpoints()); }

std::vector<std::string> uses_of(std::string_view kind) {
  std::vector<std::string> found;
  const auto document = controller::describe_uses();
  for (const auto& use : document["uses"].as_array()) {
    if (use["kind"].string_or("") == kind) found.emplace_back(use["use"].string_or(""));
  }
  return found;
}

TEST(Permissions, CodeThatIsThereLeavesARecordOfWhatItAsksFor) {
  void (*volatile keep)(ControllerHost&) = &set_up;
  ASSERT_NE(keep, nullptr);
  EXPECT_EQ(uses_of("ReplicationController"),
            (std::vector<std::string>{"reconcile", "patch", "updateStatus", "event"}));
  EXPECT_EQ(uses_of("PodTemplate"), (std::vector<std::string>{"watch", "apply"}));
}

TEST(Permissions, ARecordNamesTheResource) {
  const auto document = controller::describe_uses();
  const json::Value* found = nullptr;
  for (const auto& use : document["uses"].as_array()) {
    if (use["kind"].string_or("") == "LimitRange") found = &use;
  }
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(
      json::dump(*found),
      R"({"group":"","kind":"LimitRange","namespaced":true,"plural":"limitranges","use":"get","version":"v1"})");
}

TEST(Permissions, WhatNobodyCallsIsNotThere) { EXPECT_TRUE(uses_of("Endpoints").empty()); }

}  // namespace
}  // namespace windlass
