// Discovery, OpenAPI, version and health.

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "handlers.hpp"
#include "openapi_v2.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

Array strings(const std::vector<std::string>& list) {
  Array out;
  for (const std::string& entry : list) out.emplace_back(entry);
  return out;
}

std::vector<std::string> subresource_verbs(const std::string& name) {
  if (name == "log") return {"get"};
  if (name == "exec" || name == "attach" || name == "portforward") return {"create", "get"};
  if (name == "eviction" || name == "binding" || name == "token") return {"create"};
  if (name == "finalize") return {"update"};
  return {"get", "patch", "update"};
}

struct SubKind {
  const char* group;
  const char* version;
  std::string kind;
};
SubKind subresource_kind(const Resource& resource, const std::string& name) {
  if (name == "scale") return {"autoscaling", "v1", "Scale"};
  if (name == "eviction") return {"policy", "v1", "Eviction"};
  if (name == "token") return {"authentication.k8s.io", "v1", "TokenRequest"};
  if (name == "binding") return {"", "", "Binding"};
  if (name == "exec") return {"", "", "PodExecOptions"};
  if (name == "attach") return {"", "", "PodAttachOptions"};
  if (name == "portforward") return {"", "", "PodPortForwardOptions"};
  return {"", "", resource.kind};
}

Array resource_entries(const Resource& resource) {
  Array out;
  Object entry{{"name", resource.plural},
               {"singularName", resource.singular},
               {"namespaced", resource.namespaced},
               {"kind", resource.kind},
               {"verbs", strings(resource.verbs())}};
  if (!resource.short_names.empty()) entry.set("shortNames", strings(resource.short_names));
  if (!resource.categories.empty()) entry.set("categories", strings(resource.categories));
  out.emplace_back(std::move(entry));
  for (const std::string& name : resource.subresources()) {
    const SubKind kind = subresource_kind(resource, name);
    Object sub{{"name", resource.plural + "/" + name},
               {"singularName", ""},
               {"namespaced", resource.namespaced},
               {"kind", kind.kind},
               {"verbs", strings(subresource_verbs(name))}};
    if (*kind.version != '\0') {
      sub.set("group", kind.group);
      sub.set("version", kind.version);
    }
    out.emplace_back(std::move(sub));
  }
  return out;
}

Value resource_list(const State& state, const std::string& group, const std::string& version) {
  Array resources;
  for (const ResourcePtr& resource : state.registry.all()) {
    if (resource->group != group || resource->version != version) continue;
    for (Value& entry : resource_entries(*resource)) resources.push_back(std::move(entry));
  }
  Object list{{"kind", "APIResourceList"},
              {"groupVersion", group.empty() ? version : group + "/" + version},
              {"resources", std::move(resources)}};
  if (!group.empty()) list.set("apiVersion", "v1");  // as the server has it
  return Value(std::move(list));
}

/// Orders versions as the server does: v2 before v1 before v1beta1.
int version_rank(const std::string& version) {
  int number = 0;
  std::size_t i = 1;
  while (i < version.size() && std::isdigit(static_cast<unsigned char>(version[i])) != 0) {
    number = number * 10 + (version[i++] - '0');
  }
  const int stability = version.find("alpha") != std::string::npos  ? 0
                        : version.find("beta") != std::string::npos ? 1
                                                                    : 2;
  return stability * 10000 + number;
}

std::map<std::string, std::vector<std::string>> groups_of(const State& state) {
  std::map<std::string, std::vector<std::string>> groups;
  for (const ResourcePtr& resource : state.registry.all()) {
    auto& versions = groups[resource->group];
    if (std::find(versions.begin(), versions.end(), resource->version) == versions.end()) {
      versions.push_back(resource->version);
    }
  }
  for (auto& entry : groups) {
    std::sort(entry.second.begin(), entry.second.end(),
              [](const std::string& a, const std::string& b) {
                return version_rank(a) > version_rank(b);
              });
  }
  return groups;
}

Value api_group(const std::string& name, const std::vector<std::string>& versions) {
  Array list;
  for (const std::string& version : versions) {
    list.emplace_back(Object{{"groupVersion", name + "/" + version}, {"version", version}});
  }
  Value preferred = list.front();
  return Object{
      {"name", name}, {"versions", std::move(list)}, {"preferredVersion", std::move(preferred)}};
}

