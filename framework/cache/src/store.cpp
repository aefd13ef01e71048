#include <functional>

#include <windlass/cache/store.hpp>
#include <windlass/json/compact.hpp>

namespace windlass::inline v0::cache {

std::mutex& Store::lock_of(const Held& held) const {
  return locks_[std::hash<const Held*>()(&held) / alignof(std::max_align_t) % locks_.size()];
}

Store::Found Store::find(const HeldPtr& held) const {
  const std::lock_guard lock(lock_of(*held));
  return {held, held->object ? held->object : held->last.lock()};
}

ObjectPtr Store::decoded(Found found) const {
  if (found.object || !found.held) return std::move(found.object);
  Held& held = *found.held;
  auto object = kind_.make();
  json::expand_into(held.bytes, *kind_.shape, object.get()).value();
  {
    const std::lock_guard lock(lock_of(held));
    if (auto others = held.last.lock()) return others;  // somebody else was faster
    held.last = object;
    held.object = object;
  }
  keep(found.held);
  return object;
}

std::vector<ObjectPtr> Store::decoded(std::vector<Found> found) const {
  std::vector<ObjectPtr> objects;
  objects.reserve(found.size());
  for (auto& one : found) objects.push_back(decoded(std::move(one)));
  return objects;
}

/// Lets it stay decoded, and another one no longer.
void Store::keep(const HeldPtr& held) const {
  if (keep_decoded_ == kAllDecoded) return;
  HeldPtr displaced = held;
  if (keep_decoded_ > 0) {
    const std::lock_guard lock(kept_mutex_);
    if (kept_.size() < keep_decoded_) {
      kept_.push_back(held);
      return;
    }
    displaced = std::exchange(kept_[next_kept_], held);
    next_kept_ = (next_kept_ + 1) % kept_.size();
  }
  make_compact(*displaced);
}

void Store::make_compact(Held& held) const {
  ObjectPtr object;
  {
    const std::lock_guard lock(lock_of(held));
    if (!held.bytes.empty() || !held.object) {
      object = std::move(held.object);  // freed outside of the lock
      return;
    }
    object = held.object;
  }
  auto bytes = json::compact(type::Ref{kind_.shape, object.get()});
  const std::lock_guard lock(lock_of(held));
  if (held.bytes.empty()) held.bytes = std::move(bytes);
  held.object.reset();
}

ObjectPtr Store::get(const meta::ObjectKey& key) const {
  Found found;
  {
    const std::shared_lock lock(mutex_);
    const auto at = objects_.find(key);
    if (at != objects_.end()) found = find(at->second);
  }
  return decoded(std::move(found));
}

std::optional<std::string> Store::version(const meta::ObjectKey& key) const {
  const std::shared_lock lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::nullopt;
  return found->second->version;
}

std::vector<ObjectPtr> Store::list(std::string_view namespace_) const {
  std::vector<Found> found;
  {
    const std::shared_lock lock(mutex_);
    if (namespace_.empty()) found.reserve(objects_.size());
    for (const auto& [key, held] : objects_) {
      if (namespace_.empty() || key.namespace_ == namespace_) found.push_back(find(held));
    }
  }
  return decoded(std::move(found));
}

std::vector<ObjectPtr> Store::by_index(const std::string& name, const std::string& value) const {
  std::vector<Found> filed;
  {
    const std::shared_lock lock(mutex_);
    const auto index = indexes_.find(name);
    if (index == indexes_.end()) {
      throw Exception(Errc::invalid_argument, "the cache of " + std::string(kind_.resource.plural) +
                                                  " has no index \"" + name +
                                                  "\"; declare it before the manager starts");
    }
    const auto found = index->second.values.find(value);
    if (found == index->second.values.end()) return {};
    for (const auto& [key, held] : found->second) filed.push_back(find(held));
  }
  return decoded(std::move(filed));
}

std::size_t Store::size() const {
  const std::shared_lock lock(mutex_);
  return objects_.size();
}

std::vector<meta::ObjectKey> Store::keys(std::string_view namespace_) const {
  const std::shared_lock lock(mutex_);
  std::vector<meta::ObjectKey> keys;
  for (const auto& [key, object] : objects_) {
    if (namespace_.empty() || key.namespace_ == namespace_) keys.push_back(key);
  }
  return keys;
}

void Store::add_index(const std::string& name, IndexFunction function) {
  const std::unique_lock lock(mutex_);
  const auto [index, added] = indexes_.try_emplace(name, Index{std::move(function), {}});
  if (!added) {
    throw Exception(Errc::invalid_argument, "the cache of " + std::string(kind_.resource.plural) +
                                                " already has an index \"" + name + "\"");
  }
  for (const auto& [key, held] : objects_) {
    const auto object = decoded(find(held));
    for (auto& value : index->second.function(object.get())) {
      index->second.values[value].emplace(key, held);
    }
  }
}

void Store::index(const meta::ObjectKey& key, const HeldPtr& held, const ObjectPtr& object) {
  for (auto& [name, index] : indexes_) {
    for (auto& value : index.function(object.get())) index.values[value][key] = held;
  }
}

void Store::unindex(const meta::ObjectKey& key, const ObjectPtr& object) {
  for (auto& [name, index] : indexes_) {
    for (auto& value : index.function(object.get())) {
      const auto found = index.values.find(value);
      if (found == index.values.end()) continue;
      found->second.erase(key);
      if (found->second.empty()) index.values.erase(found);
    }
  }
}

ObjectPtr Store::put(const meta::ObjectKey& key, ObjectPtr object) {
  auto before = get(key);  // decoded before the store is locked; nobody else writes
  auto held = std::make_shared<Held>();
  held->version = kind_.metadata(object.get()).resource_version;
  held->object = object;
  held->last = object;
  HeldPtr replaced;
  {
    const std::unique_lock lock(mutex_);
    replaced = std::exchange(objects_[key], held);
    if (before) unindex(key, before);
    index(key, held, object);
    if (replaced) {  // it may lie in the ring for long
      const std::lock_guard of_it(lock_of(*replaced));
      replaced->object.reset();
    }
  }
  keep(held);
  return before;
}

ObjectPtr Store::erase(const meta::ObjectKey& key) {
  auto before = get(key);
  if (!before) return nullptr;
  HeldPtr erased;
  const std::unique_lock lock(mutex_);
  const auto found = objects_.find(key);
  erased = std::move(found->second);
  objects_.erase(found);
  unindex(key, before);
  const std::lock_guard of_it(lock_of(*erased));
  erased->object.reset();
  return before;
}

}  // namespace windlass::inline v0::cache
