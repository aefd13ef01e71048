// Timestamps and durations.

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "functions.hpp"

namespace windlass::inline v0::cel {

namespace {

using I = std::int64_t;

constexpr I kSecond = 1'000'000'000;
constexpr I kDay = 86400;
constexpr I kFirst = -62135596800;  // 0001-01-01T00:00:00Z
constexpr I kLast = 253402300799;   // 9999-12-31T23:59:59Z

/// A day of the proleptic Gregorian calendar, counted from 1970-01-01.
constexpr I days_from_civil(I year, I month, I day) {
  year -= month <= 2 ? 1 : 0;
  const I era = (year >= 0 ? year : year - 399) / 400;
  const I of_era = year - era * 400;
  const I of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct Civil {
  I year, month, day, hour, minute, second, weekday, day_of_year;
};
Civil civil(I seconds) {
  I days = seconds / kDay, rest = seconds % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  const I shifted = days + 719468;
  const I era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const I of_era = shifted - era * 146097;
  const I year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const I of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const I shifted_month = (5 * of_year + 2) / 153;
  Civil out{};
  out.day = of_year - (153 * shifted_month + 2) / 5 + 1;
  out.month = shifted_month + (shifted_month < 10 ? 3 : -9);
  out.year = year_of_era + era * 400 + (out.month <= 2 ? 1 : 0);
  out.hour = rest / 3600;
  out.minute = rest % 3600 / 60;
  out.second = rest % 60;
  out.weekday = ((days % 7) + 11) % 7;
  out.day_of_year = days - days_from_civil(out.year, 1, 1);
  return out;
}

Error unreadable(std::string_view what, std::string_view text) {
  return {Errc::parse, fmt::format("{} \"{}\"", what, text)};
}

/// Exactly `count` digits.
std::optional<I> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  I out = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    out = out * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return out;
}
bool accept(std::string_view& text, std::string_view choices) {
  if (text.empty() || choices.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

struct Date {
  I year, month, day;
};
std::optional<Date> read_date(std::string_view& text) {
  const auto year = digits(text, 4);
  if (!year || !accept(text, "-")) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || *month < 1 || *month > 12 || !accept(text, "-")) return std::nullopt;
  const auto day = digits(text, 2);
  static constexpr I kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
  const I length = kLengths[*month - 1] + (*month == 2 && leap ? 1 : 0);
  if (!day || *day < 1 || *day > length) return std::nullopt;
  return Date{*year, *month, *day};
}

}  // namespace

Result<Timestamp> parse_timestamp(std::string_view text, bool lenient) {
  const std::string_view whole = text;
  const auto failed = [&] { return unreadable("cannot parse as RFC 3339 time:", whole); };
  const auto date = read_date(text);
  if (!date || !accept(text, lenient ? "Tt " : "T")) return failed();
  const auto hour = digits(text, 2);
  if (!hour || *hour > 23 || !accept(text, ":")) return failed();
  const auto minute = digits(text, 2);
  if (!minute || *minute > 59 || !accept(text, ":")) return failed();
  const auto second = digits(text, 2);
  if (!second || *second > 59) return failed();
  Timestamp out;
  if (accept(text, ".,")) {
    if (text.empty() || text.front() < '0' || text.front() > '9') return failed();
    std::int32_t unit = 100'000'000;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      out.nanos += (text.front() - '0') * unit;
      unit /= 10;
      text.remove_prefix(1);
    }
  }
  I offset = 0;
  if (!accept(text, lenient ? "Zz" : "Z")) {
    const bool west = text.starts_with('-');
    if (!accept(text, "+-")) return failed();
    const auto hours = digits(text, 2);
    if (!hours || *hours > 24 || !accept(text, ":")) return failed();
    const auto minutes = digits(text, 2);
    if (!minutes || *minutes > 60) return failed();
    offset = (*hours * 3600 + *minutes * 60) * (west ? -1 : 1);
  }
  if (!text.empty()) return failed();
  out.seconds = days_from_civil(date->year, date->month, date->day) * kDay + *hour * 3600 +
                *minute * 60 + *second - offset;
  out.offset = static_cast<std::int32_t>(offset);
  return out;
}

Result<Timestamp> parse_date(std::string_view text) {
  const std::string_view whole = text;
  const auto date = read_date(text);
  if (!date || !text.empty()) return unreadable("cannot parse as a date:", whole);
  return Timestamp{.seconds = days_from_civil(date->year, date->month, date->day) * kDay};
}

std::string to_text(const Timestamp& time) {
  const Civil at = civil(time.seconds + time.offset);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", at.year, at.month, at.day,
                                at.hour, at.minute, at.second);
  if (time.nanos != 0) {
    std::string fraction = fmt::format(".{:09}", time.nanos);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out += fraction;
  }
  if (time.offset == 0) return out + "Z";
  const int east = std::abs(time.offset);
  return out +
         fmt::format("{}{:02}:{:02}", time.offset < 0 ? '-' : '+', east / 3600, east % 3600 / 60);
}

