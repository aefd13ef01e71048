#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/type/format.hpp>
#include <windlass/type/validate.hpp>

#include "widget.hpp"

namespace {

using example::WidgetSpec;
namespace type = windlass::type;

WidgetSpec valid() {
  WidgetSpec spec;
  spec.name = "main";
  return spec;
}

std::vector<std::string> violations(const WidgetSpec& spec) {
  std::vector<std::string> texts;
  for (const auto& violation : type::validate(spec)) {
    texts.push_back(violation.path + ": " + violation.message);
  }
  return texts;
}

TEST(Validate, FindsNothingWrongWithAValidObject) {
  WidgetSpec spec = valid();
  spec.replicas = 9;
  spec.note = "";
  spec.args = {"aa", "bb", "cc"};
  spec.parts = {{"a", 1}, {"b", 1}};
  EXPECT_THAT(violations(spec), testing::IsEmpty());
}

struct Case {
  const char* what;
  void (*change)(WidgetSpec&);
  const char* message;
};

class Violations : public testing::TestWithParam<Case> {};

TEST_P(Violations, AreWordedAsTheServerDoes) {
  WidgetSpec spec = valid();
  GetParam().change(spec);
  EXPECT_THAT(violations(spec), testing::ElementsAre(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Each, Violations,
    testing::Values(
        Case{"minimum", [](WidgetSpec& s) { s.replicas = 0; },
             "replicas: Invalid value: 0: replicas in body should be greater than or equal to 1"},
        Case{"maximum", [](WidgetSpec& s) { s.replicas = 10; },
             "replicas: Invalid value: 10: replicas in body should be less than or equal to 9"},
        Case{"max_length", [](WidgetSpec& s) { s.name = "abcdefghi"; },
             "name: Too long: may not be more than 8 bytes"},
        Case{"pattern", [](WidgetSpec& s) { s.name = "A"; },
             "name: Invalid value: \"A\": name in body should match '^[a-z]+$'"},
        Case{"values", [](WidgetSpec& s) { s.note = "c"; },
             "note: Unsupported value: \"c\": supported values: \"a\", \"b\", \"\""},
        Case{"max_items", [](WidgetSpec& s) { s.args = {"aa", "bb", "cc", "dd"}; },
             "args: Too many: 4: must have at most 3 items"},
        Case{"unique_items", [](WidgetSpec& s) { s.args = {"aa", "bb", "aa"}; },
             "args[2]: Duplicate value: \"aa\""},
        Case{"items", [](WidgetSpec& s) { s.args = {"aa", "b"}; },
             "args[1]: Invalid value: \"b\": args[1] in body should be at least 2 chars long"},
        Case{"list_map_keys", [](WidgetSpec& s) { s.parts = {{"a", 1}, {"b", 1}, {"a", 2}}; },
             "parts[2]: Duplicate value: object"},
        Case{"nested",
             [](WidgetSpec& s) {
               s.children = {valid(), valid()};
               s.children[1].replicas = 12;
             },
             "children[1].replicas: Invalid value: 12: children[1].replicas in body should be "
             "less than or equal to 9"},
        Case{"boxed",
             [](WidgetSpec& s) {
               s.fallback = valid();
               s.fallback->replicas = 12;
             },
             "fallback.replicas: Invalid value: 12: fallback.replicas in body should be less "
             "than or equal to 9"}),
    [](const auto& param_info) { return std::string(param_info.param.what); });

struct Open {
  windlass::json::Value any, object, maybe, flags, needed;
  windlass::FlatMap<std::string, windlass::json::Value> objects;

  static const type::Table& table() {
    using type::field;
    using enum type::Presence;
    static constexpr type::Constraints an_object{.json_type = "object"};
    static constexpr type::Constraints maybe_object{.json_type = "object", .nullable = true};
    static constexpr type::Constraints flag{.json_type = "boolean"};
    static constexpr type::Constraints flags_rules{.items = &flag, .json_type = "array"};
    static constexpr type::Constraints objects_rules{.items = &an_object};
    static constexpr type::Field fields[] = {
        field<&Open::any>("any", offsetof(Open, any), optional),
        field<&Open::object>("object", offsetof(Open, object), optional, &an_object),
        field<&Open::maybe>("maybe", offsetof(Open, maybe), required, &maybe_object),
        field<&Open::flags>("flags", offsetof(Open, flags), optional, &flags_rules),
        field<&Open::needed>("needed", offsetof(Open, needed), required, &an_object),
        field<&Open::objects>("objects", offsetof(Open, objects), optional, &objects_rules),
    };
    static constexpr auto index = type::index_of(fields);
    static constexpr type::Table table{.name = "Open", .fields = fields, .index = index};
    return table;
  }
};

TEST(Validate, LooksIntoJsonValues) {
  namespace json = windlass::json;
  Open open;
  open.needed = json::Object();
  EXPECT_THAT(type::validate(open), testing::IsEmpty());
  open.any = 7;
  open.object = json::Object();
  open.maybe = json::Object();
  open.flags = json::Array{true, false};
  open.objects["a"] = json::Object();
  EXPECT_THAT(type::validate(open), testing::IsEmpty());
  open.object = 7;
  open.maybe = "x";
  open.flags = json::Array{true, nullptr};
  open.needed = nullptr;
  open.objects["a"] = nullptr;
  const std::vector<type::Violation> expected = {
      {"object", R"(Invalid value: "integer": object in body must be of type object: "integer")",
       "FieldValueTypeInvalid"},
      {"maybe", R"(Invalid value: "string": maybe in body must be of type object: "string")",
       "FieldValueTypeInvalid"},
      {"flags[1]", R"(Invalid value: "null": flags[1] in body must be of type boolean: "null")",
       "FieldValueTypeInvalid"},
      {"needed", "Required value", "FieldValueRequired"},
      {"objects[a]", R"(Invalid value: "null": objects[a] in body must be of type object: "null")",
       "FieldValueTypeInvalid"},
  };
  EXPECT_EQ(type::validate(open), expected);
}

TEST(Validate, CountsCodePointsNotBytes) {
  WidgetSpec spec = valid();
  spec.args = {"é"};
  EXPECT_EQ(violations(spec).size(), 1u);
  spec.args = {"éé"};
  EXPECT_EQ(violations(spec).size(), 0u);
}

TEST(Format, OfStringsAsTheServerKnowsThem) {
  struct Format {
    const char* name;
    std::vector<const char*> good, bad;
  };
  const Format formats[] = {
      {"ipv4", {"10.0.0.1", "255.255.255.255"}, {"10.0.0.256", "10.0.0", "", "::1", "1.2.3.4.5"}},
      {"ipv6",
       {"::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"},
       {"1:2:3:4:5:6:7", "1::2::3", ":::", "12345::", "10.0.0.1", ":1", "1.2.3.4::"}},
      {"cidr", {"10.0.0.0/8", "::/0"}, {"10.0.0.0/33", "10.0.0.0", "::/129", "10.0.0.0/08"}},
      {"date", {"2024-02-29"}, {"2023-02-29", "2024-13-01", "24-01-01"}},
      {"date-time",
       {"2024-02-29T23:59:59.5Z", "2024-01-01T00:00:00+01:00"},
       {"2024-01-01", "2024-01-32T00:00:00Z", "2024-01-01 00:00:00Z", "2024-01-01T00:00:60Z"}},
      {"datetime", {"2024-02-29t23:59:59z"}, {"2024-01-01 00:00:00Z"}},
      {"duration",
       {"1h30m", "-1.5s", "0", "3 days", "20us", "5 s", "1h 30m", "99999999999 days"},
       {"1", "h", "", "1x", "1.5 days"}},
      {"uuid",
       {"00000000-0000-0000-0000-000000000000"},
       {"0000", "g0000000-0000-0000-0000-000000000000"}},
      {"uuid4", {"123e4567-e89b-42d3-a456-426614174000"}, {"123e4567-e89b-12d3-a456-426614174000"}},
      {"mac", {"02:00:00:00:00:ff"}, {"02:00", "02:00:00:00:00:fg"}},
      {"email", {"a@example.com"}, {"a", "@example.com"}},
      {"hostname", {"a.example.com", "a"}, {"-a", "a..b", "", "a.b-c"}},
      {"uri", {"https://example.com/x", "/x"}, {"x y", ""}},
      {"byte", {"QQ==", "YWJj"}, {"", "Q", "QQ=", "=QQQ"}},
      {"isbn10", {"316148410X"}, {"3161484100"}},
      {"isbn", {"9783161484100"}, {"9783161484101"}},
      {"creditcard", {"4111 1111 1111 1111"}, {"4111111111111112"}},
      {"hexcolor", {"#abc", "aabbcc"}, {"#ab"}},
      {"rgbcolor", {"rgb(1, 2, 255)"}, {"rgb(1,2,256)"}},
      {"unheard-of", {"anything"}, {}},
  };
  for (const auto& [name, good, bad] : formats) {
    for (const char* text : good)
      EXPECT_TRUE(type::matches_format(name, text)) << name << ' ' << text;
    for (const char* text : bad)
      EXPECT_FALSE(type::matches_format(name, text)) << name << ' ' << text;
  }
}

TEST(ValidateUpdate, RefusesChangesOfImmutableFields) {
  const WidgetSpec before = valid();
  WidgetSpec after = valid();
  after.replicas = 3;
  EXPECT_TRUE(type::validate_update(before, after).empty());
  after.name = "other";
  const auto found = type::validate_update(before, after);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].path, "name");
  EXPECT_EQ(found[0].message, "Invalid value: \"other\": field is immutable");
}

}  // namespace
