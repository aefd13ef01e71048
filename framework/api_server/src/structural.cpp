// Custom resources: pruning, defaults and validation by structural schemas.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <re2/re2.h>

#include "schema.hpp"
#include "windlass/type/format.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;
using Kind = Schema::Kind;

namespace {

bool is_root_member(std::string_view name) {
  return name == "apiVersion" || name == "kind" || name == "metadata";
}

}  // namespace

void prune(const Schema& schema, Value& value, bool root, const std::string& path,
           Unknown& unknown) {
  if (value.is_array()) {
    if (schema.items == nullptr) return;
    Array& list = value.as_array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      prune(*schema.items, list[i], schema.items->embedded, index(path, i), unknown);
    }
    return;
  }
  if (!value.is_object()) return;
  Object& members = value.as_object();
  for (auto member = members.begin(); member != members.end();) {
    if (root && is_root_member(member->key)) {
      ++member;
      continue;
    }
    const Field* field = schema.field(member->key);
    const Schema* next = field != nullptr ? field->schema : schema.values;
    if (next != nullptr) {
      prune(*next, member->value, next->embedded, child(path, member->key), unknown);
      ++member;
    } else if (schema.preserve_unknown) {
      ++member;
    } else {
      unknown.fields.push_back(fmt::format("unknown field \"{}\"", child(path, member->key)));
      member = members.erase(member);
    }
  }
}

void apply_defaults(const Schema& schema, Value& value, bool root) {
  if (value.is_array()) {
    if (schema.items == nullptr) return;
    for (Value& entry : value.as_array()) apply_defaults(*schema.items, entry, false);
    return;
  }
  if (!value.is_object()) return;
  Object& members = value.as_object();
  for (const Field& field : schema.fields) {
    if (root && is_root_member(field.name)) continue;
    const Value* present = members.find(field.name);
    if (present != nullptr && present->is_null() && !field.schema->nullable) {
      members.erase(field.name);
      present = nullptr;
    }
    if (present == nullptr && field.default_value) members.set(field.name, *field.default_value);
    if (Value* now = members.find(field.name)) apply_defaults(*field.schema, *now, false);
  }
  if (schema.values != nullptr) {
    for (auto& member : members) apply_defaults(*schema.values, member.value, false);
  }
}

namespace {

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::object:
    case Kind::map:
      return "object";
    case Kind::array:
      return "array";
    case Kind::string:
      return "string";
    case Kind::integer:
      return "integer";
    case Kind::number:
      return "number";
    case Kind::boolean:
      return "boolean";
    case Kind::int_or_string:
      return "integer,string";
    default:
      return "";
  }
}

bool has_kind(Kind kind, const Value& value) {
  switch (kind) {
    case Kind::object:
    case Kind::map:
      return value.is_object();
    case Kind::array:
      return value.is_array();
    case Kind::string:
      return value.is_string();
    case Kind::integer:
      return value.is_integer() ||
             (value.is_number() && std::trunc(value.as_number()) == value.as_number());
    case Kind::number:
      return value.is_number();
    case Kind::boolean:
      return value.is_bool();
    case Kind::int_or_string:
      return value.is_integer() || value.is_string();
    default:
      return true;
  }
}

