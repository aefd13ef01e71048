#pragma once
// Small encodings that several layers need.

#include <string>
#include <string_view>

#include <windlass/base/error.hpp>

namespace windlass::inline v0 {

/// Standard base64 with padding.
std::string encode_base64(std::string_view bytes);
/// Standard alphabet, padding required, line breaks and spaces skipped. Errc::parse otherwise.
Result<std::string> decode_base64(std::string_view text);
/// Percent-encodes everything but RFC 3986's unreserved characters.
std::string encode_percent(std::string_view text);
/// Undoes percent-encoding; '+' stays as it is. Errc::parse for a broken escape.
Result<std::string> decode_percent(std::string_view text);
/// A JSON string literal with its quotes. Bytes that are not UTF-8 pass through.
std::string quote_json(std::string_view text);

}  // namespace windlass::inline v0
