// Rules of schemas: compiled, checked and evaluated as kube-apiserver does.

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>
#include <windlass/cel/program.hpp>
#include <windlass/cel/rules.hpp>

namespace windlass::inline v0::cel {

using Json = json::Value;
using U = std::uint64_t;

namespace {

constexpr const char* kKey = "x-kubernetes-validations";
constexpr U kExpressionLimit = 10'000'000;
constexpr U kSchemaLimit = 100'000'000;
constexpr std::int64_t kMaximumRequest = 3 * 1024 * 1024;
constexpr std::size_t kMaximumMessage = 5 * 1024;

// ---- wording

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n\v\f");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n\v\f") - first + 1));
}
bool has_newline(std::string_view text) {
  return text.find_first_of("\r\n") != std::string_view::npos;
}

std::string child(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

std::string show(const Json& value) {
  return value.is_string() ? quote_json(value.as_string()) : json::dump(value);
}

Violation violation(const std::string& path, std::string_view reason, std::string message) {
  return {path.empty() ? "<nil>" : path, std::string(reason), std::move(message)};
}
/// `shown` is the value as text; empty: it is not shown.
Violation invalid(const std::string& path, const std::string& shown, std::string_view detail) {
  return violation(path, "FieldValueInvalid",
                   fmt::format("Invalid value: {}{}{}", shown, shown.empty() ? "" : ": ", detail));
}
Violation required(const std::string& path, std::string_view detail) {
  return violation(path, "FieldValueRequired", fmt::format("Required value: {}", detail));
}
Violation forbidden(const std::string& path, std::string_view detail) {
  return violation(path, "FieldValueForbidden", fmt::format("Forbidden: {}", detail));
}

/// A string as Go's encoding/json writes it.
std::string go_string(std::string_view text) {
  std::string out;
  for (const char c : quote_json(text)) {
    out += c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : c == '&' ? "\\u0026" : std::string(1, c);
  }
  return out;
}
/// A rule as messages show it.
std::string go_rule(const Json& rule) {
  const auto text = [&](const char* key) { return go_string(rule[key].string_or("")); };
  return fmt::format(
      R"({{"Rule":{},"Message":{},"MessageExpression":{},"Reason":{},"FieldPath":{},"OptionalOldSelf":{}}})",
      text("rule"), text("message"), text("messageExpression"),
      rule["reason"].is_string() ? text("reason") : "null", text("fieldPath"),
      rule["optionalOldSelf"].is_bool() ? json::dump(rule["optionalOldSelf"]) : "null");
}

std::string cost_message(std::string_view what, U cost, U limit) {
  const double factor = static_cast<double>(cost) / static_cast<double>(limit);
  const std::string shown = factor > 100   ? "more than 100x"
                            : factor < 1.5 ? fmt::format("{:.6f}x", factor)
                                           : fmt::format("{:.1f}x", factor);
  return fmt::format(
      "{} exceeds budget by factor of {} (try simplifying the rule, or adding maxItems, "
      "maxProperties, and maxLength where arrays, maps, and strings are declared)",
      what, shown);
}

U multiply(U a, U b) {
  return a != 0 && std::numeric_limits<U>::max() / a < b ? std::numeric_limits<U>::max() : a * b;
}

// ---- field paths of rules

/// ".spec['my-key']" as the path of a field below the schema, or none when there is no such field.
std::optional<std::string> field_path(const Json& schema, std::string_view text) {
  std::string out;
  const Json* at = &schema;
  while (!text.empty()) {
    std::string name;
    if (text.front() == '.') {
      const std::size_t end = std::min(text.find_first_of(".[]", 1), text.size());
      name = text.substr(1, end - 1);
      text.remove_prefix(end);
    } else if (text.starts_with("['")) {
      std::size_t end = 2;
      for (; end < text.size() && text[end] != '\''; ++end) {
        if (text[end] == '\\' && end + 1 < text.size()) ++end;
        name += text[end];
      }
      if (text.substr(end, 2) != "']") return std::nullopt;
      text.remove_prefix(end + 2);
    } else {
      return std::nullopt;
    }
    if (name.empty()) return std::nullopt;
    if (const Json* properties = at->find("properties")) {
      at = properties->find(name);
      if (at == nullptr) return std::nullopt;
      out = child(out, name);
    } else if (const Json* values = at->find("additionalProperties");
               values != nullptr && values->is_object()) {
      at = values;
      out += fmt::format("[{}]", name);
    } else {
      return std::nullopt;
    }
  }
  if (out.empty()) return std::nullopt;
  return out;
}

// ---- compiling

struct Rule {
  std::string source, message, message_source, reason, field;
  std::optional<Program> program, message_program;
  std::string error;          ///< why there is no program
  std::string message_error;  ///< why there is no message program
  bool uses_old = false;
  bool optional_old = false;

  /// How errors name the rule.
  [[nodiscard]] std::string name() const { return trimmed(message.empty() ? source : message); }
};

std::string compile_error(const Error& error, std::string_view prefix) {
  // programs that cannot start say so themselves
  return error.code == Errc::invalid_argument ? error.message
                                              : fmt::format("{}: {}", prefix, error.message);
}

Rule compile_rule(const Json& document, const TypePtr& type, const Json& schema) {
  Rule out;
  out.source = document["rule"].string_or("");
  out.message = document["message"].string_or("");
  out.message_source = document["messageExpression"].string_or("");
  out.reason = document["reason"].string_or("");
  out.optional_old = document["optionalOldSelf"].bool_or(false);
  out.field = field_path(schema, document["fieldPath"].string_or("")).value_or("");
  if (trimmed(out.source).empty()) return out;
  const Declarations declarations{
      .variables = {{"self", type}, {"oldSelf", out.optional_old ? optional_type(type) : type}}};
  auto program = compile(out.source, declarations);
  if (!program) {
    out.error = compile_error(program.error(), "compilation failed");
    return out;
  }
  if (program->type()->kind != Type::Kind::boolean) {
    out.error = "cel expression must evaluate to a bool";
    return out;
  }
  out.uses_old = program->uses("oldSelf");
  out.program = std::move(*program);
  if (out.message_source.empty()) return out;
  auto text = compile(out.message_source, declarations);
  if (!text) {
    out.message_error = text.error().code == Errc::invalid_argument
                            ? "messageExpression instantiation failed: " +
                                  text.error().message.substr(text.error().message.find(": ") + 2)
                            : "messageExpression compilation failed: " + text.error().message;
  } else if (text->type()->kind != Type::Kind::string) {
    out.message_error = "messageExpression must evaluate to a string";
  } else {
    out.message_program = std::move(*text);
  }
  return out;
}

bool has_rules(const Json& schema) {
  if (!schema.is_object()) return false;
  if (schema[kKey].is_array() && !schema[kKey].as_array().empty()) return true;
  if (has_rules(schema["items"]) || has_rules(schema["additionalProperties"])) return true;
  if (!schema["properties"].is_object()) return false;
  const json::Object& properties = schema["properties"].as_object();
  return std::any_of(properties.begin(), properties.end(),
                     [](const json::Member& member) { return has_rules(member.value); });
}

bool is_embedded(const Json& schema) {
  return schema["x-kubernetes-embedded-resource"].bool_or(false);
}

/// The type of a property as the type of the whole knows it, or made for itself when the name of
/// the property cannot be written in expressions.
TypePtr property_type(const Type* parent, const std::string& name, const Json& schema) {
  if (parent != nullptr && parent->kind == Type::Kind::object) {
    const Property* property = parent->property(escape_property(name));
    if (property != nullptr && property->exposed) return property->type;
  }
  return schema_type(schema, is_embedded(schema));
}

}  // namespace

