#include "api/contract.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postgres {
namespace {

using testing::HasSubstr;

TEST(Settings, come_back_from_json) {
  const Settings settings{
      "shop", "seller", {{"max_connections", "50"}, {"my.option", "it's \\ here"}}};
  const auto again = settings_from_json(to_json(settings));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, settings);
}

TEST(Settings, that_break_a_rule_are_refused_with_the_name) {
  const auto refused = settings_from_json(
      R"({"database":"shop","owner":"seller","parameters":{"archive_command":"rm"}})");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("archive_command"));
  EXPECT_FALSE(settings_from_json("[]"));
  EXPECT_FALSE(settings_from_json("{"));
  EXPECT_FALSE(settings_from_json(R"({"database":"postgres","owner":"seller"})"));
}

TEST(Report, comes_back_from_json) {
  const Report report{InstanceState::restarting,
                      "DiskFull",
                      "the volume is full",
                      "745",
                      "15.18",
                      "a",
                      "b",
                      {"x", "y"}};
  const auto again = report_from_json(to_json(report));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, report);
  EXPECT_FALSE(report_from_json(R"({"state":"Flying"})"));
}

struct ParameterCase {
  std::string key;
  std::string value;
  bool good;
};

TEST(Parameters, are_checked) {
  const std::vector<ParameterCase> cases = {
      {"work_mem", "16MB", true},
      {"pg_stat_statements.max", "100", true},
      {"shared_preload_libraries", "pg_stat_statements", true},
      {"", "1", false},
      {"Work_Mem", "1", false},
      {"1st", "1", false},
      {"a b", "1", false},
      {"work_mem = 1\nfsync", "off", false},
      {"include", "/etc/passwd", false},
      {"include_dir", "/etc", false},
      {"listen_addresses", "*", false},
      {"fsync", "off", false},
      {"archive_command", "true", false},
      {"work_mem", "1\nfsync = off", false},
      {"work_mem", std::string(1025, 'x'), false},
      {std::string(64, 'a'), "1", false},
  };
  for (const auto& c : cases)
    EXPECT_EQ(check_parameter(c.key, c.value).has_value(), c.good) << c.key;
}

TEST(Names, that_belong_to_the_server_are_refused) {
  EXPECT_TRUE(check_database_name("app"));
  EXPECT_FALSE(check_database_name("template1"));
  EXPECT_FALSE(check_database_name("a\"b"));
  EXPECT_TRUE(check_owner_name("_app9"));
  EXPECT_FALSE(check_owner_name("postgres"));
  EXPECT_FALSE(check_owner_name("pg_monitor"));
  EXPECT_FALSE(check_owner_name(std::string(64, 'a')));
}

TEST(Verifier, has_the_form_that_the_server_stores) {
  EXPECT_TRUE(is_scram_verifier("SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy"));
  EXPECT_FALSE(is_scram_verifier("SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2Vydm'Vy"));
  EXPECT_FALSE(is_scram_verifier("SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk"));
  EXPECT_FALSE(is_scram_verifier("hunter2"));
}

}  // namespace
}  // namespace postgres
