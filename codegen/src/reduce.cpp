#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include <windlass/codegen/definition.hpp>
#include <windlass/codegen/names.hpp>
#include <windlass/codegen/reduce.hpp>

namespace windlass::inline v0::codegen {
namespace {

using json::Object;
using json::Value;

struct Resource {
  std::string kind;
  bool namespaced = false;
  bool listed = false;
  std::set<std::string> verbs;
  std::set<std::string> categories;
};

struct File {
  std::string group;
  std::string version;
  std::string kubernetes;
  std::map<std::string, Resource> resources;  // "pods", "pods/status"
  std::map<std::string, Value> definitions;
};

using ShortNames = std::pair<std::string_view, std::string_view>;

/// Discovery knows them, OpenAPI does not.
constexpr std::array<ShortNames, 22> kShortNames = {{
    {"core_v1/componentstatuses", "cs"},
    {"core_v1/configmaps", "cm"},
    {"core_v1/endpoints", "ep"},
    {"core_v1/events", "ev"},
    {"core_v1/limitranges", "limits"},
    {"core_v1/namespaces", "ns"},
    {"core_v1/nodes", "no"},
    {"core_v1/persistentvolumeclaims", "pvc"},
    {"core_v1/persistentvolumes", "pv"},
    {"core_v1/pods", "po"},
    {"core_v1/replicationcontrollers", "rc"},
    {"core_v1/resourcequotas", "quota"},
    {"core_v1/serviceaccounts", "sa"},
    {"core_v1/services", "svc"},
    {"apps_v1/daemonsets", "ds"},
    {"apps_v1/deployments", "deploy"},
    {"apps_v1/replicasets", "rs"},
    {"apps_v1/statefulsets", "sts"},
    {"autoscaling_v2/horizontalpodautoscalers", "hpa"},
    {"batch_v1/cronjobs", "cj"},
    {"events_v1/events", "ev"},
    {"policy_v1/poddisruptionbudgets", "pdb"},
}};

constexpr std::array<ShortNames, 7> kMoreShortNames = {{
    {"apiextensions_v1/customresourcedefinitions", "crd,crds"},
    {"certificates_v1/certificatesigningrequests", "csr"},
    {"networking_v1/ingresses", "ing"},
    {"networking_v1/ipaddresses", "ip"},
    {"networking_v1/networkpolicies", "netpol"},
    {"scheduling_v1/priorityclasses", "pc"},
    {"storage_v1/storageclasses", "sc"},
}};

/// What `kubectl get all` shows.
constexpr std::array<std::string_view, 9> kAll = {
    "apps_v1/daemonsets",  "apps_v1/deployments",
    "apps_v1/replicasets", "apps_v1/statefulsets",
    "batch_v1/cronjobs",   "batch_v1/jobs",
    "core_v1/pods",        "core_v1/replicationcontrollers",
    "core_v1/services"};

std::string short_names(std::string_view resource) {
  for (const auto& [name, short_name] : kShortNames) {
    if (name == resource) return std::string(short_name);
  }
  for (const auto& [name, short_name] : kMoreShortNames) {
    if (name == resource) return std::string(short_name);
  }
  return {};
}

bool in_all(std::string_view resource) {
  return resource == "autoscaling_v2/horizontalpodautoscalers" ||
         std::find(kAll.begin(), kAll.end(), resource) != kAll.end();
}

bool is_zero(const Value& value) {
  return value == Value("") || value == Value(0) || value == Value(false);
}

Value reduced(const Value& schema);

Value reduced_members(const Value& schemas) {
  Object out;
  for (const auto& [key, value] : schemas.as_object()) out.set(key, reduced(value));
  return out;
}

/// `allOf: [{$ref}]` beside other keywords is how OpenAPI decorates a reference.
const Value& reference(const Value& schema) {
  if (const Value* ref = schema.find("$ref")) return *ref;
  const Value& all_of = schema["allOf"];
  if (all_of.is_array() && all_of.as_array().size() == 1) return all_of.as_array().front()["$ref"];
  return all_of["$ref"];
}

Value reduced(const Value& schema) {
  if (!schema.is_object()) return schema;
  constexpr std::array<std::string_view, 9> kDropped = {"description",
                                                        "title",
                                                        "example",
                                                        "externalDocs",
                                                        "x-kubernetes-unions",
                                                        "allOf",
                                                        "$ref",
                                                        "default",
                                                        "x-kubernetes-group-version-kind"};
  Object out;
  for (const auto& [key, value] : schema.as_object()) {
    if (std::find(kDropped.begin(), kDropped.end(), key) != kDropped.end()) continue;
    if (key == "properties") {
      out.set(key, reduced_members(value));
    } else if (key == "items" || key == "additionalProperties") {
      out.set(key, reduced(value));
    } else {
      out.set(key, value);
    }
  }
  if (const Value& ref = reference(schema); ref.is_string()) {
    out.set("$ref", definition_of_reference(ref.as_string()));
  }
  if (const Value* value = schema.find("default"); value && !is_zero(*value)) {
    out.set("default", *value);
  }
  const Value& kinds = schema["x-kubernetes-group-version-kind"];
  if (kinds.is_array() && kinds.as_array().size() == 1) {
    out.set("x-kubernetes-group-version-kind", kinds);
  }
  return out;
}

std::string_view discovery_verb(std::string_view method, std::string_view action) {
  if (action == "list" || action == "deletecollection" || action == "watch") return action;
  if (method == "get") return "get";
  if (method == "post") return "create";
  if (method == "put") return "update";
  if (method == "patch") return "patch";
  if (method == "delete") return "delete";
  return {};
}

std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (slash != 0) out.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return out;
}

/// What a path of the API serves: `pods`, `pods/status`.
struct Place {
  std::string resource;
  bool namespaced = false;
  bool watch = false;
};

std::optional<Place> parse_path(std::string_view path) {
  auto parts = segments(path);
  const std::size_t prefix = !parts.empty() && parts.front() == "api" ? 2 : 3;
  if (parts.size() <= prefix) return std::nullopt;
  parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(prefix));
  Place place;
  if (parts.front() == "watch") {
    place.watch = true;
    parts.erase(parts.begin());
  }
  if (parts.size() > 2 && parts[0] == "namespaces" && parts[1] == "{namespace}") {
    place.namespaced = true;
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  if (parts.empty() || parts.size() > 3) return std::nullopt;  // pods/{name}/proxy/{path}
  place.resource = parts[0];
  if (parts.size() == 3) place.resource += "/" + parts[2];
  return place;
}

const Value& first_of(const Value& operation, const char* a, const char* b) {
  const Value* value = operation.find(a);
  return value ? *value : operation[b];
}

void add_operations(File& file, const Place& place, const Value& operations) {
  Resource& resource = file.resources[place.resource];
  resource.namespaced |= place.namespaced;
  if (place.watch) {
    resource.verbs.insert("watch");
    return;
  }
  for (const auto& [method, operation] : operations.as_object()) {
    if (!operation.is_object()) continue;
    const auto action = first_of(operation, "action", "x-kubernetes-action").string_or("");
    const auto verb = discovery_verb(method, action);
    if (verb.empty()) continue;
    resource.verbs.emplace(verb);
    const auto& kind = first_of(operation, "gvk", "x-kubernetes-group-version-kind");
    if (kind["kind"].is_string()) resource.kind = kind["kind"].as_string();
  }
}

void append_list(std::string& out, std::string_view key, const std::set<std::string>& items) {
  json::Array array;
  for (const auto& item : items) array.emplace_back(item);
  out += "," + quoted(key) + ":" + json::dump(array);
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string resource_text(const std::string& unit, const std::string& name,
                          const Resource& resource) {
  std::string out = "{\"name\":" + quoted(name) + ",\"kind\":" + quoted(resource.kind);
  out += resource.namespaced ? ",\"namespaced\":true" : ",\"namespaced\":false";
  append_list(out, "verbs", resource.verbs);
  if (name.find('/') == std::string::npos) {
    out += ",\"singularName\":" + quoted(lower(resource.kind));
    const auto short_name = short_names(unit + "/" + name);
    std::set<std::string> names;
    for (std::size_t at = 0; at < short_name.size();) {
      const std::size_t comma = std::min(short_name.find(',', at), short_name.size());
      names.insert(short_name.substr(at, comma - at));
      at = comma + 1;
    }
    if (!names.empty()) append_list(out, "shortNames", names);
    if (in_all(unit + "/" + name)) append_list(out, "categories", {"all"});
  }
  return out + "}";
}

std::string definition_text(const Value& definition) {
  std::string out = "{";
  for (const auto& [key, value] : definition.as_object()) {
    if (key == "properties") continue;
    if (out.size() > 1) out += ',';
    out += quoted(key) + ":" + json::dump(value);
  }
  const Value* properties = definition.find("properties");
  if (!properties || properties->as_object().empty()) return out + "}";
  out += ",\"properties\":{";
  const char* separator = "\n ";
  for (const auto& [name, schema] : properties->as_object()) {
    out += separator + quoted(name) + ":" + json::dump(schema);
    separator = ",\n ";
  }
  return out + "}}";
}

std::string file_text(const std::string& unit, const File& file) {
  std::string out = "{\n\"group\":" + quoted(file.group) + ",\"version\":" + quoted(file.version) +
                    ",\"kubernetes\":" + quoted(file.kubernetes) + ",\n\"resources\":[";
  const char* separator = "\n";
  for (const auto& [name, resource] : file.resources) {
    if (resource.kind.empty()) continue;
    out += separator + resource_text(unit, name, resource);
    separator = ",\n";
  }
  out += "],\n\"schemas\":{";
  separator = "\n";
  for (const auto& [name, definition] : file.definitions) {
    out += separator + quoted(name) + ":" + definition_text(definition);
    separator = ",\n";
  }
  return out + "\n}}\n";
}

Result<void> add(std::map<std::string, File>& files, const Source& source) {
  const Value& document = source.document;
  const Value* schemas = document.find("schemas");
  if (!schemas) schemas = &document["components"]["schemas"];
  if (!document["paths"].is_object() || !schemas->is_object()) {
    return Error{Errc::parse,
                 source.file +
                     ": expected an OpenAPI v3 document with `paths` and "
                     "`components.schemas`, as GET /openapi/v3/apis/<group>/<version> answers it"};
  }
  for (const auto& [path, operations] : document["paths"].as_object()) {
    const auto parts = segments(path);
    const auto place = parse_path(path);
    if (!place || !operations.is_object()) continue;
    const bool core = parts[0] == "api";
    const std::string group = core ? "" : parts[1];
    const std::string version = core ? parts[1] : parts[2];
    File& file = files[unit_name(group, version)];
    file.group = group;
    file.version = version;
    add_operations(file, *place, operations);
  }
  for (const auto& [name, schema] : schemas->as_object()) {
    const auto home = home_of(name);
    if (!home) {
      return Error{Errc::parse, source.file + ": schemas." + name +
                                    ": the name tells no group and version (io.k8s.api.<group>."
                                    "<version>.<Kind> is expected)"};
    }
    File& file = files[home->unit()];
    if (file.version.empty()) {
      file.group = home->group;
      file.version = home->version;
    }
    file.kubernetes = document["kubernetes"].string_or("");
    file.definitions.emplace(name, reduced(schema));
  }
  return {};
}

}  // namespace

Result<std::map<std::string, std::string>> reduce(const std::vector<Source>& sources) {
  std::map<std::string, File> files;
  for (const auto& source : sources) {
    if (auto added = add(files, source); !added) return added.error();
  }
  std::map<std::string, std::string> out;
  for (const auto& [unit, file] : files) out.emplace(unit + ".json", file_text(unit, file));
  return out;
}

}  // namespace windlass::inline v0::codegen