// ---- evaluating

struct Rules::Node {
  std::string schema_type;  ///< "object"
  TypePtr type;
  bool list_map = false;
  std::vector<std::string> map_keys;
  std::vector<Rule> rules;
  std::map<std::string, Node, std::less<>> properties;
  std::shared_ptr<const Node> items, values;

  static std::optional<Node> make(const Json& schema, TypePtr type) {
    if (!has_rules(schema) || type == nullptr) return std::nullopt;
    Node out;
    out.schema_type = schema["type"].string_or("");
    out.list_map = schema["x-kubernetes-list-type"].string_or("") == "map";
    if (schema["x-kubernetes-list-map-keys"].is_array()) {
      for (const Json& key : schema["x-kubernetes-list-map-keys"].as_array()) {
        out.map_keys.emplace_back(key.string_or(""));
      }
    }
    if (schema[kKey].is_array()) {
      for (const Json& rule : schema[kKey].as_array()) {
        out.rules.push_back(compile_rule(rule, type, schema));
      }
    }
    const TypePtr element = type->parameters.empty() ? nullptr : type->parameters.back();
    if (auto items = make(schema["items"], element)) {
      out.items = std::make_shared<const Node>(std::move(*items));
    }
    if (auto values = make(schema["additionalProperties"], element)) {
      out.values = std::make_shared<const Node>(std::move(*values));
    }
    if (schema["properties"].is_object()) {
      for (const json::Member& member : schema["properties"].as_object()) {
        if (!has_rules(member.value)) continue;
        auto node = make(member.value, property_type(type.get(), member.key, member.value));
        if (node) out.properties.emplace(member.key, std::move(*node));
      }
    }
    out.type = std::move(type);
    return out;
  }
};

