#pragma once
// Made by windlass-gen from defaults.yaml; do not edit.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <windlass/json/value.hpp>
#include <windlass/meta/duration.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/meta/time.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

struct DefaultSpecFilled {
  std::string name;
  std::optional<std::int64_t> size;

  static const windlass::type::Table& table();
  friend bool operator==(const DefaultSpecFilled& a, const DefaultSpecFilled& b);
};

struct DefaultSpecItemsItem {
  std::optional<std::int64_t> size;

  static const windlass::type::Table& table();
  friend bool operator==(const DefaultSpecItemsItem& a, const DefaultSpecItemsItem& b);
};

struct DefaultSpec {
  windlass::json::Value anything;
  std::optional<std::string> blank;
  std::optional<std::int32_t> count;
  windlass::Box<DefaultSpecFilled> filled;
  std::optional<bool> flag;
  std::vector<DefaultSpecItemsItem> items;
  std::optional<std::vector<std::string>> list;
  std::optional<windlass::FlatMap<std::string, std::string>> map;
  std::optional<windlass::meta::Time> moment;
  std::vector<std::string> none;
  DefaultSpecItemsItem object;
  std::optional<double> ratio;
  std::optional<std::string> required;
  std::optional<windlass::meta::Duration> span;
  std::optional<std::string> text;
  windlass::FlatMap<std::string, DefaultSpecItemsItem> values;
  std::optional<std::int64_t> zero;

  static const windlass::type::Table& table();
  friend bool operator==(const DefaultSpec& a, const DefaultSpec& b);
};

struct Default {
  windlass::meta::ObjectMeta metadata;
  DefaultSpec spec;

  static constexpr windlass::meta::Resource resource{.group = "features.example.com",
      .version = "v1", .kind = "Default", .plural = "defaults", .namespaced = true,
      .has_status = false};
  static const windlass::type::Table& table();
  friend bool operator==(const Default& a, const Default& b);
};

}  // namespace features::api::v1
