#pragma once
// Everything that the core holds, and the parts of it that several files need.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <windlass/api_server/core.hpp>
#include <windlass/base/environment.hpp>
#include <windlass/cel/program.hpp>
#include <windlass/json/value.hpp>

#include "failure.hpp"
#include "registry.hpp"
#include "request.hpp"
#include "selector.hpp"
#include "store.hpp"

namespace windlass::inline v0::api_server {

class WatchStream;
struct Exchange;

/// Where an object is.
struct Location {
  std::string storage;
  ObjectName name;
  friend auto operator<=>(const Location&, const Location&) = default;
};

/// Who owns whom, by UID: what the garbage collector looks at.
struct Ownership {
  std::unordered_map<std::string, Location> by_uid;
  std::unordered_map<std::string, std::set<Location>> dependents;
  std::set<Location> terminating;  ///< deletion asked for, waiting for this process to finish it
};

/// More than times can be moved by is nobody's wish: 136 years.
constexpr std::int64_t kLongestSeconds = std::int64_t{1} << 32;

constexpr const char* kServerAudience = "https://kubernetes.default.svc";

/// An object that must go on existing for a token to be good.
struct BoundObject {
  std::string storage = {};  ///< empty: none
  ObjectName name = {};
  std::string uid = {};
};

struct Token {
  Identity identity;
  std::optional<WallTime> expires = std::nullopt;
  std::vector<std::string> audiences = {kServerAudience};
  BoundObject account = {};
  BoundObject bound = {};
};

struct State {
  State(Environment& environment, CoreOptions core_options)
      : env(environment), options(std::move(core_options)), store(options.watch_history) {}

  Environment& env;
  CoreOptions options;
  Registry registry;
  Store store;
  Ownership ownership;
  std::map<std::string, Token, std::less<>> tokens;
  std::vector<std::weak_ptr<WatchStream>> watches;
  std::uint32_t next_address = 1;
  std::map<std::string, Result<cel::Program>, std::less<>> conditions;  ///< of webhooks, compiled
  int settling = 0;
  std::function<void(std::string_view line)> on_change = {};
  ServiceResolver resolve_service = {};
  bool roles_changed = false;  ///< ClusterRoles are to be aggregated again
  std::function<void(const Observation&)> observer;

  [[nodiscard]] std::string now() const;        ///< "2026-01-02T03:04:05Z"
  [[nodiscard]] std::string now_micro() const;  ///< with six digits of fraction

  [[nodiscard]] StoredPtr get(const std::string& storage, const ObjectName& name) const {
    return store.get(storage, name);
  }
  /// All writes go through these two: they keep `ownership` and custom resources current.
  StoredPtr put(const Resource& resource, json::Value value);
  void remove(const Resource& resource, const StoredPtr& object);
  /// Brings back what a line of a journal says. Throws Exception(parse).
  void restore(const std::string& line);
  [[nodiscard]] std::string journal() const;

 private:
  void link(const Resource& resource, const Location& location, const json::Value& value);
  /// What kube-controller-manager makes in each new namespace.
  void fill_namespace(const std::string& name);
};

/// One request on its way through the core.
struct Context {
  State& state;
  const Identity& identity;
  const http::Request& request;
  Target target;
  ResourcePtr resource = nullptr;
  Wanted wanted = {};
  Exchange* exchange = nullptr;  ///< what an earlier run of the same request found out
  std::vector<std::string> warnings = {};
  /// By UID, what this request writes, as it will be read back: asked of a conversion webhook
  /// before the write.
  std::map<std::string, json::Value, std::less<>> written = {};

