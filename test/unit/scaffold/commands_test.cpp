// The commands as they are typed, in a folder of their own.

#include "scaffold/commands.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <windlass/codegen/input.hpp>

#include "scaffold/generate_manifests.hpp"
#include "scaffold/package.hpp"

namespace windlass::scaffold {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Commands : public ::testing::Test {
 protected:
  Commands() : root(fs::temp_directory_path() / ("windlass_commands_" + std::to_string(getpid()))) {
    fs::remove_all(root);
    fs::create_directories(root);
  }
  ~Commands() override { fs::remove_all(root); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
  std::string read(const std::string& path) {
    const auto text = codegen::read_text(root / path);
    return text ? *text : "none";
  }
  /// The exit code; what it printed goes to `said`.
  int run(std::vector<std::string> words) {
    CLI::App app("", "windlass");
    std::function<int()> chosen;
    add_commands(app, chosen);
    add_generate_manifests(*app.add_subcommand("generate"), chosen);
    words.insert(words.end(), {"-C", (root / "shop").string()});
    std::reverse(words.begin(), words.end());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    int code = 2;
    try {
      app.parse(std::move(words));
      code = chosen();
    } catch (const CLI::ParseError&) {
    }
    said = ::testing::internal::GetCapturedStdout() + ::testing::internal::GetCapturedStderr();
    return code;
  }
  fs::path root;
  std::string said;
};

std::string crd(const std::string& group, const std::string& kind, const std::string& plural) {
  return "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
         "metadata: {name: " +
         plural + "." + group + "}\nspec:\n  group: " + group + "\n  names: {kind: " + kind +
         ", plural: " + plural +
         "}\n  scope: Namespaced\n"
         "  versions: [{name: v1, served: true, storage: true}]\n";
}

TEST_F(Commands, AnEmptyFileIsAFile) {
  ASSERT_EQ(run({"init", "--domain", "example.com"}), 0) << said;
  write("shop/config/rbac/extra_rules.yaml", "");
  EXPECT_EQ(run({"upgrade"}), 0) << said;
  EXPECT_EQ(read("shop/config/rbac/extra_rules.yaml"), "") << "yours stays";
}

TEST_F(Commands, CopiesOfCrdsDoNotOverwriteEachOther) {
  ASSERT_EQ(run({"init", "--domain", "example.com"}), 0) << said;
  const auto certificate = crd("cert.example.org", "Certificate", "certificates");
  write("a/crd.yaml", certificate);
  write("b/crd.yaml", crd("dns.example.org", "Zone", "zones"));
  write("c/crd.yml", crd("mail.example.org", "Mailbox", "mailboxes"));
  for (const auto* file : {"a/crd.yaml", "b/crd.yaml", "c/crd.yml"})
    ASSERT_EQ(run({"create", "controller", "--crd", (root / file).string()}), 0) << said;
  EXPECT_EQ(read("shop/config/external/cert.example.org_certificates.yaml"), certificate);
  EXPECT_EQ(read("shop/config/external/dns.example.org_zones.yaml"),
            crd("dns.example.org", "Zone", "zones"));
  EXPECT_THAT(read("shop/config/external/mail.example.org_mailboxes.yaml"), HasSubstr("Mailbox"));

  // again, with a newer one: the same place
  write("new.yaml", certificate + "# newer\n");
  ASSERT_EQ(run({"create", "controller", "--crd", (root / "new.yaml").string()}), 0) << said;
  EXPECT_EQ(read("shop/config/external/cert.example.org_certificates.yaml"),
            certificate + "# newer\n");
}

TEST_F(Commands, KindsOfOneFileShareItsCopy) {
  ASSERT_EQ(run({"init", "--domain", "example.com"}), 0) << said;
  write("all.yaml",
        crd("g.example.org", "One", "ones") + "---\n" + crd("g.example.org", "Two", "twos"));
  for (const auto* kind : {"One", "Two"}) {
    ASSERT_EQ(run({"create", "controller", "--crd", (root / "all.yaml").string(), "--kind", kind}),
              0)
        << said;
  }
  EXPECT_TRUE(fs::exists(root / "shop/config/external/g.example.org_ones.yaml"));
  EXPECT_FALSE(fs::exists(root / "shop/config/external/g.example.org_twos.yaml"))
      << "its types would be made twice";
}

TEST_F(Commands, ARecordingCanBeReadForOneUser) {
  ASSERT_EQ(run({"init", "--domain", "example.com"}), 0) << said;
  write("description.json", R"({"uses":[{"group":"","plural":"pods","use":"watch"}]})");
  write(
      "requests.jsonl",
      "{\"user\":\"operator\",\"verb\":\"watch\",\"path\":\"/api/v1/pods\",\"query\":\"watch=1\"}\n"
      "{\"user\":\"admin\",\"verb\":\"delete\",\"path\":\"/api/v1/namespaces/x/pods/y\"}\n");
  const std::vector<std::string> words{"generate",
                                       "manifests",
                                       "--no-build",
                                       "--description",
                                       root / "description.json",
                                       "--from-recording",
                                       root / "requests.jsonl"};
  EXPECT_EQ(run(words), 1);
  EXPECT_THAT(said, HasSubstr("missing  delete   pods"));
  auto of_one = words;
  of_one.insert(of_one.end(), {"--user", "operator"});
  EXPECT_EQ(run(of_one), 0) << said;
  EXPECT_EQ(run({"generate", "manifests", "--user", "operator"}), 2) << "of which requests?";
}

/// Puts a folder before PATH until it goes.
class PathWith {
 public:
  explicit PathWith(const fs::path& folder) : before_(std::getenv("PATH")) {
    ::setenv("PATH", (folder.string() + ":" + before_).c_str(), 1);
  }
  ~PathWith() { ::setenv("PATH", before_.c_str(), 1); }
  PathWith(const PathWith&) = delete;
  PathWith& operator=(const PathWith&) = delete;

