#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include <re2/re2.h>

#include <windlass/type/format.hpp>

namespace windlass::inline v0::type {
namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

struct Format {
  std::string_view name;
  const char* pattern;  ///< of the whole text
};

constexpr std::array<Format, 16> kFormats = {{
    {"bsonobjectid", "[0-9a-fA-F]{24}"},
    // not the empty text
    {"byte", "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"},
    {"date-time",
     "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
     "(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"},
    {"email", "[^@\\s<>()]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"},
    {"hexcolor", "#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"},
    // one label with a hyphen after its first letter at most, or labels before a last one of
    // letters
    {"hostname",
     "[a-zA-Z0-9\\p{S}\\p{L}](-?[a-zA-Z0-9\\p{S}\\p{L}]*)?|"
     "([a-zA-Z0-9\\p{S}\\p{L}]([a-zA-Z0-9\\p{S}\\p{L}-]*[a-zA-Z0-9\\p{S}\\p{L}])?\\.)+"
     "[a-zA-Z\\p{L}][a-zA-Z\\p{L}]+"},
    {"k8s-long-name", "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"},
    {"k8s-short-name", "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"},
    {"mac",
     "([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}|([0-9a-fA-F]{2}-){5}[0-9a-fA-F]"
     "{2}|([0-9a-fA-F]{4}\\.){2}"
     "[0-9a-fA-F]{4}|([0-9a-fA-F]{2}:){7}[0-9a-fA-F]{2}|([0-9a-fA-F]{2}-"
     "){7}[0-9a-fA-F]{2}"},
    {"rgbcolor",
     "rgb\\(\\s*(0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])\\s*,\\s*(0|"
     "[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])"
     "\\s*,\\s*(0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])\\s*\\)"},
    {"ssn", "\\d{3}[- ]?\\d{2}[- ]?\\d{4}"},
    {"uri", "([A-Za-z][A-Za-z0-9+.-]*:\\S*|/\\S*)"},
    {"uuid", "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"},
    {"uuid3", "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}"},
    {"uuid4",
     "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?["
     "0-9a-f]{12}"},
    {"uuid5",
     "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?["
     "0-9a-f]{12}"},
}};

int number(std::string_view digits) {
  int out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

bool is_day(std::string_view text) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  static const RE2 shape("[0-9]{4}-[0-9]{2}-[0-9]{2}");
  if (!RE2::FullMatch(piece(text), shape)) return false;
  const int year = number(text.substr(0, 4));
  const int month = number(text.substr(5, 2));
  const int day = number(text.substr(8, 2));
  if (month < 1 || month > 12 || day < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

bool is_ipv4(std::string_view text) {
  static const RE2 shape(
      "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(25[0-5]|2["
      "0-4]\\d|1\\d\\d|[1-9]?\\d)){3}");
  return RE2::FullMatch(piece(text), shape);
}

/// Groups of up to four hexadecimal digits, at most one `::`, an IPv4 address
/// at the end.
bool is_ipv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap != text.npos && text.find("::", gap + 1) != text.npos) return false;
  int groups = 0;
  const auto count = [&](std::string_view part) {
    if (part.empty()) return true;
    for (;;) {
      const std::size_t colon = part.find(':');
      const auto group = part.substr(0, colon);
      if (colon == part.npos && group.find('.') != group.npos) {
        groups += 2;
        return is_ipv4(group);
      }
      ++groups;
      if (group.empty() || group.size() > 4 ||
          group.find_first_not_of("0123456789abcdefABCDEF") != group.npos) {
        return false;
      }
      if (colon == part.npos) return true;
      part.remove_prefix(colon + 1);
    }
  };
  if (gap == text.npos) return count(text) && groups == 8;
  const auto before = text.substr(0, gap);
  return before.find('.') == before.npos && count(before) && count(text.substr(gap + 2)) &&
         groups < 8;
}

bool is_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return false;
  const auto address = text.substr(0, slash);
  const auto bits = text.substr(slash + 1);
  if (bits.empty() || bits.size() > 3 || bits.find_first_not_of("0123456789") != bits.npos) {
    return false;
  }
  if (bits.size() > 1 && bits.front() == '0') return false;
  return (is_ipv4(address) && number(bits) <= 32) || (is_ipv6(address) && number(bits) <= 128);
}

/// The digits of a text with separators; empty when it has anything else. X
/// is 10.
std::string digits_of(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-' || c == ' ') continue;
    if ((c < '0' || c > '9') && c != 'X') return {};
    out += c;
  }
  return out;
}

int digit(char c) { return c == 'X' ? 10 : c - '0'; }

bool is_isbn10(std::string_view text) {
  const std::string digits = digits_of(text);
  if (digits.size() != 10 || digits.find('X') < 9) return false;
  int sum = 0;
  for (int i = 0; i < 10; ++i) sum += (10 - i) * digit(digits[static_cast<std::size_t>(i)]);
  return sum % 11 == 0;
}

bool is_isbn13(std::string_view text) {
  const std::string digits = digits_of(text);
  if (digits.size() != 13 || digits.find('X') != digits.npos) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 13; ++i) sum += (i % 2 == 0 ? 1 : 3) * digit(digits[i]);
  return sum % 10 == 0;
}

bool is_credit_card(std::string_view text) {
  const std::string digits = digits_of(text);
  if (digits.size() < 13 || digits.size() > 19 || digits.find('X') != digits.npos) return false;
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const int value = digit(digits[digits.size() - 1 - i]) * (i % 2 == 0 ? 1 : 2);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 == 0;
}

