// Characters to tokens.

#include "lexer.hpp"

#include <optional>

#include <fmt/format.h>

namespace windlass::inline v0::cel {

namespace {

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
int hex_digit(char32_t c) {
  if (is_digit(c)) return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A' + 10);
  return -1;
}

class Lexer {
 public:
  Lexer(const Source& source, std::vector<Message>& errors)
      : text_(source.text()), errors_(errors) {}

  std::vector<Token> run() {
    while (skip_space(), at_ < text_.size()) token();
    tokens_.push_back({.text = "<EOF>", .position = static_cast<int>(text_.size())});
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char32_t peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : U'\0';
  }

  void skip_space() {
    for (;;) {
      const char32_t c = peek();
      if (at_ < text_.size() && (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f')) {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        while (at_ < text_.size() && peek() != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  void add(Token::Kind kind, std::size_t length, std::string value = {}) {
    tokens_.push_back({.kind = kind,
                       .text = encode_utf8(std::u32string_view(text_).substr(at_, length)),
                       .position = static_cast<int>(at_),
                       .value = std::move(value)});
    at_ += length;
  }

  void token() {
    if (string_literal()) return;
    const char32_t c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (is_letter(c)) return identifier();
    if (c == '`') return quoted_identifier();
    for (const std::u32string_view symbol : {U"==", U"!=", U"<=", U">=", U"&&", U"||"}) {
      if (text_.compare(at_, 2, symbol) == 0) return add(Token::Kind::symbol, 2);
    }
    if (c < 128 && c != 0 &&
        std::string_view("<>[]{}().,-!?:+*/%").find(static_cast<char>(c)) !=
            std::string_view::npos) {
      return add(Token::Kind::symbol, 1);
    }
    // the beginning of a symbol fails at the character after it
    reject(c == '=' || c == '&' || c == '|' ? std::min<std::size_t>(2, text_.size() - at_) : 1);
  }

  void reject(std::size_t length) {
    errors_.push_back(
        {static_cast<int>(at_),
         fmt::format("Syntax error: token recognition error at: '{}'",
                     escape(encode_utf8(std::u32string_view(text_).substr(at_, length))))});
    at_ += length;
  }
  static std::string escape(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '\n')
        out += "\\n";
      else if (c == '\t')
        out += "\\t";
      else if (c == '\r')
        out += "\\r";
      else
        out += c;
    }
    return out;
  }

  void number() {
    std::size_t end = 0;
    if (peek() == '0' && peek(1) == 'x' && hex_digit(peek(2)) >= 0) {
      end = 2;
      while (hex_digit(peek(end)) >= 0) ++end;
      return integer(end);
    }
    while (is_digit(peek(end))) ++end;
    bool real = false;
    if (peek(end) == '.' && is_digit(peek(end + 1))) {
      real = true;
      ++end;
      while (is_digit(peek(end))) ++end;
    }
    if (peek(end) == 'e' || peek(end) == 'E') {
      std::size_t exponent = end + 1;
      if (peek(exponent) == '+' || peek(exponent) == '-') ++exponent;
      if (is_digit(peek(exponent))) {
        real = true;
        end = exponent;
        while (is_digit(peek(end))) ++end;
      }
    }
    real ? add(Token::Kind::real, end) : integer(end);
  }
  void integer(std::size_t end) {
    if (peek(end) == 'u' || peek(end) == 'U') return add(Token::Kind::unsigned_, end + 1);
    add(Token::Kind::integer, end);
  }

  void identifier() {
    std::size_t end = 1;
    while (is_letter(peek(end)) || is_digit(peek(end))) ++end;
    const std::u32string_view word = std::u32string_view(text_).substr(at_, end);
    const bool keyword = word == U"in" || word == U"true" || word == U"false" || word == U"null";
    add(keyword ? Token::Kind::symbol : Token::Kind::identifier, end);
  }

  void quoted_identifier() {
    std::size_t end = 1;
    std::string name;
    for (char32_t c = peek(end);
         is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '/' || c == ' ';
         c = peek(++end)) {
      name += static_cast<char>(c);
    }
    if (name.empty() || peek(end) != '`') {
      return reject(std::min(end + 1, text_.size() - at_));
    }
    add(Token::Kind::quoted, end + 1, name);
  }

  /// True when something was consumed.
  bool string_literal() {
    std::size_t start = 0;
    bool bytes = false, raw = false;
    if (peek() == 'b' || peek() == 'B') bytes = ++start > 0;
    if (peek(start) == 'r' || peek(start) == 'R') raw = ++start > 0;
    const char32_t quote = peek(start);
    if (quote != '"' && quote != '\'') return false;
    const bool triple = peek(start + 1) == quote && peek(start + 2) == quote;
    const std::size_t width = triple ? 3 : 1;
    std::size_t end = start + width;
    std::string value;
    while (at_ + end < text_.size()) {
      const char32_t c = peek(end);
      if (c == quote && (!triple || (peek(end + 1) == quote && peek(end + 2) == quote))) {
        add(bytes ? Token::Kind::bytes : Token::Kind::string, end + width, std::move(value));
        return true;
      }
      if (!triple && (c == '\n' || c == '\r')) break;
      if (c == '\\' && !raw) {
        const std::size_t length = escape_sequence(end, bytes, value);
        if (length == 0) {
          end += 1 + valid_digits(end + 1);
          break;
        }
        end += length;
        continue;
      }
      if (triple && c == '\r') {  // as Go's reader of literals: one newline
        value += '\n';
        end += peek(end + 1) == '\n' ? 2 : 1;
        continue;
      }
      append_utf8(value, c);
      ++end;
    }
    // not closed: everything up to where it went wrong is no token
    if (triple) {
      add(bytes ? Token::Kind::bytes : Token::Kind::string, start + 2);  // an empty one, and then
      return true;
    }
    if (start > 0 && at_ + end >= text_.size()) {
      // the prefix by itself is an identifier
      const std::size_t rest = end - start;
      add(Token::Kind::identifier, start);
      reject(rest);
      return true;
    }
    reject(std::min(end + (at_ + end < text_.size() ? 1 : 0), text_.size() - at_));
    return true;
  }

  /// How much of a broken escape (its letter is at `at`) could have been one.
  [[nodiscard]] std::size_t valid_digits(std::size_t at) const {
    const char32_t c = peek(at);
    const bool hex = c == 'x' || c == 'X' || c == 'u' || c == 'U';
    if (!hex && !(c >= '0' && c <= '3')) return 0;
    std::size_t count = 1;
    while (hex ? hex_digit(peek(at + count)) >= 0
               : peek(at + count) >= '0' && peek(at + count) <= '7') {
      ++count;
    }
    return count;
  }

  /// The length of the escape at `at`, 0 when it is none.
  std::size_t escape_sequence(std::size_t at, bool bytes, std::string& value) {
    const char32_t c = peek(at + 1);
    static constexpr std::string_view kPlain = "abfnrtv\"'\\?`";
    static constexpr std::string_view kMeaning = "\a\b\f\n\r\t\v\"'\\?`";
    if (c < 128) {
      if (const auto found = kPlain.find(static_cast<char>(c));
          c != 0 && found != std::string_view::npos) {
        value += kMeaning[found];
        return 2;
      }
    }
    const auto number = [&](std::size_t from, std::size_t digits,
                            int base) -> std::optional<char32_t> {
      char32_t out = 0;
      for (std::size_t i = 0; i < digits; ++i) {
        const int digit = hex_digit(peek(from + i));
        if (digit < 0 || digit >= base) return std::nullopt;
        out = out * static_cast<char32_t>(base) + static_cast<char32_t>(digit);
      }
      return out;
    };
    const auto put = [&](std::optional<char32_t> code, std::size_t length,
                         bool byte) -> std::size_t {
      if (!code) return 0;
      if (byte) {
        value += static_cast<char>(*code);
      } else {
        if (*code > 0x10FFFF || (*code >= 0xD800 && *code < 0xE000)) {
          errors_.push_back({static_cast<int>(at_), "invalid unicode code point"});
        } else {
          append_utf8(value, *code);
        }
      }
      return length;
    };
    if (c == 'x' || c == 'X') return put(number(at + 2, 2, 16), 4, bytes);
    if (c == 'u') return put(number(at + 2, 4, 16), 6, false);
    if (c == 'U') return put(number(at + 2, 8, 16), 10, false);
    if (c >= '0' && c <= '3') return put(number(at + 1, 3, 8), 4, bytes);
    return 0;
  }

  const std::u32string& text_;
  std::vector<Message>& errors_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Token> tokenize(const Source& source, std::vector<Message>& errors) {
  return Lexer(source, errors).run();
}

}  // namespace windlass::inline v0::cel
