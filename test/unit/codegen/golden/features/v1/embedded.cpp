// Made by windlass-gen from embedded.yaml; do not edit.
#include <features/v1/embedded.hpp>

#include <cstddef>

#include <windlass/json/table.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

const windlass::type::Table& EmbeddedSpec::table() {
  using T = EmbeddedSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Demands for_described_demands{
      .keywords = "{\"properties\":{\"spec\":{\"properties\":{\"size\":{\"type\":\"integer\"}},\"type\":\"object\"}},\"type\":\"object\",\"x-kubernetes-embedded-resource\":true}",
      .keywords_only = true};
  static constexpr windlass::type::Constraints for_described{.demands = &for_described_demands,
      .json_type = "object"};
  static constexpr windlass::type::Constraints for_free{.json_type = "object"};
  static constexpr windlass::type::Constraints for_hollow{.json_type = "object"};
  static constexpr windlass::type::Demands for_object_demands{
      .keywords = "{\"type\":\"object\",\"x-kubernetes-embedded-resource\":true,\"x-kubernetes-preserve-unknown-fields\":true}",
      .keywords_only = true};
  static constexpr windlass::type::Constraints for_object{.demands = &for_object_demands,
      .json_type = "object"};
  static constexpr windlass::type::Demands for_objects_items_demands{
      .keywords = "{\"type\":\"object\",\"x-kubernetes-embedded-resource\":true,\"x-kubernetes-preserve-unknown-fields\":true}",
      .keywords_only = true};
  static constexpr windlass::type::Constraints for_objects_items{
      .demands = &for_objects_items_demands, .json_type = "object"};
  static constexpr windlass::type::Constraints for_objects{.items = &for_objects_items};
  static constexpr windlass::type::Demands for_perhaps_demands{
      .keywords = "{\"nullable\":true,\"type\":\"object\",\"x-kubernetes-embedded-resource\":true,\"x-kubernetes-preserve-unknown-fields\":true}",
      .keywords_only = true};
  static constexpr windlass::type::Constraints for_perhaps{.demands = &for_perhaps_demands,
      .json_type = "object"};
  static constexpr windlass::type::Field fields[] = {
      field<&T::anything>("anything", offsetof(T, anything), optional),
      field<&T::described>("described", offsetof(T, described), optional, &for_described),
      field<&T::free>("free", offsetof(T, free), optional, &for_free),
      field<&T::hollow>("hollow", offsetof(T, hollow), optional, &for_hollow),
      field<&T::list>("list", offsetof(T, list), optional),
      field<&T::map>("map", offsetof(T, map), optional),
      field<&T::object>("object", offsetof(T, object), optional, &for_object),
      field<&T::objects>("objects", offsetof(T, objects), optional, &for_objects),
      field<&T::perhaps>("perhaps", offsetof(T, perhaps), optional, &for_perhaps),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "EmbeddedSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const EmbeddedSpec& a, const EmbeddedSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& Embedded::table() {
  using T = Embedded;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), required),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Embedded", .fields = fields, .index = index,
      .api_version = "features.example.com/v1", .kind = "Embedded"};
  return table;
}
bool operator==(const Embedded& a, const Embedded& b) {
  return windlass::type::equal(a, b);
}

}  // namespace features::api::v1
