// Who may do what: the access reviews and RBAC.

#include <algorithm>

#include <fmt/format.h>

#include "handlers.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

bool has(const Value& list, std::string_view wanted) {
  return list.is_array() &&
         std::any_of(list.as_array().begin(), list.as_array().end(), [&](const Value& entry) {
           return entry.string_or("") == wanted || entry.string_or("") == "*";
         });
}

bool rule_allows(const Value& rule, const Attributes& wanted) {
  if (!has(rule["verbs"], wanted.verb)) return false;
  if (!wanted.path.empty()) {
    if (!rule["nonResourceURLs"].is_array()) return false;
    for (const Value& entry : rule["nonResourceURLs"].as_array()) {
      std::string_view url = entry.string_or("");
      if (url == wanted.path || url == "*") return true;
      if (url.ends_with('*') && wanted.path.starts_with(url.substr(0, url.size() - 1))) return true;
    }
    return false;
  }
  if (!has(rule["apiGroups"], wanted.group)) return false;
  const std::string resource =
      wanted.subresource.empty() ? wanted.plural : wanted.plural + "/" + wanted.subresource;
  if (!has(rule["resources"], resource) &&
      (wanted.subresource.empty() || !has(rule["resources"], "*/" + wanted.subresource))) {
    return false;
  }
  const Value& names = rule["resourceNames"];
  if (!names.is_array() || names.as_array().empty()) return true;
  return std::any_of(names.as_array().begin(), names.as_array().end(), [&](const Value& name) {
    return name.string_or("") == wanted.name && !wanted.name.empty();
  });
}

bool subject_is(const Value& subject, const std::string& binding_namespace,
                const Identity& identity) {
  const std::string_view kind = subject["kind"].string_or("");
  const std::string name(subject["name"].string_or(""));
  if (kind == "User") return name == identity.user;
  if (kind == "Group")
    return std::find(identity.groups.begin(), identity.groups.end(), name) != identity.groups.end();
  if (kind != "ServiceAccount") return false;
  const std::string_view given = subject["namespace"].string_or("");
  return identity.user == fmt::format("system:serviceaccount:{}:{}",
                                      given.empty() ? std::string_view(binding_namespace) : given,
                                      name);
}

bool bound(const Value& binding, const Identity& identity) {
  const Value& subjects = binding["subjects"];
  return subjects.is_array() &&
         std::any_of(subjects.as_array().begin(), subjects.as_array().end(),
                     [&](const Value& subject) {
                       return subject_is(subject, object_namespace(binding), identity);
                     });
}

constexpr const char* kRbac = "rbac.authorization.k8s.io";

/// Calls `visit` with every rule that `identity` has in `namespace_` until it returns true.
template <class Visit>
bool any_rule(State& state, const Identity& identity, const std::string& namespace_, Visit visit) {
  const auto try_binding = [&](const Value& binding) {
    if (!bound(binding, identity)) return false;
    const Value& reference = binding["roleRef"];
    const bool cluster = reference["kind"].string_or("") == "ClusterRole";
    const StoredPtr role = state.get(
        std::string(kRbac) + (cluster ? "/clusterroles" : "/roles"),
        {cluster ? "" : object_namespace(binding), std::string(reference["name"].string_or(""))});
    if (role == nullptr || !role->value()["rules"].is_array()) return false;
    const Array& rules = role->value()["rules"].as_array();
    return std::any_of(rules.begin(), rules.end(), visit);
  };
  for (const StoredPtr& binding :
       state.store.list(std::string(kRbac) + "/clusterrolebindings", "")) {
    if (try_binding(binding->value())) return true;
  }
  if (namespace_.empty()) return false;
  for (const StoredPtr& binding :
       state.store.list(std::string(kRbac) + "/rolebindings", namespace_)) {
    if (try_binding(binding->value())) return true;
  }
  return false;
}

/// What system:basic-user and system:public-info-viewer allow to everybody who is authenticated.
bool allowed_to_all(const Attributes& wanted) {
  if (!wanted.path.empty()) return wanted.verb == "get";
  if (wanted.verb != "create") return false;
  return wanted.plural == "selfsubjectreviews" || wanted.plural == "selfsubjectaccessreviews" ||
         wanted.plural == "selfsubjectrulesreviews";
}

}  // namespace

bool allowed(State& state, const Identity& identity, const Attributes& wanted) {
  if (!state.options.authorization) return true;
  if (std::find(identity.groups.begin(), identity.groups.end(), "system:masters") !=
      identity.groups.end())
    return true;
  if (allowed_to_all(wanted)) return true;
  return any_rule(state, identity, wanted.namespace_,
                  [&](const Value& rule) { return rule_allows(rule, wanted); });
}

