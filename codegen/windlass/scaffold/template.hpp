#pragma once
// The templates' language: values, conditions and loops, nothing else.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/error.hpp>

namespace windlass::inline v0::scaffold {

/// What a template can name. A loop looks names up in its item first, then outside.
struct Scope {
  std::map<std::string, std::string, std::less<>> values;
  std::map<std::string, std::vector<Scope>, std::less<>> lists;
};

/// `<%name%>` becomes a value. A line that holds only `<%if name%>`, `<%if !name%>`, `<%for name%>`
/// or
/// `<%end%>` is a directive and leaves nothing behind. A value is true unless it is empty or
/// "false", a list unless it is empty. Errc::invalid_argument names the template, the line and the
/// unknown name.
Result<std::string> render(std::string_view file, std::string_view text, const Scope& scope);

/// `%name%` in a path becomes a value, a segment that begins with `dot_` begins with a dot, and
/// `.in` at the end goes.
Result<std::string> render_path(std::string_view path, const Scope& scope);

}  // namespace windlass::inline v0::scaffold
