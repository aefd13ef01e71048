#include "scanner.hpp"

#include <windlass/json/value.hpp>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace windlass::inline v0::json {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// The first of `"`, `{`, `}`, `[`, `]` at or after `at`; the size when there is none.
std::size_t find_structure(std::string_view text, std::size_t at) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i fold = _mm_set1_epi8(0x20);  // makes '[' '{' and ']' '}'
  const __m128i open = _mm_set1_epi8('{');
  const __m128i close = _mm_set1_epi8('}');
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i folded = _mm_or_si128(chunk, fold);
    const __m128i found =
        _mm_or_si128(_mm_cmpeq_epi8(chunk, quote),
                     _mm_or_si128(_mm_cmpeq_epi8(folded, open), _mm_cmpeq_epi8(folded, close)));
    const auto bits = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (bits != 0) return at + static_cast<unsigned>(__builtin_ctz(bits));
  }
#endif
  return std::min(text.find_first_of("\"{}[]", at), text.size());
}

/// The first `"` or backslash at or after `at`; the size when there is none.
std::size_t find_string_end(std::string_view text, std::size_t at) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const auto bits = static_cast<unsigned>(_mm_movemask_epi8(
        _mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, backslash))));
    if (bits != 0) return at + static_cast<unsigned>(__builtin_ctz(bits));
  }
#endif
  return std::min(text.find_first_of("\"\\", at), text.size());
}

}  // namespace

void Scanner::skip_space() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

char Scanner::peek() {
  skip_space();
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool Scanner::take(char c) {
  if (peek() != c || at_ >= text_.size()) return false;
  ++at_;
  return true;
}

bool Scanner::skip_string() {
  ++at_;
  for (;;) {
    at_ = find_string_end(text_, at_);
    if (at_ >= text_.size()) return false;
    if (text_[at_] == '"') break;
    at_ += 2;
  }
  ++at_;
  return true;
}

bool Scanner::skip_brackets() {
  std::size_t depth = 0;
  do {
    at_ = find_structure(text_, at_);
    if (at_ >= text_.size()) return false;
    const char c = text_[at_];
    if (c == '"') {
      if (!skip_string()) return false;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at_;
  } while (depth > 0);
  return true;
}

void Scanner::skip_word() {
  while (at_ < text_.size() && !is_space(text_[at_]) &&
         std::string_view(",:]}[{\"").find(text_[at_]) == std::string_view::npos) {
    ++at_;
  }
}

Result<std::string_view> Scanner::value() {
  const char c = peek();
  const std::size_t from = at_;
  if (c == '{' || c == '[') {
    if (!skip_brackets()) return malformed("an array or object does not end.");
  } else if (c == '"') {
    if (!skip_string()) return malformed("a string does not end.");
  } else {
    skip_word();
    if (at_ == from) return malformed("expected a value.");
  }
  return text_.substr(from, at_ - from);
}

Result<std::string> Scanner::string() {
  if (peek() != '"') return malformed("expected a string.");
  const auto token = value();
  if (!token) return token.error();
  if (token->find('\\') == token->npos) return std::string(token->substr(1, token->size() - 2));
  auto parsed = parse(*token);
  if (!parsed) return malformed(parsed.error().message);
  return std::move(parsed->as_string());
}

Result<std::string> Scanner::key() {
  auto name = string();
  if (!name) return name.error();
  if (!take(':')) return malformed("Missing a colon after a name of object member.");
  return name;
}

Error Scanner::malformed(std::string_view problem) const {
  return {Errc::parse,
          "malformed JSON at byte " + std::to_string(at_) + ": " + std::string(problem)};
}

}  // namespace windlass::inline v0::json