namespace {

/// Sums numbers with units; false when something is malformed or too large.
template <class Unit>
bool sum_units(std::string_view text, Unit&& unit_of, I& total) {
  if (text.empty()) return false;
  long double sum = 0;
  while (!text.empty()) {
    std::size_t end = 0;
    bool dot = false, digit = false;
    while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.')) {
      if (text[end] == '.') {
        if (dot) return false;
        dot = true;
      } else {
        digit = true;
      }
      ++end;
    }
    if (!digit) return false;
    const std::string number(text.substr(0, end));
    text.remove_prefix(end);
    const I unit = unit_of(text);
    if (unit == 0) return false;
    const std::size_t point = number.find('.');
    const std::string whole = number.substr(0, point);
    long double value = 0;
    for (const char c : whole) value = value * 10 + (c - '0');
    sum += value * static_cast<long double>(unit);
    if (point != std::string::npos) {
      long double part = 0, scale = 1;
      for (const char c : number.substr(point + 1)) {
        part = part * 10 + (c - '0');
        scale *= 10;
        if (scale > 1e18L) break;
      }
      sum += std::floor(part * static_cast<long double>(unit) / scale);
    }
    if (sum > 9223372036854775807.0L) return false;
  }
  total = static_cast<I>(sum);
  return true;
}

I go_unit(std::string_view& text) {
  static constexpr std::pair<std::string_view, I> kUnits[] = {
      {"ns", 1},         {"us", 1000},   {"\xC2\xB5s", 1000}, {"\xCE\xBCs", 1000},
      {"ms", 1'000'000}, {"s", kSecond}, {"m", 60 * kSecond}, {"h", 3600 * kSecond}};
  for (const auto& [name, size] : kUnits) {
    if (text.starts_with(name)) {
      text.remove_prefix(name.size());
      return size;
    }
  }
  return 0;
}

I long_unit(std::string_view& text) {
  while (accept(text, " \t")) {
  }
  std::size_t end = 0;
  while (end < text.size() && ((text[end] | 0x20) >= 'a' && (text[end] | 0x20) <= 'z')) ++end;
  std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  while (accept(text, " \t")) {
  }
  static constexpr std::pair<std::string_view, I> kUnits[] = {{"ns", 1},
                                                              {"nano", 1},
                                                              {"us", 1000},
                                                              {"micro", 1000},
                                                              {"ms", 1'000'000},
                                                              {"milli", 1'000'000},
                                                              {"s", kSecond},
                                                              {"sec", kSecond},
                                                              {"second", kSecond},
                                                              {"m", 60 * kSecond},
                                                              {"min", 60 * kSecond},
                                                              {"minute", 60 * kSecond},
                                                              {"h", 3600 * kSecond},
                                                              {"hr", 3600 * kSecond},
                                                              {"hour", 3600 * kSecond},
                                                              {"d", kDay * kSecond},
                                                              {"day", kDay * kSecond},
                                                              {"w", 7 * kDay * kSecond},
                                                              {"wk", 7 * kDay * kSecond},
                                                              {"week", 7 * kDay * kSecond}};
  for (const auto& [name, size] : kUnits) {
    if (word == name || (word.size() == name.size() + 1 && word.starts_with(name) &&
                         word.ends_with('s') && name.size() > 1)) {
      return size;
    }
  }
  return 0;
}

template <class Unit>
Result<Duration> signed_sum(std::string_view text, Unit&& unit_of) {
  const std::string_view whole = text;
  const bool negative = text.starts_with('-');
  accept(text, "+-");
  I total = 0;
  if (text != "0" && !sum_units(text, unit_of, total)) {
    return unreadable("invalid duration:", whole);
  }
  return Duration{negative ? -total : total};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) { return signed_sum(text, go_unit); }
Result<Duration> parse_long_duration(std::string_view text) {
  if (auto plain = parse_duration(text)) return plain;
  return signed_sum(text, long_unit);
}

