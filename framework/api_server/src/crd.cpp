// CustomResourceDefinitions: defaults, validation, names and establishment, and the resources that
// they add.

#include <algorithm>

#include <fmt/format.h>

#include "crd_schema.hpp"
#include "names.hpp"
#include "state.hpp"
#include "watch.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void set_condition(State& state, Value& crd, const char* type, const char* status,
                   const char* reason, const std::string& message) {
  Value& conditions = crd["status"]["conditions"];
  if (!conditions.is_array()) conditions = Array{};
  Object fresh{{"type", type},
               {"status", status},
               {"reason", reason},
               {"message", message},
               {"lastTransitionTime", state.now()}};
  for (Value& condition : conditions.as_array()) {
    if (condition["type"] != Value(type)) continue;
    if (condition["status"] == Value(status))
      fresh.set("lastTransitionTime", condition["lastTransitionTime"]);
    condition = Value(std::move(fresh));
    return;
  }
  conditions.as_array().emplace_back(std::move(fresh));
}

}  // namespace

void default_crd(Value& crd) {
  Value& spec = crd["spec"];
  if (!spec.is_object()) return;
  Value& names = spec["names"];
  if (!names.is_object()) return;
  const std::string kind(names["kind"].string_or(""));
  if (names["singular"].string_or("").empty()) names["singular"] = lower(kind);
  if (names["listKind"].string_or("").empty() && !kind.empty()) names["listKind"] = kind + "List";
  if (spec.find("conversion") == nullptr) spec["conversion"] = Object{{"strategy", "None"}};
}

namespace {

void validate_schema(const Value& schema, const std::string& path, Causes& causes) {
  const std::size_t before = causes.list().size();
  if (schema["type"].string_or("") != "object") {
    if (schema["type"].string_or("").empty()) {
      causes.required(path + ".type", "must not be empty at the root");
    } else {
      causes.invalid(path + ".type", schema["type"], "must be object at the root");
    }
  }
  SchemaSet probe;
  probe.structural(schema, path, causes);
  if (causes.list().size() != before) return;
  for (cel::Violation& violation : cel::check_rules(schema, path)) {
    causes.add(
        {std::move(violation.reason), std::move(violation.message), std::move(violation.field)});
  }
}

/// Where the server sees the schemas: in one place when all versions have the same one.
bool share_schema(const Array& versions) {
  return std::all_of(versions.begin(), versions.end(), [&](const Value& version) {
    return version["schema"] == versions.front()["schema"];
  });
}

void validate_version(const Value& version, const std::string& path, bool shares_schema,
                      Causes& causes) {
  if (const auto problem = dns1035_problem(version["name"].string_or("")); !problem.empty()) {
    causes.invalid(path + ".name", version["name"].string_or(""), problem);
  }
  const Value& schema = version.at_path({"schema", "openAPIV3Schema"});
  if (!schema.is_object()) {
    causes.required(path + ".schema.openAPIV3Schema");
    return;
  }
  if (!shares_schema) validate_schema(schema, path + ".schema.openAPIV3Schema", causes);
}

}  // namespace

void validate_crd(const Value& crd, const Value* old_crd, Causes& causes) {
  const Value& spec = crd["spec"];
  const std::string group(spec["group"].string_or(""));
  const Value& names = spec["names"];
  const std::string plural(names["plural"].string_or(""));
  if (group.empty()) causes.required("spec.group");
  if (!group.empty() && group.find('.') == std::string::npos) {
    causes.invalid("spec.group", group, "should be a domain with at least one dot");
  }
  for (const char* key : {"plural", "singular", "kind", "listKind"}) {
    const std::string path = std::string("spec.names.") + key;
    const std::string text(names[key].string_or(""));
    if (text.empty()) {
      causes.required(path);
    } else if (const auto problem = dns1035_problem(lower(text)); !problem.empty()) {
      causes.invalid(path, text, problem);
    }
  }
  if (!plural.empty() && object_name(crd) != plural + "." + group) {
    causes.invalid("metadata.name", object_name(crd), "must be spec.names.plural+\".\"+spec.group");
  }
  const std::string_view scope = spec["scope"].string_or("");
  if (scope.empty()) {
    causes.required("spec.scope");
  } else if (scope != "Cluster" && scope != "Namespaced") {
    causes.not_supported("spec.scope", scope, {"Cluster", "Namespaced"});
  }
  std::size_t storing = 0;
  if (spec["versions"].is_array()) {
    const Array& versions = spec["versions"].as_array();
    for (std::size_t i = 0; i < versions.size(); ++i) {
      if (versions[i]["storage"].bool_or(false)) ++storing;
      validate_version(versions[i], index("spec.versions", i), share_schema(versions), causes);
    }
    if (!versions.empty() && share_schema(versions)) {
      const Value& schema = versions.front().at_path({"schema", "openAPIV3Schema"});
      if (schema.is_object()) validate_schema(schema, "spec.validation.openAPIV3Schema", causes);
    }
  }
  check_structural(crd, causes);
  if (storing != 1) {
    causes.invalid("spec.versions", spec["versions"],
                   "must have exactly one version marked as storage version");
  }
  const std::string_view conversion = spec.at_path({"conversion", "strategy"}).string_or("None");
  if (conversion == "Webhook") {
    causes.forbidden("spec.conversion.strategy",
                     "this API server calls no conversion webhooks; use None");
  } else if (conversion != "None") {
    causes.not_supported("spec.conversion.strategy", conversion, {"None", "Webhook"});
  }
  if (old_crd == nullptr) return;
  const auto immutable = [&](std::initializer_list<std::string_view> path,
                             const std::string& text) {
    if (!(crd.at_path(path) == old_crd->at_path(path))) {
      causes.invalid(text, crd.at_path(path), "field is immutable");
    }
  };
  immutable({"spec", "group"}, "spec.group");
  immutable({"spec", "scope"}, "spec.scope");
  immutable({"spec", "names", "plural"}, "spec.names.plural");
  immutable({"spec", "names", "kind"}, "spec.names.kind");
}

