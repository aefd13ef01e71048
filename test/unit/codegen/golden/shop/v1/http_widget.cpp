// Made by windlass-gen from tricky.yaml; do not edit.
#include <shop/v1/http_widget.hpp>

#include <cstddef>

#include <windlass/json/table.hpp>
#include <windlass/type/table.hpp>

namespace shop::api::v1 {

std::string_view to_string(HTTPWidgetSpecFactor value) {
  using Names = windlass::type::EnumNames<HTTPWidgetSpecFactor>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(HTTPWidgetSpecLevel value) {
  using Names = windlass::type::EnumNames<HTTPWidgetSpecLevel>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(HTTPWidgetSpecMode value) {
  using Names = windlass::type::EnumNames<HTTPWidgetSpecMode>;
  return Names::names[static_cast<std::size_t>(value)];
}

const windlass::type::Table& HTTPWidgetSpecEither::table() {
  using T = HTTPWidgetSpecEither;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_a{.min_length = 2u};
  static constexpr windlass::type::Constraints for_b{.min_length = 2u};
  static constexpr windlass::type::Field fields[] = {
      field<&T::a>("a", offsetof(T, a), optional, &for_a),
      field<&T::b>("b", offsetof(T, b), optional, &for_b),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "HTTPWidgetSpecEither", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const HTTPWidgetSpecEither& a, const HTTPWidgetSpecEither& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& HTTPWidgetSpecExtensible::table() {
  using T = HTTPWidgetSpecExtensible;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_known{.min_length = 1u};
  static constexpr windlass::type::Field fields[] = {
      field<&T::known>("known", offsetof(T, known), optional, &for_known),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "HTTPWidgetSpecExtensible", .fields = fields,
      .index = index, .rest = field<&T::unknown_fields>("", offsetof(T, unknown_fields), optional)};
  return table;
}
bool operator==(const HTTPWidgetSpecExtensible& a, const HTTPWidgetSpecExtensible& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& HTTPWidgetSpecNullableObject::table() {
  using T = HTTPWidgetSpecNullableObject;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_a{.min_length = 1u};
  static constexpr windlass::type::Field fields[] = {
      field<&T::a>("a", offsetof(T, a), optional, &for_a),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "HTTPWidgetSpecNullableObject",
      .fields = fields, .index = index};
  return table;
}
bool operator==(const HTTPWidgetSpecNullableObject& a, const HTTPWidgetSpecNullableObject& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& HTTPWidgetSpecOptions::table() {
  using T = HTTPWidgetSpecOptions;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::verbose>("verbose", offsetof(T, verbose), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "HTTPWidgetSpecOptions", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const HTTPWidgetSpecOptions& a, const HTTPWidgetSpecOptions& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& HTTPWidgetSpecPoolsValue::table() {
  using T = HTTPWidgetSpecPoolsValue;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_weight{.minimum = 1.0};
  static constexpr windlass::type::Field fields[] = {
      field<&T::weight>("weight", offsetof(T, weight), optional, &for_weight),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "HTTPWidgetSpecPoolsValue", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const HTTPWidgetSpecPoolsValue& a, const HTTPWidgetSpecPoolsValue& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& HTTPWidgetSpecPrimary::table() {
  using T = HTTPWidgetSpecPrimary;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_host{.max_length = 253u};
  static constexpr windlass::type::Constraints for_port{.default_json = "5432"};
  static constexpr windlass::type::Field fields[] = {
      field<&T::host>("host", offsetof(T, host), required, &for_host),
      field<&T::port>("port", offsetof(T, port), optional, &for_port),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "HTTPWidgetSpecPrimary", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const HTTPWidgetSpecPrimary& a, const HTTPWidgetSpecPrimary& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& HTTPWidgetSpecUsersItem::table() {
  using T = HTTPWidgetSpecUsersItem;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_name{.min_length = 1u};
  static constexpr windlass::type::Field fields[] = {
      field<&T::admin>("admin", offsetof(T, admin), optional),
      field<&T::name>("name", offsetof(T, name), required, &for_name),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "HTTPWidgetSpecUsersItem", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const HTTPWidgetSpecUsersItem& a, const HTTPWidgetSpecUsersItem& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& HTTPWidgetSpec::table() {
  using T = HTTPWidgetSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_big{.multiple_of = 1024.0};
  static constexpr windlass::type::Constraints for_class_{.min_length = 1u};
  static constexpr windlass::type::Constraints for_cluster_ip{.format = "ipv4"};
  static constexpr windlass::type::Constraints for_code{.pattern = "^[a-z]+$"};
  static constexpr windlass::type::Constraints for_count{.minimum = 0.0, .maximum = 9.0,
      .default_json = "3"};
  static constexpr windlass::type::Constraints for_data{.format = "byte"};
  static constexpr std::string_view for_either_one_of_1_required[] = {"a"};
  static constexpr windlass::type::Demands for_either_one_of_1_demands{
      .required = for_either_one_of_1_required};
  static constexpr windlass::type::Constraints for_either_one_of_1{
      .demands = &for_either_one_of_1_demands};
  static constexpr std::string_view for_either_one_of_2_required[] = {"b"};
  static constexpr windlass::type::Demands for_either_one_of_2_demands{
      .required = for_either_one_of_2_required};
  static constexpr windlass::type::Constraints for_either_one_of_2{
      .demands = &for_either_one_of_2_demands};
  static constexpr const windlass::type::Constraints* for_either_one_of[] = {&for_either_one_of_1,
      &for_either_one_of_2};
  static constexpr windlass::type::Demands for_either_demands{.one_of = for_either_one_of};
  static constexpr windlass::type::Constraints for_either{.demands = &for_either_demands};
  static constexpr windlass::type::Demands for_embedded_demands{
      .keywords = "{\"type\":\"object\",\"x-kubernetes-embedded-resource\":true,\"x-kubernetes-preserve-unknown-fields\":true}",
      .keywords_only = true};
  static constexpr windlass::type::Constraints for_embedded{.demands = &for_embedded_demands,
      .json_type = "object"};
  static constexpr windlass::type::Constraints for_flags_items{.json_type = "boolean"};
  static constexpr windlass::type::Demands for_flags_demands{
      .keywords = "{\"items\":{\"type\":\"boolean\"},\"type\":\"array\"}", .keywords_only = true};
  static constexpr windlass::type::Constraints for_flags{.items = &for_flags_items,
      .demands = &for_flags_demands, .json_type = "array"};
  static constexpr windlass::type::Constraints for_foo_bar{.min_length = 1u};
  static constexpr windlass::type::Constraints for_foo_bar_2{.min_length = 1u};
  static constexpr windlass::type::Rule for_frozen_rules[] = {
      {.rule = "self == oldSelf"},
  };
  static constexpr windlass::type::Demands for_frozen_demands{.rules = for_frozen_rules};
  static constexpr windlass::type::Constraints for_frozen{.min_length = 1u, .immutable = true,
      .demands = &for_frozen_demands};
  static constexpr windlass::type::Constraints for_hollow{.json_type = "object"};
  static constexpr windlass::type::Constraints for_host_ips{
      .list_type = windlass::type::ListType::set};
  static constexpr windlass::type::Constraints for_labels{.max_items = 5u};
  static constexpr windlass::type::Constraints for_nickname{.pattern = "^[a-z]*$"};
  static constexpr windlass::type::Constraints for_operator_{.min_length = 1u};
  static constexpr windlass::type::Constraints for_options{.default_json = "{}"};
  static constexpr windlass::type::Rule for_pod_rules[] = {
      {.rule = "!has(self.spec) || self.spec.nodes < 5 || self.kind == 'Big'"},
  };
  static constexpr windlass::type::Demands for_pod_demands{.rules = for_pod_rules,
      .keywords = "{\"properties\":{\"spec\":{\"properties\":{\"nodes\":{\"type\":\"integer\"}},\"type\":\"object\"}},\"type\":\"object\",\"x-kubernetes-embedded-resource\":true,\"x-kubernetes-preserve-unknown-fields\":true,\"x-kubernetes-validations\":[{\"rule\":\"!has(self.spec) || self.spec.nodes < 5 || self.kind == 'Big'\"}]}",
      .keywords_only = true};
  static constexpr windlass::type::Constraints for_pod{.demands = &for_pod_demands,
      .json_type = "object"};
  static constexpr windlass::type::Constraints for_preset_list{.default_json = "[\"a\"]"};
  static constexpr windlass::type::Constraints for_price{.minimum = 0.5, .exclusive_minimum = true};
  static constexpr windlass::type::Constraints for_share{.pattern = "^[0-9]+%?$"};
  static constexpr windlass::type::Constraints for_tags_items{.max_length = 10u};
  static constexpr windlass::type::Constraints for_tags{.unique_items = true,
      .items = &for_tags_items};
  static constexpr std::string_view for_template__members_1_members_1_items_members_1_items_required[] = {
      "containerPort"};
  static constexpr windlass::type::Demands for_template__members_1_members_1_items_members_1_items_demands{
      .required = for_template__members_1_members_1_items_members_1_items_required};
  static constexpr windlass::type::Constraints for_template__members_1_members_1_items_members_1_items{
      .demands = &for_template__members_1_members_1_items_members_1_items_demands};
  static constexpr windlass::type::Constraints for_template__members_1_members_1_items_members_1{
      .items = &for_template__members_1_members_1_items_members_1_items};
  static constexpr windlass::type::MemberConstraints for_template__members_1_members_1_items_members[] = {
      {"ports", &for_template__members_1_members_1_items_members_1}};
  static constexpr windlass::type::Demands for_template__members_1_members_1_items_demands{
      .members = for_template__members_1_members_1_items_members};
  static constexpr windlass::type::Constraints for_template__members_1_members_1_items{
      .demands = &for_template__members_1_members_1_items_demands};
  static constexpr windlass::type::Constraints for_template__members_1_members_1{
      .items = &for_template__members_1_members_1_items};
  static constexpr windlass::type::MemberConstraints for_template__members_1_members[] = {
      {"containers", &for_template__members_1_members_1}};
  static constexpr windlass::type::Demands for_template__members_1_demands{
      .members = for_template__members_1_members};
  static constexpr windlass::type::Constraints for_template__members_1{
      .demands = &for_template__members_1_demands};
  static constexpr windlass::type::MemberConstraints for_template__members[] = {
      {"spec", &for_template__members_1}};
  static constexpr windlass::type::Demands for_template__demands{.members = for_template__members};
  static constexpr windlass::type::Constraints for_template_{.demands = &for_template__demands};
  static constexpr std::string_view for_users_keys[] = {"name"};
  static constexpr windlass::type::Constraints for_users{.min_items = 1u, .max_items = 10u,
      .list_type = windlass::type::ListType::map, .list_map_keys = for_users_keys};
  static constexpr windlass::type::Field fields[] = {
      field<&T::ref>("$ref", offsetof(T, ref), optional),
      field<&T::_4xx>("4xx", offsetof(T, _4xx), optional),
      field<&T::anything>("anything", offsetof(T, anything), optional),
      field<&T::big>("big", offsetof(T, big), optional, &for_big),
      field<&T::class_>("class", offsetof(T, class_), required, &for_class_),
      field<&T::cluster_ip>("clusterIP", offsetof(T, cluster_ip), optional, &for_cluster_ip),
      field<&T::code>("code", offsetof(T, code), optional, &for_code),
      field<&T::count>("count", offsetof(T, count), optional, &for_count),
      field<&T::data>("data", offsetof(T, data), optional, &for_data),
      field<&T::default_>("default", offsetof(T, default_), optional),
      field<&T::either>("either", offsetof(T, either), optional, &for_either),
      field<&T::embedded>("embedded", offsetof(T, embedded), optional, &for_embedded),
      field<&T::extensible>("extensible", offsetof(T, extensible), optional),
      field<&T::factor>("factor", offsetof(T, factor), optional),
      field<&T::flags>("flags", offsetof(T, flags), optional, &for_flags),
      field<&T::foo_bar>("fooBar", offsetof(T, foo_bar), optional, &for_foo_bar),
      field<&T::foo_bar_2>("foo_bar", offsetof(T, foo_bar_2), optional, &for_foo_bar_2),
      field<&T::frozen>("frozen", offsetof(T, frozen), optional, &for_frozen),
      field<&T::hollow>("hollow", offsetof(T, hollow), optional, &for_hollow),
      field<&T::host_ips>("hostIPs", offsetof(T, host_ips), optional, &for_host_ips),
      field<&T::labels>("labels", offsetof(T, labels), optional, &for_labels),
      field<&T::level>("level", offsetof(T, level), optional),
      field<&T::lookahead>("lookahead", offsetof(T, lookahead), optional),
      field<&T::matrix>("matrix", offsetof(T, matrix), optional),
      field<&T::maybe>("maybe", offsetof(T, maybe), optional),
      field<&T::maybe_list>("maybeList", offsetof(T, maybe_list), optional),
      field<&T::maybe_nulls>("maybeNulls", offsetof(T, maybe_nulls), optional),
      field<&T::memory>("memory", offsetof(T, memory), optional),
      field<&T::mode>("mode", offsetof(T, mode), required),
      field<&T::namespace_>("namespace", offsetof(T, namespace_), optional),
      field<&T::nickname>("nickname", offsetof(T, nickname), optional, &for_nickname),
      field<&T::nullable_object>("nullableObject", offsetof(T, nullable_object), optional),
      field<&T::nullable_required>("nullableRequired", offsetof(T, nullable_required), required),
      field<&T::operator_>("operator", offsetof(T, operator_), optional, &for_operator_),
      field<&T::options>("options", offsetof(T, options), optional, &for_options),
      field<&T::other_mode>("otherMode", offsetof(T, other_mode), optional),
      field<&T::password_secret>("passwordSecret", offsetof(T, password_secret), optional),
      field<&T::pod>("pod", offsetof(T, pod), optional, &for_pod),
      field<&T::pools>("pools", offsetof(T, pools), optional),
      field<&T::port>("port", offsetof(T, port), optional),
      field<&T::preset_list>("presetList", offsetof(T, preset_list), optional, &for_preset_list),
      field<&T::price>("price", offsetof(T, price), required, &for_price),
      field<&T::primary>("primary", offsetof(T, primary), required),
      field<&T::replica>("replica", offsetof(T, replica), optional),
      field<&T::resource>("resource", offsetof(T, resource), optional),
      field<&T::resources>("resources", offsetof(T, resources), optional),
      field<&T::selector>("selector", offsetof(T, selector), optional),
      field<&T::share>("share", offsetof(T, share), optional, &for_share),
      field<&T::table_>("table", offsetof(T, table_), optional),
      field<&T::tags>("tags", offsetof(T, tags), required, &for_tags),
      field<&T::template_>("template", offsetof(T, template_), optional, &for_template_),
      field<&T::timeout>("timeout", offsetof(T, timeout), optional),
      field<&T::users>("users", offsetof(T, users), optional, &for_users),
      field<&T::when>("when", offsetof(T, when), optional),
      field<&T::x_foo_bar_baz>("x-foo.bar/baz", offsetof(T, x_foo_bar_baz), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "HTTPWidgetSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const HTTPWidgetSpec& a, const HTTPWidgetSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& HTTPWidgetStatus::table() {
  using T = HTTPWidgetStatus;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_conditions_items_members_1{.min_length = 1u,
      .pattern = "^[A-Z]"};
  static constexpr std::string_view for_conditions_items_members_2_values[] = {"True", "False",
      "Unknown"};
  static constexpr windlass::type::Constraints for_conditions_items_members_2{
      .values = for_conditions_items_members_2_values};
  static constexpr windlass::type::MemberConstraints for_conditions_items_members[] = {
      {"reason", &for_conditions_items_members_1}, {"status", &for_conditions_items_members_2}};
  static constexpr windlass::type::Demands for_conditions_items_demands{
      .members = for_conditions_items_members};
  static constexpr windlass::type::Constraints for_conditions_items{
      .demands = &for_conditions_items_demands};
  static constexpr windlass::type::Constraints for_conditions{.items = &for_conditions_items};
  static constexpr windlass::type::Field fields[] = {
      field<&T::conditions>("conditions", offsetof(T, conditions), optional, &for_conditions),
      field<&T::observed_generation>("observedGeneration", offsetof(T, observed_generation),
          optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "HTTPWidgetStatus", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const HTTPWidgetStatus& a, const HTTPWidgetStatus& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& HTTPWidget::table() {
  using T = HTTPWidget;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_metadata_members_1{.max_length = 20u};
  static constexpr windlass::type::MemberConstraints for_metadata_members[] = {
      {"name", &for_metadata_members_1}};
  static constexpr windlass::type::Demands for_metadata_demands{.members = for_metadata_members};
  static constexpr windlass::type::Constraints for_metadata{.demands = &for_metadata_demands};
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional, &for_metadata),
      field<&T::spec>("spec", offsetof(T, spec), required),
      field<&T::status>("status", offsetof(T, status), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Rule rules_rules[] = {
      {.rule = "self.spec.count < 5 || self.spec.mode == 'Fast'",
          .message = "only fast ones may be many", .field_path = ".spec.count"},
  };
  static constexpr windlass::type::Demands rules_demands{.rules = rules_rules};
  static constexpr windlass::type::Constraints rules{.demands = &rules_demands};
  static constexpr windlass::type::Column columns[] = {
      {.name = "Mode", .type = "string", .json_path = ".spec.mode"},
      {.name = "Age", .type = "date", .json_path = ".metadata.creationTimestamp",
          .description = "How old it is.", .priority = 1},
  };
  static constexpr windlass::type::Table table{.name = "HTTPWidget", .fields = fields,
      .index = index, .api_version = "shop.example.com/v1", .kind = "HTTPWidget",
      .constraints = &rules, .columns = columns};
  return table;
}
bool operator==(const HTTPWidget& a, const HTTPWidget& b) {
  return windlass::type::equal(a, b);
}

HTTPWidgetSpecUsersItem* find(std::vector<HTTPWidgetSpecUsersItem>& list, const std::string& name) {
  for (auto& element : list) {
    if (element.name == name) return &element;
  }
  return nullptr;
}

const HTTPWidgetSpecUsersItem* find(const std::vector<HTTPWidgetSpecUsersItem>& list, const std::string& name) {
  for (auto& element : list) {
    if (element.name == name) return &element;
  }
  return nullptr;
}

HTTPWidgetSpecUsersItem& upsert(std::vector<HTTPWidgetSpecUsersItem>& list, const std::string& name) {
  if (auto* present = find(list, name)) return *present;
  auto& added = list.emplace_back();
  added.name = name;
  return added;
}

}  // namespace shop::api::v1
