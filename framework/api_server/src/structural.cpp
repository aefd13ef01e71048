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

namespace {

bool is_stray_null(const Schema& schema, const Value& value) {
  return value.is_null() && !schema.nullable;
}

/// Of an element of a list or a value of a map, whose schema is `inner`.
void apply_inner_default(const Schema& inner, const std::optional<Value>& given, Value& value) {
  if (given && is_stray_null(inner, value)) value = *given;
  apply_defaults(inner, value, false);
}

}  // namespace

void apply_defaults(const Schema& schema, Value& value, bool root) {
  if (value.is_array()) {
    if (schema.items == nullptr) return;
    for (Value& entry : value.as_array()) {
      apply_inner_default(*schema.items, schema.inner_default, entry);
    }
    return;
  }
  if (!value.is_object()) return;
  Object& members = value.as_object();
  for (const Field& field : schema.fields) {
    if (root && is_root_member(field.name)) continue;
    const Value* present = members.find(field.name);
    if (present != nullptr && is_stray_null(*field.schema, *present)) {
      members.erase(field.name);
      present = nullptr;
    }
    if (present == nullptr && field.default_value) members.set(field.name, *field.default_value);
    if (Value* now = members.find(field.name)) apply_defaults(*field.schema, *now, false);
  }
  if (schema.values == nullptr) return;
  for (auto member = members.begin(); member != members.end();) {
    if (!schema.inner_default && is_stray_null(*schema.values, member->value)) {
      member = members.erase(member);
    } else {
      apply_inner_default(*schema.values, schema.inner_default, member->value);
      ++member;
    }
  }
}

