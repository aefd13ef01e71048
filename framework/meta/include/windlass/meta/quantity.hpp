#pragma once
// Quantity: resource amounts such as "500m", "1.5Gi", "2e3".

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include <windlass/base/error.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::meta {

/// A fixed-point number with Kubernetes' range and precision: at most 2^63 - 1 in magnitude (larger
/// is capped), at least 1n (finer is rounded away from zero, as the server does). Exact: no double
/// takes part. Compared by value: "1000m" equals "1". Written in Kubernetes' canonical form.
class Quantity {
 public:
  enum class Format : std::uint8_t { decimal_si, binary_si, decimal_exponent };

  constexpr Quantity() = default;
  constexpr explicit Quantity(std::int64_t whole, Format format = Format::decimal_si)
      : whole_(whole), format_(format) {}
  /// Thousandths, as CPU is measured.
  static Quantity milli(std::int64_t thousandths);
  /// Bytes, written with Ki, Mi, Gi.
  static constexpr Quantity bytes(std::int64_t count) { return Quantity(count, Format::binary_si); }
  /// Suffixes n u m (none) k M G T P E, Ki Mi Gi Ti Pi Ei, and exponents e3, E3. Errc::parse names
  /// the text and shows examples.
  static Result<Quantity> parse(std::string_view text);

  /// The canonical form: no fraction, the largest suffix that allows it; Ki.. only for binary ones
  /// that are at least 1Ki and whole.
  [[nodiscard]] std::string to_string() const;
  /// Rounded away from zero, as upstream.
  [[nodiscard]] std::int64_t value() const;
  /// In thousandths, rounded away from zero, capped to the range of int64.
  [[nodiscard]] std::int64_t milli_value() const;
  [[nodiscard]] double as_double() const;
  [[nodiscard]] constexpr Format format() const { return format_; }
  [[nodiscard]] constexpr bool is_zero() const { return whole_ == 0 && nanos_ == 0; }
  /// -1, 0 or 1.
  [[nodiscard]] int sign() const;

  // Sums keep the left operand's format unless that is zero; capped to the range.
  Quantity& operator+=(const Quantity& other);
  Quantity& operator-=(const Quantity& other);
  friend Quantity operator+(Quantity a, const Quantity& b) { return a += b; }
  friend Quantity operator-(Quantity a, const Quantity& b) { return a -= b; }
  friend Quantity operator-(const Quantity& a) { return Quantity(0, a.format_) - a; }

  friend constexpr bool operator==(const Quantity& a, const Quantity& b) {
    return a.whole_ == b.whole_ && a.nanos_ == b.nanos_;
  }
  friend constexpr std::strong_ordering operator<=>(const Quantity& a, const Quantity& b) {
    if (const auto order = a.whole_ <=> b.whole_; order != 0) return order;
    return a.nanos_ <=> b.nanos_;
  }

 private:
  std::int64_t whole_ = 0;   // rounded down
  std::uint32_t nanos_ = 0;  // 0 .. 999'999'999, added to whole_
  Format format_ = Format::decimal_si;
};

}  // namespace windlass::inline v0::meta

namespace windlass::inline v0::type {

template <>
struct ScalarTraits<meta::Quantity> {
  static constexpr const char* name = "quantity";
  static bool parse_string(meta::Quantity& target, std::string_view text, std::string& problem);
  static bool parse_integer(meta::Quantity& target, std::int64_t number, std::string& problem);
  static bool parse_number(meta::Quantity& target, double number, std::string& problem);
  static void write(const meta::Quantity& value, std::string& out);
  static bool is_empty(const meta::Quantity&) { return false; }  // "0" is a quantity
  static std::size_t heap_bytes(const meta::Quantity&) { return 0; }
};

}  // namespace windlass::inline v0::type
