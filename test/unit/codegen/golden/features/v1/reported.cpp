// Made by windlass-gen from statuses.yaml; do not edit.
#include <features/v1/reported.hpp>

#include <cstddef>

#include <windlass/json/table.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

const windlass::type::Table& ReportedSpec::table() {
  using T = ReportedSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::size>("size", offsetof(T, size), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "ReportedSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const ReportedSpec& a, const ReportedSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& ReportedStatus::table() {
  using T = ReportedStatus;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_phase{.min_length = 1u};
  static constexpr windlass::type::Field fields[] = {
      field<&T::phase>("phase", offsetof(T, phase), required, &for_phase),
      field<&T::source>("source", offsetof(T, source), required),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "ReportedStatus", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const ReportedStatus& a, const ReportedStatus& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& Reported::table() {
  using T = Reported;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), optional),
      field<&T::status>("status", offsetof(T, status), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Rule rules_rules[] = {
      {.rule = "!has(self.status) || self.status.phase != ''", .message = "a status has a phase"},
  };
  static constexpr windlass::type::Demands rules_demands{.rules = rules_rules};
  static constexpr windlass::type::Constraints rules{.demands = &rules_demands};
  static constexpr windlass::type::Table table{.name = "Reported", .fields = fields, .index = index,
      .api_version = "features.example.com/v1", .kind = "Reported", .constraints = &rules};
  return table;
}
bool operator==(const Reported& a, const Reported& b) {
  return windlass::type::equal(a, b);
}

}  // namespace features::api::v1
