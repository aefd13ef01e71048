#pragma once
// JSON text to and from types that are tables (windlass/type/table.hpp).

#include <functional>
#include <string>
#include <string_view>

#include <windlass/base/error.hpp>
#include <windlass/json/value.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::json {

/// How strict decoding is. The default is what Kubernetes' own decoder does: unknown members are
/// skipped, null is absent, of a member given twice the last counts, names are case-sensitive,
/// integers must be written as integers that fit.
struct DecodeOptions {
  std::size_t max_depth = 500;  ///< of nested arrays and objects
  bool reject_unknown = false;  ///< members that the type does not have are errors
  /// Absent required members are errors, and so is null where a value must be: in a required
  /// member, and as an element of a list that may not be null. A value of a map that is null where
  /// it may not be is dropped, as kube-apiserver drops it from custom resources.
  bool require_required = false;
};

/// Reads one document into `target`, a fresh value of that shape. The text is read where it lies
/// and not changed; a zero byte must follow it (`text[size]`). Errc::parse:
/// "spec.template.spec.containers[0].ports: expected an array, got a string".
Result<void> decode_terminated(const char* text, std::size_t size, const type::Shape& shape,
                               void* target, const DecodeOptions& options = {});
/// Copies the text first, to put the zero byte behind it.
Result<void> decode_into(std::string_view text, const type::Shape& shape, void* target,
                         const DecodeOptions& options = {});

/// Without a copy of the text.
template <class T>
Result<T> decode(const std::string& text, const DecodeOptions& options = {}) {
  T value{};
  auto done = decode_terminated(text.data(), text.size(), type::shape_of<T>, &value, options);
  if (!done) return done.error();
  return value;
}
template <class T>
Result<T> decode(std::string_view text, const DecodeOptions& options = {}) {
  T value{};
  if (auto done = decode_into(text, type::shape_of<T>, &value, options); !done) return done.error();
  return value;
}
template <class T>
Result<T> decode(const char* text, const DecodeOptions& options = {}) {
  return decode<T>(std::string_view(text), options);
}

/// Appends compact JSON. Fields in the order of the table; empty optional ones are left out. A
/// whole Kubernetes object begins with its apiVersion and kind.
void encode_to(type::Ref ref, std::string& out);
std::string encode(type::Ref ref);
template <class T>
std::string encode(const T& value) {
  return encode(type::ref_to(value));
}

/// What parse(encode(...)) would give.
Value to_value(type::Ref ref);
template <class T>
Value to_value(const T& value) {
  return to_value(type::ref_to(value));
}

/// What decode(dump(value)) would give.
Result<void> from_value_into(const Value& value, const type::Shape& shape, void* target,
                             const DecodeOptions& options = {});
template <class T>
Result<T> from_value(const Value& value, const DecodeOptions& options = {}) {
  T result{};
  auto done = from_value_into(value, type::shape_of<T>, &result, options);
  if (!done) return done.error();
  return result;
}

/// Gives every absent field whose schema has a default that default, as the server would: top down,
/// inside objects that are present. Errc::internal for a default that does not fit its field.
Result<void> apply_defaults(const type::Shape& shape, void* target);
template <type::Described T>
Result<void> apply_defaults(T& value) {
  return apply_defaults(type::shape_of<T>, &value);
}

/// The value as a person or an index wants it: strings without quotes, everything else as JSON,
/// "" for nothing.
std::string to_text(type::Ref ref);
/// As type::get, but also goes on into json::Value. Null when absent.
Result<Value> get(type::Ref root, std::string_view path);
template <type::Described T>
Result<Value> get(const T& object, std::string_view path) {
  return get(type::ref_to(object), path);
}
/// The same over a dynamic document: type::get's paths.
Result<Value> get(const Value& root, std::string_view path);

}  // namespace windlass::inline v0::json
