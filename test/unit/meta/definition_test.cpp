// A CustomResourceDefinition of types that are written by hand.

#include <array>

#include <gtest/gtest.h>

#include <windlass/meta/definition.hpp>
#include <windlass/meta/meta.hpp>

namespace {

namespace json = windlass::json;
namespace meta = windlass::meta;
namespace type = windlass::type;

struct KiteSpec {
  std::string colour;
  std::optional<std::int32_t> tails;
  std::vector<std::string> winds;

  static const type::Table& table() {
    using T = KiteSpec;
    using type::field;
    using enum type::Presence;
    static constexpr std::string_view colours[] = {"red", "blue"};
    static constexpr type::Constraints colour_rules{
        .values = colours, .immutable = true, .description = "What it looks like."};
    static constexpr type::Constraints tails_rules{.minimum = 1, .maximum = 9, .default_json = "2"};
    static constexpr type::Constraints wind{.max_length = 10};
    static constexpr type::Constraints winds_rules{
        .max_items = 4, .list_type = type::ListType::set, .items = &wind};
    static constexpr type::Field fields[] = {
        field<&T::colour>("colour", offsetof(T, colour), required, &colour_rules),
        field<&T::tails>("tails", offsetof(T, tails), optional, &tails_rules),
        field<&T::winds>("winds", offsetof(T, winds), optional, &winds_rules),
    };
    static constexpr auto index = type::index_of(fields);
    static constexpr type::Table table{.name = "KiteSpec", .fields = fields, .index = index};
    return table;
  }
};

template <int Version>
struct Kite {
  meta::ObjectMeta metadata;
  KiteSpec spec;

  static constexpr meta::Resource resource{.group = "sky.example.com",
                                           .version = Version == 1 ? "v1" : "v1beta1",
                                           .kind = "Kite",
                                           .plural = "kites",
                                           .has_status = Version == 1};
  static constexpr std::array<std::string_view, 1> short_names = {"kt"};

  static const type::Table& table() {
    using T = Kite;
    using type::field;
    using enum type::Presence;
    static constexpr type::Rule rules[] = {
        {.rule = "self.spec.tails < 5 || self.spec.colour == 'red'",
         .message = "only red kites have many tails",
         .field_path = ".spec.tails"}};
    static constexpr type::Demands demands{.rules = rules};
    static constexpr type::Constraints constraints{.demands = &demands};
    static constexpr type::Field fields[] = {
        field<&T::metadata>("metadata", offsetof(T, metadata), optional),
        field<&T::spec>("spec", offsetof(T, spec), required),
    };
    static constexpr auto index = type::index_of(fields);
    static constexpr type::Column columns[] = {
        {.name = "Colour", .type = "string", .json_path = ".spec.colour"}};
    static constexpr type::Table table{.name = "Kite",
                                       .fields = fields,
                                       .index = index,
                                       .api_version = "sky.example.com/v1",
                                       .kind = "Kite",
                                       .constraints = &constraints,
                                       .columns = columns};
    return table;
  }
};

constexpr const char* kSchema = R"({
  "type": "object", "required": ["spec"],
  "x-kubernetes-validations": [{"rule": "self.spec.tails < 5 || self.spec.colour == 'red'",
                                "message": "only red kites have many tails",
                                "fieldPath": ".spec.tails"}],
  "properties": {
    "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
    "spec": {"type": "object", "required": ["colour"], "properties": {
      "colour": {"type": "string", "enum": ["red", "blue"], "description": "What it looks like.",
                 "x-kubernetes-validations": [{"rule": "self == oldSelf",
                                               "message": "field is immutable"}]},
      "tails": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 9, "default": 2},
      "winds": {"type": "array", "maxItems": 4, "x-kubernetes-list-type": "set",
                "items": {"type": "string", "maxLength": 10}}}}}})";

TEST(Definition, SaysAllThatTheTypesSay) {
  const auto made = meta::definition(
      {meta::version<Kite<0>>({.served = false,
                               .deprecated = true,
                               .deprecation_warning = "fly v1",
                               .selectable_fields = {".spec.colour"}}),
       meta::version<Kite<1>>(
           {.storage = true,
            .scale = {.spec_replicas = ".spec.tails", .status_replicas = ".status.tails"},
            .more = json::parse(R"({"schema": {"openAPIV3Schema": {"title": "Kite"}}})").value()})},
      {.annotations = {{"example.com/who", "me"}},
       .more = json::parse(R"({"spec": {"preserveUnknownFields": false}})").value()});
  json::Value expected = json::parse(R"({
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "kites.sky.example.com", "annotations": {"example.com/who": "me"}},
    "spec": {
      "group": "sky.example.com", "scope": "Namespaced", "preserveUnknownFields": false,
      "names": {"kind": "Kite", "listKind": "KiteList", "plural": "kites", "singular": "kite",
                "shortNames": ["kt"]},
      "versions": [
        {"name": "v1beta1", "served": false, "storage": false, "deprecated": true,
         "deprecationWarning": "fly v1", "selectableFields": [{"jsonPath": ".spec.colour"}],
         "additionalPrinterColumns": [
           {"name": "Colour", "type": "string", "jsonPath": ".spec.colour"}]},
        {"name": "v1", "served": true, "storage": true,
         "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.tails",
                                                  "statusReplicasPath": ".status.tails"}},
         "additionalPrinterColumns": [
           {"name": "Colour", "type": "string", "jsonPath": ".spec.colour"}]}]}})")
                             .value();
  auto& versions = expected["spec"]["versions"].as_array();
  for (auto& version : versions) {
    version["schema"]["openAPIV3Schema"] = json::parse(kSchema).value();
  }
  versions[1]["schema"]["openAPIV3Schema"]["title"] = "Kite";
  EXPECT_EQ(json::dump_pretty(made), json::dump_pretty(expected));
}

TEST(Definition, AVersionThatIsAloneIsStored) {
  const auto made = meta::definition({meta::version<Kite<1>>()});
  EXPECT_EQ(made["spec"]["versions"].as_array()[0]["storage"], json::Value(true));
}

TEST(Definition, WhatCannotBeIsRefused) {
  const auto refusal = [](std::vector<meta::Version> versions) {
    try {
      meta::definition(std::move(versions));
    } catch (const windlass::Exception& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  const auto one = meta::version<Kite<0>>();
  auto other = meta::version<Kite<1>>({.storage = true});
  EXPECT_EQ(refusal({}), "a definition without versions; name at least one");
  EXPECT_NE(refusal({one, one}).find("0 versions are stored"), std::string::npos);
  EXPECT_NE(refusal({other, other}).find("2 versions are stored"), std::string::npos);
  other.resource.plural = "others";
  EXPECT_NE(refusal({one, other}).find("differ in group, kind, plural or scope"),
            std::string::npos);
}

}  // namespace
