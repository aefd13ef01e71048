#pragma once
// Made by windlass-gen from unknown_fields.yaml; do not edit.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <windlass/json/value.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

struct UnknownFieldSpecItemsItem {
  std::optional<std::int64_t> known;
  /// What the schema does not name; kept as it came.
  windlass::json::Value unknown_fields;

  static const windlass::type::Table& table();
  friend bool operator==(const UnknownFieldSpecItemsItem& a, const UnknownFieldSpecItemsItem& b);
};

struct UnknownFieldSpecObject {
  windlass::Box<UnknownFieldSpecItemsItem> inner;
  std::optional<std::int64_t> known;
  /// What the schema does not name; kept as it came.
  windlass::json::Value unknown_fields;

  static const windlass::type::Table& table();
  friend bool operator==(const UnknownFieldSpecObject& a, const UnknownFieldSpecObject& b);
};

struct UnknownFieldSpec {
  windlass::json::Value bare;
  std::vector<UnknownFieldSpecItemsItem> items;
  std::string known;
  windlass::Box<UnknownFieldSpecObject> object;
  std::string unknown_fields;
  windlass::FlatMap<std::string, UnknownFieldSpecItemsItem> values;
  /// What the schema does not name; kept as it came.
  windlass::json::Value unknown_fields_;

  static const windlass::type::Table& table();
  friend bool operator==(const UnknownFieldSpec& a, const UnknownFieldSpec& b);
};

struct UnknownField {
  windlass::meta::ObjectMeta metadata;
  UnknownFieldSpec spec;

  static constexpr windlass::meta::Resource resource{.group = "features.example.com",
      .version = "v1", .kind = "UnknownField", .plural = "unknownfields", .namespaced = true,
      .has_status = false};
  static const windlass::type::Table& table();
  friend bool operator==(const UnknownField& a, const UnknownField& b);
};

}  // namespace features::api::v1
