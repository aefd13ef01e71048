// What is written as YAML reads as it was, by anybody.

#include "yaml.hpp"

#include <random>

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <windlass/json/value.hpp>

namespace windlass::testing_api {
namespace {

using api_server::read_yaml;
using api_server::write_yaml;
using json::Object;
using json::Value;

void expect_same(const Value& value) {
  const std::string text = write_yaml(value);
  const auto again = read_yaml(text);
  ASSERT_TRUE(again.has_value()) << json::dump(value) << "\n" << text << again.error().message;
  EXPECT_EQ(json::dump(*again), json::dump(value)) << text;
}

std::string written(const std::string& text) {
  const std::string out = write_yaml(Object{{"k", text}});
  return out.substr(3, out.size() - 4);
}

TEST(Yaml, TextsThatReadAsSomethingElseAreQuoted) {
  for (const std::string text : {"",      "~",    "null",       "yes",      "on",
                                 "n",     "12",   "-3",         "0x1f",     "010",
                                 "0b1",   "1.5",  ".5",         "1e3",      "12_000",
                                 "-1_0",  "1:30", "-1:30:15",   "1:30.5",   ".inf",
                                 "-.Inf", ".NaN", "2024-01-01", "2024-1-2", "2024-01-01T00:00:00Z",
                                 "<<"}) {
    EXPECT_EQ(written(text), "\"" + text + "\"");
  }
  for (const std::string text :
       {"text", "1.2.3", "1:x", "a:1", "12ab", "_1", "1.2.3.4:80", "2024-backup", "1234-56-789x",
        "inf", "v1:30", "node/1", "10m", "5%x"}) {
    EXPECT_EQ(written(text), text);
  }
  EXPECT_EQ(written("..."), "'...'");
  EXPECT_EQ(written("---a"), "'---a'");
  EXPECT_EQ(written("2024-01-01\"x: y"), "'2024-01-01\"x: y'");
  EXPECT_EQ(written("2024-01-01 \"x\""), "\"2024-01-01 \\\"x\\\"\"");
}

TEST(Yaml, EscapesOfOneByteAreCharacters) {
  const auto read = read_yaml("\"\\_key\": \"a\\_b\\Nc\\xe9\\L\"");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, Value(Object{{"\u00a0key", "a\u00a0b\u0085c\u00e9\u2028"}}));
  expect_same(*read);
}

TEST(Yaml, ATextCanBeTheWholeDocument) {
  for (const char* text :
       {"", "a", "a: b\nc: d", "a:--- 0\n:b c", "- a\n", "...", "---", "... a", "--- a", "---a"})
    expect_same(Value(text));
}

TEST(Yaml, KeysThatAreLongOrOfSeveralLinesAreMarked) {
  const std::string longest(128, 'k'), longer(129, 'k');
  const Object inner{{"a", 1}, {"b", json::Array{"x"}}};
  EXPECT_EQ(write_yaml(Object{{longest, 1}}), longest + ": 1\n");
  EXPECT_EQ(write_yaml(Object{{longer, 1}}), "? " + longer + "\n: 1\n");
  EXPECT_EQ(write_yaml(Object{{longer, inner}}), "? " + longer + "\n: a: 1\n  b:\n  - x\n");
  EXPECT_EQ(write_yaml(Object{{longer, json::Array{"a", inner}}}),
            "? " + longer + "\n: - a\n  - a: 1\n    b:\n    - x\n");
  EXPECT_EQ(write_yaml(Object{{"in", Object{{longer, Object()}, {"z", "a\nb"}}}}),
            "in:\n  ? " + longer + "\n  : {}\n  z: |-\n    a\n    b\n");
  EXPECT_EQ(write_yaml(Object{{"a\nb", "c\nd\n"}}), "? |-\n  a\n  b\n: |\n  c\n  d\n");
  for (const std::string& key :
       {longer, std::string(5000, 'k'), longer + ": '#", std::string("a\nb\n\n"), " a\n" + longer,
        "\n" + longer, longer + "\u2029: ", "- " + longer, "? " + longer}) {
    for (const Value& value : {Value(1), Value(inner), Value(json::Array{inner, "a\n"}),
                               Value("a\n\nb\n"), Value(Object{{key, Object{{key, key}}}})}) {
      expect_same(Object{{key, value}});
      expect_same(Object{{"a", Object{{"b", 1}, {key, value}, {"z", 1}}}});
      expect_same(json::Array{Object{{key, value}, {"z", key}}});
    }
  }
}

TEST(Yaml, LinesAndControls) {
  for (const std::string text : {"\n",
                                 "\n\n",
                                 "\n x\ny",
                                 "a\n",
                                 "a\n\n",
                                 "a\n\n\nb",
                                 "a\nb",
                                 " a\nb",
                                 "a\n b",
                                 "a\n \nb",
                                 "a\tb",
                                 "\x01",
                                 "\x7f",
                                 "a\r\nb",
                                 "a \n",
                                 "# a\nb",
                                 "- a\n",
                                 "\xc2\x85",
                                 "a\xc2\x85\nb",
                                 "\xe2\x80\xa8",
                                 "\xef\xbb\xbf"
                                 "a",
                                 "\xc3\xa9",
                                 "\\x41",
                                 "a\\u0041",
                                 "%a",
                                 "---",
                                 "...",
                                 "--- a\nb",
                                 "? a",
                                 ": a",
                                 "a #b",
                                 "a: b",
                                 "a:",
                                 "'",
                                 "\"",
                                 "`a`",
                                 "a'b: c"}) {
    expect_same(Object{{"k", text}});
    expect_same(Object{{text, "v"}});
    expect_same(Object{{"l", json::Array{text, json::Array{text}, Object{{text, text}}}}});
  }
  EXPECT_EQ(written("a\nb"), "|-\n  a\n  b");
  EXPECT_EQ(written("\xc2\x85\xe2\x80\xa9"), "\"\\x85\\u2029\"");
}

/// Texts of characters that mean something in YAML.
std::string nasty_text(std::mt19937& random) {
  static const std::vector<std::string> parts{"\n",        " ",        ":",
                                              "#",         "-",        "?",
                                              "'",         "\"",       "\\",
                                              "[",         "]",        "{",
                                              "}",         ",",        "&",
                                              "*",         "!",        "|",
                                              ">",         "%",        "@",
                                              "`",         "0",        "1",
                                              ".",         "_",        "e",
                                              "x",         "a",        "~",
                                              "y",         "n",        "=",
                                              "<",         "\t",       "\r",
                                              "\xc3\xa9",  "\xc2\x85", "\xe2\x80\xa8",
                                              "T",         "Z",        "+",
                                              "null",      "true",     ".inf",
                                              "2024-01-01"};
  std::string out;
  for (unsigned length = random() % 8; length > 0; --length) out += parts[random() % parts.size()];
  return out;
}

Value nasty_value(std::mt19937& random, int depth) {
  const unsigned kind = random() % (depth > 0 ? 7 : 4);
  if (kind < 2) return nasty_text(random);
  if (kind == 2) return static_cast<std::int64_t>(random()) - 2'000'000'000;
  if (kind == 3) return random() % 2 == 0 ? Value(nullptr) : Value(random() % 2 == 0);
  if (kind == 4) {
    json::Array out;
    for (unsigned i = random() % 4; i > 0; --i) out.push_back(nasty_value(random, depth - 1));
    return out;
  }
  Object out;
  for (unsigned i = random() % 4; i > 0; --i)
    out.set(nasty_text(random), nasty_value(random, depth - 1));
  return out;
}

TEST(Yaml, WhatIsWrittenReadsAsItWas) {
  std::mt19937 random(1);  // NOLINT: the same texts in every run
  for (int i = 0; i < 5'000 && !::testing::Test::HasFailure(); ++i)
    expect_same(Object{{"k", nasty_value(random, 3)}});
}

}  // namespace
}  // namespace windlass::testing_api
