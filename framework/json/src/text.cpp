#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include <windlass/json/utf8.hpp>

namespace windlass::inline v0::json {
namespace {

/// The length of the well-formed sequence at `p`, 0 when there is none. Refuses overlong forms and
/// surrogates.
std::size_t sequence_length(const unsigned char* p, const unsigned char* end) {
  const auto tail = [&](std::size_t i) { return p + i < end && (p[i] & 0xc0) == 0x80; };
  if (*p < 0x80) return 1;
  if (*p < 0xc2) return 0;
  if (*p < 0xe0) return tail(1) ? 2 : 0;
  if (*p < 0xf0) {
    if (!tail(1) || !tail(2)) return 0;
    if (*p == 0xe0 && p[1] < 0xa0) return 0;
    if (*p == 0xed && p[1] >= 0xa0) return 0;
    return 3;
  }
  if (*p > 0xf4 || !tail(1) || !tail(2) || !tail(3)) return 0;
  if (*p == 0xf0 && p[1] < 0x90) return 0;
  if (*p == 0xf4 && p[1] >= 0x90) return 0;
  return 4;
}

bool must_escape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

void append_escape(std::string& out, unsigned char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr const char* hex = "0123456789abcdef";
  out += "\\u00";
  out += hex[c >> 4];
  out += hex[c & 15];
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  while (p < end) {
    std::uint64_t word = 0;
    if (end - p >= 8) {
      std::memcpy(&word, p, 8);
      if ((word & 0x8080808080808080u) == 0) {
        p += 8;
        continue;
      }
    }
    const std::size_t length = sequence_length(p, end);
    if (length == 0) return false;
    p += length;
  }
  return true;
}

std::string repair_utf8(std::string text) {
  if (is_utf8(text)) return text;
  std::string out;
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  for (const auto* const end = p + text.size(); p < end;) {
    const std::size_t length = sequence_length(p, end);
    if (length == 0) {
      out += static_cast<char>(0xc0 | *p >> 6);
      out += static_cast<char>(0x80 | (*p & 0x3f));
    } else {
      out.append(reinterpret_cast<const char*>(p), length);
    }
    p += std::max<std::size_t>(length, 1);
  }
  return out;
}

namespace {

/// True when one of eight bytes must be escaped (or perhaps: a byte above 0x7f may count too).
bool may_escape(const char* text) {
  constexpr std::uint64_t ones = 0x0101010101010101u;
  constexpr std::uint64_t highs = 0x8080808080808080u;
  std::uint64_t word;
  std::memcpy(&word, text, sizeof word);
  const auto has_zero = [](std::uint64_t x) { return (x - ones) & ~x & highs; };
  const std::uint64_t control = (word - ones * 0x20) & ~word & highs;
  return (control | has_zero(word ^ (ones * '"')) | has_zero(word ^ (ones * '\\'))) != 0;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    while (i + 8 <= text.size() && !may_escape(text.data() + i)) i += 8;
    if (i == text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (!must_escape(c)) continue;
    out.append(text, from, i - from);
    append_escape(out, c);
    from = i + 1;
  }
  out.append(text, from);
  out += '"';
}

void append_integer(std::string& out, std::int64_t number) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace windlass::inline v0::json