 private:
  std::string before_;
};

TEST_F(Commands, PackagesLoseWhatIsGone) {
  ASSERT_EQ(run({"init", "--domain", "example.com"}), 0) << said;
  write("description.json", R"({"uses":[]})");
  write("bin/kubectl", "#!/bin/sh\ncat '" + (root / "manifests.yaml").string() + "'\n");
  fs::permissions(root / "bin/kubectl", fs::perms::owner_all);
  const PathWith path(root / "bin");
  const std::string deployment =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: m, namespace: shop}\nspec:\n"
      "  template: {spec: {containers: [{name: manager, image: m}]}}\n";
  const std::vector<std::string> words{
      "generate", "manifests", "--no-build", "--description", root / "description.json",
      "--helm",   "--bundle"};
  write("manifests.yaml", deployment + "---\n" + crd("g.example.org", "One", "ones") +
                              "---\napiVersion: v1\nkind: Service\n"
                              "metadata: {name: gone, namespace: shop}\n");
  ASSERT_EQ(run(words), 0) << said;
  const char* const made[] = {
      "shop/dist/chart/templates/service-gone.yaml", "shop/dist/chart/crds/ones.g.example.org.yaml",
      "shop/bundle/manifests/ones.g.example.org_customresourcedefinition.yaml"};
  for (const auto* file : made) EXPECT_TRUE(read(file).starts_with(kPackageMark)) << file;
  write("shop/dist/chart/templates/mine.yaml", "kind: Secret\n");

  write("manifests.yaml", deployment);
  auto check = words;
  check.emplace_back("--check");
  ASSERT_EQ(run(words), 0) << said;
  for (const auto* file : made) EXPECT_FALSE(fs::exists(root / file)) << file;
  EXPECT_EQ(read("shop/dist/chart/templates/mine.yaml"), "kind: Secret\n");
  EXPECT_EQ(run(check), 0) << said;
  write(made[0], kPackageMark);
  EXPECT_EQ(run(check), 1);
  EXPECT_THAT(said, HasSubstr("service-gone.yaml"));
  EXPECT_TRUE(fs::exists(root / made[0])) << "--check writes nothing";
}

}  // namespace
}  // namespace windlass::scaffold