Value aggregated(const State& state, bool core) {
  Array items;
  for (const auto& [group, versions] : groups_of(state)) {
    if (group.empty() != core) continue;
    Array list;
    for (const std::string& version : versions) {
      Array resources;
      for (const ResourcePtr& resource : state.registry.all()) {
        if (resource->group != group || resource->version != version) continue;
        Object entry{{"resource", resource->plural},
                     {"responseKind",
                      Object{{"group", group}, {"version", version}, {"kind", resource->kind}}},
                     {"scope", resource->namespaced ? "Namespaced" : "Cluster"},
                     {"singularResource", resource->singular},
                     {"verbs", strings(resource->verbs())}};
        if (!resource->short_names.empty()) entry.set("shortNames", strings(resource->short_names));
        if (!resource->categories.empty()) entry.set("categories", strings(resource->categories));
        Array subs;
        for (const std::string& name : resource->subresources()) {
          const SubKind kind = subresource_kind(*resource, name);
          const bool own = *kind.version == '\0';
          subs.emplace_back(
              Object{{"subresource", name},
                     {"responseKind", Object{{"group", own ? group : kind.group},
                                             {"version", own ? version : kind.version},
                                             {"kind", kind.kind}}},
                     {"verbs", strings(subresource_verbs(name))}});
        }
        if (!subs.empty()) entry.set("subresources", std::move(subs));
        resources.emplace_back(std::move(entry));
      }
      list.emplace_back(Object{
          {"version", version}, {"resources", std::move(resources)}, {"freshness", "Current"}});
    }
    Object metadata;
    if (!group.empty()) metadata.set("name", group);
    items.emplace_back(Object{{"metadata", std::move(metadata)}, {"versions", std::move(list)}});
  }
  return Object{{"kind", "APIGroupDiscoveryList"},
                {"apiVersion", "apidiscovery.k8s.io/v2"},
                {"metadata", Object{}},
                {"items", std::move(items)}};
}

bool wants_aggregated(const http::Request& request) {
  const std::string_view accept = request.headers.get("Accept");
  return accept.find("as=APIGroupDiscoveryList") != std::string_view::npos &&
         accept.find("v=v2") != std::string_view::npos;
}

