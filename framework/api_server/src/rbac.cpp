#include "rbac.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "handlers.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

constexpr const char* kRbac = "rbac.authorization.k8s.io";

std::vector<std::string> strings_in(const Value& list) {
  std::vector<std::string> out;
  if (!list.is_array()) return out;
  for (const Value& entry : list.as_array()) out.emplace_back(entry.string_or(""));
  return out;
}

bool has(const Value& list, std::string_view wanted) {
  return list.is_array() &&
         std::any_of(list.as_array().begin(), list.as_array().end(), [&](const Value& entry) {
           return entry.string_or("") == wanted || entry.string_or("") == "*";
         });
}

bool has_path(const Value& urls, std::string_view path) {
  if (!urls.is_array()) return false;
  return std::any_of(urls.as_array().begin(), urls.as_array().end(), [&](const Value& entry) {
    const std::string_view url = entry.string_or("");
    return url == path || url == "*" ||
           (url.ends_with('*') && path.starts_with(url.substr(0, url.size() - 1)));
  });
}

bool has_resource(const Value& list, const std::string& plural, const std::string& subresource) {
  if (has(list, subresource.empty() ? plural : plural + "/" + subresource)) return true;
  return !subresource.empty() && has(list, "*/" + subresource);
}

bool rule_allows(const Value& rule, const Attributes& wanted) {
  if (!has(rule["verbs"], wanted.verb)) return false;
  if (!wanted.path.empty()) return has_path(rule["nonResourceURLs"], wanted.path);
  if (!has(rule["apiGroups"], wanted.group) ||
      !has_resource(rule["resources"], wanted.plural, wanted.subresource)) {
    return false;
  }
  const Value& names = rule["resourceNames"];
  if (!names.is_array() || names.as_array().empty()) return true;
  return std::any_of(names.as_array().begin(), names.as_array().end(), [&](const Value& name) {
    return name.string_or("") == wanted.name && !wanted.name.empty();
  });
}

bool is_member(const Identity& identity, std::string_view group) {
  return std::find(identity.groups.begin(), identity.groups.end(), group) != identity.groups.end();
}

bool subject_is(const Value& subject, const std::string& binding_namespace,
                const Identity& identity) {
  const std::string_view kind = subject["kind"].string_or("");
  const std::string name(subject["name"].string_or(""));
  if (kind == "User") return name == identity.user;
  if (kind == "Group") return is_member(identity, name);
  if (kind != "ServiceAccount") return false;
  const std::string_view given = subject["namespace"].string_or("");
  return identity.user == fmt::format("system:serviceaccount:{}:{}",
                                      given.empty() ? std::string_view(binding_namespace) : given,
                                      name);
}

const Value* subject_in(const Value& binding, const Identity& identity) {
  const Value& subjects = binding["subjects"];
  if (!subjects.is_array()) return nullptr;
  for (const Value& subject : subjects.as_array()) {
    if (subject_is(subject, object_namespace(binding), identity)) return &subject;
  }
  return nullptr;
}

StoredPtr role_of(State& state, const Value& binding) {
  const Value& reference = binding["roleRef"];
  const bool cluster = reference["kind"].string_or("") == "ClusterRole";
  return state.get(
      std::string(kRbac) + (cluster ? "/clusterroles" : "/roles"),
      {cluster ? "" : object_namespace(binding), std::string(reference["name"].string_or(""))});
}

std::string describe(const Value& binding, const Value& subject) {
  const auto named = [](const Value& name, const Value& namespace_) {
    const std::string_view space = namespace_.string_or("");
    return space.empty() ? quote_json(name.string_or(""))
                         : quote_json(fmt::format("{}/{}", name.string_or(""), space));
  };
  const Value& metadata = binding["metadata"];
  return fmt::format("RBAC: allowed by {} {} of {} {} to {} {}", binding["kind"].string_or(""),
                     named(metadata["name"], metadata["namespace"]),
                     binding["roleRef"]["kind"].string_or(""),
                     quote_json(binding["roleRef"]["name"].string_or("")),
                     subject["kind"].string_or(""), named(subject["name"], subject["namespace"]));
}

