#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>
#include <windlass/cel/value.hpp>

#include "functions.hpp"

namespace windlass::inline v0::cel {

using Kind = Type::Kind;

namespace {

Text owned(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  const std::string_view view = *owner;
  return {view, std::move(owner)};
}

/// A document's member, and the type of members.
const json::Array* array_of(const Document& document) {
  return document.value->is_array() ? &document.value->as_array() : nullptr;
}
const json::Object* object_of(const Document& document) {
  return document.value->is_object() ? &document.value->as_object() : nullptr;
}

}  // namespace

Value Value::string(std::string text) { return String{owned(std::move(text))}; }
Value Value::bytes(std::string text) { return Bytes{owned(std::move(text))}; }
Value Value::list(std::vector<Value> items) {
  return List(std::make_shared<std::vector<Value>>(std::move(items)));
}
Value Value::error(std::string message) {
  return Failure{std::make_shared<const std::string>(std::move(message))};
}

Kind Value::kind() const {
  struct Visitor {
    Kind operator()(std::nullptr_t) const { return Kind::null; }
    Kind operator()(bool) const { return Kind::boolean; }
    Kind operator()(std::int64_t) const { return Kind::integer; }
    Kind operator()(std::uint64_t) const { return Kind::unsigned_; }
    Kind operator()(double) const { return Kind::real; }
    Kind operator()(const String&) const { return Kind::string; }
    Kind operator()(const Bytes&) const { return Kind::bytes; }
    Kind operator()(const Timestamp&) const { return Kind::timestamp; }
    Kind operator()(const Duration&) const { return Kind::duration; }
    Kind operator()(const Document& document) const {
      if (document.type == nullptr) return Kind::dyn;
      return document.value->is_array() ? Kind::list : Kind::map;
    }
    Kind operator()(const List&) const { return Kind::list; }
    Kind operator()(const Map&) const { return Kind::map; }
    Kind operator()(const Optional&) const { return Kind::optional; }
    Kind operator()(const TypePtr&) const { return Kind::type; }
    Kind operator()(const std::shared_ptr<const Opaque>&) const { return Kind::opaque; }
    Kind operator()(const Failure&) const { return Kind::error; }
  };
  return std::visit(Visitor(), data_);
}

namespace {

Value scalar_from_json(const json::Value& value, const Type& type) {
  const auto wrong = [&](std::string_view wanted) {
    return Value::error(
        fmt::format("invalid data, expected {}, got {}", wanted, json::to_string(value.type())));
  };
  switch (type.kind) {
    case Kind::boolean:
      return value.is_bool() ? Value(value.as_bool()) : wrong("bool");
    case Kind::integer:
      if (value.is_integer()) return value.as_integer();
      if (value.is_number() && std::trunc(value.as_number()) == value.as_number() &&
          std::fabs(value.as_number()) < 9e18) {
        return static_cast<std::int64_t>(value.as_number());
      }
      return wrong("int");
    case Kind::real:
      return value.is_number() ? Value(value.as_number()) : wrong("float");
    default:
      break;
  }
  if (!value.is_string()) return wrong("string");
  const std::string& text = value.as_string();
  const auto read = [&](auto result, std::string_view what) {
    if (result) return Value(*result);
    return Value::error(fmt::format("Invalid {} {}: {}", what, text, result.error().message));
  };
  switch (type.kind) {
    case Kind::timestamp:
      return type.date ? read(parse_date(text), "date formatted string")
                       : read(parse_timestamp(text, true), "date-time formatted string");
    case Kind::duration:
      return read(parse_long_duration(text), "duration");
    case Kind::bytes: {
      auto bytes = decode_base64(text);
      if (bytes) return Value::bytes(std::move(*bytes));
      return Value::error(
          fmt::format("Invalid byte formatted string {}: {}", text, bytes.error().message));
    }
    default:
      return String{{text, nullptr}};
  }
}

}  // namespace

Value Value::from_json(const json::Value& value, const Type* type) {
  if (type == nullptr) return Document{&value, nullptr};
  if (value.is_null()) {
    if (type->nullable) return nullptr;
    return error("invalid data, got null for schema with nullable=false");
  }
  if (type->int_or_string) {
    if (value.is_string()) return String{{value.as_string(), nullptr}};
    if (value.is_integer()) return value.as_integer();
    return error("invalid data, expected XIntOrString value to be either a string or integer");
  }
  switch (type->kind) {
    case Kind::dyn:
      return dynamic(value);
    case Kind::object:
    case Kind::map:
      if (value.is_object()) return Document{&value, type};
      return error("invalid data, expected a map for the provided schema with type=object");
    case Kind::list:
      if (value.is_array()) return Document{&value, type};
      return error("invalid data, expected an array for the provided schema with type=array");
    default:
      return scalar_from_json(value, *type);
  }
}

Value Value::dynamic(const json::Value& value) {
  static const TypePtr list = list_type(simple_type(Kind::dyn));
  static const TypePtr map = map_type(simple_type(Kind::string), simple_type(Kind::dyn));
  switch (value.type()) {
    case json::Type::null:
      return nullptr;
    case json::Type::boolean:
      return value.as_bool();
    case json::Type::integer:
      return value.as_integer();
    case json::Type::number:
      return value.as_number();
    case json::Type::string:
      return String{{value.as_string(), nullptr}};
    case json::Type::array:
      return Document{&value, list.get()};
    default:
      return Document{&value, map.get()};
  }
}

std::size_t Value::size() const {
  if (const auto* items = get<List>()) return (*items)->size();
  if (const auto* entries = get<Map>()) return (*entries)->size();
  const auto& document = as<Document>();
  if (const auto* array = array_of(document)) return array->size();
  return document.value->as_object().size();
}

Value Value::at(std::size_t index) const {
  if (const auto* items = get<List>()) return (**items)[index];
  const auto& document = as<Document>();
  return from_json((*array_of(document))[index], document.type->parameters[0].get());
}

namespace {

/// How a member of an object is seen: as its property's type, or (known false) not at all.
struct Member {
  bool known = false;
  const Type* type = nullptr;
};
const Property* property_named(const Type& type, std::string_view json_name) {
  for (const Property& property : type.properties) {
    if (property.name == json_name) return &property;
  }
  return nullptr;
}
Member member_of(const Type& type, std::string_view json_name) {
  if (type.kind == Kind::map) return {true, type.parameters[1].get()};
  const Property* property = property_named(type, json_name);
  if (property == nullptr) return {};
  return {true, property->type.get()};
}

}  // namespace

std::optional<Value> Value::find(const Value& key) const {
  if (const auto* entries = get<Map>()) {
    for (const auto& [known, value] : **entries) {
      const Value same = equal(known, key);
      if (same.get<bool>() != nullptr && same.as<bool>()) return value;
    }
    return std::nullopt;
  }
  const auto& document = as<Document>();
  if (key.get<String>() == nullptr) return no_such_overload();
  const json::Object& members = *object_of(document);
  if (document.type->kind == Kind::map) {
    const json::Value* value = members.find(key.text());
    if (value == nullptr) return std::nullopt;
    return from_json(*value, document.type->parameters[1].get());
  }
  const Property* property = document.type->property(key.text());
  if (property == nullptr || !property->exposed) return std::nullopt;
  const json::Value* value = members.find(property->name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  return from_json(*value, property->type.get());
}

void Value::each(const std::function<bool(const Value&, const Value&)>& visit) const {
  if (const auto* entries = get<Map>()) {
    for (const auto& [key, value] : **entries) {
      if (!visit(key, value)) return;
    }
    return;
  }
  const auto& document = as<Document>();
  for (const auto& member : *object_of(document)) {
    const Member seen = member_of(*document.type, member.key);
    if (!seen.known) continue;
    Value key = String{{member.key, nullptr}};
    if (document.type->kind == Kind::object) {
      const std::string escaped = escape_property(member.key);
      if (!escaped.empty() && escaped != member.key) key = string(escaped);
    }
    if (!visit(key, from_json(member.value, seen.type))) return;
  }
}

// ---- equality and order

namespace {

bool is_number(const Value& value) {
  const Kind kind = value.kind();
  return kind == Kind::integer || kind == Kind::unsigned_ || kind == Kind::real;
}
double as_double(const Value& value) {
  if (const auto* i = value.get<std::int64_t>()) return static_cast<double>(*i);
  if (const auto* u = value.get<std::uint64_t>()) return static_cast<double>(*u);
  return value.as<double>();
}
/// Integers exactly; with a double, as doubles.
std::optional<int> compare_numbers(const Value& a, const Value& b) {
  const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (a.kind() == Kind::real || b.kind() == Kind::real) {
    const double x = as_double(a), y = as_double(b);
    if (std::isnan(x) || std::isnan(y)) return std::nullopt;
    return order(x, y);
  }
  const auto* x = a.get<std::int64_t>();
  const auto* y = b.get<std::int64_t>();
  if (x != nullptr && y != nullptr) return order(*x, *y);
  if (x != nullptr)
    return *x < 0 ? -1 : order(static_cast<std::uint64_t>(*x), b.as<std::uint64_t>());
  if (y != nullptr)
    return *y < 0 ? 1 : order(a.as<std::uint64_t>(), static_cast<std::uint64_t>(*y));
  return order(a.as<std::uint64_t>(), b.as<std::uint64_t>());
}

bool is_true(const Value& value) { return value.get<bool>() != nullptr && value.as<bool>(); }

Value equal_in_order(const Value& a, const Value& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    Value same = equal(a.at(i), b.at(i));
    if (!is_true(same)) return same;
  }
  return true;
}

/// Each element of `a` has an equal one in `b`.
bool included(const Value& a, const Value& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Value element = a.at(i);
    bool found = false;
    for (std::size_t j = 0; j < b.size() && !found; ++j) found = is_true(equal(element, b.at(j)));
    if (!found) return false;
  }
  return true;
}

/// Lists with keys: the entries with equal keys are equal.
Value equal_by_key(const Value& a, const Value& b) {
  const auto& left = a.as<Document>();
  const auto* right = b.get<Document>();
  if (right == nullptr) return included(a, b) && included(b, a);
  const json::Array& others = right->value->as_array();
  for (std::size_t i = 0; i < a.size(); ++i) {
    const json::Value& entry = left.value->as_array()[i];
    const auto same_keys = [&](const json::Value& other) {
      return std::all_of(left.type->map_keys.begin(), left.type->map_keys.end(),
                         [&](const std::string& key) { return entry[key] == other[key]; });
    };
    const auto other = std::find_if(others.begin(), others.end(), same_keys);
    if (other == others.end()) return false;
    Value same = equal(a.at(i), b.at(static_cast<std::size_t>(other - others.begin())));
    if (!is_true(same)) return same;
  }
  return true;
}

Value equal_lists(const Value& a, const Value& b) {
  if (a.size() != b.size()) return false;
  if (const auto* document = a.get<Document>()) {
    if (document->type->list == Type::List::set) return included(a, b) && included(b, a);
    if (document->type->list == Type::List::map) return equal_by_key(a, b);
  }
  return equal_in_order(a, b);
}

Value equal_maps(const Value& a, const Value& b) {
  if (a.size() != b.size()) return false;
  const auto* left = a.get<Document>();
  Value out = true;
  a.each([&](const Value& key, const Value& value) {
    const std::optional<Value> other = b.find(key);
    out = other ? equal(value, *other) : Value(false);
    return is_true(out);
  });
  if (left == nullptr || left->type->kind == Kind::map || !is_true(out)) return out;
  // members that the schema does not know
  const auto* right = b.get<Document>();
  for (const auto& member : left->value->as_object()) {
    if (member_of(*left->type, member.key).known) continue;
    if (right == nullptr) return no_such_overload();
    const json::Value* other = right->value->find(member.key);
    if (other != nullptr && !(*other == member.value)) return false;
  }
  return out;
}

}  // namespace

