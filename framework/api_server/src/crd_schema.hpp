#pragma once

#include <cstddef>
#include <string>

#include <windlass/json/value.hpp>

#include "failure.hpp"

namespace windlass::inline v0::api_server {

/// Refuses schemas that are not structural, bad columns and groups that need an approval.
void check_structural(const json::Value& crd, Causes& causes);
/// Where messages say that a version's schema is: versions that share one have it in common.
std::string schema_path(const json::Value& spec, std::size_t version);

}  // namespace windlass::inline v0::api_server