/// The evaluation of all rules for one object.
struct Rules::Run {
  std::vector<Violation>& violations;
  std::vector<std::string>& warnings;
  std::int64_t budget = kBudget;

  /// A value with what it replaces.
  struct Place {
    const Json* value;
    const Json* old;           ///< what oldSelf is, or nullptr
    const Json* counterpart;   ///< for ratcheting: the value it is compared with, or nullptr
    bool parent_same = false;  ///< ratcheting: the nearest part with a counterpart did not change
  };

  void spend(std::uint64_t cost) {
    budget =
        cost > static_cast<std::uint64_t>(budget) ? -1 : budget - static_cast<std::int64_t>(cost);
  }

  static bool unchanged(const Place& place) {
    return place.counterpart != nullptr ? *place.value == *place.counterpart : place.parent_same;
  }

  void run(const Node& node, const Place& place, const std::string& path) {
    if (place.value->is_null() || budget < 0) return;
    if (!node.rules.empty()) evaluate(node, place, path);
    if (budget < 0) return;
    if (place.value->is_array()) return elements(node, place, path);
    if (place.value->is_object()) members(node, place, path);
  }

  void members(const Node& node, const Place& place, const std::string& path) {
    for (const json::Member& member : place.value->as_object()) {
      const Node* next = nullptr;
      std::string at;
      if (const auto property = node.properties.find(member.key);
          property != node.properties.end()) {
        next = &property->second;
        at = child(path, member.key);
      } else if (node.values != nullptr) {
        next = node.values.get();
        at = fmt::format("{}[{}]", path, member.key);
      }
      if (next == nullptr) continue;
      const auto same_member = [&](const Json* other) -> const Json* {
        return other != nullptr && other->is_object() ? other->find(member.key) : nullptr;
      };
      run(*next, below(place, member.value, same_member(place.old), same_member(place.counterpart)),
          at);
      if (budget < 0) return;
    }
  }