Value equal(const Value& a, const Value& b) {
  if (a.is_error()) return a;
  if (b.is_error()) return b;
  const Kind left = a.kind(), right = b.kind();
  if (left == Kind::null || right == Kind::null) return left == right;
  if (is_number(a)) return is_number(b) && compare_numbers(a, b) == 0;
  if (left == Kind::dyn) {  // preserved by the schema without being known
    const auto* other = b.get<Document>();
    return other != nullptr && *a.as<Document>().value == *other->value;
  }
  if (left != right) return a.get<Document>() != nullptr ? no_such_overload() : Value(false);
  switch (left) {
    case Kind::boolean:
      return a.as<bool>() == b.as<bool>();
    case Kind::string:
      return a.text() == b.text();
    case Kind::bytes:
      return a.as<Bytes>().view == b.as<Bytes>().view;
    case Kind::timestamp:
      return a.as<Timestamp>() == b.as<Timestamp>();
    case Kind::duration:
      return a.as<Duration>() == b.as<Duration>();
    case Kind::list:
      return equal_lists(a, b);
    case Kind::map:
      return equal_maps(a, b);
    case Kind::type:
      return runtime_name(*a.as<TypePtr>()) == runtime_name(*b.as<TypePtr>());
    case Kind::optional: {
      const auto& x = a.as<Optional>().value;
      const auto& y = b.as<Optional>().value;
      if (x == nullptr || y == nullptr) return x == y;
      return equal(*x, *y);
    }
    case Kind::opaque: {
      const auto& x = *a.as<std::shared_ptr<const Opaque>>();
      const auto& y = *b.as<std::shared_ptr<const Opaque>>();
      return x.type_name() == y.type_name() && x.equals(y);
    }
    default:
      return false;
  }
}

std::optional<int> compare(const Value& a, const Value& b) {
  const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (is_number(a)) return is_number(b) ? compare_numbers(a, b) : std::nullopt;
  const Kind kind = a.kind();
  if (kind != b.kind()) return std::nullopt;
  switch (kind) {
    case Kind::boolean:
      return order(a.as<bool>(), b.as<bool>());
    case Kind::string:
      return order(a.text(), b.text());
    case Kind::bytes:
      return order(a.as<Bytes>().view, b.as<Bytes>().view);
    case Kind::timestamp:
      return order(a.as<Timestamp>(), b.as<Timestamp>());
    case Kind::duration:
      return order(a.as<Duration>(), b.as<Duration>());
    default:
      return std::nullopt;
  }
}

TypePtr type_of(const Value& value) {
  const Kind kind = value.kind();
  if (kind == Kind::opaque) {
    const auto& opaque = *value.as<std::shared_ptr<const Opaque>>();
    return std::make_shared<const Type>(
        Type{.kind = kind, .name = std::string(opaque.type_name())});
  }
  return simple_type(kind);
}

}  // namespace windlass::inline v0::cel
