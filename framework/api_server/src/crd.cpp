// CustomResourceDefinitions: defaults, validation, names and establishment, and the resources that
// they add.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "builtin.hpp"
#include "conversion.hpp"
#include "crd_schema.hpp"
#include "names.hpp"
#include "schema.hpp"
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
  Value& conversion = spec["conversion"];
  Value* webhook = conversion.is_object() ? conversion.find("webhook") : nullptr;
  Value* config = webhook != nullptr ? webhook->find("clientConfig") : nullptr;
  Value* service = config != nullptr ? config->find("service") : nullptr;
  if (service != nullptr && service->is_object() && service->find("port") == nullptr)
    (*service)["port"] = 443;
  prepare_crd(crd);
}

namespace {

std::string joined(const Problems& problems) { return fmt::format("{}", fmt::join(problems, ",")); }

void validate_names(const Value& names, const std::string& path, Causes& causes) {
  for (const char* key : {"plural", "singular"}) {
    const std::string_view text = names[key].string_or("");
    const auto problem = dns1035_problem(text);
    if (!text.empty() && !problem.empty()) causes.invalid(child(path, key), text, joined(problem));
  }
  for (const char* key : {"kind", "listKind"}) {
    const std::string text(names[key].string_or(""));
    const auto problem = dns1035_problem(lower(text));
    if (text.empty() || problem.empty()) continue;
    causes.invalid(child(path, key), text,
                   "may have mixed case, but should otherwise match: " + joined(problem));
  }
  const auto validate_list = [&](const char* key) {
    if (!names[key].is_array()) return;
    const Array& list = names[key].as_array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (const auto problem = dns1035_problem(list[i].string_or("")); !problem.empty()) {
        causes.invalid(index(child(path, key), i), list[i], joined(problem));
      }
    }
  };
  validate_list("shortNames");
  const std::string_view kind = names["kind"].string_or("");
  if (!kind.empty() && names["listKind"] == names["kind"]) {
    causes.invalid(child(path, "listKind"), kind, "kind and listKind may not be the same");
  }
  validate_list("categories");
}

/// Versions as Go prints them. Schemas that they share do not stand with them.
std::string show_versions(const Value& spec) {
  if (!spec["versions"].is_array()) return "null";
  std::string out;
  for (const Value& version : spec["versions"].as_array()) {
    const Value& warning = version["deprecationWarning"];
    out += fmt::format(
        "{}{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},"
        "\"Schema\":null,\"Subresources\":null,\"AdditionalPrinterColumns\":null,"
        "\"SelectableFields\":null}}",
        out.empty() ? "" : ",", show_value(Value(version["name"].string_or(""))),
        version["served"].bool_or(false), version["storage"].bool_or(false),
        version["deprecated"].bool_or(false), show_value(warning));
  }
  return "[" + out + "]";
}

void validate_group(const Value& spec, Causes& causes) {
  const std::string_view group = spec["group"].string_or("");
  if (group.empty()) {
    causes.required("spec.group");
  } else if (const auto problem = subdomain_problem(group); !problem.empty()) {
    causes.invalid("spec.group", Value(group), joined(problem));
  } else if (group.find('.') == std::string_view::npos) {
    causes.invalid("spec.group", Value(group), "should be a domain with at least one dot");
  }
  const std::string_view scope = spec["scope"].string_or("");
  if (scope.empty()) {
    causes.required("spec.scope");
  } else if (scope != "Cluster" && scope != "Namespaced") {
    causes.not_supported("spec.scope", scope, {"Cluster", "Namespaced"});
  }
}

/// What versions have for themselves, and that one of them is stored.
void validate_versions(const Value& spec, Causes& causes) {
  static const Array none;
  const Array& versions = spec["versions"].is_array() ? spec["versions"].as_array() : none;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (versions[i].at_path({"schema", "openAPIV3Schema"}).is_object()) continue;
    causes.required(index("spec.versions", i) + ".schema.openAPIV3Schema");
  }
  std::set<std::string> names;
  std::size_t storing = 0;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const std::string name(versions[i]["name"].string_or(""));
    names.insert(name);
    storing += versions[i]["storage"].bool_or(false) ? 1 : 0;
    if (const auto problem = dns1035_problem(name); !problem.empty()) {
      causes.invalid(index("spec.versions", i) + ".name", Value(name), joined(problem));
    }
    validate_version(spec, i, causes);
  }
  if (names.size() != versions.size()) {
    causes.invalid_shown("spec.versions", show_versions(spec), "must contain unique version names");
  }
  if (storing != 1) {
    causes.invalid_shown("spec.versions", show_versions(spec),
                         "must have exactly one version marked as storage version");
  }
  if (versions.empty()) return;
  const std::string_view first = versions.front()["name"].string_or("");
  if (const auto problem = dns1035_problem(first); !first.empty() && !problem.empty()) {
    causes.invalid("spec.version", Value(first), joined(problem));
  }
}