/// Calls `visit(rule, binding, subject)` until it returns true.
template <class Visit>
bool any_rule(State& state, const Identity& identity, const std::string& namespace_, Visit visit) {
  const auto try_binding = [&](const Value& binding) {
    const Value* subject = subject_in(binding, identity);
    if (subject == nullptr) return false;
    const StoredPtr role = role_of(state, binding);
    if (role == nullptr || !role->value()["rules"].is_array()) return false;
    const Array& rules = role->value()["rules"].as_array();
    return std::any_of(rules.begin(), rules.end(),
                       [&](const Value& rule) { return visit(rule, binding, *subject); });
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

}  // namespace

Decision decide(State& state, const Identity& identity, const Attributes& wanted) {
  if (!state.options.authorization || is_member(identity, "system:masters")) {
    return {.allowed = true};
  }
  Decision decision;
  decision.allowed = any_rule(state, identity, wanted.namespace_,
                              [&](const Value& rule, const Value& binding, const Value& subject) {
                                if (!rule_allows(rule, wanted)) return false;
                                decision.reason = describe(binding, subject);
                                return true;
                              });
  return decision;
}

void each_rule(State& state, const Identity& identity, const std::string& namespace_,
               const std::function<void(const Value& rule)>& visit) {
  if (!state.options.authorization || is_member(identity, "system:masters")) {
    visit(Object{{"verbs", Array{"*"}}, {"apiGroups", Array{"*"}}, {"resources", Array{"*"}}});
    visit(Object{{"verbs", Array{"*"}}, {"nonResourceURLs", Array{"*"}}});
    if (!state.options.authorization) return;
  }
  any_rule(state, identity, namespace_, [&](const Value& rule, const Value& binding, const Value&) {
    const bool repeated =
        is_member(identity, "system:masters") && object_name(binding) == "cluster-admin";
    if (!repeated) visit(rule);
    return false;
  });
}

Attributes attributes_of(const Context& context, std::string_view verb) {
  const Target& target = context.target;
  if (!target.resource_path) {
    Attributes out;
    out.verb = context.request.method;
    for (char& c : out.verb) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    out.path = std::string(context.request.target.substr(0, context.request.target.find('?')));
    return out;
  }
  Attributes out{.verb = std::string(verb),
                 .group = target.group,
                 .plural = target.plural,
                 .subresource = target.subresource,
                 .namespace_ = target.namespace_,
                 .name = target.name,
                 .path = {}};
  if (target.group.empty() && target.plural == "namespaces" && !target.name.empty())
    out.namespace_ = target.name;
  // a list or watch of one object by its name counts as a request for that name, as in
  // kube-apiserver
  if (out.name.empty() && (verb == "list" || verb == "watch" || verb == "deletecollection")) {
    constexpr std::string_view prefix = "metadata.name=";
    const std::string selector(target.query.get("fieldSelector"));
    if (selector.starts_with(prefix) && selector.find(',') == selector.npos) {
      out.name =
          selector.substr(selector[prefix.size()] == '=' ? prefix.size() + 1 : prefix.size());
    }
  }
  return out;
}

Failure refusal(const Identity& identity, const Attributes& wanted) {
  if (!wanted.path.empty()) {
    return {403, "Forbidden",
            fmt::format("forbidden: User {} cannot {} path {}", quote_json(identity.user),
                        wanted.verb, quote_json(wanted.path)),
            Object{}};
  }
  Resource resource;
  resource.group = wanted.group;
  resource.plural = wanted.plural;
  const std::string scope = wanted.namespace_.empty()
                                ? "at the cluster scope"
                                : fmt::format("in the namespace \"{}\"", wanted.namespace_);
  return Failure::forbidden(
      resource, wanted.name,
      fmt::format("User {} cannot {} resource \"{}{}{}\" in API group \"{}\" {}",
                  quote_json(identity.user), wanted.verb, wanted.plural,
                  wanted.subresource.empty() ? "" : "/", wanted.subresource, wanted.group, scope));
}

// Escalation.

namespace {

/// One permission: a rule of one verb on one thing.
struct Permission {
  std::string group, resource, name, url, verb;
};

std::vector<Permission> break_down(const Value& rule) {
  std::vector<Permission> out;
  const auto verbs = strings_in(rule["verbs"]);
  for (const std::string& url : strings_in(rule["nonResourceURLs"])) {
    for (const std::string& verb : verbs)
      out.push_back({.group = {}, .resource = {}, .name = {}, .url = url, .verb = verb});
  }
  auto names = strings_in(rule["resourceNames"]);
  if (names.empty()) names.emplace_back();
  for (const std::string& group : strings_in(rule["apiGroups"])) {
    for (const std::string& resource : strings_in(rule["resources"])) {
      for (const std::string& name : names) {
        for (const std::string& verb : verbs)
          out.push_back(
              {.group = group, .resource = resource, .name = name, .url = {}, .verb = verb});
      }
    }
  }
  return out;
}

bool covers(const Value& rule, const Permission& wanted) {
  if (!has(rule["verbs"], wanted.verb)) return false;
  if (!wanted.url.empty()) return has_path(rule["nonResourceURLs"], wanted.url);
  const auto slash = std::min(wanted.resource.find('/'), wanted.resource.size());
  const std::string plural = wanted.resource.substr(0, slash);
  const std::string sub = slash < wanted.resource.size() ? wanted.resource.substr(slash + 1) : "";
  if (!has(rule["apiGroups"], wanted.group) || !has_resource(rule["resources"], plural, sub)) {
    return false;
  }
  const auto names = strings_in(rule["resourceNames"]);
  return names.empty() || (!wanted.name.empty() &&
                           std::find(names.begin(), names.end(), wanted.name) != names.end());
}

std::string quoted_list(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& entry : list) out += (out.empty() ? "" : " ") + quote_json(entry);
  return out;
}

std::string describe_missing(const std::vector<Permission>& missing) {
  std::map<std::tuple<std::string, std::string, std::string, std::string>, std::vector<std::string>>
      verbs;
  for (const Permission& one : missing)
    verbs[{one.url, one.group, one.resource, one.name}].push_back(one.verb);
  std::string out;
  for (const auto& [key, list] : verbs) {
    const auto& [url, group, resource, name] = key;
    if (url.empty()) {
      out += fmt::format("\n{{APIGroups:[{}], Resources:[{}]", quote_json(group),
                         quote_json(resource));
      if (!name.empty()) out += fmt::format(", ResourceNames:[{}]", quote_json(name));
    } else {
      out += fmt::format("\n{{NonResourceURLs:[{}]", quote_json(url));
    }
    out += fmt::format(", Verbs:[{}]}}", quoted_list(list));
  }
  return out;
}

void check_covered(Context& context, const Resource& resource, const Value& object,
                   const Value& rules) {
  std::vector<Value> own;
  each_rule(context.state, context.identity, context.target.namespace_,
            [&](const Value& rule) { own.push_back(rule); });
  std::vector<Permission> missing;
  if (rules.is_array()) {
    for (const Value& rule : rules.as_array()) {
      for (Permission& one : break_down(rule)) {
        const bool covered = std::any_of(own.begin(), own.end(),
                                         [&](const Value& have) { return covers(have, one); });
        if (!covered) missing.push_back(std::move(one));
      }
    }
  }
  if (missing.empty()) return;
  throw Failure::forbidden(
      resource, object_name(object),
      fmt::format("user {} (groups=[{}]) is attempting to grant RBAC permissions not currently "
                  "held:{}",
                  quote_json(context.identity.user), quoted_list(context.identity.groups),
                  describe_missing(missing)));
}

}  // namespace

