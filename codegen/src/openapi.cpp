#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <windlass/codegen/definition.hpp>
#include <windlass/codegen/framework_types.hpp>
#include <windlass/codegen/names.hpp>
#include <windlass/codegen/openapi.hpp>

namespace windlass::inline v0::codegen {
namespace {

using json::Value;

/// Where "" means something else than absent.
constexpr std::array<std::string_view, 4> kEmptyCounts = {
    "EndpointPort.name",
    "PersistentVolumeClaimSpec.storageClassName",
    "PersistentVolumeClaimSpec.volumeAttributesClassName",
    "PersistentVolumeClaimStatus.currentVolumeAttributesClassName",
};

class Parser {
 public:
  Parser(const std::string& file, const Value& document) : file_(file), document_(document) {}

  Result<Unit> run() {
    if (!document_["schemas"].is_object() || !document_["version"].is_string()) {
      return Error{Errc::parse, file_ +
                                    ": expected a reduced schema file with `group`, `version` and "
                                    "`schemas`; make one with `windlass-gen --reduce`"};
    }
    group_ = document_["group"].string_or("");
    version_ = document_["version"].string_or("");
    const std::string name = unit_name(group_, version_);
    Unit unit;
    unit.origin = file_.substr(file_.rfind('/') + 1);
    unit.header = "windlass/api/" + name + ".hpp";
    unit.source = name;
    unit.namespace_name = "windlass::inline v0::api::" + group_label(group_) + "::" + version_;
    for (const auto& [definition, schema] : document_["schemas"].as_object()) {
      if (!is_struct(schema)) continue;
      auto parsed = parse_struct(definition, schema);
      if (!parsed) return parsed.error();
      unit.structs.push_back(std::move(*parsed));
    }
    return unit;
  }

 private:
  static bool is_struct(const Value& schema) { return schema["properties"].is_object(); }

  [[nodiscard]] Error problem(const std::string& place, const std::string& what) const {
    return {Errc::parse, file_ + ": " + place + ": " + what};
  }

  Result<Struct> parse_struct(const std::string& definition, const Value& schema) {
    const auto home = home_of(definition);
    if (!home) return problem("schemas." + definition, "the name tells no group and version");
    Struct out;
    out.name = home->name;
    out.resource = resource_of(schema);
    std::vector<std::string> members;
    for (const auto& [name, property] : schema["properties"].as_object()) {
      if (out.resource && (name == "apiVersion" || name == "kind")) continue;
      auto field = parse_field(*home, name, property, schema["required"]);
      if (!field) return field.error();
      members.push_back(field->member);
      out.fields.push_back(std::move(*field));
    }
    members = unique_names(std::move(members));
    for (std::size_t i = 0; i < members.size(); ++i) out.fields[i].member = members[i];
    return out;
  }

  [[nodiscard]] std::optional<Resource> resource_of(const Value& schema) const {
    const Value& kinds = schema["x-kubernetes-group-version-kind"];
    if (!kinds.is_array()) return std::nullopt;
    const Value& gvk = kinds.as_array().front();
    Resource out;
    out.group = gvk["group"].string_or("");
    out.version = gvk["version"].string_or("");
    out.kind = gvk["kind"].string_or("");
    for (const auto& resource : document_["resources"].as_array()) {
      const auto name = resource["name"].string_or("");
      if (resource["kind"].string_or("") != out.kind || name.find('/') != name.npos) continue;
      out.plural = name;
      out.namespaced = resource["namespaced"].bool_or(true);
      for (const auto& other : document_["resources"].as_array()) {
        out.has_status |= other["name"].string_or("") == out.plural + "/status";
      }
    }
    return out;
  }

  Result<Field> parse_field(const Home& home, const std::string& name, const Value& property,
                            const Value& required) {
    const std::string place = home.name + "." + name;
    auto type = parse_type(place, property);
    if (!type) return type.error();
    Field field;
    field.json_name = name;
    field.member = member_name(name);
    field.type = std::move(*type);
    if (required.is_array()) {
      const auto& names = required.as_array();
      field.required = std::find(names.begin(), names.end(), Value(name)) != names.end();
    }
    const Value* default_value = property.find("default");
    const bool has_zero =
        default_value && default_value->is_object() && default_value->as_object().empty();
    field.by_value = field.type.kind == Kind::object && (field.required || has_zero);
    field.empty_counts =
        std::find(kEmptyCounts.begin(), kEmptyCounts.end(), place) != kEmptyCounts.end();
    if (property["x-kubernetes-list-type"].string_or("atomic") != "atomic") {
      field.constraints.list_type = property["x-kubernetes-list-type"].as_string();
    }
    if (const Value& keys = property["x-kubernetes-list-map-keys"]; keys.is_array()) {
      for (const auto& key : keys.as_array()) {
        field.constraints.list_map_keys.push_back(key.as_string());
      }
    }
    return field;
  }

  Result<Type> parse_type(const std::string& place, const Value& schema) {
    if (schema["$ref"].is_string()) return parse_reference(place, schema["$ref"].as_string());
    const auto type = schema["type"].string_or("");
    const auto format = schema["format"].string_or("");
    if (type == "boolean") return scalar(Kind::boolean);
    if (type == "integer") return scalar(format == "int32" ? Kind::int32 : Kind::int64);
    if (type == "number") return scalar(Kind::float64);
    if (type == "string") return scalar(format == "date-time" ? Kind::time : Kind::string);
    if (type == "array") {
      auto element = parse_type(place + "[]", schema["items"]);
      if (!element) return element.error();
      return list_of(std::move(*element));
    }
    if (type == "object" && schema.find("additionalProperties")) {
      auto value = parse_type(place + "{}", schema["additionalProperties"]);
      if (!value) return value.error();
      return map_of(std::move(*value));
    }
    if (type == "object" || type.empty()) return scalar(Kind::any);
    return problem(place, "type `" + std::string(type) +
                              "` is not one of boolean, integer, "
                              "number, string, array, object");
  }

  Result<Type> parse_reference(const std::string& place, const std::string& reference) {
    const auto home = home_of(reference);
    if (!home) return problem(place, "$ref `" + reference + "` tells no group and version");
    if (auto type = framework_type(*home)) return *type;
    if (home->is_meta()) {
      return problem(place, "the framework has no type for `" + reference + "`");
    }
    if (home->unit() != unit_name(group_, version_)) return generated_type(*home);
    const Value* definition = document_["schemas"].find(reference);
    if (!definition) return problem(place, "$ref `" + reference + "` is not in this file");
    if (!is_struct(*definition)) return parse_type(reference, *definition);
    Type type = scalar(Kind::object);
    type.name = home->name;
    return type;
  }

  const std::string& file_;
  const Value& document_;
  std::string group_;
  std::string version_;
};

}  // namespace

Result<Unit> parse_openapi(const std::string& file, const Value& document) {
  return Parser(file, document).run();
}

}  // namespace windlass::inline v0::codegen
