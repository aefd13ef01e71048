// Made by windlass-gen from numbers_or_texts.yaml; do not edit.
#include <features/v1/number_or_text.hpp>

#include <cstddef>

#include <windlass/type/table.hpp>

namespace features::api::v1 {

const windlass::type::Table& NumberOrTextSpec::table() {
  using T = NumberOrTextSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_disk{.default_json = "\"1Gi\""};
  static constexpr windlass::type::Constraints for_percent{.pattern = "^[0-9]+%?$",
      .default_json = "\"25%\""};
  static constexpr windlass::type::Constraints for_preset{.default_json = "1"};
  static constexpr windlass::type::Constraints for_short__all_of_1{.max_length = 5u};
  static constexpr const windlass::type::Constraints* for_short__all_of[] = {&for_short__all_of_1};
  static constexpr windlass::type::Demands for_short__demands{.all_of = for_short__all_of};
  static constexpr windlass::type::Constraints for_short_{.demands = &for_short__demands};
  static constexpr windlass::type::Field fields[] = {
      field<&T::disk>("disk", offsetof(T, disk), optional, &for_disk),
      field<&T::limits>("limits", offsetof(T, limits), optional),
      field<&T::list>("list", offsetof(T, list), optional),
      field<&T::map>("map", offsetof(T, map), optional),
      field<&T::memory>("memory", offsetof(T, memory), optional),
      field<&T::percent>("percent", offsetof(T, percent), optional, &for_percent),
      field<&T::perhaps>("perhaps", offsetof(T, perhaps), optional),
      field<&T::port>("port", offsetof(T, port), optional),
      field<&T::preset>("preset", offsetof(T, preset), optional, &for_preset),
      field<&T::short_>("short", offsetof(T, short_), optional, &for_short_),
      field<&T::sizes>("sizes", offsetof(T, sizes), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "NumberOrTextSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const NumberOrTextSpec& a, const NumberOrTextSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& NumberOrText::table() {
  using T = NumberOrText;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), required),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "NumberOrText", .fields = fields,
      .index = index, .api_version = "features.example.com/v1", .kind = "NumberOrText"};
  return table;
}
bool operator==(const NumberOrText& a, const NumberOrText& b) {
  return windlass::type::equal(a, b);
}

}  // namespace features::api::v1
