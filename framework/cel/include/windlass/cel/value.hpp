#pragma once
// Values of CEL expressions.

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <windlass/cel/type.hpp>
#include <windlass/json/value.hpp>

namespace windlass::inline v0::cel {

class Value;

/// Text or bytes: a view, and what keeps it alive (nothing when it lies in the document or the
/// program).
struct Text {
  std::string_view view;
  std::shared_ptr<const std::string> owner = nullptr;
};
struct String : Text {};
struct Bytes : Text {};
/// Seconds since 1970 and nanoseconds, years 1 to 9999.
struct Timestamp {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  std::int32_t offset = 0;  ///< seconds east of UTC, as it was written: only its text shows it
  friend bool operator==(const Timestamp& a, const Timestamp& b) {
    return a.seconds == b.seconds && a.nanos == b.nanos;
  }
  friend auto operator<=>(const Timestamp& a, const Timestamp& b) {
    return a.seconds != b.seconds ? a.seconds <=> b.seconds : a.nanos <=> b.nanos;
  }
};
struct Duration {
  std::int64_t nanos = 0;
  friend auto operator<=>(const Duration&, const Duration&) = default;
};
/// A JSON array or object that follows a schema; read lazily.
struct Document {
  const json::Value* value = nullptr;
  const Type* type = nullptr;  ///< nullptr: a value that the schema preserves without knowing it
};
using List = std::shared_ptr<const std::vector<Value>>;
using Map = std::shared_ptr<const std::vector<std::pair<Value, Value>>>;
/// nullptr: none.
struct Optional {
  std::shared_ptr<const Value> value;
};
/// A value of a library's own type: quantity, URL, IP address, ...
struct Opaque {
  virtual ~Opaque() = default;
  [[nodiscard]] virtual std::string_view type_name() const = 0;
  [[nodiscard]] virtual bool equals(const Opaque& other) const = 0;
  [[nodiscard]] virtual std::string text() const = 0;
};
/// An error, which most operations pass on.
struct Failure {
  std::shared_ptr<const std::string> message;
};

/// A value, or an error. Values made from a document point into it: it must outlive them.
class Value {
 public:
  using Data = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, String,
                            Bytes, Timestamp, Duration, Document, List, Map, Optional, TypePtr,
                            std::shared_ptr<const Opaque>, Failure>;

  Value() = default;
  template <class T>
    requires std::is_constructible_v<Data, T>
  Value(T data) : data_(std::move(data)) {}

  /// Text that the value owns.
  static Value string(std::string text);
  static Value bytes(std::string text);
  static Value list(std::vector<Value> items);
  static Value error(std::string message);
  /// Reads lazily; errors where the value does not follow the type.
  static Value from_json(const json::Value& value, const Type* type);
  /// A JSON value without schema: maps, lists, strings, numbers.
  static Value dynamic(const json::Value& value);

  [[nodiscard]] const Data& data() const { return data_; }
  template <class T>
  [[nodiscard]] const T* get() const {
    return std::get_if<T>(&data_);
  }
  template <class T>
  [[nodiscard]] const T& as() const {
    return *std::get_if<T>(&data_);
  }
  [[nodiscard]] bool is_error() const { return get<Failure>() != nullptr; }
  [[nodiscard]] const std::string& message() const { return *as<Failure>().message; }
  [[nodiscard]] std::string_view text() const { return as<String>().view; }
  [[nodiscard]] Type::Kind kind() const;

  // Lists and maps, in either form.
  [[nodiscard]] bool is_list() const { return kind() == Type::Kind::list; }
  [[nodiscard]] bool is_map() const { return kind() == Type::Kind::map; }
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] Value at(std::size_t index) const;
  /// The entry of a map or property of an object; none when there is none.
  [[nodiscard]] std::optional<Value> find(const Value& key) const;
  /// Calls `visit` with each key and value until it answers false.
  void each(const std::function<bool(const Value&, const Value&)>& visit) const;

 private:
  Data data_;
};

/// CEL's equality: numbers by value across types, lists in order (sets and maps by key), otherwise
/// values of different types differ. Errors where upstream errs.
Value equal(const Value& a, const Value& b);
/// Less, equal, greater: -1, 0, 1; none when the two have no order.
std::optional<int> compare(const Value& a, const Value& b);
/// What type(value) yields.
TypePtr type_of(const Value& value);

}  // namespace windlass::inline v0::cel
