#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/meta/names.hpp>

namespace {

using testing::HasSubstr;
namespace meta = windlass::meta;

const std::string k63(63, 'a');
const std::string k64(64, 'a');

TEST(Names, AcceptWhatTheServerAccepts) {
  for (const std::string& text : {std::string("a"), std::string("a-b"), std::string("0a9"), k63}) {
    EXPECT_TRUE(meta::validate_dns1123_label(text)) << text;
    EXPECT_TRUE(meta::validate_dns1123_subdomain(text)) << text;
    EXPECT_TRUE(meta::validate_label_value(text)) << text;
  }
  EXPECT_TRUE(meta::validate_dns1123_subdomain("a.b-c.d"));
  EXPECT_TRUE(meta::validate_dns1123_subdomain(k63 + "." + k64));
  EXPECT_TRUE(meta::validate_dns1035_label("a1"));
  EXPECT_TRUE(meta::validate_label_value(""));
  EXPECT_TRUE(meta::validate_label_value("A_b.C-9"));
  EXPECT_TRUE(meta::validate_label_key("app"));
  EXPECT_TRUE(meta::validate_label_key("app.kubernetes.io/Name_1"));
  EXPECT_TRUE(meta::validate_label_key("a.b/" + k63));
}

TEST(Names, RefuseWhatTheServerRefuses) {
  for (const std::string& text :
       {std::string(), std::string("-a"), std::string("a-"), std::string("A"), std::string("a.b"),
        std::string("a_b"), std::string("a b"), k64}) {
    EXPECT_FALSE(meta::validate_dns1123_label(text)) << text;
  }
  for (const std::string& text :
       {std::string(), std::string("a..b"), std::string(".a"), std::string("a."),
        std::string("a.-b"), std::string("a/b"), std::string(254, 'a')}) {
    EXPECT_FALSE(meta::validate_dns1123_subdomain(text)) << text;
  }
  EXPECT_FALSE(meta::validate_dns1035_label("1a"));
  for (const std::string& text : {std::string("-a"), std::string("a "), std::string("a/b"), k64}) {
    EXPECT_FALSE(meta::validate_label_value(text)) << text;
  }
  for (const std::string& text :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a/b/c"),
        std::string("A/b"), std::string("a/-b"), k64, "a/" + k64}) {
    EXPECT_FALSE(meta::validate_label_key(text)) << text;
  }
}

TEST(Names, AreRefusedInTheWordsOfTheServer) {
  EXPECT_EQ(
      meta::validate_dns1123_label("A").error().message,
      "Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric "
      "characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  "
      "or "
      "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
  EXPECT_THAT(meta::validate_dns1123_label(k64).error().message,
              HasSubstr("must be no more than 63 characters"));
  EXPECT_THAT(meta::validate_dns1123_subdomain("A").error().message,
              HasSubstr("a lowercase RFC 1123 subdomain must consist of"));
  EXPECT_THAT(meta::validate_label_value("a b").error().message,
              HasSubstr("a valid label must be an empty string or consist of"));
  EXPECT_THAT(meta::validate_label_key("a/").error().message,
              HasSubstr("name part must be non-empty"));
}

}  // namespace
