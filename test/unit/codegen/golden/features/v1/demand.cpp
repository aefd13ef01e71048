// Made by windlass-gen from demands.yaml; do not edit.
#include <features/v1/demand.hpp>

#include <cstddef>

#include <windlass/type/table.hpp>

namespace features::api::v1 {

const windlass::type::Table& DemandSpecAny::table() {
  using T = DemandSpecAny;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::a>("a", offsetof(T, a), optional),
      field<&T::b>("b", offsetof(T, b), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "DemandSpecAny", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const DemandSpecAny& a, const DemandSpecAny& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& DemandSpecEither::table() {
  using T = DemandSpecEither;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::a>("a", offsetof(T, a), optional),
      field<&T::b>("b", offsetof(T, b), optional),
      field<&T::c>("c", offsetof(T, c), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "DemandSpecEither", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const DemandSpecEither& a, const DemandSpecEither& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& DemandSpec::table() {
  using T = DemandSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_address_any_of_1{.format = "ipv4"};
  static constexpr windlass::type::Constraints for_address_any_of_2{.format = "ipv6"};
  static constexpr windlass::type::Constraints for_address_any_of_3{.format = "date-time"};
  static constexpr const windlass::type::Constraints* for_address_any_of[] = {&for_address_any_of_1,
      &for_address_any_of_2, &for_address_any_of_3};
  static constexpr windlass::type::Demands for_address_demands{.any_of = for_address_any_of};
  static constexpr windlass::type::Constraints for_address{.demands = &for_address_demands};
  static constexpr windlass::type::Constraints for_all_all_of_1{.min_length = 1u};
  static constexpr windlass::type::Constraints for_all_all_of_2{.pattern = "^x"};
  static constexpr const windlass::type::Constraints* for_all_all_of[] = {&for_all_all_of_1,
      &for_all_all_of_2};
  static constexpr windlass::type::Demands for_all_demands{.all_of = for_all_all_of};
  static constexpr windlass::type::Constraints for_all{.demands = &for_all_demands};
  static constexpr std::string_view for_any_any_of_1_required[] = {"a"};
  static constexpr windlass::type::Demands for_any_any_of_1_demands{
      .required = for_any_any_of_1_required};
  static constexpr windlass::type::Constraints for_any_any_of_1{
      .demands = &for_any_any_of_1_demands};
  static constexpr windlass::type::Constraints for_any_any_of_2_members_1{.minimum = 3.0};
  static constexpr windlass::type::MemberConstraints for_any_any_of_2_members[] = {
      {"b", &for_any_any_of_2_members_1}};
  static constexpr windlass::type::Demands for_any_any_of_2_demands{
      .members = for_any_any_of_2_members};
  static constexpr windlass::type::Constraints for_any_any_of_2{
      .demands = &for_any_any_of_2_demands};
  static constexpr const windlass::type::Constraints* for_any_any_of[] = {&for_any_any_of_1,
      &for_any_any_of_2};
  static constexpr windlass::type::Demands for_any_demands{.any_of = for_any_any_of};
  static constexpr windlass::type::Constraints for_any{.demands = &for_any_demands};
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
  static constexpr std::string_view for_either_not_required[] = {"a", "c"};
  static constexpr windlass::type::Demands for_either_not_demands{
      .required = for_either_not_required};
  static constexpr windlass::type::Constraints for_either_not{.demands = &for_either_not_demands};
  static constexpr windlass::type::Demands for_either_demands{.one_of = for_either_one_of,
      .not_ = &for_either_not};
  static constexpr windlass::type::Constraints for_either{.demands = &for_either_demands};
  static constexpr windlass::type::Constraints for_even{.multiple_of = 2.0};
  static constexpr windlass::type::Constraints for_length{.min_length = 2u, .max_length = 4u};
  static constexpr windlass::type::Constraints for_low{.minimum = -5.0, .maximum = 5.0};
  static constexpr windlass::type::Constraints for_open{.minimum = 0.0, .maximum = 1.0,
      .exclusive_minimum = true, .exclusive_maximum = true};
  static constexpr windlass::type::Constraints for_pattern{.pattern = "^[a-z]+(\\.[a-z]+)*$"};
  static constexpr windlass::type::Rule for_rule_rules[] = {
      {.rule = "self % 2 == 0", .message = "must be even", .reason = "FieldValueForbidden"},
      {.rule = "self >= oldSelf", .message_expression = "'was ' + string(oldSelf)"},
  };
  static constexpr windlass::type::Demands for_rule_demands{.rules = for_rule_rules};
  static constexpr windlass::type::Constraints for_rule{.demands = &for_rule_demands};
  static constexpr windlass::type::Field fields[] = {
      field<&T::address>("address", offsetof(T, address), optional, &for_address),
      field<&T::all>("all", offsetof(T, all), optional, &for_all),
      field<&T::any>("any", offsetof(T, any), optional, &for_any),
      field<&T::either>("either", offsetof(T, either), optional, &for_either),
      field<&T::even>("even", offsetof(T, even), optional, &for_even),
      field<&T::length>("length", offsetof(T, length), optional, &for_length),
      field<&T::low>("low", offsetof(T, low), optional, &for_low),
      field<&T::open>("open", offsetof(T, open), optional, &for_open),
      field<&T::pattern>("pattern", offsetof(T, pattern), optional, &for_pattern),
      field<&T::rule>("rule", offsetof(T, rule), optional, &for_rule),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "DemandSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const DemandSpec& a, const DemandSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& Demand::table() {
  using T = Demand;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Rule for_spec_rules[] = {
      {.rule = "!has(self.low) || !has(self.even) || self.low <= self.even",
          .message = "low may not be above even", .field_path = ".low"},
  };
  static constexpr windlass::type::Demands for_spec_demands{.rules = for_spec_rules};
  static constexpr windlass::type::Constraints for_spec{.demands = &for_spec_demands};
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), required, &for_spec),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Demand", .fields = fields, .index = index,
      .api_version = "features.example.com/v1", .kind = "Demand"};
  return table;
}
bool operator==(const Demand& a, const Demand& b) {
  return windlass::type::equal(a, b);
}

}  // namespace features::api::v1