/// Fields have the names of the server's own type, which are not those that users write.
void validate_conversion(const Value& spec, Causes& causes) {
  const Value& conversion = spec["conversion"];
  if (!conversion.is_object()) return;
  const std::string_view strategy = conversion["strategy"].string_or("");
  const Value& webhook = conversion["webhook"];
  if (strategy != "Webhook") {
    if (strategy.empty()) {
      causes.required("spec.conversion.strategy");
    } else if (strategy != "None") {
      causes.not_supported("spec.conversion.strategy", strategy, {"None", "Webhook"});
    }
    for (const auto& [key, place] :
         {std::pair("clientConfig", "webhookClientConfig"),
          std::pair("conversionReviewVersions", "conversionReviewVersions")}) {
      if (webhook[key].is_null()) continue;
      causes.forbidden(fmt::format("spec.conversion.{}", place),
                       "should not be set when strategy is not set to Webhook");
    }
    return;
  }
  const Value& config = webhook["clientConfig"];
  if (config.is_object()) {
    validate_webhook_client(config, "spec.conversion.webhookClientConfig", causes);
  } else {
    causes.required("spec.conversion.webhookClientConfig",
                    "required when strategy is set to Webhook");
  }
  const std::string path = "spec.conversion.conversionReviewVersions";
  const Value& versions = webhook["conversionReviewVersions"];
  if (!versions.is_array() || versions.as_array().empty()) {
    causes.required(path);
    return;
  }
  const Array& list = versions.as_array();
  const auto known = [](const Value& version) {
    return version == Value("v1") || version == Value("v1beta1");
  };
  if (std::none_of(list.begin(), list.end(), known))
    causes.invalid(path, versions, "must include at least one of v1, v1beta1");
}

void validate_stored_versions(const Value& crd, Causes& causes) {
  const Value& stored = crd["status"]["storedVersions"];
  const char* path = "status.storedVersions";
  if (!stored.is_array() || stored.as_array().empty()) {
    causes.invalid(path, nullptr, "must have at least one stored version");
    return;
  }
  const Array& names = stored.as_array();
  std::vector<std::string_view> known;
  if (crd["spec"]["versions"].is_array()) {
    for (const Value& version : crd["spec"]["versions"].as_array()) {
      known.push_back(version["name"].string_or(""));
      const bool listed = std::find(names.begin(), names.end(), version["name"]) != names.end();
      if (version["storage"].bool_or(false) && !listed) {
        causes.invalid(path, stored, fmt::format("must have the storage version {}", known.back()));
      }
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string_view name = names[i].string_or("");
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    causes.invalid(
        index(path, i), names[i],
        fmt::format("missing from spec.versions; {0} was previously a storage version, and must "
                    "remain in spec.versions until a storage migration ensures no data remains "
                    "persisted in {0} and removes {0} from status.storedVersions",
                    name));
  }
}

bool is_established(const Value& crd) {
  const Value& conditions = crd["status"]["conditions"];
  if (!conditions.is_array()) return false;
  return std::any_of(
      conditions.as_array().begin(), conditions.as_array().end(), [](const Value& condition) {
        return condition["type"] == Value("Established") && condition["status"] == Value("True");
      });
}

void validate_immutable(const Value& crd, const Value& old_crd, Causes& causes) {
  const auto immutable = [&](std::initializer_list<std::string_view> path,
                             const std::string& text) {
    if (!(crd.at_path(path) == old_crd.at_path(path))) {
      causes.invalid(text, crd.at_path(path), "field is immutable");
    }
  };
  if (is_established(old_crd)) {
    immutable({"spec", "scope"}, "spec.scope");
    immutable({"spec", "names", "kind"}, "spec.names.kind");
  }
  immutable({"spec", "group"}, "spec.group");
  immutable({"spec", "names", "plural"}, "spec.names.plural");
}

}  // namespace

