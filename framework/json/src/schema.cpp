#include <algorithm>
#include <vector>

#include <windlass/json/patch.hpp>
#include <windlass/json/schema.hpp>
#include <windlass/type/inspect.hpp>

namespace windlass::inline v0::json {
namespace {

using type::Constraints;
using type::Kind;
using type::Shape;

constexpr const char* kQuantity =
    R"(^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$)";

Value strings(std::span<const std::string_view> texts) {
  Array out;
  for (const auto text : texts) out.emplace_back(text);
  return out;
}

Value parsed(std::string_view text) { return parse(text).value(); }

class Describer {
 public:
  Object describe(const Shape& shape, const Constraints* constraints) {
    const Shape* inner = &shape;
    bool nullable = false;
    while (inner->kind == Kind::optional) {
      nullable = nullable || inner->optional->set_null != nullptr;
      inner = inner->inner;
    }
    if (constraints != nullptr && has_only_keywords(*constraints)) {
      return parsed(constraints->demands->keywords).as_object();
    }
    Object out = plain(*inner, constraints);
    if (nullable) out.set("nullable", true);
    if (constraints != nullptr) add(out, *constraints, *inner);
    return out;
  }

  Object plain(const Shape& shape, const Constraints* constraints) {
    Object out;
    const Constraints* items = constraints == nullptr ? nullptr : constraints->items;
    switch (shape.kind) {
      case Kind::boolean:
        out.set("type", "boolean");
        break;
      case Kind::int32:
        out.set("format", "int32");
        [[fallthrough]];
      case Kind::int64:
        out.set("type", "integer");
        break;
      case Kind::float64:
        out.set("type", "number");
        break;
      case Kind::string:
        out.set("type", "string");
        break;
      case Kind::scalar:
        scalar(out, shape.scalar->name);
        break;
      case Kind::enumeration:
        enumeration(out, shape);
        break;
      case Kind::list:
        out.set("type", "array");
        out.set("items", element(*shape.inner, items));
        break;
      case Kind::map:
        out.set("type", "object");
        out.set("additionalProperties", element(*shape.inner, items));
        break;
      case Kind::raw:
        out.set("type", "object");
        [[fallthrough]];
      case Kind::any:
        any(out, constraints);
        break;
      case Kind::object:
        return object(shape);
      case Kind::optional:
        break;
    }
    return out;
  }

 private:
  static bool has_only_keywords(const Constraints& c) {
    return c.demands != nullptr && c.demands->keywords_only;
  }

  static void any(Object& out, const Constraints* c) {
    const std::string_view name = c == nullptr ? "" : c->json_type;
    if (!name.empty()) out.set("type", name);
    if (name == "array" && c->items != nullptr) {
      Object items;
      any(items, c->items);
      out.set("items", std::move(items));
    }
    if (name.empty() || name == "object") out.set("x-kubernetes-preserve-unknown-fields", true);
  }

  /// Of a list or map: an optional one may be null.
  Object element(const Shape& shape, const Constraints* constraints) {
    Object out = describe(shape, constraints);
    if (shape.kind == Kind::optional) out.set("nullable", true);
    return out;
  }

  static void scalar(Object& out, std::string_view name) {
    if (name == "quantity" || name == "integer or string") {
      out.set("x-kubernetes-int-or-string", true);
      if (name == "quantity") out.set("pattern", kQuantity);
      return;
    }
    out.set("type", "string");
    out.set("format", name == "duration" ? "duration" : "date-time");
  }

  static void enumeration(Object& out, const Shape& shape) {
    if (!shape.numbers) {
      out.set("type", "string");
      out.set("enum", strings(*shape.names));
      return;
    }
    Array values;
    bool whole = true;
    for (const auto name : *shape.names) {
      values.push_back(parsed(name));
      whole = whole && values.back().is_integer();
    }
    out.set("type", whole ? "integer" : "number");
    out.set("enum", std::move(values));
  }

