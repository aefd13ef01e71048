// Schemas of tables, and random values that satisfy schemas.

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <windlass/json/schema.hpp>
#include <windlass/type/format.hpp>
#include <windlass/type/validate.hpp>

#include "../type/widget.hpp"

namespace {

namespace json = windlass::json;
using windlass::SeededRandom;

TEST(SamplePattern, WhatIsMadeMatches) {
  const char* const patterns[] = {
      "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
      "^((100|[0-9]{1,2})%|[0-9]+)$",
      "^(?:[A-Z][a-z]+ ?){2,3}$",
      "^\\d{3}-\\w+\\.[^/\\s]$",
      "^$|^x{2}$",
      "(?i)^[[:alpha:]_]+\\x41\\pL$",
      "a|b|^c+?$",
      "^(a{0,2}){2}[]x-]$",
      "^\u00e9+$",
      "^([0-9]+(s|m|h))+$",
      "^[^\\x00-\\x1f\\\\]{1,5}$",
  };
  SeededRandom random(3);
  for (const char* pattern : patterns) {
    for (int i = 0; i < 200; ++i) {
      const auto text = json::sample_pattern(pattern, random);
      ASSERT_TRUE(text) << pattern;
      EXPECT_TRUE(RE2::PartialMatch(*text, RE2(pattern))) << pattern << ' ' << *text;
    }
  }
}

TEST(SamplePattern, WhatItCannotFollowIsNothing) {
  SeededRandom random(3);
  for (const char* pattern :
       {"(?=a)", "(", "a)", "[a", "*", "\\p{Greek}", "[", "\\", "(?P<n", "\\1"}) {
    EXPECT_FALSE(json::sample_pattern(pattern, random)) << pattern;
  }
  std::string deep(5000, '(');
  EXPECT_FALSE(json::sample_pattern(deep, random));
}

TEST(Sample, TheSameSeedGivesTheSame) {
  const auto schema = json::schema_of<example::Widget>();
  SeededRandom a(1), b(1), c(2);
  const auto first = json::sample(schema, a);
  EXPECT_EQ(first, json::sample(schema, b));
  EXPECT_NE(first, json::sample(schema, c));
}

TEST(Sample, FormatsAreFollowed) {
  SeededRandom random(9);
  for (const char* format : {"uri", "uuid", "ipv6", "cidr", "date-time", "duration", "hostname"}) {
    json::Value schema = json::Object{{"type", "string"}, {"format", format}};
    for (int i = 0; i < 100; ++i) {
      const auto value = json::sample(schema, random);
      EXPECT_TRUE(windlass::type::matches_format(format, value.as_string()))
          << format << ' ' << value.as_string();
    }
  }
}

TEST(Sample, BranchesAreFollowed) {
  const auto schema = json::parse(R"({
    "type": "object", "required": ["kind"],
    "properties": {"kind": {"type": "string", "enum": ["a", "b"]}, "x": {"type": "integer"},
                   "y": {"type": "integer", "minimum": 5, "maximum": 6}, "z": {"type": "string"}},
    "oneOf": [{"required": ["x"]}, {"required": ["y"], "properties": {"kind": {"enum": ["b"]}}}],
    "not": {"required": ["z"]}, "minProperties": 2})")
                          .value();
  SeededRandom random(5);
  bool saw_x = false, saw_y = false;
  for (int i = 0; i < 200; ++i) {
    const auto value = json::sample(schema, random);
    const bool x = value.find("x") != nullptr;
    const bool y = value.find("y") != nullptr;
    EXPECT_NE(x, y) << json::dump(value);
    EXPECT_EQ(value.find("z"), nullptr);
    if (y) {
      EXPECT_EQ(value["kind"], json::Value("b"));
    }
    saw_x |= x;
    saw_y |= y;
  }
  EXPECT_TRUE(saw_x && saw_y);
}

TEST(SchemaOf, SaysWhatTheTableSays) {
  const auto schema = json::schema_of<example::WidgetSpec>();
  const auto& properties = schema["properties"];
  EXPECT_EQ(json::dump(properties["replicas"]),
            R"({"default":3,"format":"int32","maximum":9,"minimum":1,"type":"integer"})");
  EXPECT_EQ(json::dump(properties["name"]),
            R"({"maxLength":8,"minLength":1,"pattern":"^[a-z]+$","type":"string",)"
            R"("x-kubernetes-validations":[{"message":"field is immutable",)"
            R"("rule":"self == oldSelf"}]})");
  EXPECT_EQ(
      json::dump(properties["args"]),
      R"({"default":["--on"],"items":{"minLength":2,"type":"string"},"maxItems":3,"type":"array",)"
      R"("uniqueItems":true})");
  EXPECT_EQ(properties["parts"]["x-kubernetes-list-map-keys"], json::parse("[\"name\"]").value());
  EXPECT_EQ(json::dump(properties["policy"]), R"({"enum":["Retain","Delete"],"type":"string"})");
  EXPECT_EQ(json::dump(properties["since"]), R"({"format":"date-time","type":"string"})");
  EXPECT_EQ(json::dump(properties["port"]), R"({"x-kubernetes-int-or-string":true})");
  EXPECT_EQ(properties["fallback"]["x-kubernetes-preserve-unknown-fields"], json::Value(true));
  EXPECT_EQ(json::dump(schema["required"]), R"(["name","parts","port"])");
}

