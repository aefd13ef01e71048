// Built-in objects: the effect of decoding into Go's types and encoding again.

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include <fmt/format.h>
#include <re2/re2.h>

#include <windlass/base/encoding.hpp>
#include <windlass/meta/time.hpp>

#include "schema.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

using Kind = Schema::Kind;

/// A type as Go prints it.
std::string go_type(const Schema& schema) {
  switch (schema.kind) {
    case Kind::object:
      return schema.go_name;
    case Kind::map:
      return "map[string]" + (schema.values != nullptr ? go_type(*schema.values) : "string");
    case Kind::array:
      if (schema.items == nullptr) return "[]interface {}";
      return schema.items->format == "byte" ? "[][]uint8" : "[]" + go_type(*schema.items);
    case Kind::integer:
      return schema.format.empty() ? "int64" : schema.format;
    case Kind::number:
      return "float64";
    case Kind::boolean:
      return "bool";
    case Kind::int_or_string:
      return "intstr.IntOrString";
    case Kind::quantity:
      return "resource.Quantity";
    default:
      return schema.format == "byte" ? "[]uint8" : "string";
  }
}

/// What Go's time.Parse says of a text that is not of RFC 3339; empty when nothing.
std::string time_problem(const std::string& text, const std::string& layout) {
  static const re2::RE2 whole(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))");
  if (re2::RE2::FullMatch(text, whole)) return "";
  std::string_view rest = text;
  struct Element {
    std::string_view name, separator;
  };
  static constexpr Element kElements[] = {{"2006", "-"}, {"01", "-"}, {"02", "T"},
                                          {"15", ":"},   {"04", ":"}, {"05", ""}};
  for (const auto& [element, separator] : kElements) {
    const std::size_t count = element.size();
    const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
    const auto problem = [&](std::string_view what) {
      return fmt::format("parsing time {} as {}: cannot parse {} as {}", quote_json(text),
                         quote_json(layout), quote_json(rest), quote_json(what));
    };
    if (rest.size() < count || !std::all_of(rest.begin(), rest.begin() + count, is_digit)) {
      return problem(element);
    }
    rest.remove_prefix(count);
    if (!rest.starts_with(separator)) return problem(separator);
    rest.remove_prefix(separator.size());
  }
  return fmt::format("parsing time {} as {}: cannot parse {} as {}", quote_json(text),
                     quote_json(layout), quote_json(rest), quote_json("Z07:00"));
}

/// A time as Go's metav1.Time writes it again: in UTC, without fractions of seconds.
std::string in_seconds(const std::string& text) {
  constexpr std::string_view kForm = "2006-01-02T15:04:05Z";
  if (text.size() == kForm.size() && text.back() == 'Z') return text;
  const auto time = meta::Time::parse(text);
  return time ? time->to_string() : text;
}

/// The first byte at which a text stops being base64, or none.
std::optional<std::size_t> base64_problem(std::string_view text) {
  const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '/'; };
  std::size_t at = 0;
  while (at < text.size() && good(static_cast<unsigned char>(text[at]))) ++at;
  const std::string_view padding = text.substr(at);
  const std::size_t open = at % 4;
  // A group of four that ends early counts from its start.
  if (padding.empty()) return open == 0 ? std::nullopt : std::optional(text.size() - open);
  if ((open == 2 && padding == "==") || (open == 3 && padding == "=")) return std::nullopt;
  return padding[0] == '=' && open >= 2 ? std::optional(at + (open == 2 ? 1 : 0))
                                        : std::optional(at);
}

/// The kind of a document's part, as Go's reflection names it.
std::string_view reflected(const Value& value) {
  if (value.is_string()) return "string";
  if (value.is_bool()) return "bool";
  if (value.is_array()) return "slice";
  if (value.is_integer()) return "int64";
  return value.is_object() ? "map" : "float64";
}

/// Why apimachinery cannot convert a value.
std::string conversion_problem(const Schema& schema, const Value& value) {
  const std::string_view from = reflected(value);
  if (schema.kind == Kind::map) return fmt::format("cannot restore map from {}", from);
  if (schema.kind == Kind::object) return fmt::format("cannot restore struct from: {}", from);
  if (schema.kind == Kind::array || schema.format == "byte") {
    return fmt::format("cannot restore slice from {}", from);
  }
  const std::string to = go_type(schema);
  if (schema.kind == Kind::int_or_string) {
    return fmt::format("json: cannot unmarshal {} into Go value of type int32",
                       value.is_array()    ? "array"
                       : value.is_object() ? "object"
                                           : from);
  }
  // Go converts integers to strings, and numbers to each other; nothing else of these.
  const bool converts = (value.is_integer() && schema.kind == Kind::string) ||
                        (value.is_number() && schema.kind == Kind::integer);
  return converts ? fmt::format("cannot convert {} to {}", from, to)
                  : fmt::format("unrecognized type: {}", to);
}

/// Where in an object something is: with the positions in lists for people, and as Go's decoder
/// says it, by the structure that holds the field.
struct Place {
  std::string path;
  std::string go_path;
  std::string_view structure;
};

struct Walk {
  std::string_view kind;
  std::string_view version;
  Unknown& unknown;
  Decoder decoder;

