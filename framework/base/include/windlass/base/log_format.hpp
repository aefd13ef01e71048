#pragma once
// How the sinks of this project write fields, so that all of them write the same.

#include <string>
#include <string_view>

#include <windlass/base/log.hpp>

namespace windlass::inline v0 {

/// Appends ` key=value`, where a value is quoted only when it has to be; or `"key":value`, after a
/// comma unless it is the first of the line.
void append_log_field(std::string& line, std::string_view key, const LogValue& value, bool json);

}  // namespace windlass::inline v0
