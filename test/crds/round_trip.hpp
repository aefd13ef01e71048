#pragma once
// What the check does with each generated type.

#include <string_view>
#include <vector>

#include <windlass/cel/validate.hpp>
#include <windlass/json/schema.hpp>
#include <windlass/json/table.hpp>
#include <windlass/type/validate.hpp>

namespace windlass::crds {

struct Outcome {
  json::Value back;          ///< encoded again
  json::Value defaulted;     ///< the same after json::apply_defaults
  bool equal_again = false;  ///< what comes back decodes to an equal object
  std::vector<type::Violation> violations;
};

template <class T>
Result<Outcome> through(const json::Value& value, bool strict) {
  const auto object = json::from_value<T>(value, {.require_required = strict});
  if (!object) return object.error();
  Outcome out;
  const std::string text = json::encode(*object);
  out.back = json::parse(text).value();
  const auto again = json::decode<T>(text);
  out.equal_again = again.has_value() && *again == *object;
  out.violations = cel::validate(*object);
  T complete = *object;
  const auto applied = json::apply_defaults(complete);
  if (!applied) return applied.error();
  out.defaulted = json::to_value(complete);
  return out;
}

struct Entry {
  std::string_view group, version, kind;
  Result<Outcome> (*through)(const json::Value& value, bool strict);
  json::Value (*schema)();
};

/// Written by check.sh for the types at hand.
std::vector<Entry> entries();

}  // namespace windlass::crds
