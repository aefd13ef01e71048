#pragma once
// Made by windlass-gen from statuses.yaml; do not edit.

#include <cstdint>
#include <optional>
#include <string>

#include <windlass/json/value.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

struct ReportedSpec {
  std::optional<std::int32_t> size;

  static const windlass::type::Table& table();
  friend bool operator==(const ReportedSpec& a, const ReportedSpec& b);
};

/// Demands what nobody knows when the object is made.
struct ReportedStatus {
  std::string phase;
  windlass::json::Value source;

  static const windlass::type::Table& table();
  friend bool operator==(const ReportedStatus& a, const ReportedStatus& b);
};

struct Reported {
  windlass::meta::ObjectMeta metadata;
  ReportedSpec spec;
  /// Demands what nobody knows when the object is made.
  ReportedStatus status;

  static constexpr windlass::meta::Resource resource{.group = "features.example.com",
      .version = "v1", .kind = "Reported", .plural = "reports", .namespaced = true,
      .has_status = true};
  static const windlass::type::Table& table();
  friend bool operator==(const Reported& a, const Reported& b);
};

}  // namespace features::api::v1
