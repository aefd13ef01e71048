#include "scaffold/rights.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace windlass::inline v0::scaffold {
namespace {

using json::Value;

constexpr std::array<std::string_view, 8> kVerbs = {
    "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"};

std::size_t order_of(const std::string& verb) {
  return static_cast<std::size_t>(std::find(kVerbs.begin(), kVerbs.end(), verb) - kVerbs.begin());
}

void allow(Rights& rights, const std::string& group, const std::string& resource,
           std::initializer_list<const char*> verbs) {
  for (const auto* verb : verbs) rights.insert({group, resource, verb});
}

std::vector<std::string> strings(const Value& list) {
  std::vector<std::string> out;
  if (!list.is_array()) return out;
  for (const auto& entry : list.as_array()) out.emplace_back(entry.string_or(""));
  return out;
}

std::string flow(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words)
    out += (out.empty() ? "" : ", ") + (word.empty() ? std::string("\"\"") : word);
  return "[" + out + "]";
}

bool is_plain(std::string_view text) {
  static const std::set<std::string_view> words = {"y",   "n",    "yes",   "no",   "on",
                                                   "off", "true", "false", "null", "~"};
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (words.contains(low)) return false;
  if (std::isalpha(static_cast<unsigned char>(text.front())) == 0 && text.front() != '/' &&
      text.front() != '_')
    return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos)
    return false;
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= ' ' && c < 0x7F; });
}

bool is_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == ' ' || text.front() == '\n')
    return false;
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c == '\n' || (c >= ' ' && c != 0x7F); });
}

void emit(std::string& out, const Value& value, std::size_t indent, bool in_list);

void emit_text(std::string& out, const std::string& text, std::size_t indent) {
  if (is_plain(text)) {
    out += text;
  } else if (is_block(text)) {
    out += text.back() != '\n' ? "|-" : text.ends_with("\n\n") ? "|+" : "|";
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      out += '\n';
      if (end > 0) out += std::string(indent + 2, ' ') + std::string(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  } else {
    out += json::dump(Value(text));
  }
}

void emit_member(std::string& out, const std::string& key, const Value& value, std::size_t indent) {
  out += is_plain(key) ? key : json::dump(Value(key));
  out += ':';
  const bool nested = (value.is_object() && !value.as_object().empty()) ||
                      (value.is_array() && !value.as_array().empty());
  if (!nested) out += ' ';
  emit(out, value, indent, false);
}

/// A value after "key:" or "- "; ends with a newline.
void emit(std::string& out, const Value& value, std::size_t indent, bool in_list) {
  if (value.is_object() && !value.as_object().empty()) {
    bool first = in_list;
    if (!in_list) out += '\n';
    for (const auto& [key, member] : value.as_object()) {
      if (!first) out += std::string(indent + 2, ' ');
      first = false;
      emit_member(out, key, member, indent + 2);
    }
    return;
  }
  if (value.is_array() && !value.as_array().empty()) {
    if (!in_list) out += '\n';
    bool first = in_list;
    for (const auto& element : value.as_array()) {
      if (!first) out += std::string(in_list ? indent + 2 : indent, ' ');
      first = false;
      out += "- ";
      emit(out, element, in_list ? indent + 2 : indent, true);
    }
    return;
  }
  if (value.is_string()) {
    emit_text(out, value.as_string(), indent);
  } else {
    out += value.is_object() ? "{}" : value.is_array() ? "[]" : json::dump(value);
  }
  out += '\n';
}

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash != 0) parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

/// Who sent a recorded request, impersonation included.
std::string_view sender_of(const Value& event) {
  for (const auto* name : {"as", "user"}) {
    if (event[name].is_string()) return event[name].string_or("");
  }
  const auto as = event["impersonatedUser"]["username"].string_or("");
  return as.empty() ? event["user"]["username"].string_or("") : as;
}

std::int64_t code_of(const Value& event) {
  return event["code"].integer_or(event["responseStatus"]["code"].integer_or(0));
}

