#pragma once
// Kubernetes Events (events.k8s.io/v1), sent in the background.

#include <memory>
#include <string>

#include <windlass/base/metrics.hpp>
#include <windlass/client/client.hpp>
#include <windlass/events/aggregator.hpp>

namespace windlass::inline v0::events {

struct RecorderOptions {
  std::string reporting_controller = "windlass";  ///< such as "postgres.windlass.dev/database"
  std::string reporting_instance = {};            ///< empty: the host's name; cut to 128 bytes
  std::size_t queue_size = 1000;                  ///< occurrences beyond it are dropped and counted
  AggregatorOptions aggregation = {};
  MetricsRegistry* metrics = nullptr;  ///< windlass_events_total{result="sent|failed|dropped"}
};

/// Where events go. A cheap handle: copies share the queue. `event` is thread-safe, never blocks
/// and never fails: an event that cannot be sent is logged once and counted.
class EventRecorder {
 public:
  EventRecorder() = default;  ///< drops everything
  /// Sends through `client` on its executor, from the first event on.
  explicit EventRecorder(client::Client client, RecorderOptions options = {});

  /// Notes beyond 1 KiB are cut. An event about a cluster-scoped object lives in namespace
  /// "default".
  void event(ObjectReference about, EventType type, std::string reason, std::string action,
             std::string note) const;
  template <client::ApiObject T>
  void event(const T& object, EventType type, std::string reason, std::string action,
             std::string note) const {
    event(reference_to(object), type, std::move(reason), std::move(action), std::move(note));
  }
  template <client::ApiObject T>
  static ObjectReference reference_to(const T& object) {
    const meta::Resource resource = T::resource;
    std::string api_version(resource.version);
    if (!resource.group.empty()) api_version = std::string(resource.group) + "/" + api_version;
    return {.api_version = std::move(api_version),
            .kind = std::string(resource.kind),
            .namespace_ = object.metadata.namespace_,
            .name = object.metadata.name,
            .uid = object.metadata.uid,
            .resource_version = object.metadata.resource_version};
  }

  /// Sends what is queued for at most `limit`, then stops; later events are dropped.
  Task<void> stop(Duration limit) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace windlass::inline v0::events
