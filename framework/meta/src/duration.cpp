#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include <windlass/base/encoding.hpp>
#include <windlass/meta/duration.hpp>

namespace windlass::inline v0::meta {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

constexpr std::int64_t kSecond = 1'000'000'000;

constexpr std::array<Unit, 8> kGoUnits = {{{"ns", 1},
                                           {"us", 1'000},
                                           {"\u00b5s", 1'000},
                                           {"\u03bcs", 1'000},
                                           {"ms", 1'000'000},
                                           {"s", kSecond},
                                           {"m", 60 * kSecond},
                                           {"h", 3600 * kSecond}}};

constexpr std::array<Unit, 30> kWords = {{{"ns", 1},
                                          {"nano", 1},
                                          {"nanos", 1},
                                          {"nanosecond", 1},
                                          {"nanoseconds", 1},
                                          {"us", 1'000},
                                          {"micro", 1'000},
                                          {"micros", 1'000},
                                          {"microsecond", 1'000},
                                          {"microseconds", 1'000},
                                          {"ms", 1'000'000},
                                          {"milli", 1'000'000},
                                          {"millis", 1'000'000},
                                          {"millisecond", 1'000'000},
                                          {"milliseconds", 1'000'000},
                                          {"sec", kSecond},
                                          {"secs", kSecond},
                                          {"second", kSecond},
                                          {"seconds", kSecond},
                                          {"min", 60 * kSecond},
                                          {"mins", 60 * kSecond},
                                          {"minute", 60 * kSecond},
                                          {"minutes", 60 * kSecond},
                                          {"hr", 3600 * kSecond},
                                          {"hour", 3600 * kSecond},
                                          {"hours", 3600 * kSecond},
                                          {"d", 86400 * kSecond},
                                          {"day", 86400 * kSecond},
                                          {"days", 86400 * kSecond},
                                          {"w", 604800 * kSecond}}};

std::optional<std::int64_t> times(std::int64_t count, std::int64_t unit) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(count, unit, &product)) return std::nullopt;
  return product;
}

/// Takes a number with an optional fraction off the text; the fraction in units of 1e-18.
struct Decimal {
  std::int64_t whole = 0;
  double fraction = 0;
};
std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal out;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* at = begin;
  bool any = false;
  if (at != end && *at >= '0' && *at <= '9') {
    const auto [rest, failure] = std::from_chars(at, end, out.whole);
    if (failure != std::errc()) return std::nullopt;
    at = rest;
    any = true;
  }
  if (at != end && *at == '.') {
    double scale = 0.1;
    for (++at; at != end && *at >= '0' && *at <= '9'; ++at, scale /= 10) {
      out.fraction += (*at - '0') * scale;
      any = true;
    }
  }
  if (!any) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(at - begin));
  return out;
}

std::optional<std::int64_t> go_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto number = take_decimal(text);
    if (!number) return std::nullopt;
    const std::size_t size = std::min(text.find_first_of("0123456789."), text.size());
    const Unit* unit = nullptr;
    for (const auto& candidate : kGoUnits) {
      if (candidate.name == text.substr(0, size)) unit = &candidate;
    }
    if (unit == nullptr) return std::nullopt;
    text.remove_prefix(size);
    const auto whole = times(number->whole, unit->nanoseconds);
    const auto part = static_cast<std::int64_t>(
        std::llround(number->fraction * static_cast<double>(unit->nanoseconds)));
    if (!whole || __builtin_add_overflow(total, *whole, &total) ||
        __builtin_add_overflow(total, part, &total)) {
      return std::nullopt;
    }
  }
  return negative ? -total : total;
}

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

std::optional<std::int64_t> worded_duration(std::string_view text) {
  const auto number = take_decimal(text);
  if (!number || number->fraction != 0) return std::nullopt;
  while (text.starts_with(' ')) text.remove_prefix(1);
  const std::string word = folded(text);
  for (const auto& [name, nanoseconds] : kWords) {
    if (name == word) return times(number->whole, nanoseconds);
  }
  if (word == "wk" || word == "wks" || word == "week" || word == "weeks") {
    return times(number->whole, 604800 * kSecond);
  }
  return std::nullopt;
}

void append_fraction(std::string& out, std::int64_t value, std::int64_t unit) {
  out += std::to_string(value / unit);
  std::int64_t rest = value % unit;
  if (rest == 0) return;
  out += '.';
  while (rest != 0) {
    unit /= 10;
    out += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
}

}  // namespace

Result<Duration> Duration::parse(std::string_view text) {
  auto length = go_duration(text);
  if (!length) length = worded_duration(text);
  if (!length) {
    return Error{Errc::parse, "expected a duration such as 30s, 1h30m or 500ms, got \"" +
                                  std::string(text) + '"'};
  }
  Duration out{Length(*length)};
  out.text_ = text;
  return out;
}

std::string Duration::to_string() const {
  if (!text_.empty()) return text_;
  std::int64_t rest = length_.count();
  if (rest == 0) return "0s";
  std::string out;
  if (rest < 0) {
    if (rest == INT64_MIN) return "-2562047h47m16.854775808s";
    out = "-";
    rest = -rest;
  }
  if (rest < kSecond) {
    const Unit unit = rest < 1'000       ? Unit{"ns", 1}
                      : rest < 1'000'000 ? Unit{"\u00b5s", 1'000}
                                         : Unit{"ms", 1'000'000};
    append_fraction(out, rest, unit.nanoseconds);
    return out + std::string(unit.name);
  }
  const std::int64_t hours = rest / (3600 * kSecond);
  rest %= 3600 * kSecond;
  const std::int64_t minutes = rest / (60 * kSecond);
  if (hours > 0) out += std::to_string(hours) + 'h';
  if (hours > 0 || minutes > 0) out += std::to_string(minutes) + 'm';
  append_fraction(out, rest % (60 * kSecond), kSecond);
  return out + 's';
}

}  // namespace windlass::inline v0::meta

namespace windlass::inline v0::type {

using Traits = ScalarTraits<meta::Duration>;

bool Traits::parse_string(meta::Duration& target, std::string_view text, std::string& problem) {
  auto parsed = meta::Duration::parse(text);
  if (!parsed) {
    problem = parsed.error().message;
    return false;
  }
  target = std::move(*parsed);
  return true;
}

bool Traits::parse_integer(meta::Duration&, std::int64_t number, std::string& problem) {
  problem = "expected a duration such as \"30s\", got the number " + std::to_string(number);
  return false;
}

bool Traits::parse_number(meta::Duration&, double, std::string& problem) {
  problem = "expected a duration such as \"30s\", got a number";
  return false;
}

void Traits::write(const meta::Duration& value, std::string& out) {
  out += quote_json(value.to_string());
}

std::size_t Traits::heap_bytes(const meta::Duration& value) {
  return value.text_.capacity() > 15 ? value.text_.capacity() + 1 : 0;
}

}  // namespace windlass::inline v0::type
