#pragma once
// json::Value: the dynamic document, for objects whose type is not known at compile time.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <windlass/base/error.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::json {

class Value;
struct Member;
using Array = std::vector<Value>;

/// A JSON object: members in order of their keys (bytewise), each key once.
/// Lookup is a binary search; insertion keeps the order.
class Object {
 public:
  using iterator = std::vector<Member>::iterator;
  using const_iterator = std::vector<Member>::const_iterator;

  Object();
  ~Object();
  Object(const Object&);
  Object(Object&&) noexcept;
  Object& operator=(const Object&);
  Object& operator=(Object&&) noexcept;
  Object(std::initializer_list<Member> members);
  /// Sorts; of equal keys the last wins (as Go's decoder does).
  static Object from_unsorted(std::vector<Member> members);

  [[nodiscard]] const Value* find(std::string_view key) const;
  [[nodiscard]] Value* find(std::string_view key);
  [[nodiscard]] bool contains(std::string_view key) const { return find(key) != nullptr; }
  /// Inserts null when the key is missing.
  Value& operator[](std::string_view key);
  void set(std::string_view key, Value value);
  /// True when there was one.
  bool erase(std::string_view key);
  iterator erase(iterator position);

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool empty() const;
  iterator begin();
  iterator end();
  [[nodiscard]] const_iterator begin() const;
  [[nodiscard]] const_iterator end() const;
  friend bool operator==(const Object&, const Object&);

 private:
  std::vector<Member> members_;
};

enum class Type : std::uint8_t { null, boolean, integer, number, string, array, object };
/// "null", "boolean", "integer", "number", "string", "array", "object".
std::string_view to_string(Type type);

/// Null, bool, int64, double, string, array or object. Integers outside int64 are kept as doubles.
/// Integers and doubles that are equal as numbers compare equal.
class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool value) : data_(value) {}
  template <class Integer>
    requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>)
  Value(Integer value) : data_(static_cast<std::int64_t>(value)) {}
  Value(double value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(Array value);
  Value(Object value);

  [[nodiscard]] Type type() const { return static_cast<Type>(data_.index()); }
  [[nodiscard]] bool is_null() const { return type() == Type::null; }
  [[nodiscard]] bool is_bool() const { return type() == Type::boolean; }
  [[nodiscard]] bool is_integer() const { return type() == Type::integer; }
  [[nodiscard]] bool is_number() const { return is_integer() || type() == Type::number; }
  [[nodiscard]] bool is_string() const { return type() == Type::string; }
  [[nodiscard]] bool is_array() const { return type() == Type::array; }
  [[nodiscard]] bool is_object() const { return type() == Type::object; }

  // Access that throws Exception(parse, "expected X, got Y") on another type.
  [[nodiscard]] bool as_bool() const;
  [[nodiscard]] std::int64_t as_integer() const;
  [[nodiscard]] double as_number() const;
  [[nodiscard]] const std::string& as_string() const;
  [[nodiscard]] const Array& as_array() const;
  [[nodiscard]] const Object& as_object() const;
  std::string& as_string();
  Array& as_array();
  Object& as_object();

  // Access that never fails: the value when it has that type, otherwise the fallback.
  [[nodiscard]] bool bool_or(bool fallback) const;
  [[nodiscard]] std::int64_t integer_or(std::int64_t fallback) const;
  [[nodiscard]] std::string_view string_or(std::string_view fallback) const;

  /// The member, or a shared null when this is no object or has no such member.
  [[nodiscard]] const Value& operator[](std::string_view key) const;
  [[nodiscard]] const Value& operator[](const char* key) const {
    return (*this)[std::string_view(key)];
  }
  /// The member for writing; null becomes an object, a missing member null. Throws on other types.
  Value& operator[](std::string_view key);
  Value& operator[](const char* key) { return (*this)[std::string_view(key)]; }
  /// Follows `keys` downward; a shared null when something is missing.
  [[nodiscard]] const Value& at_path(std::initializer_list<std::string_view> keys) const;
  /// The member of this object, or null pointer.
  [[nodiscard]] const Value* find(std::string_view key) const;
  Value* find(std::string_view key);

  friend bool operator==(const Value&, const Value&);

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, std::unique_ptr<Array>,
               std::unique_ptr<Object>>
      data_;

 public:
  Value(const Value& other);
  Value(Value&&) noexcept = default;
  Value& operator=(const Value& other);
  Value& operator=(Value&&) noexcept = default;
  ~Value() = default;
};

/// A key and its value.
struct Member {
  std::string key;
  Value value;
  friend bool operator==(const Member&, const Member&) = default;
};

inline Object::iterator Object::erase(iterator position) { return members_.erase(position); }
inline std::size_t Object::size() const { return members_.size(); }
inline bool Object::empty() const { return members_.empty(); }
inline Object::iterator Object::begin() { return members_.begin(); }
inline Object::iterator Object::end() { return members_.end(); }
inline Object::const_iterator Object::begin() const { return members_.begin(); }
inline Object::const_iterator Object::end() const { return members_.end(); }

struct ParseOptions {
  /// Of nested arrays and objects. Reading recurses: about half a kilobyte of stack per level.
  std::size_t max_depth = 1000;
};

/// Reads one JSON document. Errc::parse gives line, column and what was expected.
/// Strings must be UTF-8. Safe for hostile input.
Result<Value> parse(std::string_view text, const ParseOptions& options = {});

/// Compact text. Integers exactly; doubles in the shortest form that reads back the same.
std::string dump(const Value& value);
/// Indented by two spaces, ending with a newline.
std::string dump_pretty(const Value& value);

}  // namespace windlass::inline v0::json

namespace windlass::inline v0::type {

/// json::Value is what tables call `any`.
template <>
struct AnyTraits<json::Value> {
  static bool is_null(const void* value);
  static bool equal(const void* a, const void* b);
  static void clear(void* value);
  static std::size_t heap_bytes(const void* value);
  static const void* find(const void* value, std::string_view key);
  static const void* at(const void* value, std::size_t index);
  static std::string_view type_name(const void* value);
  static constexpr AnyOps ops{&is_null, &equal, &clear, &heap_bytes, &find, &at, &type_name};
};

}  // namespace windlass::inline v0::type
