#pragma once
// Box<T>: an optional nested object that costs one pointer and has value semantics.

#include <memory>
#include <utility>

namespace windlass::inline v0 {

/// Empty or holds one T on the heap. Copying copies the T. T may be incomplete where the Box is
/// declared, so recursive types work. Dereferencing an empty Box is a programming error (asserted).
template <class T>
class Box {
 public:
  using value_type = T;

  Box() = default;
  Box(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Box(const Box& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Box(Box&&) noexcept = default;
  Box& operator=(const Box& other) {
    if (this != &other) *this = Box(other);
    return *this;
  }
  Box& operator=(Box&&) noexcept = default;
  ~Box() = default;

  [[nodiscard]] bool has_value() const noexcept { return value_ != nullptr; }
  explicit operator bool() const noexcept { return has_value(); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.operator->(); }
  const T* operator->() const { return value_.operator->(); }
  [[nodiscard]] T* get() noexcept { return value_.get(); }
  [[nodiscard]] const T* get() const noexcept { return value_.get(); }

  /// Replaces the content by a new T.
  T& emplace() {
    value_ = std::make_unique<T>();
    return *value_;
  }
  /// The content, made first when there is none.
  T& ensure() { return value_ ? *value_ : emplace(); }
  void reset() noexcept { value_.reset(); }

  friend bool operator==(const Box& a, const Box& b) {
    if (!a.value_ || !b.value_) return !a.value_ && !b.value_;
    return *a.value_ == *b.value_;
  }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace windlass::inline v0
