// Made by windlass from tricky.yaml; do not edit.
// What goes to the other version comes back as it was.
#include <shop/v1alpha1/http_widget_conversion.hpp>

#include <gtest/gtest.h>

#include <windlass/json/schema.hpp>

namespace shop::api::v1alpha1 {
namespace {

TEST(HTTPWidgetConversionV1alpha1, NothingIsLostOnTheWayToTheHubAndBack) {
  windlass::SeededRandom random(1);
  for (int i = 0; i < 300; ++i) {
    const auto spoke = windlass::json::sample<HTTPWidgetConversion::Spoke>(random).value();
    const auto hub = windlass::meta::to_hub<HTTPWidgetConversion>(spoke);
    ASSERT_EQ(windlass::meta::from_hub<HTTPWidgetConversion>(hub), spoke)
        << windlass::json::encode(spoke);
  }
}

TEST(HTTPWidgetConversionV1alpha1, NothingIsLostOnTheWayFromTheHubAndBack) {
  windlass::SeededRandom random(2);
  for (int i = 0; i < 300; ++i) {
    const auto hub = windlass::json::sample<HTTPWidgetConversion::Hub>(random).value();
    const auto spoke = windlass::meta::from_hub<HTTPWidgetConversion>(hub);
    ASSERT_EQ(windlass::meta::to_hub<HTTPWidgetConversion>(spoke), hub) << windlass::json::encode(hub);
  }
}

}  // namespace
}  // namespace shop::api::v1alpha1