void validate_crd(const Value& crd, const Value* old_crd, Causes& causes) {
  const Value& spec = crd["spec"];
  const Value& names = spec["names"];
  const std::string name = object_name(crd);
  const std::string wanted =
      fmt::format("{}.{}", names["plural"].string_or(""), spec["group"].string_or(""));
  if (old_crd == nullptr && !name.empty() && name != wanted) {
    causes.invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group");
  }
  validate_group(spec, causes);
  validate_versions(spec, causes);
  for (const char* key : {"plural", "singular", "kind", "listKind"}) {
    if (names[key].string_or("").empty()) causes.required(std::string("spec.names.") + key);
  }
  validate_names(names, "spec.names", causes);
  validate_shared(spec, causes);
  validate_conversion(spec, causes);
  if (old_crd != nullptr) validate_immutable(crd, *old_crd, causes);
  validate_names(crd["status"]["acceptedNames"], "status.acceptedNames", causes);
  validate_stored_versions(crd, causes);
  validate_approval(crd, causes);
}

void prepare_crd(Value& crd) {
  Value& status = crd["status"];
  if (!status.is_object()) status = Object{};
  Array stored;
  if (status["storedVersions"].is_array()) stored = status["storedVersions"].as_array();
  if (crd["spec"]["versions"].is_array()) {
    for (const Value& version : crd["spec"]["versions"].as_array()) {
      if (!version["storage"].bool_or(false)) continue;
      if (std::find(stored.begin(), stored.end(), version["name"]) == stored.end()) {
        stored.push_back(version["name"]);
      }
      break;
    }
  }
  if (stored.empty()) {
    status.as_object().erase("storedVersions");
  } else {
    status["storedVersions"] = std::move(stored);
  }
  set_default(status, "acceptedNames", Object{{"kind", ""}, {"plural", ""}});
  if (status["conditions"].is_null()) status.as_object().erase("conditions");
}

namespace {

/// Names that other definitions of the group have been given.
struct Taken {
  std::set<std::string, std::less<>> resources, kinds;
};

Taken taken_names(const State& state, const Value& crd) {
  Taken out;
  for (const StoredPtr& other :
       state.store.list("apiextensions.k8s.io/customresourcedefinitions", "")) {
    const Value& value = other->value();
    const bool same_group = value["spec"]["group"] == crd["spec"]["group"];
    if (!same_group || object_name(value) == object_name(crd)) continue;
    const Value& names = value["status"]["acceptedNames"];
    for (const char* key : {"plural", "singular"}) {
      out.resources.emplace(names[key].string_or(""));
    }
    if (names["shortNames"].is_array()) {
      for (const Value& name : names["shortNames"].as_array()) {
        out.resources.emplace(name.string_or(""));
      }
    }
    for (const char* key : {"kind", "listKind"}) out.kinds.emplace(names[key].string_or(""));
  }
  return out;
}

}  // namespace

void establish_crd(State& state, Value& crd) {
  const Value names = crd["spec"]["names"];
  const Taken taken = taken_names(state, crd);
  Value& accepted = crd["status"]["acceptedNames"];
  if (!accepted.is_object()) accepted = Object{};
  std::string reason, message;
  const auto free = [&](const std::set<std::string, std::less<>>& others, const Value& name,
                        const char* conflict) {
    const std::string_view text = name.string_or("");
    if (text.empty() || !others.contains(text)) return true;
    reason = conflict;
    message = fmt::format("{} is already in use", show_value(name));
    return false;
  };
  const auto accept = [&](const char* key, const std::set<std::string, std::less<>>& others,
                          const char* conflict) {
    if (!free(others, names[key], conflict)) return;
    if (names[key].is_null()) {
      accepted.as_object().erase(key);
    } else {
      accepted[key] = names[key];
    }
  };
  accept("plural", taken.resources, "PluralConflict");
  accept("singular", taken.resources, "SingularConflict");
  bool all_free = true;
  if (names["shortNames"].is_array()) {
    for (const Value& name : names["shortNames"].as_array()) {
      all_free = free(taken.resources, name, "ShortNamesConflict") && all_free;
    }
  }
  if (all_free) accept("shortNames", {}, "");
  accept("kind", taken.kinds, "KindConflict");
  accept("listKind", taken.kinds, "ListKindConflict");
  accept("categories", {}, "");
  if (!reason.empty()) {
    set_condition(state, crd, "NamesAccepted", "False", reason.c_str(), message);
    if (!is_established(crd)) {
      set_condition(state, crd, "Established", "False", "NotAccepted",
                    "not all names are accepted");
    }
    return;
  }
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
  resource->conversion = conversion_of(crd);
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
  if (!is_established(crd)) return;
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