  void elements(const Node& node, const Place& place, const std::string& path) {
    if (node.items == nullptr) return;
    const json::Array& list = place.value->as_array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      run(*node.items,
          below(place, list[i], same_element(node, list[i], place.old),
                same_element(node, list[i], place.counterpart)),
          fmt::format("{}[{}]", path, i));
      if (budget < 0) return;
    }
  }

  static Place below(const Place& place, const Json& value, const Json* old,
                     const Json* counterpart) {
    const Json* before = old != nullptr && old->is_null() ? nullptr : old;
    if (place.counterpart == nullptr) return {&value, before, nullptr, place.parent_same};
    return {&value, before, counterpart, *place.value == *place.counterpart};
  }

  /// The element with the same keys, of lists that have keys.
  static const Json* same_element(const Node& node, const Json& element, const Json* list) {
    if (!node.list_map || list == nullptr || !list->is_array()) return nullptr;
    for (const Json& other : list->as_array()) {
      if (std::all_of(node.map_keys.begin(), node.map_keys.end(),
                      [&](const std::string& key) { return other[key] == element[key]; })) {
        return &other;
      }
    }
    return nullptr;
  }

  void evaluate(const Node& node, const Place& place, const std::string& path) {
    const std::string type = quote_json(node.schema_type);
    constexpr std::string_view kBroke =
        "validation failed due to running out of cost budget, no further validation rules will be "
        "run";
    if (budget <= 0) {
      violations.push_back(invalid(path, type, kBroke));
      budget = -1;
      return;
    }
    const cel::Value self = cel::Value::from_json(*place.value, node.type.get());
    const cel::Value old = place.old != nullptr ? cel::Value::from_json(*place.old, node.type.get())
                                                : cel::Value(nullptr);
    for (const Rule& rule : node.rules) {
      if (!rule.error.empty()) {
        violations.push_back(
            invalid(path, type, fmt::format("rule compile error: {}", rule.error)));
        continue;
      }
      if (!rule.program) continue;
      if (rule.uses_old && place.old == nullptr && !rule.optional_old) continue;
      std::vector<cel::Value> variables{self, old};
      if (rule.optional_old) {
        variables[1] =
            place.old == nullptr ? Optional{} : Optional{std::make_shared<const cel::Value>(old)};
      }
      const auto outcome = rule.program->evaluate(variables);
      spend(outcome.cost);
      if (budget < 0) {
        violations.push_back(invalid(path, type, kBroke));
        return;
      }
      if (outcome.value.is_error()) {
        if (!failed(rule, outcome.value.message(), path, type)) return;
        continue;
      }
      if (const bool* holds = outcome.value.get<bool>(); holds != nullptr && *holds) continue;
      refuse(node, rule, place, path, variables);
      if (budget < 0) return;
    }
  }

  /// The evaluation ended in an error; false when no other rule may run.
  bool failed(const Rule& rule, const std::string& error, const std::string& path,
              const std::string& type) {
    if (error.starts_with("no such overload")) {
      violations.push_back(invalid(
          path, type,
          fmt::format("'{}': call arguments did not match a supported operator, function or macro "
                      "signature for rule: {}",
                      error, rule.name())));
      return true;
    }
    if (error.starts_with("operation cancelled: actual cost limit exceeded")) {
      violations.push_back(invalid(path, type,
                                   fmt::format("'{}': no further validation rules will be run due "
                                               "to call cost exceeds limit for rule: {}",
                                               error, rule.name())));
      budget = -1;
      return false;
    }
    violations.push_back(
        invalid(path, type, fmt::format("{} evaluating rule: {}", error, rule.name())));
    return true;
  }

  /// The rule is violated.
  void refuse(const Node& node, const Rule& rule, const Place& place, const std::string& path,
              const std::vector<cel::Value>& variables) {
    const std::string field = rule.field.empty() ? path : child(path, rule.field);
    const auto add = [&](Violation found) {
      if (!rule.uses_old && unchanged(place)) {
        warnings.push_back(found.field + ": " + found.message);
      } else {
        violations.push_back(std::move(found));
      }
    };
    std::string detail =
        rule.message.empty() ? fmt::format("failed rule: {}", rule.name()) : trimmed(rule.message);
    if (rule.message_program) {
      const auto outcome = rule.message_program->evaluate(variables);
      const bool over =
          outcome.value.is_error() && outcome.value.message().starts_with("operation cancelled");
      spend(outcome.cost);
      if (budget < 0 || over) {
        add(invalid(field, quote_json(node.schema_type),
                    over ? fmt::format("no further validation rules will be run due to call cost "
                                       "exceeds limit for messageExpression: {}",
                                       quote_json(rule.message_source))
                         : "messageExpression evaluation failed due to running out of cost budget, "
                           "no further validation rules will be run"));
        budget = -1;
        return;
      }
      const auto* found = outcome.value.get<String>();  // or an error, or null
      const std::string text = found == nullptr ? "" : trimmed(found->view);
      if (!text.empty() && text.size() <= kMaximumMessage && text.find('\n') == std::string::npos) {
        detail = text;
      }
    }
    const bool omitted = node.schema_type == "object" || node.schema_type == "array";
    const std::string shown = omitted ? "" : show(*place.value);
    if (rule.reason == "FieldValueForbidden") return add(forbidden(field, detail));
    if (rule.reason == "FieldValueRequired") return add(required(field, detail));
    if (rule.reason == "FieldValueDuplicate") {
      return add(
          violation(field, rule.reason, "Duplicate value" + (shown.empty() ? "" : ": " + shown)));
    }
    add(invalid(field, shown, detail));
  }
};

Rules::Rules(const Json& schema) {
  if (!has_rules(schema)) return;
  if (auto root = Node::make(schema, schema_type(schema, true))) {
    root_ = std::make_shared<const Node>(std::move(*root));
  }
}

std::vector<Violation> Rules::validate(const Json& object, const Json* old_object,
                                       std::vector<std::string>& warnings) const {
  std::vector<Violation> out;
  if (root_ == nullptr) return out;
  Run run{out, warnings};
  run.run(*root_, {&object, old_object, old_object, false}, "");
  return out;
}

// ---- checking

namespace {

class SchemaCheck {
 public:
  explicit SchemaCheck(std::vector<Violation>& out) : out_(out) {}

