#include "keywords.hpp"

#include <algorithm>
#include <optional>

#include <windlass/json/patch.hpp>

namespace windlass::inline v0::codegen {
namespace {

using json::Array;
using json::Object;
using json::Value;

constexpr const char* kQuantity =
    R"(^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$)";

Value texts(const std::vector<std::string>& values) {
  Array out;
  for (const auto& value : values) out.emplace_back(value);
  return out;
}

void say_type(Object& out, const Type& type) {
  const auto text = [&](const char* format) {
    out.set("type", "string");
    if (format != nullptr) out.set("format", format);
  };
  switch (type.kind) {
    case Kind::boolean:
      out.set("type", "boolean");
      return;
    case Kind::int32:
      out.set("format", "int32");
      [[fallthrough]];
    case Kind::int64:
      out.set("type", "integer");
      return;
    case Kind::float64:
      out.set("type", "number");
      return;
    case Kind::time:
    case Kind::micro_time:
      return text("date-time");
    case Kind::duration:
      return text("duration");
    case Kind::quantity:
      out.set("pattern", kQuantity);
      [[fallthrough]];
    case Kind::int_or_string:
      out.set("x-kubernetes-int-or-string", true);
      return;
    case Kind::list:
      out.set("type", "array");
      return;
    case Kind::map:
    case Kind::object:
      out.set("type", "object");
      return;
    case Kind::any:
      return;
    case Kind::string:
    case Kind::enumeration:
      return text(nullptr);
  }
}

void say_counts(Object& out, const Constraints& c, bool object) {
  const auto count = [&](const char* name, const std::optional<std::int64_t>& value) {
    if (value) out.set(name, *value);
  };
  count("minLength", c.min_length);
  count("maxLength", c.max_length);
  count(object ? "minProperties" : "minItems", c.min_items);
  count(object ? "maxProperties" : "maxItems", c.max_items);
}

void say_constraints(Object& out, const Constraints& c, bool object) {
  const auto number = [&](const char* name, const Value& value) {
    if (!value.is_null()) out.set(name, value);
  };
  number("minimum", c.minimum);
  number("maximum", c.maximum);
  number("multipleOf", c.multiple_of);
  number("default", c.default_value);
  if (c.exclusive_minimum) out.set("exclusiveMinimum", true);
  if (c.exclusive_maximum) out.set("exclusiveMaximum", true);
  say_counts(out, c, object);
  if (c.unique_items) out.set("uniqueItems", true);
  if (!c.pattern.empty()) out.set("pattern", c.pattern);
  if (!c.format.empty()) out.set("format", c.format);
  if (c.nullable) out.set("nullable", true);
  if (!c.description.empty()) out.set("description", c.description);
  if (!c.list_type.empty()) out.set("x-kubernetes-list-type", c.list_type);
  if (!c.list_map_keys.empty()) out.set("x-kubernetes-list-map-keys", texts(c.list_map_keys));
}

void say_rules(Object& out, const Constraints& c) {
  if (c.rules.empty()) return;
  Array rules;
  for (const auto& rule : c.rules) {
    Object entry;
    const auto text = [&](const char* name, const std::string& value) {
      if (!value.empty()) entry.set(name, value);
    };
    text("rule", rule.rule);
    text("message", rule.message);
    text("messageExpression", rule.message_expression);
    text("reason", rule.reason);
    text("fieldPath", rule.field_path);
    if (rule.optional_old_self) entry.set("optionalOldSelf", true);
    rules.emplace_back(std::move(entry));
  }
  out.set("x-kubernetes-validations", std::move(rules));
}

void say_structure(Object& out, const Struct& structure) {
  Array required;
  for (const auto& field : structure.fields) {
    if (field.required) required.emplace_back(field.json_name);
  }
  if (!required.empty()) out.set("required", std::move(required));
  if (structure.keeps_unknown || structure.fields.empty()) {
    out.set("x-kubernetes-preserve-unknown-fields", true);
  }
}

Value difference(Object said, Object wanted) {
  Value patch = json::create_merge_patch(std::move(said), std::move(wanted));
  return patch.as_object().empty() ? Value() : patch;
}

}  // namespace

bool may_be_null(const Value& schema) {
  if (!schema["nullable"].bool_or(false)) return false;
  if (!schema["enum"].is_array()) return true;
  const auto& values = schema["enum"].as_array();
  return std::any_of(values.begin(), values.end(),
                     [](const Value& value) { return value.is_null(); });
}

Value missing_keywords(const Type& type, const Constraints& constraints, const Value& schema,
                       const Struct* structure) {
  Object wanted = schema.as_object();
  const bool has_children = type.kind == Kind::object || type.kind == Kind::map;
  if (type.kind == Kind::object) wanted.erase("properties");
  if (type.kind == Kind::map) wanted.erase("additionalProperties");
  if (type.kind == Kind::list) wanted.erase("items");
  Object said;
  say_type(said, type);
  if (type.kind == Kind::enumeration) {
    // its values are the schema's, but for null and what is there twice
    Array once;
    for (const auto& value : schema["enum"].as_array()) {
      const bool again = std::find(once.begin(), once.end(), value) != once.end();
      if (!again && !value.is_null()) once.push_back(value);
    }
    bool whole = true;
    for (const auto& value : once) whole = whole && value.is_integer();
    if (once.front().is_number()) said.set("type", whole ? "integer" : "number");
    said.set("enum", std::move(once));
  } else if (!constraints.values.empty()) {
    said.set("enum", schema["enum"]);
  }
  if (may_be_null(schema)) said.set("nullable", true);
  if (structure != nullptr) say_structure(said, *structure);
  say_constraints(said, constraints, has_children);
  say_rules(said, constraints);
  return difference(std::move(said), std::move(wanted));
}

Value missing_keywords_of_root(const Struct& root, const Value& schema) {
  Object text, object, properties;
  text.set("type", "string");
  object.set("type", "object");
  properties.set("apiVersion", text);
  properties.set("kind", text);
  properties.set("metadata", object);
  Object said, wanted = schema.as_object();
  const Value* present = schema.find("properties");
  if (present != nullptr) {
    Object kept;
    for (const char* name : {"apiVersion", "kind", "metadata"}) {
      if (const Value* property = present->find(name)) kept.set(name, *property);
    }
    wanted.set("properties", std::move(kept));
  }
  said.set("properties", std::move(properties));
  said.set("type", "object");
  Struct described = root;
  std::erase_if(described.fields, [](const Field& field) { return field.json_name == "metadata"; });
  say_structure(said, described);
  if (!root.keeps_unknown) said.erase("x-kubernetes-preserve-unknown-fields");
  say_constraints(said, root.constraints, true);
  say_rules(said, root.constraints);
  return difference(std::move(said), std::move(wanted));
}

}  // namespace windlass::inline v0::codegen
