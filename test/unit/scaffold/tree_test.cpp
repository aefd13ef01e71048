#include "scaffold/tree.hpp"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace windlass::scaffold {
namespace {

namespace fs = std::filesystem;

Change only(const Files& wanted, const Files& base, const Files& present) {
  const auto changes = plan(wanted, base, present);
  EXPECT_EQ(changes.size(), 1u);
  return changes.empty() ? Change{} : changes.front();
}

TEST(Plan, WhatBecomesOfAFile) {
  const std::optional<std::string> no;
  struct Case {
    std::optional<std::string> wanted, base, present;
    Outcome outcome;
    std::string content;
  };
  for (const auto& [wanted, base, present, outcome, content] : {
           Case{"new", no, no, Outcome::created, "new"},
           Case{"new", no, "new", Outcome::unchanged, ""},
           Case{"new", no, "mine", Outcome::kept, ""},
           Case{"new", "old", "old", Outcome::updated, "new"},
           Case{"old", "old", "mine", Outcome::unchanged, ""},
           Case{"new", "old", "new", Outcome::unchanged, ""},
           Case{"new", "old", no, Outcome::deleted, ""},
           Case{"old", "old", no, Outcome::unchanged, ""},
           Case{"a\nb\nc\nnew\n", "a\nb\nc\n", "mine\nb\nc\n", Outcome::merged,
                "mine\nb\nc\nnew\n"},
           Case{"new\n", "old\n", "mine\n", Outcome::conflict,
                "<<<<<<< yours\nmine\n=======\nnew\n>>>>>>> windlass\n"},
           Case{no, "old", "old", Outcome::removed, ""},
           Case{no, "old", "mine", Outcome::abandoned, ""},
           Case{no, "old", no, Outcome::unchanged, ""},
       }) {
    const auto files = [](const std::optional<std::string>& text) {
      return text ? Files{{"f", *text}} : Files{};
    };
    const auto change = only(files(wanted), files(base), files(present));
    EXPECT_EQ(to_string(change.outcome), to_string(outcome))
        << wanted.value_or("-") << base.value_or("-") << present.value_or("-");
    EXPECT_EQ(change.content, content);
  }
}

class Folder : public ::testing::Test {
 protected:
  Folder() : root(fs::temp_directory_path() / ("windlass_tree_" + std::to_string(::getpid()))) {
    fs::create_directories(root);
  }
  ~Folder() override { fs::remove_all(root); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
  std::string read(const std::string& path) {
    std::ifstream in(root / path);
    if (!in) return "none";
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  std::vector<Change> bring_to(const Files& wanted) {
    const auto base = read_base(root).value();
    const auto present = read_present(root, {&wanted, &base}).value();
    auto changes = plan(wanted, base, present);
    carry_out(root, changes, wanted).value();
    return changes;
  }
  fs::path root;
};

TEST_F(Folder, FollowsTheScaffoldAndKeepsWhatPeopleWrote) {
  write("README", "mine from before\n");
  bring_to({{"README", "theirs\n"}, {"src/a", "1\n2\n3\n"}, {"run.sh", "#!/bin/sh\n"}});
  EXPECT_EQ(read("README"), "mine from before\n");
  EXPECT_EQ(read("src/a"), "1\n2\n3\n");
  EXPECT_NE(fs::status(root / "run.sh").permissions() & fs::perms::owner_exec, fs::perms::none);

  write("src/a", "one\n2\n3\n");
  bring_to({{"README", "theirs\n"}, {"src/a", "1\n2\n3\n4\n"}, {"run.sh", "#!/bin/sh\n"}});
  EXPECT_EQ(read("src/a"), "one\n2\n3\n4\n");
  EXPECT_EQ(read("README"), "mine from before\n");
}

TEST_F(Folder, AConflictCanBeSolvedAndIsOverThen) {
  bring_to({{"a", "1\n"}});
  write("a", "mine\n");
  auto changes = bring_to({{"a", "2\n"}});
  EXPECT_EQ(changes.front().outcome, Outcome::conflict);
  EXPECT_EQ(read("a"), "mine\n");
  EXPECT_THAT(read("a.windlass-new"), ::testing::HasSubstr("mine\n=======\n2\n"));

  changes = bring_to({{"a", "2\n"}});
  EXPECT_EQ(changes.front().outcome, Outcome::conflict) << "it does not go away by itself";
  write("a", "2\n");
  changes = bring_to({{"a", "2\n"}});
  EXPECT_EQ(changes.front().outcome, Outcome::unchanged);
  write("a", "2\nmine\n");
  bring_to({{"a", "0\n2\n"}});
  EXPECT_EQ(read("a"), "0\n2\nmine\n");
}

TEST_F(Folder, TheSameAgainChangesNothing) {
  const Files files{{"a", "1\n"}, {"b/c", "2\n"}};
  bring_to(files);
  const auto time = fs::last_write_time(root / "a");
  for (const auto& change : bring_to(files))
    EXPECT_EQ(change.outcome, Outcome::unchanged) << change.path;
  EXPECT_EQ(fs::last_write_time(root / "a"), time);
}

}  // namespace
}  // namespace windlass::scaffold
