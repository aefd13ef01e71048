#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <windlass/json/value.hpp>

#include "failure.hpp"

namespace windlass::inline v0::api_server {

/// What a version has for itself: its schema, subresources and columns. Where all versions have the
/// same, the server sees it once, in the definition itself: `validate_shared`.
void validate_version(const json::Value& spec, std::size_t version, Causes& causes);
void validate_shared(const json::Value& spec, Causes& causes);
/// Formats in a definition's schemas that nothing checks.
std::vector<std::string> unknown_formats(const json::Value& crd);
/// Groups that need an approval, and what no definition may ask for any more.
void validate_approval(const json::Value& crd, Causes& causes);

}  // namespace windlass::inline v0::api_server
