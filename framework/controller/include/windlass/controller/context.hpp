#pragma once
// Context: what a reconcile may do.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <windlass/base/environment.hpp>
#include <windlass/cache/cache.hpp>
#include <windlass/client/client.hpp>
#include <windlass/controller/owner_reference.hpp>
#include <windlass/controller/permissions.hpp>

namespace windlass::inline v0 {

namespace controller {

/// A write that the cache has not shown yet.
struct PendingWrite {
  meta::Resource resource;
  meta::ObjectKey key;
  std::string resource_version;  ///< to be reached; empty: the object of `removed_uid` has to go
  std::string removed_uid;
};

/// What was applied last to each object by this process. Thread-safe.
class AppliedBodies {
 public:
  /// True when `body` is what was applied last.
  [[nodiscard]] bool same(const std::string& object, std::string_view body) const;
  /// What the server answered when that body was applied less than ten minutes ago: for kinds that
  /// are not in the cache.
  [[nodiscard]] std::optional<std::string> recent_answer(const std::string& object,
                                                         std::string_view body,
                                                         SteadyTime now) const;
  /// `answer` is kept only when it is not empty.
  void remember(const std::string& object, std::string_view body, std::string answer,
                SteadyTime now);
  void forget(const std::string& object);

 private:
  struct Entry {
    std::size_t hash;
    SteadyTime at;
    std::string answer;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

/// True when every field of `want` is in `have` with the same value. An array matches when it has
/// as many elements and each matches in its place, or when each element of `want` matches some
/// element of `have`. Absent, null and empty values in `have` match an empty `want`; fields in
/// `have` match an empty container.
bool contains(const json::Value& have, const json::Value& want);

struct ContextState {
  Environment& environment;
  client::Client client;  ///< passes the write gate
  const cache::Cache& cache;
  std::shared_ptr<AppliedBodies> applied;
  std::function<void(const meta::Resource&, const meta::ObjectMeta&, std::string_view type,
                     std::string_view reason, std::string_view note)>
      record_event;
  Logger log;
  meta::ObjectKey request;
  meta::Resource primary_resource = {};
  std::optional<meta::ObjectMeta> primary = std::nullopt;  ///< set for object reconcilers
  std::vector<PendingWrite> pending = {};
  std::function<std::string()> epoch = {};
};

}  // namespace controller

struct ContextApplyOptions {
  /// Makes the reconciled object the controller owner of what is applied.
  bool owned = true;
  bool force = true;
};

/// Given to each reconcile. A cheap handle; valid until the reconcile ends; used by one coroutine
/// at a time. All writes pass the write gate: they throw Exception(permission) once this process
/// does not lead any more. Verbs throw client::ApiError for what the server refuses: let it out,
/// and the key is retried with backoff.
class Context {
 public:
  explicit Context(std::shared_ptr<controller::ContextState> state) : state_(std::move(state)) {}

  /// The key that is being reconciled.
  [[nodiscard]] const meta::ObjectKey& request() const { return state_->request; }
  /// Carries controller, namespace, name and reconcileID.
  [[nodiscard]] const Logger& log() const { return state_->log; }
  [[nodiscard]] Clock& clock() const { return state_->environment.clock(); }
  [[nodiscard]] Environment& environment() const { return state_->environment; }
  /// The fencing token of this leadership, for work outside the cluster: a resourceVersion; later
  /// leaders have greater ones. Empty without election, and once this process does not lead.
  [[nodiscard]] std::string epoch() const {
    return state_->epoch ? state_->epoch() : std::string();
  }
  /// Talks to the API server directly, fenced. Writes through it are not waited for by `get`.
  [[nodiscard]] const client::Client& client() const { return state_->client; }