Attributes attributes_of(const Context& context, std::string_view verb) {
  const Target& target = context.target;
  Attributes out{.verb = std::string(verb),
                 .group = target.group,
                 .plural = target.plural,
                 .subresource = target.subresource,
                 .namespace_ = target.namespace_,
                 .name = target.name,
                 .path = {}};
  if (target.group.empty() && target.plural == "namespaces" && !target.name.empty())
    out.namespace_ = target.name;
  // a list or watch of one object by its name counts as a request for that name, as in kube-apiserver
  if (out.name.empty() && (verb == "list" || verb == "watch" || verb == "deletecollection")) {
    constexpr std::string_view prefix = "metadata.name=";
    const std::string selector(target.query.get("fieldSelector"));
    if (selector.starts_with(prefix) && selector.find(',') == selector.npos) {
      out.name = selector.substr(selector[prefix.size()] == '=' ? prefix.size() + 1 : prefix.size());
    }
  }
  return out;
}

namespace {

Identity identity_in(const Value& spec) {
  Identity identity{.user = std::string(spec["user"].string_or(""))};
  if (spec["groups"].is_array()) {
    for (const Value& group : spec["groups"].as_array())
      identity.groups.emplace_back(group.string_or(""));
  }
  return identity;
}

Attributes attributes_in(const Value& spec) {
  const Value& resource = spec["resourceAttributes"];
  const Value& other = spec["nonResourceAttributes"];
  const auto text = [](const Value& value) { return std::string(value.string_or("")); };
  if (other.is_object()) {
    Attributes out;
    out.verb = text(other["verb"]);
    out.path = text(other["path"]);
    return out;
  }
  return {.verb = text(resource["verb"]),
          .group = text(resource["group"]),
          .plural = text(resource["resource"]),
          .subresource = text(resource["subresource"]),
          .namespace_ = text(resource["namespace"]),
          .name = text(resource["name"]),
          .path = {}};
}

Object user_info(const Identity& identity) {
  Array groups;
  for (const std::string& group : identity.groups) groups.emplace_back(group);
  Object out{{"username", identity.user}, {"groups", std::move(groups)}};
  if (!identity.uid.empty()) out.set("uid", identity.uid);
  return out;
}

Object rules_of(State& state, const Identity& identity, const std::string& namespace_) {
  Array resource_rules, other_rules;
  const auto add = [&](const Value& rule) {
    Value copy = rule;
    (rule["nonResourceURLs"].is_array() ? other_rules : resource_rules).push_back(std::move(copy));
    return false;
  };
  const bool master = !state.options.authorization ||
                      std::find(identity.groups.begin(), identity.groups.end(), "system:masters") !=
                          identity.groups.end();
  if (master) {
    resource_rules.emplace_back(
        Object{{"verbs", Array{"*"}}, {"apiGroups", Array{"*"}}, {"resources", Array{"*"}}});
    other_rules.emplace_back(Object{{"verbs", Array{"*"}}, {"nonResourceURLs", Array{"*"}}});
  } else {
    any_rule(state, identity, namespace_, add);
  }
  return {{"resourceRules", std::move(resource_rules)},
          {"nonResourceRules", std::move(other_rules)},
          {"incomplete", false}};
}

}  // namespace

Reply handle_review(Context& context) {
  State& state = context.state;
  const std::string& kind = context.resource->kind;
  Value review = read_body(context);
  if (!review.is_object()) throw Failure::bad_request("the review must be an object");
  review["apiVersion"] = context.resource->api_version();
  review["kind"] = kind;
  if (review["metadata"].is_null()) review["metadata"] = Object{};
  if (kind == "SelfSubjectReview") {
    review["metadata"]["creationTimestamp"] = state.now();
    review["status"] = Object{{"userInfo", user_info(context.identity)}};
  } else if (kind == "TokenReview") {
    const auto found = state.tokens.find(review.at_path({"spec", "token"}).string_or(""));
    Object status{{"authenticated", found != state.tokens.end()}};
    if (found != state.tokens.end()) status.set("user", user_info(found->second));
    review["status"] = std::move(status);
  } else if (kind == "SelfSubjectRulesReview") {
    review["status"] = rules_of(state, context.identity,
                                std::string(review.at_path({"spec", "namespace"}).string_or("")));
  } else if (kind == "Binding") {
    throw Failure::method_not_allowed(*context.resource, "create");
  } else {
    const bool self = kind == "SelfSubjectAccessReview";
    const Identity who = self ? context.identity : identity_in(review["spec"]);
    review["status"] = Object{{"allowed", allowed(state, who, attributes_in(review["spec"]))}};
  }
  return {json_response(201, review)};
}

}  // namespace windlass::inline v0::api_server
