#pragma once
// metav1.Time and metav1.MicroTime: points in UTC as Kubernetes writes them.

#include <chrono>
#include <compare>
#include <string>
#include <string_view>

#include <windlass/base/clock.hpp>
#include <windlass/base/error.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::meta {

/// RFC 3339 with whole seconds: "2026-01-02T03:04:05Z". The default is Go's zero time, which is
/// absent: written as null, omitted where optional. Reading accepts fractions (dropped) and
/// offsets.
class Time {
 public:
  constexpr Time() = default;
  constexpr explicit Time(std::chrono::sys_seconds at) : at_(at) {}
  /// Drops the fraction of a second.
  static constexpr Time from(WallTime at) {
    return Time(std::chrono::floor<std::chrono::seconds>(at));
  }
  /// Errc::parse names the text.
  static Result<Time> parse(std::string_view text);

  [[nodiscard]] constexpr bool is_zero() const { return at_ == kZero; }
  [[nodiscard]] constexpr std::chrono::sys_seconds seconds() const { return at_; }
  /// The zero time is the epoch; times outside 1678..2262 are clamped.
  [[nodiscard]] WallTime wall() const;
  /// "" for the zero time.
  [[nodiscard]] std::string to_string() const;
  friend constexpr auto operator<=>(const Time&, const Time&) = default;

 private:
  static constexpr std::chrono::sys_seconds kZero = std::chrono::sys_seconds::min();
  std::chrono::sys_seconds at_ = kZero;
};

/// RFC 3339 with exactly six digits of fraction: "2026-01-02T03:04:05.000006Z", as leases and
/// events.k8s.io demand. Reading is as strict as the server's. The default is the zero time.
class MicroTime {
 public:
  using TimePoint = std::chrono::sys_time<std::chrono::microseconds>;

  constexpr MicroTime() = default;
  constexpr explicit MicroTime(TimePoint at) : at_(at) {}
  static constexpr MicroTime from(WallTime at) {
    return MicroTime(std::chrono::floor<std::chrono::microseconds>(at));
  }
  static Result<MicroTime> parse(std::string_view text);

  [[nodiscard]] constexpr bool is_zero() const { return at_ == kZero; }
  [[nodiscard]] constexpr TimePoint microseconds() const { return at_; }
  [[nodiscard]] WallTime wall() const;
  [[nodiscard]] std::string to_string() const;
  friend constexpr auto operator<=>(const MicroTime&, const MicroTime&) = default;

 private:
  static constexpr TimePoint kZero = TimePoint::min();
  TimePoint at_ = kZero;
};

}  // namespace windlass::inline v0::meta

namespace windlass::inline v0::type {

template <>
struct ScalarTraits<meta::Time> {
  static constexpr const char* name = "time";
  static bool parse_string(meta::Time& target, std::string_view text, std::string& problem);
  static bool parse_integer(meta::Time& target, std::int64_t number, std::string& problem);
  static bool parse_number(meta::Time& target, double number, std::string& problem);
  static void write(const meta::Time& value, std::string& out);
  static bool is_empty(const meta::Time& value) { return value.is_zero(); }
  static std::size_t heap_bytes(const meta::Time&) { return 0; }
  static std::int64_t to_number(const meta::Time& value) {
    return value.seconds().time_since_epoch().count();
  }
  static void from_number(meta::Time& target, std::int64_t number) {
    target = meta::Time(std::chrono::sys_seconds(std::chrono::seconds(number)));
  }
};

template <>
struct ScalarTraits<meta::MicroTime> {
  static constexpr const char* name = "time with microseconds";
  static bool parse_string(meta::MicroTime& target, std::string_view text, std::string& problem);
  static bool parse_integer(meta::MicroTime& target, std::int64_t number, std::string& problem);
  static bool parse_number(meta::MicroTime& target, double number, std::string& problem);
  static void write(const meta::MicroTime& value, std::string& out);
  static bool is_empty(const meta::MicroTime& value) { return value.is_zero(); }
  static std::size_t heap_bytes(const meta::MicroTime&) { return 0; }
  static std::int64_t to_number(const meta::MicroTime& value) {
    return value.microseconds().time_since_epoch().count();
  }
  static void from_number(meta::MicroTime& target, std::int64_t number) {
    target = meta::MicroTime(meta::MicroTime::TimePoint(std::chrono::microseconds(number)));
  }
};

}  // namespace windlass::inline v0::type
