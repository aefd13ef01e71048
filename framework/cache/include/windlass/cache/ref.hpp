#pragma once
// Ref<T>: a cached object, shared and immutable.

#include <memory>
#include <utility>

namespace windlass::inline v0 {

/// One object out of the cache. Never changes and never aliases a newer one; copying costs a
/// reference count. An empty Ref is falsy. Thread-safe as std::shared_ptr<const T> is.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(std::shared_ptr<const T> object) : object_(std::move(object)) {}
  explicit Ref(T object) : object_(std::make_shared<const T>(std::move(object))) {}

  const T& operator*() const { return *object_; }
  const T* operator->() const { return object_.get(); }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  [[nodiscard]] const std::shared_ptr<const T>& shared() const noexcept { return object_; }

 private:
  std::shared_ptr<const T> object_;
};

}  // namespace windlass::inline v0
