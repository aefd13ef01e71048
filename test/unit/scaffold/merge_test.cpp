#include "scaffold/merge.hpp"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace windlass::scaffold {
namespace {

Merged merged(std::string_view base, std::string_view mine, std::string_view theirs) {
  return merge(base, mine, theirs, "yours", "new");
}

TEST(Merge, TakesWhatOneSideChanged) {
  EXPECT_EQ(merged("a\nb\nc\n", "a\nb\nc\n", "a\nB\nc\n").text, "a\nB\nc\n");
  EXPECT_EQ(merged("a\nb\nc\n", "a\nB\nc\n", "a\nb\nc\n").text, "a\nB\nc\n");
}

TEST(Merge, TakesChangesOfBothInDifferentPlaces) {
  const auto result = merged("a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "a\nb\nc\nd\ne\nf\n");
  EXPECT_EQ(result.text, "A\nb\nc\nd\ne\nf\n");
  EXPECT_EQ(result.conflicts, 0);
  EXPECT_EQ(merged("a\nb\nc\nd\n", "a\nc\nd\n", "a\nb\nc\nx\nd\n").text, "a\nc\nx\nd\n");
}

TEST(Merge, TheSameChangeTwiceIsNoConflict) {
  const auto result = merged("a\nb\nc\n", "a\nx\nc\n", "a\nx\nc\n");
  EXPECT_EQ(result.text, "a\nx\nc\n");
  EXPECT_EQ(result.conflicts, 0);
}

TEST(Merge, DifferentChangesOfOneLineConflict) {
  const auto result = merged("a\nb\nc\n", "a\nmine\nc\n", "a\ntheirs\nc\n");
  EXPECT_EQ(result.conflicts, 1);
  EXPECT_EQ(result.text, "a\n<<<<<<< yours\nmine\n=======\ntheirs\n>>>>>>> new\nc\n");
}

TEST(Merge, ALastLineWithoutItsEnd) {
  EXPECT_EQ(merged("a\nb", "a\nb", "a\nc").text, "a\nc");
  EXPECT_EQ(merged("a\nb", "a\nx", "a\nc").text, "a\n<<<<<<< yours\nx\n=======\nc\n>>>>>>> new\n");
  EXPECT_EQ(merged("", "x\n", "").text, "x\n");
  EXPECT_EQ(merged("x\n", "", "x\n").text, "");
}

/// Changes lines of `base` whose numbers leave `remainder` when divided by four.
std::string changed(const std::vector<std::string>& base, int remainder, std::mt19937& random) {
  std::string out;
  for (std::size_t i = 0; i < base.size(); ++i) {
    if (static_cast<int>(i % 4) != remainder) {
      out += base[i];
      continue;
    }
    switch (random() % 4) {
      case 0:
        break;
      case 1:
        out += base[i] + "inserted" + std::to_string(remainder) + "\n";
        break;
      case 2:
        out += "changed" + std::to_string(remainder) + "\n";
        break;
      default:
        out += base[i];
    }
  }
  return out;
}

TEST(Merge, ChangesThatLieApartNeverConflictAndBothArrive) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> lines;
    std::string base;
    for (int i = 0; i < 40; ++i) {
      lines.push_back("line " + std::to_string(i) + "\n");
      base += lines.back();
    }
    const auto mine = changed(lines, 0, random);
    const auto theirs = changed(lines, 2, random);
    const auto one = merged(base, mine, theirs);
    const auto other = merged(base, theirs, mine);
    ASSERT_EQ(one.conflicts, 0) << mine << "----\n" << theirs;
    ASSERT_EQ(one.text, other.text);
    ASSERT_EQ(merged(mine, one.text, mine).text, one.text);
    const auto count = [](const std::string& text, std::string_view word) {
      int found = 0;
      for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
        ++found;
      return found;
    };
    ASSERT_EQ(count(one.text, "inserted0"), count(mine, "inserted0"));
    ASSERT_EQ(count(one.text, "changed2"), count(theirs, "changed2"));
  }
}

}  // namespace
}  // namespace windlass::scaffold
