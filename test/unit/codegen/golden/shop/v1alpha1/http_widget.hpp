#pragma once
// Made by windlass-gen from tricky.yaml; do not edit.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/type/table.hpp>

namespace shop::api::v1alpha1 {

struct HTTPWidgetSpec {
  std::optional<std::int64_t> size;

  static const windlass::type::Table& table();
  friend bool operator==(const HTTPWidgetSpec& a, const HTTPWidgetSpec& b);
};

struct HTTPWidget {
  windlass::meta::ObjectMeta metadata;
  HTTPWidgetSpec spec;

  static constexpr windlass::meta::Resource resource{.group = "shop.example.com",
      .version = "v1alpha1", .kind = "HTTPWidget", .plural = "httpwidgets", .namespaced = false,
      .has_status = false};
  static constexpr std::array<std::string_view, 2> short_names = {"hw", "hws"};
  static const windlass::type::Table& table();
  friend bool operator==(const HTTPWidget& a, const HTTPWidget& b);
};

}  // namespace shop::api::v1alpha1
