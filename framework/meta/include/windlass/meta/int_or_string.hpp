#pragma once
// IntOrString: a port number or name, a count or a percentage.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <windlass/base/error.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::meta {

/// A JSON number or a JSON string; which of them matters ("80" is not 80).
class IntOrString {
 public:
  IntOrString() = default;  ///< 0
  IntOrString(int number) : value_(static_cast<std::int32_t>(number)) {}
  IntOrString(std::string text) : value_(std::move(text)) {}
  IntOrString(std::string_view text) : value_(std::string(text)) {}
  IntOrString(const char* text) : value_(std::string(text)) {}

  [[nodiscard]] bool is_int() const { return value_.index() == 0; }
  [[nodiscard]] bool is_string() const { return !is_int(); }
  /// The number; 0 for a string.
  [[nodiscard]] std::int32_t as_int() const;
  /// The string; empty for a number.
  [[nodiscard]] std::string_view as_string() const;
  /// "80" or "25%": without quotes.
  [[nodiscard]] std::string to_string() const;
  /// The number, or the percentage ("25%") of `total`, rounded up or down.
  /// Errc::parse for a string that is no percentage.
  [[nodiscard]] Result<std::int32_t> scaled(std::int32_t total, bool round_up) const;
  friend bool operator==(const IntOrString&, const IntOrString&) = default;

 private:
  std::variant<std::int32_t, std::string> value_;
};

}  // namespace windlass::inline v0::meta

namespace windlass::inline v0::type {

template <>
struct ScalarTraits<meta::IntOrString> {
  static constexpr const char* name = "integer or string";
  static bool parse_string(meta::IntOrString& target, std::string_view text, std::string& problem);
  static bool parse_integer(meta::IntOrString& target, std::int64_t number, std::string& problem);
  static bool parse_number(meta::IntOrString& target, double number, std::string& problem);
  static void write(const meta::IntOrString& value, std::string& out);
  static bool is_empty(const meta::IntOrString&) { return false; }  // 0 is a port
  static std::size_t heap_bytes(const meta::IntOrString& value);
};

}  // namespace windlass::inline v0::type
