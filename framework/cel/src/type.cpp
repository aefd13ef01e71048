#include <algorithm>
#include <array>

#include <windlass/cel/type.hpp>

namespace windlass::inline v0::cel {

using json::Value;
using Kind = Type::Kind;

const Property* Type::property(std::string_view identifier) const {
  const auto found = std::lower_bound(
      properties.begin(), properties.end(), identifier,
      [](const Property& property, std::string_view name) { return property.identifier < name; });
  return found != properties.end() && found->identifier == identifier ? &*found : nullptr;
}

TypePtr simple_type(Kind kind) {
  static const auto types = [] {
    std::array<TypePtr, static_cast<std::size_t>(Kind::parameter) + 1> out;
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = std::make_shared<const Type>(Type{.kind = static_cast<Kind>(i)});
    }
    return out;
  }();
  return types[static_cast<std::size_t>(kind)];
}

TypePtr list_type(TypePtr element) {
  return std::make_shared<const Type>(Type{.kind = Kind::list, .parameters = {std::move(element)}});
}
TypePtr map_type(TypePtr key, TypePtr value) {
  return std::make_shared<const Type>(
      Type{.kind = Kind::map, .parameters = {std::move(key), std::move(value)}});
}
TypePtr optional_type(TypePtr wrapped) {
  return std::make_shared<const Type>(
      Type{.kind = Kind::optional, .parameters = {std::move(wrapped)}});
}

std::string to_string(const Type& type) {
  static constexpr const char* kNames[] = {
      "!error!", "dyn",    "null",          "bool",      "int",      "uint",
      "double",  "string", "bytes",         "timestamp", "duration", "list",
      "map",     "object", "optional_type", "type",      "",         ""};
  std::string out = type.name.empty() ? kNames[static_cast<std::size_t>(type.kind)] : type.name;
  for (std::size_t i = 0; i < type.parameters.size(); ++i) {
    out += i == 0 ? "(" : ", ";
    out += to_string(*type.parameters[i]);
  }
  if (!type.parameters.empty()) out += ")";
  return out;
}

std::string escape_property(std::string_view name) {
  static constexpr std::string_view kReserved[] = {
      "true",     "false",   "null",      "in",       "as",  "break",  "const",
      "continue", "else",    "for",       "function", "if",  "import", "let",
      "loop",     "package", "namespace", "return",   "var", "void",   "while"};
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return "";
  if (std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved)) {
    return "__" + std::string(name) + "__";
  }
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '_' && i + 1 < name.size() && name[i + 1] == '_') {
      out += "__underscores__";
      ++i;
    } else if (c == '.') {
      out += "__dot__";
    } else if (c == '-') {
      out += "__dash__";
    } else if (c == '/') {
      out += "__slash__";
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_') {
      out += c;
    } else {
      return "";
    }
  }
  return out;
}

// ---- schemas

