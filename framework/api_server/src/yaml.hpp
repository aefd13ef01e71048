#pragma once
// YAML bodies, read and written as kube-apiserver's library does.

#include <string>
#include <string_view>

#include <windlass/base/error.hpp>
#include <windlass/json/value.hpp>

namespace windlass::inline v0::api_server {

/// The one document of `text`. Plain scalars follow YAML 1.1 as Go's library reads it (`yes` and
/// `on` are true). Errc::parse "yaml: line N: what is wrong".
Result<json::Value> read_yaml(std::string_view text);

/// Block style, keys in order, strings quoted only where they would read as something else.
std::string write_yaml(const json::Value& value);

}  // namespace windlass::inline v0::api_server
