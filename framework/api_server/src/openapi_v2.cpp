#include "openapi_v2.hpp"

#include <fmt/format.h>

#include "protobuf.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

constexpr const char* kPrefix = "#/definitions/";

Value operation(const Resource& resource, const char* action) {
  Array parameters;
  for (const char* name : {"dryRun", "fieldManager", "fieldValidation"}) {
    parameters.emplace_back(
        Object{{"name", name}, {"in", "query"}, {"type", "string"}, {"uniqueItems", true}});
  }
  return Object{
      {"x-kubernetes-action", action},
      {"x-kubernetes-group-version-kind",
       Object{{"group", resource.group}, {"version", resource.version}, {"kind", resource.kind}}},
      {"parameters", std::move(parameters)},
      {"responses", Object{{"200", Object{{"description", "OK"}}}}}};
}

}  // namespace

Value openapi_v2(const State& state) {
  Object definitions, paths;
  for (const auto& member : *state.registry.definitions()) {
    definitions.set(member.key, with_pointers(member.value, kPrefix));
  }
  for (const ResourcePtr& resource : state.registry.all()) {
    std::string name = builtin_schema_name(state, *resource);
    if (resource->custom) {
      name = schema_name(*resource);
      definitions.set(name, with_pointers(custom_schema(state, *resource), kPrefix));
    }
    if (name.empty()) continue;
    (*definitions.find(name))["x-kubernetes-group-version-kind"] = Array{Object{
        {"group", resource->group}, {"version", resource->version}, {"kind", resource->kind}}};
    const std::string base =
        fmt::format("{}{}{}", resource->group.empty() ? "/api/" : "/apis/", resource->api_version(),
                    resource->namespaced ? "/namespaces/{namespace}/" : "/") +
        resource->plural;
    paths.set(base, Object{{"get", operation(*resource, "list")},
                           {"post", operation(*resource, "post")}});
    paths.set(base + "/{name}", Object{{"get", operation(*resource, "get")},
                                       {"put", operation(*resource, "put")},
                                       {"patch", operation(*resource, "patch")},
                                       {"delete", operation(*resource, "delete")}});
  }
  return Object{{"swagger", "2.0"},
                {"info", Object{{"title", "Kubernetes"}, {"version", "v1.36.1"}}},
                {"paths", std::move(paths)},
                {"definitions", std::move(definitions)}};
}

namespace {

/// A protobuf message under construction: what the document has of it.
class Writer {
 public:
  void text(std::uint32_t number, const Value& value) {
    if (value.is_string()) bytes(number, value.as_string());
  }
  void bytes(std::uint32_t number, std::string_view content) { put_bytes(out_, number, content); }
  void integer(std::uint32_t number, const Value& value) {
    if (value.is_integer()) put_number(out_, number, value.as_integer());
    if (value.is_bool()) put_number(out_, number, value.as_bool() ? 1 : 0);
  }
  void real(std::uint32_t number, const Value& value) {
    if (value.is_number()) put_real(out_, number, value.as_number());
  }
  [[nodiscard]] const std::string& done() const { return out_; }

 private:
  std::string out_;
};

/// Any: its YAML, of which JSON is a part.
std::string any(const Value& value) {
  Writer out;
  out.bytes(2, json::dump(value));
  return out.done();
}

std::string named(std::string_view name, std::string_view content) {
  Writer out;
  out.bytes(1, name);
  out.bytes(2, content);
  return out.done();
}

void extensions(const Value& value, std::uint32_t number, Writer& out) {
  for (const auto& member : value.as_object()) {
    if (member.key.starts_with("x-")) out.bytes(number, named(member.key, any(member.value)));
  }
}

std::string schema(const Value& value) {
  Writer out;
  if (!value.is_object()) return out.done();
  out.text(1, value["$ref"]);
  out.text(2, value["format"]);
  out.text(4, value["description"]);
  if (const Value* fallback = value.find("default")) out.bytes(5, any(*fallback));
  out.real(6, value["multipleOf"]);
  out.real(7, value["maximum"]);
  out.integer(8, value["exclusiveMaximum"]);
  out.real(9, value["minimum"]);
  out.integer(10, value["exclusiveMinimum"]);
  out.integer(11, value["maxLength"]);
  out.integer(12, value["minLength"]);
  out.text(13, value["pattern"]);
  out.integer(14, value["maxItems"]);
  out.integer(15, value["minItems"]);
  out.integer(16, value["uniqueItems"]);
  out.integer(17, value["maxProperties"]);
  out.integer(18, value["minProperties"]);
  if (value["required"].is_array()) {
    for (const Value& name : value["required"].as_array()) out.text(19, name);
  }
  if (value["enum"].is_array()) {
    for (const Value& entry : value["enum"].as_array()) out.bytes(20, any(entry));
  }
  if (const Value& more = value["additionalProperties"]; !more.is_null()) {
    Writer item;
    if (more.is_bool()) {
      item.integer(2, more);
    } else {
      item.bytes(1, schema(more));
    }
    out.bytes(21, item.done());
  }
  if (value["type"].is_string()) {
    Writer item;
    item.text(1, value["type"]);
    out.bytes(22, item.done());
  }
  if (value["items"].is_object()) {
    Writer item;
    item.bytes(1, schema(value["items"]));
    out.bytes(23, item.done());
  }
  if (value["allOf"].is_array()) {
    for (const Value& part : value["allOf"].as_array()) out.bytes(24, schema(part));
  }
  if (value["properties"].is_object()) {
    Writer properties;
    for (const auto& member : value["properties"].as_object())
      properties.bytes(1, named(member.key, schema(member.value)));
    out.bytes(25, properties.done());
  }
  extensions(value, 31, out);
  return out.done();
}

std::string parameter(const Value& value) {
  Writer query, non_body, any_parameter, item;
  query.text(2, value["in"]);
  query.text(4, value["name"]);
  query.text(6, value["type"]);
  query.integer(20, value["uniqueItems"]);
  non_body.bytes(3, query.done());
  any_parameter.bytes(2, non_body.done());
  item.bytes(1, any_parameter.done());
  return item.done();
}

std::string operation_message(const Value& value) {
  Writer out;
  for (const Value& entry : value["parameters"].as_array()) out.bytes(8, parameter(entry));
  extensions(value, 13, out);
  return out.done();
}

std::string path_item(const Value& value) {
  Writer out;
  constexpr std::pair<std::uint32_t, const char*> kMethods[] = {
      {2, "get"}, {3, "put"}, {4, "post"}, {5, "delete"}, {8, "patch"}};
  for (const auto& [number, method] : kMethods) {
    if (const Value* found = value.find(method)) out.bytes(number, operation_message(*found));
  }
  return out.done();
}

}  // namespace

std::string encode_openapi_v2(const Value& document) {
  Writer out, info, paths, definitions;
  out.text(1, document["swagger"]);
  info.text(1, document["info"]["title"]);
  info.text(2, document["info"]["version"]);
  out.bytes(2, info.done());
  for (const auto& member : document["paths"].as_object())
    paths.bytes(2, named(member.key, path_item(member.value)));
  out.bytes(8, paths.done());
  for (const auto& member : document["definitions"].as_object())
    definitions.bytes(1, named(member.key, schema(member.value)));
  out.bytes(9, definitions.done());
  return out.done();
}

}  // namespace windlass::inline v0::api_server
