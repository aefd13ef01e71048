#include <windlass/base/encoding.hpp>
#include <windlass/meta/duration.hpp>
#include <windlass/type/format.hpp>

namespace windlass::inline v0::meta {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

constexpr std::int64_t kSecond = 1'000'000'000;

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
  const auto length = type::parse_duration(text);
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