std::string number_text(double number) {
  return std::trunc(number) == number && std::abs(number) < 9e15
             ? std::to_string(static_cast<std::int64_t>(number))
             : json::dump(Value(number));
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

void check_enumeration(const Schema& schema, const Value& value, const std::string& path,
                       Causes& causes) {
  if (schema.enumeration.empty()) return;
  for (const Value& allowed : schema.enumeration) {
    if (allowed == value) return;
  }
  std::vector<std::string> names;
  for (const Value& allowed : schema.enumeration) {
    names.push_back(allowed.is_string() ? allowed.as_string() : json::dump(allowed));
  }
  causes.not_supported(path, value, names);
}

void check_number(const Schema& schema, const Value& value, const std::string& path,
                  Causes& causes) {
  const double number = value.as_number();
  const auto complain = [&](std::string_view relation, double limit) {
    causes.invalid(path, value,
                   fmt::format("{} in body should be {} {}", path, relation, number_text(limit)));
  };
  if (schema.minimum &&
      (schema.exclusive_minimum ? number <= *schema.minimum : number < *schema.minimum)) {
    complain(schema.exclusive_minimum ? "greater than" : "greater than or equal to",
             *schema.minimum);
  }
  if (schema.maximum &&
      (schema.exclusive_maximum ? number >= *schema.maximum : number > *schema.maximum)) {
    complain(schema.exclusive_maximum ? "less than" : "less than or equal to", *schema.maximum);
  }
  if (schema.multiple_of && *schema.multiple_of != 0 &&
      std::fabs(std::remainder(number, *schema.multiple_of)) > 1e-9) {
    complain("a multiple of", *schema.multiple_of);
  }
}

void check_string(const Schema& schema, const Value& value, const std::string& path,
                  Causes& causes) {
  const std::string& text = value.as_string();
  const auto length = static_cast<std::int64_t>(characters(text));
  if (schema.max_length && length > *schema.max_length) {
    causes.too_long(path, static_cast<std::size_t>(*schema.max_length));
  }
  if (schema.min_length && length < *schema.min_length) {
    causes.invalid(
        path, value,
        fmt::format("{} in body should be at least {} chars long", path, *schema.min_length));
  }
  if (schema.expression && !re2::RE2::PartialMatch(text, *schema.expression)) {
    causes.invalid(path, value, fmt::format("{} in body should match '{}'", path, schema.pattern));
  }
  if (!schema.format.empty() && !type::matches_format(schema.format, text)) {
    causes.invalid(
        path, value,
        fmt::format("{} in body must be of type {}: {}", path, schema.format, show_value(value)));
  }
}

void check_array(const Schema& schema, const Value& value, const std::string& path,
                 Causes& causes) {
  const Array& list = value.as_array();
  const auto size = static_cast<std::int64_t>(list.size());
  if (schema.max_items && size > *schema.max_items) {
    causes.too_many(path, list.size(), static_cast<std::size_t>(*schema.max_items));
  }
  if (schema.min_items && size < *schema.min_items) {
    causes.invalid(
        path, Value(size),
        fmt::format("{} in body should have at least {} items", path, *schema.min_items));
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (schema.items != nullptr) validate(*schema.items, list[i], index(path, i), false, causes);
    if (schema.list == Schema::List::atomic && !schema.unique_items) continue;
    for (std::size_t j = 0; j < i; ++j) {
      bool same = true;
      if (schema.list == Schema::List::map) {
        for (const std::string& key : schema.map_keys) same = same && list[i][key] == list[j][key];
      } else {
        same = list[i] == list[j];
      }
      if (!same) continue;
      if (schema.list == Schema::List::map) {
        Object keys;
        for (const std::string& key : schema.map_keys) keys.set(key, list[i][key]);
        causes.duplicate(index(path, i), Value(std::move(keys)));
      } else {
        causes.duplicate(index(path, i), list[i]);
      }
      break;
    }
  }
}

void check_object(const Schema& schema, const Value& value, const std::string& path, bool root,
                  Causes& causes) {
  const Object& members = value.as_object();
  for (const std::string& name : schema.required) {
    if (!members.contains(name)) causes.required(child(path, name));
  }
  const auto size = static_cast<std::int64_t>(members.size());
  if (schema.max_properties && size > *schema.max_properties) {
    causes.too_many(path, members.size(), static_cast<std::size_t>(*schema.max_properties));
  }
  if (schema.min_properties && size < *schema.min_properties) {
    causes.invalid(
        path, Value(size),
        fmt::format("{} in body should have at least {} properties", path, *schema.min_properties));
  }
  for (const auto& member : members) {
    if (root && is_root_member(member.key)) continue;
    if (const Field* field = schema.field(member.key)) {
      validate(*field->schema, member.value, child(path, member.key), false, causes);
    } else if (schema.values != nullptr) {
      validate(*schema.values, member.value, child(path, member.key), false, causes);
    }
  }
}

bool accepts(const Schema& schema, const Value& value, const std::string& path) {
  Causes ignored;
  validate(schema, value, path, false, ignored);
  return ignored.empty();
}

void check_combinations(const Schema& schema, const Value& value, const std::string& path,
                        Causes& causes) {
  for (const Schema* part : schema.all_of) validate(*part, value, path, false, causes);
  const auto count = [&](const std::vector<const Schema*>& parts) {
    return std::count_if(parts.begin(), parts.end(),
                         [&](const Schema* part) { return accepts(*part, value, path); });
  };
  if (!schema.any_of.empty() && count(schema.any_of) == 0) {
    causes.invalid(path, value,
                   fmt::format("{} in body must validate at least one schema (anyOf)", path));
  }
  if (!schema.one_of.empty() && count(schema.one_of) != 1) {
    causes.invalid(path, value,
                   fmt::format("{} in body must validate one and only one schema (oneOf). "
                               "Found {} valid alternatives",
                               path, count(schema.one_of) == 0 ? "none" : "several"));
  }
  if (schema.not_ != nullptr && accepts(*schema.not_, value, path)) {
    causes.invalid(path, value, fmt::format("{} in body must not validate the schema (not)", path));
  }
}

}  // namespace

void validate(const Schema& schema, const Value& value, const std::string& path, bool root,
              Causes& causes) {
  if (value.is_null() && schema.nullable) return;
  if (!has_kind(schema.kind, value)) {
    const std::string_view got =
        value.type() == json::Type::number ? "number" : json::to_string(value.type());
    causes.type_invalid(
        path, Value(got),
        fmt::format("{} in body must be of type {}: \"{}\"", path, kind_name(schema.kind), got));
    return;
  }
  check_enumeration(schema, value, path, causes);
  if (value.is_number()) check_number(schema, value, path, causes);
  if (value.is_string()) check_string(schema, value, path, causes);
  if (value.is_array()) check_array(schema, value, path, causes);
  if (value.is_object()) check_object(schema, value, path, root, causes);
  check_combinations(schema, value, path, causes);
}

}  // namespace windlass::inline v0::api_server