Right right_of_event(const Value& event) {
  if (event["objectRef"].is_object()) {
    const auto& object = event["objectRef"];
    Right right{std::string(object["apiGroup"].string_or("")),
                std::string(object["resource"].string_or("")),
                std::string(event["verb"].string_or(""))};
    const auto subresource = object["subresource"].string_or("");
    if (!subresource.empty()) right.resource += "/" + std::string(subresource);
    return right;
  }
  for (const auto* name : {"target", "path", "requestURI"}) {
    if (!event[name].is_string()) continue;
    auto right = right_of_request(event["method"].string_or("GET"), event[name].string_or(""));
    if (event["verb"].is_string() && !right.verb.empty()) right.verb = event["verb"].as_string();
    return right;
  }
  return {};
}

}  // namespace

Result<Rights> rights_of_program(const Value& description) {
  if (!description["uses"].is_array()) {
    return Error{
        Errc::parse,
        "the operator's --describe printed no list of uses; link it with this version of Windlass"};
  }
  Rights rights;
  std::set<std::pair<std::string, std::string>> watched;
  std::vector<std::pair<std::string, std::string>> primaries;
  bool creates = false;
  const auto& uses = description["uses"].as_array();
  for (const auto& entry : uses) {
    const auto use = entry["use"].string_or("");
    if (use != "reconcile" && use != "watch") continue;
    const std::pair kind{std::string(entry["group"].string_or("")),
                         std::string(entry["plural"].string_or(""))};
    watched.insert(kind);
    if (use == "reconcile") primaries.push_back(kind);
  }
  for (const auto& entry : uses) {
    const auto use = entry["use"].string_or("");
    const std::string group(entry["group"].string_or(""));
    const std::string plural(entry["plural"].string_or(""));
    if (use == "reconcile" || use == "watch") allow(rights, group, plural, {"list", "watch"});
    const bool reads = use == "get" || use == "apply";
    if (reads && !watched.contains({group, plural})) allow(rights, group, plural, {"get"});
    if (use == "apply") allow(rights, group, plural, {"create", "patch"});
    if (use == "create") allow(rights, group, plural, {"create"});
    if (use == "patch") allow(rights, group, plural, {"patch"});
    if (use == "updateStatus") allow(rights, group, plural + "/status", {"update"});
    if (use == "remove") allow(rights, group, plural, {"delete"});
    if (use == "event") allow(rights, "events.k8s.io", "events", {"create", "patch"});
    creates = creates || use == "apply" || use == "create";
  }
  if (creates) {
    for (const auto& [group, plural] : primaries)
      allow(rights, group, plural + "/finalizers", {"update"});
  }
  return rights;
}

Rights rights_of_scaffold(const Project& project) {
  json::Array uses;
  const auto add = [&uses](const std::string& group, const std::string& plural, const char* use) {
    Value entry;
    entry["group"] = group;
    entry["plural"] = plural;
    entry["use"] = use;
    uses.push_back(std::move(entry));
  };
  for (const auto& resource : project.resources) {
    if (!resource.controller) continue;
    add(resource.full_group(), resource.plural, "reconcile");
    if (!resource.own) continue;
    add(resource.full_group(), resource.plural, "updateStatus");
    add("", "configmaps", "watch");
    add("", "configmaps", "apply");
  }
  Value description;
  description["uses"] = std::move(uses);
  return rights_of_program(description).value();
}

Rights rights_of_rules(const Value& rules) {
  Rights rights;
  if (!rules.is_array()) return rights;
  for (const auto& rule : rules.as_array()) {
    for (const auto& group : strings(rule["apiGroups"])) {
      for (const auto& resource : strings(rule["resources"])) {
        for (const auto& verb : strings(rule["verbs"])) rights.insert({group, resource, verb});
      }
    }
  }
  return rights;
}

