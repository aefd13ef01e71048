#pragma once
// The revisioned store: one version counter, immutable objects, and per collection a window of
// history for watches and for lists at older versions.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::api_server {

struct ObjectName {
  std::string namespace_;
  std::string name;
  friend auto operator<=>(const ObjectName&, const ObjectName&) = default;
};

/// An object as stored, with its encoded text, made on first use.
class Stored {
 public:
  Stored(json::Value value, std::uint64_t revision)
      : value_(std::move(value)), revision_(revision) {}
  [[nodiscard]] const json::Value& value() const { return value_; }
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  [[nodiscard]] const std::string& text() const;

 private:
  json::Value value_;
  std::uint64_t revision_;
  mutable std::string text_;
};
using StoredPtr = std::shared_ptr<const Stored>;

/// A change of one object. `object` is the state after it; of a removal the last state, with the
/// removal's version. `previous` is null for a creation.
struct Change {
  std::uint64_t revision = 0;
  bool removed = false;
  ObjectName name;
  StoredPtr object;
  StoredPtr previous;
};

/// Receives the changes of a collection as they happen.
class ChangeSink {
 public:
  virtual ~ChangeSink() = default;
  virtual void changed(const Change& change) = 0;
};

class Store {
 public:
  explicit Store(std::size_t history) : history_(history) {}

  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  [[nodiscard]] StoredPtr get(const std::string& collection, const ObjectName& name) const;
  /// In order of namespace and name; all namespaces when `namespace_` is empty.
  [[nodiscard]] std::vector<StoredPtr> list(const std::string& collection,
                                            const std::string& namespace_) const;
  /// The state at `revision`; none when that history is gone.
  [[nodiscard]] std::optional<std::vector<StoredPtr>> list_at(const std::string& collection,
                                                              const std::string& namespace_,
                                                              std::uint64_t revision) const;
  /// Writes with the next version, which is put into metadata.resourceVersion.
  StoredPtr put(const std::string& collection, const ObjectName& name, json::Value value);
  /// Removes; `last` is the state that watchers see.
  StoredPtr remove(const std::string& collection, const ObjectName& name, json::Value last);

  /// Changes after `revision`; none when that history is gone.
  [[nodiscard]] std::optional<std::vector<Change>> changes_since(const std::string& collection,
                                                                 std::uint64_t revision) const;
  void subscribe(const std::string& collection, std::weak_ptr<ChangeSink> sink);
  void compact(std::uint64_t revision);
  [[nodiscard]] std::vector<std::string> collections() const;

 private:
  struct Collection {
    std::map<ObjectName, StoredPtr> objects;
    std::deque<Change> history;
    std::uint64_t compacted = 0;
    std::vector<std::weak_ptr<ChangeSink>> sinks;
  };
  void record(Collection& collection, Change change);
  [[nodiscard]] const Collection* find(const std::string& collection) const;

  std::map<std::string, Collection, std::less<>> collections_;
  std::uint64_t revision_ = 1;
  std::uint64_t compacted_ = 0;
  std::size_t history_;
};

}  // namespace windlass::inline v0::api_server
