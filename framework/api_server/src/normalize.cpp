// Built-in objects: the effect of decoding into Go's types and encoding again.

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "schema.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

using Kind = Schema::Kind;

struct Walk {
  std::string_view kind;
  Unknown& unknown;

  [[noreturn]] void mismatch(const Value& value, std::string_view wanted,
                             const std::string& path) const {
    const std::string_view got = value.is_bool()     ? "bool"
                                 : value.is_number() ? "number"
                                 : value.is_string() ? "string"
                                                     : json::to_string(value.type());
    throw Failure::bad_request(
        fmt::format("{0} in version \"v1\" cannot be handled as a {0}: json: cannot unmarshal {1} "
                    "into Go struct "
                    "field {0}.{2} of type {3}",
                    kind, got, path, wanted));
  }

  void object(const Schema& schema, Value& value, const std::string& path) const;
  void value(const Schema& schema, Value& value, const std::string& path) const;
};

bool is_required(const Schema& schema, std::string_view name) {
  for (const std::string& entry : schema.required) {
    if (entry == name) return true;
  }
  return false;
}

/// Strings for which Go's types keep "" apart from absent.
bool keeps_empty_string(std::string_view name) {
  constexpr std::array kNames = {"storageClassName", "volumeAttributesClassName",
                                 "ingressClassName", "key", "apiGroup"};
  for (const std::string_view entry : kNames) {
    if (entry == name) return true;
  }
  return false;
}

bool is_omitted(const Schema& schema, const Field& field, const Value& value) {
  if (value.is_null()) return true;
  if (is_required(schema, field.name)) return false;
  const Kind kind = field.schema->kind;
  if (kind == Kind::array) return value.as_array().empty();
  if (kind == Kind::map) return value.as_object().empty();
  if (kind == Kind::string && value.is_string()) {
    return value.as_string().empty() && !keeps_empty_string(field.name);
  }
  if (kind == Kind::object && field.default_value && value.is_object()) {
    return value.as_object().empty() && schema.name != "Container" &&
           field.name != "loadBalancer" && field.name != "status" && field.name != "spec";
  }
  return false;
}

void Walk::object(const Schema& schema, Value& value, const std::string& path) const {
  if (!value.is_object()) mismatch(value, schema.name, path);
  Object& members = value.as_object();
  for (auto member = members.begin(); member != members.end();) {
    const Field* field = schema.field(member->key);
    if (field == nullptr) {
      unknown.fields.push_back(fmt::format("unknown field \"{}\"", child(path, member->key)));
      member = members.erase(member);
      continue;
    }
    if (!member->value.is_null())
      this->value(*field->schema, member->value, child(path, member->key));
    if (is_omitted(schema, *field, member->value)) {
      member = members.erase(member);
    } else {
      ++member;
    }
  }
}

void Walk::value(const Schema& schema, Value& value, const std::string& path) const {
  switch (schema.kind) {
    case Kind::any:
      return;
    case Kind::object:
      return object(schema, value, path);
    case Kind::map:
      if (!value.is_object()) mismatch(value, "map[string]string", path);
      for (auto& member : value.as_object()) {
        if (member.value.is_null() && schema.values->kind == Kind::string) member.value = "";
        if (!member.value.is_null()) this->value(*schema.values, member.value, path);
      }
      return;
    case Kind::array: {
      if (!value.is_array()) mismatch(value, "[]", path);
      Array& list = value.as_array();
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (schema.items != nullptr) this->value(*schema.items, list[i], index(path, i));
      }
      return;
    }
    case Kind::string:
      if (!value.is_string()) mismatch(value, schema.name == "Time" ? "Time" : "string", path);
      return;
    case Kind::integer:
      if (value.type() == json::Type::number &&
          std::trunc(value.as_number()) == value.as_number() &&
          std::abs(value.as_number()) < 9e15) {
        value = static_cast<std::int64_t>(value.as_number());
      }
      if (!value.is_integer())
        mismatch(value, schema.format.empty() ? "int64" : schema.format, path);
      if (schema.format == "int32" &&
          (value.as_integer() > INT32_MAX || value.as_integer() < INT32_MIN)) {
        throw Failure::bad_request(
            fmt::format("{0} in version \"v1\" cannot be handled as a {0}: json: cannot unmarshal "
                        "number {1} into "
                        "Go struct field {0}.{2} of type int32",
                        kind, value.as_integer(), path));
      }
      return;
    case Kind::number:
      if (!value.is_number()) mismatch(value, "float64", path);
      return;
    case Kind::boolean:
      if (!value.is_bool()) mismatch(value, "bool", path);
      return;
    case Kind::int_or_string:
      if (!value.is_integer() && !value.is_string()) mismatch(value, "intstr.IntOrString", path);
      return;
    case Kind::quantity: {
      auto text = canonical_quantity(value);
      if (!text) {
        throw Failure::bad_request(fmt::format(
            "{0} in version \"v1\" cannot be handled as a {0}: quantities must match the regular "
            "expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            kind));
      }
      value = std::move(*text);
      return;
    }
  }
}

}  // namespace

void normalize(const Schema& schema, Value& value, std::string_view kind, Unknown& unknown) {
  const Walk walk{kind, unknown};
  walk.value(schema, value, "");
}

}  // namespace windlass::inline v0::api_server
