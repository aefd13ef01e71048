#include "local/sandbox.hpp"

#include <algorithm>

#include <gmock/gmock.h>

namespace windlass::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

struct ImageCase {
  const char* asked;
  const char* found;  ///< null: none
};

TEST(FindImage, ByTheFormsOfAName) {
  const std::vector<ImageRoot> images{
      {.image = "postgres:15"}, {.image = "operator"}, {.image = "team/app"}};
  const std::vector<ImageCase> rows{
      {"postgres:15", "postgres:15"},
      {"library/postgres:15", "postgres:15"},
      {"docker.io/postgres:15", "postgres:15"},
      {"docker.io/library/postgres:15", "postgres:15"},
      {"postgres:15@sha256:abcd", "postgres:15"},
      {"postgres:16", nullptr},
      {"postgres", nullptr},
      {"operator", "operator"},
      {"operator:v1", "operator"},
      {"operator@sha256:abcd", "operator"},
      {"localhost/operator:v1", "operator"},
      {"localhost:5000/operator", "operator"},
      {"registry.example.com:5000/operator:v1", "operator"},
      {"registry.example.com/team/app:2", "team/app"},
      {"team/app", "team/app"},
      {"app", nullptr},
      {"team/operator", nullptr},
      {"", nullptr},
  };
  for (const auto& row : rows) {
    const auto* image = find_image(images, row.asked);
    if (row.found == nullptr) {
      EXPECT_EQ(image, nullptr) << row.asked;
    } else {
      ASSERT_NE(image, nullptr) << row.asked;
      EXPECT_EQ(image->image, row.found) << row.asked;
    }
  }
}

TEST(ExpandVariables, AsInKubernetes) {
  const std::map<std::string, std::string> variables{{"A", "1"}, {"B", "$(A)"}, {"EMPTY", ""}};
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", ""},
      {"plain", "plain"},
      {"$(A)", "1"},
      {"--x=$(A),$(A)", "--x=1,1"},
      {"[$(EMPTY)]", "[]"},
      {"$(UNKNOWN)", "$(UNKNOWN)"},
      {"$(B)", "$(A)"},
      {"$$(A)", "$(A)"},
      {"$$$(A)", "$1"},
      {"$$$$(A)", "$$(A)"},
      {"a$$b", "a$b"},
      {"$A ${A}", "$A ${A}"},
      {"$(A", "$(A"},
      {"$", "$"},
      {"$()", "$()"},
      {"$($(A))", "$($(A))"},
      {"$($(A)-$(A))", "$($(A)-1)"},
      {"$(UNKNOWN$(A))", "$(UNKNOWN$(A))"},
      {"$(A$$B)", "$(A$$B)"},
      {"$($$", "$($"},
  };
  for (const auto& [text, expanded] : rows)
    EXPECT_EQ(expand_variables(text, variables), expanded) << text;
}

class SandboxCommand : public ::testing::Test {
 protected:
  /// Where `words` stand one after the other; the size when they do not.
  static std::size_t position(const std::vector<std::string>& line,
                              const std::vector<std::string>& words) {
    return static_cast<std::size_t>(
        std::search(line.begin(), line.end(), words.begin(), words.end()) - line.begin());
  }
  static bool has(const std::vector<std::string>& line, const std::vector<std::string>& words) {
    return position(line, words) < line.size();
  }

  Sandbox sandbox{.mounts = {{"/host/inner", "/data/inner", true},
                             {"/host/data", "/data", false},
                             {"", "/scratch", false}},
                  .environment = {{"A", "1"}, {"B", "two words"}},
                  .command = {"/bin/server", "--port", "80"},
                  .working_directory = "/data",
                  .hostname = "web-0",
                  .etc = "/host/etc",
                  .read_only_root = false,
                  .uid = 1000,
                  .gid = 2000};
  ImageRoot image{.image = "web", .files = {{"/host/bin/server", "/bin/server"}}};
};

TEST_F(SandboxCommand, IsolatesTheProcess) {
  const auto line = sandbox_command(sandbox, image, 9);
  EXPECT_EQ(line.front(), "/usr/bin/bwrap");
  for (const auto* flag : {"--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
                           "--as-pid-1", "--die-with-parent", "--new-session", "--clearenv"}) {
    EXPECT_THAT(line, Contains(flag));
  }
  EXPECT_TRUE(has(line, {"--info-fd", "9"}));
  EXPECT_TRUE(has(line, {"--uid", "1000", "--gid", "2000"}));
  EXPECT_TRUE(has(line, {"--hostname", "web-0"}));
  EXPECT_TRUE(has(line, {"--ro-bind", "/usr", "/usr"}));
  EXPECT_TRUE(has(line, {"--ro-bind", "/host/etc/resolv.conf", "/etc/resolv.conf"}));
  EXPECT_TRUE(has(line, {"--ro-bind", "/host/bin/server", "/bin/server"}));
}

TEST_F(SandboxCommand, TheCommandComesLast) {
  const auto line = sandbox_command(sandbox, image, 9);
  ASSERT_GE(line.size(), 4u);
  EXPECT_THAT(std::vector<std::string>(line.end() - 4, line.end()),
              ElementsAre("--", "/bin/server", "--port", "80"));
  EXPECT_TRUE(has(line, {"--chdir", "/data"}));
  sandbox.working_directory.clear();
  EXPECT_TRUE(has(sandbox_command(sandbox, image, 9), {"--chdir", "/"}));
}

TEST_F(SandboxCommand, OuterMountsComeBeforeInnerOnes) {
  const auto line = sandbox_command(sandbox, image, 9);
  const auto outer = position(line, {"--bind", "/host/data", "/data"});
  const auto inner = position(line, {"--ro-bind", "/host/inner", "/data/inner"});
  ASSERT_LT(outer, line.size());
  ASSERT_LT(inner, line.size());
  EXPECT_LT(outer, inner);
  EXPECT_TRUE(has(line, {"--tmpfs", "/scratch"}));
}

TEST_F(SandboxCommand, VariablesComeAfterTheCleaning) {
  const auto line = sandbox_command(sandbox, image, 9);
  const auto clean = position(line, {"--clearenv"});
  EXPECT_LT(clean, position(line, {"--setenv", "A", "1"}));
  EXPECT_TRUE(has(line, {"--setenv", "B", "two words"}));
}

TEST_F(SandboxCommand, AReadOnlyRootIsClosedAfterTheMounts) {
  EXPECT_THAT(sandbox_command(sandbox, image, 9), Not(Contains("--remount-ro")));
  sandbox.read_only_root = true;
  const auto line = sandbox_command(sandbox, image, 9);
  const auto closed = position(line, {"--remount-ro", "/"});
  ASSERT_LT(closed, line.size());
  EXPECT_LT(position(line, {"--tmpfs", "/scratch"}), closed);
}

}  // namespace
}  // namespace windlass::testing