std::string to_text(const Duration& duration) {
  // exact seconds with as many digits as are needed
  const bool negative = duration.nanos < 0;
  const auto size = negative ? 0 - static_cast<std::uint64_t>(duration.nanos)
                             : static_cast<std::uint64_t>(duration.nanos);
  std::string out = fmt::format("{}{}", negative ? "-" : "", size / kSecond);
  if (size % kSecond != 0) {
    std::string fraction = fmt::format(".{:09}", size % kSecond);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out += fraction;
  }
  return out + "s";
}

namespace {

Value overflow() { return Value::error("integer overflow"); }

Value make_timestamp(I seconds, I nanos, std::int32_t offset = 0) {
  seconds += nanos / kSecond;
  nanos %= kSecond;
  if (nanos < 0) {
    nanos += kSecond;
    --seconds;
  }
  if (seconds < kFirst || seconds > kLast) return Value::error("timestamp overflow");
  return Timestamp{.seconds = seconds, .nanos = static_cast<std::int32_t>(nanos), .offset = offset};
}

Value add_durations(Args args) {
  Duration out;
  if (__builtin_add_overflow(args[0].as<Duration>().nanos, args[1].as<Duration>().nanos,
                             &out.nanos)) {
    return overflow();
  }
  return out;
}
Value subtract_durations(Args args) {
  Duration out;
  if (__builtin_sub_overflow(args[0].as<Duration>().nanos, args[1].as<Duration>().nanos,
                             &out.nanos)) {
    return overflow();
  }
  return out;
}
Value shift(const Timestamp& time, I nanos, int sign) {
  return make_timestamp(time.seconds + sign * (nanos / kSecond),
                        time.nanos + sign * (nanos % kSecond), time.offset);
}
Value add_time(Args args) {
  return shift(args[0].as<Timestamp>(), args[1].as<Duration>().nanos, 1);
}
Value add_to_time(Args args) {
  return shift(args[1].as<Timestamp>(), args[0].as<Duration>().nanos, 1);
}
Value subtract_time(Args args) {
  return shift(args[0].as<Timestamp>(), args[1].as<Duration>().nanos, -1);
}
Value difference(Args args) {
  const auto& a = args[0].as<Timestamp>();
  const auto& b = args[1].as<Timestamp>();
  I out = 0;
  if (__builtin_mul_overflow(a.seconds - b.seconds, kSecond, &out) ||
      __builtin_add_overflow(out, I{a.nanos} - b.nanos, &out)) {
    return overflow();
  }
  return Duration{out};
}

Value identity(Args args) { return args[0]; }
Value string_to_duration(Args args) {
  const auto out = parse_duration(args[0].text());
  if (out) return *out;
  return Value::error("type conversion error from 'string' to 'google.protobuf.Duration'");
}
Value string_to_timestamp(Args args) {
  const auto out = parse_timestamp(args[0].text());
  if (!out) {
    return Value::error("type conversion error from 'string' to 'google.protobuf.Timestamp'");
  }
  return make_timestamp(out->seconds, out->nanos, out->offset);
}
Value int_to_timestamp(Args args) { return make_timestamp(args[0].as<I>(), 0); }
Value timestamp_to_int(Args args) { return args[0].as<Timestamp>().seconds; }
Value duration_to_int(Args args) { return args[0].as<Duration>().nanos; }

// ---- time zones

/// Reads big-endian integers of a TZif file (RFC 8536).
class ZoneFile {
 public:
  explicit ZoneFile(std::string data) : data_(std::move(data)) {}

  /// Seconds east of UTC at a moment; none when the file is broken.
  [[nodiscard]] std::optional<I> offset(I at) const {
    const std::size_t second = 44 + body_size(0, 4);
    if (!has_header(0) || !has_header(second)) return std::nullopt;
    const auto times = static_cast<std::size_t>(number(second + 32, 4));
    const auto types = static_cast<std::size_t>(number(second + 36, 4));
    const std::size_t body = second + 44;
    if (data_.size() < second + 44 + body_size(second, 8) || types == 0) return std::nullopt;
    std::size_t kind = 0;
    std::size_t low = 0, high = times;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      (number(body + middle * 8, 8) <= at ? low : high) =
          number(body + middle * 8, 8) <= at ? middle + 1 : middle;
    }
    if (low > 0) kind = static_cast<unsigned char>(data_[body + times * 8 + low - 1]);
    if (low == times && times > 0) {
      if (const auto rule = footer_offset(second + 44 + body_size(second, 8), at)) return rule;
    }
    if (kind >= types) return std::nullopt;
    return number(body + times * 9 + kind * 6, 4);
  }