Reply aggregated_reply(const State& state, bool core) {
  Reply reply{json_response(200, aggregated(state, core))};
  reply.response.headers.set(
      "Content-Type", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  return reply;
}

Value api_versions() {
  return Object{
      {"kind", "APIVersions"}, {"versions", Array{"v1"}}, {"serverAddressByClientCIDRs", Array{}}};
}

Value group_list(const State& state) {
  Array groups;
  for (const auto& [name, versions] : groups_of(state)) {
    if (!name.empty()) groups.push_back(api_group(name, versions));
  }
  return Object{{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
}

Value version_info() {
  return Object{{"major", "1"},
                {"minor", "36"},
                {"gitVersion", "v1.36.1"},
                {"gitCommit", ""},
                {"gitTreeState", "clean"},
                {"buildDate", "1970-01-01T00:00:00Z"},
                {"goVersion", ""},
                {"compiler", ""},
                {"platform", "windlass"},
                {"emulationMajor", "1"},
                {"emulationMinor", "36"},
                {"minCompatibilityMajor", "1"},
                {"minCompatibilityMinor", "35"}};
}

std::string group_path(const std::string& group, const std::string& version) {
  return group.empty() ? "api/" + version : "apis/" + group + "/" + version;
}

Value openapi_index(const State& state) {
  Object paths;
  for (const auto& [group, versions] : groups_of(state)) {
    for (const std::string& version : versions) {
      const std::string path = group_path(group, version);
      paths.set(path, Object{{"serverRelativeURL", fmt::format("/openapi/v3/{}?hash={}", path,
                                                               state.store.revision())}});
    }
  }
  return Object{{"paths", std::move(paths)}};
}

void collect(const Object& definitions, const Value& value, Object& out) {
  if (value.is_array()) {
    for (const Value& entry : value.as_array()) collect(definitions, entry, out);
  } else if (value.is_object()) {
    for (const auto& member : value.as_object()) {
      if (member.key != "$ref" || !member.value.is_string()) {
        collect(definitions, member.value, out);
        continue;
      }
      const std::string& text = member.value.as_string();
      const std::string name = text.substr(text.rfind('/') + 1);
      const Value* definition = definitions.find(name);
      if (definition == nullptr || out.contains(name)) continue;
      out.set(name, *definition);
      collect(definitions, *definition, out);
    }
  }
}

}  // namespace

Value with_pointers(const Value& value, const std::string& prefix) {
  if (value.is_array()) {
    Array out;
    for (const Value& entry : value.as_array()) out.push_back(with_pointers(entry, prefix));
    return out;
  }
  if (!value.is_object()) return value;
  Object out;
  Value pointer;
  for (const auto& member : value.as_object()) {
    if (member.key == "$ref" && member.value.is_string()) {
      const std::string& text = member.value.as_string();
      pointer = Object{{"$ref", prefix + text.substr(text.rfind('/') + 1)}};
    } else {
      out.set(member.key, with_pointers(member.value, prefix));
    }
  }
  if (pointer.is_null()) return out;
  if (out.empty()) return pointer;
  out.set("allOf", Array{std::move(pointer)});
  return out;
}

std::string schema_name(const Resource& resource) {
  std::string out;
  std::string_view group = resource.group;
  while (!group.empty()) {
    const auto dot = group.rfind('.');
    out += std::string(group.substr(dot == std::string_view::npos ? 0 : dot + 1)) + ".";
    group = dot == std::string_view::npos ? "" : group.substr(0, dot);
  }
  return out + resource.version + "." + resource.kind;
}

Value custom_schema(const State& state, const Resource& resource) {
  const StoredPtr crd = state.get("apiextensions.k8s.io/customresourcedefinitions",
                                  {"", resource.plural + "." + resource.group});
  if (crd == nullptr) return Object{{"type", "object"}};
  for (const Value& version : crd->value().at_path({"spec", "versions"}).as_array()) {
    if (version["name"].string_or("") != resource.version) continue;
    Value schema = version.at_path({"schema", "openAPIV3Schema"});
    schema["properties"]["apiVersion"] = Object{{"type", "string"}};
    schema["properties"]["kind"] = Object{{"type", "string"}};
    schema["properties"]["metadata"] = Object{
        {"allOf",
         Array{Object{
             {"$ref", "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}}}}};
    return schema;
  }
  return Object{{"type", "object"}};
}

std::string builtin_schema_name(const State& state, const Resource& resource) {
  if (resource.schema == nullptr || resource.custom || resource.schema->name != resource.kind)
    return "";
  const std::string label(
      resource.group.empty() ? "core" : resource.group.substr(0, resource.group.find('.')));
  const std::string end = fmt::format("{}.{}", resource.version, resource.kind);
  for (const auto& member : *state.registry.definitions()) {
    if (member.key.ends_with("." + label + "." + end)) return member.key;
  }
  return "";
}

namespace {

/// Schemas and enough of the paths for kubectl: explain, client-side validation, apply.
std::optional<Value> openapi_document(const State& state, const std::string& group,
                                      const std::string& version) {
  Object schemas, paths;
  const Object& definitions = *state.registry.definitions();
  bool found = false;
  for (const ResourcePtr& resource : state.registry.all()) {
    if (resource->group != group || resource->version != version) continue;
    found = true;
    std::string name;
    if (resource->custom) {
      name = schema_name(*resource);
      schemas.set(name, custom_schema(state, *resource));
      collect(definitions, *schemas.find(name), schemas);
    } else {
      name = builtin_schema_name(state, *resource);
      if (name.empty()) continue;
      schemas.set(name,
                  definitions.find(name) != nullptr ? *definitions.find(name) : Value(Object{}));
      collect(definitions, *definitions.find(name), schemas);
    }
    const Object gvk{{"group", group}, {"version", version}, {"kind", resource->kind}};
    (*schemas.find(name))["x-kubernetes-group-version-kind"] = Array{gvk};
    const std::string base = "/" + group_path(group, version) +
                             (resource->namespaced ? "/namespaces/{namespace}/" : "/") +
                             resource->plural;
    const Object body{
        {"content",
         Object{{"application/json",
                 Object{{"schema", Object{{"$ref", "#/components/schemas/" + name}}}}}}}};
    const Array parameters{Object{{"name", "fieldValidation"},
                                  {"in", "query"},
                                  {"schema", Object{{"type", "string"}, {"uniqueItems", true}}}}};
    const auto operation = [&](const char* action) {
      return Object{{"x-kubernetes-action", action},
                    {"x-kubernetes-group-version-kind", gvk},
                    {"parameters", parameters},
                    {"responses", Object{{"200", body}}}};
    };
    paths.set(base, Object{{"get", operation("list")}, {"post", operation("post")}});
    paths.set(base + "/{name}", Object{{"get", operation("get")},
                                       {"put", operation("put")},
                                       {"patch", operation("patch")},
                                       {"delete", operation("delete")}});
  }
  if (!found) return std::nullopt;
  for (auto& member : schemas) member.value = with_pointers(member.value, "#/components/schemas/");
  return Value(Object{{"openapi", "3.0.0"},
                      {"info", Object{{"title", "Kubernetes"}, {"version", "v1.36.1"}}},
                      {"paths", std::move(paths)},
                      {"components", Object{{"schemas", std::move(schemas)}}}});
}

}  // namespace

std::optional<Reply> handle_service(State& state, const http::Request& request,
                                    const Target& target) {
  const auto& parts = target.segments;
  const std::string first = parts.empty() ? "" : parts[0];
  if (first == "healthz" || first == "livez" || first == "readyz") {
    if (parts.size() > 1 && parts[1] != "ping" && parts[1] != "log") return std::nullopt;
    return Reply{text_response(200, "ok", "text/plain; charset=utf-8")};
  }
  if (first == "version") return Reply{json_response(200, version_info())};
  if (first == "api") {
    if (parts.size() == 1) {
      return wants_aggregated(request) ? aggregated_reply(state, true)
                                       : Reply{json_response(200, api_versions())};
    }
    if (parts.size() == 2 && parts[1] == "v1")
      return Reply{json_response(200, resource_list(state, "", "v1"))};
    return std::nullopt;
  }
  if (first == "apis") {
    if (parts.size() == 1) {
      return wants_aggregated(request) ? aggregated_reply(state, false)
                                       : Reply{json_response(200, group_list(state))};
    }
    const auto groups = groups_of(state);
    const auto found = groups.find(parts[1]);
    if (found == groups.end()) return std::nullopt;
    if (parts.size() == 2) {
      Value group = api_group(found->first, found->second);
      group["kind"] = "APIGroup";
      group["apiVersion"] = "v1";
      return Reply{json_response(200, group)};
    }
    if (!state.registry.has_group_version(parts[1], parts[2])) return std::nullopt;
    return Reply{json_response(200, resource_list(state, parts[1], parts[2]))};
  }
  if (first == "openapi" && parts.size() >= 2 && parts[1] == "v3") {
    if (parts.size() == 2) return Reply{json_response(200, openapi_index(state))};
    const bool core = parts[2] == "api";
    if ((core && parts.size() != 4) || (!core && parts.size() != 5)) return std::nullopt;
    if (auto document = openapi_document(state, core ? "" : parts[3], core ? parts[3] : parts[4])) {
      return Reply{json_response(200, *document)};
    }
  }
  if (first == "openapi" && parts.size() == 2 && parts[1] == "v2") {
    const Value document = openapi_v2(state);
    if (request.headers.get("Accept").find("proto-openapi.spec.v2") == std::string_view::npos)
      return Reply{json_response(200, document)};
    return Reply{text_response(200, encode_openapi_v2(document),
                               "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")};
  }
  if (parts.empty()) {
    Array paths{"/api",        "/api/v1",     "/apis",   "/healthz", "/livez",
                "/openapi/v2", "/openapi/v3", "/readyz", "/version"};
    return Reply{json_response(200, Object{{"paths", std::move(paths)}})};
  }
  return std::nullopt;
}

}  // namespace windlass::inline v0::api_server
