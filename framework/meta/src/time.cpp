#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>

#include <windlass/meta/time.hpp>

namespace windlass::inline v0::meta {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// A point with its fraction, which is kept apart because its number of digits matters.
struct Rfc3339 {
  std::chrono::sys_seconds at;
  std::string_view fraction;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool read(Rfc3339& out) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    const bool date =
        digits(4, year) && take('-') && digits(2, month) && take('-') && digits(2, day);
    if (!date || !(take('T') || take('t'))) return false;
    const bool time =
        digits(2, hour) && take(':') && digits(2, minute) && take(':') && digits(2, second);
    if (!time || hour > 23 || minute > 59 || second > 59) return false;
    const std::chrono::year_month_day ymd(std::chrono::year(year),
                                          std::chrono::month(static_cast<unsigned>(month)),
                                          std::chrono::day(static_cast<unsigned>(day)));
    if (!ymd.ok()) return false;
    if (take('.') && !read_fraction(out.fraction)) return false;
    seconds offset{0};
    if (!read_offset(offset) || at_ != text_.size()) return false;
    out.at = std::chrono::sys_days(ymd) + hours(hour) + minutes(minute) + seconds(second) - offset;
    return true;
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool digits(std::size_t count, int& out) {
    for (std::size_t i = 0; i < count; ++i, ++at_) {
      if (at_ >= text_.size() || text_[at_] < '0' || text_[at_] > '9') return false;
      out = out * 10 + (text_[at_] - '0');
    }
    return true;
  }
  bool read_fraction(std::string_view& fraction) {
    const std::size_t from = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    fraction = text_.substr(from, at_ - from);
    return !fraction.empty();
  }
  bool read_offset(seconds& offset) {
    if (take('Z') || take('z')) return true;
    const bool negative = at_ < text_.size() && text_[at_] == '-';
    if (!take('+') && !take('-')) return false;
    int hour = 0, minute = 0;
    if (!digits(2, hour) || !take(':') || !digits(2, minute)) return false;
    offset = hours(hour) + minutes(minute);
    if (negative) offset = -offset;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

constexpr std::chrono::sys_seconds kGoZero =
    std::chrono::sys_days(std::chrono::year(1) / std::chrono::January / 1);

std::string format_seconds(std::chrono::sys_seconds at) {
  const auto day = std::chrono::floor<days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

std::string quoted(std::string_view text) {
  return '"' + std::string(text.substr(0, 64)) + (text.size() > 64 ? "...\"" : "\"");
}

template <class Point>
WallTime to_wall(Point at) {
  constexpr auto low = std::chrono::ceil<typename Point::duration>(WallTime::min());
  constexpr auto high = std::chrono::floor<typename Point::duration>(WallTime::max());
  return WallTime(std::clamp(at, low, high));
}

}  // namespace

namespace {

/// Days since 1970-01-01 in the proleptic Gregorian calendar; the year begins in March here.
constexpr std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2;
  const std::int64_t era = year / 400;  // years are not negative
  const std::int64_t of_era = year - era * 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/// The form that servers write, "2026-01-02T03:04:05Z", with a day that every month has. Nothing
/// for all others.
std::optional<std::chrono::sys_seconds> read_usual(std::string_view text) {
  constexpr std::string_view form = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != form.size()) return std::nullopt;
  unsigned wrong = 0;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    wrong |= form[i] == 'd' ? static_cast<unsigned>(static_cast<unsigned char>(c - '0') > 9)
                            : static_cast<unsigned>(c != static_cast<unsigned char>(form[i]));
  }
  if (wrong != 0) return std::nullopt;
  const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  const int year = two(0) * 100 + two(2), month = two(5), day = two(8);
  const int hour = two(11), minute = two(14), second = two(17);
  if (year < 2 || month < 1 || month > 12 || day < 1 || day > 28) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_seconds(
      seconds(days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second));
}

}  // namespace

Result<Time> Time::parse(std::string_view text) {
  if (const auto at = read_usual(text)) return Time(*at);
  Rfc3339 read;
  if (!Reader(text).read(read)) {
    return Error{Errc::parse,
                 "expected a time such as \"2026-01-02T03:04:05Z\", got " + quoted(text)};
  }
  return read.at == kGoZero && read.fraction.find_first_not_of('0') == read.fraction.npos
             ? Time()
             : Time(read.at);
}

WallTime Time::wall() const { return is_zero() ? WallTime() : to_wall(at_); }

std::string Time::to_string() const { return is_zero() ? "" : format_seconds(at_) + "Z"; }

Result<MicroTime> MicroTime::parse(std::string_view text) {
  Rfc3339 read;
  if (!Reader(text).read(read) || read.fraction.size() != 6) {
    return Error{Errc::parse,
                 "expected a time with six digits of fraction such as "
                 "\"2026-01-02T03:04:05.000006Z\", got " +
                     quoted(text)};
  }
  int micros = 0;
  for (const char c : read.fraction) micros = micros * 10 + (c - '0');
  if (read.at == kGoZero && micros == 0) return MicroTime();
  return MicroTime(TimePoint(read.at) + std::chrono::microseconds(micros));
}

WallTime MicroTime::wall() const { return is_zero() ? WallTime() : to_wall(at_); }

std::string MicroTime::to_string() const {
  if (is_zero()) return {};
  const auto whole = std::chrono::floor<seconds>(at_);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06dZ", static_cast<int>((at_ - whole).count()));
  return format_seconds(whole) + fraction;
}

}  // namespace windlass::inline v0::meta

namespace windlass::inline v0::type {
namespace {

template <class T>
bool parse_time(T& target, std::string_view text, std::string& problem) {
  if (text.empty()) {  // as Go: an empty string is no time
    target = T();
    return true;
  }
  auto time = T::parse(text);
  if (!time) {
    problem = time.error().message;
    return false;
  }
  target = *time;
  return true;
}

bool no_number(std::string& problem) {
  problem = "expected a time such as \"2026-01-02T03:04:05Z\", got a number";
  return false;
}

template <class T>
void write_time(const T& value, std::string& out) {
  if (value.is_zero()) {
    out += "null";
    return;
  }
  out += '"';
  out += value.to_string();
  out += '"';
}

}  // namespace

using meta::MicroTime;
using meta::Time;

bool ScalarTraits<Time>::parse_string(Time& target, std::string_view text, std::string& problem) {
  return parse_time(target, text, problem);
}
bool ScalarTraits<Time>::parse_integer(Time&, std::int64_t, std::string& problem) {
  return no_number(problem);
}
bool ScalarTraits<Time>::parse_number(Time&, double, std::string& problem) {
  return no_number(problem);
}
void ScalarTraits<Time>::write(const Time& value, std::string& out) { write_time(value, out); }

bool ScalarTraits<MicroTime>::parse_string(MicroTime& target, std::string_view text,
                                           std::string& problem) {
  return parse_time(target, text, problem);
}
bool ScalarTraits<MicroTime>::parse_integer(MicroTime&, std::int64_t, std::string& problem) {
  return no_number(problem);
}
bool ScalarTraits<MicroTime>::parse_number(MicroTime&, double, std::string& problem) {
  return no_number(problem);
}
void ScalarTraits<MicroTime>::write(const MicroTime& value, std::string& out) {
  write_time(value, out);
}

}  // namespace windlass::inline v0::type