void check_escalation(Context& context, const Resource& resource, const Value& object,
                      const Value* old_object) {
  State& state = context.state;
  if (!state.options.authorization || resource.group != kRbac ||
      is_member(context.identity, "system:masters")) {
    return;
  }
  Attributes wanted{.verb = "escalate",
                    .group = kRbac,
                    .plural = resource.plural,
                    .subresource = {},
                    .namespace_ = context.target.namespace_,
                    .name = object_name(object),
                    .path = {}};
  if (resource.kind == "Role" || resource.kind == "ClusterRole") {
    if (old_object != nullptr && (*old_object)["rules"] == object["rules"] &&
        (*old_object)["aggregationRule"] == object["aggregationRule"]) {
      return;
    }
    if (allowed(state, context.identity, wanted)) return;
    Value rules = object["rules"];
    if (object["aggregationRule"].is_object()) {  // may come to hold anything
      rules =
          Array{Object{{"apiGroups", Array{"*"}}, {"resources", Array{"*"}}, {"verbs", Array{"*"}}},
                Object{{"nonResourceURLs", Array{"*"}}, {"verbs", Array{"*"}}}};
    }
    check_covered(context, resource, object, rules);
    return;
  }
  if (old_object != nullptr && (*old_object)["roleRef"] == object["roleRef"] &&
      (*old_object)["subjects"] == object["subjects"]) {
    return;
  }
  const std::string role(object.at_path({"roleRef", "name"}).string_or(""));
  const bool cluster = object.at_path({"roleRef", "kind"}).string_or("") == "ClusterRole";
  wanted.verb = "bind";
  wanted.plural = cluster ? "clusterroles" : "roles";
  wanted.name = role;
  if (allowed(state, context.identity, wanted)) return;
  const StoredPtr found = role_of(state, object);
  if (found == nullptr) {
    Resource missing;
    missing.group = kRbac;
    missing.plural = wanted.plural;
    throw Failure::not_found(missing, role);
  }
  check_covered(context, resource, object, found->value()["rules"]);
}

