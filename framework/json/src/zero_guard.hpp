#pragma once
// RapidJSON 1.1 reads a zero with an exponent beyond 22 ("0e60") as a number of its own invention.

#include <cstdint>

#include <rapidjson/reader.h>

#include "text_stream.hpp"

namespace windlass::inline v0::json {

/// Hands a RapidJSON handler its events, zeros as zeros.
template <class Handler>
class ZeroGuard {
 public:
  using SizeType = rapidjson::SizeType;

  ZeroGuard(const TextStream& stream, Handler& handler) : stream_(stream), handler_(handler) {}

  bool Double(double value) {
    if (value != 0 && stream_.last_number_is_zero()) value = value < 0 ? -0.0 : 0.0;
    return handler_.Double(value);
  }
  bool Null() { return handler_.Null(); }
  bool Bool(bool value) { return handler_.Bool(value); }
  bool Int(int value) { return handler_.Int(value); }
  bool Uint(unsigned value) { return handler_.Uint(value); }
  bool Int64(std::int64_t value) { return handler_.Int64(value); }
  bool Uint64(std::uint64_t value) { return handler_.Uint64(value); }
  bool RawNumber(const char* text, SizeType size, bool copy) {
    return handler_.RawNumber(text, size, copy);
  }
  bool String(const char* text, SizeType size, bool copy) {
    return handler_.String(text, size, copy);
  }
  bool Key(const char* text, SizeType size, bool copy) { return handler_.Key(text, size, copy); }
  bool StartObject() { return handler_.StartObject(); }
  bool EndObject(SizeType count) { return handler_.EndObject(count); }
  bool StartArray() { return handler_.StartArray(); }
  bool EndArray(SizeType count) { return handler_.EndArray(count); }

 private:
  const TextStream& stream_;
  Handler& handler_;
};

}  // namespace windlass::inline v0::json
