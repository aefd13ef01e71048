#pragma once
// RapidJSON's own in-place stream looks at every byte of every string; this one jumps to the end of
// a string sixteen bytes at a time, and leaves the text as it is: only strings with escapes are
// unescaped, and that elsewhere.

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <rapidjson/reader.h>

#include "text.hpp"

namespace windlass::inline v0::json {

/// The first of `"`, backslash and control characters at or after `p`; `end` holds a zero byte.
/// `high` is set when there may be a byte above 0x7f before it.
__attribute__((always_inline)) inline const char* skip_plain(const char* p, const char* end,
                                                             bool& high) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1f);
  unsigned signs = 0;
  for (; end - p >= 15; p += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(chunk, last_control), chunk);
    const __m128i stop = _mm_or_si128(
        control, _mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, backslash)));
    const auto stops = static_cast<unsigned>(_mm_movemask_epi8(stop));
    const auto negative = static_cast<unsigned>(_mm_movemask_epi8(chunk));
    if (stops != 0) {
      high |= (signs | negative) != 0;
      return p + __builtin_ctz(stops);
    }
    signs |= negative;
  }
  high |= signs != 0;
#endif
  for (;; ++p) {
    const auto c = static_cast<unsigned char>(*p);
    if (c < 0x20 || c == '"' || c == '\\') return p;
    high |= c >= 0x80;
  }
}

/// What RapidJSON calls an in-place stream, over a text that is followed by a zero byte. Checks
/// that strings are UTF-8.
class TextStream {
 public:
  using Ch = char;

  TextStream(const char* text, std::size_t size, std::size_t at = 0)
      : begin_(text), end_(text + size), source_(text + at) {}

  [[nodiscard]] char Peek() const { return *source_; }
  char Take() { return *source_++; }
  [[nodiscard]] std::size_t Tell() const { return static_cast<std::size_t>(source_ - begin_); }
  void Put(char c) {
    if (unescaped_begin_ != nullptr) *target_ = c;
    ++target_;
  }
  void Flush() {}

  /// The reader calls it at the first character of every string: everything up to the first one
  /// that needs its attention stays where it is.
  __attribute__((always_inline)) char* PutBegin() {
    const char* const start = source_;
    string_ = start;
    bool high = false;
    source_ = skip_plain(source_, end_, high);
    must_check_ = high || *source_ == '\\';
    unescaped_begin_ = nullptr;
    target_ = const_cast<char*>(source_);  // counts only
    if (*source_ == '\\') return begin_unescaping(start);
    return const_cast<char*>(start);
  }
  /// The size, with the closing zero that the reader has put.
  std::size_t PutEnd(char* start) {
    const auto size = static_cast<std::size_t>(target_ - start);
    if (must_check_ && valid() && !is_utf8({start, size - 1}))
      invalid_at_ = static_cast<std::size_t>(string_ - begin_);
    return size;
  }

  /// Whether the number that ends here has no digit but zeros before its exponent.
  [[nodiscard]] bool last_number_is_zero() const {
    constexpr std::string_view characters = "0123456789+-.eE";
    const char* first = source_;
    while (first > begin_ && characters.find(first[-1]) != std::string_view::npos) --first;
    for (; first < source_ && *first != 'e' && *first != 'E'; ++first) {
      if (*first >= '1' && *first <= '9') return false;
    }
    return true;
  }

  /// False once a string was not UTF-8.
  [[nodiscard]] bool valid() const { return invalid_at_ == kNone; }
  /// Where the first such string begins.
  [[nodiscard]] std::size_t invalid_at() const { return invalid_at_; }

  [[nodiscard]] const char* source() const { return source_; }
  [[nodiscard]] const char* end() const { return end_; }
  /// Goes on there.
  void jump(const char* source) { source_ = source; }

 private:
  /// Unescaped, a string is never longer than its text.
  __attribute__((noinline)) char* begin_unescaping(const char* start) {
    const char* last = source_;
    bool high = false;
    while (*last == '\\' && last[1] != '\0') last = skip_plain(last + 2, end_, high);
    must_check_ |= high;
    unescaped_.resize(static_cast<std::size_t>(last - start) + 8);
    const auto plain = static_cast<std::size_t>(source_ - start);
    std::memcpy(unescaped_.data(), start, plain);
    unescaped_begin_ = unescaped_.data();
    target_ = unescaped_begin_ + plain;
    return unescaped_begin_;
  }

  const char* begin_;
  const char* end_;
  const char* source_;
  const char* string_ = nullptr;  // where the last one begins
  char* target_ = nullptr;
  char* unescaped_begin_ = nullptr;  // null: the string has no escapes
  bool must_check_ = false;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t invalid_at_ = kNone;
  std::vector<char> unescaped_;
};

}  // namespace windlass::inline v0::json

namespace rapidjson {

/// Kubernetes writes none: one comparison decides.
template <>
inline void SkipWhitespace(windlass::json::TextStream& stream) {
  const char* p = stream.source();
  if (static_cast<unsigned char>(*p) > ' ') return;
  while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') ++p;
  stream.jump(p);
}

}  // namespace rapidjson