  /// The object out of the cache, after one's own writes to its kind are in it; empty when there is
  /// none. What the cache does not cover is read from the server: a kind that the controller does
  /// not watch, another namespace than those that are watched, what a selector leaves out.
  template <client::ApiObject T>
  Task<Ref<T>> get(meta::ObjectKey key) const {
    controller::record_use<T, controller::Use::get>();
    return get_object<T>(*this, std::move(key));
  }
  /// All cached objects of a namespace ("" for all), after one's own writes to that kind are in it.
  /// Throws Exception(invalid_argument) for a kind that the controller does not watch.
  template <client::ApiObject T>
  Task<std::vector<Ref<T>>> list(std::string namespace_) const {
    return list_objects<T>(*this, std::move(namespace_));
  }

  /// Server-side apply with owner reference, fenced by the version and UID in the cache (of a kind
  /// that is not there: as just read). What is not known is created, never overwritten: a 409 if it
  /// exists after all. Sends nothing when the body equals the last one applied and the cached
  /// object has every field of it. Returns the object as it is now.
  template <client::ApiObject T>
  Task<T> apply(T want, ContextApplyOptions options = {}) const {
    controller::record_use<T, controller::Use::apply>();
    own(want.metadata, options);
    auto body = json::to_value(want);
    return applied<T>(*this, std::move(body), options);
  }
  /// Creates the object with owner reference. Throws client::ApiError (is_already_exists) when it
  /// is there: names should follow from the owner, so that a repeated create finds its own work.
  template <client::ApiObject T>
  Task<T> create(T object, ContextApplyOptions options = {}) const {
    controller::record_use<T, controller::Use::create>();
    own(object.metadata, options);
    auto text = json::encode(object);
    return created<T>(*this, object.metadata.key(), std::move(text));
  }
  /// Merge patch, fenced by version and UID of `object`; the patch must not touch them.
  template <client::ApiObject T>
  Task<T> patch(const T& object, json::Value merge_patch) const {
    controller::record_use<T, controller::Use::patch>();
    merge_patch["metadata"]["uid"] = object.metadata.uid;
    merge_patch["metadata"]["resourceVersion"] = object.metadata.resource_version;
    return patched<T>(*this, object.metadata.key(), std::move(merge_patch));
  }
  /// Replaces the status of `object`, fenced by its version; sends nothing when it is equal.
  /// `object` is the one that was reconciled.
  template <client::ApiObject T, class Status>
  Task<void> update_status(const T& object, Status status) const {
    controller::record_use<T, controller::Use::update_status>();
    T changed = object;
    changed.status = std::move(status);
    if (changed == object) return nothing();
    auto text = json::encode(changed);
    return put_status(*this, T::resource, object.metadata.key(), std::move(text));
  }
  /// Deletes exactly this object (UID and version are preconditions). False when it was gone.
  template <client::ApiObject T>
  Task<bool> remove(const T& object, client::DeleteOptions options = {}) const {
    controller::record_use<T, controller::Use::remove>();
    options.uid = object.metadata.uid;
    options.resource_version = object.metadata.resource_version;
    return remove_object(*this, T::resource, object.metadata.key(), std::move(options));
  }
  /// Adds the finalizer unless it is there or the object is being deleted. True when it was added;
  /// return from the reconcile then: the change brings the object back.
  template <client::ApiObject T>
  Task<bool> add_finalizer(const T& object, std::string finalizer) const {
    controller::record_use<T, controller::Use::patch>();
    if (object.metadata.is_deleting() || object.metadata.has_finalizer(finalizer)) {
      return unchanged();
    }
    auto finalizers = object.metadata.finalizers;
    finalizers.push_back(std::move(finalizer));
    return put_finalizers(*this, T::resource, object.metadata, std::move(finalizers));
  }
  /// Removes the finalizer if it is there. True when it was removed.
  template <client::ApiObject T>
  Task<bool> remove_finalizer(const T& object, std::string_view finalizer) const {
    controller::record_use<T, controller::Use::patch>();
    if (!object.metadata.has_finalizer(finalizer)) return unchanged();
    auto finalizers = object.metadata.finalizers;
    std::erase(finalizers, finalizer);
    return put_finalizers(*this, T::resource, object.metadata, std::move(finalizers));
  }