Right right_of_request(std::string_view method, std::string_view target) {
  const auto question = target.find('?');
  const auto query =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  auto parts = split_path(target.substr(0, question));
  Right right;
  if (parts.size() >= 3 && parts[0] == "api") {
    parts.erase(parts.begin(), parts.begin() + 2);
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    right.group = parts[1];
    parts.erase(parts.begin(), parts.begin() + 3);
  } else {
    return {};
  }
  // namespaces/<ns>/<resource>...; a namespace itself is a resource, too
  if (parts.size() >= 3 && parts[0] == "namespaces" && parts[2] != "status" &&
      parts[2] != "finalize") {
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  right.resource = parts[0];
  const bool named = parts.size() >= 2;
  if (parts.size() >= 3) right.resource += "/" + std::string(parts[2]);
  const bool watches = query.find("watch=1") != std::string_view::npos ||
                       query.find("watch=true") != std::string_view::npos;
  if (method == "GET") right.verb = watches ? "watch" : named ? "get" : "list";
  if (method == "POST") right.verb = "create";
  if (method == "PUT") right.verb = "update";
  if (method == "PATCH") right.verb = "patch";
  if (method == "DELETE") right.verb = named ? "delete" : "deletecollection";
  return right;
}

Result<Rights> rights_of_recording(std::string_view text, std::string_view user) {
  Rights rights;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto event = json::parse(line);
    if (!event) return event.error().within("line " + std::to_string(number));
    if (!user.empty() && user != sender_of(*event)) continue;
    auto right = right_of_event(*event);
    if (right.verb.empty() || right.resource.empty()) continue;
    // what is made by a patch (server-side apply) needs both rights
    if (right.verb == "patch" && code_of(*event) == 201)
      rights.insert({right.group, right.resource, "create"});
    rights.insert(std::move(right));
  }
  return rights;
}

std::string operator_user(const Project& project) {
  return "system:serviceaccount:" + project.name + "-system:" + project.name +
         "-controller-manager";
}

std::string role_yaml(const Project& project, const Rights& rights, const Value& extra) {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> verbs;
  for (const auto& right : rights) verbs[{right.group, right.resource}].push_back(right.verb);
  std::map<std::pair<std::string, std::vector<std::string>>, std::vector<std::string>> rules;
  std::vector<std::pair<std::string, std::vector<std::string>>> order;
  for (auto& [object, list] : verbs) {
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
      return std::pair(order_of(a), a) < std::pair(order_of(b), b);
    });
    auto& resources = rules[{object.first, list}];
    if (resources.empty()) order.emplace_back(object.first, list);
    resources.push_back(object.second);
  }
  std::string out =
      "# What the operator may do" +
      std::string(project.namespaced ? " in its own namespace" : "") +
      ": written by `windlass generate manifests` from what the code asks for. The tests run it "
      "with\n"
      "# exactly these rights. What the code asks for in other ways goes into extra_rules.yaml.\n"
      "apiVersion: rbac.authorization.k8s.io/v1\n"
      "kind: " +
      std::string(project.namespaced ? "Role" : "ClusterRole") +
      "\nmetadata:\n  name: manager-role\n";
  if (project.namespaced) out += "  namespace: system\n";
  const bool none = order.empty() && (!extra.is_array() || extra.as_array().empty());
  out += none ? "rules: []\n" : "rules:\n";
  for (const auto& rule : order) {
    out += "- apiGroups: " + flow({rule.first}) + "\n";
    out += "  resources: " + flow(rules.at(rule)) + "\n";
    out += "  verbs: " + flow(rule.second) + "\n";
  }
  if (extra.is_array() && !extra.as_array().empty()) out += to_yaml(extra);
  return out;
}

Comparison compare(const Rights& allowed, const Rights& asked) {
  const auto covers = [](const Right& wide, const Right& narrow) {
    return (wide.group == "*" || wide.group == narrow.group) &&
           (wide.resource == "*" || wide.resource == narrow.resource) &&
           (wide.verb == "*" || wide.verb == narrow.verb);
  };
  Comparison result;
  for (const auto& right : asked) {
    if (std::none_of(allowed.begin(), allowed.end(),
                     [&](const Right& wide) { return covers(wide, right); })) {
      result.missing.push_back(right);
    }
  }
  for (const auto& right : allowed) {
    // no request shows it: the server asks for it when an owner reference blocks deletion
    if (right.resource.ends_with("/finalizers")) continue;
    if (std::none_of(asked.begin(), asked.end(),
                     [&](const Right& narrow) { return covers(right, narrow); })) {
      result.unused.push_back(right);
    }
  }
  return result;
}

std::string to_yaml(const Value& value) {
  std::string out;
  if (value.is_object() && !value.as_object().empty()) {
    for (const auto& [key, member] : value.as_object()) emit_member(out, key, member, 0);
    return out;
  }
  if (value.is_array() && !value.as_array().empty()) {
    for (const auto& element : value.as_array()) {
      out += "- ";
      emit(out, element, 0, true);
    }
    return out;
  }
  emit(out, value, 0, false);
  return out;
}

}  // namespace windlass::inline v0::scaffold
