#include "scaffold/builtin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass::scaffold {
namespace {

using ::testing::HasSubstr;

ProjectResource resource(std::string group, std::string version, std::string kind) {
  return {.group = std::move(group),
          .version = std::move(version),
          .kind = std::move(kind),
          .own = false};
}

TEST(Builtin, KnowsPluralAndScope) {
  auto deployment = resource("apps", "v1", "Deployment");
  ASSERT_TRUE(find_builtin(deployment));
  EXPECT_EQ(deployment.plural, "deployments");
  EXPECT_TRUE(deployment.namespaced);
  auto node = resource("", "v1", "Node");
  ASSERT_TRUE(find_builtin(node));
  EXPECT_EQ(node.plural, "nodes");
  EXPECT_FALSE(node.namespaced);
  auto endpoints = resource("", "v1", "Endpoints");
  ASSERT_TRUE(find_builtin(endpoints));
  EXPECT_EQ(endpoints.plural, "endpoints");
}

TEST(Builtin, NamesTheOneThatWasMeant) {
  auto wrong = resource("", "v1", "deployment");
  EXPECT_THAT(find_builtin(wrong).error().message,
              HasSubstr("did you mean --group apps --version v1 --kind Deployment?"));
  auto unknown = resource("cert-manager.io", "v1", "Certificate");
  EXPECT_THAT(find_builtin(unknown).error().message, HasSubstr("--crd FILE"));
}

}  // namespace
}  // namespace windlass::scaffold
