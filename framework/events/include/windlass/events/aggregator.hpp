#pragma once
// Which events become objects, which become a series, and which are too many. No I/O, no clock.

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <windlass/base/clock.hpp>

namespace windlass::inline v0::events {

enum class EventType : std::uint8_t { normal, warning };

/// The object that an event is about.
struct ObjectReference {
  std::string api_version;
  std::string kind;
  std::string namespace_ = {};  ///< empty for cluster-scoped objects
  std::string name;
  std::string uid = {};
  std::string resource_version = {};
  std::string field_path = {};
  friend auto operator<=>(const ObjectReference&, const ObjectReference&) = default;
};

/// One thing that happened.
struct Occurrence {
  ObjectReference about;
  EventType type = EventType::normal;
  std::string reason;  ///< PascalCase word: why
  std::string action;  ///< what was done
  std::string note;
};

struct AggregatorOptions {
  Duration series_window = std::chrono::minutes(6);    ///< silence that ends a series
  Duration refresh_period = std::chrono::minutes(30);  ///< a running series is written so often
  std::size_t burst = 25;                              ///< events about one object at once...
  Duration refill = std::chrono::minutes(5);           ///< ...and one more each
  std::size_t max_tracked = 4096;                      ///< series and objects remembered
};

/// client-go's rules for events.k8s.io/v1: the first occurrence is created, an equal one within the
/// window turns it into a series, later ones only count until the series is refreshed or finished.
class Aggregator {
 public:
  explicit Aggregator(AggregatorOptions options = {}) : options_(options) {}

  /// What to send. `series_count` 0: create an event; otherwise: write the series of event `id`.
  struct Write {
    std::uint64_t id = 0;
    Occurrence occurrence;
    WallTime first{};
    std::int64_t series_count = 0;
    WallTime last{};
  };

  /// Nothing when the occurrence was only counted, or dropped for being too many.
  std::optional<Write> observe(const Occurrence& occurrence, SteadyTime now, WallTime wall);
  /// Series to refresh or to finish; call it about once a minute.
  std::vector<Write> tick(SteadyTime now);
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] std::size_t tracked() const { return entries_.size(); }

 private:
  struct Key {
    EventType type;
    std::string action;
    std::string reason;
    std::string note;
    ObjectReference about;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Entry {
    Write write;
    SteadyTime seen{};     ///< last occurrence
    SteadyTime written{};  ///< last write of the series
    bool dirty = false;    ///< counted more than written
  };
  struct Bucket {
    double tokens = 0;
    SteadyTime at{};
  };
  bool admit(const ObjectReference& about, SteadyTime now);

  AggregatorOptions options_;
  std::uint64_t next_id_ = 1;
  std::uint64_t dropped_ = 0;
  std::map<Key, Entry> entries_;
  std::map<ObjectReference, Bucket> buckets_;
};

}  // namespace windlass::inline v0::events
