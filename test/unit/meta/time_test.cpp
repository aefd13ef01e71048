#include <cstdio>

#include <gtest/gtest.h>

#include <windlass/json/table.hpp>
#include <windlass/meta/time.hpp>

namespace {

using windlass::WallTime;
using windlass::meta::MicroTime;
using windlass::meta::Time;
namespace json = windlass::json;
using namespace std::chrono_literals;

struct TimeCase {
  const char* text;
  const char* canonical;
};

TEST(Time, ReadsRfc3339AndWritesUtcSeconds) {
  for (const auto& [text, canonical] : {
           TimeCase{"2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"},
           TimeCase{"2026-01-02T03:04:05.999999999Z", "2026-01-02T03:04:05Z"},
           TimeCase{"2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05Z"},
           TimeCase{"2026-01-01T23:59:59-05:30", "2026-01-02T05:29:59Z"},
           TimeCase{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
           TimeCase{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
           TimeCase{"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
           TimeCase{"1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z"},
           TimeCase{"0001-01-01T00:00:00Z", ""},
       }) {
    const auto time = Time::parse(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(time->to_string(), canonical);
  }
}

TEST(Time, ReadsTheUsualFormAsAnyOther) {
  // days up to the 28th and a plain Z are read by a shorter way
  for (int year = 2; year < 3000; year += 7) {
    for (int month = 1; month <= 12; ++month) {
      for (const int day : {1, 2, 27, 28}) {
        char text[32];
        std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:59", year, month, day, year % 24,
                      year % 60);
        const std::string start(text);
        ASSERT_EQ(Time::parse(start + "Z").value(), Time::parse(start + ".0Z").value()) << start;
      }
    }
  }
}

TEST(Time, RefusesWhatIsNone) {
  for (const char* text :
       {"", "now", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02 03:04:05Z",
        "2026-1-2T03:04:05Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-01-02T24:00:00Z", "2026-01-02T03:60:05Z", "2026-01-02T03:04:60Z",
        "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+2:00", "2026-01-02T03:04:05+02:00Z",
        "2026-01-02T03:04:05Z ", "-026-01-02T03:04:05Z"}) {
    EXPECT_FALSE(Time::parse(text)) << text;
  }
}

TEST(Time, IsNullWhenZero) {
  EXPECT_TRUE(Time().is_zero());
  EXPECT_EQ(json::encode(Time()), "null");
  EXPECT_EQ(json::decode<Time>("null").value(), Time());
  EXPECT_EQ(json::decode<Time>("\"\"").value(), Time());
  EXPECT_EQ(json::encode(Time::parse("2026-01-02T03:04:05Z").value()), "\"2026-01-02T03:04:05Z\"");
  EXPECT_FALSE(json::decode<Time>("5"));
}

TEST(Time, ConvertsFromAndToWallTime) {
  const WallTime wall = WallTime(1767323045s) + 123ms;
  EXPECT_EQ(Time::from(wall).to_string(), "2026-01-02T03:04:05Z");
  EXPECT_EQ(Time::from(wall).wall(), WallTime(1767323045s));
  EXPECT_EQ(Time().wall(), WallTime());
  EXPECT_LE(Time::parse("9999-12-31T23:59:59Z")->wall(), WallTime::max());
  EXPECT_EQ(Time::from(WallTime(-1500ms)).to_string(), "1969-12-31T23:59:58Z");
}

TEST(MicroTime, HasExactlySixDigits) {
  const auto time = MicroTime::parse("2026-01-02T03:04:05.000006Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->to_string(), "2026-01-02T03:04:05.000006Z");
  EXPECT_EQ(MicroTime::from(WallTime(1767323045s) + 1234567ns).to_string(),
            "2026-01-02T03:04:05.001234Z");
  EXPECT_EQ(MicroTime::parse("2026-01-02T03:04:05.500000+01:00")->to_string(),
            "2026-01-02T02:04:05.500000Z");
  EXPECT_EQ(MicroTime::from(WallTime(-1us)).to_string(), "1969-12-31T23:59:59.999999Z");
  for (const char* text : {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.00000Z",
                           "2026-01-02T03:04:05.0000000Z", "2026-01-02T03:04:05.12345xZ"}) {
    EXPECT_FALSE(MicroTime::parse(text)) << text;
  }
  EXPECT_EQ(json::encode(MicroTime()), "null");
  EXPECT_EQ(MicroTime::parse("0001-01-01T00:00:00.000000Z").value(), MicroTime());
}

}  // namespace
