#pragma once
// The indexed map of the newest known objects of one kind.

#include <functional>
#include <map>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <windlass/cache/kind.hpp>

namespace windlass::inline v0::cache {

/// The values under which an object is found in an index; none: not in it.
using IndexFunction = std::function<std::vector<std::string>(const void* object)>;

/// Reading is thread-safe at any time; writing is for the informer on its executor.
class Store {
 public:
  explicit Store(const Kind& kind) : kind_(kind) {}

  [[nodiscard]] const Kind& kind() const { return kind_; }
  /// Null when there is no such object.
  [[nodiscard]] ObjectPtr get(const meta::ObjectKey& key) const;
  /// In order of namespace and name; an empty `namespace_` means all.
  [[nodiscard]] std::vector<ObjectPtr> list(std::string_view namespace_ = {}) const;
  /// Objects that the index `name` files under `value`, in order of their keys.
  /// Throws Exception(invalid_argument) when there is no such index.
  [[nodiscard]] std::vector<ObjectPtr> by_index(const std::string& name,
                                                const std::string& value) const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::vector<meta::ObjectKey> keys(std::string_view namespace_ = {}) const;

  /// Indexes what is there and what comes. Throws Exception(invalid_argument) for a name in use.
  void add_index(const std::string& name, IndexFunction function);
  /// Returns what was there before.
  ObjectPtr put(const meta::ObjectKey& key, ObjectPtr object);
  ObjectPtr erase(const meta::ObjectKey& key);

 private:
  struct Index {
    IndexFunction function;
    std::unordered_map<std::string, std::map<meta::ObjectKey, ObjectPtr>> values;
  };
  void index(const meta::ObjectKey& key, const ObjectPtr& object);
  void unindex(const meta::ObjectKey& key, const ObjectPtr& object);

  const Kind& kind_;
  mutable std::shared_mutex mutex_;
  std::map<meta::ObjectKey, ObjectPtr> objects_;
  std::unordered_map<std::string, Index> indexes_;
};

}  // namespace windlass::inline v0::cache
