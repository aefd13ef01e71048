#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <re2/re2.h>

#include <windlass/codegen/crd.hpp>
#include <windlass/codegen/names.hpp>

namespace windlass::inline v0::codegen {
namespace {

using json::Value;

/// The part of Quantity's pattern that nobody else's has.
constexpr std::string_view kQuantityPattern = "([KMGTPE]i)|[numkMGTPE]";

constexpr int kMaxDepth = 100;

/// The way from the root of a schema to a part of it. Names belong to the schema.
class Place {
 public:
  [[nodiscard]] Place member(std::string_view name) const { return {this, name, '.'}; }
  [[nodiscard]] Place element() const { return {this, {}, '['}; }
  [[nodiscard]] Place value() const { return {this, {}, '{'}; }

  Place() = default;

  /// `.spec.users[].name`.
  [[nodiscard]] std::string text() const {
    if (parent_ == nullptr) return {};
    const std::string before = parent_->text();
    if (step_ == '[') return before + "[]";
    if (step_ == '{') return before + "{}";
    return before + '.' + std::string(name_);
  }

  /// Adds the keys that lead there in the document.
  void add_keys(std::vector<std::string>& keys) const {
    if (parent_ == nullptr) return;
    parent_->add_keys(keys);
    if (step_ == '[') {
      keys.emplace_back("items");
    } else if (step_ == '{') {
      keys.emplace_back("additionalProperties");
    } else {
      keys.emplace_back("properties");
      keys.emplace_back(name_);
    }
  }

 private:
  Place(const Place* parent, std::string_view name, char step)
      : parent_(parent), name_(name), step_(step) {}

  const Place* parent_ = nullptr;
  std::string_view name_;
  char step_ = '.';
};

/// A part of a document, for messages.
struct Origin {
  const std::string& file;
  const Document& document;
  std::vector<std::string> keys = {};

  [[nodiscard]] Origin below(std::initializer_list<std::string> more) const {
    Origin out{file, document, keys};
    out.keys.insert(out.keys.end(), more);
    return out;
  }
  /// `crds.yaml:12: `.
  [[nodiscard]] std::string prefix() const {
    const std::size_t line = document.line_of(keys);
    return (line == 0 ? file : file + ':' + std::to_string(line)) + ": ";
  }
};

/// One version of one CRD.
class VersionParser {
 public:
  VersionParser(Origin origin, std::string version, const KnownTypes& known,
                std::vector<Warning>& warnings)
      : origin_(std::move(origin)),
        version_(std::move(version)),
        known_(known),
        warnings_(warnings) {}

  Result<Unit> run(const Resource& resource, const Value& schema, Unit unit) {
    if (!schema["properties"].is_object()) {
      return problem({},
                     "the schema has no properties, so there is nothing to generate; "
                     "describe spec and status");
    }
    unit_ = std::move(unit);
    taken_.push_back(resource.kind);
    Struct root;
    root.name = resource.kind;
    root.documentation = schema["description"].string_or("");
    root.resource = resource;
    root.keeps_unknown = schema["x-kubernetes-preserve-unknown-fields"].bool_or(false);
    root.fields.push_back(metadata());
    auto added = add_fields(root, schema, {}, 0);
    if (!added) return added.error();
    unit_.structs.push_back(std::move(root));
    return std::move(unit_);
  }

 private:
  static Field metadata() {
    Field field;
    field.json_name = field.member = "metadata";
    field.type = scalar(Kind::object);
    field.type.name = "windlass::meta::ObjectMeta";
    field.type.include = "windlass/meta/object_meta.hpp";
    field.by_value = true;
    return field;
  }

  [[nodiscard]] std::string where(const Place& path) const {
    Origin origin = origin_;
    path.add_keys(origin.keys);
    return origin.prefix() + version_ + path.text();
  }
  [[nodiscard]] Error problem(const Place& path, const std::string& what) const {
    return {Errc::parse, where(path) + ": " + what};
  }

  void warn(const Place& path, const std::string& text) {
    warnings_.push_back({where(path), text});
  }

