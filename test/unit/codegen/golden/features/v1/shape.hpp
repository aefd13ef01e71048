#pragma once
// Made by windlass-gen from shapes.yaml; do not edit.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

struct ShapeSpecABCDItemEndpoint {
  /// Where it is.
  std::string host;
  std::optional<std::int32_t> port;

  static const windlass::type::Table& table();
  friend bool operator==(const ShapeSpecABCDItemEndpoint& a, const ShapeSpecABCDItemEndpoint& b);
};

struct ShapeSpecABCDItem {
  bool deep{};
  windlass::Box<ShapeSpecABCDItemEndpoint> endpoint;

  static const windlass::type::Table& table();
  friend bool operator==(const ShapeSpecABCDItem& a, const ShapeSpecABCDItem& b);
};

struct ShapeSpecABC {
  std::vector<ShapeSpecABCDItem> d;

  static const windlass::type::Table& table();
  friend bool operator==(const ShapeSpecABC& a, const ShapeSpecABC& b);
};

struct ShapeSpecAB {
  windlass::Box<ShapeSpecABC> c;

  static const windlass::type::Table& table();
  friend bool operator==(const ShapeSpecAB& a, const ShapeSpecAB& b);
};

struct ShapeSpecA {
  windlass::Box<ShapeSpecAB> b;

  static const windlass::type::Table& table();
  friend bool operator==(const ShapeSpecA& a, const ShapeSpecA& b);
};

struct ShapeSpecAB2 {
  std::optional<std::int64_t> other;

  static const windlass::type::Table& table();
  friend bool operator==(const ShapeSpecAB2& a, const ShapeSpecAB2& b);
};

struct ShapeSpecFallback {
  std::string host;
  std::optional<std::int32_t> port;

  static const windlass::type::Table& table();
  friend bool operator==(const ShapeSpecFallback& a, const ShapeSpecFallback& b);
};

struct ShapeSpec {
  windlass::Box<ShapeSpecA> a;
  windlass::Box<ShapeSpecAB2> a_b;
  windlass::FlatMap<std::string, ShapeSpecABCDItemEndpoint> by_zone;
  windlass::Box<ShapeSpecFallback> fallback;
  windlass::Box<ShapeSpecABCDItemEndpoint> primary;
  windlass::Box<ShapeSpecABCDItemEndpoint> replica;
  std::vector<ShapeSpecABCDItemEndpoint> replicas;

  static const windlass::type::Table& table();
  friend bool operator==(const ShapeSpec& a, const ShapeSpec& b);
};

struct Shape {
  windlass::meta::ObjectMeta metadata;
  ShapeSpec spec;

  static constexpr windlass::meta::Resource resource{.group = "features.example.com",
      .version = "v1", .kind = "Shape", .plural = "shapes", .namespaced = true,
      .has_status = false};
  static const windlass::type::Table& table();
  friend bool operator==(const Shape& a, const Shape& b);
};

}  // namespace features::api::v1
