#include "event_document.hpp"

#include <windlass/json/value.hpp>
#include <windlass/meta/time.hpp>

namespace windlass::inline v0::events::detail {
namespace {

constexpr std::size_t kMaxName = 253;

std::string stamp(WallTime time) { return meta::MicroTime::from(time).to_string(); }

void set_unless_empty(json::Object& object, std::string_view key, const std::string& value) {
  if (!value.empty()) object.set(key, value);
}

json::Object reference(const ObjectReference& about) {
  json::Object object;
  set_unless_empty(object, "apiVersion", about.api_version);
  set_unless_empty(object, "kind", about.kind);
  set_unless_empty(object, "namespace", about.namespace_);
  set_unless_empty(object, "name", about.name);
  set_unless_empty(object, "uid", about.uid);
  set_unless_empty(object, "resourceVersion", about.resource_version);
  set_unless_empty(object, "fieldPath", about.field_path);
  return object;
}

json::Object series(const Aggregator::Write& write) {
  json::Object object;
  object.set("count", write.series_count);
  object.set("lastObservedTime", stamp(write.last));
  return object;
}

}  // namespace

std::string cut(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  text.resize(limit);
  return text;
}

meta::ObjectKey key_of(const Occurrence& occurrence, const std::string& suffix) {
  const auto& about = occurrence.about;
  std::string name = cut(about.name.empty() ? "event" : about.name, kMaxName - suffix.size() - 1);
  // names of some kinds (roles) hold characters that names of events may not
  for (char& c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!fits) c = '-';
  }
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  if (name.empty() || name.front() == '-' || name.front() == '.') name.insert(0, "x");
  return {about.namespace_.empty() ? "default" : about.namespace_, name + "." + suffix};
}

std::string event_body(const meta::ObjectKey& key, const Aggregator::Write& write,
                       const Reporter& reporter) {
  const Occurrence& occurrence = write.occurrence;
  json::Object metadata;
  metadata.set("name", key.name);
  metadata.set("namespace", key.namespace_);
  json::Object event;
  event.set("apiVersion", "events.k8s.io/v1");
  event.set("kind", "Event");
  event.set("metadata", std::move(metadata));
  event.set("eventTime", stamp(write.first));
  event.set("regarding", reference(occurrence.about));
  event.set("type", occurrence.type == EventType::warning ? "Warning" : "Normal");
  event.set("reason", occurrence.reason);
  event.set("action", occurrence.action);
  event.set("note", occurrence.note);
  event.set("reportingController", reporter.controller);
  event.set("reportingInstance", reporter.instance);
  if (write.series_count > 0) event.set("series", series(write));
  return json::dump(json::Value(std::move(event)));
}

std::string series_patch(const Aggregator::Write& write) {
  json::Object patch;
  patch.set("series", series(write));
  return json::dump(json::Value(std::move(patch)));
}

}  // namespace windlass::inline v0::events::detail