struct Check {
  std::string_view name;
  bool (*matches)(std::string_view);
};

constexpr std::array<Check, 9> kChecks = {
    {{"cidr", is_cidr},
     {"creditcard", is_credit_card},
     {"date", is_day},
     {"duration", [](std::string_view text) { return parse_duration(text).has_value(); }},
     {"ipv4", is_ipv4},
     {"ipv6", is_ipv6},
     {"isbn10", is_isbn10},
     {"isbn13", is_isbn13},
     {"isbn", [](std::string_view text) { return is_isbn10(text) || is_isbn13(text); }}}};

constexpr std::int64_t kMicrosecond = 1'000;
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

/// Nanoseconds of a unit of Go's form, 0 for what is none.
std::int64_t go_unit(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\u00b5s" || unit == "\u03bcs") return kMicrosecond;
  if (unit == "ms") return kMillisecond;
  if (unit == "s") return kSecond;
  if (unit == "m") return kMinute;
  return unit == "h" ? kHour : 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A number with an optional fraction, off the front of the text, times the unit that follows it.
std::optional<std::int64_t> take_go_part(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  std::int64_t whole = 0;
  if (end > 0 && std::from_chars(text.data(), text.data() + end, whole).ec != std::errc()) {
    return std::nullopt;
  }
  bool any = end > 0;
  double fraction = 0;
  if (end < text.size() && text[end] == '.') {
    double scale = 0.1;
    for (++end; end < text.size() && is_digit(text[end]); ++end, scale /= 10) {
      fraction += (text[end] - '0') * scale;
      any = true;
    }
  }
  if (!any) return std::nullopt;
  text.remove_prefix(end);
  const auto unit_text = text.substr(0, text.find_first_of("0123456789."));
  const std::int64_t unit = go_unit(unit_text);
  text.remove_prefix(unit_text.size());
  std::int64_t length = 0;
  if (unit == 0 || __builtin_mul_overflow(whole, unit, &length) ||
      __builtin_add_overflow(length, std::llround(fraction * static_cast<double>(unit)), &length)) {
    return std::nullopt;
  }
  return length;
}

std::optional<std::int64_t> go_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto part = take_go_part(text);
    if (!part || __builtin_add_overflow(total, *part, &total)) return std::nullopt;
  }
  return negative ? -total : total;
}

/// Nanoseconds of a unit of words, in lower case; 0 for what is none. "mins", "minutes" and
/// whatever else begins like a word are that word.
std::int64_t word_unit(std::string_view unit) {
  const auto is = [&](std::string_view abbreviation, std::string_view word) {
    return unit == abbreviation || unit.starts_with(word);
  };
  if (is("ns", "nano")) return 1;
  if (is("us", "micro") || unit == "\u00b5s") return kMicrosecond;
  if (is("ms", "milli")) return kMillisecond;
  if (is("s", "sec")) return kSecond;
  if (is("m", "min")) return kMinute;
  if (is("h", "hour") || unit == "hr") return kHour;
  if (is("d", "day")) return kDay;
  return is("w", "week") || unit == "wk" ? 7 * kDay : 0;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

/// Numbers with units, one of which must be known; the others count for nothing.
std::optional<std::int64_t> worded_duration(std::string_view text) {
  static const RE2 shape("\\s*(?:\\d+\\s*[A-Za-z\u00b5]+\\s*)+");
  static const RE2 next("\\s*(\\d+)\\s*([A-Za-z\u00b5]+)\\s*");
  if (!RE2::FullMatch(piece(text), shape)) return std::nullopt;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t total = 0;
  bool known = false;
  re2::StringPiece rest = piece(text);
  std::int64_t count = 0;
  std::string word;
  while (!rest.empty()) {
    if (!RE2::Consume(&rest, next, &count, &word)) return std::nullopt;  // more than int64 holds
    const std::int64_t unit = word_unit(lower(word));
    known = known || unit != 0;
    std::int64_t length = 0;
    if (__builtin_mul_overflow(count, unit, &length)) length = kMost;
    if (__builtin_add_overflow(total, length, &total)) total = kMost;
  }
  if (!known) return std::nullopt;
  return total;
}

}  // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
  const auto length = go_duration(text);
  return length ? length : worded_duration(text);
}

namespace {

/// At most 255 bytes, and 63 in each label.
bool has_host_lengths(std::string_view name) {
  constexpr std::size_t kName = 255, kLabel = 63;
  for (std::size_t at = 0; at <= name.size();) {
    const auto end = std::min(name.find('.', at), name.size());
    if (end - at > kLabel) return false;
    at = end + 1;
  }
  return name.size() <= kName;
}

}  // namespace

bool matches_format(std::string_view format, std::string_view text) {
  if (format == "datetime") format = "date-time";
  for (const auto& [name, matches] : kChecks) {
    if (name == format) return matches(text);
  }
  static const auto compiled = [] {
    std::array<std::unique_ptr<RE2>, kFormats.size()> out;
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = std::make_unique<RE2>(kFormats[i].pattern);
    return out;
  }();
  for (std::size_t i = 0; i < kFormats.size(); ++i) {
    if (kFormats[i].name != format) continue;
    if (format.starts_with("date") && !is_day(text.substr(0, 10))) return false;
    if (format.starts_with("k8s-long") && text.size() > 253) return false;
    if (format == "hostname" && !has_host_lengths(text)) return false;
    return RE2::FullMatch(piece(text), *compiled[i]);
  }
  return true;
}

}  // namespace windlass::inline v0::type
