#pragma once
// The informers of one manager: one per kind, shared by all controllers.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <windlass/cache/informer.hpp>
#include <windlass/cache/ref.hpp>

namespace windlass::inline v0::cache {

struct CacheOptions {
  /// For every kind without options of its own.
  InformerOptions defaults = {};
  /// How long `start` waits for the first lists before it gives up.
  Duration sync_timeout = std::chrono::minutes(2);
};

/// Informers are made before `start` or, with the same calls, while it runs. Members are for the
/// client's executor unless stated otherwise.
class Cache {
 public:
  Cache(client::Client client, CacheOptions options = {});
  ~Cache();

  /// The informer of T, made when there is none.
  template <client::ApiObject T>
  Informer& informer() {
    return informer(kind_of<T>());
  }
  Informer& informer(const Kind& kind);
  /// Options for a kind whose informer has not been made yet.
  void configure(const meta::Resource& resource, InformerOptions options);

  /// Null when nobody asked for the kind. Any thread.
  [[nodiscard]] Informer* find(const meta::Resource& resource) const;
  /// All of them, in the order of their types' names. Any thread.
  [[nodiscard]] std::vector<const Informer*> informers() const;

  template <client::ApiObject T>
  [[nodiscard]] Ref<T> get(const meta::ObjectKey& key) const {
    const auto* informer = find(T::resource);
    if (informer == nullptr) return {};
    return Ref<T>(std::static_pointer_cast<const T>(informer->store().get(key)));
  }
  template <client::ApiObject T>
  [[nodiscard]] std::vector<Ref<T>> list(std::string_view namespace_ = {}) const {
    std::vector<Ref<T>> refs;
    const auto* informer = find(T::resource);
    if (informer == nullptr) return refs;
    for (auto& object : informer->store().list(namespace_)) {
      refs.emplace_back(std::static_pointer_cast<const T>(std::move(object)));
    }
    return refs;
  }

  /// Runs every informer until cancelled.
  Task<void> run();
  /// Returns when all informers have synced. Throws Exception(timeout) naming those that have not,
  /// with the last trouble of each.
  Task<void> wait_for_sync();
  [[nodiscard]] bool has_synced() const;
  [[nodiscard]] const client::Client& client() const { return client_; }

 private:
  void start(Informer& informer);

  client::Client client_;
  CacheOptions options_;
  mutable std::mutex mutex_;  // guards the maps' shape, not the informers
  std::map<std::string, std::unique_ptr<Informer>> informers_;
  std::map<std::string, InformerOptions> configured_;
  std::unique_ptr<TaskGroup> running_;
};

}  // namespace windlass::inline v0::cache