 private:
  [[nodiscard]] bool has_header(std::size_t at) const {
    return data_.size() >= at + 44 && data_.compare(at, 4, "TZif") == 0;
  }
  [[nodiscard]] I number(std::size_t at, std::size_t size) const {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < size; ++i) {
      out = (out << 8) | static_cast<unsigned char>(data_[at + i]);
    }
    return size == 4 ? static_cast<std::int32_t>(out) : static_cast<I>(out);
  }
  [[nodiscard]] std::size_t body_size(std::size_t header, std::size_t width) const {
    if (!has_header(header)) return 0;
    const auto count = [&](std::size_t index) {
      return static_cast<std::size_t>(number(header + 20 + index * 4, 4));
    };
    return count(3) * (width + 1) + count(4) * 6 + count(5) + count(2) * (width + 4) + count(1) +
           count(0);
  }

  /// The rule after the last listed change, such as "EST5EDT,M3.2.0,M11.1.0".
  [[nodiscard]] std::optional<I> footer_offset(std::size_t at, I time) const {
    if (at + 1 >= data_.size() || data_[at] != '\n') return std::nullopt;
    std::string_view text = std::string_view(data_).substr(at + 1);
    text = text.substr(0, text.find('\n'));
    skip_name(text);
    const I standard = -clock(text);
    if (text.empty()) return standard;
    skip_name(text);
    I summer = standard + 3600;
    if (!text.empty() && text.front() != ',') summer = -clock(text);
    const I year = civil(time + standard).year;
    const auto start = change(text, year), end = change(text, year);
    if (!start || !end) return std::nullopt;
    const I from = *start - standard, to = *end - summer;
    const bool in_summer = from < to ? time >= from && time < to : time >= from || time < to;
    return in_summer ? summer : standard;
  }
  static void skip_name(std::string_view& text) {
    if (text.starts_with('<')) {
      text.remove_prefix(std::min(text.size(), text.find('>') + 1));
      return;
    }
    while (!text.empty() && ((text.front() | 0x20) >= 'a' && (text.front() | 0x20) <= 'z')) {
      text.remove_prefix(1);
    }
  }
  static I count(std::string_view& text) {
    I out = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      out = out * 10 + (text.front() - '0');
      text.remove_prefix(1);
    }
    return out;
  }
  /// [-]h[:m[:s]]
  static I clock(std::string_view& text) {
    const bool negative = text.starts_with('-');
    accept(text, "+-");
    I out = count(text) * 3600;
    if (accept(text, ":")) out += count(text) * 60;
    if (accept(text, ":")) out += count(text);
    return negative ? -out : out;
  }
  /// ",Mm.w.d[/time]" in a year, as local seconds.
  static std::optional<I> change(std::string_view& text, I year) {
    if (!text.starts_with(",M")) return std::nullopt;
    text.remove_prefix(2);
    const I month = count(text);
    if (!accept(text, ".")) return std::nullopt;
    const I week = count(text);
    if (!accept(text, ".")) return std::nullopt;
    const I weekday = count(text);
    const I at = accept(text, "/") ? clock(text) : 7200;
    const I first = days_from_civil(year, month, 1);
    const I first_weekday = ((first % 7) + 11) % 7;
    I day = first + (weekday - first_weekday + 7) % 7 + (week - 1) * 7;
    const I next =
        month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1);
    while (day >= next) day -= 7;
    return day * kDay + at;
  }

  std::string data_;
};

