#pragma once
// Made by windlass-gen from formats.yaml; do not edit.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <windlass/meta/duration.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/meta/time.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

struct FormatSpec {
  std::string cidr;
  std::string data;
  std::string day;
  std::optional<double> double_;
  std::string email;
  std::optional<double> float_;
  std::string hostname;
  std::string id;
  std::optional<std::int32_t> int32;
  std::optional<std::int64_t> int64;
  std::string ipv4;
  std::string ipv6;
  std::string mac;
  std::optional<std::string> made_up;
  std::optional<windlass::meta::Time> moment;
  std::vector<windlass::meta::Time> moments;
  std::optional<std::string> secret;
  windlass::meta::Time since;
  std::optional<windlass::meta::Duration> span;
  std::string uri;

  static const windlass::type::Table& table();
  friend bool operator==(const FormatSpec& a, const FormatSpec& b);
};

struct Format {
  windlass::meta::ObjectMeta metadata;
  FormatSpec spec;

  static constexpr windlass::meta::Resource resource{.group = "features.example.com",
      .version = "v1", .kind = "Format", .plural = "formats", .namespaced = true,
      .has_status = false};
  static const windlass::type::Table& table();
  friend bool operator==(const Format& a, const Format& b);
};

}  // namespace features::api::v1
