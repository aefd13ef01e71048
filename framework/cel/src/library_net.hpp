#pragma once

#include <string>
#include <string_view>

namespace windlass::inline v0::cel {

/// Why Go's url.ParseRequestURI refuses a text, or "".
std::string url_problem(std::string_view text);

}  // namespace windlass::inline v0::cel
