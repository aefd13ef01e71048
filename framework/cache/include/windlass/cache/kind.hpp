#pragma once
// What the cache needs to know of a type, erased: so that reflector, store and informer are
// compiled once and not for every type.

#include <memory>
#include <string_view>

#include <windlass/json/table.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>

namespace windlass::inline v0::cache {

/// An immutable object whose type its Kind knows.
using ObjectPtr = std::shared_ptr<const void>;

struct Kind {
  meta::Resource resource;
  Result<ObjectPtr> (*decode)(std::string_view text);
  const meta::ObjectMeta& (*metadata)(const void* object);
  json::Value (*to_value)(const void* object);
};

template <class T>
const Kind& kind_of() {
  static const Kind kind{
      T::resource,
      [](std::string_view text) -> Result<ObjectPtr> {
        auto decoded = json::decode<T>(text);
        if (!decoded) return decoded.error();
        return ObjectPtr(std::make_shared<const T>(std::move(*decoded)));
      },
      [](const void* object) -> const meta::ObjectMeta& {
        return static_cast<const T*>(object)->metadata;
      },
      [](const void* object) { return json::to_value(*static_cast<const T*>(object)); },
  };
  return kind;
}

}  // namespace windlass::inline v0::cache
