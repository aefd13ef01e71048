#pragma once
// Schemas: of types that are tables, and random values that satisfy one.

#include <optional>
#include <string>
#include <string_view>

#include <windlass/base/random.hpp>
#include <windlass/json/table.hpp>
#include <windlass/json/value.hpp>

namespace windlass::inline v0::json {

/// The structural schema (openAPIV3Schema) that a table says, without descriptions. A type that
/// contains itself ends in `x-kubernetes-preserve-unknown-fields` where it begins again.
Value schema_of(const type::Shape& shape);
template <type::Described T>
Value schema_of() {
  return schema_of(type::shape_of<T>);
}

struct SampleOptions {
  double optional = 0.5;         ///< how likely a member that is not required is there
  std::size_t max_elements = 3;  ///< of lists and maps, unless the schema demands more
  std::size_t budget = 400;      ///< values; after so many only what is required is made
};

/// A random value that satisfies a structural schema: types, bounds, lengths, patterns, formats,
/// enums, lists that are sets or maps, null where it is allowed, members that no schema names where
/// they are kept. Of oneOf, anyOf and not, branches that require or forbid members are understood;
/// CEL rules are not. The same seed gives the same value.
Value sample(const Value& schema, Random& random, const SampleOptions& options = {});

/// A text that the regular expression (RE2's syntax) matches; nothing when it uses what this cannot
/// follow. `reach` is how often a part that may be repeated without limit is repeated at most.
std::optional<std::string> sample_pattern(std::string_view pattern, Random& random,
                                          std::size_t reach = 5);

/// A random T: a valid one as far as `sample` goes. A whole Kubernetes object has a name.
template <type::Described T>
Result<T> sample(Random& random, const SampleOptions& options = {}) {
  Value value = sample(schema_of<T>(), random, options);
  const type::Table& table = T::table();
  if (!table.kind.empty()) {
    value["apiVersion"] = table.api_version;
    value["kind"] = table.kind;
    Object metadata;
    metadata.set("name", "sample-" + random.suffix(5));
    value["metadata"] = std::move(metadata);
  }
  return from_value<T>(value);
}

}  // namespace windlass::inline v0::json
