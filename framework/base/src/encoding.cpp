#include <array>

#include <windlass/base/encoding.hpp>

namespace windlass::inline v0 {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHex = "0123456789ABCDEF";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < have ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += j <= have ? kBase64[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return text;
}

Result<std::string> decode_base64(std::string_view text) {
  static constexpr auto table = [] {
    std::array<signed char, 256> t{};
    t.fill(-1);
    for (std::size_t i = 0; i < kBase64.size(); ++i) {
      t[static_cast<unsigned char>(kBase64[i])] = static_cast<signed char>(i);
    }
    return t;
  }();
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  unsigned group = 0;
  int digits = 0;
  int padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t') continue;
    const int value = table[static_cast<unsigned char>(c)];
    if (c == '=' && digits + padding >= 2 && padding < 2) {
      ++padding;
    } else if (value >= 0 && padding == 0) {
      group = group << 6 | static_cast<unsigned>(value);
      ++digits;
    } else {
      return Error{Errc::parse, "not base64: unexpected character at offset " +
                                    std::to_string(&c - text.data())};
    }
    if (digits + padding == 4) {
      group <<= 6 * padding;
      for (int j = 0; j < 3 - padding; ++j) bytes += static_cast<char>(group >> (16 - 8 * j) & 255);
      if (padding == 0) digits = 0;
      group = 0;
    } else if (digits + padding > 4) {
      return Error{Errc::parse, "not base64: text after the padding"};
    }
  }
  if (digits != 0 && digits + padding != 4) {
    return Error{Errc::parse, "not base64: the text is cut off"};
  }
  return bytes;
}

std::string encode_percent(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

Result<std::string> decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 <= text.size() - 1 ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 <= text.size() - 1 ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return Error{Errc::parse, "broken percent escape in \"" + std::string(text) + "\""};
    }
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

std::string quote_json(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kHex[static_cast<unsigned char>(c) >> 4];
          out += kHex[static_cast<unsigned char>(c) & 15];
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

}  // namespace windlass::inline v0
