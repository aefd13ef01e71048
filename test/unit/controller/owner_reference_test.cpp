#include <gtest/gtest.h>

#include <windlass/controller/owner_reference.hpp>

namespace windlass::controller {
namespace {

constexpr meta::Resource kDatabase{.group = "example.com",
                                   .version = "v1",
                                   .kind = "Database",
                                   .plural = "databases",
                                   .namespaced = true,
                                   .has_status = true};

meta::OwnerReference reference(const std::string& name, const std::string& uid) {
  meta::ObjectMeta metadata;
  metadata.name = name;
  metadata.uid = uid;
  return controller_reference(kDatabase, metadata);
}

meta::ObjectMeta object(const std::string& namespace_, const std::string& name) {
  meta::ObjectMeta metadata;
  metadata.namespace_ = namespace_;
  metadata.name = name;
  return metadata;
}

TEST(OwnerReference, NamesTheOwnerAsController) {
  const auto made = reference("db", "u1");
  EXPECT_EQ(made.api_version, "example.com/v1");
  EXPECT_EQ(made.kind, "Database");
  EXPECT_EQ(made.name, "db");
  EXPECT_EQ(made.uid, "u1");
  EXPECT_EQ(made.controller, true);
  EXPECT_EQ(made.block_owner_deletion, true);
}

TEST(OwnerReference, IsSetOnce) {
  auto owned = object("ns", "config");
  ASSERT_TRUE(set_controller_reference(owned, reference("db", "u1"), "ns"));
  ASSERT_TRUE(set_controller_reference(owned, reference("db", "u1"), "ns"));
  ASSERT_EQ(owned.owner_references.size(), 1u);
  ASSERT_NE(owned.controller_owner(), nullptr);
  EXPECT_EQ(owned.controller_owner()->uid, "u1");
}

TEST(OwnerReference, StandsBesideAnOwnerThatIsNoController) {
  auto owned = object("ns", "config");
  auto other = reference("other", "u0");
  other.controller = std::nullopt;
  owned.owner_references.push_back(other);
  ASSERT_TRUE(set_controller_reference(owned, reference("db", "u1"), "ns"));
  EXPECT_EQ(owned.owner_references.size(), 2u);
  EXPECT_EQ(owned.controller_owner()->uid, "u1");
}

TEST(OwnerReference, AnotherControllerIsRefused) {
  auto owned = object("ns", "config");
  ASSERT_TRUE(set_controller_reference(owned, reference("first", "u1"), "ns"));
  const auto second = set_controller_reference(owned, reference("second", "u2"), "ns");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::invalid_argument);
  EXPECT_EQ(second.error().message, R"("ns/config" is already controlled by Database "first")");
  EXPECT_EQ(owned.owner_references.size(), 1u);
}

TEST(OwnerReference, AnotherNamespaceIsRefused) {
  auto owned = object("elsewhere", "config");
  const auto set = set_controller_reference(owned, reference("db", "u1"), "ns");
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, Errc::invalid_argument);
  EXPECT_EQ(
      set.error().message,
      R"(Database "ns/db" cannot own "elsewhere/config": owner and object must be in the same namespace)");
  EXPECT_TRUE(owned.owner_references.empty());
  auto cluster_wide = object("", "role");
  EXPECT_FALSE(set_controller_reference(cluster_wide, reference("db", "u1"), "ns"));
}

TEST(OwnerReference, AnOwnerOfTheClusterOwnsAnywhere) {
  auto owned = object("ns", "config");
  EXPECT_TRUE(set_controller_reference(owned, reference("db", "u1"), ""));
  auto cluster_wide = object("", "role");
  EXPECT_TRUE(set_controller_reference(cluster_wide, reference("db", "u1"), ""));
}

TEST(OwnerReference, RefersToGroupAndKindWhateverTheVersion) {
  auto made = reference("db", "u1");
  EXPECT_TRUE(refers_to(made, kDatabase));
  made.api_version = "example.com/v1alpha1";
  EXPECT_TRUE(refers_to(made, kDatabase));
  made.api_version = "example.org/v1";
  EXPECT_FALSE(refers_to(made, kDatabase));
  made.api_version = "v1";
  EXPECT_FALSE(refers_to(made, kDatabase));
  made = reference("db", "u1");
  made.kind = "Cluster";
  EXPECT_FALSE(refers_to(made, kDatabase));
  meta::Resource core = kDatabase;
  core.group = "";
  made = reference("db", "u1");
  EXPECT_FALSE(refers_to(made, core));
  made.api_version = "v1";
  EXPECT_TRUE(refers_to(made, core));
}

}  // namespace
}  // namespace windlass::controller
