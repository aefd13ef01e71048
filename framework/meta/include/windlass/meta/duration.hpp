#pragma once
// Duration: a length of time as Go and Kubernetes' schemas write it: "1h30m", "500ms".

#include <chrono>
#include <string>
#include <string_view>

#include <windlass/base/error.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::meta {

/// Nanoseconds, within what int64 holds (292 years). Keeps the text that it was read from, so that
/// what is written back is what was read; compared by length.
class Duration {
 public:
  using Length = std::chrono::nanoseconds;

  Duration() = default;  ///< 0s
  Duration(Length length) : length_(length) {}
  /// Whatever an API server accepts as format `duration`, see type::parse_duration. Errc::parse
  /// names the text and shows examples.
  static Result<Duration> parse(std::string_view text);

  [[nodiscard]] Length length() const { return length_; }
  /// As it was read, otherwise in Go's form: "1h30m0s".
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Duration& a, const Duration& b) { return a.length_ == b.length_; }
  friend auto operator<=>(const Duration& a, const Duration& b) { return a.length_ <=> b.length_; }

 private:
  friend struct type::ScalarTraits<Duration>;
  Length length_{0};
  std::string text_;
};

}  // namespace windlass::inline v0::meta

namespace windlass::inline v0::type {

template <>
struct ScalarTraits<meta::Duration> {
  static constexpr const char* name = "duration";
  static bool parse_string(meta::Duration& target, std::string_view text, std::string& problem);
  static bool parse_integer(meta::Duration& target, std::int64_t number, std::string& problem);
  static bool parse_number(meta::Duration& target, double number, std::string& problem);
  static void write(const meta::Duration& value, std::string& out);
  static bool is_empty(const meta::Duration&) { return false; }  // 0s is a duration
  static std::size_t heap_bytes(const meta::Duration& value);
};

}  // namespace windlass::inline v0::type