// Aggregation.

void aggregate_roles(State& state) {
  const std::string storage = std::string(kRbac) + "/clusterroles";
  const ResourcePtr resource = state.registry.storing(storage);
  bool changed = true;
  for (int round = 0; changed && round < 10; ++round) {  // a role may gather one that gathers
    changed = false;
    const auto roles = state.store.list(storage, "");
    for (const StoredPtr& role : roles) {
      const Value& selectors = role->value().at_path({"aggregationRule", "clusterRoleSelectors"});
      if (!selectors.is_array()) continue;
      Array rules;
      for (const StoredPtr& part : roles) {
        if (part == role || !part->value()["rules"].is_array()) continue;
        const bool chosen = std::any_of(
            selectors.as_array().begin(), selectors.as_array().end(), [&](const Value& selector) {
              return LabelSelector::from(selector).matches(part->value()["metadata"]["labels"]);
            });
        if (!chosen) continue;
        for (const Value& rule : part->value()["rules"].as_array()) {
          if (std::find(rules.begin(), rules.end(), rule) == rules.end()) rules.push_back(rule);
        }
      }
      const Value& now = role->value()["rules"];
      if (now.is_array() ? now.as_array() == rules : rules.empty()) continue;
      Value updated = role->value();
      updated["rules"] = std::move(rules);
      state.put(*resource, std::move(updated));
      changed = true;
    }
  }
}

// What every cluster has.

