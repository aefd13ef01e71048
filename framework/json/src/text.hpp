#pragma once
// Strings inside JSON text.

#include <string>
#include <string_view>

#include <windlass/json/utf8.hpp>

namespace windlass::inline v0::json {

/// Appends a JSON string literal with its quotes.
void append_quoted(std::string& out, std::string_view text);
void append_integer(std::string& out, std::int64_t number);
/// The shortest text that reads back the same; null for infinities and NaN.
void append_number(std::string& out, double number);

}  // namespace windlass::inline v0::json
