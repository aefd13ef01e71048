#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <windlass/type/box.hpp>
#include <windlass/type/flat_map.hpp>

using windlass::Box;
using windlass::FlatMap;
using Map = FlatMap<std::string, int>;

TEST(FlatMap, KeepsKeysInOrderHoweverTheyAreInserted) {
  Map map;
  map["c"] = 3;
  map["a"] = 1;
  map.emplace("b", 2);
  map.insert({"a", 9});
  std::string keys;
  for (const auto& [key, value] : map) keys += key + std::to_string(value);
  EXPECT_EQ(keys, "a1b2c3");
}

TEST(FlatMap, TakesTheLastOfEqualKeysWhenMadeFromAList) {
  const Map map{{"b", 1}, {"a", 2}, {"b", 3}, {"a", 4}, {"a", 5}};
  EXPECT_EQ(map, (Map{{"a", 5}, {"b", 3}}));
  EXPECT_EQ(map.size(), 2u);
}

TEST(FlatMap, FindsByStringViewWithoutMakingAString) {
  const Map map{{"a", 1}};
  EXPECT_EQ(map.find(std::string_view("a"))->second, 1);
  EXPECT_EQ(map.find(std::string_view("b")), map.end());
  EXPECT_TRUE(map.contains("a"));
  EXPECT_EQ(*map.get("a"), 1);
  EXPECT_EQ(map.get("z"), nullptr);
  EXPECT_EQ(map.at("a"), 1);
  EXPECT_THROW(static_cast<void>(map.at("z")), std::out_of_range);
}

TEST(FlatMap, ErasesByKeyAndByPosition) {
  Map map{{"a", 1}, {"b", 2}, {"c", 3}};
  EXPECT_EQ(map.erase("b"), 1u);
  EXPECT_EQ(map.erase("b"), 0u);
  map.erase(map.begin());
  EXPECT_EQ(map, (Map{{"c", 3}}));
}

TEST(FlatMap, AssignsOverAnExistingKeyOnlyWhenAskedTo) {
  Map map{{"a", 1}};
  EXPECT_FALSE(map.emplace("a", 2).second);
  EXPECT_EQ(map.at("a"), 1);
  EXPECT_FALSE(map.insert_or_assign("a", 3).second);
  EXPECT_EQ(map.at("a"), 3);
  EXPECT_TRUE(map.insert_or_assign("b", 4).second);
}

TEST(FlatMap, NormalisesManyUnsortedEntries) {
  Map map;
  for (int i = 0; i < 1000; ++i) map.append_unsorted(std::to_string((i * 7919) % 500)) = i;
  map.normalise();
  ASSERT_EQ(map.size(), 500u);
  for (auto it = map.begin(); std::next(it) != map.end(); ++it) {
    ASSERT_LT(it->first, std::next(it)->first);
  }
  for (const auto& [key, value] : map) ASSERT_GE(value, 500);  // the second round won
}

TEST(FlatMap, CopiesAndMovesLikeAValue) {
  Map map{{"a", 1}};
  Map copy = map;
  copy["a"] = 2;
  EXPECT_EQ(map.at("a"), 1);
  const Map moved = std::move(copy);
  EXPECT_EQ(moved.at("a"), 2);
}

TEST(Box, ComparesAndCopiesItsContent) {
  Box<std::string> a{std::string("x")};
  Box<std::string> b = a;
  EXPECT_EQ(a, b);
  *b = "y";
  EXPECT_FALSE(a == b);
  b.reset();
  EXPECT_FALSE(b);
  EXPECT_FALSE(a == b);
  EXPECT_EQ(b.ensure(), "");
}