  [[noreturn]] void refuse(const std::string& why) const {
    throw Failure::bad_request(
        fmt::format("{0} in version \"{1}\" cannot be handled as a {0}: {2}", kind, version, why));
  }
  [[noreturn]] void mismatch(const Schema& schema, const Value& value, const Place& place) const {
    if (decoder == Decoder::unstructured) refuse(conversion_problem(schema, value));
    std::string got = value.is_bool()     ? "bool"
                      : value.is_number() ? "number"
                      : value.is_string() ? "string"
                                          : std::string(json::to_string(value.type()));
    if (value.is_number() && schema.kind == Kind::integer) got += " " + json::dump(value);
    const bool uid =
        schema.kind == Kind::string && (place.go_path == "uid" || place.go_path.ends_with(".uid"));
    refuse(fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}", got,
                       place.structure, place.go_path, uid ? "types.UID" : go_type(schema)));
  }

  void object(const Schema& schema, Value& value, const Place& place) const;
  void value(const Schema& schema, Value& value, const Place& place) const;
  void text(const Schema& schema, Value& value, const Place& place) const;
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
                                 "ingressClassName", "key",
                                 "apiGroup",         "holderIdentity",
                                 "preferredHolder"};
  for (const std::string_view entry : kNames) {
    if (entry == name) return true;
  }
  return false;
}

bool is_omitted(const Schema& schema, const Field& field, const Value& value) {
  if (value.is_null()) return true;
  if (is_required(schema, field.name) || field.name == "rules") return false;
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

void Walk::object(const Schema& schema, Value& value, const Place& place) const {
  if (!value.is_object()) mismatch(schema, value, place);
  Object& members = value.as_object();
  for (auto member = members.begin(); member != members.end();) {
    const Field* field = schema.field(member->key);
    if (field == nullptr) {
      unknown.fields.push_back(fmt::format("unknown field \"{}\"", child(place.path, member->key)));
      member = members.erase(member);
      continue;
    }
    if (!member->value.is_null()) {
      const Place below{child(place.path, member->key), child(place.go_path, member->key),
                        schema.name};
      this->value(*field->schema, member->value, below);
    }
    if (is_omitted(schema, *field, member->value)) {
      member = members.erase(member);
    } else {
      ++member;
    }
  }
}

void Walk::text(const Schema& schema, Value& value, const Place& place) const {
  if (!value.is_string()) mismatch(schema, value, place);
  const std::string& given = value.as_string();
  if (schema.name == "Time" || schema.name == "MicroTime") {
    const std::string layout =
        schema.name == "Time" ? "2006-01-02T15:04:05Z07:00" : "2006-01-02T15:04:05.000000Z07:00";
    if (const std::string problem = time_problem(given, layout); !problem.empty()) refuse(problem);
    if (schema.name == "Time") value = in_seconds(given);
  } else if (schema.format == "byte") {
    if (const auto at = base64_problem(given)) {
      if (decoder == Decoder::unstructured) {
        refuse(fmt::format("error decoding from json: illegal base64 data at input byte {}", *at));
      }
      refuse(fmt::format("illegal base64 data at input byte {}", *at));
    }
  }
}

void Walk::value(const Schema& schema, Value& value, const Place& place) const {
  switch (schema.kind) {
    case Kind::any:
      return;
    case Kind::object:
      return object(schema, value, place);
    case Kind::map:
      if (!value.is_object()) mismatch(schema, value, place);
      for (auto& member : value.as_object()) {
        if (member.value.is_null() && schema.values->kind == Kind::string) member.value = "";
        if (!member.value.is_null()) this->value(*schema.values, member.value, place);
      }
      return;
    case Kind::array: {
      if (!value.is_array()) mismatch(schema, value, place);
      Array& list = value.as_array();
      for (std::size_t i = 0; i < list.size(); ++i) {
        const Place below{index(place.path, i), place.go_path, place.structure};
        if (schema.items != nullptr) this->value(*schema.items, list[i], below);
      }
      return;
    }
    case Kind::string:
      return text(schema, value, place);
    case Kind::integer:
      if (value.type() == json::Type::number &&
          std::trunc(value.as_number()) == value.as_number() &&
          std::abs(value.as_number()) < 9e15) {
        value = static_cast<std::int64_t>(value.as_number());
      }
      if (!value.is_integer()) mismatch(schema, value, place);
      if (schema.format == "int32" &&
          (value.as_integer() > INT32_MAX || value.as_integer() < INT32_MIN)) {
        mismatch(schema, value, place);
      }
      return;
    case Kind::number:
      if (!value.is_number()) mismatch(schema, value, place);
      return;
    case Kind::boolean:
      if (!value.is_bool()) mismatch(schema, value, place);
      return;
    case Kind::int_or_string:
      if (!value.is_integer() && !value.is_string()) mismatch(schema, value, place);
      return;
    case Kind::quantity: {
      auto text = canonical_quantity(value);
      if (!text) {
        refuse(
            "quantities must match the regular expression "
            "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
      }
      value = std::move(*text);
      return;
    }
  }
}

}  // namespace

std::string reason_of(std::string_view message) {
  constexpr std::string_view kEnd = "cannot be handled as a ";
  const auto at = message.find(kEnd);
  const auto colon = at == std::string_view::npos ? at : message.find(": ", at + kEnd.size());
  return std::string(colon == std::string_view::npos ? message : message.substr(colon + 2));
}

void normalize(const Schema& schema, Value& value, std::string_view kind, std::string_view version,
               Unknown& unknown, Decoder decoder) {
  const Walk walk{kind, version, unknown, decoder};
  walk.value(schema, value, {"", "", schema.name});
}

}  // namespace windlass::inline v0::api_server
