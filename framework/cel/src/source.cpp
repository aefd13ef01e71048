// Source text and messages about it.

#include <algorithm>

#include <fmt/format.h>

#include "ast.hpp"

namespace windlass::inline v0::cel {

namespace {
constexpr std::size_t kLongestSnippet = 16'384, kMostReports = 100;
}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    char32_t code = length == 1 ? byte : byte & (0x7F >> length);
    bool good = byte < 0x80 || (byte >= 0xC2 && byte < 0xF5);
    for (std::size_t k = 1; good && k < length; ++k) {
      good = i + k < text.size() && (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
      if (good) code = (code << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3F);
    }
    out += good ? code : U'\uFFFD';
    i += good ? length : 1;
  }
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

std::string encode_utf8(std::u32string_view text) {
  std::string out;
  for (const char32_t c : text) append_utf8(out, c);
  return out;
}

Source::Source(std::string_view text) : text_(decode_utf8(text)) {}

std::string Source::report(int position, std::string_view message) const {
  const std::size_t at = std::min(static_cast<std::size_t>(std::max(position, 0)), text_.size());
  const auto before = text_.begin() + static_cast<std::ptrdiff_t>(at);
  const auto line = std::count(text_.begin(), before, U'\n') + 1;
  const std::size_t newline = at == 0 ? std::u32string::npos : text_.rfind(U'\n', at - 1);
  const std::size_t start = newline == std::u32string::npos ? 0 : newline + 1;
  const std::size_t column = at - start;
  std::u32string snippet = text_.substr(start, text_.find(U'\n', start) - start);
  std::replace(snippet.begin(), snippet.end(), U'\t', U' ');
  if (snippet.size() > kLongestSnippet) {
    return fmt::format("ERROR: <input>:{}:{}: {}", line, column + 1, message);
  }
  // wide characters get wide marks
  std::string marks;
  for (std::size_t i = 0; i < column; ++i) {
    const char32_t c = i < snippet.size() ? snippet[i] : U'.';
    marks += c < 0x80 ? "." : "\xEF\xBC\x8E";
  }
  marks += column < snippet.size() && snippet[column] >= 0x80 ? "\xEF\xBC\xBE" : "^";
  return fmt::format("ERROR: <input>:{}:{}: {}\n | {}\n | {}", line, column + 1, message,
                     encode_utf8(snippet), marks);
}

std::string report(const Source& source, std::vector<Message> messages) {
  std::stable_sort(messages.begin(), messages.end(),
                   [](const Message& a, const Message& b) { return a.position < b.position; });
  const std::size_t more = messages.size() - std::min(messages.size(), kMostReports);
  messages.resize(messages.size() - more);
  std::string out;
  for (const Message& message : messages) {
    if (!out.empty()) out += '\n';
    out += source.report(message.position, message.text);
  }
  if (more > 0) out += fmt::format("\n{} more errors were truncated", more);
  return out;
}

}  // namespace windlass::inline v0::cel
