#pragma once
// The in-memory Kubernetes API: request values in, response values out, no sockets.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/api_server/pod_runtime.hpp>
#include <windlass/base/environment.hpp>
#include <windlass/base/task.hpp>
#include <windlass/http/message.hpp>
#include <windlass/json/value.hpp>

namespace windlass::inline v0::api_server {

/// Who asks. An empty user name is system:anonymous.
struct Identity {
  std::string user;
  std::vector<std::string> groups = {};
  std::string uid = {};
  std::map<std::string, std::vector<std::string>> extra = {};

  /// system:admin in system:masters: allowed everything.
  static Identity admin();
};

/// A body that arrives over time: the lines of a watch. Lives on the core's executor.
class EventStream {
 public:
  virtual ~EventStream() = default;
  /// Waits for what `take` needs from elsewhere: conversion webhooks, called from `executor`. To be
  /// awaited before `take`, which otherwise gives nothing more from the first such event on. The
  /// stream must outlive the task.
  virtual Task<void> prepare(Executor executor);
  /// What arrived since the last call, as JSON lines; empty when nothing did.
  virtual std::string take() = 0;
  /// True when nothing will arrive after what `take` returns now.
  [[nodiscard]] virtual bool ended() const = 0;
  /// When `take` is to be called even if `on_ready` was not: a bookmark or the end is due.
  [[nodiscard]] virtual std::optional<SteadyTime> wakes_at() const = 0;
  /// `callback` runs when there is something to take; it must not call back into the core.
  virtual void on_ready(std::function<void()> callback) = 0;
};

/// A connection to a pod that a request was granted.
struct Connect {
  enum class Kind : std::uint8_t { exec, attach, port_forward };
  Kind kind = Kind::exec;
  ExecRequest request;  ///< of a port forwarding: the pod alone
};

/// An answer: `response`, followed by `stream` (a watch) or by a pod's log when one is set, or
/// replaced by the upgrade that `connect` needs.
struct Reply {
  http::Response response;
  std::shared_ptr<EventStream> stream = nullptr;
  std::optional<LogRequest> log = std::nullopt;
  std::optional<Connect> connect = std::nullopt;
};

/// A write that was just made. The references live for the call only.
struct Observation {
  std::uint64_t revision = 0;
  const std::string& collection;  ///< "<group>/<plural>"
  const json::Value* before;      ///< null for a creation
  const json::Value* now;         ///< null for a removal
};

/// Where port `port` of a Service is reached.
using ServiceResolver = std::function<Result<Endpoint>(
    const std::string& namespace_, const std::string& name, std::uint16_t port)>;

/// For several servers over one core, as simulations have them.
struct Answering {
  Environment* caller = nullptr;  ///< calls the webhooks; null: the core's own environment
  /// Called around each look at the request; between two looks a webhook is awaited.
  std::function<void(bool begins)> at_work = {};
};

struct CoreOptions {
  /// Evaluate Roles and bindings, of which the usual ones (cluster-admin, admin, edit, view,
  /// system:discovery ...) are there from the start. Members of system:masters are allowed
  /// everything all the same. Without it, everybody is, and anybody may be impersonated.
  bool authorization = false;
  /// Requests without credentials are system:anonymous instead of 401.
  bool anonymous = false;
  /// Services get addresses from here: base and size of the range.
  std::string service_address_base = "10.96.0.0";
  std::uint32_t service_address_count = 65534;
  /// Endpoints may have loopback addresses, which kube-apiserver refuses: for pods that are
  /// processes of this machine.
  bool loopback_endpoints = false;
  /// Per kind: how many changes a watch may lag behind before 410 Gone.
  std::size_t watch_history = 10'000;
  /// Owners' dependents are deleted, terminating namespaces emptied: what kube-controller-manager
  /// does.
  bool garbage_collection = true;
  /// A ServiceAccount "default" and ConfigMap "kube-root-ca.crt" in every namespace.
  bool namespace_defaults = true;
  std::string ca_pem = {};  ///< published in kube-root-ca.crt
  /// The lines of an earlier core's `journal()` and what its `on_change` was told after that: this
  /// one starts from there.
  std::vector<std::string> journal = {};
  /// How often a watch that asked for bookmarks gets one.
  Duration bookmark_interval = std::chrono::minutes(1);
};

/// The API server without its sockets. Single-threaded: use it on one executor. Starts with the
/// namespaces default, kube-system, kube-public and kube-node-lease and every kind that Windlass
/// has types for.
///
/// Means to answer as kube-apiserver v1.36 does; docs/api-server-differences.md lists what differs.
/// It is for development and tests.
class Core {
 public:
  explicit Core(Environment& environment, CoreOptions options = {});
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// Answers one request, as the identity of its Impersonate- headers if `identity` may take it.
  /// Never throws for anything a client can send.
  /// Where admission webhooks are configured that see the request, use `answer`: here it is a 500.
  Reply handle(const http::Request& request, const Identity& identity);
  /// The same, waiting for admission webhooks, which it calls from `executor` over the
  /// environment's network. The core must outlive the task.
  Task<Reply> answer(Executor executor, http::Request request, Identity identity,
                     Answering how = {});
  /// As `handle`, as a request of the server itself: no webhook sees it.
  Reply handle_as_own(const http::Request& request);
  /// Who knows where the Services of webhooks are. Default: their cluster addresses.
  void set_service_resolver(ServiceResolver resolver);

  /// The identity behind an Authorization header or a client certificate (common name and
  /// organizations); none when the credentials are not valid (answer with `unauthorized`).
  std::optional<Identity> authenticate(const http::Headers& headers, const std::string& common_name,
                                       const std::vector<std::string>& organizations);
  static http::Response unauthorized();

  /// Adds a bearer token that lives as long as the core.
  void add_token(std::string token, Identity identity);
  /// Adds a user name for impersonation-free tests: a random bearer token of this identity.
  std::string issue_token(const Identity& identity);

  /// The whole state as the lines from which another core can start, each with its end.
  [[nodiscard]] std::string journal() const;
  /// `listener` gets every later change as one such line (without its end), before the answer of
  /// the request that made it is there.
  void on_change(std::function<void(std::string_view line)> listener);
  /// The verb of a request as authorizers and audit logs name it: "get", "list", "watch", ...
  static std::string verb(const http::Request& request);

  /// The store's version: the resourceVersion of the last write.
  [[nodiscard]] std::uint64_t revision() const;
  /// Forgets history up to `revision` (0: all of it): watches and lists at older versions get 410.
  void compact(std::uint64_t revision = 0);
  /// `observer` hears of every object that is there, as of its creation, and from then on of every
  /// write at once, also of the server's own (garbage collection); it must not call back into the
  /// core. For simulations.
  void observe(std::function<void(const Observation&)> observer);
  /// Ends every open watch, as a server does that restarts.
  void end_watches();
  /// Creates or replaces objects (with their apiVersion, kind, metadata as given) as an
  /// administrator: what a test starts from. Throws Exception naming the object that was refused.
  void seed(const std::vector<json::Value>& objects);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::inline v0::api_server