  [[nodiscard]] const Query& query() const { return target.query; }
  void warn(std::string text);
};

struct WriteOptions {
  bool dry_run = false;
  std::string field_manager;
  std::string field_validation = "Warn";
  bool force = false;
};
/// Reads and checks the options of a creation, update or patch. Throws Failure(422).
WriteOptions write_options(const Context& context);
/// As webhooks are sent them; `kind`: CreateOptions, or UpdateOptions, also for a patch.
json::Value options_document(const Context& context, const char* kind);
void check_dry_run(const std::vector<std::string>& values, Causes& causes);

std::string object_name(const json::Value& object);
std::string object_namespace(const json::Value& object);
ObjectName name_of(const json::Value& object);
std::string format_time(WallTime time, int digits);
/// Seconds since 1970 of an RFC 3339 time; none when it is not one.
std::optional<std::int64_t> parse_time(std::string_view text);

// metadata.cpp
/// Name, namespace, UID, times and generation of a new object. Throws Failure.
void prepare_metadata(Context& context, json::Value& object, const std::string& namespace_);
void validate_metadata(const Resource& resource, const json::Value& object, Causes& causes);
/// Kinds whose metadata is looked at when nothing else is wrong, and by the rules of all kinds.
bool checks_metadata_last(const Resource& resource);
/// An object that is not the one that a UID names.
Failure uid_conflict(const Resource& resource, const json::Value& object, std::string_view wanted,
                     std::string_view present, bool dry_run);
/// Carries over what clients cannot change, and checks the preconditions in the object.
void carry_metadata(const Context& context, const Resource& resource, const json::Value& old_object,
                    json::Value& object, const WriteOptions& options);
/// Warns of owners that are named twice, and drops them.
void warn_of_owners(Context& context, json::Value& object);
void validate_metadata_update(const Resource& resource, const json::Value& old_object,
                              const json::Value& object, Causes& causes);

// conform.cpp
/// Reads an object as its type or schema does: unknown fields, defaults. Throws Failure.
void conform(Context& context, const Resource& resource, json::Value& object,
             const WriteOptions& options);
/// Throws what `conform` would for a custom object whose metadata, or an embedded resource's,
/// cannot be read.
void check_readable(const Context& context, const Resource& resource, const json::Value& object);
/// From the stored to the requested version and back.
json::Value to_version(const Resource& resource, const json::Value& stored);
json::Value to_storage(const Resource& resource, json::Value object);
/// Drops what the schema of a custom resource does not know.
void drop_undeclared(const Resource& resource, json::Value& object);

/// Drops nulls, which mean absent: in metadata, and of built-in kinds (but events) everywhere.
void drop_nulls(const Resource& resource, json::Value& object);
/// Drops members that are null, everywhere.
void drop_nulls_below(json::Value& value);

// verbs.cpp
StoredPtr create_object(Context& context, const Resource& resource, json::Value object,
                        const std::string& namespace_, const WriteOptions& options);
StoredPtr update_object(Context& context, const Resource& resource, const StoredPtr& old_object,
                        json::Value object, const std::string& subresource,
                        const WriteOptions& options);
struct DeleteOptions {
  std::optional<std::int64_t> grace;
  std::string propagation;
  std::optional<std::string> uid;
  std::string resource_version;
  bool dry_run = false;
};
/// The object as it is afterwards; `gone` when it was removed at once.
StoredPtr delete_object(State& state, const Resource& resource, const StoredPtr& object,
                        const DeleteOptions& options, bool& gone);
StoredPtr require_object(State& state, const Resource& resource, const ObjectName& name);

// gc.cpp
void settle(State& state);

// crd.cpp
void crd_changed(State& state, const json::Value& crd);
void crd_removed(State& state, const json::Value& crd);
void default_crd(json::Value& crd);
void validate_crd(const json::Value& crd, const json::Value* old_crd, Causes& causes);
/// What creation sets: no names are accepted yet, and one version is stored.
void prepare_crd(json::Value& crd);
/// Names accepted and established, as the server's controllers write them.
void establish_crd(State& state, json::Value& crd);

// apply.cpp
/// As `track_update`, for what the server itself writes through "status".
void track_server_write(const State& state, const Resource& resource, const json::Value& old_object,
                        json::Value& object);
void track_update(Context& context, const Resource& resource, const json::Value* old_object,
                  json::Value& object, const std::string& subresource, const WriteOptions& options);

}  // namespace windlass::inline v0::api_server
