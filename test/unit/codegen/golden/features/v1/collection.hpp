#pragma once
// Made by windlass-gen from collections.yaml; do not edit.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <windlass/json/value.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

struct CollectionSpecPortsItem {
  std::string name;
  std::int32_t port{};
  std::optional<std::string> protocol;

  static const windlass::type::Table& table();
  friend bool operator==(const CollectionSpecPortsItem& a, const CollectionSpecPortsItem& b);
};

struct CollectionSpecUsersItem {
  std::optional<bool> admin;
  std::string name;

  static const windlass::type::Table& table();
  friend bool operator==(const CollectionSpecUsersItem& a, const CollectionSpecUsersItem& b);
};

struct CollectionSpec {
  std::vector<std::string> few;
  windlass::json::Value flags;
  windlass::FlatMap<std::string, std::string> grains;
  windlass::FlatMap<std::string, windlass::FlatMap<std::string, std::string>> groups;
  windlass::FlatMap<std::string, std::string> labels;
  windlass::FlatMap<std::string, std::vector<std::int64_t>> lists;
  std::vector<windlass::FlatMap<std::string, std::int32_t>> maps;
  std::vector<std::vector<double>> matrix;
  std::vector<std::int64_t> numbers;
  std::vector<CollectionSpecPortsItem> ports;
  std::vector<std::string> set;
  windlass::FlatMap<std::string, bool> switches;
  std::vector<CollectionSpecUsersItem> users;
  std::vector<std::string> whole;

  static const windlass::type::Table& table();
  friend bool operator==(const CollectionSpec& a, const CollectionSpec& b);
};

struct Collection {
  windlass::meta::ObjectMeta metadata;
  CollectionSpec spec;

  static constexpr windlass::meta::Resource resource{.group = "features.example.com",
      .version = "v1", .kind = "Collection", .plural = "collections", .namespaced = true,
      .has_status = false};
  static const windlass::type::Table& table();
  friend bool operator==(const Collection& a, const Collection& b);
};

/// The element with this port, protocol, or null pointer.
CollectionSpecPortsItem* find(std::vector<CollectionSpecPortsItem>& list, const std::int32_t& port, const std::string& protocol);
const CollectionSpecPortsItem* find(const std::vector<CollectionSpecPortsItem>& list, const std::int32_t& port, const std::string& protocol);
/// The element with this port, protocol, added at the end when there is none.
CollectionSpecPortsItem& upsert(std::vector<CollectionSpecPortsItem>& list, const std::int32_t& port, const std::string& protocol);

/// The element with this name, or null pointer.
CollectionSpecUsersItem* find(std::vector<CollectionSpecUsersItem>& list, const std::string& name);
const CollectionSpecUsersItem* find(const std::vector<CollectionSpecUsersItem>& list, const std::string& name);
/// The element with this name, added at the end when there is none.
CollectionSpecUsersItem& upsert(std::vector<CollectionSpecUsersItem>& list, const std::string& name);

}  // namespace features::api::v1
