#include "handlers.hpp"

namespace windlass::inline v0::api_server {

void track_update(Context&, const Resource&, const json::Value*, json::Value&, const std::string&, const WriteOptions&) {}

json::Value server_side_apply(Context&, const Resource&, const json::Value*, json::Value, const std::string&,
                              const WriteOptions&) {
  throw Failure::unsupported_media_type("", "application/json-patch+json, application/merge-patch+json");
}
json::Value strategic_merge(const Schema*, json::Value, const json::Value&) {
  throw Failure::unsupported_media_type("", "application/json-patch+json, application/merge-patch+json");
}

}  // namespace windlass::inline v0::api_server
