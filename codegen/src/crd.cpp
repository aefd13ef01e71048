#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <re2/re2.h>

#include <windlass/codegen/crd.hpp>
#include <windlass/codegen/names.hpp>
#include <windlass/type/format.hpp>

#include "keywords.hpp"

namespace windlass::inline v0::codegen {
namespace {

using json::Value;

/// The part of Quantity's pattern that nobody else's has.
constexpr std::string_view kQuantityPattern = "([KMGTPE]i)|[numkMGTPE]";

constexpr int kMaxDepth = 100;

/// The way from the root of a schema to a part of it. Names belong to the
/// schema.
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
  VersionParser(Origin origin, std::string version, const CrdOptions& options,
                const KnownTypes& known, std::vector<Warning>& warnings)
      : origin_(std::move(origin)),
        version_(std::move(version)),
        options_(options),
        known_(known),
        warnings_(warnings) {}

  /// `scale` is the subresource, or null.
  Result<Unit> run(const Resource& resource, const Value& schema, std::vector<Column> columns,
                   const Value& scale, Unit unit) {
    unit_ = std::move(unit);
    for (const char* path : {"specReplicasPath", "statusReplicasPath"}) {
      if (scale[path].is_string()) replicas_.insert(scale[path].as_string());
    }
    taken_.insert(resource.kind);
    Struct root;
    root.name = resource.kind;
    root.documentation = schema["description"].string_or("");
    root.resource = resource;
    root.columns = std::move(columns);
    root.keeps_unknown = schema["x-kubernetes-preserve-unknown-fields"].bool_or(false);
    if (!has_properties(schema) && !root.keeps_unknown) {
      warn({},
           "the schema has no properties, so the server keeps nothing but "
           "metadata; describe spec "
           "and status, or write x-kubernetes-preserve-unknown-fields: true");
    }
    root.fields.push_back(metadata(schema));
    auto added = add_fields(root, schema, {}, 0);
    if (!added) return added.error();
    root.constraints = object_demands(schema, {});
    if (options_.whole_schema) {
      root.constraints.description = root.documentation;
      root.constraints.keywords = missing_keywords_of_root(root, schema);
    }
    unit_.structs.push_back(std::move(root));
    return std::move(unit_);
  }

 private:
  static bool has_properties(const Value& schema) {
    return schema["properties"].is_object() && !schema["properties"].as_object().empty();
  }

