#pragma once
// An informer keeps a Store equal to what the API server holds of one kind, and tells handlers what
// changed.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <windlass/base/environment.hpp>
#include <windlass/cache/reflector_machine.hpp>
#include <windlass/cache/store.hpp>
#include <windlass/client/client.hpp>

namespace windlass::inline v0::cache {

struct InformerOptions {
  /// Empty: all namespaces (a cluster-wide list and watch). Ignored for cluster-scoped kinds.
  std::vector<std::string> namespaces = {};
  std::string label_selector = {};
  std::string field_selector = {};
  /// How often every object is handed to on_update again, +-10 %. Local: no request is made.
  /// 0: never. Default: 10 h (controller-runtime's).
  Duration resync = std::chrono::hours(10);
  /// How many objects stay decoded: the newest and those that were read last. The others are kept
  /// in the compact form, in a fifth of the memory of their JSON and a tenth of what they take
  /// decoded; reading one takes about as long as decoding half of its JSON. kAllDecoded: all, 0:
  /// none.
  std::size_t keep_decoded = 256;
};

/// Called on the informer's executor; must be quick. Any of them may be empty.
struct ObjectHandler {
  /// `initial`: part of the first list (or of what was there when the handler came).
  std::function<void(const ObjectPtr& object, bool initial)> on_add = {};
  /// Also when an object was deleted and made again unseen (compare UIDs), and at each resync,
  /// where both are the same object.
  std::function<void(const ObjectPtr& before, const ObjectPtr& now)> on_update = {};
  /// `last_known` may be older than the object was when it went (a missed deletion).
  std::function<void(const ObjectPtr& last_known)> on_delete = {};
};

/// Shared by all who care for the same kind: one list and one watch per namespace.
/// An object that the type cannot hold is logged and left out, or stays as it was when last
/// readable: it must not keep the others from being reconciled (a client-go informer lists again
/// and again instead, and its program does not get ready).
/// Unless stated otherwise, members are for the client's executor.
class Informer {
 public:
  Informer(client::Client client, const Kind& kind, InformerOptions options = {});
  ~Informer();
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;

  /// Handlers that come late get an on_add for every object that is there, at once.
  void add_handler(ObjectHandler handler);

  /// Lists and watches until cancelled. Trouble is logged and retried, never thrown.
  Task<void> run();

  /// Readable from any thread.
  [[nodiscard]] const Store& store() const { return store_; }
  /// True when an object of that key is in the store if it exists: its namespace is watched, no
  /// selector leaves objects out, and it is not one that the type cannot hold. Any thread.
  [[nodiscard]] bool covers(const meta::ObjectKey& key) const;
  void add_index(const std::string& name, IndexFunction function) {
    store_.add_index(name, std::move(function));
  }
  /// True once the first complete list has been handed to the handlers. Any thread.
  [[nodiscard]] bool has_synced() const { return unsynced_scopes_ == 0; }
  /// What went wrong last, empty when the last list or watch went well. Any thread.
  [[nodiscard]] std::string last_trouble() const;
  Task<void> wait_for_sync();
  /// Waits until the store includes the state at `resource_version` in the scope of `namespace_`,
  /// or for `limit`, whichever comes first. True when reached.
  Task<bool> wait_for_version(std::string namespace_, std::string resource_version, Duration limit);
  /// Waits until the object of that UID is gone or being deleted, or for `limit`.
  Task<bool> wait_for_removal(meta::ObjectKey key, std::string uid, Duration limit);

 private:
  struct Scope;
  Task<void> run_scope(std::shared_ptr<Scope> scope);
  Task<void> list(std::shared_ptr<Scope> scope, ListAction action);
  Task<void> watch(std::shared_ptr<Scope> scope, WatchAction action);
  Task<void> resync();
  Task<bool> wait_for(std::function<bool()> reached, Duration limit);

  void commit(Scope& scope);
  void apply(Scope& scope, client::WatchEvent event);
  void upsert(const ObjectPtr& object, bool initial);
  void remove(const meta::ObjectKey& key);
  meta::ObjectKey leave_out(std::string_view text, const Error& why);
  void take_in(const meta::ObjectKey& key);
  void report(const Scope& scope, const std::exception_ptr& failure);
  void clear_trouble();
  [[nodiscard]] const Scope* scope_of(std::string_view namespace_) const;

  client::Client client_;
  const Kind& kind_;
  InformerOptions options_;
  Environment& environment_;
  Logger log_;
  Store store_;
  std::vector<std::shared_ptr<Scope>> scopes_;
  std::vector<ObjectHandler> handlers_;
  std::atomic<std::size_t> unsynced_scopes_;
  Event progress_;
  mutable std::mutex trouble_mutex_;
  std::string trouble_;
  std::set<meta::ObjectKey> left_out_;  // guarded by trouble_mutex_
  SteadyTime trouble_logged_{};
};

}  // namespace windlass::inline v0::cache
