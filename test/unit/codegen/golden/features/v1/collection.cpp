// Made by windlass-gen from collections.yaml; do not edit.
#include <features/v1/collection.hpp>

#include <cstddef>

#include <windlass/json/table.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

const windlass::type::Table& CollectionSpecPortsItem::table() {
  using T = CollectionSpecPortsItem;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_name{.min_length = 1u};
  static constexpr windlass::type::Constraints for_protocol{.default_json = "\"TCP\""};
  static constexpr windlass::type::Field fields[] = {
      field<&T::name>("name", offsetof(T, name), optional, &for_name),
      field<&T::port>("port", offsetof(T, port), required),
      field<&T::protocol>("protocol", offsetof(T, protocol), optional, &for_protocol),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "CollectionSpecPortsItem", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const CollectionSpecPortsItem& a, const CollectionSpecPortsItem& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& CollectionSpecUsersItem::table() {
  using T = CollectionSpecUsersItem;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_name{.min_length = 1u};
  static constexpr windlass::type::Field fields[] = {
      field<&T::admin>("admin", offsetof(T, admin), optional),
      field<&T::name>("name", offsetof(T, name), required, &for_name),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "CollectionSpecUsersItem", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const CollectionSpecUsersItem& a, const CollectionSpecUsersItem& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& CollectionSpec::table() {
  using T = CollectionSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_few{.min_items = 1u, .max_items = 3u};
  static constexpr windlass::type::Constraints for_flags_items{.json_type = "boolean"};
  static constexpr windlass::type::Demands for_flags_demands{
      .keywords = "{\"items\":{\"type\":\"boolean\"},\"maxItems\":2,\"minItems\":1,\"type\":\"array\"}",
      .keywords_only = true};
  static constexpr windlass::type::Constraints for_flags{.min_items = 1u, .max_items = 2u,
      .items = &for_flags_items, .demands = &for_flags_demands, .json_type = "array"};
  static constexpr windlass::type::Constraints for_labels_items{.max_length = 5u};
  static constexpr windlass::type::Constraints for_labels{.min_items = 1u, .max_items = 3u,
      .items = &for_labels_items};
  static constexpr windlass::type::Constraints for_numbers{
      .list_type = windlass::type::ListType::set};
  static constexpr std::string_view for_ports_keys[] = {"port", "protocol"};
  static constexpr windlass::type::Constraints for_ports{.list_type = windlass::type::ListType::map,
      .list_map_keys = for_ports_keys};
  static constexpr windlass::type::Constraints for_set{.list_type = windlass::type::ListType::set};
  static constexpr std::string_view for_users_keys[] = {"name"};
  static constexpr windlass::type::Constraints for_users{.list_type = windlass::type::ListType::map,
      .list_map_keys = for_users_keys};
  static constexpr windlass::type::Field fields[] = {
      field<&T::few>("few", offsetof(T, few), optional, &for_few),
      field<&T::flags>("flags", offsetof(T, flags), optional, &for_flags),
      field<&T::grains>("grains", offsetof(T, grains), optional),
      field<&T::groups>("groups", offsetof(T, groups), optional),
      field<&T::labels>("labels", offsetof(T, labels), optional, &for_labels),
      field<&T::lists>("lists", offsetof(T, lists), optional),
      field<&T::maps>("maps", offsetof(T, maps), optional),
      field<&T::matrix>("matrix", offsetof(T, matrix), optional),
      field<&T::numbers>("numbers", offsetof(T, numbers), optional, &for_numbers),
      field<&T::ports>("ports", offsetof(T, ports), optional, &for_ports),
      field<&T::set>("set", offsetof(T, set), optional, &for_set),
      field<&T::switches>("switches", offsetof(T, switches), optional),
      field<&T::users>("users", offsetof(T, users), optional, &for_users),
      field<&T::whole>("whole", offsetof(T, whole), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "CollectionSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const CollectionSpec& a, const CollectionSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& Collection::table() {
  using T = Collection;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), required),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Collection", .fields = fields,
      .index = index, .api_version = "features.example.com/v1", .kind = "Collection"};
  return table;
}
bool operator==(const Collection& a, const Collection& b) {
  return windlass::type::equal(a, b);
}

CollectionSpecPortsItem* find(std::vector<CollectionSpecPortsItem>& list, const std::int32_t& port, const std::string& protocol) {
  for (auto& element : list) {
    if (element.port == port && element.protocol == protocol) return &element;
  }
  return nullptr;
}

const CollectionSpecPortsItem* find(const std::vector<CollectionSpecPortsItem>& list, const std::int32_t& port, const std::string& protocol) {
  for (auto& element : list) {
    if (element.port == port && element.protocol == protocol) return &element;
  }
  return nullptr;
}

CollectionSpecPortsItem& upsert(std::vector<CollectionSpecPortsItem>& list, const std::int32_t& port, const std::string& protocol) {
  if (auto* present = find(list, port, protocol)) return *present;
  auto& added = list.emplace_back();
  added.port = port;
  added.protocol = protocol;
  return added;
}

CollectionSpecUsersItem* find(std::vector<CollectionSpecUsersItem>& list, const std::string& name) {
  for (auto& element : list) {
    if (element.name == name) return &element;
  }
  return nullptr;
}

const CollectionSpecUsersItem* find(const std::vector<CollectionSpecUsersItem>& list, const std::string& name) {
  for (auto& element : list) {
    if (element.name == name) return &element;
  }
  return nullptr;
}

CollectionSpecUsersItem& upsert(std::vector<CollectionSpecUsersItem>& list, const std::string& name) {
  if (auto* present = find(list, name)) return *present;
  auto& added = list.emplace_back();
  added.name = name;
  return added;
}

}  // namespace features::api::v1
