// Made by windlass-gen from defaults.yaml; do not edit.
#include <features/v1/default.hpp>

#include <cstddef>

#include <windlass/json/table.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

const windlass::type::Table& DefaultSpecFilled::table() {
  using T = DefaultSpecFilled;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_size{.default_json = "7"};
  static constexpr windlass::type::Field fields[] = {
      field<&T::name>("name", offsetof(T, name), required),
      field<&T::size>("size", offsetof(T, size), optional, &for_size),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "DefaultSpecFilled", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const DefaultSpecFilled& a, const DefaultSpecFilled& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& DefaultSpecItemsItem::table() {
  using T = DefaultSpecItemsItem;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_size{.default_json = "7"};
  static constexpr windlass::type::Field fields[] = {
      field<&T::size>("size", offsetof(T, size), optional, &for_size),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "DefaultSpecItemsItem", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const DefaultSpecItemsItem& a, const DefaultSpecItemsItem& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& DefaultSpec::table() {
  using T = DefaultSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_anything{.default_json = "{\"a\":[1,null]}"};
  static constexpr windlass::type::Constraints for_blank{.default_json = "\"\""};
  static constexpr windlass::type::Constraints for_count{.default_json = "3"};
  static constexpr windlass::type::Constraints for_filled{.default_json = "{\"name\":\"x\"}"};
  static constexpr windlass::type::Constraints for_flag{.default_json = "true"};
  static constexpr windlass::type::Constraints for_list{.default_json = "[\"a\",\"b\"]"};
  static constexpr windlass::type::Constraints for_map{.default_json = "{\"a\":\"1\"}"};
  static constexpr windlass::type::Constraints for_moment{
      .default_json = "\"2026-01-02T03:04:05Z\""};
  static constexpr windlass::type::Constraints for_none{.default_json = "[]"};
  static constexpr windlass::type::Constraints for_object{.default_json = "{}"};
  static constexpr windlass::type::Constraints for_ratio{.default_json = "0.5"};
  static constexpr windlass::type::Constraints for_required{.default_json = "\"always\""};
  static constexpr windlass::type::Constraints for_span{.default_json = "\"90s\""};
  static constexpr windlass::type::Constraints for_text{.default_json = "\"a \\\"text\\\"\\n\""};
  static constexpr windlass::type::Constraints for_zero{.default_json = "0"};
  static constexpr windlass::type::Field fields[] = {
      field<&T::anything>("anything", offsetof(T, anything), optional, &for_anything),
      field<&T::blank>("blank", offsetof(T, blank), optional, &for_blank),
      field<&T::count>("count", offsetof(T, count), optional, &for_count),
      field<&T::filled>("filled", offsetof(T, filled), optional, &for_filled),
      field<&T::flag>("flag", offsetof(T, flag), optional, &for_flag),
      field<&T::items>("items", offsetof(T, items), optional),
      field<&T::list>("list", offsetof(T, list), optional, &for_list),
      field<&T::map>("map", offsetof(T, map), optional, &for_map),
      field<&T::moment>("moment", offsetof(T, moment), optional, &for_moment),
      field<&T::none>("none", offsetof(T, none), optional, &for_none),
      field<&T::object>("object", offsetof(T, object), optional, &for_object),
      field<&T::ratio>("ratio", offsetof(T, ratio), optional, &for_ratio),
      field<&T::required>("required", offsetof(T, required), optional, &for_required),
      field<&T::span>("span", offsetof(T, span), optional, &for_span),
      field<&T::text>("text", offsetof(T, text), optional, &for_text),
      field<&T::values>("values", offsetof(T, values), optional),
      field<&T::zero>("zero", offsetof(T, zero), optional, &for_zero),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "DefaultSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const DefaultSpec& a, const DefaultSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& Default::table() {
  using T = Default;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), required),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Default", .fields = fields, .index = index,
      .api_version = "features.example.com/v1", .kind = "Default"};
  return table;
}
bool operator==(const Default& a, const Default& b) {
  return windlass::type::equal(a, b);
}

}  // namespace features::api::v1
