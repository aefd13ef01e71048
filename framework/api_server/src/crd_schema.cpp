// What makes a CRD's schema structural, in the words of apiextensions-apiserver.

#include "crd_schema.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include <windlass/cel/rules.hpp>

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

void check_path(std::string_view path, const std::string& at, std::string_view wanted,
                Causes& causes) {
  if (!path.starts_with('.')) {
    causes.invalid(at, Value(path), "must be a simple json path starting with .");
  } else if (!wanted.empty() && !path.starts_with(fmt::format(".{}.", wanted))) {
    causes.invalid(at, Value(path), fmt::format("should be a json path under .{}", wanted));
  }
}

void check_columns(const Value& columns, const std::string& path, Causes& causes) {
  if (!columns.is_array()) return;
  for (std::size_t i = 0; i < columns.as_array().size(); ++i) {
    const Value& column = columns.as_array()[i];
    const std::string at = index(path + ".additionalPrinterColumns", i);
    if (column["name"].string_or("").empty()) causes.required(at + ".name");
    const std::string_view type = column["type"].string_or("");
    constexpr std::array<std::string_view, 5> kTypes{"boolean", "date", "integer", "number",
                                                     "string"};
    constexpr const char* kWanted = "must be one of boolean,date,integer,number,string";
    if (type.empty()) {
      causes.required(at + ".type", kWanted);
    } else if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
      causes.invalid(at + ".type", Value(type), kWanted);
    }
    const std::string_view format = column["format"].string_or("");
    constexpr std::array<std::string_view, 9> kFormats{
        "byte", "date", "date-time", "double", "float", "int32", "int64", "password", ""};
    if (std::find(kFormats.begin(), kFormats.end(), format) == kFormats.end()) {
      causes.invalid(at + ".format", Value(format),
                     "must be one of byte,date,date-time,double,float,int32,int64,password");
    }
    const std::string_view shown = column["jsonPath"].string_or("");
    if (shown.empty()) {
      causes.required(at + ".JSONPath");
    } else {
      check_path(shown, at + ".JSONPath", "", causes);
    }
  }
}

/// What selectable fields may name: a field of the schema that is a plain value.
void check_selectable(const Value& fields, const Value& schema, const std::string& path,
                      Causes& causes) {
  if (!fields.is_array()) return;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < fields.as_array().size(); ++i) {
    const std::string at = index(path + ".selectableFields", i) + ".jsonPath";
    const std::string text(fields.as_array()[i]["jsonPath"].string_or(""));
    if (text.empty()) {
      causes.required(at);
      continue;
    }
    if (!text.starts_with('.')) {
      const auto end = std::min(text.find_first_of(".["), text.size());
      causes.invalid(
          at, text,
          fmt::format("is an invalid path: expected [ or . but got: {}", text.substr(0, end)));
      continue;
    }
    if (text.find('[') != std::string::npos) {
      causes.invalid(at, text, "is an invalid path: array notation is not allowed");
      continue;
    }
    const Value* field = &schema;
    for (std::size_t from = 1; from <= text.size() && field != nullptr;) {
      const auto end = std::min(text.find('.', from), text.size());
      const Value* properties = field->find("properties");
      field = properties != nullptr && properties->is_object()
                  ? properties->find(text.substr(from, end - from))
                  : nullptr;
      from = end + 1;
    }
    const std::string_view type = field != nullptr ? (*field)["type"].string_or("") : "";
    if (field == nullptr || text.starts_with(".metadata.")) {
      causes.invalid(at, text, "is an invalid path: does not refer to a valid field");
    } else if (type != "string" && type != "boolean" && type != "integer") {
      causes.invalid(at, text,
                     "must point to a field of type string, boolean or integer. Enum string "
                     "fields and strings with formats are allowed.");
    } else if (!seen.insert(text).second) {
      causes.duplicate(at, text);
    }
  }
}

void check_subresources(const Value& subresources, const std::string& path, Causes& causes) {
  const Value* scale = subresources.find("scale");
  if (scale == nullptr || !scale->is_object()) return;
  const std::string at = path + ".subresources.scale.";
  for (const auto& [key, part] :
       {std::pair("specReplicasPath", "spec"), std::pair("statusReplicasPath", "status")}) {
    const std::string_view text = (*scale)[key].string_or("");
    if (text.empty()) {
      causes.required(at + key);
    } else {
      check_path(text, at + key, part, causes);
    }
  }
  const std::string_view selector = (*scale)["labelSelectorPath"].string_or("");
  if (selector.empty()) return;
  if (!selector.starts_with('.')) {
    check_path(selector, at + "labelSelectorPath", "", causes);
  } else if (!selector.starts_with(".spec.") && !selector.starts_with(".status.")) {
    causes.invalid(at + "labelSelectorPath", Value(selector),
                   "should be a json path under either .spec or .status");
  }
}

/// Defaults must be what the schema accepts, with its rules, and nothing that it prunes.
void check_defaults(const Value& schema, const std::string& path, Causes& causes) {
  if (!schema.is_object()) return;
  if (const Value* given = schema.find("default"); given != nullptr && !given->is_null()) {
    SchemaSet set;
    Causes ignored;
    const Schema* compiled = set.structural(schema, path, ignored);
    Value pruned = *given;
    Unknown unknown;
    prune(*compiled, pruned, compiled->embedded, "", unknown);
    if (!(pruned == *given)) {
      causes.invalid(path + ".default", *given, "must not have unknown fields");
    }
    const std::size_t before = causes.size();
    validate_embedded(*compiled, *given, path + ".default", causes);
    if (causes.size() == before) {
      validate(*compiled, *given, causes, nullptr, path + ".default");
    }
    if (causes.size() == before && cel::check_rules(schema, path).empty()) {
      const cel::Rules rules(schema);
      std::vector<std::string> warnings;
      auto violations = rules.validate(*given, given, warnings);
      if (violations.empty()) violations = rules.validate(*given, nullptr, warnings);
      for (cel::Violation& violation : violations) {
        const bool inner = !violation.field.empty() && violation.field != "<nil>";
        causes.add(
            {std::move(violation.reason), std::move(violation.message),
             inner ? fmt::format("{}.default.{}", path, violation.field) : path + ".default"});
      }
    }
  }
  if (schema["items"].is_object()) check_defaults(schema["items"], path + ".items", causes);
  if (!schema["properties"].is_object()) return;
  for (const auto& member : schema["properties"].as_object()) {
    check_defaults(member.value, keyed(path + ".properties", member.key), causes);
  }
}

