#pragma once
// The indexed map of the newest known objects of one kind.

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <windlass/cache/kind.hpp>

namespace windlass::inline v0::cache {

/// The values under which an object is found in an index; none: not in it.
using IndexFunction = std::function<std::vector<std::string>(const void* object)>;

/// No object is kept in the compact form.
inline constexpr std::size_t kAllDecoded = static_cast<std::size_t>(-1);

/// Reading is thread-safe at any time; writing is for the informer on its executor.
/// The newest objects and those that were read last stay decoded; all others are kept in the
/// compact form (json/compact.hpp) and decoded when they are asked for, outside of any lock.
/// Whoever holds an object shares it with everybody who asks for it meanwhile.
class Store {
 public:
  explicit Store(const Kind& kind, std::size_t keep_decoded = kAllDecoded)
      : kind_(kind), keep_decoded_(keep_decoded) {}

  [[nodiscard]] const Kind& kind() const { return kind_; }
  /// Null when there is no such object.
  [[nodiscard]] ObjectPtr get(const meta::ObjectKey& key) const;
  /// Its resourceVersion, without decoding it; nothing when there is no such object.
  [[nodiscard]] std::optional<std::string> version(const meta::ObjectKey& key) const;
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
  /// One object. While it is in the store, it has `object` or `bytes`. A lock of `locks_` guards
  /// `object` and `last`, and `bytes` until they are there: from then on they never change.
  struct Held {
    std::string version;
    ObjectPtr object;                // while it is to stay decoded
    std::weak_ptr<const void> last;  // as long as somebody holds it
    std::string bytes;               // the compact form
  };
  using HeldPtr = std::shared_ptr<Held>;
  /// What was found while the store was locked; `object` is null when it must be decoded.
  struct Found {
    HeldPtr held;
    ObjectPtr object;
  };
  struct Index {
    IndexFunction function;
    std::unordered_map<std::string, std::map<meta::ObjectKey, HeldPtr>> values;
  };

  std::mutex& lock_of(const Held& held) const;
  Found find(const HeldPtr& held) const;
  ObjectPtr decoded(Found found) const;
  std::vector<ObjectPtr> decoded(std::vector<Found> found) const;
  void keep(const HeldPtr& held) const;
  void make_compact(Held& held) const;
  void index(const meta::ObjectKey& key, const HeldPtr& held, const ObjectPtr& object);
  void unindex(const meta::ObjectKey& key, const ObjectPtr& object);

  const Kind& kind_;
  const std::size_t keep_decoded_;
  mutable std::shared_mutex mutex_;  // taken before any other
  std::map<meta::ObjectKey, HeldPtr> objects_;
  std::unordered_map<std::string, Index> indexes_;
  mutable std::array<std::mutex, 16> locks_;
  mutable std::mutex kept_mutex_;
  mutable std::vector<HeldPtr> kept_;  // a ring of those that stay decoded
  mutable std::size_t next_kept_ = 0;
};

}  // namespace windlass::inline v0::cache
