// Strings and regular expressions.

#include <algorithm>

#include <fmt/format.h>
#include <re2/re2.h>

#include "functions.hpp"

namespace windlass::inline v0::cel {

using I = std::int64_t;

std::string quote_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
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
      case '\v':
        out += "\\v";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      default:
        out += c;
    }
  }
  return out + "\"";
}

std::string pattern_problem(std::string_view pattern) {
  const re2::RE2 expression(pattern, re2::RE2::Quiet);
  if (expression.ok()) return "";
  static constexpr std::pair<re2::RE2::ErrorCode, std::string_view> kWords[] = {
      {re2::RE2::ErrorBadEscape, "invalid escape sequence"},
      {re2::RE2::ErrorBadCharClass, "invalid character class"},
      {re2::RE2::ErrorBadCharRange, "invalid character class range"},
      {re2::RE2::ErrorMissingBracket, "missing closing ]"},
      {re2::RE2::ErrorMissingParen, "missing closing )"},
      {re2::RE2::ErrorUnexpectedParen, "unexpected )"},
      {re2::RE2::ErrorTrailingBackslash, "trailing backslash at end of expression"},
      {re2::RE2::ErrorRepeatArgument, "missing argument to repetition operator"},
      {re2::RE2::ErrorRepeatSize, "invalid repeat count"},
      {re2::RE2::ErrorRepeatOp, "invalid nested repetition operator"},
      {re2::RE2::ErrorBadPerlOp, "invalid or unsupported Perl syntax"},
      {re2::RE2::ErrorBadUTF8, "invalid UTF-8"},
      {re2::RE2::ErrorBadNamedCapture, "invalid named capture"}};
  std::string_view word = "internal regexp error";
  for (const auto& [code, text] : kWords) {
    if (code == expression.error_code()) word = text;
  }
  return fmt::format("error parsing regexp: {}: `{}`", word, expression.error_arg());
}

