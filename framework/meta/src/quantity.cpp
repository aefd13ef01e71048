#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <windlass/meta/quantity.hpp>

namespace windlass::inline v0::meta {
namespace {

__extension__ using Wide = __int128;  // nanos: 2^63 * 10^9 fits

constexpr Wide kNano = 1'000'000'000;
constexpr Wide kLimit = Wide{INT64_MAX} * kNano;

struct Suffix {
  std::string_view text;
  Quantity::Format format;
  int exponent;  // of ten, or of two
};

using Format = Quantity::Format;
constexpr std::array kSuffixes{
    Suffix{"", Format::decimal_si, 0},   Suffix{"n", Format::decimal_si, -9},
    Suffix{"u", Format::decimal_si, -6}, Suffix{"m", Format::decimal_si, -3},
    Suffix{"k", Format::decimal_si, 3},  Suffix{"M", Format::decimal_si, 6},
    Suffix{"G", Format::decimal_si, 9},  Suffix{"T", Format::decimal_si, 12},
    Suffix{"P", Format::decimal_si, 15}, Suffix{"E", Format::decimal_si, 18},
    Suffix{"Ki", Format::binary_si, 10}, Suffix{"Mi", Format::binary_si, 20},
    Suffix{"Gi", Format::binary_si, 30}, Suffix{"Ti", Format::binary_si, 40},
    Suffix{"Pi", Format::binary_si, 50}, Suffix{"Ei", Format::binary_si, 60},
};

std::optional<Suffix> find_suffix(std::string_view text) {
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.text == text) return suffix;
  }
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  const char* from = text.data() + (text[1] == '+' ? 2 : 1);
  const char* const end = text.data() + text.size();
  if (text[1] == '+' && text.size() > 2 && text[2] == '-') return std::nullopt;
  int exponent = 0;
  const auto [rest, failure] = std::from_chars(from, end, exponent);
  if (failure == std::errc::invalid_argument || rest != end) return std::nullopt;
  if (failure == std::errc::result_out_of_range) exponent = text[1] == '-' ? -10'000 : 10'000;
  return Suffix{"", Format::decimal_exponent, std::clamp(exponent, -10'000, 10'000)};
}

/// Digits d1d2..., the point after `integer_digits` of them.
struct Decimal {
  std::string digits;  // without leading zeros
  int scale = 0;       // value = digits * 10^-scale
};

/// digits * 10^-scale * 2^shift in nanos, rounded away from zero and capped.
Wide to_nanos(const Decimal& number, int shift) {
  if (number.digits.empty()) return 0;
  const int exponent = 9 - number.scale;  // of ten, once in nanos
  if (static_cast<int>(number.digits.size()) + exponent > 29) return kLimit;
  // The value is below 10^29 nanos before the shift. Digits below the nano cannot be dropped before
  // the shift, which may lift them: keep what a shift of 2^60 (about 10^18) can lift, and whether
  // anything non-zero lies below.
  Wide value = 0;
  bool more = false;
  const int kept = static_cast<int>(number.digits.size()) + std::min(exponent, 0);
  int position = 0;
  for (; position < static_cast<int>(number.digits.size()) && position < std::max(kept, 0);
       ++position) {
    value = value * 10 + (number.digits[static_cast<std::size_t>(position)] - '0');
  }
  for (int i = 0; i < exponent; ++i) value *= 10;
  Wide fraction = 0;  // below one nano, in units of 10^-18 nano
  constexpr Wide kFraction = 1'000'000'000'000'000'000;
  Wide unit = kFraction / 10;
  for (int i = kept; i < 0 && unit > 0; ++i) unit /= 10;
  for (; position < static_cast<int>(number.digits.size()); ++position, unit /= 10) {
    const int digit = number.digits[static_cast<std::size_t>(position)] - '0';
    fraction += unit * digit;
    more = more || (unit == 0 && digit != 0);
  }
  if (shift > 0 && value > (kLimit >> shift)) return kLimit;
  value <<= shift;
  // fraction < 10^18 < 2^60 and shift <= 60, so this stays below 2^120.
  const Wide lifted = fraction << shift;
  value += lifted / kFraction;
  if (lifted % kFraction != 0 || more) value += 1;
  return std::min(value, kLimit);
}

std::string digits_of(Wide number) {
  std::string text;
  do {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number != 0);
  return text;
}

std::string decimal_form(Wide nanos, Format format) {
  int exponent = -9;
  while (exponent < 18 && nanos % 1000 == 0) {
    nanos /= 1000;
    exponent += 3;
  }
  if (format == Format::decimal_exponent) {
    return digits_of(nanos) + (exponent == 0 ? "" : "e" + std::to_string(exponent));
  }
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.format == Format::decimal_si && suffix.exponent == exponent) {
      return digits_of(nanos) + std::string(suffix.text);
    }
  }
  return digits_of(nanos);
}

std::string binary_form(Wide whole) {
  std::string_view suffix;
  for (const std::string_view next : {"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"}) {
    if (whole % 1024 != 0) break;
    whole /= 1024;
    suffix = next;
  }
  return digits_of(whole) + std::string(suffix);
}

