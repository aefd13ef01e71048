// The compact form of Kubernetes' own types: random objects there and back again.

#include <gtest/gtest.h>

#include <windlass/api/apps_v1.hpp>
#include <windlass/api/core_v1.hpp>
#include <windlass/base/random.hpp>
#include <windlass/json/compact.hpp>
#include <windlass/json/schema.hpp>

namespace {

namespace apps = windlass::api::apps::v1;
namespace core = windlass::api::core::v1;
namespace json = windlass::json;

// no Event: random ones have times without the six digits that an Event demands
template <class T>
class CompactTypes : public testing::Test {};
using Types =
    testing::Types<core::Pod, core::Service, core::ConfigMap, core::Secret, core::Node,
                   core::PersistentVolume, core::PersistentVolumeClaim, core::Endpoints,
                   core::Namespace, core::ServiceAccount, core::ResourceQuota, core::LimitRange,
                   core::ReplicationController, core::PodTemplate, apps::Deployment,
                   apps::StatefulSet, apps::DaemonSet, apps::ReplicaSet, apps::ControllerRevision>;
TYPED_TEST_SUITE(CompactTypes, Types);

TYPED_TEST(CompactTypes, KeepRandomObjects) {
  windlass::SeededRandom random(20);
  std::size_t compact_bytes = 0;
  std::size_t text_bytes = 0;
  for (int i = 0; i < 60; ++i) {
    const double how_full = 0.1 + 0.8 * random.uniform();
    const auto sampled =
        json::sample<TypeParam>(random, {.optional = how_full, .max_elements = 4, .budget = 1500});
    ASSERT_TRUE(sampled) << sampled.error().message;
    const auto bytes = json::compact(*sampled);
    const auto again = json::expand<TypeParam>(bytes);
    ASSERT_TRUE(again) << again.error().message;
    const std::string text = json::encode(*sampled);
    EXPECT_EQ(json::encode(*again), text);
    EXPECT_TRUE(*again == *sampled) << text;
    compact_bytes += bytes.size();
    text_bytes += text.size();
  }
  EXPECT_LT(compact_bytes, text_bytes * 7 / 10);  // random letters do not get smaller
}

}  // namespace
