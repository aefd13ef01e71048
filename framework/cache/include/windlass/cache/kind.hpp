#pragma once
// What the cache needs to know of a type, erased: so that reflector, store and informer are
// compiled once and not for every type.

#include <memory>
#include <string>
#include <utility>

#include <windlass/json/table.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>

namespace windlass::inline v0::cache {

/// An immutable object whose type its Kind knows.
using ObjectPtr = std::shared_ptr<const void>;

struct Kind {
  meta::Resource resource;
  const type::Shape* shape;
  /// A fresh object.
  std::shared_ptr<void> (*make)();
  const meta::ObjectMeta& (*metadata)(const void* object);

  /// Errc::parse for what is no such object.
  [[nodiscard]] Result<ObjectPtr> decode(const std::string& text) const {
    auto object = make();
    auto done = json::decode_terminated(text.data(), text.size(), *shape, object.get());
    if (!done) return done.error();
    return ObjectPtr(std::move(object));
  }
  [[nodiscard]] json::Value to_value(const void* object) const {
    return json::to_value(type::Ref{shape, object});
  }
};

template <class T>
const Kind& kind_of() {
  static const Kind kind{T::resource, &type::shape_of<T>,
                         [] { return std::shared_ptr<void>(std::make_shared<T>()); },
                         [](const void* object) -> const meta::ObjectMeta& {
                           return static_cast<const T*>(object)->metadata;
                         }};
  return kind;
}

}  // namespace windlass::inline v0::cache
