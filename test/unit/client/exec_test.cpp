#include "exec.hpp"

#include <gtest/gtest.h>

namespace windlass::client::detail {
namespace {

constexpr const char* kV1 = "client.authentication.k8s.io/v1";

ExecCredential shell(const std::string& script) {
  return {.command = "/bin/sh",
          .args = {"-c", script},
          .env = {{"FROM_ENTRY", "value"}},
          .api_version = kV1};
}

TEST(CredentialPlugin, GetsArgumentsAndEnvironment) {
  const auto output = run_plugin(shell("printf '%s|%s' \"$FROM_ENTRY\" \"$KUBERNETES_EXEC_INFO\""));
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(
      *output,
      R"(value|{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}})");
}

TEST(CredentialPlugin, HasNoInput) {
  const auto output = run_plugin(shell("cat; echo end"));
  ASSERT_TRUE(output);
  EXPECT_EQ(*output, "end\n");
}

TEST(CredentialPlugin, SaysWhatWentWrong) {
  auto plugin = shell("");
  plugin.command = "no-such-plugin";
  const auto missing = run_plugin(plugin);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_NE(missing.error().message.find("no-such-plugin"), std::string::npos);
  const auto failed = run_plugin(shell("exit 3"));
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("code 3"), std::string::npos) << failed.error().message;
  const auto killed = run_plugin(shell("kill -9 $$"));
  ASSERT_FALSE(killed);
  EXPECT_NE(killed.error().message.find("signal 9"), std::string::npos) << killed.error().message;
}

TEST(CredentialPlugin, StopsAfterAMebibyte) {
  const auto output = run_plugin(shell("head -c 2000000 /dev/zero"));
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, Errc::too_large);
}

Result<IssuedCredential> parsed(const std::string& text) {
  return parse_credential(shell(""), text);
}

TEST(IssuedCredentials, AreRead) {
  const auto issued =
      parsed(R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
    "status":{"token":"t","expirationTimestamp":"2026-01-01T00:00:10Z"}})");
  ASSERT_TRUE(issued);
  EXPECT_EQ(issued->token, "t");
  EXPECT_EQ(issued->expires, WallTime(std::chrono::seconds(1'767'225'610)));
}

TEST(IssuedCredentials, AreRefusedWithoutRepeatingThem) {
  const std::string head =
      R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential")";
  for (const std::string& text :
       {std::string("no json"), std::string("{}"), head + "}", head + R"(,"status":{}})",
        head + R"(,"status":{"clientCertificateData":"secret"}})",
        head + R"(,"status":{"token":"secret","expirationTimestamp":"soon"}})",
        std::string(R"({"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential",
                       "status":{"token":"secret"}})")}) {
    const auto issued = parsed(text);
    ASSERT_FALSE(issued) << text;
    EXPECT_EQ(issued.error().code, Errc::parse);
    EXPECT_EQ(issued.error().message.find("secret"), std::string::npos) << issued.error().message;
  }
}

}  // namespace
}  // namespace windlass::client::detail
