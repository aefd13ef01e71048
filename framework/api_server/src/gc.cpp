// What kube-controller-manager does about deletion: dependents of owners that are gone, foreground
// and orphan deletion, terminating namespaces.

#include <algorithm>

#include <fmt/format.h>

#include "state.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Value;

namespace {

bool has_finalizer(const Value& object, std::string_view name) {
  const Value& list = object["metadata"]["finalizers"];
  return list.is_array() &&
         std::any_of(list.as_array().begin(), list.as_array().end(),
                     [&](const Value& entry) { return entry.string_or("") == name; });
}

Value without_finalizer(Value object, std::string_view name) {
  Array& list = object["metadata"]["finalizers"].as_array();
  std::erase_if(list, [&](const Value& entry) { return entry.string_or("") == name; });
  if (list.empty()) object["metadata"].as_object().erase("finalizers");
  return object;
}

/// Stores a terminating object again, or removes it when nothing holds it any more.
void store_or_remove(State& state, const Resource& resource, const StoredPtr& old, Value object) {
  const Value& metadata = object["metadata"];
  const bool held =
      metadata["finalizers"].is_array() || metadata["deletionGracePeriodSeconds"].integer_or(0) > 0;
  if (held) {
    state.put(resource, std::move(object));
  } else {
    state.remove(resource, std::make_shared<const Stored>(std::move(object), old->revision()));
  }
}

std::vector<Location> dependents_of(const State& state, const std::string& uid) {
  const auto found = state.ownership.dependents.find(uid);
  if (found == state.ownership.dependents.end()) return {};
  return {found->second.begin(), found->second.end()};
}

void delete_quietly(State& state, const Location& location, const std::string& propagation) {
  const ResourcePtr resource = state.registry.storing(location.storage);
  const StoredPtr object = state.get(location.storage, location.name);
  if (resource == nullptr || object == nullptr) return;
  bool gone = false;
  delete_object(state, *resource, object, {.propagation = propagation}, gone);
}

void orphan_dependents(State& state, const std::string& uid) {
  for (const Location& location : dependents_of(state, uid)) {
    const ResourcePtr resource = state.registry.storing(location.storage);
    const StoredPtr object = state.get(location.storage, location.name);
    if (resource == nullptr || object == nullptr) continue;
    Value value = object->value();
    Array& owners = value["metadata"]["ownerReferences"].as_array();
    std::erase_if(owners, [&](const Value& owner) { return owner["uid"].string_or("") == uid; });
    if (owners.empty()) value["metadata"].as_object().erase("ownerReferences");
    state.put(*resource, std::move(value));
  }
}

void finish_namespace(State& state, const Resource& resource, const StoredPtr& object) {
  const std::string name = object_name(object->value());
  bool left = false;
  for (const std::string& collection : state.store.collections()) {
    const ResourcePtr kind = state.registry.storing(collection);
    if (kind == nullptr || !kind->namespaced) continue;
    for (const StoredPtr& content : state.store.list(collection, name)) {
      bool gone = false;
      if (content->value()["metadata"].find("deletionTimestamp") == nullptr) {
        delete_object(state, *kind, content, {.propagation = "Background"}, gone);
      }
      left = left || !gone;
    }
  }
  if (left) return;
  const StoredPtr now = state.get("/namespaces", {"", name});
  if (now == nullptr || now->value()["metadata"]["finalizers"].is_array()) return;
  Value last = now->value();
  last["spec"].as_object().erase("finalizers");
  state.remove(resource, std::make_shared<const Stored>(std::move(last), now->revision()));
}

/// An object all of whose owners are gone goes too; absent owners beside present ones are dropped.
bool collect_orphan(State& state, const Resource& resource, const StoredPtr& object,
                    const Location& location) {
  const Value& owners = object->value()["metadata"]["ownerReferences"];
  if (!owners.is_array() || owners.as_array().empty()) return false;
  std::size_t present = 0;
  for (const Value& owner : owners.as_array()) {
    if (state.ownership.by_uid.contains(std::string(owner["uid"].string_or("")))) ++present;
  }
  if (present == owners.as_array().size()) return false;
  if (present == 0) {
    if (object->value()["metadata"].find("deletionTimestamp") != nullptr) return false;
    delete_quietly(state, location, "Background");
    return true;
  }
  Value value = object->value();
  std::erase_if(value["metadata"]["ownerReferences"].as_array(), [&](const Value& owner) {
    return !state.ownership.by_uid.contains(std::string(owner["uid"].string_or("")));
  });
  state.put(resource, std::move(value));
  return true;
}

void finish_deletion(State& state, const Resource& resource, const StoredPtr& object) {
  const std::string uid(object->value()["metadata"]["uid"].string_or(""));
  if (has_finalizer(object->value(), "orphan")) {
    orphan_dependents(state, uid);
    store_or_remove(state, resource, object, without_finalizer(object->value(), "orphan"));
    return;
  }
  if (!has_finalizer(object->value(), "foregroundDeletion")) return;
  bool blocked = false;
  for (const Location& location : dependents_of(state, uid)) {
    const StoredPtr dependent = state.get(location.storage, location.name);
    if (dependent == nullptr) continue;
    if (dependent->value()["metadata"].find("deletionTimestamp") == nullptr) {
      delete_quietly(state, location, "Foreground");
    }
    const StoredPtr still = state.get(location.storage, location.name);
    if (still == nullptr) continue;
    for (const Value& owner : still->value()["metadata"]["ownerReferences"].as_array()) {
      blocked = blocked ||
                (owner["uid"].string_or("") == uid && owner["blockOwnerDeletion"].bool_or(false));
    }
    state.ownership.terminating.insert(location);
  }
  if (!blocked) {
    store_or_remove(state, resource, object,
                    without_finalizer(object->value(), "foregroundDeletion"));
  }
}

}  // namespace

void settle(State& state) {
  if (!state.options.garbage_collection || state.settling > 0) return;
  ++state.settling;
  while (!state.ownership.terminating.empty()) {
    const Location location = *state.ownership.terminating.begin();
    state.ownership.terminating.erase(state.ownership.terminating.begin());
    const StoredPtr object = state.get(location.storage, location.name);
    const ResourcePtr resource = state.registry.storing(location.storage);
    if (object == nullptr || resource == nullptr) continue;
    const bool deleting = object->value()["metadata"].find("deletionTimestamp") != nullptr;
    if (location.storage == "/namespaces") {
      if (deleting) finish_namespace(state, *resource, object);
      continue;
    }
    if (collect_orphan(state, *resource, object, location)) continue;
    if (deleting) finish_deletion(state, *resource, object);
  }
  --state.settling;
}

}  // namespace windlass::inline v0::api_server
