#pragma once
// The Kubernetes API client: typed, dynamic and raw.

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <windlass/base/environment.hpp>
#include <windlass/base/metrics.hpp>
#include <windlass/client/api_error.hpp>
#include <windlass/client/config.hpp>
#include <windlass/client/options.hpp>
#include <windlass/client/watch_event.hpp>
#include <windlass/client/write_gate.hpp>
#include <windlass/json/stream.hpp>
#include <windlass/json/table.hpp>
#include <windlass/json/value.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>

namespace windlass::inline v0::client {

/// A type that the API server stores: a table, metadata and a resource.
template <class T>
concept ApiObject = requires(T object) {
  { object.metadata } -> std::convertible_to<meta::ObjectMeta>;
  { T::resource } -> std::convertible_to<meta::Resource>;
  { T::table() };
};

/// An open watch; lives on the client's executor. Destroying it closes the connection.
class Watch {
 public:
  virtual ~Watch() = default;
  /// The next event; nothing at the end of the stream (normal: watch again from the last version).
  /// Throws Exception(closed|io|timeout): the connection broke, or no byte came for
  /// timeoutSeconds + 30 s; Exception(parse|too_large) for garbage.
  virtual Task<std::optional<WatchEvent>> next() = 0;
};

/// One page of a list, undecoded.
struct ListPage {
  std::string body;  ///< the whole document; json::ListDecoder and ListReader walk its items
};

template <class T>
struct List {
  std::vector<T> items;
  std::string resource_version;
};

struct ClientOptions {
  std::string user_agent = "windlass";
  std::string field_manager = "windlass";
  Duration timeout = std::chrono::seconds(30);  ///< of one request, retries excluded
  MetricsRegistry* metrics = nullptr;           ///< rest_client_requests_total{code,method,host}
  /// Called with each distinct Warning header; by default they are logged once.
  std::function<void(std::string_view)> on_warning = {};
};

/// Talks to one API server. A cheap handle: copies share connections. Verbs may be called from any
/// coroutine on any executor; the work happens on the client's executor (`executor` below).
///
/// Verbs throw ApiError for an answer that is not success and Exception for trouble on the way.
/// Requests are repeated as client-go does: 429 and 5xx only with Retry-After, at most 10 times;
/// GETs also after a reset or an early end; a 401 once, after reading the credentials again.
class Client {
 public:
  Client(Environment& environment, Executor executor, Config config, ClientOptions options = {});

  /// The same client whose mutating verbs pass `gate` first, and carry its deadline.
  [[nodiscard]] Client with_gate(std::shared_ptr<const WriteGate> gate) const;
  [[nodiscard]] Client with_field_manager(std::string field_manager) const;
  [[nodiscard]] Client with_timeout(Duration timeout) const;