/// A type as a person writes it who starts from code.
struct Noted {
  std::string name;
  json::Value open;
  json::Value flags;
  std::int64_t count = 0;

  static const windlass::type::Table& table() {
    using windlass::type::field;
    namespace type = windlass::type;
    using enum type::Presence;
    static constexpr type::Demands more{.keywords =
                                            R"({"title":"Name","type":null,"example":"a"})"};
    static constexpr type::Demands whole{.keywords = R"({"type":"string"})", .keywords_only = true};
    static constexpr type::Constraints name_rules{.demands = &more, .description = "What it is."};
    static constexpr type::Constraints open_rules{.json_type = "object", .nullable = true};
    static constexpr type::Constraints flag{.json_type = "boolean"};
    static constexpr type::Constraints flags_rules{.items = &flag, .json_type = "array"};
    static constexpr type::Constraints count_rules{.minimum = 1, .demands = &whole};
    static constexpr type::Field fields[] = {
        field<&Noted::name>("name", offsetof(Noted, name), optional, &name_rules),
        field<&Noted::open>("open", offsetof(Noted, open), optional, &open_rules),
        field<&Noted::flags>("flags", offsetof(Noted, flags), optional, &flags_rules),
        field<&Noted::count>("count", offsetof(Noted, count), optional, &count_rules),
    };
    static constexpr auto index = type::index_of(fields);
    static constexpr type::Constraints rules{.description = "Noted."};
    static constexpr type::Table table{
        .name = "Noted", .fields = fields, .index = index, .constraints = &rules};
    return table;
  }
};

TEST(SchemaOf, SaysWhatOnlyTheCrdNeeds) {
  const auto schema = json::schema_of<Noted>();
  const auto& properties = schema["properties"];
  EXPECT_EQ(schema["description"], json::Value("Noted."));
  EXPECT_EQ(json::dump(properties["name"]),
            R"({"description":"What it is.","example":"a","title":"Name"})");
  EXPECT_EQ(json::dump(properties["open"]),
            R"({"nullable":true,"type":"object","x-kubernetes-preserve-unknown-fields":true})");
  EXPECT_EQ(json::dump(properties["flags"]), R"({"items":{"type":"boolean"},"type":"array"})");
  EXPECT_EQ(json::dump(properties["count"]), R"({"type":"string"})");
}

/// Branches over members that the table knows.
struct Chosen {
  std::int64_t replicas = 0;
  json::Value open;

  static const windlass::type::Table& table() {
    using windlass::type::field;
    namespace type = windlass::type;
    using enum type::Presence;
    static constexpr std::string_view numbers[] = {"1", "3"};
    static constexpr type::Constraints some{.values = numbers};
    static constexpr type::MemberConstraints members[] = {{"replicas", &some}};
    static constexpr type::Demands few{.members = members};
    static constexpr type::Constraints by_number{.demands = &few};
    static constexpr type::Constraints by_size{.min_items = 2};
    static constexpr const type::Constraints* branches[] = {&by_number, &by_size};
    static constexpr type::Demands either{.any_of = branches};
    static constexpr type::Constraints rules{.demands = &either};
    static constexpr std::string_view a[] = {"a"}, b[] = {"b"};
    static constexpr type::Demands has_a{.required = a}, has_b{.required = b};
    static constexpr type::Constraints with_a{.demands = &has_a}, with_b{.demands = &has_b};
    static constexpr const type::Constraints* alternatives[] = {&with_a, &with_b};
    static constexpr type::Demands one{.one_of = alternatives};
    static constexpr type::Constraints open_rules{.demands = &one};
    static constexpr type::Field fields[] = {
        field<&Chosen::replicas>("replicas", offsetof(Chosen, replicas), optional),
        field<&Chosen::open>("open", offsetof(Chosen, open), optional, &open_rules),
    };
    static constexpr auto index = type::index_of(fields);
    static constexpr type::Table table{
        .name = "Chosen", .fields = fields, .index = index, .constraints = &rules};
    return table;
  }
};

TEST(SchemaOf, BranchesHaveTheTypesOfWhatTheyAreAbout) {
  const auto schema = json::schema_of<Chosen>();
  EXPECT_EQ(json::dump(schema["anyOf"]),
            R"([{"properties":{"replicas":{"enum":[1,3]}}},{"minProperties":2}])");
}

TEST(Validate, LooksIntoAnythingForWhatIsRequired) {
  Chosen chosen{.replicas = 1};
  chosen.open = json::parse(R"({"a":1})").value();
  EXPECT_TRUE(windlass::type::validate(chosen).empty());
  chosen.open = json::parse(R"({"a":1,"b":2})").value();
  EXPECT_EQ(windlass::type::validate(chosen).size(), 1u);
  chosen.open = json::parse(R"({"c":1})").value();
  EXPECT_EQ(windlass::type::validate(chosen).size(), 1u);
}

}  // namespace
