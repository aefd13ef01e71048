#pragma once
// What text is UTF-8.

#include <string>
#include <string_view>

namespace windlass::inline v0::json {

/// Whether all of it is UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text);

/// Bytes that are not part of well-formed UTF-8 become the characters of Latin-1 that they would
/// be: "\xa0" becomes U+00A0. For texts of yaml-cpp, which makes single bytes of the escapes \N
/// (U+0085) and \_ (U+00A0).
std::string repair_utf8(std::string text);

}  // namespace windlass::inline v0::json
