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

class Stored;
using StoredPtr = std::shared_ptr<const Stored>;

/// The objects that hold their parsed form now, oldest first: the newest few hundred.
class ParsedObjects {
 public:
  void note(std::weak_ptr<const Stored> object) { objects_.push_back(std::move(object)); }
  /// Drops the parsed form of all but the newest: references to it end here.
  void trim();

 private:
  std::deque<std::weak_ptr<const Stored>> objects_;
};

/// An object as stored. At rest it is its encoded text; the parsed form is made on use.
class Stored : public std::enable_shared_from_this<Stored> {
 public:
  /// One that always keeps its parsed form: what no store holds.
  Stored(json::Value value, std::uint64_t revision)
      : revision_(revision), value_(std::make_unique<json::Value>(std::move(value))) {}
  Stored(json::Value value, std::uint64_t revision, ParsedObjects& parsed)
      : Stored(std::move(value), revision) {
    parsed_ = &parsed;
  }
  /// Valid until the store's `trim`.
  [[nodiscard]] const json::Value& value() const;
  /// The same when it is parsed already; otherwise null.
  [[nodiscard]] const json::Value* parsed() const { return value_.get(); }
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  [[nodiscard]] const std::string& text() const;

 private:
  friend class ParsedObjects;
  void encode() const;

  std::uint64_t revision_;
  ParsedObjects* parsed_ = nullptr;
  mutable std::unique_ptr<json::Value> value_;
  mutable std::string text_;
};

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
  /// In order of namespace and name, what comes after `after`; all namespaces when `namespace_` is
  /// empty.
  [[nodiscard]] std::vector<StoredPtr> list(const std::string& collection,
                                            const std::string& namespace_,
                                            const ObjectName& after = {}) const;
  /// The state at `revision`; none when that history is gone.
  [[nodiscard]] std::optional<std::vector<StoredPtr>> list_at(const std::string& collection,
                                                              const std::string& namespace_,
                                                              std::uint64_t revision,
                                                              const ObjectName& after = {}) const;
  /// Writes with the next version, which is put into metadata.resourceVersion.
  StoredPtr put(const std::string& collection, const ObjectName& name, json::Value value);
  /// Goes on from `revision`, without the history before it.
  void advance(std::uint64_t revision);
  /// Brings back an object (null: its removal) as an earlier store had it, without history.
  void restore(const std::string& collection, const ObjectName& name, json::Value value,
               std::uint64_t revision);
  /// Removes; `last` is the state that watchers see.
  StoredPtr remove(const std::string& collection, const ObjectName& name, json::Value last);

  /// Changes after `revision`; none when that history is gone.
  [[nodiscard]] std::optional<std::vector<Change>> changes_since(const std::string& collection,
                                                                 std::uint64_t revision) const;
  void subscribe(const std::string& collection, std::weak_ptr<ChangeSink> sink);
  void compact(std::uint64_t revision);
  [[nodiscard]] std::vector<std::string> collections() const;
  /// To be called between requests: lets go of parsed forms.
  void trim() { parsed_.trim(); }

 private:
  struct Collection {
    std::map<ObjectName, StoredPtr> objects;
    std::deque<Change> history;
    std::uint64_t compacted = 0;
    std::vector<std::weak_ptr<ChangeSink>> sinks;
  };
  void record(Collection& collection, Change change);
  [[nodiscard]] const Collection* find(const std::string& collection) const;

  StoredPtr make(json::Value value, std::uint64_t revision);

  ParsedObjects parsed_;
  std::map<std::string, Collection, std::less<>> collections_;
  std::uint64_t revision_ = 1;
  std::uint64_t compacted_ = 0;
  std::size_t history_;
};

}  // namespace windlass::inline v0::api_server
