#pragma once
// Selectors over labels and fields: LabelSelector as objects carry it, Selector as queries do.

#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/error.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::meta {

struct LabelSelectorRequirement {
  std::string key;
  std::string operator_;  ///< In, NotIn, Exists, DoesNotExist
  std::vector<std::string> values;

  static const type::Table& table();
  friend bool operator==(const LabelSelectorRequirement& a, const LabelSelectorRequirement& b);
};

/// As fields of objects hold it. An empty one selects everything. What an absent one means, the
/// field's documentation says.
struct LabelSelector {
  StringMap match_labels;
  std::vector<LabelSelectorRequirement> match_expressions;

  static const type::Table& table();
  friend bool operator==(const LabelSelector& a, const LabelSelector& b);
};

struct FieldSelectorRequirement {
  std::string key;
  std::string operator_;
  std::vector<std::string> values;

  static const type::Table& table();
  friend bool operator==(const FieldSelectorRequirement& a, const FieldSelectorRequirement& b);
};

/// One term of a Selector.
struct Requirement {
  enum class Operator : std::uint8_t { in, not_in, exists, does_not_exist, greater, less };
  std::string key;
  Operator op = Operator::exists;
  std::vector<std::string> values;  ///< sorted

  [[nodiscard]] bool matches(const StringMap& labels) const;
  friend bool operator==(const Requirement&, const Requirement&) = default;
};

/// A conjunction of terms; the empty one selects everything.
struct Selector {
  std::vector<Requirement> requirements;

  [[nodiscard]] bool empty() const { return requirements.empty(); }
  [[nodiscard]] bool matches(const StringMap& labels) const;
  friend bool operator==(const Selector&, const Selector&) = default;
};

/// Reads what `kubectl -l` takes: "a=b,c!=d,e in (x,y),f notin (z),g,!h,n>5". Errc::parse says
/// where it went wrong.
Result<Selector> parse_selector(std::string_view text);
/// Errc::invalid_argument for an unknown operator, or values that do not go with it.
Result<Selector> to_selector(const LabelSelector& selector);
/// The query-string form (not percent-encoded).
std::string format_selector(const Selector& selector);
/// As format_selector(to_selector(...)); throws Exception for an invalid one.
std::string format_selector(const LabelSelector& selector);
/// False for an invalid selector.
bool matches(const LabelSelector& selector, const StringMap& labels);

}  // namespace windlass::inline v0::meta
