#pragma once
// Table and PartialObjectMetadata answers.

#include <vector>

#include <windlass/base/clock.hpp>
#include <windlass/json/value.hpp>

#include "registry.hpp"
#include "store.hpp"

namespace windlass::inline v0::api_server {

/// A meta.k8s.io/v1 Table of `objects` with the server's columns for the kind. `include`: None,
/// Metadata (default) or Object.
json::Value make_table(const Resource& resource, const std::vector<json::Value>& objects,
                       const json::Value& list_metadata, std::string_view include, WallTime now,
                       std::string_view version = "v1");
json::Value make_table_event(const Resource& resource, const json::Value& object, bool columns,
                             WallTime now);
json::Value partial_metadata(const json::Value& object);
/// The columns of a built-in kind or of a custom resource.
std::vector<Column> columns_of(const Resource& resource);
/// "5m", "3d4h": as kubectl shows ages.
std::string human_duration(std::int64_t seconds);
/// A JSONPath of printer columns (".spec.x", ".status.conditions[?(@.type==\"Ready\")].status");
/// null when nothing is there.
json::Value at_json_path(const json::Value& object, std::string_view path);

}  // namespace windlass::inline v0::api_server
