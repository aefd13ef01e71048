#pragma once
// Looking at values through their tables: emptiness, access by path, differences, memory.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/error.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::type {

/// The content of (nested) optionals; nothing when one of them is empty.
Ref unwrap(Ref ref);

/// True for what an optional field omits: empty strings, lists, maps and optionals, 0, false, null,
/// and objects all of whose fields are empty (a field of them that is required counts as not
/// empty).
bool is_empty(Ref ref);

/// Makes a value empty: what an absent field holds.
void clear(const Shape& shape, void* target);

/// The enumerator's number as an index into the names; -1 when out of range.
int enum_index(Ref ref);
/// The name of the enumerator; "" when out of range.
std::string_view enum_name(Ref ref);
void set_enum(const Shape& shape, void* target, std::size_t index);

/// The field's place in an object.
inline Ref member(const void* object, const Field& field) {
  return {field.shape, static_cast<const std::byte*>(object) + field.offset};
}

/// Calls `visit(element)` or `visit(key, value)` in order; the Ref must be of that kind.
void for_each_element(Ref list, const std::function<void(Ref)>& visit);
void for_each_entry(Ref map, const std::function<void(std::string_view, Ref)>& visit);
/// The list's element, or nothing.
Ref element(Ref list, std::size_t index);
std::size_t count(Ref list_or_map);
/// The map's value, or nothing.
Ref find(Ref map, std::string_view key);

/// Follows a path of JSON names: "spec.template.spec.containers[0].image",
/// "metadata.labels['app.kubernetes.io/name']" (also with double quotes). Optionals are unwrapped.
/// Nothing when the path leads through something absent; Errc::invalid_argument when the path is
/// malformed or names a field that the type does not have. Goes no further than a json::Value when
/// that has no such member.
Result<Ref> get(Ref root, std::string_view path);
template <Described T>
Result<Ref> get(const T& object, std::string_view path) {
  return get(ref_to(object), path);
}

/// One place where two values of a type differ. `before` or `after` is nothing when absent there.
struct Change {
  std::string path;  ///< "spec.replicas", "spec.containers[0].image", "metadata.labels[app]"
  Ref before;
  Ref after;
};

/// All places where they differ, as deep as possible, in the order of the tables; lists are
/// compared by position. The Refs point into `before` and `after`.
std::vector<Change> difference(Ref before, Ref after);
template <Described T>
std::vector<Change> difference(const T& before, const T& after) {
  return difference(ref_to(before), ref_to(after));
}

/// Bytes that the value holds on the heap, with what glibc's malloc adds to each block.
std::size_t heap_bytes(Ref ref);
template <Described T>
std::size_t heap_bytes(const T& object) {
  return heap_bytes(ref_to(object));
}

}  // namespace windlass::inline v0::type