namespace {

/// The types that a schema allows; none when it allows all.
std::vector<std::string_view> type_names(const Schema& schema) {
  switch (schema.kind) {
    case Kind::object:
    case Kind::map:
      return {"object"};
    case Kind::array:
      return {"array"};
    case Kind::string:
      return {"string"};
    case Kind::integer:
      return {"integer"};
    case Kind::number:
      return {"number"};
    case Kind::boolean:
      return {"boolean"};
    case Kind::int_or_string:
      return {"integer", "string"};
    default:
      return {};
  }
}

std::string_view type_of(const Value& value) {
  if (value.is_integer()) return "integer";
  return value.type() == json::Type::number ? "number" : json::to_string(value.type());
}

bool is_whole(const Value& value) {
  return value.is_integer() ||
         (value.is_number() && std::trunc(value.as_number()) == value.as_number());
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

/// What one schema says of one value: its complaints, and how many of its checks applied, by which
/// the alternative that fits best is found.
struct Verdict {
  Causes causes;
  int matches = 0;

  [[nodiscard]] bool valid() const { return causes.empty(); }
  void merge(const Verdict& other) {
    for (const Cause& cause : other.causes.list()) {
      const auto& known = causes.list();
      const bool found = std::any_of(known.begin(), known.end(), [&](const Cause& one) {
        return one.field == cause.field && one.message == cause.message;
      });
      if (!found) causes.add(cause);
    }
    matches += other.matches;
  }
};

/// The OpenAPI validator of apiextensions: its checks, in its order, with its words.
struct Validator {
  const std::string& prefix;  ///< of fields, not of messages

  [[nodiscard]] std::string field(const std::string& path) const {
    std::string_view rest = path;
    if (rest.starts_with('.')) rest.remove_prefix(1);
    if (prefix.empty()) return std::string(rest);
    return rest.empty() ? prefix : fmt::format("{}.{}", prefix, rest);
  }
  /// Complaints that name their place themselves.
  void complain(Verdict& out, std::string message) const {
    out.causes.invalid(prefix.empty() ? "<nil>" : prefix, "", message);
  }
  void mismatch(Verdict& out, const std::string& path, std::string_view wanted,
                std::string_view got) const {
    out.causes.type_invalid(
        field(path), Value(got),
        fmt::format("{} in body must be of type {}: \"{}\"", path, wanted, got));
  }

  Verdict check(const Schema& schema, const Value& value, const std::string& path,
                const Value* old_value) const;
  Verdict check_all(const Schema& schema, const Value& value, const std::string& path,
                    const Value* old_value) const;
  bool type(const Schema& schema, const Value& value, const std::string& path, Verdict& out) const;
  void enumeration(const Schema& schema, const Value& value, const std::string& path,
                   Verdict& out) const;
  void combinations(const Schema& schema, const Value& value, const std::string& path,
                    Verdict& out) const;
  void text(const Schema& schema, const Value& value, const std::string& path, Verdict& out) const;
  void number(const Schema& schema, const Value& value, const std::string& path,
              Verdict& out) const;
  void array(const Schema& schema, const Value& value, const std::string& path,
             const Value* old_value, Verdict& out) const;
  void object(const Schema& schema, const Value& value, const std::string& path,
              const Value* old_value, Verdict& out) const;
};

bool Validator::type(const Schema& schema, const Value& value, const std::string& path,
                     Verdict& out) const {
  const auto names = type_names(schema);
  if (value.is_null()) {
    if (names.empty() || schema.nullable) return true;
    mismatch(out, path, fmt::format("{}", fmt::join(names, ",")), "null");
    return false;
  }
  const std::string_view got = type_of(value);
  const auto allows = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const bool fits = allows(got) || (value.is_number() && is_whole(value) && allows("integer")) ||
                    (value.is_number() && allows("number"));
  if (names.empty() || fits) return true;
  const bool by_format = !schema.format.empty() && !value.is_string() && !value.is_array();
  if (by_format) {
    mismatch(out, path, schema.format,
             value.is_integer()  ? "int64"
             : value.is_number() ? "float64"
                                 : "");
  } else {
    mismatch(out, path, fmt::format("{}", fmt::join(names, ",")), got);
  }
  return false;
}

void Validator::enumeration(const Schema& schema, const Value& value, const std::string& path,
                            Verdict& out) const {
  if (schema.enumeration.empty()) return;
  std::vector<std::string> names;
  for (const Value& allowed : schema.enumeration) {
    if (allowed == value) return;
    names.push_back(allowed.is_string() ? allowed.as_string() : json::dump(allowed));
  }
  out.causes.not_supported(field(path), value, names);
}

void Validator::number(const Schema& schema, const Value& value, const std::string& path,
                       Verdict& out) const {
  const bool whole = value.is_integer();
  // Limits are cut to integers for integers.
  const auto limit = [&](double given) { return whole ? std::trunc(given) : given; };
  const double number = value.as_number();
  const auto complain = [&](std::string_view relation, double bound) {
    out.causes.invalid(
        field(path), value,
        fmt::format("{} in body should be {} {}", path, relation, number_text(bound)));
  };
  if (schema.kind == Kind::integer) {
    const bool short_one = schema.format == "int32";
    const bool fits = is_whole(value) && (!short_one || std::abs(number + 0.5) < 2147483648.5);
    if (!fits) {
      this->complain(out, schema.format.empty()
                              ? fmt::format("Checked value must be of type integer (default "
                                            "format) in {}",
                                            path)
                              : fmt::format("Checked value must be of type integer with format {} "
                                            "in {}",
                                            schema.format, path));
    }
  }
  if (schema.multiple_of) {
    const double factor = limit(*schema.multiple_of);
    if (factor <= 0) {
      out.causes.invalid(field(path), Value(static_cast<std::int64_t>(factor)),
                         fmt::format("factor MultipleOf declared for {} must be positive: {}", path,
                                     number_text(factor)));
    } else {
      const double times = factor < 1 ? 1 / factor * number : number / factor;
      if (std::fabs(times - std::round(times)) > 1e-9) complain("a multiple of", factor);
    }
  }
  if (schema.minimum) {
    const double bound = limit(*schema.minimum);
    if (schema.exclusive_minimum ? number <= bound : number < bound) {
      complain(schema.exclusive_minimum ? "greater than" : "greater than or equal to", bound);
    }
  }
  if (schema.maximum) {
    const double bound = limit(*schema.maximum);
    if (schema.exclusive_maximum ? number >= bound : number > bound) {
      complain(schema.exclusive_maximum ? "less than" : "less than or equal to", bound);
    }
  }
  ++out.matches;
}

void Validator::text(const Schema& schema, const Value& value, const std::string& path,
                     Verdict& out) const {
  const std::string& text = value.as_string();
  const auto length = static_cast<std::int64_t>(characters(text));
  if (schema.max_length && length > *schema.max_length) {  // one complaint at most
    out.causes.too_long(field(path), static_cast<std::size_t>(*schema.max_length));
  } else if (schema.min_length && length < *schema.min_length) {
    out.causes.invalid(
        field(path), value,
        fmt::format("{} in body should be at least {} chars long", path, *schema.min_length));
  } else if (schema.expression && !re2::RE2::PartialMatch(text, *schema.expression)) {
    out.causes.invalid(field(path), value,
                       fmt::format("{} in body should match '{}'", path, schema.pattern));
  }
  if (!schema.format.empty() && !type::matches_format(schema.format, text)) {
    out.causes.type_invalid(
        field(path), value,
        fmt::format("{} in body must be of type {}: {}", path, schema.format, show_value(value)));
  }
}

/// The entry of an old list that has the keys of `entry`; none when the list is not one by keys.
const Value* same_keys(const Schema& schema, const Value* old_list, const Value& entry) {
  if (old_list == nullptr || !old_list->is_array() || schema.list != Schema::List::map) {
    return nullptr;
  }
  for (const Value& other : old_list->as_array()) {
    const bool same = std::all_of(
        schema.map_keys.begin(), schema.map_keys.end(),
        [&](const std::string& key) { return entry.is_object() && other[key] == entry[key]; });
    if (same) return &other;
  }
  return nullptr;
}

void Validator::array(const Schema& schema, const Value& value, const std::string& path,
                      const Value* old_value, Verdict& out) const {
  const Array& list = value.as_array();
  const auto size = static_cast<std::int64_t>(list.size());
  if (schema.items != nullptr) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      out.merge(
          check(*schema.items, list[i], index(path, i), same_keys(schema, old_value, list[i])));
    }
  }
  if (schema.min_items && size < *schema.min_items) {
    out.causes.invalid(
        field(path), Value(size),
        fmt::format("{} in body should have at least {} items", path, *schema.min_items));
  }
  if (schema.max_items && size > *schema.max_items) {
    out.causes.too_many(field(path), list.size(), static_cast<std::size_t>(*schema.max_items));
  }
  ++out.matches;
}