  /// Publishes an Event about `object`: type "Normal" or "Warning", a CamelCase reason, a note.
  template <client::ApiObject T>
  void event(const T& object, std::string_view type, std::string_view reason,
             std::string_view note) const {
    controller::record_use<T, controller::Use::event>();
    if (state_->record_event)
      state_->record_event(T::resource, object.metadata, type, reason, note);
  }

  /// Runs blocking code; a simulation replaces it by a model of that name.
  Task<void> blocking(std::string name, std::function<void()> work) const {
    return state_->environment.blocking(std::move(name), std::move(work));
  }

  /// For the framework: the reconciled object, remembered as the owner of what is applied.
  template <client::ApiObject T>
  [[nodiscard]] Ref<T> cached_primary() const {
    auto object = state_->cache.template get<T>(state_->request);
    if (object) {
      state_->primary_resource = T::resource;
      state_->primary = object->metadata;
    }
    return object;
  }

 private:
  friend class Controller;
  void own(meta::ObjectMeta& metadata, const ContextApplyOptions& options) const;
  static Task<void> nothing();
  static Task<bool> unchanged();
  static Task<void> settle(Context context, meta::Resource resource);
  static Task<std::string> apply_value(Context context, const cache::Kind& kind, json::Value body,
                                       ContextApplyOptions options, cache::ObjectPtr& unchanged);
  static Task<void> put_status(Context context, meta::Resource resource, meta::ObjectKey key,
                               std::string body);
  static Task<bool> remove_object(Context context, meta::Resource resource, meta::ObjectKey key,
                                  client::DeleteOptions options);
  static Task<bool> put_finalizers(Context context, meta::Resource resource,
                                   meta::ObjectMeta metadata, std::vector<std::string> finalizers);
  void wrote(const meta::Resource& resource, std::string_view text) const;

  template <class T>
  static Task<Ref<T>> get_object(Context context, meta::ObjectKey key) {
    const auto* informer = context.state_->cache.find(T::resource);
    if (informer != nullptr) {
      co_await settle(context, T::resource);
      auto cached = context.state_->cache.template get<T>(key);
      if (cached || informer->covers(key)) co_return cached;
    }
    auto finding = context.state_->client.template find<T>(key);
    auto found = co_await std::move(finding);
    if (!found) co_return Ref<T>();
    co_return Ref<T>(std::move(*found));
  }
  template <class T>
  static Task<std::vector<Ref<T>>> list_objects(Context context, std::string namespace_) {
    if (context.state_->cache.find(T::resource) == nullptr) {
      throw Exception(
          Errc::invalid_argument,
          "cannot list " + std::string(T::resource.plural) +
              " from the cache: no controller watches them; add watches<T>() or owns<T>()");
    }
    co_await settle(context, T::resource);
    co_return context.state_->cache.template list<T>(namespace_);
  }
  static Task<std::string> create_text(Context context, meta::Resource resource,
                                       meta::ObjectKey key, std::string body);
  static Task<std::string> patch_text(Context context, meta::Resource resource, meta::ObjectKey key,
                                      std::string patch);
  template <class T>
  static Task<T> created(Context context, meta::ObjectKey key, std::string body) {
    auto creating = create_text(context, T::resource, std::move(key), std::move(body));
    const auto text = co_await std::move(creating);
    co_return json::decode<T>(text).value();
  }
  template <class T>
  static Task<T> patched(Context context, meta::ObjectKey key, json::Value patch) {
    auto patching = patch_text(context, T::resource, std::move(key), json::dump(patch));
    const auto text = co_await std::move(patching);
    co_return json::decode<T>(text).value();
  }
  template <class T>
  static Task<T> applied(Context context, json::Value body, ContextApplyOptions options) {
    cache::ObjectPtr unchanged;
    auto applying = apply_value(context, cache::kind_of<T>(), std::move(body), options, unchanged);
    auto text = co_await std::move(applying);
    if (unchanged) co_return *static_cast<const T*>(unchanged.get());
    co_return json::decode<T>(text).value();
  }

  std::shared_ptr<controller::ContextState> state_;
};

}  // namespace windlass::inline v0
