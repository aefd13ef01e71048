#include "instance/server_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postgres {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kVerifier = "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy";

TEST(PostgresqlConf, lets_what_the_operator_owns_win) {
  ServerPlace place;
  place.cluster_name = "default/shop";
  const Settings settings{
      "shop", "seller", {{"work_mem", "8MB"}, {"ssl", "off"}, {"my.quote", "it's \\"}}};
  const auto text = render_postgresql_conf(place, settings);
  EXPECT_THAT(text, HasSubstr("work_mem = '8MB'\n"));
  EXPECT_THAT(text, HasSubstr("my.quote = 'it''s \\\\'\n"));
  EXPECT_THAT(text, HasSubstr("ssl = 'on'\n"));
  EXPECT_THAT(text, Not(HasSubstr("ssl = 'off'")));
  EXPECT_LT(text.find("work_mem"), text.find("listen_addresses"));
}

TEST(PgHba, lets_clients_in_with_tls_and_scram_only) {
  const auto text = render_pg_hba_conf();
  EXPECT_THAT(text, HasSubstr("hostssl all all all scram-sha-256"));
  EXPECT_THAT(text, Not(HasSubstr("hostnossl")));
  EXPECT_LT(text.find("host all postgres all reject"), text.find("hostssl"));
}

TEST(SetupScript, refuses_what_is_no_verifier) {
  EXPECT_FALSE(setup_script({"shop", "seller", {}}, "secret"));
  EXPECT_FALSE(setup_script({"sh'op", "seller", {}}, kVerifier));
  EXPECT_TRUE(setup_script({"shop", "seller", {}}, kVerifier));
}

TEST(Sessions, of_our_own_obey_no_parameter_of_the_user_and_log_nothing) {
  const auto variables = child_environment("/bin");
  const auto options = std::find_if(variables.begin(), variables.end(),
                                    [](const auto& v) { return v.starts_with("PGOPTIONS="); });
  ASSERT_NE(options, variables.end());
  for (const auto* setting :
       {"search_path=pg_catalog", "log_statement=none", "debug_print_parse=off",
        "log_min_error_statement=panic", "statement_timeout=0", "default_transaction_read_only=off",
        "lc_messages=C"})
    EXPECT_THAT(*options, HasSubstr(std::string("-c ") + setting)) << setting;
}

TEST(Examination, tells_wrong_values_from_those_that_need_a_restart) {
  const auto found = parse_examination(
      "error\tmax_connections\tsetting could not be applied\n"
      "error\twork_mem\tsetting could not be applied\n"
      "error\tnonsense\tunrecognized configuration parameter \"nonsense\"\n"
      "error\t\tparameter \"shared_buffers\" cannot be changed without restarting the server\n"
      "restart\tmax_connections\t\n"
      "restart\tshared_buffers\t\n");
  EXPECT_THAT(found.restart, ElementsAre("max_connections", "shared_buffers"));
  ASSERT_EQ(found.invalid.size(), 2u);
  EXPECT_THAT(found.invalid[0], HasSubstr("work_mem"));
  EXPECT_THAT(found.invalid[1], HasSubstr("nonsense"));
}

TEST(Version, is_read_from_what_postgres_says) {
  EXPECT_EQ(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n")->full, "15.18");
  EXPECT_EQ(parse_version("postgres (PostgreSQL) 18beta1\n")->major, 18);
  EXPECT_FALSE(parse_version("postgres (PostgreSQL) 9.6.1"));
  EXPECT_FALSE(parse_version(""));
}

TEST(Failure, is_explained_by_the_last_errors_of_the_log) {
  EXPECT_EQ(explain_failure(
                "2026 [1] LOG:  starting\n2026 [1] FATAL:  could not bind\n2026 [1] LOG:  ended\n"),
            "FATAL:  could not bind");
  EXPECT_EQ(explain_failure("just this\n"), "just this");
  EXPECT_TRUE(says_disk_full("PANIC: could not write: No space left on device"));
  EXPECT_FALSE(says_disk_full("all is well"));
}

}  // namespace
}  // namespace postgres
