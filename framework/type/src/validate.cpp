#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include <re2/re2.h>

#include <windlass/base/encoding.hpp>
#include <windlass/type/format.hpp>
#include <windlass/type/inspect.hpp>
#include <windlass/type/validate.hpp>

namespace windlass::inline v0::type {
namespace {

std::string text_of(double number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

std::optional<double> number_of(Ref ref) {
  switch (ref.shape->kind) {
    case Kind::int32:
      return *static_cast<const std::int32_t*>(ref.value);
    case Kind::int64:
      return static_cast<double>(*static_cast<const std::int64_t*>(ref.value));
    case Kind::float64:
      return *static_cast<const double*>(ref.value);
    default:
      return std::nullopt;
  }
}

/// For messages: scalars as JSON, the rest by what it is.
std::string describe(Ref ref) {
  if (!ref) return "null";
  switch (ref.shape->kind) {
    case Kind::string:
      return quote_json(*static_cast<const std::string*>(ref.value));
    case Kind::boolean:
      return *static_cast<const bool*>(ref.value) ? "true" : "false";
    case Kind::enumeration:
      return ref.shape->numbers ? std::string(enum_name(ref)) : quote_json(enum_name(ref));
    case Kind::scalar: {
      std::string text;
      ref.shape->scalar->write(ref.value, text);
      return text;
    }
    case Kind::int64:
      return std::to_string(*static_cast<const std::int64_t*>(ref.value));
    case Kind::list:
      return "array";
    case Kind::map:
    case Kind::object:
      return "object";
    case Kind::any:
      return std::string(ref.shape->any->type_name(ref.value));
    default:
      break;
  }
  const auto number = number_of(ref);
  return number ? text_of(*number) : "value";
}

/// The text of a string, of an enumerator, or of a scalar that is a string in
/// JSON.
std::optional<std::string> text_value(Ref ref) {
  if (ref.shape->kind == Kind::string) return *static_cast<const std::string*>(ref.value);
  if (ref.shape->kind == Kind::enumeration && !ref.shape->numbers) {
    return std::string(enum_name(ref));
  }
  if (ref.shape->kind != Kind::scalar) return std::nullopt;
  const std::string json = describe(ref);
  if (json.size() < 2 || json.front() != '"' || json.find('\\') != json.npos) return std::nullopt;
  return json.substr(1, json.size() - 2);
}

/// The number of a number, of an enumerator, or of a scalar that is a number in
/// JSON.
std::optional<double> number_value(Ref ref) {
  if (const auto number = number_of(ref)) return number;
  const bool may_be = ref.shape->kind == Kind::scalar ||
                      (ref.shape->kind == Kind::enumeration && ref.shape->numbers);
  if (!may_be) return std::nullopt;
  const std::string json = describe(ref);
  double number = 0;
  const char* const end = json.data() + json.size();
  if (std::from_chars(json.data(), end, number).ptr != end) return std::nullopt;
  return number;
}

class Validator {
 public:
  void check_fields(Ref object) {
    const Table& table = object.shape->table();
    for (const Field& field : table.fields) {
      const Ref value = member(object.value, field);
      const bool absent = field.presence == Presence::optional && is_empty(value);
      if (absent) continue;
      descend_to(field.name, [&] {
        if (field.presence == Presence::required && is_missing(value, field.constraints))
          return report("Required value", "FieldValueRequired");
        check(value, field.constraints);
      });
    }
  }

  void check(Ref ref, const Constraints* constraints) {
    ref = unwrap(ref);
    if (!ref) return;
    if (constraints != nullptr) check_constraints(ref, *constraints);
    const Constraints* inner = constraints != nullptr ? constraints->items : nullptr;
    switch (ref.shape->kind) {
      case Kind::object:
        if (const Constraints* own = ref.shape->table().constraints) check_constraints(ref, *own);
        check_fields(ref);
        return;
      case Kind::list: {
        std::size_t i = 0;
        for_each_element(
            ref, [&](Ref element) { descend('[' + std::to_string(i++) + ']', element, inner); });
        return;
      }
      case Kind::map:
        for_each_entry(ref, [&](std::string_view key, Ref value) {
          descend('[' + std::string(key) + ']', value, inner);
        });
        return;
      default:
        return;
    }
  }

  std::vector<Violation> take() { return std::move(violations_); }

 private:
  template <class Visit>
  void descend_to(std::string_view name, const Visit& visit) {
    const std::size_t size = path_.size();
    if (!path_.empty()) path_ += '.';
    path_ += name;
    visit();
    path_.resize(size);
  }

  /// To an element of a list or a value of a map.
  void descend(const std::string& step, Ref ref, const Constraints* constraints) {
    const std::size_t size = path_.size();
    path_ += step;
    if (writes_null(ref)) {
      invalid(ref, "must be of type string: \"null\"");
    } else {
      check(ref, constraints);
    }
    path_.resize(size);
  }

  /// A time that is not set; as a member it is absent, here it is not.
  static bool writes_null(Ref ref) {
    return ref.shape->kind == Kind::scalar && is_empty(ref) && describe(ref) == "null";
  }

  /// A required value that has nowhere to be: an empty Box, a json::Value that is null, or a time
  /// that is not set, unless null is a value. For other types that may be null, the member is a
  /// std::optional.
  static bool is_missing(Ref ref, const Constraints* constraints) {
    if (constraints != nullptr && constraints->nullable) return false;
    const bool boxed = ref.shape->kind == Kind::optional && ref.shape->optional->on_heap;
    return ((boxed || ref.shape->kind == Kind::any) && is_empty(ref)) || writes_null(ref);
  }

  void report(std::string message, const char* reason = "FieldValueInvalid") {
    violations_.push_back({path_, std::move(message), reason});
  }
  void invalid(Ref ref, const std::string& problem) {
    const std::string place = path_.empty() ? std::string() : path_ + ' ';
    report("Invalid value: " + describe(ref) + ": " + place + "in body " + problem);
  }

  /// The type of a json::Value, and of the elements of one that is a list.
  void check_json_type(Ref ref, const Constraints& c) {
    const AnyOps& any = *ref.shape->any;
    const auto name = any.type_name(ref.value);
    const bool fits = name == c.json_type || (name == "integer" && c.json_type == "number") ||
                      (name == "null" && c.nullable);
    if (!fits) {
      const std::string got = quote_json(name);
      const std::string place = path_.empty() ? std::string() : path_ + ' ';
      return report("Invalid value: " + got + ": " + place + "in body must be of type " +
                        std::string(c.json_type) + ": " + got,
                    "FieldValueTypeInvalid");
    }
    if (c.items == nullptr || c.items->json_type.empty() || name != "array") return;
    for (std::size_t i = 0; const void* element = any.at(ref.value, i); ++i) {
      const std::size_t size = path_.size();
      path_ += '[' + std::to_string(i) + ']';
      check_json_type({ref.shape, element}, *c.items);
      path_.resize(size);
    }
  }

  void check_constraints(Ref ref, const Constraints& c) {
    if (ref.shape->kind == Kind::any && !c.json_type.empty()) check_json_type(ref, c);
    if (const auto number = number_value(ref)) check_number(ref, *number, c);
    if (const auto text = text_value(ref)) {
      check_string(ref, *text, c);
      if (!c.values.empty()) check_values(ref, *text, c);
    } else if (!c.values.empty()) {
      check_values(ref, describe(ref), c);
    }
    const bool list = ref.shape->kind == Kind::list;
    if (list || ref.shape->kind == Kind::map) check_count(ref, count(ref), c);
    if (is_json_list(ref)) check_count(ref, elements_of(ref), c);
    if (ref.shape->kind == Kind::object) check_members(ref, c);
    if (list) check_unique(ref, c);
    if (c.demands != nullptr) check_demands(ref, *c.demands);
  }

  static bool is_json_list(Ref ref) {
    return ref.shape->kind == Kind::any && ref.shape->any->type_name(ref.value) == "array";
  }

  static std::size_t elements_of(Ref json_list) {
    std::size_t count = 0;
    while (json_list.shape->any->at(json_list.value, count) != nullptr) ++count;
    return count;
  }

  static std::size_t members_of(Ref object) {
    const Table& table = object.shape->table();
    std::size_t present = 0;
    for (const Field& field : table.fields) present += is_present(object, field) ? 1 : 0;
    return present;
  }

  /// Members that are kept without a field are not counted: with them, only too many is certain.
  void check_members(Ref object, const Constraints& c) {
    const Table& table = object.shape->table();
    const bool open = table.rest.shape != nullptr && !is_empty(member(object.value, table.rest));
    const std::size_t known = members_of(object);
    if (!open || (c.max_items && known > *c.max_items)) check_count(object, known, c);
  }

  static bool is_present(Ref object, const Field& field) {
    return field.presence == Presence::required || !is_empty(member(object.value, field));
  }

  /// The member of an object or the value of a map; nothing when absent.
  static Ref present_member(Ref ref, std::string_view name) {
    if (ref.shape->kind == Kind::map) return find(ref, name);
    if (ref.shape->kind == Kind::any) {
      return {ref.shape, ref.shape->any->find(ref.value, name)};
    }
    if (ref.shape->kind != Kind::object) return {};
    const Table& table = ref.shape->table();
    const Field* field = table.find(name);
    if (field == nullptr) return table.rest.shape == nullptr ? Ref{} : in_rest(ref, table, name);
    return is_present(ref, *field) ? member(ref.value, *field) : Ref{};
  }

  static bool has_members(Ref ref) {
    const Kind kind = ref.shape->kind;
    return kind == Kind::object || kind == Kind::map ||
           (kind == Kind::any && ref.shape->any->type_name(ref.value) == "object");
  }

  static Ref in_rest(Ref ref, const Table& table, std::string_view name) {
    const Ref rest = member(ref.value, table.rest);
    return {rest.shape, rest.shape->any->find(rest.value, name)};
  }

  void check_demands(Ref ref, const Demands& demands) {
    for (const auto name : demands.required) {
      if (has_members(ref) && !present_member(ref, name)) {
        descend_to(name, [&] { report("Required value", "FieldValueRequired"); });
      }
    }
    for (const auto& [name, constraints] : demands.members) {
      if (const Ref value = present_member(ref, name)) {
        descend_to(name, [&] { check_branch(value, *constraints); });
      }
    }
    for (const Constraints* part : demands.all_of) check_branch(ref, *part);
    const auto accepting = [&](std::span<const Constraints* const> parts) {
      return std::count_if(parts.begin(), parts.end(),
                           [&](const Constraints* part) { return accepts(ref, *part); });
    };
    if (!demands.any_of.empty() && accepting(demands.any_of) == 0) {
      invalid(ref, "must validate at least one schema (anyOf)");
    }
    if (!demands.one_of.empty()) {
      const auto found = accepting(demands.one_of);
      if (found != 1) {
        invalid(ref, std::string("must validate one and only one schema (oneOf). Found ") +
                         (found == 0 ? "none" : std::to_string(found)) + " valid alternatives");
      }
    }
    if (demands.not_ != nullptr && accepts(ref, *demands.not_)) {
      invalid(ref, "must not validate the schema (not)");
    }
  }

  /// Constraints of a value whose own table is checked elsewhere.
  void check_branch(Ref ref, const Constraints& c) {
    ref = unwrap(ref);
    if (!ref) return;
    check_constraints(ref, c);
    if (c.items == nullptr) return;
    const auto element = [&](const std::string& step, Ref value) {
      const std::size_t size = path_.size();
      path_ += step;
      check_branch(value, *c.items);
      path_.resize(size);
    };
    if (ref.shape->kind == Kind::list) {
      std::size_t i = 0;
      for_each_element(ref, [&](Ref value) { element('[' + std::to_string(i++) + ']', value); });
    } else if (ref.shape->kind == Kind::map) {
      for_each_entry(ref, [&](std::string_view key, Ref value) {
        element('[' + std::string(key) + ']', value);
      });
    }
  }

  bool accepts(Ref ref, const Constraints& c) {
    const std::size_t before = violations_.size();
    check_branch(ref, c);
    const bool accepted = violations_.size() == before;
    violations_.resize(before);
    return accepted;
  }

  void check_number(Ref ref, double number, const Constraints& c) {
    if (c.minimum && (c.exclusive_minimum ? number <= *c.minimum : number < *c.minimum)) {
      invalid(ref, std::string("should be greater than ") +
                       (c.exclusive_minimum ? "" : "or equal to ") + text_of(*c.minimum));
    }
    if (c.maximum && (c.exclusive_maximum ? number >= *c.maximum : number > *c.maximum)) {
      invalid(ref, std::string("should be less than ") +
                       (c.exclusive_maximum ? "" : "or equal to ") + text_of(*c.maximum));
    }
    if (c.multiple_of && *c.multiple_of != 0) {
      const double ratio = number / *c.multiple_of;
      if (std::abs(ratio - std::round(ratio)) > 1e-9) {
        invalid(ref, "should be a multiple of " + text_of(*c.multiple_of));
      }
    }
  }

  void check_string(Ref ref, const std::string& text, const Constraints& c) {
    const std::size_t length = code_points(text);
    if (c.min_length && length < *c.min_length) {
      invalid(ref, "should be at least " + std::to_string(*c.min_length) + " chars long");
    }
    if (c.max_length && length > *c.max_length) {
      report("Too long: may not be more than " + std::to_string(*c.max_length) + " bytes",
             "FieldValueTooLong");
    }
    if (!c.pattern.empty()) check_pattern(ref, text, c.pattern);
    if (!c.format.empty() && !matches_format(c.format, text)) {
      invalid(ref, "must be of type " + std::string(c.format) + ": " + describe(ref));
    }
  }

  void check_values(Ref ref, std::string_view text, const Constraints& c) {
    std::string supported;
    for (const auto value : c.values) {
      if (value == text) return;
      supported += (supported.empty() ? "" : ", ") + quote_json(value);
    }
    report("Unsupported value: " + describe(ref) + ": supported values: " + supported,
           "FieldValueNotSupported");
  }

  void check_pattern(Ref ref, std::string_view text, std::string_view pattern) {
    auto& compiled = patterns_[pattern];
    if (!compiled) {
      RE2::Options options;
      options.set_log_errors(false);
      compiled = std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
    }
    if (!compiled->ok()) {
      return report("the schema's pattern '" + std::string(pattern) +
                    "' is no regular expression: " + compiled->error());
    }
    if (!RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled)) {
      invalid(ref, "should match '" + std::string(pattern) + "'");
    }
  }

  void check_count(Ref ref, std::size_t have, const Constraints& c) {
    const bool list = ref.shape->kind == Kind::list || is_json_list(ref);
    const std::string noun = list ? " items" : " properties";
    if (c.min_items && have < *c.min_items) {
      invalid(ref, "should have at least " + std::to_string(*c.min_items) + noun);
    }
    if (c.max_items && have > *c.max_items) {
      report("Too many: " + std::to_string(have) + ": must have at most " +
                 std::to_string(*c.max_items) + noun,
             "FieldValueTooMany");
    }
  }

  void check_unique(Ref ref, const Constraints& c) {
    const bool by_key = c.list_type == ListType::map && !c.list_map_keys.empty();
    if (!c.unique_items && c.list_type != ListType::set && !by_key) return;
    const std::size_t elements = count(ref);
    for (std::size_t i = 1; i < elements; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (!same_identity(element(ref, i), element(ref, j), c, by_key)) continue;
        const std::string at = '[' + std::to_string(i) + ']';
        violations_.push_back(
            {path_ + at, "Duplicate value: " + describe(element(ref, i)), "FieldValueDuplicate"});
        break;
      }
    }
  }

