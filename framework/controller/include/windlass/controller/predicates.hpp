#pragma once
// Predicates decide whether an event of a watched object is worth a reconcile.

#include <functional>

#include <windlass/cache/ref.hpp>
#include <windlass/meta/object_meta.hpp>

namespace windlass::inline v0 {

/// A missing function lets every event of its sort pass. Called on the I/O thread: be quick.
template <class T>
struct Predicate {
  std::function<bool(const Ref<T>& object)> on_add = {};
  /// A resync has the same object twice.
  std::function<bool(const Ref<T>& before, const Ref<T>& now)> on_update = {};
  std::function<bool(const Ref<T>& last_known)> on_delete = {};
};

namespace predicates {

/// Passes updates that changed metadata.generation (the spec, for types with a status subresource),
/// the deletion timestamp or finalizers, and resyncs. Hides label and annotation changes.
template <class T>
Predicate<T> generation_changed() {
  return {.on_update = [](const Ref<T>& before, const Ref<T>& now) {
    const auto& a = before->metadata;
    const auto& b = now->metadata;
    return a.generation != b.generation || a.uid != b.uid || a.finalizers != b.finalizers ||
           a.deletion_timestamp != b.deletion_timestamp || a.resource_version == b.resource_version;
  }};
}

/// Passes updates that really changed something; drops resyncs.
template <class T>
Predicate<T> resource_version_changed() {
  return {.on_update = [](const Ref<T>& before, const Ref<T>& now) {
    return before->metadata.resource_version != now->metadata.resource_version;
  }};
}

/// Passes objects for which `test` holds (for updates: before or after).
template <class T>
Predicate<T> matching(std::function<bool(const T&)> test) {
  return {.on_add = [test](const Ref<T>& object) { return test(*object); },
          .on_update = [test](const Ref<T>& a, const Ref<T>& b) { return test(*a) || test(*b); },
          .on_delete = [test](const Ref<T>& object) { return test(*object); }};
}

}  // namespace predicates
}  // namespace windlass::inline v0