void Validator::object(const Schema& schema, const Value& value, const std::string& path,
                       const Value* old_value, Verdict& out) const {
  const Object& members = value.as_object();
  const auto size = static_cast<std::int64_t>(members.size());
  if (schema.min_properties && size < *schema.min_properties) {
    out.causes.invalid(
        field(path), Value(size),
        fmt::format("{} in body should have at least {} properties", path, *schema.min_properties));
  }
  if (schema.max_properties && size > *schema.max_properties) {
    out.causes.too_many(field(path), members.size(),
                        static_cast<std::size_t>(*schema.max_properties));
  }
  const auto below = [&](const std::string& name) -> const Value* {
    const bool correlates = old_value != nullptr && old_value->is_object() && !schema.atomic;
    return correlates ? old_value->find(name) : nullptr;
  };
  if (schema.values != nullptr) {
    for (const auto& member : members) {
      if (schema.field(member.key) != nullptr) continue;
      out.merge(check(*schema.values, member.value, fmt::format("{}.{}", path, member.key),
                      below(member.key)));
    }
  }
  for (const Field& property : schema.fields) {
    if (const Value* present = members.find(property.name)) {
      out.merge(
          check(*property.schema, *present, child(path, property.name), below(property.name)));
    }
  }
  for (const std::string& name : schema.required) {
    if (!members.contains(name)) out.causes.required(field(fmt::format("{}.{}", path, name)));
  }
}

