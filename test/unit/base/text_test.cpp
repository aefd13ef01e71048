// Endpoints, durations, encodings, errors.

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <windlass/base/clock.hpp>
#include <windlass/base/encoding.hpp>
#include <windlass/base/network.hpp>
#include <windlass/base/random.hpp>

namespace windlass {
namespace {

using namespace std::chrono_literals;

TEST(Endpoint, Reads) {
  struct Case {
    const char* text;
    Endpoint want;
    const char* back;
  };
  const std::vector<Case> cases = {
      {":8080", {"", 8080}, ":8080"},
      {"127.0.0.1:80", {"127.0.0.1", 80}, "127.0.0.1:80"},
      {"[::1]:443", {"::1", 443}, "[::1]:443"},
      {"[::]:0", {"::", 0}, "[::]:0"},
      {"localhost:65535", {"localhost", 65535}, "localhost:65535"},
  };
  for (const auto& test : cases) {
    const auto endpoint = parse_endpoint(test.text);
    ASSERT_TRUE(endpoint) << test.text;
    EXPECT_EQ(*endpoint, test.want);
    EXPECT_EQ(to_string(*endpoint), test.back);
  }
  EXPECT_EQ(to_string(Endpoint{"/run/socket", 0}), "/run/socket");
}

TEST(Endpoint, RefusesTheRest) {
  for (const char* text :
       {"", "8080", "localhost", "localhost:", "localhost:x", "localhost:65536", "localhost:-1",
        "localhost:+1", "localhost: 1", "localhost:1 ", "::1:80", "[::1]", "[::1:80", "::1]:80"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_EQ(endpoint.error().code, Errc::parse);
    EXPECT_NE(endpoint.error().message.find("\"" + std::string(text) + "\""), std::string::npos);
  }
}

TEST(Durations, AreWrittenAndReadAsInGo) {
  const std::vector<std::pair<Duration, const char*>> cases = {
      {0s, "0s"},        {1ns, "1ns"},
      {1500ns, "1.5us"}, {250ms, "250ms"},
      {1500ms, "1.5s"},  {90s, "1m30s"},
      {1h, "1h0m0s"},    {2h + 45min, "2h45m0s"},
      {-90s, "-1m30s"},  {1s + 1ns, "1.000000001s"}};
  for (const auto& [duration, text] : cases) {
    EXPECT_EQ(format_duration(duration), text);
    ASSERT_TRUE(parse_duration(text)) << text;
    EXPECT_EQ(*parse_duration(text), duration) << text;
  }
  EXPECT_EQ(parse_duration("1.5h").value(), 90min);
  EXPECT_EQ(parse_duration("0").value(), 0s);
  EXPECT_EQ(parse_duration("+3ms").value(), 3ms);
  for (const char* text : {"", "5", "s", "5 s", "-", "1h2", "1x", "1..5s", ".s", "9999999h"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Encoding, Base64) {
  const std::vector<std::pair<std::string, const char*>> cases = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {std::string("\0\xff", 2), "AP8="}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text).value(), bytes);
  }
  EXPECT_EQ(decode_base64("Zm\n9v ").value(), "foo");
  for (const char* text : {"Zg", "Zg=", "Z===", "Zm9v!", "=Zm9", "Zg==Zg=="}) {
    EXPECT_FALSE(decode_base64(text)) << text;
  }
}

TEST(Encoding, Percent) {
  EXPECT_EQ(encode_percent("a b/ü~"), "a%20b%2F%C3%BC~");
  EXPECT_EQ(decode_percent("a%20b%2f+").value(), "a b/+");
  for (const char* text : {"%", "%2", "%zz"}) EXPECT_FALSE(decode_percent(text)) << text;
}

TEST(Encoding, QuoteJson) { EXPECT_EQ(quote_json("a\"\\\n\x01ü"), "\"a\\\"\\\\\\n\\u0001ü\""); }

TEST(Errors, AreDescribed) {
  const auto code_of = [](auto failure) { return describe(std::make_exception_ptr(failure)).code; };
  EXPECT_EQ(code_of(Exception(Errc::tls, "x")), Errc::tls);
  EXPECT_EQ(code_of(boost::system::system_error(boost::asio::error::operation_aborted)),
            Errc::cancelled);
  EXPECT_EQ(code_of(boost::system::system_error(boost::asio::error::connection_reset)), Errc::io);
  EXPECT_EQ(code_of(std::runtime_error("x")), Errc::internal);
  EXPECT_EQ(code_of(3), Errc::internal);
  EXPECT_TRUE(is_cancellation(std::make_exception_ptr(Exception(Errc::cancelled, ""))));
  EXPECT_FALSE(is_cancellation(std::make_exception_ptr(Exception(Errc::closed, ""))));
  EXPECT_FALSE(is_cancellation(nullptr));
  EXPECT_EQ((Error{Errc::io, "b"}.within("a").message), "a: b");
  try {
    (void)Result<int>(Error{Errc::parse, "bad"}).value();
    FAIL();
  } catch (const Exception& failure) {
    EXPECT_EQ(failure.code(), Errc::parse);
    EXPECT_STREQ(failure.what(), "bad");
  }
}

TEST(Random, IsTheSameForTheSameSeed) {
  SeededRandom a(1);
  SeededRandom b(1);
  SeededRandom c(2);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
  for (int i = 0; i < 1000; ++i) {
    const auto number = a.between(-3, 4);
    ASSERT_TRUE(number >= -3 && number <= 4);
    const auto fraction = a.uniform();
    ASSERT_TRUE(fraction >= 0 && fraction < 1);
  }
  const auto id = a.uuid();
  ASSERT_EQ(id.size(), 36);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(id, a.uuid());
  EXPECT_EQ(a.suffix(5).size(), 5);
  EXPECT_EQ(a.suffix(500).find_first_of("aeiou013"), std::string::npos);
}

}  // namespace
}  // namespace windlass
