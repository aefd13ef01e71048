#pragma once
// One event of a watch.

#include <string>

#include <windlass/client/api_error.hpp>

namespace windlass::inline v0::client {

enum class EventType { added, modified, deleted, bookmark, error };

/// One event of a watch. `object` is the object's JSON text (a Status for `error`).
struct WatchEvent {
  EventType type;
  std::string object;
};

/// The ApiError that an event of type `error` stands for; `what` as for ApiError.
ApiError error_of(const WatchEvent& event, std::string what);

}  // namespace windlass::inline v0::client
