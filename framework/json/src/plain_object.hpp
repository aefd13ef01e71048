#pragma once
// A fast way over JSON that is kept as text: objects of objects and strings without white space, as
// managed fields are.

#include <cstddef>

#include "text_stream.hpp"

namespace windlass::inline v0::json {

/// `p` is behind the string's opening quote; the result is behind its closing one. Null when its
/// text is not what an encoder would write again.
inline const char* end_of_plain_string(const char* p, const char* end) {
  for (;;) {
    bool high = false;
    p = skip_plain(p, end, high);
    if (high) return nullptr;  // must be checked
    if (*p == '"') return p + 1;
    const bool usual = *p == '\\' && (p[1] == '"' || p[1] == '\\' || p[1] == 'n' || p[1] == 't');
    if (!usual) return nullptr;
    p += 2;
  }
}

/// Where the bracket is that closes the object whose opening bracket is before `p`. Null when there
/// is anything else in it, or more than `max_depth` objects inside each other; the reader of JSON
/// has to look at it then. `end` holds a zero byte.
inline const char* end_of_plain_object(const char* p, const char* end, std::size_t max_depth) {
  std::size_t depth = 1;
  bool first = true;  // no member yet
  for (;;) {
    if (*p == '}') {
      if (--depth == 0) return p;
      ++p;
      first = false;
      continue;
    }
    if (!first) {
      if (*p != ',') return nullptr;
      ++p;
    }
    if (*p != '"') return nullptr;
    p = end_of_plain_string(p + 1, end);
    if (p == nullptr || *p != ':') return nullptr;
    ++p;
    if (*p == '{') {
      ++p;
      first = true;
      if (++depth > max_depth) return nullptr;
    } else if (*p == '"') {
      p = end_of_plain_string(p + 1, end);
      if (p == nullptr) return nullptr;
      first = false;
    } else {
      return nullptr;
    }
  }
}

}  // namespace windlass::inline v0::json
