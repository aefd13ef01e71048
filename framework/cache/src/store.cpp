#include <mutex>

#include <windlass/cache/store.hpp>

namespace windlass::inline v0::cache {

ObjectPtr Store::get(const meta::ObjectKey& key) const {
  const std::shared_lock lock(mutex_);
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

std::vector<ObjectPtr> Store::list(std::string_view namespace_) const {
  const std::shared_lock lock(mutex_);
  std::vector<ObjectPtr> objects;
  if (namespace_.empty()) objects.reserve(objects_.size());
  for (const auto& [key, object] : objects_) {
    if (namespace_.empty() || key.namespace_ == namespace_) objects.push_back(object);
  }
  return objects;
}

std::vector<ObjectPtr> Store::by_index(const std::string& name, const std::string& value) const {
  const std::shared_lock lock(mutex_);
  const auto index = indexes_.find(name);
  if (index == indexes_.end()) {
    throw Exception(Errc::invalid_argument, "the cache of " + std::string(kind_.resource.plural) +
                                                " has no index \"" + name +
                                                "\"; declare it before the manager starts");
  }
  std::vector<ObjectPtr> objects;
  const auto found = index->second.values.find(value);
  if (found == index->second.values.end()) return objects;
  for (const auto& [key, object] : found->second) objects.push_back(object);
  return objects;
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
  for (const auto& [key, object] : objects_) {
    for (auto& value : index->second.function(object.get())) {
      index->second.values[value].emplace(key, object);
    }
  }
}

void Store::index(const meta::ObjectKey& key, const ObjectPtr& object) {
  for (auto& [name, index] : indexes_) {
    for (auto& value : index.function(object.get())) index.values[value][key] = object;
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
  const std::unique_lock lock(mutex_);
  auto& slot = objects_[key];
  auto before = std::exchange(slot, std::move(object));
  if (before) unindex(key, before);
  index(key, slot);
  return before;
}

ObjectPtr Store::erase(const meta::ObjectKey& key) {
  const std::unique_lock lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return nullptr;
  auto before = std::move(found->second);
  objects_.erase(found);
  unindex(key, before);
  return before;
}

}  // namespace windlass::inline v0::cache
