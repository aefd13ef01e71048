#include <gtest/gtest.h>

#include <windlass/codegen/names.hpp>

namespace windlass::codegen {
namespace {

struct Case {
  const char* input;
  const char* expected;
};

TEST(Names, MembersAreSnakeCaseIdentifiers) {
  const Case cases[] = {
      {"name", "name"},
      {"serviceAccountName", "service_account_name"},
      {"clusterIP", "cluster_ip"},
      {"clusterIPs", "cluster_ips"},
      {"hostIPs", "host_ips"},
      {"podCIDR", "pod_cidr"},
      {"podCIDRs", "pod_cidrs"},
      {"nonResourceURLs", "non_resource_urls"},
      {"targetWWNs", "target_wwns"},
      {"APIServer", "api_server"},
      {"awsElasticBlockStore", "aws_elastic_block_store"},
      {"targetCPUUtilizationPercentage", "target_cpu_utilization_percentage"},
      {"k8sApp", "k8s_app"},
      {"ipv4Address", "ipv4_address"},
      {"fieldsV1", "fields_v1"},
      {"systemUUID", "system_uuid"},
      {"httpGet", "http_get"},
      {"x-kubernetes-map-type", "x_kubernetes_map_type"},
      {"$ref", "ref"},
      {"$schema", "schema"},
      {"4xx", "_4xx"},
      {"already_snake", "already_snake"},
      {"trailing-", "trailing"},
      {"a.b/c", "a_b_c"},
      {"", "empty"},
      {"$", "empty"},
      {"namespace", "namespace_"},
      {"default", "default_"},
      {"operator", "operator_"},
      {"template", "template_"},
      {"enum", "enum_"},
      {"not", "not_"},
      {"continue", "continue_"},
      {"xor_eq", "xor_eq_"},
      {"Namespace", "namespace_"},
      {"errno", "errno_"},
      {"table", "table_"},
      {"größe", "gr_e"},
  };
  for (const auto& [input, expected] : cases) EXPECT_EQ(member_name(input), expected) << input;
}

TEST(Names, TypesArePascalCase) {
  const Case cases[] = {{"storage", "Storage"}, {"podCIDRs", "PodCIDRs"}, {"x-foo.bar", "XFooBar"},
                        {"$ref", "Ref"},        {"4xx", "N4xx"},          {"", "Empty"}};
  for (const auto& [input, expected] : cases) EXPECT_EQ(type_name(input), expected) << input;
}

TEST(Names, EnumeratorsSpellSymbols) {
  const Case cases[] = {{"Retain", "retain"},
                        {"RunAsAny", "run_as_any"},
                        {"", "empty"},
                        {"*", "star"},
                        {"SIGRTMIN+1", "sigrtmin_plus_1"},
                        {"in-between", "in_between"},
                        {"Delete", "delete_"},
                        {"s/mime", "s_mime"},
                        {"1", "_1"}};
  for (const auto& [input, expected] : cases) EXPECT_EQ(enumerator_name(input), expected) << input;
}

TEST(Names, ClashesGetNumbers) {
  const std::vector<std::string> expected = {"a", "b", "a_3", "a_2", "a_4"};
  EXPECT_EQ(unique_names({"a", "b", "a", "a_2", "a"}), expected);
}

TEST(Names, UnitsAreTheFirstLabelAndTheVersion) {
  EXPECT_EQ(unit_name("", "v1"), "core_v1");
  EXPECT_EQ(unit_name("apps", "v1"), "apps_v1");
  EXPECT_EQ(unit_name("rbac.authorization.k8s.io", "v1"), "rbac_v1");
  EXPECT_EQ(group_label("my-group.example.com"), "my_group");
}

TEST(Names, LiteralsAreEscaped) {
  EXPECT_EQ(quoted("plain"), "\"plain\"");
  EXPECT_EQ(quoted("a\"b\\c\nd"), "\"a\\\"b\\\\c\\nd\"");
  EXPECT_EQ(quoted(std::string_view("\x01\x7f", 2)), "\"\\001\\177\"");
  EXPECT_EQ(quoted("?\?="), "\"?\\?=\"");
}

}  // namespace
}  // namespace windlass::codegen
