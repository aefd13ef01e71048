#pragma once
// Admission webhooks: which ones a request meets, what they are sent, and what their answers mean.
//
// The core is synchronous. A handler that needs a webhook's answer which the request's Exchange
// does not hold yet throws Suspended before it has changed anything; Core::answer makes the call
// and runs the handler again, which then finds the answer.

#include <map>
#include <optional>
#include <string>

#include <windlass/base/clock.hpp>
#include <windlass/base/error.hpp>
#include <windlass/cel/program.hpp>
#include <windlass/json/value.hpp>

#include "state.hpp"

namespace windlass::inline v0::api_server {

struct WebhookCall {
  std::string key;  ///< the same for the same call of a later run
  std::string host;
  std::uint16_t port = 443;
  std::string service_namespace = {}, service_name = {};  ///< empty: `host` is dialled
  std::string path = "/";
  std::string ca_pem = {};
  std::string url = {};  ///< for messages
  std::string body = {};
  Duration timeout{};
};

struct WebhookAnswer {
  int status = 0;
  std::string body = {};
  std::string error = {};  ///< not empty: the call failed
};

/// What one request remembers from run to run.
struct Exchange {
  std::map<std::string, WebhookAnswer> answers = {};
  std::map<std::string, std::string> remembered = {};
  std::optional<WebhookCall> wanted = std::nullopt;
  bool internal = false;  ///< the server's own request: no webhook sees it
};

/// Thrown through a handler; not an error.
struct Suspended {};

/// Whom a clientConfig names; key, body and timeout are the caller's.
WebhookCall call_to(const json::Value& client_config);
/// The answer to `call`. Throws Suspended when it is not there yet.
const WebhookAnswer& answer_to(Context& context, WebhookCall call);
/// Makes a call over the network of `caller`. Its failures are in the answer; throws
/// Exception(cancelled).
Task<WebhookAnswer> make_call(State* state, Environment* caller, Executor executor,
                              WebhookCall call);
void validate_webhook_client(const json::Value& config, const std::string& path, Causes& causes);

/// Random text of a request (a name, a UID) that must be the same in each run.
template <class Make>
std::string remember(Context& context, const std::string& what, Make make) {
  if (context.exchange == nullptr) return make();
  auto [entry, fresh] = context.exchange->remembered.try_emplace(what);
  if (fresh) entry->second = make();
  return entry->second;
}

enum class Operation : std::uint8_t { create, update, remove, connect };

/// A kind that is sent to a subresource and never stored.
struct SentKind {
  std::string group, version, kind;
  [[nodiscard]] std::string api_version() const {
    return group.empty() ? version : group + "/" + version;
  }
};

struct AdmissionRequest {
  const Resource& resource;
  Operation operation = Operation::create;
  std::string subresource = {};
  std::optional<SentKind> kind = std::nullopt;  ///< none: the resource's own
  std::string name = {}, namespace_ = {};
  const json::Value* old_object = nullptr;
  bool dry_run = false;
  json::Value options = nullptr;
};

bool has_mutating_webhooks(const State& state);
/// Sends `object` through the mutating webhooks; true when they changed it. Throws Failure,
/// Suspended.
bool admit_mutating(Context& context, const AdmissionRequest& request, json::Value& object);
/// Throws Failure when a validating webhook says no.
void admit_validating(Context& context, const AdmissionRequest& request, const json::Value& object);
/// Both, for what is sent to a subresource: a Scale, an Eviction, the options of a connection.
/// `request` has its `kind`; `object` gets it too.
void admit_sent(Context& context, const AdmissionRequest& request, json::Value& object);
/// Both, for a deletion of `old_object`.
void admit_removal(Context& context, const Resource& resource, const json::Value& old_object,
                   const DeleteOptions& options);

// admission_kinds.cpp
/// What match conditions may name.
const cel::Declarations& condition_variables();
void default_validating_policy(json::Value& policy);
void validate_validating_policy(const json::Value& policy, Causes& causes);
void validate_policy_binding(const json::Value& binding, Causes& causes);
void default_mutating_webhooks(json::Value& configuration);
void default_validating_webhooks(json::Value& configuration);
void validate_mutating_webhooks(const json::Value& configuration, Causes& causes);
void validate_validating_webhooks(const json::Value& configuration, Causes& causes);

}  // namespace windlass::inline v0::api_server
