// What makes a CRD's schema structural, in the words of apiextensions-apiserver.

#include "crd_schema.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "schema.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Value;

namespace {

void check_schema(const Value& schema, const std::string& path, std::string_view place,
                  Causes& causes);

void check_type(const Value& schema, const std::string& path, std::string_view place,
                Causes& causes) {
  const std::string_view type = schema["type"].string_or("");
  const bool free = schema["x-kubernetes-int-or-string"].bool_or(false) ||
                    schema["x-kubernetes-preserve-unknown-fields"].bool_or(false);
  if (type.empty()) {
    if (!place.empty() && !free) {
      causes.required(path + ".type", fmt::format("must not be empty for specified {}", place));
    }
    return;
  }
  const std::vector<std::string> known{"array", "boolean", "integer", "number", "object", "string"};
  if (std::find(known.begin(), known.end(), type) == known.end()) {
    causes.not_supported(path + ".type", Value(type), known);
  }
}

void check_list(const Value& schema, const std::string& path, Causes& causes) {
  const std::string_view list = schema["x-kubernetes-list-type"].string_or("");
  if (list.empty()) return;
  if (schema["type"] != Value("array")) {
    causes.invalid(path + ".type", schema["type"],
                   "must be array if x-kubernetes-list-type is specified");
    return;
  }
  if (list != "map") return;
  const Value& keys = schema["x-kubernetes-list-map-keys"];
  if (!keys.is_array() || keys.as_array().empty()) {
    causes.required(path + ".x-kubernetes-list-map-keys",
                    "must not be empty if x-kubernetes-list-type is map");
    return;
  }
  const Value& items = schema["items"];
  for (const Value& key : keys.as_array()) {
    const std::string name(key.string_or(""));
    const Value& required = items["required"];
    const bool needed = required.is_array() &&
                        std::find(required.as_array().begin(), required.as_array().end(), key) !=
                            required.as_array().end();
    const Value* property = items["properties"].find(name);
    if (property == nullptr) {
      causes.invalid(path + ".x-kubernetes-list-map-keys", keys,
                     "entries must all be names of item properties");
    } else if (!needed && property->find("default") == nullptr) {
      causes.required(
          fmt::format("{}.items.properties[{}].default", path, name),
          "this property is in x-kubernetes-list-map-keys, so it must have a default or "
          "be a required property");
    }
  }
}

void check_schema(const Value& schema, const std::string& path, std::string_view place,
                  Causes& causes) {
  if (!schema.is_object()) return;
  check_type(schema, path, place, causes);
  if (schema["type"] == Value("array") && !schema["items"].is_object()) {
    causes.required(path + ".items", "must be specified");
  }
  if (schema["uniqueItems"].bool_or(false)) {
    causes.forbidden(path + ".uniqueItems",
                     "uniqueItems cannot be set to true since the runtime complexity becomes "
                     "quadratic");
  }
  const Value& properties = schema["properties"];
  const Value& others = schema["additionalProperties"];
  if (properties.is_object() && !properties.as_object().empty() && !others.is_null()) {
    causes.forbidden(path + ".additionalProperties",
                     "additionalProperties and properties are mutual exclusive");
  }
  check_list(schema, path, causes);
  if (properties.is_object()) {
    for (const auto& member : properties.as_object()) {
      check_schema(member.value, keyed(path + ".properties", member.key), "object fields", causes);
    }
  }
  if (others.is_object()) {
    check_schema(others, path + ".additionalProperties", "object fields", causes);
  }
  if (schema["items"].is_object()) {
    check_schema(schema["items"], path + ".items", "array items", causes);
  }
}

void check_columns(const Value& version, const std::string& path, Causes& causes) {
  const Value& columns = version["additionalPrinterColumns"];
  if (!columns.is_array()) return;
  for (std::size_t i = 0; i < columns.as_array().size(); ++i) {
    const Value& column = columns.as_array()[i];
    const std::string at = index(path + ".additionalPrinterColumns", i);
    if (column["name"].string_or("").empty()) causes.required(at + ".name");
    const std::string_view type = column["type"].string_or("");
    constexpr std::array<std::string_view, 5> kTypes{"boolean", "date", "integer", "number",
                                                     "string"};
    if (type.empty()) {
      causes.required(at + ".type", "must be one of boolean,date,integer,number,string");
    } else if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
      causes.invalid(at + ".type", Value(type),
                     "must be one of boolean,date,integer,number,string");
    }
    if (column["jsonPath"].string_or("").empty()) causes.required(at + ".jsonPath");
  }
}

}  // namespace

std::string schema_path(const Value& spec, std::size_t version) {
  const Array& versions = spec["versions"].as_array();
  const bool shared = std::all_of(versions.begin(), versions.end(), [&](const Value& other) {
    return other["schema"] == versions[version]["schema"];
  });
  return shared ? "spec.validation.openAPIV3Schema"
                : index("spec.versions", version) + ".schema.openAPIV3Schema";
}

void check_structural(const Value& crd, Causes& causes) {
  const Value& spec = crd["spec"];
  if (spec["preserveUnknownFields"].bool_or(false)) {
    causes.invalid("spec.preserveUnknownFields", true,
                   "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
                   "spec.versions[*].schema instead");
  }
  const std::string group(spec["group"].string_or(""));
  const bool guarded = group == "k8s.io" || group.ends_with(".k8s.io") ||
                       group == "kubernetes.io" || group.ends_with(".kubernetes.io");
  const char* approval = "api-approved.kubernetes.io";
  if (guarded && crd["metadata"]["annotations"][approval].string_or("").empty()) {
    causes.required(keyed("metadata.annotations", approval),
                    "protected groups must have approval annotation "
                    "\"api-approved.kubernetes.io\", see "
                    "https://github.com/kubernetes/enhancements/pull/1111");
  }
  if (!spec["versions"].is_array()) return;
  const Array& versions = spec["versions"].as_array();
  bool same_columns = true;
  for (const Value& version : versions) {
    same_columns = same_columns && version["additionalPrinterColumns"] ==
                                       versions.front()["additionalPrinterColumns"];
  }
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const std::string path = schema_path(spec, i);
    const bool first = i == 0 || path != schema_path(spec, i - 1);
    if (first) check_schema(versions[i]["schema"]["openAPIV3Schema"], path, "", causes);
    if (i == 0 || !same_columns) {
      check_columns(versions[i], same_columns ? "spec" : index("spec.versions", i), causes);
    }
  }
}

}  // namespace windlass::inline v0::api_server
