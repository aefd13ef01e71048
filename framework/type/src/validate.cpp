#include <charconv>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include <re2/re2.h>

#include <windlass/base/encoding.hpp>
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
      return quote_json(enum_name(ref));
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
    default:
      break;
  }
  const auto number = number_of(ref);
  return number ? text_of(*number) : "value";
}

class Validator {
 public:
  void check_fields(Ref object) {
    const Table& table = object.shape->table();
    for (const Field& field : table.fields) {
      const Ref value = member(object.value, field);
      const bool absent = field.presence == Presence::optional && is_empty(value);
      if (absent) continue;
      const std::size_t size = path_.size();
      if (!path_.empty()) path_ += '.';
      path_ += field.name;
      check(value, field.constraints);
      path_.resize(size);
    }
  }

  void check(Ref ref, const Constraints* constraints) {
    ref = unwrap(ref);
    if (!ref) return;
    if (constraints != nullptr) check_constraints(ref, *constraints);
    const Constraints* inner = constraints != nullptr ? constraints->items : nullptr;
    switch (ref.shape->kind) {
      case Kind::object:
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
  void descend(const std::string& step, Ref ref, const Constraints* constraints) {
    const std::size_t size = path_.size();
    path_ += step;
    check(ref, constraints);
    path_.resize(size);
  }

  void report(std::string message) { violations_.push_back({path_, std::move(message)}); }
  void invalid(Ref ref, const std::string& problem) {
    report("Invalid value: " + describe(ref) + ": " + path_ + " in body " + problem);
  }

  void check_constraints(Ref ref, const Constraints& c) {
    if (const auto number = number_of(ref)) check_number(ref, *number, c);
    if (ref.shape->kind == Kind::string) {
      check_string(ref, *static_cast<const std::string*>(ref.value), c);
    }
    if (ref.shape->kind == Kind::list || ref.shape->kind == Kind::map) check_count(ref, c);
    if (ref.shape->kind == Kind::list) check_unique(ref, c);
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
      report("Too long: may not be more than " + std::to_string(*c.max_length) + " bytes");
    }
    if (!c.values.empty()) check_values(ref, text, c);
    if (!c.pattern.empty()) check_pattern(ref, text, c.pattern);
  }

  void check_values(Ref ref, std::string_view text, const Constraints& c) {
    std::string supported;
    for (const auto value : c.values) {
      if (value == text) return;
      supported += (supported.empty() ? "" : ", ") + quote_json(value);
    }
    report("Unsupported value: " + describe(ref) + ": supported values: " + supported);
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

  void check_count(Ref ref, const Constraints& c) {
    const std::size_t have = count(ref);
    const std::string noun = ref.shape->kind == Kind::list ? " items" : " properties";
    if (c.min_items && have < *c.min_items) {
      invalid(ref, "should have at least " + std::to_string(*c.min_items) + noun);
    }
    if (c.max_items && have > *c.max_items) {
      report("Too many: " + std::to_string(have) + ": must have at most " +
             std::to_string(*c.max_items) + noun);
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
        violations_.push_back({path_ + at, "Duplicate value: " + describe(element(ref, i))});
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

std::vector<Violation> validate_update(Ref before, Ref after) {
  std::vector<Violation> violations;
  check_immutable(before, after, {}, violations);
  return violations;
}

}  // namespace windlass::inline v0::type