namespace {

struct RuleRow {
  const char* role;
  const char* groups;
  const char* resources;  ///< or URLs, which begin with "/"
  const char* verbs;
};

constexpr const char* kRead = "get,list,watch";
constexpr const char* kWrite = "create,delete,deletecollection,patch,update";

constexpr RuleRow kRules[] = {
    {"cluster-admin", "*", "*", "*"},
    {"cluster-admin", "", "/*", "*"},
    {"system:aggregate-to-view", "",
     "configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,"
     "replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status",
     kRead},
    {"system:aggregate-to-view", "",
     "bindings,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,"
     "resourcequotas,resourcequotas/status",
     kRead},
    {"system:aggregate-to-view", "", "namespaces", kRead},
    {"system:aggregate-to-view", ",events.k8s.io", "events", kRead},
    {"system:aggregate-to-view", "discovery.k8s.io", "endpointslices", kRead},
    {"system:aggregate-to-view", "apps",
     "controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,"
     "deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,"
     "statefulsets/scale,statefulsets/status",
     kRead},
    {"system:aggregate-to-view", "autoscaling",
     "horizontalpodautoscalers,horizontalpodautoscalers/status", kRead},
    {"system:aggregate-to-view", "batch", "cronjobs,cronjobs/status,jobs,jobs/status", kRead},
    {"system:aggregate-to-view", "policy", "poddisruptionbudgets,poddisruptionbudgets/status",
     kRead},
    {"system:aggregate-to-view", "networking.k8s.io", "ingresses,ingresses/status,networkpolicies",
     kRead},
    {"system:aggregate-to-edit", "",
     "pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy", kRead},
    {"system:aggregate-to-edit", "", "serviceaccounts", "impersonate"},
    {"system:aggregate-to-edit", "", "pods,pods/attach,pods/exec,pods/portforward,pods/proxy",
     kWrite},
    {"system:aggregate-to-edit", "", "pods/eviction", "create"},
    {"system:aggregate-to-edit", "",
     "configmaps,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,"
     "secrets,serviceaccounts,services,services/proxy",
     kWrite},
    {"system:aggregate-to-edit", "", "serviceaccounts/token", "create"},
    {"system:aggregate-to-edit", ",events.k8s.io", "events", kWrite},
    {"system:aggregate-to-edit", "apps",
     "daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,"
     "statefulsets,statefulsets/scale",
     kWrite},
    {"system:aggregate-to-edit", "autoscaling", "horizontalpodautoscalers", kWrite},
    {"system:aggregate-to-edit", "batch", "cronjobs,jobs", kWrite},
    {"system:aggregate-to-edit", "policy", "poddisruptionbudgets", kWrite},
    {"system:aggregate-to-edit", "networking.k8s.io", "ingresses,networkpolicies", kWrite},
    {"system:aggregate-to-edit", "coordination.k8s.io", "leases",
     "create,delete,deletecollection,get,list,patch,update,watch"},
    {"system:aggregate-to-admin", "authorization.k8s.io", "localsubjectaccessreviews", "create"},
    {"system:aggregate-to-admin", kRbac, "rolebindings,roles",
     "create,delete,deletecollection,get,list,patch,update,watch"},
    {"system:basic-user", "authorization.k8s.io",
     "selfsubjectaccessreviews,selfsubjectrulesreviews", "create"},
    {"system:basic-user", "authentication.k8s.io", "selfsubjectreviews", "create"},
    {"system:discovery", "",
     "/api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/",
     "get"},
    {"system:public-info-viewer", "", "/healthz,/livez,/readyz,/version,/version/", "get"},
};

constexpr std::pair<const char*, const char*> kBindings[] = {
    {"cluster-admin", "system:masters"},
    {"system:basic-user", "system:authenticated"},
    {"system:discovery", "system:authenticated"},
    {"system:public-info-viewer", "system:authenticated,system:unauthenticated"},
};

Array words(std::string_view text) {
  Array out;
  for (;;) {
    const auto comma = text.find(',');
    out.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

Value bootstrap_object(const char* kind, const std::string& name) {
  Value out;
  out["apiVersion"] = "rbac.authorization.k8s.io/v1";
  out["kind"] = kind;
  out["metadata"] =
      Object{{"name", name},
             {"labels", Object{{"kubernetes.io/bootstrapping", "rbac-defaults"}}},
             {"annotations", Object{{"rbac.authorization.kubernetes.io/autoupdate", "true"}}}};
  return out;
}

}  // namespace

std::vector<Value> bootstrap_roles() {
  std::vector<Value> out;
  std::map<std::string, Value> roles;
  const std::string label = "rbac.authorization.k8s.io/aggregate-to-";
  for (const RuleRow& row : kRules) {
    Value& role = roles[row.role];
    if (role.is_null()) role = bootstrap_object("ClusterRole", row.role);
    if (std::string_view(row.role).starts_with("system:aggregate-to-")) {
      role["metadata"]["labels"][label + std::string(row.role).substr(20)] = "true";
    }
    Object rule{{"verbs", words(row.verbs)}};
    const std::string_view things(row.resources);
    if (things.starts_with('/')) {
      rule.set("nonResourceURLs", things == "/*" ? words("*") : words(things));
    } else {
      rule.set("apiGroups", words(row.groups));
      rule.set("resources", words(things));
    }
    Value& rules = role["rules"];
    if (rules.is_null()) rules = Array{};
    rules.as_array().emplace_back(std::move(rule));
  }
  for (auto& entry : roles) out.push_back(std::move(entry.second));
  for (const auto& [name, above] :
       {std::pair("view", "edit"), std::pair("edit", "admin"), std::pair("admin", "")}) {
    Value role = bootstrap_object("ClusterRole", name);
    if (*above != '\0') role["metadata"]["labels"][label + above] = "true";
    role["aggregationRule"] = Object{
        {"clusterRoleSelectors", Array{Object{{"matchLabels", Object{{label + name, "true"}}}}}}};
    out.push_back(std::move(role));
  }
  for (const auto& [role, groups] : kBindings) {
    Value binding = bootstrap_object("ClusterRoleBinding", role);
    binding["roleRef"] = Object{{"apiGroup", kRbac}, {"kind", "ClusterRole"}, {"name", role}};
    Array subjects;
    for (const Value& group : words(groups)) {
      subjects.emplace_back(Object{{"apiGroup", kRbac}, {"kind", "Group"}, {"name", group}});
    }
    binding["subjects"] = std::move(subjects);
    out.push_back(std::move(binding));
  }
  return out;
}

}  // namespace windlass::inline v0::api_server
