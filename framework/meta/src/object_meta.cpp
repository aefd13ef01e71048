#include <algorithm>

#include <windlass/meta/object_meta.hpp>

namespace windlass::inline v0::meta {

const type::Table& OwnerReference::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&OwnerReference::api_version>("apiVersion", offsetof(OwnerReference, api_version),
                                          required),
      field<&OwnerReference::kind>("kind", offsetof(OwnerReference, kind), required),
      field<&OwnerReference::name>("name", offsetof(OwnerReference, name), required),
      field<&OwnerReference::uid>("uid", offsetof(OwnerReference, uid), required),
      field<&OwnerReference::controller>("controller", offsetof(OwnerReference, controller),
                                         optional),
      field<&OwnerReference::block_owner_deletion>(
          "blockOwnerDeletion", offsetof(OwnerReference, block_owner_deletion), optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{.name = "OwnerReference", .fields = fields, .index = index};
  return table;
}
bool operator==(const OwnerReference& a, const OwnerReference& b) { return type::equal(a, b); }

const type::Table& ManagedFieldsEntry::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&ManagedFieldsEntry::manager>("manager", offsetof(ManagedFieldsEntry, manager),
                                          optional),
      field<&ManagedFieldsEntry::operation>("operation", offsetof(ManagedFieldsEntry, operation),
                                            optional),
      field<&ManagedFieldsEntry::api_version>("apiVersion",
                                              offsetof(ManagedFieldsEntry, api_version), optional),
      field<&ManagedFieldsEntry::time>("time", offsetof(ManagedFieldsEntry, time), optional),
      field<&ManagedFieldsEntry::fields_type>("fieldsType",
                                              offsetof(ManagedFieldsEntry, fields_type), optional),
      field<&ManagedFieldsEntry::fields_v1>("fieldsV1", offsetof(ManagedFieldsEntry, fields_v1),
                                            optional),
      field<&ManagedFieldsEntry::subresource>("subresource",
                                              offsetof(ManagedFieldsEntry, subresource), optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{
      .name = "ManagedFieldsEntry", .fields = fields, .index = index};
  return table;
}
bool operator==(const ManagedFieldsEntry& a, const ManagedFieldsEntry& b) {
  return type::equal(a, b);
}

const type::Table& ObjectMeta::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&ObjectMeta::name>("name", offsetof(ObjectMeta, name), optional),
      field<&ObjectMeta::generate_name>("generateName", offsetof(ObjectMeta, generate_name),
                                        optional),
      field<&ObjectMeta::namespace_>("namespace", offsetof(ObjectMeta, namespace_), optional),
      field<&ObjectMeta::self_link>("selfLink", offsetof(ObjectMeta, self_link), optional),
      field<&ObjectMeta::uid>("uid", offsetof(ObjectMeta, uid), optional),
      field<&ObjectMeta::resource_version>("resourceVersion",
                                           offsetof(ObjectMeta, resource_version), optional),
      field<&ObjectMeta::generation>("generation", offsetof(ObjectMeta, generation), optional),
      field<&ObjectMeta::creation_timestamp>("creationTimestamp",
                                             offsetof(ObjectMeta, creation_timestamp), optional),
      field<&ObjectMeta::deletion_timestamp>("deletionTimestamp",
                                             offsetof(ObjectMeta, deletion_timestamp), optional),
      field<&ObjectMeta::deletion_grace_period_seconds>(
          "deletionGracePeriodSeconds", offsetof(ObjectMeta, deletion_grace_period_seconds),
          optional),
      field<&ObjectMeta::labels>("labels", offsetof(ObjectMeta, labels), optional),
      field<&ObjectMeta::annotations>("annotations", offsetof(ObjectMeta, annotations), optional),
      field<&ObjectMeta::owner_references>("ownerReferences",
                                           offsetof(ObjectMeta, owner_references), optional),
      field<&ObjectMeta::finalizers>("finalizers", offsetof(ObjectMeta, finalizers), optional),
      field<&ObjectMeta::managed_fields>("managedFields", offsetof(ObjectMeta, managed_fields),
                                         optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{.name = "ObjectMeta", .fields = fields, .index = index};
  return table;
}
bool operator==(const ObjectMeta& a, const ObjectMeta& b) { return type::equal(a, b); }

const type::Table& ShardInfo::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&ShardInfo::selector>("selector", offsetof(ShardInfo, selector), required),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{.name = "ShardInfo", .fields = fields, .index = index};
  return table;
}
bool operator==(const ShardInfo& a, const ShardInfo& b) { return type::equal(a, b); }

const type::Table& ListMeta::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&ListMeta::self_link>("selfLink", offsetof(ListMeta, self_link), optional),
      field<&ListMeta::resource_version>("resourceVersion", offsetof(ListMeta, resource_version),
                                         optional),
      field<&ListMeta::continue_>("continue", offsetof(ListMeta, continue_), optional),
      field<&ListMeta::remaining_item_count>("remainingItemCount",
                                             offsetof(ListMeta, remaining_item_count), optional),
      field<&ListMeta::shard_info>("shardInfo", offsetof(ListMeta, shard_info), optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{.name = "ListMeta", .fields = fields, .index = index};
  return table;
}
bool operator==(const ListMeta& a, const ListMeta& b) { return type::equal(a, b); }

const type::Table& PartialObjectMetadata::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&PartialObjectMetadata::api_version>(
          "apiVersion", offsetof(PartialObjectMetadata, api_version), optional),
      field<&PartialObjectMetadata::kind>("kind", offsetof(PartialObjectMetadata, kind), optional),
      field<&PartialObjectMetadata::metadata>("metadata", offsetof(PartialObjectMetadata, metadata),
                                              optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{
      .name = "PartialObjectMetadata", .fields = fields, .index = index};
  return table;
}
bool operator==(const PartialObjectMetadata& a, const PartialObjectMetadata& b) {
  return type::equal(a, b);
}

bool ObjectMeta::has_finalizer(std::string_view finalizer) const {
  return std::find(finalizers.begin(), finalizers.end(), finalizer) != finalizers.end();
}

bool ObjectMeta::add_finalizer(std::string_view finalizer) {
  if (has_finalizer(finalizer)) return false;
  finalizers.emplace_back(finalizer);
  return true;
}

bool ObjectMeta::remove_finalizer(std::string_view finalizer) {
  return std::erase(finalizers, finalizer) > 0;
}

const OwnerReference* ObjectMeta::controller_owner() const {
  for (const auto& owner : owner_references) {
    if (owner.controller.value_or(false)) return &owner;
  }
  return nullptr;
}

}  // namespace windlass::inline v0::meta