  Object object(const Shape& shape) {
    const type::Table& table = shape.table();
    Object out;
    if (std::find(open_.begin(), open_.end(), &table) != open_.end()) {
      out.set("type", "object");
      out.set("x-kubernetes-preserve-unknown-fields", true);
      return out;
    }
    open_.push_back(&table);
    out.set("type", "object");
    const bool root = !table.kind.empty() && open_.size() == 1;
    Object properties;
    Array required;
    for (const auto& field : table.fields) {
      if (root && field.name == "metadata") {
        Value said = field.constraints == nullptr ? Value(Object())
                                                  : branch(*field.constraints, field.shape);
        Object metadata = std::move(said.as_object());
        metadata.set("type", "object");
        properties.set("metadata", std::move(metadata));
        continue;
      }
      Object property = describe(*field.shape, field.constraints);
      if (field.presence == type::Presence::required) {
        required.emplace_back(field.name);
        if (field.shape->kind == Kind::optional && !field.shape->optional->on_heap) {
          property.set("nullable", true);
        }
      }
      properties.set(field.name, std::move(property));
    }
    if (root) {
      Object text;
      text.set("type", "string");
      properties.set("apiVersion", text);
      properties.set("kind", text);
    }
    if (!properties.empty()) out.set("properties", std::move(properties));
    if (!required.empty()) out.set("required", std::move(required));
    if (table.rest.shape != nullptr || table.fields.empty()) {
      out.set("x-kubernetes-preserve-unknown-fields", true);
    }
    open_.pop_back();
    if (table.constraints == nullptr) return out;
    if (has_only_keywords(*table.constraints)) {
      return parsed(table.constraints->demands->keywords).as_object();
    }
    bounds(out, *table.constraints, &shape);
    return out;
  }

  static void add(Object& out, const Constraints& c, const Shape& shape) {
    if (shape.kind != Kind::enumeration) values(out, c, &shape);
    bounds(out, c, &shape);
  }

  /// Constraints of text hold it as it is, the others as JSON.
  static void values(Object& out, const Constraints& c, const Shape* shape) {
    if (c.values.empty()) return;
    const bool text = shape == nullptr || shape->kind == Kind::string ||
                      (shape->kind == Kind::enumeration && !shape->numbers);
    if (text) {
      out.set("enum", strings(c.values));
      return;
    }
    Array list;
    for (const auto value : c.values) {
      auto parsed_value = parse(value);
      list.push_back(parsed_value ? std::move(*parsed_value) : Value(value));
    }
    out.set("enum", std::move(list));
  }

  /// What does not depend on the shape; keywords come last, over all of it.
  static void bounds(Object& out, const Constraints& c, const Shape* shape) {
    const bool object =
        shape != nullptr && (shape->kind == Kind::map || shape->kind == Kind::object);
    const auto set = [&](const char* name, const auto& value) {
      if (value) out.set(name, number(*value));
    };
    set("minimum", c.minimum);
    set("maximum", c.maximum);
    if (c.exclusive_minimum) out.set("exclusiveMinimum", true);
    if (c.exclusive_maximum) out.set("exclusiveMaximum", true);
    set("multipleOf", c.multiple_of);
    set("minLength", c.min_length);
    set("maxLength", c.max_length);
    set(object ? "minProperties" : "minItems", c.min_items);
    set(object ? "maxProperties" : "maxItems", c.max_items);
    if (c.unique_items) out.set("uniqueItems", true);
    if (!c.pattern.empty()) out.set("pattern", c.pattern);
    if (!c.format.empty()) out.set("format", c.format);
    if (c.nullable) out.set("nullable", true);
    if (!c.description.empty()) out.set("description", c.description);
    if (!c.default_json.empty()) out.set("default", parsed(c.default_json));
    if (c.list_type != type::ListType::atomic) {
      out.set("x-kubernetes-list-type", c.list_type == type::ListType::set ? "set" : "map");
    }
    if (!c.list_map_keys.empty()) out.set("x-kubernetes-list-map-keys", strings(c.list_map_keys));
    if (c.demands != nullptr) demands(out, *c.demands, shape);
    if (c.immutable) say_immutable(out["x-kubernetes-validations"]);
    if (c.demands != nullptr && !c.demands->keywords.empty()) {
      Value patched = apply_merge_patch(std::move(out), parsed(c.demands->keywords));
      out = std::move(patched.as_object());
    }
  }

