#pragma once
// From a reduced schema file (see reduce.hpp) to the model.

#include <string>

#include <windlass/codegen/model.hpp>

namespace windlass::inline v0::codegen {

/// The types that the group version of the file defines. Others become includes.
/// Errc::parse names the file, the definition and the property.
Result<Unit> parse_openapi(const std::string& file, const json::Value& document);

}  // namespace windlass::inline v0::codegen
