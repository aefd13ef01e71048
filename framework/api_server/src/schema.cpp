#include "schema.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <re2/re2.h>

namespace windlass::inline v0::api_server {

using json::Object;
using json::Value;

const Field* Schema::field(std::string_view field_name) const {
  const auto found =
      std::lower_bound(fields.begin(), fields.end(), field_name,
                       [](const Field& field, std::string_view name) { return field.name < name; });
  return found != fields.end() && found->name == field_name ? &*found : nullptr;
}

Schema& SchemaSet::fresh() { return schemas_.emplace_back(); }

const Schema* SchemaSet::builtin(const std::string& name) {
  if (const auto known = by_name_.find(name); known != by_name_.end()) return known->second;
  const Value* document = definitions_ ? definitions_->find(name) : nullptr;
  if (document == nullptr) return nullptr;
  Schema& schema = fresh();
  schema.name = name.substr(name.rfind('.') + 1);
  const auto dot = name.rfind('.', name.rfind('.') - 1);
  schema.go_name = dot == std::string::npos ? schema.name : name.substr(dot + 1);
  by_name_.emplace(name, &schema);  // before filling: types refer to themselves
  fill(schema, *document);
  return &schema;
}

const Schema* SchemaSet::reference(const Value& reference) {
  const std::string& text = reference.as_string();
  const std::string name = text.substr(text.rfind('/') + 1);
  const Schema* schema = builtin(name);
  return schema != nullptr ? schema : &fresh();
}

const Schema* SchemaSet::compile(const Value& document) {
  if (const Value* target = document.find("$ref")) return reference(*target);
  if (const Value* all = document.find("allOf"); all != nullptr && all->is_array()) {
    for (const Value& part : all->as_array()) {
      if (const Value* target = part.find("$ref")) return reference(*target);
    }
  }
  Schema& schema = fresh();
  fill(schema, document);
  return &schema;
}

namespace {

Schema::Kind scalar_kind(std::string_view type) {
  if (type == "string") return Schema::Kind::string;
  if (type == "integer") return Schema::Kind::integer;
  if (type == "number") return Schema::Kind::number;
  if (type == "boolean") return Schema::Kind::boolean;
  if (type == "array") return Schema::Kind::array;
  return Schema::Kind::any;
}

void read_strings(const Value& list, std::vector<std::string>& out) {
  if (!list.is_array()) return;
  for (const Value& entry : list.as_array()) out.emplace_back(entry.string_or(""));
}

void read_extensions(Schema& schema, const Value& document) {
  const std::string_view list = document["x-kubernetes-list-type"].string_or("atomic");
  schema.list = list == "map"   ? Schema::List::map
                : list == "set" ? Schema::List::set
                                : Schema::List::atomic;
  read_strings(document["x-kubernetes-list-map-keys"], schema.map_keys);
  schema.atomic = document["x-kubernetes-map-type"].string_or("") == "atomic";
  schema.preserve_unknown = document["x-kubernetes-preserve-unknown-fields"].bool_or(false);
}

void read_field_extensions(Field& field, const Value& document) {
  const std::string_view strategy = document["x-kubernetes-patch-strategy"].string_or("");
  field.merge = strategy.find("merge") != std::string_view::npos;
  field.retain_keys = strategy.find("retainKeys") != std::string_view::npos;
  field.merge_key = document["x-kubernetes-patch-merge-key"].string_or("");
  field.atomic = document["x-kubernetes-map-type"].string_or("") == "atomic";
  if (const Value* value = document.find("default")) field.default_value = *value;
}

}  // namespace

void SchemaSet::fill(Schema& schema, const Value& document) {
  using Kind = Schema::Kind;
  read_extensions(schema, document);
  schema.format = document["format"].string_or("");
  if (schema.format == "int-or-string" || document["x-kubernetes-int-or-string"].bool_or(false)) {
    schema.kind = Kind::int_or_string;
    return;
  }
  if (schema.name == "Quantity") {
    schema.kind = Kind::quantity;
    return;
  }
  if (schema.name == "FieldsV1" || schema.name == "RawExtension" || schema.name == "JSON") {
    schema.kind = Kind::any;
    schema.preserve_unknown = true;
    schema.atomic = true;
    return;
  }
  schema.kind = scalar_kind(document["type"].string_or(""));
  read_strings(document["required"], schema.required);
  if (const Value* values = document.find("enum"); values != nullptr && values->is_array()) {
    schema.enumeration = values->as_array();
  }
  if (const Value* items = document.find("items")) schema.items = compile(*items);
  if (const Value* values = document.find("additionalProperties"); values && values->is_object()) {
    schema.kind = Kind::map;
    schema.values = compile(*values);
  }
  if (const Value* properties = document.find("properties")) {
    schema.kind = Kind::object;
    for (const json::Member& member : properties->as_object()) {
      Field field{.name = member.key, .schema = compile(member.value)};
      read_field_extensions(field, member.value);
      schema.fields.push_back(std::move(field));
    }
  } else if (document["type"].string_or("") == "object" && schema.values == nullptr) {
    schema.kind = schema.name.empty() ? Kind::any : Kind::object;
    if (schema.name.empty()) schema.preserve_unknown = true;
  }
}

const Schema* SchemaSet::structural(const Value& document, const std::string& path,
                                    Causes& causes) {
  Schema& schema = fresh();
  fill_structural(schema, document, path, causes);
  return &schema;
}

namespace {

/// Why an expression does not compile, in the words of Go's library, RE2's sibling.
std::string go_problem(const re2::RE2& expression) {
  using Code = re2::RE2;
  std::string_view why = "invalid regexp";
  switch (expression.error_code()) {
    case Code::ErrorBadEscape:
      why = "invalid escape sequence";
      break;
    case Code::ErrorBadCharRange:
      why = "invalid character class range";
      break;
    case Code::ErrorMissingBracket:
      why = "missing closing ]";
      break;
    case Code::ErrorMissingParen:
      why = "missing closing )";
      break;
    case Code::ErrorUnexpectedParen:
      why = "unexpected )";
      break;
    case Code::ErrorTrailingBackslash:
      return "error parsing regexp: trailing backslash at end of expression: ``";
    case Code::ErrorRepeatArgument:
      why = "missing argument to repetition operator";
      break;
    case Code::ErrorRepeatSize:
      why = "invalid repeat count";
      break;
    case Code::ErrorRepeatOp:
      why = "invalid nested repetition operator";
      break;
    case Code::ErrorBadPerlOp:
      why = "invalid or unsupported Perl syntax";
      break;
    case Code::ErrorBadNamedCapture:
      why = "invalid named capture";
      break;
    default:
      break;
  }
  return fmt::format("error parsing regexp: {}: `{}`", why, expression.error_arg());
}

std::optional<double> number_of(const Value& value) {
  return value.is_number() ? std::optional(value.as_number()) : std::nullopt;
}
std::optional<std::int64_t> count_of(const Value& value) {
  return value.is_number() ? std::optional(value.integer_or(0)) : std::nullopt;
}

std::optional<Value> default_of(const Value& document) {
  const Value* value = document.find("default");
  return value != nullptr && !value->is_null() ? std::optional(*value) : std::nullopt;
}

void read_constraints(Schema& schema, const Value& document, const std::string& path,
                      Causes& causes) {
  schema.nullable = document["nullable"].bool_or(false);
  schema.embedded = document["x-kubernetes-embedded-resource"].bool_or(false);
  if (document["enum"].is_array()) schema.enumeration = document["enum"].as_array();
  schema.minimum = number_of(document["minimum"]);
  schema.maximum = number_of(document["maximum"]);
  schema.exclusive_minimum = document["exclusiveMinimum"].bool_or(false);
  schema.exclusive_maximum = document["exclusiveMaximum"].bool_or(false);
  schema.multiple_of = number_of(document["multipleOf"]);
  schema.min_length = count_of(document["minLength"]);
  schema.max_length = count_of(document["maxLength"]);
  schema.min_items = count_of(document["minItems"]);
  schema.max_items = count_of(document["maxItems"]);
  schema.min_properties = count_of(document["minProperties"]);
  schema.max_properties = count_of(document["maxProperties"]);
  schema.unique_items = document["uniqueItems"].bool_or(false);
  schema.pattern = document["pattern"].string_or("");
  if (!schema.pattern.empty()) {
    auto expression = std::make_shared<re2::RE2>(schema.pattern, re2::RE2::Quiet);
    if (expression->ok()) {
      schema.expression = std::move(expression);
    } else {
      causes.invalid(path + ".pattern", schema.pattern,
                     "must be a valid regular expression, but isn't: " + go_problem(*expression));
    }
  }
}

}  // namespace

void SchemaSet::fill_structural(Schema& schema, const Value& document, const std::string& path,
                                Causes& causes) {
  using Kind = Schema::Kind;
  read_extensions(schema, document);
  read_constraints(schema, document, path, causes);
  schema.format = document["format"].string_or("");
  schema.kind = document["x-kubernetes-int-or-string"].bool_or(false)
                    ? Kind::int_or_string
                    : scalar_kind(document["type"].string_or(""));
  read_strings(document["required"], schema.required);
  if (const Value* items = document.find("items"); items != nullptr && items->is_object()) {
    schema.items = structural(*items, path + ".items", causes);
    schema.inner_default = default_of(*items);
  }
  if (document["type"].string_or("") == "object") schema.kind = Kind::object;
  if (const Value* values = document.find("additionalProperties")) {
    if (values->is_object()) {
      schema.kind = Kind::map;
      schema.values = structural(*values, path + ".additionalProperties", causes);
      schema.inner_default = default_of(*values);
    } else if (values->bool_or(false)) {
      schema.preserve_unknown = true;
    }
  }
  if (const Value* properties = document.find("properties");
      properties && properties->is_object()) {
    for (const json::Member& member : properties->as_object()) {
      Field field{.name = member.key,
                  .schema = structural(member.value,
                                       fmt::format("{}.properties[{}]", path, member.key), causes)};
      read_field_extensions(field, member.value);
      schema.fields.push_back(std::move(field));
    }
  }
  const auto holds = [](const Schema* part) { return part != nullptr && part->holds_embedded; };
  schema.holds_embedded = schema.embedded || holds(schema.items) || holds(schema.values) ||
                          std::any_of(schema.fields.begin(), schema.fields.end(),
                                      [&](const Field& field) { return holds(field.schema); });
  const auto read_group = [&](const char* key, std::vector<const Schema*>& out) {
    if (!document[key].is_array()) return;
    for (const Value& part : document[key].as_array()) {
      out.push_back(structural(part, path + "." + key, causes));
    }
  };
  if (schema.kind != Kind::int_or_string) read_group("anyOf", schema.any_of);
  read_group("allOf", schema.all_of);
  read_group("oneOf", schema.one_of);
  if (document["not"].is_object()) schema.not_ = structural(document["not"], path + ".not", causes);
}

std::string child(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}
std::string index(const std::string& path, std::size_t position) {
  return fmt::format("{}[{}]", path, position);
}
std::string keyed(const std::string& path, std::string_view key) {
  return fmt::format("{}[{}]", path, key);
}

}  // namespace windlass::inline v0::api_server
