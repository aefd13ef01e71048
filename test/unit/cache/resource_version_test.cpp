#include <gtest/gtest.h>

#include <windlass/cache/resource_version.hpp>

namespace windlass::cache {
namespace {

TEST(ResourceVersion, ComparesIntegersOfAnyLength) {
  EXPECT_EQ(compare_resource_versions("9", "10"), std::strong_ordering::less);
  EXPECT_EQ(compare_resource_versions("99999999999999999999999", "100000000000000000000000"),
            std::strong_ordering::less);
  EXPECT_EQ(compare_resource_versions("12", "12"), std::strong_ordering::equal);
  EXPECT_EQ(compare_resource_versions("21", "12"), std::strong_ordering::greater);
}

TEST(ResourceVersion, RefusesWhatIsNoVersion) {
  for (const auto* text : {"", "0", "012", "1a", "-1"}) {
    EXPECT_FALSE(compare_resource_versions(text, "5")) << text;
    EXPECT_TRUE(reached(text, "5")) << "waiting for ever is worse than a stale read: " << text;
  }
}

}  // namespace
}  // namespace windlass::cache
