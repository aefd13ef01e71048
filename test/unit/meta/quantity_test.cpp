#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/json/table.hpp>
#include <windlass/meta/int_or_string.hpp>
#include <windlass/meta/quantity.hpp>

namespace {

using windlass::Errc;
using windlass::meta::IntOrString;
using windlass::meta::Quantity;
namespace json = windlass::json;

Quantity parse(std::string_view text) { return Quantity::parse(text).value(); }

struct Canonical {
  const char* text;
  const char* canonical;
};

// What Go's resource.MustParse(text).String() gives after a round trip.
TEST(Quantity, IsWrittenInCanonicalForm) {
  for (const auto& [text, canonical] : {
           Canonical{"0", "0"},
           Canonical{"-0", "0"},
           Canonical{"0n", "0"},
           Canonical{"0Gi", "0"},
           Canonical{"1", "1"},
           Canonical{"+1", "1"},
           Canonical{"-1", "-1"},
           Canonical{"007", "7"},
           Canonical{"1.", "1"},
           Canonical{".5", "500m"},
           Canonical{"0.5", "500m"},
           Canonical{"100m", "100m"},
           Canonical{"1000m", "1"},
           Canonical{"1500m", "1500m"},
           Canonical{"1.5", "1500m"},
           Canonical{"-1.5", "-1500m"},
           Canonical{"1000", "1k"},
           Canonical{"1100", "1100"},
           Canonical{"10000", "10k"},
           Canonical{"1000k", "1M"},
           Canonical{"1000000000", "1G"},
           Canonical{"1E", "1E"},
           Canonical{"0.001k", "1"},
           Canonical{"1u", "1u"},
           Canonical{"1000n", "1u"},
           Canonical{"123456789n", "123456789n"},
           Canonical{"0.1n", "1n"},
           Canonical{"1.0000000001", "1000000001n"},
           Canonical{"-0.1n", "-1n"},
           Canonical{"1Ki", "1Ki"},
           Canonical{"1024", "1024"},
           Canonical{"1024Ki", "1Mi"},
           Canonical{"1536Mi", "1536Mi"},
           Canonical{"2048Mi", "2Gi"},
           Canonical{"1.5Gi", "1536Mi"},
           Canonical{"1.5Ki", "1536"},
           Canonical{"0.5Ki", "512"},
           Canonical{"0.1Gi", "107374182400m"},
           Canonical{"1025Ki", "1025Ki"},
           Canonical{"0.5Mi", "512Ki"},
           Canonical{"-2Gi", "-2Gi"},
           Canonical{"0.0009765625Ki", "1"},
           Canonical{"1e3", "1e3"},
           Canonical{"1E3", "1e3"},
           Canonical{"12e6", "12e6"},
           Canonical{"1e4", "10e3"},
           Canonical{"1.5e3", "1500"},
           Canonical{"1e-3", "1e-3"},
           Canonical{"1e0", "1"},
           Canonical{"1e+3", "1e3"},
           Canonical{"100e-3", "100e-3"},
           Canonical{"9223372036854775807", "9223372036854775807"},
           Canonical{"9223372036854775808", "9223372036854775807"},
           Canonical{"-9223372036854775808", "-9223372036854775807"},
           Canonical{"10E", "9223372036854775807"},
           Canonical{"1e1000", "9223372036854775807"},
           Canonical{"7Ei", "7Ei"},
           Canonical{"8Ei", "9223372036854775807"},
           Canonical{"1e-1000", "1e-9"},
           Canonical{"9223372036854775.807", "9223372036854775807m"},
           Canonical{"0.000000000000000001Ei", "1152921505n"},
       }) {
    const auto quantity = Quantity::parse(text);
    ASSERT_TRUE(quantity) << text;
    EXPECT_EQ(quantity->to_string(), canonical) << text;
    EXPECT_EQ(parse(quantity->to_string()), *quantity) << text;
  }
}

TEST(Quantity, RefusesWhatIsNone) {
  for (const char* text : {"",    " ",   "+",    "-",   ".",   "m",   "1 ",    " 1",    "1x",
                           "1mm", "1kI", "1K",   "1ki", "1e",  "1e+", "1e+-3", "1e1.5", "1.2.3",
                           "--1", "1-",  "0x10", "1,5", "NaN", "Inf", "1e3Ki"}) {
    const auto quantity = Quantity::parse(text);
    ASSERT_FALSE(quantity) << text;
    EXPECT_EQ(quantity.error().code, Errc::parse);
    EXPECT_THAT(quantity.error().message, testing::HasSubstr("\"500m\""));
  }
  EXPECT_FALSE(Quantity::parse(std::string(5000, '1')));
}

TEST(Quantity, ComparesByValue) {
  EXPECT_EQ(parse("1000m"), parse("1"));
  EXPECT_EQ(parse("1Ki"), parse("1024"));
  EXPECT_EQ(parse("1e3"), parse("1k"));
  EXPECT_LT(parse("999m"), parse("1"));
  EXPECT_LT(parse("-1.5"), parse("-1"));
  EXPECT_LT(parse("-1"), parse("-0.5"));
  EXPECT_GT(parse("1Gi"), parse("1G"));
  EXPECT_LT(parse("9223372036854775806"), parse("9223372036854775807"));
}

TEST(Quantity, AddsExactly) {
  EXPECT_EQ((parse("100m") + parse("0.9")).to_string(), "1");
  EXPECT_EQ((parse("1Gi") + parse("512Mi")).to_string(), "1536Mi");
  EXPECT_EQ((parse("1") - parse("1.5")).to_string(), "-500m");
  EXPECT_EQ((-parse("1.5")).to_string(), "-1500m");
  EXPECT_EQ((parse("0") + parse("1Gi")).to_string(), "1Gi");
  EXPECT_EQ((parse("9223372036854775807") + parse("1")).to_string(), "9223372036854775807");
  Quantity sum;
  for (int i = 0; i < 10; ++i) sum += parse("100m");
  EXPECT_EQ(sum, parse("1"));
}

TEST(Quantity, ConvertsRoundingAwayFromZero) {
  EXPECT_EQ(parse("1500m").value(), 2);
  EXPECT_EQ(parse("-1500m").value(), -2);
  EXPECT_EQ(parse("1m").value(), 1);
  EXPECT_EQ(parse("2Gi").value(), 2147483648);
  EXPECT_EQ(parse("1u").milli_value(), 1);
  EXPECT_EQ(parse("-1.0001").milli_value(), -1001);
  EXPECT_EQ(parse("1.5").milli_value(), 1500);
  EXPECT_EQ(parse("9223372036854775807").milli_value(), INT64_MAX);
  EXPECT_EQ(Quantity::milli(-250).to_string(), "-250m");
  EXPECT_EQ(Quantity::milli(2500), parse("2.5"));
  EXPECT_EQ(Quantity::bytes(2048).to_string(), "2Ki");
  EXPECT_DOUBLE_EQ(parse("-1.25").as_double(), -1.25);
  EXPECT_EQ(parse("-3").sign(), -1);
  EXPECT_EQ(parse("0").sign(), 0);
}

TEST(Quantity, IsAStringInJsonAndMayBeReadFromANumber) {
  EXPECT_EQ(json::encode(parse("1000m")), "\"1\"");
  EXPECT_EQ(json::decode<Quantity>("\"2Gi\"").value(), parse("2Gi"));
  EXPECT_EQ(json::decode<Quantity>("5").value(), parse("5"));
  EXPECT_EQ(json::decode<Quantity>("0.5").value(), parse("500m"));
  EXPECT_FALSE(json::decode<Quantity>("true"));
  EXPECT_FALSE(json::decode<Quantity>("\"\""));
}

TEST(Quantity, IsSmall) { EXPECT_EQ(sizeof(Quantity), 16u); }

TEST(IntOrString, KeepsWhichItWas) {
  EXPECT_EQ(json::encode(json::decode<IntOrString>("80").value()), "80");
  EXPECT_EQ(json::encode(json::decode<IntOrString>("\"80\"").value()), "\"80\"");
  EXPECT_FALSE(IntOrString(80) == IntOrString("80"));
  EXPECT_FALSE(json::decode<IntOrString>("1.5"));
  EXPECT_FALSE(json::decode<IntOrString>("2147483648"));
  EXPECT_FALSE(json::decode<IntOrString>("[]"));
  EXPECT_EQ(IntOrString("http").to_string(), "http");
}

TEST(IntOrString, ScalesPercentages) {
  EXPECT_EQ(IntOrString(3).scaled(10, true).value(), 3);
  EXPECT_EQ(IntOrString("25%").scaled(10, true).value(), 3);
  EXPECT_EQ(IntOrString("25%").scaled(10, false).value(), 2);
  EXPECT_EQ(IntOrString("100%").scaled(7, false).value(), 7);
  EXPECT_EQ(IntOrString("0%").scaled(7, true).value(), 0);
  for (const char* text : {"", "%", "25", "25%%", "x%", "1.5%", "99999999999%", "2000000000%"}) {
    EXPECT_FALSE(IntOrString(text).scaled(2000000000, true)) << text;
  }
}

}  // namespace
