#include <algorithm>

#include <windlass/events/aggregator.hpp>

namespace windlass::inline v0::events {

/// A token bucket per object. Full buckets are forgotten.
bool Aggregator::admit(const ObjectReference& about, SteadyTime now) {
  const double burst = static_cast<double>(options_.burst);
  const double refill = static_cast<double>(options_.refill.count());
  const auto refilled = [&](const Bucket& bucket) {
    const double gained = static_cast<double>((now - bucket.at).count()) / refill;
    return std::min(burst, bucket.tokens + gained);
  };
  if (buckets_.size() >= options_.max_tracked && !buckets_.contains(about)) {
    std::erase_if(buckets_, [&](const auto& entry) { return refilled(entry.second) >= burst; });
    if (buckets_.size() >= options_.max_tracked) return false;
  }
  const auto [place, fresh] = buckets_.try_emplace(about, Bucket{burst, now});
  Bucket& bucket = place->second;
  if (!fresh) bucket = {refilled(bucket), now};
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

std::optional<Aggregator::Write> Aggregator::observe(const Occurrence& occurrence, SteadyTime now,
                                                     WallTime wall) {
  // an object stays the same one while its version changes
  ObjectReference about = occurrence.about;
  about.resource_version.clear();
  const Key key{occurrence.type, occurrence.action, occurrence.reason, occurrence.note, about};
  const auto known = entries_.find(key);
  if (known != entries_.end() && now - known->second.seen <= options_.series_window) {
    Entry& entry = known->second;
    entry.seen = now;
    entry.write.last = wall;
    const bool begins = entry.write.series_count == 0;
    entry.write.series_count = begins ? 2 : entry.write.series_count + 1;
    if (!begins) {
      entry.dirty = true;
      return std::nullopt;
    }
    entry.written = now;
    return entry.write;
  }
  if (known == entries_.end() && entries_.size() >= options_.max_tracked) {
    ++dropped_;
    return std::nullopt;
  }
  if (!admit(about, now)) {
    ++dropped_;
    return std::nullopt;
  }
  Entry entry{.write = {.id = next_id_++, .occurrence = occurrence, .first = wall, .last = wall},
              .seen = now,
              .written = now};
  const Write write = entry.write;
  entries_.insert_or_assign(key, std::move(entry));
  return write;
}

std::vector<Aggregator::Write> Aggregator::tick(SteadyTime now) {
  std::vector<Write> writes;
  for (auto place = entries_.begin(); place != entries_.end();) {
    Entry& entry = place->second;
    const bool finished = now - entry.seen > options_.series_window;
    const bool due = finished || now - entry.written >= options_.refresh_period;
    if (entry.dirty && due) {
      entry.dirty = false;
      entry.written = now;
      writes.push_back(entry.write);
    }
    place = finished ? entries_.erase(place) : std::next(place);
  }
  return writes;
}

}  // namespace windlass::inline v0::events
