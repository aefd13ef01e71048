#pragma once
// The compact form: a value of a type that is a table, in a fraction of the memory of its JSON. For
// objects at rest in this process: the bytes mean something only to the same types of the same
// program.

#include <string>
#include <string_view>

#include <windlass/base/error.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::json {

/// Everything that the value holds, as bytes that stand for themselves: nothing is shared with
/// other values. The string is exactly as large as needed. Any thread.
std::string compact(type::Ref ref);
template <class T>
std::string compact(const T& value) {
  return compact(type::ref_to(value));
}

/// Reads it back into `target`, a fresh value of the shape that was written. Errc::parse for bytes
/// that are damaged or of another type; never reads outside of them. Any thread.
Result<void> expand_into(std::string_view bytes, const type::Shape& shape, void* target);
template <class T>
Result<T> expand(std::string_view bytes) {
  T value{};
  if (auto done = expand_into(bytes, type::shape_of<T>, &value); !done) return done.error();
  return value;
}

}  // namespace windlass::inline v0::json