  Result<void> add_fields(Struct& out, const Value& schema, const Place& path, int depth) {
    const bool is_root = out.resource.has_value();
    for (const auto& [name, property] : schema["properties"].as_object()) {
      if (is_root && (name == "apiVersion" || name == "kind" || name == "metadata")) continue;
      auto field = make_field(out.name, name, property, path.member(name), depth);
      if (!field) return field.error();
      if (const Value& required = schema["required"]; required.is_array()) {
        const auto& names = required.as_array();
        field->required = std::find(names.begin(), names.end(), Value(name)) != names.end();
      }
      finish(*field, property, is_root);
      out.fields.push_back(std::move(*field));
    }
    name_members(out, path);
    return {};
  }

  void name_members(Struct& out, const Place& path) {
    std::vector<std::string> wanted;
    for (const auto& field : out.fields) {
      const bool clashes =
          out.resource && (field.member == "resource" || field.member == "short_names" ||
                           field.member == "categories");
      wanted.push_back(clashes ? field.member + "_" : field.member);
    }
    const auto names = unique_names(wanted);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] != wanted[i]) {
        warn(path.member(out.fields[i].json_name),
             "another property is called " + wanted[i] + " in C++ too; this one is " + names[i]);
      }
      out.fields[i].member = names[i];
    }
  }

  /// What depends on whether the field is required.
  static void finish(Field& field, const Value& property, bool is_root) {
    const Value* default_value = property.find("default");
    const bool defaults_to_empty =
        default_value && default_value->is_object() && default_value->as_object().empty();
    const bool spec_or_status =
        is_root && (field.json_name == "spec" || field.json_name == "status");
    field.by_value = field.type.kind == Kind::object && !field.nullable &&
                     (field.required || defaults_to_empty || spec_or_status);
    field.empty_counts = field.type.kind == Kind::string && allows_empty(property);
  }

  /// True when "" satisfies the schema of a string.
  static bool allows_empty(const Value& schema) {
    if (schema["minLength"].integer_or(0) > 0) return false;
    const auto format = schema["format"].string_or("");
    if (!format.empty() && format != "byte" && format != "password") return false;
    const auto pattern = schema["pattern"].string_or("");
    if (pattern.empty()) return true;
    const RE2 expression(re2::StringPiece(pattern.data(), pattern.size()), RE2::Quiet);
    return !expression.ok() || RE2::PartialMatch("", expression);
  }

  Result<Field> make_field(const std::string& owner, const std::string& name, const Value& property,
                           const Place& path, int depth) {
    Field field;
    field.json_name = name;
    field.member = member_name(name);
    field.documentation = property["description"].string_or("");
    field.nullable = property["nullable"].bool_or(false);
    auto type = make_type(owner + type_name(name), name, property, path, depth + 1);
    if (!type) return type.error();
    field.type = std::move(*type);
    field.constraints = constraints(field.type, property, path);
    return field;
  }

  Result<Type> make_type(const std::string& wanted_name, const std::string& property_name,
                         const Value& schema, const Place& path, int depth) {
    if (depth > kMaxDepth) return problem(path, "nested too deeply");
    if (!schema.is_object()) {
      return problem(path, "expected a schema, got " + std::string(json::to_string(schema.type())) +
                               "; write `type: ...` below it");
    }
    if (schema.find("$ref")) {
      return problem(path, "$ref is not allowed in a CRD; write the schema out");
    }
    if (schema["x-kubernetes-int-or-string"].bool_or(false)) {
      const auto pattern = schema["pattern"].string_or("");
      return scalar(pattern.find(kQuantityPattern) == pattern.npos ? Kind::int_or_string
                                                                   : Kind::quantity);
    }
    warn_of_alternatives(schema, path);
    if (schema["x-kubernetes-embedded-resource"].bool_or(false)) return scalar(Kind::any);
    const Value& type = schema["type"];
    if (type.is_null()) {
      if (!schema["x-kubernetes-preserve-unknown-fields"].bool_or(false)) {
        warn(path, "has no type; it becomes json::Value");
      }
      return scalar(Kind::any);
    }
    const auto name = type.string_or("");
    if (name == "boolean") return scalar(Kind::boolean);
    if (name == "integer") {
      return scalar(schema["format"] == Value("int32") ? Kind::int32 : Kind::int64);
    }
    if (name == "number") return scalar(Kind::float64);
    if (name == "string") return string_type(wanted_name, schema, path);
    if (name == "array") return array_type(wanted_name, property_name, schema, path, depth);
    if (name == "object") return object_type(wanted_name, property_name, schema, path, depth);
    return problem(path, "type " + json::dump(type) +
                             " is not one of boolean, integer, number, string, array, object");
  }

  void warn_of_alternatives(const Value& schema, const Place& path) {
    for (const char* key : {"oneOf", "anyOf", "allOf", "not"}) {
      if (schema.find(key)) {
        warn(path, std::string(key) + " cannot be expressed in a type; only the server checks it");
      }
    }
  }

  Result<Type> string_type(const std::string& wanted_name, const Value& schema, const Place& path) {
    if (schema["enum"].is_array()) return enum_type(wanted_name, schema, path);
    if (schema["format"] == Value("date-time")) return scalar(Kind::time);
    return scalar(Kind::string);
  }

  Result<Type> enum_type(const std::string& wanted_name, const Value& schema, const Place& path) {
    Enum out;
    out.documentation = schema["description"].string_or("");
    std::vector<std::string> names;
    for (const auto& value : schema["enum"].as_array()) {
      if (value.is_null() && schema["nullable"].bool_or(false)) continue;
      if (!value.is_string()) {
        return problem(path, "enum value " + json::dump(value) +
                                 " is not a string; put it in quotes if it is meant to be one");
      }
      out.values.push_back({value.as_string(), {}});
      names.push_back(enumerator_name(value.as_string()));
    }
    if (out.values.empty()) return problem(path, "the enum has no values");
    names = unique_names(std::move(names));
    for (std::size_t i = 0; i < names.size(); ++i) out.values[i].name = names[i];
    Type type = scalar(Kind::enumeration);
    for (const auto& known : unit_.enums) {
      if (known.values == out.values && known.documentation == out.documentation) {
        type.name = known.name;
        return type;
      }
    }
    type.name = out.name = unused(wanted_name);
    unit_.enums.push_back(std::move(out));
    return type;
  }

  Result<Type> array_type(const std::string& wanted_name, const std::string& property_name,
                          const Value& schema, const Place& path, int depth) {
    const Value& items = schema["items"];
    if (items.is_null()) return problem(path, "an array without items; describe its elements");
    auto element = make_type(wanted_name + "Item", property_name, items, path.element(), depth + 1);
    if (!element) return element.error();
    if (element->kind == Kind::boolean) {
      warn(path, "a list of booleans becomes json::Value");
      return scalar(Kind::any);
    }
    if (items["nullable"].bool_or(false)) {
      warn(path.element(), "null elements become empty ones");
    }
    return list_of(std::move(*element));
  }

  Result<Type> object_type(const std::string& wanted_name, const std::string& property_name,
                           const Value& schema, const Place& path, int depth) {
    const Value* values = schema.find("additionalProperties");
    const Value& properties = schema["properties"];
    const bool has_properties = properties.is_object() && !properties.as_object().empty();
    if (values && has_properties) {
      return problem(path, "properties and additionalProperties exclude each other in a CRD");
    }
    if (values && values->is_object()) {
      auto value =
          make_type(wanted_name + "Value", property_name, *values, path.value(), depth + 1);
      if (!value) return value.error();
      return map_of(std::move(*value));
    }
    if (!has_properties) {
      const bool meant = schema["x-kubernetes-preserve-unknown-fields"].bool_or(false) ||
                         (values && values->bool_or(false));
      if (!meant) {
        warn(path,
             "an object without properties, of which the server keeps nothing; it becomes "
             "json::Value (x-kubernetes-preserve-unknown-fields: true says that you mean it)");
      }
      return scalar(Kind::any);
    }
    if (auto known = known_.recognise(schema, property_name)) return *known;
    return struct_type(wanted_name, schema, path, depth);
  }

  Result<Type> struct_type(const std::string& wanted_name, const Value& schema, const Place& path,
                           int depth) {
    Struct out;
    out.name = unused(wanted_name);
    taken_.push_back(out.name);
    out.documentation = schema["description"].string_or("");
    out.keeps_unknown = schema["x-kubernetes-preserve-unknown-fields"].bool_or(false);
    auto added = add_fields(out, schema, path, depth);
    if (!added) return added.error();
    Type type = scalar(Kind::object);
    for (const auto& known : unit_.structs) {
      if (known.fields == out.fields && known.keeps_unknown == out.keeps_unknown) {
        type.name = known.name;
        return type;
      }
    }
    type.name = out.name;
    unit_.structs.push_back(std::move(out));
    return type;
  }

  std::string unused(std::string name) {
    const auto is_taken = [this](const std::string& candidate) {
      return std::find(taken_.begin(), taken_.end(), candidate) != taken_.end();
    };
    const std::string wanted = name;
    for (int i = 2; is_taken(name); ++i) name = wanted + std::to_string(i);
    taken_.push_back(name);
    return name;
  }

  static std::optional<std::int64_t> count(const Value& value) {
    if (!value.is_integer()) return std::nullopt;
    return value.as_integer();
  }

  Constraints constraints(const Type& type, const Value& schema, const Place& path) {
    Constraints out;
    if (const Value* value = schema.find("default")) out.default_value = *value;
    for (const auto& rule : array_of(schema["x-kubernetes-validations"])) {
      out.immutable |= rule["rule"] == Value("self == oldSelf");
    }
    switch (type.kind) {
      case Kind::int32:
      case Kind::int64:
      case Kind::float64:
        number_rules(out, schema);
        break;
      case Kind::string:
        string_rules(out, schema, path);
        break;
      case Kind::list:
        list_rules(out, schema, path, type);
        break;
      case Kind::map:
        map_rules(out, schema, path, type);
        break;
      default:
        break;
    }
    return out;
  }

  static const json::Array& array_of(const Value& value) {
    static const json::Array none;
    return value.is_array() ? value.as_array() : none;
  }

  static void number_rules(Constraints& out, const Value& schema) {
    out.minimum = schema["minimum"];
    out.maximum = schema["maximum"];
    out.multiple_of = schema["multipleOf"];
    out.exclusive_minimum = schema["exclusiveMinimum"].bool_or(false);
    out.exclusive_maximum = schema["exclusiveMaximum"].bool_or(false);
  }

  void string_rules(Constraints& out, const Value& schema, const Place& path) {
    out.min_length = count(schema["minLength"]);
    out.max_length = count(schema["maxLength"]);
    out.format = schema["format"].string_or("");
    out.pattern = schema["pattern"].string_or("");
    if (!out.pattern.empty() && !RE2(out.pattern, RE2::Quiet).ok()) {
      warn(path, "the pattern is not in RE2's syntax; only the server checks it");
      out.pattern.clear();
    }
  }

  void element_rules(Constraints& out, const Value& schema, const Place& path, const Type& type) {
    Constraints inner = constraints(*type.element, schema, path);
    if (!inner.empty()) out.items = std::make_shared<const Constraints>(std::move(inner));
  }

  void list_rules(Constraints& out, const Value& schema, const Place& path, const Type& type) {
    out.min_items = count(schema["minItems"]);
    out.max_items = count(schema["maxItems"]);
    out.unique_items = schema["uniqueItems"].bool_or(false);
    const auto list_type = schema["x-kubernetes-list-type"].string_or("atomic");
    if (list_type == "set" || list_type == "map") out.list_type = list_type;
    for (const auto& key : array_of(schema["x-kubernetes-list-map-keys"])) {
      out.list_map_keys.emplace_back(key.string_or(""));
    }
    element_rules(out, schema["items"], path.element(), type);
  }

  void map_rules(Constraints& out, const Value& schema, const Place& path, const Type& type) {
    out.min_items = count(schema["minProperties"]);
    out.max_items = count(schema["maxProperties"]);
    element_rules(out, schema["additionalProperties"], path.value(), type);
  }

  Origin origin_;
  std::string version_;  // `foos.example.com (v1): `
  const KnownTypes& known_;
  std::vector<Warning>& warnings_;
  Unit unit_;
  std::vector<std::string> taken_;
};

