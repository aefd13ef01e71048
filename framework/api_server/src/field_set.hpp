#pragma once
// Sets of fields in the FieldsV1 form: {"f:spec":{"f:replicas":{}}}. An empty object is a member;
// in a longer one "." says that the path itself is a member too.

#include <string>
#include <vector>

#include <windlass/json/value.hpp>

#include "schema.hpp"

namespace windlass::inline v0::api_server {

using FieldSet = json::Object;

/// Where schemas of the parts of an object are found.
struct Shape {
  const Schema* schema = nullptr;
  /// Of custom objects: the form of the metadata of the whole, and of embedded resources.
  const Schema* object_meta = nullptr;
  bool root = false;
  bool atomic = false;

  [[nodiscard]] bool has_metadata() const {
    return object_meta != nullptr && (root || (schema != nullptr && schema->embedded));
  }
  [[nodiscard]] Shape member(std::string_view name) const;
  [[nodiscard]] Shape item() const;
  [[nodiscard]] bool is_map(const json::Value& value) const;
  [[nodiscard]] bool is_keyed_list(const json::Value& value) const;
  [[nodiscard]] bool is_set(const json::Value& value) const;
  /// "f:name" is a field of a type, not a key of a map.
  [[nodiscard]] bool has_field(std::string_view element) const;
  /// The path element of a keyed list's entry: k:{"name":"x"}.
  [[nodiscard]] std::string key_of(const json::Value& entry) const;
};

/// Why a document cannot be applied: what the server's typed reader says of it; "" when nothing.
std::string typed_problem(const Shape& shape, const json::Value& value);
/// The fields that an applied configuration states.
FieldSet fields_of(const Shape& shape, const json::Value& value);
/// Fields that `after` adds or changes, and fields that it removes.
void compare_fields(const Shape& shape, const json::Value& before, const json::Value& after,
                    FieldSet& changed, FieldSet& removed);
FieldSet unite(FieldSet a, const FieldSet& b);
FieldSet subtract(const FieldSet& a, const FieldSet& b);
/// `value` without the fields in `gone`; `keep_empty`: maps and lists that this empties stay, as in
/// custom objects, but for their metadata.
void remove_fields(const Shape& shape, json::Value& value, const FieldSet& gone, bool keep_empty);
json::Value merge_applied(const Shape& shape, json::Value live, const json::Value& applied);
/// What is a member of both, and of the first alone.
FieldSet intersect(const FieldSet& a, const FieldSet& b);
FieldSet difference(const FieldSet& a, const FieldSet& b);
/// What `a` names and `b` does not: a set names its members and the fields of types above them.
FieldSet but_named(const Shape& shape, const FieldSet& a, const FieldSet& b);
/// The paths of a set in the server's order, which names a place before those below:
/// ".spec.replicas".
std::vector<std::string> paths_of(const FieldSet& set);

}  // namespace windlass::inline v0::api_server