namespace {

constexpr std::int64_t kMaximumRequest = 3 * 1024 * 1024;

std::int64_t limit_or(const Value& limit, std::int64_t otherwise) {
  if (!limit.is_number()) return otherwise;
  return std::max<std::int64_t>(0, limit.integer_or(static_cast<std::int64_t>(limit.as_number())));
}

TypePtr scalar(Kind kind, std::int64_t min_size, std::int64_t max_elements, const Value& schema) {
  Type out{.kind = kind, .schema = true};
  out.min_size = min_size;
  out.max_elements = max_elements;
  out.nullable = schema["nullable"].bool_or(false);
  return std::make_shared<const Type>(std::move(out));
}

TypePtr string_type(const Value& schema) {
  const std::string_view format = schema["format"].string_or("");
  constexpr std::int64_t kLongest = kMaximumRequest - 2;
  if (format == "byte") {
    return scalar(Kind::bytes, 2, limit_or(schema["maxLength"], kLongest), schema);
  }
  if (format == "duration") return scalar(Kind::duration, 3, 32, schema);
  if (format == "date") {
    Type out = *scalar(Kind::timestamp, 12, 12, schema);
    out.date = true;
    return std::make_shared<const Type>(std::move(out));
  }
  if (format == "date-time") return scalar(Kind::timestamp, 21, 32, schema);
  std::int64_t longest = kLongest;
  if (schema["maxLength"].is_number()) {
    longest = limit_or(schema["maxLength"], 0) * 4;  // the limit counts characters
  } else if (schema["enum"].is_array() && !schema["enum"].as_array().empty()) {
    longest = 0;
    for (const Value& choice : schema["enum"].as_array()) {
      longest = std::max(longest, static_cast<std::int64_t>(choice.string_or("").size()));
    }
  }
  return scalar(Kind::string, 2, longest, schema);
}

void read_list_type(Type& out, const Value& schema) {
  const std::string_view list = schema["x-kubernetes-list-type"].string_or("");
  out.list = list == "set" ? Type::List::set : list == "map" ? Type::List::map : Type::List::atomic;
  if (!schema["x-kubernetes-list-map-keys"].is_array()) return;
  for (const Value& key : schema["x-kubernetes-list-map-keys"].as_array()) {
    out.map_keys.emplace_back(key.string_or(""));
  }
}

bool is_embedded(const Value& schema) {
  return schema["x-kubernetes-embedded-resource"].bool_or(false);
}

TypePtr metadata_type(const Value& declared, const std::string& name) {
  Type out{.kind = Kind::object, .name = name, .schema = true};
  out.min_size = 2;
  for (const auto& [property, longest] :
       {std::pair("generateName", std::int64_t{252}), std::pair("name", std::int64_t{253})}) {
    const Value& limit = declared.at_path({"properties", property, "maxLength"});
    const std::int64_t bound = std::min(longest, limit_or(limit, longest));
    out.properties.push_back(
        {property, property, scalar(Kind::string, 2, bound * 4, nullptr), true});
  }
  return std::make_shared<const Type>(std::move(out));
}

TypePtr object_type(const Value& schema, bool root, const std::string& name) {
  Type out{.kind = Kind::object, .name = name, .schema = true};
  out.nullable = schema["nullable"].bool_or(false);
  out.min_size = 2;
  const auto is_required = [&](const std::string& property) {
    if (!schema["required"].is_array()) return false;
    const json::Array& names = schema["required"].as_array();
    return std::find(names.begin(), names.end(), Value(property)) != names.end();
  };
  const auto add = [&](const std::string& property, TypePtr type, bool has_default) {
    const std::string identifier = escape_property(property);
    const bool exposed = !identifier.empty() && type != nullptr;
    if (type != nullptr && is_required(property) && !has_default) {
      out.min_size += static_cast<std::int64_t>(property.size()) + type->min_size + 4;
    }
    out.properties.push_back(
        {property, identifier.empty() ? property : identifier, std::move(type), exposed});
  };
  if (schema["properties"].is_object()) {
    for (const auto& member : schema["properties"].as_object()) {
      if (root && (member.key == "apiVersion" || member.key == "kind" || member.key == "metadata"))
        continue;
      add(member.key, schema_type(member.value, is_embedded(member.value), name + "." + member.key),
          member.value.find("default") != nullptr);
    }
  }
  if (root) {
    const TypePtr text = scalar(Kind::string, 2, kMaximumRequest - 2, nullptr);
    add("apiVersion", text, false);
    add("kind", text, false);
    add("metadata", metadata_type(schema.at_path({"properties", "metadata"}), name + ".metadata"),
        false);
  }
  std::sort(out.properties.begin(), out.properties.end(),
            [](const Property& a, const Property& b) { return a.identifier < b.identifier; });
  return std::make_shared<const Type>(std::move(out));
}

}  // namespace

TypePtr schema_type(const Value& schema, bool root, const std::string& name) {
  if (!schema.is_object()) return nullptr;
  if (schema["x-kubernetes-int-or-string"].bool_or(false)) {
    Type out{.kind = Kind::dyn, .schema = true, .int_or_string = true};
    out.nullable = schema["nullable"].bool_or(false);
    out.min_size = 1;
    out.max_elements = schema["maxLength"].is_number() ? limit_or(schema["maxLength"], 0) * 4
                                                       : kMaximumRequest - 2;
    return std::make_shared<const Type>(std::move(out));
  }
  const std::string_view type = schema["type"].string_or("");
  if (type == "boolean") return scalar(Kind::boolean, 4, 0, schema);
  if (type == "integer") return scalar(Kind::integer, 1, 0, schema);
  if (type == "number") return scalar(Kind::real, 1, 0, schema);
  if (type == "string") return string_type(schema);
  if (type == "array") {
    const Value& items = schema["items"];
    TypePtr element = schema_type(items, is_embedded(items), name + ".@idx");
    if (element == nullptr) return nullptr;
    Type out{.kind = Kind::list, .schema = true};
    out.max_elements =
        limit_or(schema["maxItems"], (kMaximumRequest - 2) / (element->min_size + 1));
    out.parameters = {std::move(element)};
    out.nullable = schema["nullable"].bool_or(false);
    out.min_size = 2;
    read_list_type(out, schema);
    return std::make_shared<const Type>(std::move(out));
  }
  if (type != "object") return nullptr;
  const Value& values = schema["additionalProperties"];
  if (!root && values.is_object()) {
    TypePtr value = schema_type(values, is_embedded(values), name + ".@elem");
    if (value == nullptr) return nullptr;
    Type out{.kind = Kind::map, .schema = true};
    out.max_elements =
        limit_or(schema["maxProperties"], (kMaximumRequest - 2) / (value->min_size + 6));
    const TypePtr key = scalar(Kind::string, 2, 0, nullptr);  // upstream counts keys as nothing
    out.parameters = {key, std::move(value)};
    out.nullable = schema["nullable"].bool_or(false);
    out.min_size = 2;
    return std::make_shared<const Type>(std::move(out));
  }
  return object_type(schema, root, name);
}

}  // namespace windlass::inline v0::cel
