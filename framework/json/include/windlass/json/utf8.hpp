#pragma once
// What text is UTF-8.

#include <string_view>

namespace windlass::inline v0::json {

/// Whether all of it is UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace windlass::inline v0::json
