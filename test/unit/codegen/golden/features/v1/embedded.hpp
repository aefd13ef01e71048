#pragma once
// Made by windlass-gen from embedded.yaml; do not edit.

#include <string>
#include <vector>

#include <windlass/json/value.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

struct EmbeddedSpec {
  windlass::json::Value anything;
  windlass::json::Value described;
  windlass::json::Value free;
  windlass::json::Value hollow;
  std::vector<windlass::json::Value> list;
  windlass::FlatMap<std::string, windlass::json::Value> map;
  windlass::json::Value object;
  std::vector<windlass::json::Value> objects;
  windlass::Nullable<windlass::json::Value> perhaps;

  static const windlass::type::Table& table();
  friend bool operator==(const EmbeddedSpec& a, const EmbeddedSpec& b);
};

struct Embedded {
  windlass::meta::ObjectMeta metadata;
  EmbeddedSpec spec;

  static constexpr windlass::meta::Resource resource{.group = "features.example.com",
      .version = "v1", .kind = "Embedded", .plural = "embeddeds", .namespaced = true,
      .has_status = false};
  static const windlass::type::Table& table();
  friend bool operator==(const Embedded& a, const Embedded& b);
};

}  // namespace features::api::v1
