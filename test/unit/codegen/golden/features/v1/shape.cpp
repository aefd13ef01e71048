// Made by windlass-gen from shapes.yaml; do not edit.
#include <features/v1/shape.hpp>

#include <cstddef>

#include <windlass/type/table.hpp>

namespace features::api::v1 {

const windlass::type::Table& ShapeSpecABCDItemEndpoint::table() {
  using T = ShapeSpecABCDItemEndpoint;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_host{.min_length = 1u};
  static constexpr windlass::type::Field fields[] = {
      field<&T::host>("host", offsetof(T, host), required, &for_host),
      field<&T::port>("port", offsetof(T, port), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "ShapeSpecABCDItemEndpoint",
      .fields = fields, .index = index};
  return table;
}
bool operator==(const ShapeSpecABCDItemEndpoint& a, const ShapeSpecABCDItemEndpoint& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& ShapeSpecABCDItem::table() {
  using T = ShapeSpecABCDItem;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::deep>("deep", offsetof(T, deep), required),
      field<&T::endpoint>("endpoint", offsetof(T, endpoint), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "ShapeSpecABCDItem", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const ShapeSpecABCDItem& a, const ShapeSpecABCDItem& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& ShapeSpecABC::table() {
  using T = ShapeSpecABC;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::d>("d", offsetof(T, d), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "ShapeSpecABC", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const ShapeSpecABC& a, const ShapeSpecABC& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& ShapeSpecAB::table() {
  using T = ShapeSpecAB;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::c>("c", offsetof(T, c), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "ShapeSpecAB", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const ShapeSpecAB& a, const ShapeSpecAB& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& ShapeSpecA::table() {
  using T = ShapeSpecA;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::b>("b", offsetof(T, b), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "ShapeSpecA", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const ShapeSpecA& a, const ShapeSpecA& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& ShapeSpecAB2::table() {
  using T = ShapeSpecAB2;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::other>("other", offsetof(T, other), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "ShapeSpecAB2", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const ShapeSpecAB2& a, const ShapeSpecAB2& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& ShapeSpecFallback::table() {
  using T = ShapeSpecFallback;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_host{.min_length = 1u};
  static constexpr windlass::type::Field fields[] = {
      field<&T::host>("host", offsetof(T, host), optional, &for_host),
      field<&T::port>("port", offsetof(T, port), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "ShapeSpecFallback", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const ShapeSpecFallback& a, const ShapeSpecFallback& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& ShapeSpec::table() {
  using T = ShapeSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::a>("a", offsetof(T, a), optional),
      field<&T::a_b>("aB", offsetof(T, a_b), optional),
      field<&T::by_zone>("byZone", offsetof(T, by_zone), optional),
      field<&T::fallback>("fallback", offsetof(T, fallback), optional),
      field<&T::primary>("primary", offsetof(T, primary), optional),
      field<&T::replica>("replica", offsetof(T, replica), optional),
      field<&T::replicas>("replicas", offsetof(T, replicas), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "ShapeSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const ShapeSpec& a, const ShapeSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& Shape::table() {
  using T = Shape;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), required),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Shape", .fields = fields, .index = index,
      .api_version = "features.example.com/v1", .kind = "Shape"};
  return table;
}
bool operator==(const Shape& a, const Shape& b) {
  return windlass::type::equal(a, b);
}

}  // namespace features::api::v1
