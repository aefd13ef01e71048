#pragma once
// Kubernetes objects in protobuf: from and to the same documents as JSON, by a table of numbers.

#include <optional>
#include <string>
#include <string_view>

#include <windlass/base/error.hpp>
#include <windlass/json/value.hpp>

namespace windlass::inline v0::api_server {

/// Reads the envelope ("k8s\0", then a runtime.Unknown) and the object in it, whose apiVersion and
/// kind are set. Errc::parse for anything else, and for a kind that has no protobuf form.
Result<json::Value> decode_protobuf(std::string_view bytes);

/// The envelope around `object`. None when its kind has no protobuf form (custom resources,
/// tables).
std::optional<std::string> encode_protobuf(const json::Value& object);

/// A watch event as the stream holds it: four bytes of length, then a WatchEvent around the
/// object's envelope. None as above.
std::optional<std::string> encode_protobuf_event(std::string_view type, const json::Value& object);

// Fields of a message under construction.
void put_bytes(std::string& out, std::uint32_t number, std::string_view bytes);
void put_number(std::string& out, std::uint32_t number, std::int64_t value);
void put_real(std::string& out, std::uint32_t number, double value);

}  // namespace windlass::inline v0::api_server