std::vector<std::string> strings_of(const Value& value) {
  std::vector<std::string> out;
  if (!value.is_array()) return out;
  for (const auto& item : value.as_array()) out.emplace_back(item.string_or(""));
  return out;
}

std::string lower_snake(const std::string& kind) {
  std::string name = member_name(kind);
  while (!name.empty() && name.back() == '_') name.pop_back();
  return name;
}

Result<void> parse_crd(const Origin& origin, const Value& crd, const CrdOptions& options,
                       const KnownTypes& known, ParsedCrds& out) {
  const Value& spec = crd["spec"];
  const std::string crd_name(crd["metadata"]["name"].string_or("(CRD without a name)"));
  const auto problem = [&](std::initializer_list<std::string> keys, const std::string& what) {
    return Error{Errc::parse, origin.below(keys).prefix() + crd_name + ": " + what};
  };
  for (const char* key : {"group", "scope"}) {
    if (!spec[key].is_string()) {
      return problem({"spec"}, std::string("spec.") + key + " is missing");
    }
  }
  for (const char* key : {"kind", "plural"}) {
    if (!spec["names"][key].is_string()) {
      return problem({"spec", "names"}, std::string("spec.names.") + key + " is missing");
    }
  }
  if (!spec["versions"].is_array() || spec["versions"].as_array().empty()) {
    return problem({"spec", "versions"}, "spec.versions is empty; name at least one version");
  }
  Resource resource;
  resource.group = spec["group"].as_string();
  resource.kind = spec["names"]["kind"].as_string();
  resource.plural = spec["names"]["plural"].as_string();
  resource.namespaced = spec["scope"] == Value("Namespaced");
  resource.short_names = strings_of(spec["names"]["shortNames"]);
  resource.categories = strings_of(spec["names"]["categories"]);
  const std::string& file = origin.file;
  std::size_t index = 0;
  for (const auto& version : spec["versions"].as_array()) {
    const std::string element = '[' + std::to_string(index++) + ']';
    const std::string name(version["name"].string_or(""));
    if (name.empty()) {
      return problem({"spec", "versions", element}, "spec.versions: a version has no name");
    }
    const Value& schema = version["schema"]["openAPIV3Schema"];
    if (!schema.is_object()) {
      return problem({"spec", "versions", element},
                     name +
                         ": schema.openAPIV3Schema is missing; "
                         "apiextensions.k8s.io/v1 wants one for each version");
    }
    resource.version = name;
    resource.has_status = version["subresources"].find("status") != nullptr;
    const std::string version_namespace = member_name(name);
    const std::string stem = version_namespace + "/" + lower_snake(resource.kind);
    Unit unit;
    unit.origin = file.substr(file.rfind('/') + 1);
    unit.source = options.output_prefix.empty() ? stem : options.output_prefix + "/" + stem;
    unit.header = unit.source + ".hpp";
    unit.namespace_name = options.namespace_name.empty()
                              ? version_namespace
                              : options.namespace_name + "::" + version_namespace;
    VersionParser parser(origin.below({"spec", "versions", element, "schema", "openAPIV3Schema"}),
                         crd_name + " (" + name + "): ", known, out.warnings);
    auto parsed = parser.run(resource, schema, std::move(unit));
    if (!parsed) return parsed.error();
    out.units.push_back(std::move(*parsed));
  }
  return {};
}