  // Typed -------------------------------------------------------------------------------------
  template <ApiObject T>
  Task<T> get(meta::ObjectKey key, GetOptions options = {}) const {
    auto text = get_text(T::resource, std::move(key), {}, std::move(options));
    return decoded<T>(std::move(text));
  }
  /// As get, but nothing when there is no such object.
  template <ApiObject T>
  Task<std::optional<T>> find(meta::ObjectKey key, GetOptions options = {}) const {
    auto text = find_text(T::resource, std::move(key), std::move(options));
    return decoded_optional<T>(std::move(text));
  }
  /// All pages.
  template <ApiObject T>
  Task<List<T>> list(ListOptions options = {}) const {
    return listed<T>(*this, std::move(options));
  }
  template <ApiObject T>
  Task<T> create(const T& object, CreateOptions options = {}) const {
    auto text =
        create_text(T::resource, key_of(object.metadata), body_of(object), std::move(options));
    return decoded<T>(std::move(text));
  }
  /// Replaces the object; 409 when object.metadata.resource_version is not the newest.
  /// Fields that T does not know are lost: prefer apply or patch.
  template <ApiObject T>
  Task<T> update(const T& object, UpdateOptions options = {}) const {
    auto text =
        update_text(T::resource, key_of(object.metadata), {}, body_of(object), std::move(options));
    return decoded<T>(std::move(text));
  }
  template <ApiObject T>
  Task<T> update_status(const T& object, UpdateOptions options = {}) const {
    auto text = update_text(T::resource, key_of(object.metadata), "status", body_of(object),
                            std::move(options));
    return decoded<T>(std::move(text));
  }
  /// Server-side apply; managed fields are stripped from the body.
  template <ApiObject T>
  Task<T> apply(const T& object, ApplyOptions options = {}) const {
    auto text =
        apply_text(T::resource, key_of(object.metadata), {}, body_of(object), std::move(options));
    return decoded<T>(std::move(text));
  }
  template <ApiObject T>
  Task<T> apply_status(const T& object, ApplyOptions options = {}) const {
    auto text = apply_text(T::resource, key_of(object.metadata), "status", body_of(object),
                           std::move(options));
    return decoded<T>(std::move(text));
  }
  template <ApiObject T>
  Task<T> patch(meta::ObjectKey key, PatchType type, json::Value patch,
                PatchOptions options = {}) const {
    auto text =
        patch_text(T::resource, std::move(key), {}, type, json::dump(patch), std::move(options));
    return decoded<T>(std::move(text));
  }
  template <ApiObject T>
  Task<T> patch_status(meta::ObjectKey key, PatchType type, json::Value patch,
                       PatchOptions options = {}) const {
    auto text = patch_text(T::resource, std::move(key), "status", type, json::dump(patch),
                           std::move(options));
    return decoded<T>(std::move(text));
  }
  /// Returns when the server accepted the deletion. False: there was no such object.
  template <ApiObject T>
  Task<bool> remove(meta::ObjectKey key, DeleteOptions options = {}) const {
    return remove(T::resource, std::move(key), std::move(options));
  }
  /// Deletes exactly this object: UID and resourceVersion are preconditions.
  template <ApiObject T>
  Task<bool> remove(const T& object, DeleteOptions options = {}) const {
    options.uid = object.metadata.uid;
    options.resource_version = object.metadata.resource_version;
    return remove(T::resource, key_of(object.metadata), std::move(options));
  }

  // Dynamic: resource and text (the object's JSON), or json::Value through json::parse/dump -------
  Task<std::string> get_text(meta::Resource resource, meta::ObjectKey key,
                             std::string subresource = {}, GetOptions options = {}) const;
  Task<std::optional<std::string>> find_text(meta::Resource resource, meta::ObjectKey key,
                                             GetOptions options = {}) const;
  Task<ListPage> list_page(meta::Resource resource, ListOptions options = {}) const;
  Task<std::unique_ptr<Watch>> watch(meta::Resource resource, WatchOptions options = {}) const;
  Task<std::string> create_text(meta::Resource resource, meta::ObjectKey key, std::string body,
                                CreateOptions options = {}, std::string subresource = {}) const;
  Task<std::string> update_text(meta::Resource resource, meta::ObjectKey key,
                                std::string subresource, std::string body,
                                UpdateOptions options = {}) const;
  Task<std::string> patch_text(meta::Resource resource, meta::ObjectKey key,
                               std::string subresource, PatchType type, std::string body,
                               PatchOptions options = {}) const;
  Task<std::string> apply_text(meta::Resource resource, meta::ObjectKey key,
                               std::string subresource, std::string body,
                               ApplyOptions options = {}) const;
  Task<bool> remove(meta::Resource resource, meta::ObjectKey key, DeleteOptions options = {}) const;
  /// GET of any path ("/version", "/readyz", ".../log?tailLines=5"): the body.
  Task<std::string> raw_get(std::string target) const;

  // Discovery -----------------------------------------------------------------------------------
  /// The resource that serves a kind, from the server's discovery (cached for a minute).
  /// ApiError 404 names the kind when the server does not know it (a missing CRD).
  Task<meta::Resource> resource_for(meta::GroupVersionKind kind) const;

  [[nodiscard]] Executor executor() const;
  [[nodiscard]] Environment& environment() const;
  [[nodiscard]] const Config& config() const;
  /// Breaks all connections now.
  void abort_connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
  std::shared_ptr<const WriteGate> gate_;
  std::string field_manager_;
  Duration timeout_{};

  static meta::ObjectKey key_of(const meta::ObjectMeta& metadata);
  template <ApiObject T>
  static std::string body_of(const T& object);
  template <ApiObject T>
  static Task<T> decoded(Task<std::string> text);
  template <ApiObject T>
  static Task<std::optional<T>> decoded_optional(Task<std::optional<std::string>> text);
  template <ApiObject T>
  static Task<List<T>> listed(Client client, ListOptions options);
};

}  // namespace windlass::inline v0::client

#include <windlass/client/detail/typed.hpp>
