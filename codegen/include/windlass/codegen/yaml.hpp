#pragma once
// YAML to json::Value.

#include <string>
#include <string_view>
#include <vector>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::codegen {

/// All documents of a YAML stream (JSON is YAML), empty ones left out. Plain scalars become null,
/// bool, integer or number as in YAML 1.2's core schema; quoted ones are strings.
/// Errc::parse names file, line and column.
Result<std::vector<json::Value>> parse_yaml(const std::string& file, std::string_view text);

}  // namespace windlass::inline v0::codegen
