#pragma once
// What happened in a simulated cluster, in order. The same seed gives the same bytes.

#include <cstdint>
#include <string>
#include <vector>

#include <windlass/base/clock.hpp>

namespace windlass::inline v0::testing {

struct TraceEvent {
  enum class Kind : std::uint8_t { fault, process, lease, request, reconcile, change, log, check };
  Duration at{};  ///< virtual time since the start
  Kind kind = Kind::log;
  std::string process;
  std::string text;
};

std::string_view to_string(TraceEvent::Kind kind);

class Trace {
 public:
  void add(TraceEvent event) { events_.push_back(std::move(event)); }
  [[nodiscard]] const std::vector<TraceEvent>& events() const { return events_; }
  /// One line per event, at most the last `limit` (0: all).
  [[nodiscard]] std::string text(std::size_t limit = 0) const;
  /// The operator's requests but for renewals of the lease, a line of JSON each, with user, method,
  /// target and code: what `windlass generate manifests --from-recording` reads.
  [[nodiscard]] std::string requests() const;
  /// A page by itself: a lane for each process with its faults, requests and leadership, and the
  /// list of events below. `title` says what went wrong.
  [[nodiscard]] std::string html(const std::string& title) const;

 private:
  std::vector<TraceEvent> events_;
};

}  // namespace windlass::inline v0::testing