/// Seconds east of UTC in a zone ("UTC", "+05:30", "Europe/Berlin") at a moment.
std::optional<I> zone_offset(std::string_view zone, I at) {
  if (zone == "UTC" || zone == "Z" || zone.empty()) return 0;
  if (const std::size_t colon = zone.find(':'); colon != std::string_view::npos) {
    std::string_view hours = zone.substr(0, colon), minutes = zone.substr(colon + 1);
    const bool west = hours.starts_with('-');
    accept(hours, "+-");
    I h = 0, m = 0;
    const auto [h_end, h_error] = std::from_chars(hours.data(), hours.data() + hours.size(), h);
    const auto [m_end, m_error] =
        std::from_chars(minutes.data(), minutes.data() + minutes.size(), m);
    if (h_error != std::errc() || m_error != std::errc() || h_end != hours.data() + hours.size() ||
        m_end != minutes.data() + minutes.size()) {
      return std::nullopt;
    }
    return (h * 3600 + m * 60) * (west ? -1 : 1);
  }
  if (zone.front() == '/' || zone.find("..") != std::string_view::npos || zone.size() > 100) {
    return std::nullopt;
  }
  std::ifstream file("/usr/share/zoneinfo/" + std::string(zone), std::ios::binary);
  if (!file) return std::nullopt;
  std::string data((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (data.empty()) return std::nullopt;
  return ZoneFile(std::move(data)).offset(at);
}

template <I (*Read)(const Civil&, const Timestamp&)>
Value part(Args args) {
  const auto& time = args[0].as<Timestamp>();
  I offset = 0;
  if (args.size() == 2) {
    const std::string_view zone = args[1].text();
    const auto found = zone_offset(zone, time.seconds);
    if (!found) {
      const bool bad = zone.starts_with('/') || zone.find("..") != std::string_view::npos ||
                       zone.find('\\') != std::string_view::npos;
      return Value::error(bad ? "time: invalid location name"
                              : fmt::format("unknown time zone {}", zone));
    }
    offset = *found;
  }
  return Read(civil(time.seconds + offset), time);
}
I full_year(const Civil& at, const Timestamp&) { return at.year; }
I month(const Civil& at, const Timestamp&) { return at.month - 1; }
I day_of_year(const Civil& at, const Timestamp&) { return at.day_of_year; }
I day_of_month(const Civil& at, const Timestamp&) { return at.day - 1; }
I date(const Civil& at, const Timestamp&) { return at.day; }
I day_of_week(const Civil& at, const Timestamp&) { return at.weekday; }
I hours(const Civil& at, const Timestamp&) { return at.hour; }
I minutes(const Civil& at, const Timestamp&) { return at.minute; }
I seconds(const Civil& at, const Timestamp&) { return at.second; }
I milliseconds(const Civil&, const Timestamp& time) { return time.nanos / 1'000'000; }

template <I Unit>
Value duration_part(Args args) {
  return I{args[0].as<Duration>().nanos / Unit};
}

constexpr Row kRows[] = {
    {"_+_", "(duration, duration) duration", add_durations},
    {"_+_", "(duration, timestamp) timestamp", add_to_time},
    {"_+_", "(timestamp, duration) timestamp", add_time},
    {"_-_", "(duration, duration) duration", subtract_durations},
    {"_-_", "(timestamp, duration) timestamp", subtract_time},
    {"_-_", "(timestamp, timestamp) duration", difference},
    {"duration", "(duration) duration", identity},
    {"duration", "(string) duration", string_to_duration},
    {"timestamp", "(timestamp) timestamp", identity},
    {"timestamp", "(int) timestamp", int_to_timestamp},
    {"timestamp", "(string) timestamp", string_to_timestamp},
    {"int", "(timestamp) int", timestamp_to_int},
    {"int", "(duration) int", duration_to_int},
    {"getFullYear", "timestamp.() int", part<full_year>},
    {"getFullYear", "timestamp.(string) int", part<full_year>},
    {"getMonth", "timestamp.() int", part<month>},
    {"getMonth", "timestamp.(string) int", part<month>},
    {"getDayOfYear", "timestamp.() int", part<day_of_year>},
    {"getDayOfYear", "timestamp.(string) int", part<day_of_year>},
    {"getDayOfMonth", "timestamp.() int", part<day_of_month>},
    {"getDayOfMonth", "timestamp.(string) int", part<day_of_month>},
    {"getDate", "timestamp.() int", part<date>},
    {"getDate", "timestamp.(string) int", part<date>},
    {"getDayOfWeek", "timestamp.() int", part<day_of_week>},
    {"getDayOfWeek", "timestamp.(string) int", part<day_of_week>},
    {"getHours", "timestamp.() int", part<hours>},
    {"getHours", "timestamp.(string) int", part<hours>},
    {"getHours", "duration.() int", duration_part<3600 * kSecond>},
    {"getMinutes", "timestamp.() int", part<minutes>},
    {"getMinutes", "timestamp.(string) int", part<minutes>},
    {"getMinutes", "duration.() int", duration_part<60 * kSecond>},
    {"getSeconds", "timestamp.() int", part<seconds>},
    {"getSeconds", "timestamp.(string) int", part<seconds>},
    {"getSeconds", "duration.() int", duration_part<kSecond>},
    {"getMilliseconds", "timestamp.() int", part<milliseconds>},
    {"getMilliseconds", "timestamp.(string) int", part<milliseconds>},
    {"getMilliseconds", "duration.() int", duration_part<1'000'000>},
};

}  // namespace

std::span<const Row> time_rows() { return kRows; }

}  // namespace windlass::inline v0::cel
