#pragma once
// From an occurrence to an events.k8s.io/v1 Event, as JSON: the generated type refers to core
// types, so that it would bring the tables of two group versions into every operator, to fill in a
// dozen fields.

#include <string>

#include <windlass/events/aggregator.hpp>
#include <windlass/meta/resource.hpp>

namespace windlass::inline v0::events::detail {

inline constexpr meta::Resource kEvent{.group = "events.k8s.io",
                                       .version = "v1",
                                       .kind = "Event",
                                       .plural = "events",
                                       .namespaced = true,
                                       .has_status = false};

struct Reporter {
  std::string controller;
  std::string instance;
};

/// Where the event lives: the object's namespace, or "default", and a name made unique by `suffix`.
meta::ObjectKey key_of(const Occurrence& occurrence, const std::string& suffix);
std::string event_body(const meta::ObjectKey& key, const Aggregator::Write& write,
                       const Reporter& reporter);
/// A merge patch that sets the series.
std::string series_patch(const Aggregator::Write& write);
/// At most `limit` bytes, cut between two code points.
std::string cut(std::string text, std::size_t limit);

}  // namespace windlass::inline v0::events::detail
