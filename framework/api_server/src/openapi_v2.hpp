#pragma once
// The OpenAPI v2 document in the two forms that clients ask for.

#include <string>

#include <windlass/json/value.hpp>

#include "state.hpp"

namespace windlass::inline v0::api_server {

/// Definitions of all kinds, and of the paths what kubectl looks at: the operations of objects with
/// their kind and query parameters.
json::Value openapi_v2(const State& state);

/// The same as the protobuf message Document of gnostic's openapi.v2.
std::string encode_openapi_v2(const json::Value& document);

/// The `$ref`s of our schema files as references below `prefix`, in `allOf` where siblings stand.
json::Value with_pointers(const json::Value& value, const std::string& prefix);

/// The name that a custom kind's schema has in OpenAPI: "dev.windlass.postgres.v1.Database".
std::string schema_name(const Resource& resource);
/// The schema of one version of a CRD with apiVersion, kind and metadata.
json::Value custom_schema(const State& state, const Resource& resource);
/// The full name of a built-in kind's definition; empty when there is none.
std::string builtin_schema_name(const State& state, const Resource& resource);

}  // namespace windlass::inline v0::api_server