  static bool same_identity(Ref a, Ref b, const Constraints& c, bool by_key) {
    a = unwrap(a);
    b = unwrap(b);
    if (!a || !b) return !a && !b;
    if (!by_key || a.shape->kind != Kind::object) return equal(a, b);
    const Table& table = a.shape->table();
    for (const auto key : c.list_map_keys) {
      const Field* field = table.find(key);
      if (field != nullptr && !equal(member(a.value, *field), member(b.value, *field)))
        return false;
    }
    return true;
  }

  std::string path_;
  std::vector<Violation> violations_;
  std::map<std::string_view, std::unique_ptr<RE2>> patterns_;
};

void check_immutable(Ref before, Ref after, const std::string& path,
                     std::vector<Violation>& violations) {
  before = unwrap(before);
  after = unwrap(after);
  if (!before || !after || before.shape->kind != Kind::object) return;
  for (const Field& field : before.shape->table().fields) {
    const Ref old_value = member(before.value, field);
    const Ref new_value = member(after.value, field);
    const std::string place = (path.empty() ? "" : path + '.') + std::string(field.name);
    if (field.constraints != nullptr && field.constraints->immutable) {
      if (!equal(old_value, new_value)) {
        violations.push_back(
            {place, "Invalid value: " + describe(unwrap(new_value)) + ": field is immutable"});
      }
    } else {
      check_immutable(old_value, new_value, place, violations);
    }
  }
}

}  // namespace

std::vector<Violation> validate(Ref ref) {
  Validator validator;
  validator.check(ref, nullptr);
  return validator.take();
}

void drop_status(std::vector<Violation>& violations) {
  std::erase_if(violations, [](const Violation& violation) {
    return violation.path == "status" || violation.path.starts_with("status.");
  });
}

std::vector<Violation> validate_update(Ref before, Ref after) {
  std::vector<Violation> violations;
  check_immutable(before, after, {}, violations);
  return violations;
}

}  // namespace windlass::inline v0::type