void validate_schema(const Value& schema, const std::string& path, Causes& causes) {
  if (!schema.is_object()) return;
  const std::size_t before = causes.size();
  const std::string_view type = schema["type"].string_or("");
  if (type.empty()) {
    causes.required(path + ".type", "must not be empty at the root");
  } else if (type != "object") {
    causes.invalid(path + ".type", Value(type), "must be object at the root");
  }
  SchemaSet probe;
  probe.structural(schema, path, causes);
  if (causes.size() == before) check_defaults(schema, path, causes);
  const bool sound = causes.size() == before;
  check_schema(schema, path, "", causes);
  if (!sound) return;
  for (cel::Violation& violation : cel::check_rules(schema, path)) {
    causes.add(
        {std::move(violation.reason), std::move(violation.message), std::move(violation.field)});
  }
}

/// Whether all versions have the same of something: the server then sees it once.
bool shared(const Value& spec, const char* part) {
  if (!spec["versions"].is_array() || spec["versions"].as_array().empty()) return false;
  const Array& versions = spec["versions"].as_array();
  return std::all_of(versions.begin(), versions.end(),
                     [&](const Value& version) { return version[part] == versions.front()[part]; });
}

}  // namespace

void validate_version(const Value& spec, std::size_t version, Causes& causes) {
  const Value& one = spec["versions"].as_array()[version];
  const std::string path = index("spec.versions", version);
  if (!shared(spec, "schema")) {
    validate_schema(one["schema"]["openAPIV3Schema"], path + ".schema.openAPIV3Schema", causes);
  }
  if (!shared(spec, "subresources")) check_subresources(one["subresources"], path, causes);
  if (!shared(spec, "additionalPrinterColumns")) {
    check_columns(one["additionalPrinterColumns"], path, causes);
  }
  if (!shared(spec, "selectableFields")) {
    check_selectable(one["selectableFields"], one["schema"]["openAPIV3Schema"], path, causes);
  }
}

void validate_shared(const Value& spec, Causes& causes) {
  const auto first = [&](const char* part) -> const Value& {
    return spec["versions"].as_array().front()[part];
  };
  if (shared(spec, "schema")) {
    validate_schema(first("schema")["openAPIV3Schema"], "spec.validation.openAPIV3Schema", causes);
  }
  if (shared(spec, "subresources")) check_subresources(first("subresources"), "spec", causes);
  if (shared(spec, "additionalPrinterColumns")) {
    check_columns(first("additionalPrinterColumns"), "spec", causes);
  }
  if (shared(spec, "selectableFields")) {
    check_selectable(first("selectableFields"), first("schema")["openAPIV3Schema"], "spec", causes);
  }
}

namespace {

bool is_known_format(std::string_view format, std::string_view type) {
  if (type == "integer") return format == "int32" || format == "int64";
  if (type == "number") return format == "float" || format == "double";
  if (!type.empty() && type != "string") return false;
  constexpr std::array<std::string_view, 27> kKnown{
      "bsonobjectid",   "uri",          "email",    "hostname", "ipv4",
      "ipv6",           "cidr",         "mac",      "uuid",     "uuid3",
      "uuid4",          "uuid5",        "isbn",     "isbn10",   "isbn13",
      "creditcard",     "ssn",          "hexcolor", "rgbcolor", "byte",
      "password",       "date",         "duration", "datetime", "date-time",
      "k8s-short-name", "k8s-long-name"};
  return std::find(kKnown.begin(), kKnown.end(), format) != kKnown.end();
}

void collect_formats(const Value& schema, std::vector<std::string>& out) {
  if (!schema.is_object()) return;
  const std::string format(schema["format"].string_or(""));
  if (!format.empty() && !is_known_format(format, schema["type"].string_or(""))) {
    out.push_back(format);
  }
  for (const char* key : {"items", "additionalProperties", "not"}) {
    collect_formats(schema[key], out);
  }
  for (const char* key : {"allOf", "anyOf", "oneOf"}) {
    if (!schema[key].is_array()) continue;
    for (const Value& part : schema[key].as_array()) collect_formats(part, out);
  }
  if (!schema["properties"].is_object()) return;
  for (const auto& member : schema["properties"].as_object()) collect_formats(member.value, out);
}

}  // namespace

std::vector<std::string> unknown_formats(const Value& crd) {
  std::vector<std::string> out;
  const Value& spec = crd["spec"];
  if (!spec["versions"].is_array()) return out;
  const bool once = shared(spec, "schema");
  for (const Value& version : spec["versions"].as_array()) {
    collect_formats(version["schema"]["openAPIV3Schema"], out);
    if (once) break;
  }
  return out;
}

void validate_approval(const Value& crd, Causes& causes) {
  const Value& spec = crd["spec"];
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
  if (spec["preserveUnknownFields"].bool_or(false)) {
    causes.invalid("spec.preserveUnknownFields", true,
                   "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
                   "spec.versions[*].schema instead");
  }
}

}  // namespace windlass::inline v0::api_server