Result<void> add_object(const Origin& origin, const Value& object, const CrdOptions& options,
                        const KnownTypes& known, ParsedCrds& out) {
  const auto kind = object["kind"].string_or("");
  if (kind == "List" || kind == "CustomResourceDefinitionList") {
    if (!object["items"].is_array()) return {};
    std::size_t index = 0;
    for (const auto& item : object["items"].as_array()) {
      const auto place = origin.below({"items", '[' + std::to_string(index++) + ']'});
      if (auto added = add_object(place, item, options, known, out); !added) return added;
    }
    return {};
  }
  if (kind != "CustomResourceDefinition") return {};
  const auto api_version = object["apiVersion"].string_or("");
  if (api_version != "apiextensions.k8s.io/v1") {
    return Error{Errc::parse, origin.prefix() +
                                  std::string(object["metadata"]["name"].string_or("a CRD")) +
                                  " is of " + std::string(api_version) +
                                  "; convert it to apiextensions.k8s.io/v1"};
  }
  return parse_crd(origin, object, options, known, out);
}

}  // namespace

Result<ParsedCrds> parse_crds(const std::string& file, const std::vector<Document>& documents,
                              const CrdOptions& options, const KnownTypes& known) {
  ParsedCrds out;
  for (const auto& document : documents) {
    const Origin origin{file, document};
    if (auto added = add_object(origin, document.value, options, known, out); !added) {
      return added.error();
    }
  }
  return out;
}

}  // namespace windlass::inline v0::codegen
