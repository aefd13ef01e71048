#pragma once
// The handlers that Core::handle chooses between.

#include <windlass/api_server/core.hpp>

#include "json_scan.hpp"
#include "negotiation.hpp"
#include "state.hpp"
#include "watch.hpp"

namespace windlass::inline v0::api_server {

http::Response json_response(int status, const json::Value& body);
http::Response text_response(int status, std::string body,
                             std::string_view type = "application/json");
/// The request's body as an object of `resource`. Throws Failure.
json::Value read_body(const Context& context);

// read.cpp
Reply handle_get(Context& context);
Reply handle_list(Context& context);
Reply handle_watch(Context& context);
/// One object in the form that the request asks for.
http::Response object_response(Context& context, int status, const StoredPtr& object);

// write.cpp
/// Applies a JSON patch (an array) as the server's library does: what RFC 6902 says, but `replace`
/// of a missing member adds it, and copies may together have 3 MB.
Result<json::Value> apply_operations(json::Value object, const json::Value& patch);
Reply handle_create(Context& context);
Reply handle_update(Context& context);
Reply handle_patch(Context& context);
Reply handle_delete(Context& context);
Reply handle_delete_collection(Context& context);

// subresources.cpp
Reply handle_scale(Context& context);
Reply handle_eviction(Context& context);
Reply handle_binding(Context& context);
Reply handle_log(Context& context);
Reply handle_connect(Context& context);
Reply handle_finalize(Context& context);
Reply handle_token(Context& context);

// reviews.cpp
Reply handle_review(Context& context);

// patch.cpp / apply.cpp / strategic.cpp
json::Value strategic_merge(const Schema* schema, json::Value object, const json::Value& patch);
/// Merges an applied configuration into `live` (null when there is none) and keeps managedFields.
json::Value server_side_apply(Context& context, const Resource& resource, const json::Value* live,
                              json::Value applied, const std::string& subresource,
                              const WriteOptions& options);

// discovery.cpp
/// Answers what is not a resource: /api, /apis, /openapi, /version, health. None for other paths.
std::optional<Reply> handle_service(State& state, const http::Request& request,
                                    const Target& target);

}  // namespace windlass::inline v0::api_server