void establish_crd(State& state, Value& crd) {
  Value& status = crd["status"];
  if (!status.is_object()) status = Object{};
  status["acceptedNames"] = crd["spec"]["names"];
  Array stored;
  if (status["storedVersions"].is_array()) stored = status["storedVersions"].as_array();
  for (const Value& version : crd["spec"]["versions"].as_array()) {
    if (version["storage"].bool_or(false) &&
        std::find(stored.begin(), stored.end(), version["name"]) == stored.end()) {
      stored.push_back(version["name"]);
    }
  }
  status["storedVersions"] = std::move(stored);
  set_condition(state, crd, "NamesAccepted", "True", "NoConflicts", "no conflicts found");
  set_condition(state, crd, "Established", "True", "InitialNamesAccepted",
                "the initial names have been accepted");
}

namespace {

void read_names(Resource& resource, const Value& names) {
  resource.kind = names["kind"].string_or("");
  resource.plural = names["plural"].string_or("");
  resource.singular = names["singular"].string_or("");
  resource.list_kind = names["listKind"].string_or("");
  for (const auto& [key, out] : {std::pair("shortNames", &resource.short_names),
                                 std::pair("categories", &resource.categories)}) {
    if (!names[key].is_array()) continue;
    for (const Value& entry : names[key].as_array()) out->emplace_back(entry.string_or(""));
  }
}

void read_columns(Resource& resource, const Value& version) {
  if (!version["additionalPrinterColumns"].is_array()) return;
  for (const Value& column : version["additionalPrinterColumns"].as_array()) {
    resource.columns.push_back({.name = std::string(column["name"].string_or("")),
                                .type = std::string(column["type"].string_or("string")),
                                .format = std::string(column["format"].string_or("")),
                                .description = std::string(column["description"].string_or("")),
                                .priority = column["priority"].integer_or(0),
                                .path = std::string(column["jsonPath"].string_or(""))});
  }
}

ResourcePtr make_resource(const Value& crd, const Value& version,
                          const std::string& storage_version) {
  const Value& spec = crd["spec"];
  auto resource = std::make_shared<Resource>();
  resource->custom = true;
  resource->group = spec["group"].string_or("");
  resource->version = version["name"].string_or("");
  read_names(*resource, spec["names"]);
  resource->namespaced = spec["scope"].string_or("") == "Namespaced";
  resource->served = version["served"].bool_or(false);
  const Value& subresources = version["subresources"];
  resource->has_status = subresources.find("status") != nullptr;
  if (const Value* scale = subresources.find("scale")) {
    resource->has_scale = true;
    resource->replicas_path = (*scale)["specReplicasPath"].string_or("");
    resource->status_replicas_path = (*scale)["statusReplicasPath"].string_or("");
    resource->selector_path = (*scale)["labelSelectorPath"].string_or("");
  }
  read_columns(*resource, version);
  if (version["selectableFields"].is_array()) {
    for (const Value& field : version["selectableFields"].as_array()) {
      resource->selectable.emplace_back(field["jsonPath"].string_or(""));
    }
  }
  resource->storage = resource->group + "/" + resource->plural;
  resource->storage_version = resource->group + "/" + storage_version;
  const Value& schema = version.at_path({"schema", "openAPIV3Schema"});
  resource->owner = std::make_shared<SchemaSet>();
  Causes ignored;  // validated when the definition was written
  resource->schema = resource->owner->structural(schema, "", ignored);
  resource->rules = cel::Rules(schema);
  return resource;
}

}  // namespace

void crd_changed(State& state, const Value& crd) {
  const Value& spec = crd["spec"];
  const std::string group(spec["group"].string_or(""));
  const std::string plural(spec["names"]["plural"].string_or(""));
  std::string storage_version;
  for (const Value& version : spec["versions"].as_array()) {
    if (version["storage"].bool_or(false)) storage_version = version["name"].string_or("");
  }
  state.registry.erase(group, plural);
  for (const Value& version : spec["versions"].as_array()) {
    state.registry.put(make_resource(crd, version, storage_version));
  }
}

void crd_removed(State& state, const Value& crd) {
  const std::string group(crd["spec"]["group"].string_or(""));
  const std::string plural(crd["spec"]["names"]["plural"].string_or(""));
  const std::string storage = group + "/" + plural;
  if (const ResourcePtr resource = state.registry.storing(storage)) {
    for (const StoredPtr& object : state.store.list(storage, "")) state.remove(*resource, object);
  }
  for (const auto& entry : state.watches) {
    const auto watch = entry.lock();
    if (watch != nullptr && watch->storage() == storage) watch->end();
  }
  state.registry.erase(group, plural);
}

}  // namespace windlass::inline v0::api_server
