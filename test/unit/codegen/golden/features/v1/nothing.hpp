#pragma once
// Made by windlass-gen from nulls.yaml; do not edit.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <windlass/json/value.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/meta/time.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

struct NothingSpecMustObject {
  std::optional<std::int64_t> a;

  static const windlass::type::Table& table();
  friend bool operator==(const NothingSpecMustObject& a, const NothingSpecMustObject& b);
};

struct NothingSpec {
  windlass::Nullable<windlass::json::Value> anything;
  windlass::Nullable<std::int64_t> count;
  std::vector<std::optional<std::string>> elements;
  windlass::Nullable<bool> flag;
  windlass::Nullable<std::vector<std::string>> list;
  windlass::Nullable<windlass::FlatMap<std::string, std::string>> map;
  windlass::Nullable<windlass::meta::Time> moment;
  std::optional<std::string> must;
  windlass::Box<NothingSpecMustObject> must_object;
  windlass::Nullable<NothingSpecMustObject> object;
  std::vector<std::optional<NothingSpecMustObject>> objects;
  windlass::Nullable<std::string> preset;
  windlass::Nullable<std::string> text;
  windlass::FlatMap<std::string, std::optional<std::int64_t>> values;
  windlass::Nullable<std::string> word;

  static const windlass::type::Table& table();
  friend bool operator==(const NothingSpec& a, const NothingSpec& b);
};

struct Nothing {
  windlass::meta::ObjectMeta metadata;
  NothingSpec spec;

  static constexpr windlass::meta::Resource resource{.group = "features.example.com",
      .version = "v1", .kind = "Nothing", .plural = "nothings", .namespaced = true,
      .has_status = false};
  static const windlass::type::Table& table();
  friend bool operator==(const Nothing& a, const Nothing& b);
};

}  // namespace features::api::v1