  Field metadata(const Value& schema) {
    Field field;
    field.json_name = field.member = "metadata";
    field.type = scalar(Kind::object);
    field.type.name = "windlass::meta::ObjectMeta";
    field.type.include = "windlass/meta/object_meta.hpp";
    field.by_value = true;
    field.constraints = overlay(schema["properties"]["metadata"], Place().member("metadata"), true);
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
    std::set<std::string_view> required;
    for (const auto& name : array_of(schema["required"])) required.insert(name.string_or(""));
    if (schema["properties"].is_object()) {
      for (const auto& [name, property] : schema["properties"].as_object()) {
        if (is_root && (name == "apiVersion" || name == "kind" || name == "metadata")) continue;
        auto field = make_field(out.name, name, property, path.member(name), depth);
        if (!field) return field.error();
        field->required = required.contains(name);
        finish(*field, property, is_root);
        if (options_.whole_schema) complete(field->type, field->constraints, property);
        out.fields.push_back(std::move(*field));
      }
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
  void finish(Field& field, const Value& property, bool is_root) const {
    const Value& default_value = property["default"];
    // whoever leaves it out gets the default
    if (!default_value.is_null()) field.required = false;
    const bool defaults_to_empty = default_value.is_object() && default_value.as_object().empty();
    const bool spec_or_status =
        is_root && (field.json_name == "spec" || field.json_name == "status");
    const bool empty_is_absent = !options_.keep_empty && (defaults_to_empty || spec_or_status);
    field.by_value =
        field.type.kind == Kind::object && !field.nullable && (field.required || empty_is_absent);
    // an empty Box, and a null json::Value, that are values
    const bool holds_null = field.type.kind == Kind::object || field.type.kind == Kind::any;
    field.constraints.nullable = holds_null && field.nullable && field.required;
    if (field.type.kind == Kind::string) field.empty_counts = allows_empty(property);
    if (field.type.kind == Kind::list || field.type.kind == Kind::map) {
      field.empty_counts =
          options_.keep_empty || (!default_value.is_null() && !is_empty(default_value));
    }
  }

  static bool is_empty(const Value& value) {
    return (value.is_array() && value.as_array().empty()) ||
           (value.is_object() && value.as_object().empty());
  }

  /// True when "" satisfies the schema of a string.
  static bool allows_empty(const Value& schema) {
    if (schema["minLength"].integer_or(0) > 0) return false;
    if (!type::matches_format(schema["format"].string_or(""), "")) return false;
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
    field.nullable = may_be_null(property);
    auto type = make_type(owner + type_name(name), name, property, path, depth + 1);
    if (!type) return type.error();
    field.type = std::move(*type);
    field.constraints = constraints(field.type, property, path);
    if (const Value* value = property.find("default")) field.constraints.default_value = *value;
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
      return scalar(is_quantity(schema) ? Kind::quantity : Kind::int_or_string);
    }
    if (schema["x-kubernetes-embedded-resource"].bool_or(false)) {
      if (has_properties(schema)) {
        warn(path,
             "what it says of the embedded object's fields is left to "
             "the server");
      }
      return scalar(Kind::any);
    }
    const Value& type = schema["type"];
    if (type.is_null()) {
      if (!schema["x-kubernetes-preserve-unknown-fields"].bool_or(false)) {
        warn(path, "has no type; it becomes json::Value");
      }
      return scalar(Kind::any);
    }
    const auto name = type.string_or("");
    if (name == "boolean") return scalar(Kind::boolean);
    if (name == "integer" || name == "number") return number_type(wanted_name, name, schema, path);
    if (name == "string") return string_type(wanted_name, schema, path);
    if (name == "array") return array_type(wanted_name, property_name, schema, path, depth);
    if (name == "object") return object_type(wanted_name, property_name, schema, path, depth);
    return problem(path, "type " + json::dump(type) +
                             " is not one of boolean, integer, number, string, array, object");
  }

  static bool is_quantity(const Value& schema) {
    const auto pattern = schema["pattern"].string_or("");
    return schema["format"] == Value("quantity") ||
           pattern.find(kQuantityPattern) != std::string_view::npos;
  }

  Result<Type> number_type(const std::string& wanted_name, std::string_view name,
                           const Value& schema, const Place& path) {
    if (schema["enum"].is_array()) return enum_type(wanted_name, schema, path, true);
    if (name == "number") return scalar(Kind::float64);
    return scalar(schema["format"] == Value("int32") ? Kind::int32 : Kind::int64);
  }

  Result<Type> string_type(const std::string& wanted_name, const Value& schema, const Place& path) {
    if (schema["enum"].is_array()) return enum_type(wanted_name, schema, path, false);
    const auto format = schema["format"].string_or("");
    if (format == "date-time") return scalar(Kind::time);
    if (format == "duration") return scalar(Kind::duration);
    if (format == "quantity") return scalar(Kind::quantity);
    return scalar(Kind::string);
  }

  static std::string number_text(const Value& value) {
    std::string text = json::dump(value);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
  }

  Result<Type> enum_type(const std::string& wanted_name, const Value& schema, const Place& path,
                         bool numbers) {
    Enum out;
    out.numbers = numbers;
    out.documentation = schema["description"].string_or("");
    std::vector<std::string> names;
    for (const auto& value : schema["enum"].as_array()) {
      if (value.is_null() && schema["nullable"].bool_or(false)) continue;
      if (numbers ? !value.is_number() : !value.is_string()) {
        return problem(path, "enum value " + json::dump(value) +
                                 (numbers ? " is not a number"
                                          : " is not a string; put it in quotes if it is meant to "
                                            "be one"));
      }
      const std::string text = numbers ? number_text(value) : value.as_string();
      const bool again = std::any_of(out.values.begin(), out.values.end(),
                                     [&](const Enum::Value& other) { return other.text == text; });
      if (again) continue;
      out.values.push_back({text, {}});
      names.push_back(enumerator_name(text));
    }
    if (out.values.empty()) return problem(path, "the enum has no values");
    names = unique_names(std::move(names));
    std::string key = numbers ? "numbers" : "strings";
    for (std::size_t i = 0; i < names.size(); ++i) {
      out.values[i].name = names[i];
      key += '\0' + out.values[i].text;
    }
    key += '\1' + out.documentation;
    Type type = scalar(Kind::enumeration);
    const auto [it, is_new] = enums_.try_emplace(std::move(key));
    if (is_new) {
      it->second = out.name = unused(wanted_name);
      unit_.enums.push_back(std::move(out));
    }
    type.name = it->second;
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
    element->may_be_null = may_be_null(items) && element->kind != Kind::any;
    return list_of(std::move(*element));
  }

  Result<Type> object_type(const std::string& wanted_name, const std::string& property_name,
                           const Value& schema, const Place& path, int depth) {
    const Value* values = schema.find("additionalProperties");
    if (values && has_properties(schema)) {
      return problem(path, "properties and additionalProperties exclude each other in a CRD");
    }
    if (values && values->is_object() && !values->as_object().empty()) {
      auto value =
          make_type(wanted_name + "Value", property_name, *values, path.value(), depth + 1);
      if (!value) return value.error();
      value->may_be_null = may_be_null(*values) && value->kind != Kind::any;
      return map_of(std::move(*value));
    }
    if (!has_properties(schema)) {
      const bool meant = schema["x-kubernetes-preserve-unknown-fields"].bool_or(false) ||
                         (values && (values->is_object() || values->bool_or(false)));
      if (!meant) {
        warn(path,
             "an object without properties, of which the server keeps "
             "nothing; it becomes "
             "json::Value (x-kubernetes-preserve-unknown-fields: true "
             "says that you mean it)");
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
    out.documentation = schema["description"].string_or("");
    out.keeps_unknown = schema["x-kubernetes-preserve-unknown-fields"].bool_or(false);
    auto added = add_fields(out, schema, path, depth);
    if (!added) return added.error();
    Type type = scalar(Kind::object);
    std::string key;
    for (const auto& field : out.fields) key += field.json_name + '\0' + field.type.name + '\1';
    const auto [begin, end] = shapes_.equal_range(key);
    for (auto it = begin; it != end; ++it) {
      const Struct& known = unit_.structs[it->second];
      if (known.fields == out.fields && known.keeps_unknown == out.keeps_unknown) {
        type.name = known.name;
        return type;
      }
    }
    type.name = out.name;
    shapes_.emplace(std::move(key), unit_.structs.size());
    unit_.structs.push_back(std::move(out));
    return type;
  }

  std::string unused(const std::string& wanted) {
    std::string name = wanted;
    for (int i = 2; !taken_.insert(name).second; ++i) name = wanted + std::to_string(i);
    return name;
  }

  static std::optional<std::int64_t> count(const Value& value) {
    if (!value.is_integer()) return std::nullopt;
    return value.as_integer();
  }

  /// What the schema of a value of this type demands of it.
  Constraints constraints(const Type& type, const Value& schema, const Place& path) {
    Constraints out;
    switch (type.kind) {
      case Kind::int32:
      case Kind::int64:
      case Kind::float64:
        number_rules(out, schema);
        if (replicas_.contains(path.text())) replicas_rules(out);
        break;
      case Kind::boolean:
        value_rules(out, schema);
        break;
      case Kind::string:
        string_rules(out, schema, path);
        break;
      case Kind::int_or_string:
        number_rules(out, schema);
        string_rules(out, schema, path);
        value_rules(out, schema);
        break;
      case Kind::list:
        list_rules(out, schema);
        out.items = inner(*type.element, schema["items"], path.element());
        break;
      case Kind::map:
        out.min_items = count(schema["minProperties"]);
        out.max_items = count(schema["maxProperties"]);
        out.items = inner(*type.element, schema["additionalProperties"], path.value());
        break;
      case Kind::object:
        if (!type.include.empty()) return overlay(schema, path, true);
        return object_demands(schema, path);
      case Kind::any:
        out = any_rules(schema, path);
        add_rules(out, schema);
        return out;  // combinations would be judged without what they are about
      default:
        break;
    }
    add_rules(out, schema);
    add_combinations(out, schema, path);
    return out;
  }

  /// The constraints of an element of a list or of a value of a map.
  Constraints::Ptr inner(const Type& type, const Value& schema, const Place& path) {
    Constraints out = constraints(type, schema, path);
    if (options_.whole_schema) complete(type, out, schema);
    return pointer(std::move(out));
  }

  /// Adds what only the CRD's text needs.
  void complete(const Type& type, Constraints& out, const Value& schema) const {
    if (type.kind == Kind::any || !type.include.empty()) {
      out.keywords = schema;
      out.keywords_only = true;
      return;
    }
    const bool is_number = type.kind == Kind::int64 || type.kind == Kind::float64;
    if (is_number) out.format = schema["format"].string_or("");
    out.description = schema["description"].string_or("");
    const auto own = std::find_if(unit_.structs.begin(), unit_.structs.end(),
                                  [&](const Struct& s) { return s.name == type.name; });
    const bool is_own = type.kind == Kind::object && own != unit_.structs.end();
    out.keywords = missing_keywords(type, out, schema, is_own ? &*own : nullptr);
  }

  static Constraints::Ptr pointer(Constraints rules) {
    if (rules.empty()) return nullptr;
    return std::make_shared<const Constraints>(std::move(rules));
  }

  /// What stands beside the properties of an object.
  Constraints object_demands(const Value& schema, const Place& path) {
    Constraints out;
    out.min_items = count(schema["minProperties"]);
    out.max_items = count(schema["maxProperties"]);
    add_rules(out, schema);
    add_combinations(out, schema, path);
    return out;
  }

  /// Everything that the schema demands, down to the leaves: for branches of
  /// oneOf and the like, and for shapes whose type is the framework's.
  Constraints overlay(const Value& schema, const Place& path, bool known = false) {
    Constraints out = object_demands(schema, path);
    const auto type = schema["type"].string_or("");
    const bool branch = type.empty() && !schema["x-kubernetes-int-or-string"].bool_or(false);
    if (branch || (schema["format"] != Value("date-time") && !is_quantity(schema))) {
      string_rules(out, schema, path);
    }
    if (!branch && (type != "string" || out.format == "date-time")) out.format.clear();
    number_rules(out, schema);
    list_rules(out, schema);
    value_rules(out, schema);
    if (const Value* items = schema.find("items")) {
      out.items = pointer(overlay(*items, path.element(), known));
    } else if (const Value& values = schema["additionalProperties"]; values.is_object()) {
      out.items = pointer(overlay(values, path.value(), known));
    }
    if (schema["properties"].is_object()) {
      for (const auto& [name, property] : schema["properties"].as_object()) {
        Constraints inner = overlay(property, path.member(name), known);
        if (const Value* value = property.find("default")) inner.default_value = *value;
        if (!inner.empty()) {
          out.members.push_back({name, std::make_shared<const Constraints>(std::move(inner))});
        }
      }
    }
    for (const auto& name : array_of(schema["required"])) {
      // the known type always writes the texts and lists that it requires
      const Value& type_of = schema["properties"][name.string_or("")]["type"];
      if (known && (type_of == Value("string") || type_of == Value("array"))) continue;
      out.required.emplace_back(name.string_or(""));
    }
    return out;
  }

  void add_rules(Constraints& out, const Value& schema) {
    for (const auto& rule : array_of(schema["x-kubernetes-validations"])) {
      if (rule["rule"] == Value("self == oldSelf")) {
        out.immutable = true;
      }
      Rule entry;
      entry.rule = rule["rule"].string_or("");
      entry.message = rule["message"].string_or("");
      entry.message_expression = rule["messageExpression"].string_or("");
      entry.reason = rule["reason"].string_or("");
      entry.field_path = rule["fieldPath"].string_or("");
      entry.optional_old_self = rule["optionalOldSelf"].bool_or(false);
      out.rules.push_back(std::move(entry));
    }
  }

  void add_combinations(Constraints& out, const Value& schema, const Place& path) {
    const bool int_or_string = schema["x-kubernetes-int-or-string"].bool_or(false);
    for (const auto& part : array_of(schema["allOf"])) {
      if (int_or_string && part.find("anyOf")) continue;  // says again that it is one
      if (auto rules = pointer(overlay(part, path))) out.all_of.push_back(std::move(rules));
    }
    if (!int_or_string) add_alternatives(out.any_of, schema["anyOf"], path, true);
    add_alternatives(out.one_of, schema["oneOf"], path, false);
    if (const Value* part = schema.find("not")) {
      out.not_ = std::make_shared<const Constraints>(overlay(*part, path));
    }
  }

  /// A branch of anyOf that demands nothing makes the others pointless.
  void add_alternatives(std::vector<Constraints::Ptr>& out, const Value& parts, const Place& path,
                        bool any) {
    std::vector<Constraints::Ptr> found;
    for (const auto& part : array_of(parts)) {
      Constraints rules = overlay(part, path);
      if (any && rules.empty()) return;
      found.push_back(std::make_shared<const Constraints>(std::move(rules)));
    }
    out = std::move(found);
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

  /// What the server demands of them, whatever the schema says.
  static void replicas_rules(Constraints& out) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    if (!out.minimum.is_number() || out.minimum.as_number() < 0) out.minimum = 0;
    if (!out.maximum.is_number() || out.maximum.as_number() > kMost) out.maximum = kMost;
  }

  static void value_rules(Constraints& out, const Value& schema) {
    for (const auto& value : array_of(schema["enum"])) {
      out.values.push_back(value.is_string() ? value.as_string() : number_text(value));
    }
  }

  void string_rules(Constraints& out, const Value& schema, const Place& path) {
    out.min_length = count(schema["minLength"]);
    out.max_length = count(schema["maxLength"]);
    out.format = schema["format"].string_or("");
    if (!type_format(out.format)) out.format.clear();
    out.pattern = schema["pattern"].string_or("");
    if (!out.pattern.empty() && !RE2(out.pattern, RE2::Quiet).ok()) {
      warn(path, "the pattern is not in RE2's syntax; only the server checks it");
      out.pattern.clear();
    }
  }

  /// Formats of numbers say nothing about text.
  static bool type_format(std::string_view format) {
    return format != "int32" && format != "int64" && format != "float" && format != "double";
  }

  static void list_rules(Constraints& out, const Value& schema) {
    if (schema.find("minItems")) out.min_items = count(schema["minItems"]);
    if (schema.find("maxItems")) out.max_items = count(schema["maxItems"]);
    out.unique_items = schema["uniqueItems"].bool_or(false);
    const auto list_type = schema["x-kubernetes-list-type"].string_or("atomic");
    if (list_type == "set" || list_type == "map") out.list_type = list_type;
    for (const auto& key : array_of(schema["x-kubernetes-list-map-keys"])) {
      out.list_map_keys.emplace_back(key.string_or(""));
    }
  }

  /// `names` says that the members are names of properties.
  static Value without_descriptions(const Value& schema, bool names) {
    if (!schema.is_object()) return schema;
    json::Object out;
    for (const auto& [key, value] : schema.as_object()) {
      if (!names && (key == "description" || key == "default" || key == "example")) continue;
      out.set(key, without_descriptions(value, !names && key == "properties"));
    }
    return out;
  }

  Constraints any_rules(const Value& schema, const Place& path) {
    Constraints out;
    out.json_type = schema["type"].string_or("");
    out.nullable = !out.json_type.empty() && schema["nullable"].bool_or(false);
    if (out.json_type == "array") {
      out.min_items = count(schema["minItems"]);
      out.max_items = count(schema["maxItems"]);
      Constraints element;
      element.json_type = schema["items"]["type"].string_or("");
      element.nullable = schema["items"]["nullable"].bool_or(false);
      out.items = pointer(std::move(element));
    }
    // rules in CEL, here and above, may name what is inside
    const bool embedded = schema["x-kubernetes-embedded-resource"].bool_or(false);
    const bool has_parts = embedded || has_properties(schema) || schema.find("items") != nullptr ||
                           schema["additionalProperties"].is_object();
    if (has_parts) {
      out.keywords = without_descriptions(schema, false);
      out.keywords_only = true;
    }
    for (const char* key :
         {"oneOf", "anyOf", "allOf", "not", "minProperties", "maxProperties", "enum"}) {
      if (schema.find(key))
        warn(path, std::string(key) + " of a json::Value is left to the server");
    }
    for (const char* key : {"items", "minItems", "maxItems"}) {
      if (schema.find(key) && out.json_type != "array") {
        warn(path, std::string(key) + " of a json::Value is left to the server");
      }
    }
    return out;
  }

  Origin origin_;
  std::string version_;  // `foos.example.com (v1): `
  const CrdOptions& options_;
  const KnownTypes& known_;
  std::vector<Warning>& warnings_;
  Unit unit_;
  std::set<std::string> taken_;
  std::set<std::string> replicas_;            // paths that the scale subresource names
  std::map<std::string, std::string> enums_;  // values to name
  std::unordered_multimap<std::string, std::size_t> shapes_;  // fields' names to index in structs
};

std::vector<std::string> strings_of(const Value& value) {
  std::vector<std::string> out;
  if (!value.is_array()) return out;
  for (const auto& item : value.as_array()) out.emplace_back(item.string_or(""));
  return out;
}

std::vector<Column> columns_of(const Value& version) {
  std::vector<Column> out;
  const Value& columns = version["additionalPrinterColumns"];
  if (!columns.is_array()) return out;
  for (const auto& column : columns.as_array()) {
    const auto text = [&](const char* key) { return std::string(column[key].string_or("")); };
    out.push_back({text("name"), text("type"), text("jsonPath"), text("format"),
                   text("description"), column["priority"].integer_or(0)});
  }
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
  Definition definition{crd_name, options.whole_schema ? crd : Value(), {}};
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
    std::vector<std::string> folders = {version_namespace};
    if (options.by_group) folders.insert(folders.begin(), group_label(resource.group));
    Unit unit;
    unit.origin = file.substr(file.rfind('/') + 1);
    unit.source = options.output_prefix;
    unit.namespace_name = options.namespace_name;
    for (const auto& folder : folders) {
      unit.source += (unit.source.empty() ? "" : "/") + folder;
      unit.namespace_name += (unit.namespace_name.empty() ? "" : "::") + folder;
    }
    unit.source += '/' + lower_snake(resource.kind);
    unit.header = unit.source + ".hpp";
    VersionParser parser(origin.below({"spec", "versions", element, "schema", "openAPIV3Schema"}),
                         crd_name + " (" + name + "): ", options, known, out.warnings);
    auto parsed = parser.run(resource, schema, columns_of(version),
                             version["subresources"]["scale"], std::move(unit));
    if (!parsed) return parsed.error();
    definition.versions.push_back({parsed->namespace_name + "::" + resource.kind, parsed->header,
                                   name, version["storage"].bool_or(false),
                                   options.whole_schema ? version : Value()});
    out.units.push_back(std::move(*parsed));
  }
  out.definitions.push_back(std::move(definition));
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
