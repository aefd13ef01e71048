#pragma once
// JSON patch (RFC 6902) and JSON merge patch (RFC 7386).

#include <string>
#include <string_view>

#include <windlass/base/error.hpp>
#include <windlass/json/value.hpp>

namespace windlass::inline v0::json {

/// Applies the operations add, remove, replace, move, copy and test, all or nothing.
/// Errc::invalid_argument names the operation ("operation 2 (remove /spec/x): ...").
Result<Value> apply_json_patch(Value document, const Value& patch);
/// Operations that turn `before` into `after` (add, remove, replace).
Value create_json_patch(const Value& before, const Value& after);

/// Null removes a member, objects merge, everything else replaces.
Value apply_merge_patch(Value document, const Value& patch);
/// The smallest merge patch that turns `before` into `after`; {} when nothing changes. A null
/// member in `after` cannot be expressed and is removed.
Value create_merge_patch(const Value& before, const Value& after);

/// The value at a JSON pointer (RFC 6901), or null pointer. Errc::parse for a malformed pointer.
Result<const Value*> at_pointer(const Value& document, std::string_view pointer);
/// Escapes one token of a JSON pointer: "a/b" to "a~1b".
std::string escape_pointer(std::string_view token);

}  // namespace windlass::inline v0::json
