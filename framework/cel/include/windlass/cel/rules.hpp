#pragma once
// x-kubernetes-validations: the rules of a CRD's schema, checked when it is written and evaluated
// when objects are.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::cel {

/// What is wrong with a field, as a cause of a metav1.Status: "spec.replicas",
/// "FieldValueInvalid", "Invalid value: 3: failed rule: self < 3".
struct Violation {
  std::string field;  ///< "<nil>" for the object as a whole
  std::string reason;
  std::string message;
};

/// Checks the rules of a structural schema (openAPIV3Schema) as kube-apiserver does when a CRD is
/// created: they compile, yield booleans, use oldSelf only where old and new values correspond, and
/// their estimated cost is within 10,000,000 for each and 100,000,000 for all. `path` is the
/// schema's own: "spec.validation.openAPIV3Schema". Never throws on malformed schemas.
std::vector<Violation> check_rules(const json::Value& schema, const std::string& path);

/// The rules of a schema, ready to validate objects. Immutable; cheap to copy; thread-safe.
class Rules {
 public:
  /// kube-apiserver's budget for all rules of one object.
  static constexpr std::int64_t kBudget = 10'000'000;

  Rules() = default;
  /// `schema` was accepted by check_rules; a rule that does not compile is a violation of every
  /// object.
  explicit Rules(const json::Value& schema);

  [[nodiscard]] bool empty() const { return root_ == nullptr; }
  /// Every violated rule. `old_object` is what an update replaces, nullptr on creation: then rules
  /// that mention oldSelf do not apply (but those with optionalOldSelf). On update a rule that
  /// fails for a value that did not change becomes a line of `warnings` (ratcheting).
  [[nodiscard]] std::vector<Violation> validate(const json::Value& object,
                                                const json::Value* old_object,
                                                std::vector<std::string>& warnings) const;

 private:
  struct Node;
  struct Run;
  std::shared_ptr<const Node> root_;
};

}  // namespace windlass::inline v0::cel
