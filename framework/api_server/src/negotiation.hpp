#pragma once
// The forms of bodies: which one a client sends, and which one it wants back.

#include <string>
#include <string_view>

#include <windlass/api_server/core.hpp>
#include <windlass/http/message.hpp>

#include "request.hpp"

namespace windlass::inline v0::api_server {

/// What an Accept header asks for: of the acceptable clauses the one with the highest weight, among
/// equals the first. Custom resources have no protobuf form. Throws Failure(406) when none is.
Wanted negotiate(std::string_view accept, bool custom, bool watch);

/// The media type of a request's body, without parameters.
std::string media_type(const http::Request& request);

/// The same request with a body in JSON, from one in YAML or protobuf; `kind` is for the message.
/// Patches stay as they are. Throws Failure(400|415).
http::Request with_json_body(const http::Request& request, std::string_view kind, bool custom);
/// True when `with_json_body` has something to do.
bool needs_json_body(const http::Request& request);

/// Throws Failure(413) for a body that is too large.
void check_size(const http::Request& request);

/// A body that should be JSON, or for an apply patch YAML. Throws Failure(400|413).
json::Value parse_body(const http::Request& request);

/// Rewrites a reply whose body is JSON.
void encode_reply(Reply& reply, Encoding encoding);

}  // namespace windlass::inline v0::api_server
