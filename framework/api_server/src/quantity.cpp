// Quantities as resource.Quantity prints them.

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "schema.hpp"

namespace windlass::inline v0::api_server {

using json::Value;

namespace {

__extension__ using Wide = __int128;

struct Parsed {
  Wide nano = 0;  ///< in units of 1e-9
  bool binary = false;
  bool exponent = false;
};

Wide power(Wide base, int exponent) {
  Wide result = 1;
  for (int i = 0; i < exponent; ++i) result *= base;
  return result;
}

/// Multiplies `digits * 10^-scale` by the suffix; false for an unknown suffix.
bool apply_suffix(std::string_view suffix, Wide digits, int scale, Parsed& out) {
  constexpr std::string_view kBinary = "KMGTPE";
  int decimal = 0;
  if (suffix.size() == 2 && suffix[1] == 'i') {
    const auto position = kBinary.find(suffix[0]);
    if (position == std::string_view::npos) return false;
    out.binary = true;
    out.nano =
        digits * power(1024, static_cast<int>(position) + 1) * power(10, 9) / power(10, scale);
    return true;
  }
  if (suffix.empty()) {
    decimal = 0;
  } else if (suffix.size() == 1) {
    switch (suffix[0]) {
      case 'n':
        decimal = -9;
        break;
      case 'u':
        decimal = -6;
        break;
      case 'm':
        decimal = -3;
        break;
      case 'k':
        decimal = 3;
        break;
      case 'M':
        decimal = 6;
        break;
      case 'G':
        decimal = 9;
        break;
      case 'T':
        decimal = 12;
        break;
      case 'P':
        decimal = 15;
        break;
      case 'E':
        decimal = 18;
        break;
      default:
        return false;
    }
  } else if (suffix[0] == 'e' || suffix[0] == 'E') {
    char* end = nullptr;
    const std::string text(suffix.substr(1));
    decimal = static_cast<int>(std::strtol(text.c_str(), &end, 10));
    if (*end != '\0' || decimal > 18 || decimal < -9) return false;
    out.exponent = true;
  } else {
    return false;
  }
  const int shift = 9 + decimal - scale;
  if (shift >= 0) {
    out.nano = digits * power(10, shift);
  } else {
    const Wide divisor = power(10, -shift);
    out.nano = (digits + divisor - 1) / divisor;  // rounds up, as the server does
  }
  return true;
}

std::optional<Parsed> parse_quantity(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  Wide digits = 0;
  int scale = 0;
  std::size_t i = 0;
  std::size_t count = 0;
  bool fraction = false;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !fraction) {
      fraction = true;
    } else if (text[i] >= '0' && text[i] <= '9') {
      if (++count > 20) return std::nullopt;
      if (scale < 12) {
        digits = digits * 10 + (text[i] - '0');
        if (fraction) ++scale;
      }
    } else {
      break;
    }
  }
  if (count == 0) return std::nullopt;
  Parsed parsed;
  if (!apply_suffix(text.substr(i), digits, scale, parsed)) return std::nullopt;
  if (negative) parsed.nano = -parsed.nano;
  return parsed;
}

std::string to_text(Wide value) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  if (negative) value = -value;
  std::string text;
  for (; value != 0; value /= 10) {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
  }
  return negative ? "-" + text : text;
}

std::optional<Parsed> parse_value(const Value& value) {
  if (value.is_integer()) return parse_quantity(std::to_string(value.as_integer()));
  if (value.is_number()) return parse_quantity(json::dump(value));
  if (value.is_string()) return parse_quantity(value.as_string());
  return std::nullopt;
}

}  // namespace

std::optional<std::string> canonical_quantity(const Value& value) {
  const auto parsed = parse_value(value);
  if (!parsed) return std::nullopt;
  const Wide one = power(10, 9);
  const Wide nano = parsed->nano;
  if (nano == 0) return "0";
  if (parsed->binary && nano % one == 0) {
    Wide whole = nano / one;
    const char* suffixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    int level = 0;
    while (level < 6 && whole % 1024 == 0) {
      whole /= 1024;
      ++level;
    }
    return to_text(whole) + suffixes[level];
  }
  Wide scaled = nano;
  const char* suffixes[] = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
  const char* exponents[] = {"e-9", "e-6", "e-3", "", "e3", "e6", "e9", "e12", "e15", "e18"};
  int level = 0;
  while (level < 9 && scaled % 1000 == 0) {
    scaled /= 1000;
    ++level;
  }
  return to_text(scaled) + (parsed->exponent ? exponents[level] : suffixes[level]);
}

std::optional<double> quantity_value(const Value& value) {
  const auto parsed = parse_value(value);
  if (!parsed) return std::nullopt;
  return static_cast<double>(parsed->nano) * 1e-9;
}

}  // namespace windlass::inline v0::api_server
