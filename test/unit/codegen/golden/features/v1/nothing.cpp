// Made by windlass-gen from nulls.yaml; do not edit.
#include <features/v1/nothing.hpp>

#include <cstddef>

#include <windlass/json/table.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

const windlass::type::Table& NothingSpecMustObject::table() {
  using T = NothingSpecMustObject;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::a>("a", offsetof(T, a), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "NothingSpecMustObject", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const NothingSpecMustObject& a, const NothingSpecMustObject& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& NothingSpec::table() {
  using T = NothingSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_must_object{.nullable = true};
  static constexpr windlass::type::Constraints for_preset{.default_json = "\"here\""};
  static constexpr windlass::type::Constraints for_word{.min_length = 1u};
  static constexpr windlass::type::Field fields[] = {
      field<&T::anything>("anything", offsetof(T, anything), optional),
      field<&T::count>("count", offsetof(T, count), optional),
      field<&T::elements>("elements", offsetof(T, elements), optional),
      field<&T::flag>("flag", offsetof(T, flag), optional),
      field<&T::list>("list", offsetof(T, list), optional),
      field<&T::map>("map", offsetof(T, map), optional),
      field<&T::moment>("moment", offsetof(T, moment), optional),
      field<&T::must>("must", offsetof(T, must), required),
      field<&T::must_object>("mustObject", offsetof(T, must_object), required, &for_must_object),
      field<&T::object>("object", offsetof(T, object), optional),
      field<&T::objects>("objects", offsetof(T, objects), optional),
      field<&T::preset>("preset", offsetof(T, preset), optional, &for_preset),
      field<&T::text>("text", offsetof(T, text), optional),
      field<&T::values>("values", offsetof(T, values), optional),
      field<&T::word>("word", offsetof(T, word), optional, &for_word),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "NothingSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const NothingSpec& a, const NothingSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& Nothing::table() {
  using T = Nothing;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), required),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Nothing", .fields = fields, .index = index,
      .api_version = "features.example.com/v1", .kind = "Nothing"};
  return table;
}
bool operator==(const Nothing& a, const Nothing& b) {
  return windlass::type::equal(a, b);
}

}  // namespace features::api::v1