void Validator::combinations(const Schema& schema, const Value& value, const std::string& path,
                             Verdict& out) const {
  const auto best_of = [](std::optional<Verdict>& best, Verdict verdict) {
    if (!best || verdict.matches > best->matches) best = std::move(verdict);
  };
  if (!schema.any_of.empty()) {
    std::optional<Verdict> best;
    bool fits = false;
    for (const Schema* part : schema.any_of) {
      Verdict verdict = check(*part, value, path, nullptr);
      fits = verdict.valid();
      if (fits) best.reset();
      if (fits) break;
      best_of(best, std::move(verdict));
    }
    if (!fits) complain(out, fmt::format("\"{}\" must validate at least one schema (anyOf)", path));
    if (best) out.merge(*best);
  }
  if (!schema.one_of.empty()) {
    std::optional<Verdict> best;
    int fitting = 0;
    for (const Schema* part : schema.one_of) {
      Verdict verdict = check(*part, value, path, nullptr);
      if (verdict.valid()) {
        ++fitting;
        best.reset();
      } else if (fitting == 0) {
        best_of(best, std::move(verdict));
      }
    }
    if (fitting != 1) {
      complain(out,
               fmt::format("\"{}\" must validate one and only one schema (oneOf). Found {}", path,
                           fitting == 0 ? std::string("none valid")
                                        : fmt::format("{} valid alternatives", fitting)));
      if (best) out.merge(*best);
    }
  }
  std::size_t fitting = 0;
  for (const Schema* part : schema.all_of) {
    const Verdict verdict = check(*part, value, path, nullptr);
    fitting += verdict.valid() ? 1 : 0;
    out.merge(verdict);
  }
  if (fitting != schema.all_of.size()) {
    complain(out, fmt::format("\"{}\" must validate all the schemas (allOf){}", path,
                              fitting == 0 ? ". None validated" : ""));
  }
  if (schema.not_ != nullptr && check(*schema.not_, value, path, nullptr).valid()) {
    complain(out, fmt::format("\"{}\" must not validate the schema (not)", path));
  }
  ++out.matches;
}

Verdict Validator::check_all(const Schema& schema, const Value& value, const std::string& path,
                             const Value* old_value) const {
  Verdict out;
  if (type(schema, value, path, out)) ++out.matches;
  if (value.is_null()) {
    enumeration(schema, value, path, out);
    return out;
  }
  combinations(schema, value, path, out);
  if (value.is_string()) text(schema, value, path, out);
  if (value.is_number()) number(schema, value, path, out);
  if (value.is_array()) array(schema, value, path, old_value, out);
  enumeration(schema, value, path, out);
  if (value.is_object()) object(schema, value, path, old_value, out);
  out.matches += value.is_string() ? 5 : 4;  // every validator that applies, and the whole
  return out;
}

Verdict Validator::check(const Schema& schema, const Value& value, const std::string& path,
                         const Value* old_value) const {
  Verdict out = check_all(schema, value, path, old_value);
  if (!out.valid() && old_value != nullptr && *old_value == value) out.causes = {};
  return out;
}

void check_list(const Schema& schema, const Value& value, const std::string& path, Causes& causes) {
  const Array& list = value.as_array();
  if (schema.list == Schema::List::atomic) return;
  const auto identity = [&](const Value& entry) {
    if (schema.list == Schema::List::set) return entry;
    Object keys;
    for (const std::string& key : schema.map_keys) {
      if (const Value* present = entry.find(key)) keys.set(key, *present);
    }
    return Value(std::move(keys));
  };
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (schema.list != Schema::List::map || list[i].is_object() || list[i].is_null()) continue;
    causes.invalid(index(path, i), list[i], "must be an object for an array of list-type map");
    return;
  }
  std::vector<std::pair<Value, int>> seen;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Value own = identity(list[i]);
    const auto known = std::find_if(seen.begin(), seen.end(),
                                    [&](const auto& entry) { return entry.first == own; });
    if (known == seen.end()) {
      seen.emplace_back(std::move(own), 1);
    } else if (known->second++ == 1) {  // the third is not told
      causes.duplicate(index(path, i), own);
    }
  }
}

}  // namespace

void validate(const Schema& schema, const Value& value, Causes& causes, const Value* old_value,
              const std::string& prefix) {
  const Verdict verdict = Validator{prefix}.check(schema, value, "", old_value);
  for (const Cause& cause : verdict.causes.list()) causes.add(cause);
}

void validate_lists(const Schema& schema, const Value& value, const std::string& path,
                    Causes& causes) {
  if (value.is_array()) {
    check_list(schema, value, path, causes);
    if (schema.items == nullptr) return;
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      validate_lists(*schema.items, value.as_array()[i], index(path, i), causes);
    }
  } else if (value.is_object()) {
    for (const auto& member : value.as_object()) {
      if (const Field* property = schema.field(member.key)) {
        validate_lists(*property->schema, member.value, child(path, member.key), causes);
      } else if (schema.values != nullptr) {
        validate_lists(*schema.values, member.value, keyed(path, member.key), causes);
      }
    }
  }
}

}  // namespace windlass::inline v0::api_server
