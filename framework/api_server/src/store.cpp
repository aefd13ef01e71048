#include "store.hpp"

#include <algorithm>

namespace windlass::inline v0::api_server {

using json::Value;

namespace {
constexpr std::size_t kParsedObjects = 256;
}

const Value& Stored::value() const {
  if (!value_) {
    value_ = std::make_unique<Value>(json::parse(text_).value());
    parsed_->note(weak_from_this());
  }
  return *value_;
}

void Stored::encode() const {
  if (!text_.empty()) return;
  text_ = json::dump(*value_);
  text_.shrink_to_fit();
}

const std::string& Stored::text() const {
  encode();
  return text_;
}

void ParsedObjects::trim() {
  while (objects_.size() > kParsedObjects) {
    if (const auto object = objects_.front().lock()) {
      object->encode();
      object->value_.reset();
    }
    objects_.pop_front();
  }
}

StoredPtr Store::make(Value value, std::uint64_t revision) {
  auto made = std::make_shared<const Stored>(std::move(value), revision, parsed_);
  parsed_.note(made);
  return made;
}

const Store::Collection* Store::find(const std::string& collection) const {
  const auto found = collections_.find(collection);
  return found != collections_.end() ? &found->second : nullptr;
}

StoredPtr Store::get(const std::string& collection, const ObjectName& name) const {
  const Collection* found = find(collection);
  if (found == nullptr) return nullptr;
  const auto object = found->objects.find(name);
  return object != found->objects.end() ? object->second : nullptr;
}

std::vector<StoredPtr> Store::list(const std::string& collection, const std::string& namespace_,
                                   const ObjectName& after) const {
  std::vector<StoredPtr> out;
  const Collection* found = find(collection);
  if (found == nullptr) return out;
  // no object has an empty name
  auto entry = found->objects.upper_bound(std::max(after, ObjectName{namespace_, ""}));
  for (; entry != found->objects.end(); ++entry) {
    if (!namespace_.empty() && entry->first.namespace_ != namespace_) break;
    out.push_back(entry->second);
  }
  return out;
}

std::optional<std::vector<StoredPtr>> Store::list_at(const std::string& collection,
                                                     const std::string& namespace_,
                                                     std::uint64_t revision,
                                                     const ObjectName& after) const {
  if (revision >= revision_) return list(collection, namespace_, after);
  if (revision < compacted_) return std::nullopt;
  const Collection* found = find(collection);
  if (found == nullptr) return std::vector<StoredPtr>{};
  if (revision < found->compacted) return std::nullopt;
  std::map<ObjectName, StoredPtr> state = found->objects;
  for (auto change = found->history.rbegin();
       change != found->history.rend() && change->revision > revision; ++change) {
    if (change->previous) {
      state[change->name] = change->previous;
    } else {
      state.erase(change->name);
    }
  }
  std::vector<StoredPtr> out;
  for (const auto& entry : state) {
    if (!namespace_.empty() && entry.first.namespace_ != namespace_) continue;
    if (entry.first > after) out.push_back(entry.second);
  }
  return out;
}

void Store::record(Collection& collection, Change change) {
  collection.history.push_back(change);
  while (collection.history.size() > history_) {
    collection.compacted = collection.history.front().revision;
    collection.history.pop_front();
  }
  std::vector<std::weak_ptr<ChangeSink>> alive;
  for (auto& sink : collection.sinks) {
    if (const auto target = sink.lock()) {
      target->changed(change);
      alive.push_back(std::move(sink));
    }
  }
  collection.sinks = std::move(alive);
}

StoredPtr Store::put(const std::string& collection, const ObjectName& name, Value value) {
  const std::uint64_t revision = ++revision_;
  value["metadata"]["resourceVersion"] = std::to_string(revision);
  auto stored = make(std::move(value), revision);
  Collection& target = collections_[collection];
  StoredPtr& slot = target.objects[name];
  Change change{revision, false, name, stored, slot};
  slot = stored;
  record(target, std::move(change));
  return stored;
}

void Store::advance(std::uint64_t revision) {
  revision_ = std::max(revision_, revision);
  compacted_ = revision_;
}

void Store::restore(const std::string& collection, const ObjectName& name, Value value,
                    std::uint64_t revision) {
  advance(revision);
  Collection& target = collections_[collection];
  if (value.is_null()) {
    target.objects.erase(name);
  } else {
    target.objects[name] = make(std::move(value), revision);
  }
}

StoredPtr Store::remove(const std::string& collection, const ObjectName& name, Value last) {
  const std::uint64_t revision = ++revision_;
  last["metadata"]["resourceVersion"] = std::to_string(revision);
  auto stored = make(std::move(last), revision);
  Collection& target = collections_[collection];
  const auto slot = target.objects.find(name);
  if (slot == target.objects.end()) return nullptr;
  Change change{revision, true, name, stored, slot->second};
  target.objects.erase(slot);
  record(target, std::move(change));
  return stored;
}

std::optional<std::vector<Change>> Store::changes_since(const std::string& collection,
                                                        std::uint64_t revision) const {
  if (revision < compacted_) return std::nullopt;
  std::vector<Change> out;
  const Collection* found = find(collection);
  if (found == nullptr) return out;
  if (revision < found->compacted) return std::nullopt;
  const auto start = std::upper_bound(
      found->history.begin(), found->history.end(), revision,
      [](std::uint64_t limit, const Change& change) { return limit < change.revision; });
  out.assign(start, found->history.end());
  return out;
}

void Store::subscribe(const std::string& collection, std::weak_ptr<ChangeSink> sink) {
  collections_[collection].sinks.push_back(std::move(sink));
}

void Store::compact(std::uint64_t revision) {
  if (revision == 0 || revision > revision_) revision = revision_;
  compacted_ = std::max(compacted_, revision);
  for (auto& entry : collections_) {
    auto& history = entry.second.history;
    while (!history.empty() && history.front().revision <= revision) history.pop_front();
  }
}

std::vector<std::string> Store::collections() const {
  std::vector<std::string> out;
  for (const auto& entry : collections_) out.push_back(entry.first);
  return out;
}

}  // namespace windlass::inline v0::api_server