  static void say_immutable(Value& rules) {
    if (!rules.is_array()) rules = Array();
    for (const auto& rule : rules.as_array()) {
      if (rule["rule"] == Value("self == oldSelf")) return;
    }
    Object rule;
    rule.set("rule", "self == oldSelf");
    rule.set("message", "field is immutable");
    rules.as_array().emplace_back(std::move(rule));
  }

  static Value number(std::uint32_t value) { return value; }
  static Value number(double value) {
    const auto whole = static_cast<std::int64_t>(value);
    return static_cast<double>(whole) == value ? Value(whole) : Value(value);
  }

  static void demands(Object& out, const type::Demands& d, const Shape* shape) {
    if (!d.rules.empty()) out.set("x-kubernetes-validations", rules(d.rules));
    const auto parts = [&](const char* name, std::span<const Constraints* const> list) {
      if (list.empty()) return;
      Array values;
      for (const auto* part : list) values.push_back(branch(*part, shape));
      out.set(name, std::move(values));
    };
    parts("allOf", d.all_of);
    parts("anyOf", d.any_of);
    parts("oneOf", d.one_of);
    if (d.not_ != nullptr) out.set("not", branch(*d.not_, shape));
    merge_members(out, d, shape);
  }

  /// What is said on top of a type's own table goes into what is there already.
  static void merge_members(Object& out, const type::Demands& d, const Shape* shape) {
    Object more;
    for (const auto& [name, constraints] : d.members) {
      more[name] = branch(*constraints, member_shape(shape, name));
    }
    if (!more.empty()) merge(out["properties"], Value(std::move(more)));
    if (!d.required.empty()) add_required(out["required"], strings(d.required));
  }

  static void merge(Value& target, const Value& more) {
    if (!target.is_object() || !more.is_object()) {
      target = more;
      return;
    }
    const bool map = target.find("additionalProperties") != nullptr;
    for (const auto& [key, value] : more.as_object()) {
      if (key == "required") {
        add_required(target["required"], value);
      } else if (key == "items" && map) {
        merge(target["additionalProperties"], value);
      } else if (value.is_object() && target.find(key) != nullptr) {
        merge(target[key], value);
      } else {
        target[key] = value;
      }
    }
  }

  static void add_required(Value& target, const Value& more) {
    if (!target.is_array()) target = Array();
    auto& names = target.as_array();
    for (const auto& name : more.as_array()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }

  /// Null where the table does not say.
  static const Shape* member_shape(const Shape* shape, std::string_view name) {
    if (shape == nullptr) return nullptr;
    if (shape->kind == Kind::map) return shape->inner;
    const auto* field = shape->kind == Kind::object ? shape->table().find(name) : nullptr;
    return field == nullptr ? nullptr : field->shape;
  }

  static Value branch(const Constraints& c, const Shape* shape) {
    while (shape != nullptr && shape->kind == Kind::optional) shape = shape->inner;
    Object out;
    values(out, c, shape);
    if (c.items != nullptr) {
      const bool has_inner =
          shape != nullptr && (shape->kind == Kind::list || shape->kind == Kind::map);
      out.set("items", branch(*c.items, has_inner ? shape->inner : nullptr));
    }
    bounds(out, c, shape);
    return out;
  }

  static Value rules(std::span<const type::Rule> list) {
    Array out;
    for (const auto& rule : list) {
      Object entry;
      const auto text = [&](const char* name, std::string_view value) {
        if (!value.empty()) entry.set(name, value);
      };
      text("rule", rule.rule);
      text("message", rule.message);
      text("messageExpression", rule.message_expression);
      text("reason", rule.reason);
      text("fieldPath", rule.field_path);
      if (rule.optional_old_self) entry.set("optionalOldSelf", true);
      out.push_back(std::move(entry));
    }
    return out;
  }

  std::vector<const type::Table*> open_;
};

}  // namespace

Value schema_of(const Shape& shape) { return Describer().describe(shape, nullptr); }

}  // namespace windlass::inline v0::json
