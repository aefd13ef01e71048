#pragma once
// Who may do what: from what a program says of itself to RBAC rules, and from recorded requests
// back.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <windlass/json/value.hpp>

#include "scaffold/project.hpp"

namespace windlass::inline v0::scaffold {

/// One verb on one resource of one group: {"apps", "deployments/status", "update"}.
struct Right {
  std::string group, resource, verb;
  friend auto operator<=>(const Right&, const Right&) = default;
};
using Rights = std::set<Right>;

/// What `<operator> --describe` printed, as rights. A kind that is watched is read from the cache,
/// so `get` of it needs no right. Whoever creates objects that block their owner's deletion has to
/// be allowed to update the owner's finalizers. Errc::parse for another document.
Result<Rights> rights_of_program(const json::Value& description);
/// What the controllers of a fresh scaffold ask for.
Rights rights_of_scaffold(const Project& project);
/// The `rules` of a Role, ClusterRole or of config/rbac/extra_rules.yaml; resourceNames are not
/// told apart.
Rights rights_of_rules(const json::Value& rules);
/// Requests that were recorded, one JSON object per line: of `windlass dev --record` (verb and
/// path), audit events of an API server (verb and objectRef), or method and target (a simulation's
/// --record). Lines that are no requests for objects are left out, and with `user` those of others.
/// Errc::parse names the line.
Result<Rights> rights_of_recording(std::string_view text, std::string_view user = {});

/// The right that a request asks for; empty verb: none for an object.
Right right_of_request(std::string_view method, std::string_view target);

/// Who the operator is in a cluster, as config/default deploys it, and in `windlass dev`.
std::string operator_user(const Project& project);

/// config/rbac/role.yaml: one rule per group and set of verbs. `extra` are rules that are taken
/// over as they are.
std::string role_yaml(const Project& project, const Rights& rights, const json::Value& extra = {});

struct Comparison {
  std::vector<Right> missing;  ///< asked for, not allowed
  std::vector<Right> unused;   ///< allowed, never asked for
};
/// Rights on finalizers are never unused: the server asks for them, no request does.
Comparison compare(const Rights& allowed, const Rights& asked);

/// Block style, keys in order; strings are quoted where another reader could take them for
/// something else.
std::string to_yaml(const json::Value& value);

}  // namespace windlass::inline v0::scaffold
