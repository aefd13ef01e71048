#pragma once
// Who may do what: RBAC as kube-apiserver evaluates it.

#include <functional>
#include <string>
#include <vector>

#include <windlass/api_server/core.hpp>
#include <windlass/json/value.hpp>

#include "state.hpp"

namespace windlass::inline v0::api_server {

/// What a request wants, as an authorizer sees it. `path` for requests outside resources.
struct Attributes {
  std::string verb, group, plural, subresource, namespace_, name, path;
};
Attributes attributes_of(const Context& context, std::string_view verb);

struct Decision {
  bool allowed = false;
  std::string reason = {};  ///< "RBAC: allowed by RoleBinding ..."
};
Decision decide(State& state, const Identity& identity, const Attributes& attributes);
inline bool allowed(State& state, const Identity& identity, const Attributes& attributes) {
  return decide(state, identity, attributes).allowed;
}
/// The refusal of `attributes`, with the server's words.
Failure refusal(const Identity& identity, const Attributes& attributes);

/// Calls `visit` with every rule that `identity` has in `namespace_`, cluster-wide ones first.
void each_rule(State& state, const Identity& identity, const std::string& namespace_,
               const std::function<void(const json::Value& rule)>& visit);

/// Nobody grants what they do not have, unless they may "escalate" or "bind". Throws Failure(403).
void check_escalation(Context& context, const Resource& resource, const json::Value& object,
                      const json::Value* old_object);

/// Fills ClusterRoles that have an aggregationRule, as kube-controller-manager does.
void aggregate_roles(State& state);

/// The roles and bindings that every cluster has: cluster-admin, admin, edit, view, discovery.
std::vector<json::Value> bootstrap_roles();

}  // namespace windlass::inline v0::api_server
