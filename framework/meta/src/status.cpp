#include <windlass/meta/status.hpp>

namespace windlass::inline v0::meta {

const type::Table& StatusCause::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&StatusCause::reason>("reason", offsetof(StatusCause, reason), optional),
      field<&StatusCause::message>("message", offsetof(StatusCause, message), optional),
      field<&StatusCause::field>("field", offsetof(StatusCause, field), optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{.name = "StatusCause", .fields = fields, .index = index};
  return table;
}
bool operator==(const StatusCause& a, const StatusCause& b) { return type::equal(a, b); }

const type::Table& StatusDetails::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&StatusDetails::name>("name", offsetof(StatusDetails, name), optional),
      field<&StatusDetails::group>("group", offsetof(StatusDetails, group), optional),
      field<&StatusDetails::kind>("kind", offsetof(StatusDetails, kind), optional),
      field<&StatusDetails::uid>("uid", offsetof(StatusDetails, uid), optional),
      field<&StatusDetails::causes>("causes", offsetof(StatusDetails, causes), optional),
      field<&StatusDetails::retry_after_seconds>(
          "retryAfterSeconds", offsetof(StatusDetails, retry_after_seconds), optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{.name = "StatusDetails", .fields = fields, .index = index};
  return table;
}
bool operator==(const StatusDetails& a, const StatusDetails& b) { return type::equal(a, b); }

const type::Table& Status::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&Status::metadata>("metadata", offsetof(Status, metadata), required),
      field<&Status::status>("status", offsetof(Status, status), optional),
      field<&Status::message>("message", offsetof(Status, message), optional),
      field<&Status::reason>("reason", offsetof(Status, reason), optional),
      field<&Status::details>("details", offsetof(Status, details), optional),
      field<&Status::code>("code", offsetof(Status, code), optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{
      .name = "Status", .fields = fields, .index = index, .api_version = "v1", .kind = "Status"};
  return table;
}
bool operator==(const Status& a, const Status& b) { return type::equal(a, b); }

const type::Table& Preconditions::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&Preconditions::uid>("uid", offsetof(Preconditions, uid), optional),
      field<&Preconditions::resource_version>("resourceVersion",
                                              offsetof(Preconditions, resource_version), optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{.name = "Preconditions", .fields = fields, .index = index};
  return table;
}
bool operator==(const Preconditions& a, const Preconditions& b) { return type::equal(a, b); }

const type::Table& DeleteOptions::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&DeleteOptions::grace_period_seconds>(
          "gracePeriodSeconds", offsetof(DeleteOptions, grace_period_seconds), optional),
      field<&DeleteOptions::preconditions>("preconditions", offsetof(DeleteOptions, preconditions),
                                           optional),
      field<&DeleteOptions::orphan_dependents>(
          "orphanDependents", offsetof(DeleteOptions, orphan_dependents), optional),
      field<&DeleteOptions::propagation_policy>(
          "propagationPolicy", offsetof(DeleteOptions, propagation_policy), optional),
      field<&DeleteOptions::dry_run>("dryRun", offsetof(DeleteOptions, dry_run), optional),
      field<&DeleteOptions::ignore_store_read_error_with_cluster_breaking_potential>(
          "ignoreStoreReadErrorWithClusterBreakingPotential",
          offsetof(DeleteOptions, ignore_store_read_error_with_cluster_breaking_potential),
          optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{.name = "DeleteOptions",
                                     .fields = fields,
                                     .index = index,
                                     .api_version = "v1",
                                     .kind = "DeleteOptions"};
  return table;
}
bool operator==(const DeleteOptions& a, const DeleteOptions& b) { return type::equal(a, b); }

}  // namespace windlass::inline v0::meta
