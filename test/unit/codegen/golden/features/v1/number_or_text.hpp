#pragma once
// Made by windlass-gen from numbers_or_texts.yaml; do not edit.

#include <optional>
#include <string>
#include <vector>

#include <windlass/meta/int_or_string.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/quantity.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

struct NumberOrTextSpec {
  std::optional<windlass::meta::Quantity> disk;
  windlass::FlatMap<std::string, windlass::meta::Quantity> limits;
  std::vector<windlass::meta::IntOrString> list;
  windlass::FlatMap<std::string, windlass::meta::IntOrString> map;
  std::optional<windlass::meta::Quantity> memory;
  std::optional<windlass::meta::IntOrString> percent;
  windlass::Nullable<windlass::meta::IntOrString> perhaps;
  std::optional<windlass::meta::IntOrString> port;
  std::optional<windlass::meta::IntOrString> preset;
  std::optional<windlass::meta::IntOrString> short_;
  std::vector<windlass::meta::Quantity> sizes;

  static const windlass::type::Table& table();
  friend bool operator==(const NumberOrTextSpec& a, const NumberOrTextSpec& b);
};

struct NumberOrText {
  windlass::meta::ObjectMeta metadata;
  NumberOrTextSpec spec;

  static constexpr windlass::meta::Resource resource{.group = "features.example.com",
      .version = "v1", .kind = "NumberOrText", .plural = "numberortexts", .namespaced = true,
      .has_status = false};
  static const windlass::type::Table& table();
  friend bool operator==(const NumberOrText& a, const NumberOrText& b);
};

}  // namespace features::api::v1