namespace {

/// Texts that no cost limit allows are not made first.
constexpr std::size_t kMaximumText = 16 * 1024 * 1024;
Value too_large() {
  return Value::error(fmt::format("strings have at most {} bytes", kMaximumText));
}
Value out_of_range(I index) { return Value::error(fmt::format("index out of range: {}", index)); }
I size_of(const std::u32string& text) { return static_cast<I>(text.size()); }

Value contains(Args args) { return args[0].text().find(args[1].text()) != std::string_view::npos; }
Value ends_with(Args args) { return args[0].text().ends_with(args[1].text()); }
Value starts_with(Args args) { return args[0].text().starts_with(args[1].text()); }

Value char_at(Args args) {
  const std::u32string text = decode_utf8(args[0].text());
  const I index = args[1].as<I>();
  if (index < 0 || index > size_of(text)) return out_of_range(index);
  return Value::string(
      encode_utf8(std::u32string_view(text).substr(static_cast<std::size_t>(index), 1)));
}

Value index_of(Args args) {
  const I offset = args.size() == 3 ? args[2].as<I>() : 0;
  if (offset < 0) return out_of_range(offset);
  const std::u32string text = decode_utf8(args[0].text()), part = decode_utf8(args[1].text());
  if (part.empty()) return offset;
  if (offset >= size_of(text)) return I{-1};
  const std::size_t found = text.find(part, static_cast<std::size_t>(offset));
  return found == std::u32string::npos ? I{-1} : static_cast<I>(found);
}

Value last_index_of(Args args) {
  const std::u32string text = decode_utf8(args[0].text()), part = decode_utf8(args[1].text());
  if (args.size() == 2) {
    const std::size_t found = text.rfind(part);
    return found == std::u32string::npos ? I{-1} : static_cast<I>(found);
  }
  const I offset = args[2].as<I>();
  if (offset < 0) return out_of_range(offset);
  if (part.empty()) return offset;
  if (offset >= size_of(text)) return I{-1};
  const std::size_t found = text.rfind(part, static_cast<std::size_t>(offset));
  return found == std::u32string::npos ? I{-1} : static_cast<I>(found);
}

template <char From, char To>
Value change_case(Args args) {
  std::string out(args[0].text());
  for (char& c : out) {
    if (c >= From && c <= From + 25) c = static_cast<char>(c - From + To);
  }
  return Value::string(std::move(out));
}

/// Go's strings.Replace: an empty `old` stands before every character and at the end.
Value replace(Args args) {
  const std::string_view text = args[0].text(), old = args[1].text(), fresh = args[2].text();
  I left = args.size() == 4 ? args[3].as<I>() : -1;
  std::string out;
  std::size_t at = 0;
  if (old.empty()) {
    for (; at < text.size() && left != 0; --left) {
      if (out.size() > kMaximumText) return too_large();
      out += fresh;
      do out += text[at++];
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
    }
    out += text.substr(at);
    if (left != 0) out += fresh;
    return Value::string(std::move(out));
  }
  for (; left != 0; --left) {
    const std::size_t found = text.find(old, at);
    if (found == std::string_view::npos) break;
    if (out.size() > kMaximumText) return too_large();
    out += text.substr(at, found - at);
    out += fresh;
    at = found + old.size();
  }
  out += text.substr(at);
  return Value::string(std::move(out));
}

Value part_of(const String& whole, std::string_view part) { return String{{part, whole.owner}}; }

Value split(Args args) {
  const String& whole = args[0].as<String>();
  std::string_view text = whole.view;
  const std::string_view separator = args[1].text();
  I left = args.size() == 3 ? args[2].as<I>() : -1;
  std::vector<Value> out;
  if (left == 0) return Value::list(std::move(out));
  if (separator.empty()) {
    while (!text.empty() && left != 1) {
      std::size_t length = 1;
      while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
        ++length;
      out.push_back(part_of(whole, text.substr(0, length)));
      text.remove_prefix(length);
      --left;
    }
    if (!text.empty()) out.push_back(part_of(whole, text));
    return Value::list(std::move(out));
  }
  for (; left != 1; --left) {
    const std::size_t found = text.find(separator);
    if (found == std::string_view::npos) break;
    out.push_back(part_of(whole, text.substr(0, found)));
    text.remove_prefix(found + separator.size());
  }
  out.push_back(part_of(whole, text));
  return Value::list(std::move(out));
}

Value join(Args args) {
  const std::string_view separator = args.size() == 2 ? args[1].text() : "";
  std::string out;
  for (std::size_t i = 0; i < args[0].size(); ++i) {
    if (out.size() > kMaximumText) return too_large();
    if (i != 0) out += separator;
    const Value item = args[0].at(i);
    if (item.get<String>() == nullptr) {
      return Value::error(fmt::format("join: invalid input: {}", show(item)));
    }
    out += item.text();
  }
  return Value::string(std::move(out));
}

Value substring(Args args) {
  const std::u32string text = decode_utf8(args[0].text());
  const I start = args[1].as<I>();
  const I end = args.size() == 3 ? args[2].as<I>() : size_of(text);
  if (args.size() == 3 && start > end) {
    return Value::error(fmt::format("invalid substring range. start: {}, end: {}", start, end));
  }
  if (start < 0 || start > size_of(text)) return out_of_range(start);
  if (end < 0 || end > size_of(text)) return out_of_range(end);
  return Value::string(encode_utf8(std::u32string_view(text).substr(
      static_cast<std::size_t>(start), static_cast<std::size_t>(end - start))));
}

bool is_space(char32_t c) {
  return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}
Value trim(Args args) {
  const std::u32string text = decode_utf8(args[0].text());
  const auto first = std::find_if_not(text.begin(), text.end(), is_space);
  const auto last = std::find_if_not(text.rbegin(), text.rend(), is_space).base();
  return Value::string(first < last ? encode_utf8(std::u32string(first, last)) : "");
}

Value quote(Args args) {
  return Value::string(quote_text(encode_utf8(decode_utf8(args[0].text()))));
}
Value format(Args args) { return format_string(args[0].text(), args[1]); }

// ---- regular expressions
struct Pattern {
  explicit Pattern(std::string_view text) : expression(text, re2::RE2::Quiet) {}
  re2::RE2 expression;
};

Value matches(Args args) {
  const Pattern pattern(args[1].text());
  if (!pattern.expression.ok()) return Value::error(pattern_problem(args[1].text()));
  return re2::RE2::PartialMatch(args[0].text(), pattern.expression);
}

Value find(Args args) {
  const Pattern pattern(args[1].text());
  if (!pattern.expression.ok()) {
    return Value::error("Illegal regex: " + pattern_problem(args[1].text()));
  }
  re2::StringPiece found;
  const re2::StringPiece text(args[0].text().data(), args[0].text().size());
  if (!pattern.expression.Match(text, 0, text.size(), re2::RE2::UNANCHORED, &found, 1)) {
    return Value::string("");
  }
  return Value::string(std::string(found.data(), found.size()));
}

Value find_all(Args args) {
  const Pattern pattern(args[1].text());
  if (!pattern.expression.ok()) {
    return Value::error("Illegal regex: " + pattern_problem(args[1].text()));
  }
  I left = args.size() == 3 ? args[2].as<I>() : -1;
  const re2::StringPiece text(args[0].text().data(), args[0].text().size());
  std::vector<Value> out;
  std::size_t at = 0;
  std::optional<std::size_t> previous_end;
  while (at <= text.size() && left != 0) {
    re2::StringPiece found;
    if (!pattern.expression.Match(text, at, text.size(), re2::RE2::UNANCHORED, &found, 1)) break;
    const auto start = static_cast<std::size_t>(found.data() - text.data());
    const std::size_t end = start + found.size();
    // an empty match right behind a match does not count
    if (!found.empty() || previous_end != start) {
      out.push_back(Value::string(std::string(found.data(), found.size())));
      --left;
    }
    previous_end = end;
    at = end;
    if (found.empty()) {
      ++at;
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    }
  }
  return Value::list(std::move(out));
}

constexpr Row kRows[] = {
    {"contains", "string.(string) bool", contains, Price::contains},
    {"endsWith", "string.(string) bool", ends_with, Price::prefix},
    {"startsWith", "string.(string) bool", starts_with, Price::prefix},
    {"matches", "(string, string) bool", matches, Price::unit},
    {"matches", "string.(string) bool", matches, Price::matches},
    {"find", "string.(string) string", find, Price::find},
    {"findAll", "string.(string) list(string)", find_all, Price::find},
    {"findAll", "string.(string, int) list(string)", find_all, Price::find},

    {"charAt", "string.(int) string", char_at},
    {"indexOf", "string.(string) int", index_of, Price::list_walk},
    {"indexOf", "string.(string, int) int", index_of, Price::list_walk},
    {"lastIndexOf", "string.(string) int", last_index_of, Price::list_walk},
    {"lastIndexOf", "string.(string, int) int", last_index_of, Price::list_walk},
    {"lowerAscii", "string.() string", change_case<'A', 'a'>, Price::transform},
    {"upperAscii", "string.() string", change_case<'a', 'A'>, Price::transform},
    {"replace", "string.(string, string) string", replace, Price::replace},
    {"replace", "string.(string, string, int) string", replace, Price::replace},
    {"split", "string.(string) list(string)", split, Price::split},
    {"split", "string.(string, int) list(string)", split, Price::split},
    {"join", "list(string).() string", join, Price::join},
    {"join", "list(string).(string) string", join, Price::join},
    {"substring", "string.(int) string", substring, Price::transform},
    {"substring", "string.(int, int) string", substring, Price::transform},
    {"trim", "string.() string", trim, Price::transform},
    {"format", "string.(list(dyn)) string", format, Price::format},
    {"strings.quote", "(string) string", quote, Price::quote},
};

}  // namespace

std::span<const Row> string_rows() { return kRows; }

std::shared_ptr<const re2::RE2> compile_pattern(std::string_view pattern) {
  auto out = std::make_shared<re2::RE2>(pattern, re2::RE2::Quiet);
  return out->ok() ? out : nullptr;
}
bool match_pattern(const re2::RE2& pattern, std::string_view text) {
  return re2::RE2::PartialMatch(text, pattern);
}

}  // namespace windlass::inline v0::cel
