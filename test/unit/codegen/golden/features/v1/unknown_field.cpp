// Made by windlass-gen from unknown_fields.yaml; do not edit.
#include <features/v1/unknown_field.hpp>

#include <cstddef>

#include <windlass/json/table.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

const windlass::type::Table& UnknownFieldSpecItemsItem::table() {
  using T = UnknownFieldSpecItemsItem;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::known>("known", offsetof(T, known), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "UnknownFieldSpecItemsItem",
      .fields = fields, .index = index,
      .rest = field<&T::unknown_fields>("", offsetof(T, unknown_fields), optional)};
  return table;
}
bool operator==(const UnknownFieldSpecItemsItem& a, const UnknownFieldSpecItemsItem& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& UnknownFieldSpecObject::table() {
  using T = UnknownFieldSpecObject;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::inner>("inner", offsetof(T, inner), optional),
      field<&T::known>("known", offsetof(T, known), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "UnknownFieldSpecObject", .fields = fields,
      .index = index, .rest = field<&T::unknown_fields>("", offsetof(T, unknown_fields), optional)};
  return table;
}
bool operator==(const UnknownFieldSpecObject& a, const UnknownFieldSpecObject& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& UnknownFieldSpec::table() {
  using T = UnknownFieldSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_bare{.json_type = "object"};
  static constexpr windlass::type::Constraints for_known{.min_length = 1u};
  static constexpr windlass::type::Constraints for_unknown_fields{.min_length = 1u};
  static constexpr windlass::type::Field fields[] = {
      field<&T::bare>("bare", offsetof(T, bare), optional, &for_bare),
      field<&T::items>("items", offsetof(T, items), optional),
      field<&T::known>("known", offsetof(T, known), optional, &for_known),
      field<&T::object>("object", offsetof(T, object), optional),
      field<&T::unknown_fields>("unknownFields", offsetof(T, unknown_fields), optional,
          &for_unknown_fields),
      field<&T::values>("values", offsetof(T, values), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "UnknownFieldSpec", .fields = fields,
      .index = index,
      .rest = field<&T::unknown_fields_>("", offsetof(T, unknown_fields_), optional)};
  return table;
}
bool operator==(const UnknownFieldSpec& a, const UnknownFieldSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& UnknownField::table() {
  using T = UnknownField;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), required),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "UnknownField", .fields = fields,
      .index = index, .api_version = "features.example.com/v1", .kind = "UnknownField"};
  return table;
}
bool operator==(const UnknownField& a, const UnknownField& b) {
  return windlass::type::equal(a, b);
}

}  // namespace features::api::v1
