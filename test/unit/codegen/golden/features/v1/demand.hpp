#pragma once
// Made by windlass-gen from demands.yaml; do not edit.

#include <cstdint>
#include <optional>
#include <string>

#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

struct DemandSpecAny {
  std::optional<std::int64_t> a;
  std::optional<std::int64_t> b;

  static const windlass::type::Table& table();
  friend bool operator==(const DemandSpecAny& a, const DemandSpecAny& b);
};

struct DemandSpecEither {
  std::optional<std::int64_t> a;
  std::optional<std::int64_t> b;
  std::optional<std::int64_t> c;

  static const windlass::type::Table& table();
  friend bool operator==(const DemandSpecEither& a, const DemandSpecEither& b);
};

struct DemandSpec {
  std::optional<std::string> address;
  std::optional<std::string> all;
  windlass::Box<DemandSpecAny> any;
  windlass::Box<DemandSpecEither> either;
  std::optional<std::int64_t> even;
  std::string length;
  std::optional<std::int64_t> low;
  std::optional<double> open;
  std::string pattern;
  std::optional<std::int64_t> rule;

  static const windlass::type::Table& table();
  friend bool operator==(const DemandSpec& a, const DemandSpec& b);
};

struct Demand {
  windlass::meta::ObjectMeta metadata;
  DemandSpec spec;

  static constexpr windlass::meta::Resource resource{.group = "features.example.com",
      .version = "v1", .kind = "Demand", .plural = "demands", .namespaced = true,
      .has_status = false};
  static const windlass::type::Table& table();
  friend bool operator==(const Demand& a, const Demand& b);
};

}  // namespace features::api::v1