Error malformed(std::string_view text) {
  return {Errc::parse, "expected a quantity such as \"500m\", \"1.5\" or \"2Gi\", got \"" +
                           std::string(text.substr(0, 64)) + '"'};
}

}  // namespace

Quantity Quantity::milli(std::int64_t thousandths) {
  std::int64_t whole = thousandths / 1000;
  std::int64_t rest = thousandths % 1000;
  if (rest < 0) {
    rest += 1000;
    --whole;
  }
  Quantity quantity(whole);
  quantity.nanos_ = static_cast<std::uint32_t>(rest) * 1'000'000u;
  return quantity;
}

namespace {
struct Parts {
  std::int64_t whole;
  std::uint32_t nanos;
};
Parts split(Wide nanos) {
  nanos = std::clamp(nanos, -kLimit, kLimit);
  Wide whole = nanos / kNano;
  Wide rest = nanos % kNano;
  if (rest < 0) {
    rest += kNano;
    --whole;
  }
  return {static_cast<std::int64_t>(whole), static_cast<std::uint32_t>(rest)};
}
Wide join(std::int64_t whole, std::uint32_t nanos) { return Wide{whole} * kNano + nanos; }
}  // namespace

Result<Quantity> Quantity::parse(std::string_view text) {
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest[0] == '-';
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
  Decimal number;
  bool any_digit = false;
  bool after_point = false;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    const char c = rest[at];
    if (c == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    any_digit = true;
    if (!number.digits.empty() || c != '0') number.digits += c;
    if (after_point) ++number.scale;
  }
  if (!any_digit || text.size() > 4096) return malformed(text);
  const auto suffix = find_suffix(rest.substr(at));
  if (!suffix) return malformed(text);

  const bool binary = suffix->format == Format::binary_si;
  if (!binary) number.scale -= suffix->exponent;
  Wide nanos = to_nanos(number, binary ? suffix->exponent : 0);
  if (negative) nanos = -nanos;
  const Parts parts = split(nanos);
  Quantity quantity(parts.whole, suffix->format);
  quantity.nanos_ = parts.nanos;
  return quantity;
}

std::string Quantity::to_string() const {
  Wide nanos = join(whole_, nanos_);
  if (nanos == 0) return "0";
  const std::string sign = nanos < 0 ? "-" : "";
  if (nanos < 0) nanos = -nanos;
  // As upstream: below 1Ki, or with a fraction, binary quantities are written in decimal.
  const bool binary = format_ == Format::binary_si && nanos % kNano == 0 && nanos / kNano >= 1024;
  if (binary) return sign + binary_form(nanos / kNano);
  return sign + decimal_form(nanos, format_ == Format::binary_si ? Format::decimal_si : format_);
}

std::int64_t Quantity::value() const {
  return nanos_ == 0 || whole_ < 0 || whole_ == INT64_MAX ? whole_ : whole_ + 1;
}

std::int64_t Quantity::milli_value() const {
  const Wide nanos = join(whole_, nanos_);
  Wide millis = nanos / 1'000'000;
  if (nanos % 1'000'000 > 0) ++millis;
  if (nanos % 1'000'000 < 0) --millis;
  return static_cast<std::int64_t>(std::clamp(millis, Wide{INT64_MIN}, Wide{INT64_MAX}));
}

double Quantity::as_double() const {
  return static_cast<double>(whole_) + static_cast<double>(nanos_) * 1e-9;
}

int Quantity::sign() const { return whole_ < 0 ? -1 : is_zero() ? 0 : 1; }

Quantity& Quantity::operator+=(const Quantity& other) {
  if (is_zero()) format_ = other.format_;
  const Parts parts = split(join(whole_, nanos_) + join(other.whole_, other.nanos_));
  whole_ = parts.whole;
  nanos_ = parts.nanos;
  return *this;
}

Quantity& Quantity::operator-=(const Quantity& other) {
  if (is_zero()) format_ = other.format_;
  const Parts parts = split(join(whole_, nanos_) - join(other.whole_, other.nanos_));
  whole_ = parts.whole;
  nanos_ = parts.nanos;
  return *this;
}

}  // namespace windlass::inline v0::meta

namespace windlass::inline v0::type {

using Traits = ScalarTraits<meta::Quantity>;

bool Traits::parse_string(meta::Quantity& target, std::string_view text, std::string& problem) {
  auto quantity = meta::Quantity::parse(text);
  if (!quantity) {
    problem = quantity.error().message;
    return false;
  }
  target = *quantity;
  return true;
}

bool Traits::parse_integer(meta::Quantity& target, std::int64_t number, std::string&) {
  target = meta::Quantity(number);
  return true;
}

bool Traits::parse_number(meta::Quantity& target, double number, std::string& problem) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  const bool done = parse_string(target, {digits, static_cast<std::size_t>(end - digits)}, problem);
  if (done && target.format() != meta::Quantity::Format::decimal_si) {
    target = meta::Quantity() + target;
  }
  return done;
}

void Traits::write(const meta::Quantity& value, std::string& out) {
  out += '"';
  out += value.to_string();
  out += '"';
}

}  // namespace windlass::inline v0::type
