#pragma once
// ObjectMeta and what belongs to it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/meta/resource.hpp>
#include <windlass/meta/time.hpp>
#include <windlass/type/flat_map.hpp>
#include <windlass/type/raw_json.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::meta {

using StringMap = FlatMap<std::string, std::string>;

struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  std::optional<bool> controller;
  std::optional<bool> block_owner_deletion;

  static const type::Table& table();
  friend bool operator==(const OwnerReference& a, const OwnerReference& b);
};

struct ManagedFieldsEntry {
  std::string manager;
  std::string operation;  ///< "Apply" or "Update"
  std::string api_version;
  std::optional<Time> time;
  std::string fields_type;  ///< "FieldsV1"
  RawJson fields_v1;        ///< kept as text: seldom looked at, and large as a tree
  std::string subresource;

  static const type::Table& table();
  friend bool operator==(const ManagedFieldsEntry& a, const ManagedFieldsEntry& b);
};

struct ObjectMeta {
  std::string name;
  std::string generate_name;
  std::string namespace_;
  std::string self_link;  ///< no longer set by servers
  std::string uid;
  std::string resource_version;
  std::optional<std::int64_t> generation;
  std::optional<Time> creation_timestamp;
  std::optional<Time> deletion_timestamp;
  std::optional<std::int64_t> deletion_grace_period_seconds;
  StringMap labels;
  StringMap annotations;
  std::vector<OwnerReference> owner_references;
  std::vector<std::string> finalizers;
  std::vector<ManagedFieldsEntry> managed_fields;

  [[nodiscard]] ObjectKey key() const { return {namespace_, name}; }
  /// True once somebody asked for the deletion.
  [[nodiscard]] bool is_deleting() const {
    return deletion_timestamp && !deletion_timestamp->is_zero();
  }
  [[nodiscard]] bool has_finalizer(std::string_view finalizer) const;
  /// False when it was there.
  bool add_finalizer(std::string_view finalizer);
  /// False when it was not there.
  bool remove_finalizer(std::string_view finalizer);
  /// The owner with `controller: true`, or null pointer.
  [[nodiscard]] const OwnerReference* controller_owner() const;

  static const type::Table& table();
  friend bool operator==(const ObjectMeta& a, const ObjectMeta& b);
};

struct ShardInfo {
  std::string selector;

  static const type::Table& table();
  friend bool operator==(const ShardInfo& a, const ShardInfo& b);
};

/// Metadata of a list.
struct ListMeta {
  std::string self_link;
  std::string resource_version;
  std::string continue_;
  std::optional<std::int64_t> remaining_item_count;
  Box<ShardInfo> shard_info;

  static const type::Table& table();
  friend bool operator==(const ListMeta& a, const ListMeta& b);
};

/// An object of any type, of which only the metadata matters: what metadata-only requests return.
struct PartialObjectMetadata {
  std::string api_version;
  std::string kind;
  ObjectMeta metadata;

  static const type::Table& table();
  friend bool operator==(const PartialObjectMetadata& a, const PartialObjectMetadata& b);
};

}  // namespace windlass::inline v0::meta
