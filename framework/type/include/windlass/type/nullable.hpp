#pragma once
// Nullable<T>: absent, null or a T, where a schema makes these three different things.

#include <memory>
#include <optional>
#include <utility>

namespace windlass::inline v0 {

/// Like std::optional, and remembers whether "no value" was written as null. Absent by default.
/// Dereferencing one without a value is a programming error.
template <class T>
class Nullable {
 public:
  using value_type = T;

  Nullable() = default;
  Nullable(T value) : value_(std::move(value)) {}
  Nullable(std::nullptr_t) : null_(true) {}

  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] bool is_null() const noexcept { return null_; }
  [[nodiscard]] bool is_absent() const noexcept { return !null_ && !value_; }

  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return std::addressof(*value_); }
  const T* operator->() const { return std::addressof(*value_); }
  [[nodiscard]] T* get() noexcept { return value_ ? std::addressof(*value_) : nullptr; }
  [[nodiscard]] const T* get() const noexcept { return value_ ? std::addressof(*value_) : nullptr; }
  [[nodiscard]] T value_or(T fallback) const { return value_ ? *value_ : std::move(fallback); }

  /// Replaces the content by a new T.
  T& emplace() {
    null_ = false;
    return value_.emplace();
  }
  /// The content, made first when there is none.
  T& ensure() { return value_ ? *value_ : emplace(); }
  /// Makes it absent.
  void reset() noexcept {
    value_.reset();
    null_ = false;
  }
  void set_null() noexcept {
    value_.reset();
    null_ = true;
  }

  friend bool operator==(const Nullable& a, const Nullable& b) {
    return a.null_ == b.null_ && a.value_ == b.value_;
  }

 private:
  std::optional<T> value_;
  bool null_ = false;
};

}  // namespace windlass::inline v0