  void run(const Json& schema, const std::string& path) {
    visit({.schema = schema,
           .path = path,
           .root = true,
           .in_scope = false,
           .type = nullptr,
           .cardinality = 1,
           .uncorrelatable = ""});
    if (total_ <= kSchemaLimit) return;
    std::stable_sort(expensive_.begin(), expensive_.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    if (expensive_.size() > 4) expensive_.resize(4);
    for (const auto& [place, cost] : expensive_) {
      out_.push_back(forbidden(place,
                               "contributed to estimated rule cost total exceeding cost limit for "
                               "entire OpenAPIv3 schema"));
    }
    out_.push_back(forbidden(
        path, cost_message("x-kubernetes-validations estimated rule cost total for entire "
                           "OpenAPIv3 schema",
                           total_, kSchemaLimit)));
  }

 private:
  struct Place {
    const Json& schema;
    std::string path;
    bool root;
    bool in_scope;                 ///< there are rules here or above
    TypePtr type;                  ///< known when in scope
    std::optional<U> cardinality;  ///< how often it can occur; none: unbounded
    std::string uncorrelatable;    ///< the part above whose old and new elements do not correspond
  };

  /// True when the schema's own parts (not the expressions) are sound, here and below.
  bool visit(const Place& place) {
    const Json& schema = place.schema;
    const json::Array* rules = nullptr;
    if (schema[kKey].is_array() && !schema[kKey].as_array().empty())
      rules = &schema[kKey].as_array();
    TypePtr type = place.type;
    const bool in_scope = place.in_scope || rules != nullptr;
    if (in_scope && type == nullptr) {
      type = schema_type(schema, place.root || is_embedded(schema));
    }
    bool sound = children(place, in_scope, type);
    if (rules == nullptr) return sound;
    for (std::size_t i = 0; i < rules->size(); ++i) {
      sound =
          check_form((*rules)[i], schema, fmt::format("{}.{}[{}]", place.path, kKey, i)) && sound;
    }
    if (!sound) return false;
    if (type == nullptr) {
      out_.push_back(
          violation(child(place.path, kKey), "InternalError",
                    "Internal error: internal error: failed to construct type information for "
                    "x-kubernetes-validations rules: unable to convert structural schema to CEL "
                    "declarations"));
      return true;
    }
    for (std::size_t i = 0; i < rules->size(); ++i) {
      check_expressions((*rules)[i], place, type, fmt::format("{}.{}[{}]", place.path, kKey, i));
    }
    return true;
  }

  bool children(const Place& place, bool in_scope, const TypePtr& type) {
    const Json& schema = place.schema;
    const std::string_view kind = schema["type"].string_or("");
    const TypePtr element =
        type == nullptr || type->parameters.empty() ? nullptr : type->parameters.back();
    std::optional<U> cardinality = place.cardinality;
    const auto limit = [&](const char* key) {
      if (!schema[key].is_number() || !cardinality) {
        cardinality.reset();
      } else {
        cardinality = multiply(
            *cardinality, static_cast<U>(std::max<std::int64_t>(0, schema[key].integer_or(0))));
      }
    };
    const bool is_map = kind == "object" && schema.find("additionalProperties") != nullptr;
    if (is_map) limit("maxProperties");
    if (kind == "array") limit("maxItems");
    bool sound = true;
    const auto go = [&](const Json& below, const std::string& path, const TypePtr& below_type,
                        const std::string& uncorrelatable) {
      if (!below.is_object()) return;
      sound = visit({.schema = below,
                     .path = path,
                     .root = false,
                     .in_scope = in_scope,
                     .type = below_type,
                     .cardinality = cardinality,
                     .uncorrelatable = uncorrelatable}) &&
              sound;
    };
    go(schema["additionalProperties"], place.path + ".additionalProperties", element,
       place.uncorrelatable);
    if (schema["properties"].is_object()) {
      for (const json::Member& member : schema["properties"].as_object()) {
        go(member.value, fmt::format("{}.properties[{}]", place.path, member.key),
           type == nullptr ? nullptr : property_type(type.get(), member.key, member.value),
           place.uncorrelatable);
      }
    }
    const bool correlates = schema["x-kubernetes-list-type"].string_or("") == "map";
    go(schema["items"], place.path + ".items", element,
       !place.uncorrelatable.empty() || correlates ? place.uncorrelatable : place.path);
    return sound;
  }

  /// What can be said without compiling.
  bool check_form(const Json& rule, const Json& schema, const std::string& path) {
    const std::size_t before = out_.size();
    const std::string source = trimmed(rule["rule"].string_or(""));
    const std::string_view message = rule["message"].string_or("");
    const std::string_view field = rule["fieldPath"].string_or("");
    if (source.empty()) {
      out_.push_back(required(path + ".rule", "rule is not specified"));
    } else if (!message.empty() && trimmed(message).empty()) {
      out_.push_back(
          invalid(path + ".message", quote_json(message), "must be non-empty if specified"));
    } else if (has_newline(trimmed(message))) {
      out_.push_back(
          invalid(path + ".message", quote_json(message), "must not contain line breaks"));
    } else if (has_newline(source) && message.empty()) {
      out_.push_back(
          required(path + ".message", "message must be specified if rule contains line breaks"));
    }
    const std::string_view expression = rule["messageExpression"].string_or("");
    if (!expression.empty() && trimmed(expression).empty()) {
      out_.push_back(required(path + ".messageExpression",
                              "messageExpression must be non-empty if specified"));
    }
    if (const std::string_view reason = rule["reason"].string_or("");
        rule["reason"].is_string() && reason != "FieldValueDuplicate" &&
        reason != "FieldValueForbidden" && reason != "FieldValueInvalid" &&
        reason != "FieldValueRequired") {
      out_.push_back(violation(
          path + ".reason", "FieldValueNotSupported",
          fmt::format("Unsupported value: {}: supported values: \"FieldValueDuplicate\", "
                      "\"FieldValueForbidden\", \"FieldValueInvalid\", \"FieldValueRequired\"",
                      quote_json(reason))));
    }
    if (!field.empty() && trimmed(field).empty()) {
      out_.push_back(
          invalid(path + ".fieldPath", quote_json(field), "must be non-empty if specified"));
    }
    if (field.find('\n') != std::string_view::npos) {
      out_.push_back(
          invalid(path + ".fieldPath", quote_json(field), "must not contain line breaks"));
    }
    if (!field.empty() && !field_path(schema, field)) {
      out_.push_back(invalid(path + ".fieldPath", quote_json(field), "must be a valid path"));
    }
    return out_.size() == before;
  }

  void observe(const std::string& path, U cost) {
    total_ = total_ + cost < total_ ? std::numeric_limits<U>::max() : total_ + cost;
    if (cost >= kSchemaLimit / 100) expensive_.emplace_back(path, cost);
  }

  void check_expressions(const Json& document, const Place& place, const TypePtr& type,
                         const std::string& path) {
    const Rule rule = compile_rule(document, type, place.schema);
    const U estimate = rule.program ? rule.program->estimate().max : 0;
    const U occurrences =
        place.cardinality.value_or(static_cast<U>(kMaximumRequest / (type->min_size + 1)));
    const U cost = multiply(estimate, occurrences);
    if (cost > kExpressionLimit) {
      out_.push_back(
          forbidden(path + ".rule", cost_message("estimated rule cost", cost, kExpressionLimit)));
    }
    observe(path + ".rule", cost);
    if (!rule.error.empty()) {
      out_.push_back(invalid(path + ".rule", go_rule(document), rule.error));
    }
    if (!rule.message_error.empty()) {
      out_.push_back(invalid(path + ".messageExpression", go_rule(document), rule.message_error));
    } else if (rule.message_program) {
      const U message_cost = rule.message_program->estimate().max;
      if (message_cost > kExpressionLimit) {
        out_.push_back(forbidden(
            path + ".messageExpression",
            cost_message("estimated messageExpression cost", message_cost, kExpressionLimit)));
      }
      observe(path + ".messageExpression", message_cost);
    }
    if (rule.uses_old && !place.uncorrelatable.empty()) {
      out_.push_back(invalid(path + ".rule", quote_json(rule.source),
                             "oldSelf cannot be used on the uncorrelatable portion of the schema "
                             "within " +
                                 place.uncorrelatable));
    }
    if (!rule.uses_old && document["optionalOldSelf"].is_bool()) {
      out_.push_back(invalid(path + ".optionalOldSelf", json::dump(document["optionalOldSelf"]),
                             "may not be set if oldSelf is not used in rule"));
    }
  }

  std::vector<Violation>& out_;
  U total_ = 0;
  std::vector<std::pair<std::string, U>> expensive_;
};

}  // namespace

std::vector<Violation> check_rules(const Json& schema, const std::string& path) {
  std::vector<Violation> out;
  if (has_rules(schema)) SchemaCheck(out).run(schema, path);
  return out;
}

}  // namespace windlass::inline v0::cel
