#include <gtest/gtest.h>

#include <windlass/meta/duration.hpp>

namespace windlass::meta {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsGoAndWords) {
  struct Case {
    const char* text;
    std::chrono::nanoseconds length;
  };
  const Case cases[] = {{"0", 0s},
                        {"30s", 30s},
                        {"1h30m", 90min},
                        {"1.5h", 90min},
                        {"-2m", -2min},
                        {"100ns", 100ns},
                        {"5us", 5us},
                        {"5\u00b5s", 5us},
                        {"1m0.5s", 60500ms},
                        {"3 days", 72h},
                        {"2 w", 336h},
                        {"7 Hours", 7h},
                        {"+1ms", 1ms},
                        {".5s", 500ms},
                        {"5 s", 5s},
                        {"1h 30m", 90min},
                        {"1 day 2 hours", 26h},
                        {" 2 mins 1 x ", 2min},
                        {"3 Hr", 3h},
                        {"10000000h", std::chrono::nanoseconds::max()},
                        {"300 years 1 s", 1s}};
  for (const auto& [text, length] : cases) {
    const auto duration = Duration::parse(text);
    ASSERT_TRUE(duration) << text;
    EXPECT_EQ(duration->length(), length) << text;
    EXPECT_EQ(duration->to_string(), text);
  }
}

TEST(Duration, RefusesTheRest) {
  for (const char* text :
       {"", "1", "s", "1x", "--1s", ".s", "300 years", "1.5 days", "99999999999999999999 s"}) {
    const auto duration = Duration::parse(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_NE(duration.error().message.find("such as 30s"), std::string::npos);
  }
}

TEST(Duration, IsWrittenAsGoDoes) {
  struct Case {
    std::chrono::nanoseconds length;
    const char* text;
  };
  const Case cases[] = {{0s, "0s"},
                        {90min, "1h30m0s"},
                        {2min, "2m0s"},
                        {1500ms, "1.5s"},
                        {-1500us, "-1.5ms"},
                        {42ns, "42ns"},
                        {1001ns, "1.001\u00b5s"},
                        {std::chrono::nanoseconds::min(), "-2562047h47m16.854775808s"}};
  for (const auto& [length, text] : cases) EXPECT_EQ(Duration(length).to_string(), text);
  EXPECT_EQ(Duration(90s), Duration::parse("1m30s").value());
  EXPECT_LT(Duration(89s), Duration::parse("1m30s").value());
}

}  // namespace
}  // namespace windlass::meta
