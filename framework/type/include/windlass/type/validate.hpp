#pragma once
// Validation against the constraints in a table.

#include <string>
#include <vector>

#include <windlass/type/table.hpp>

namespace windlass::inline v0::type {

/// One broken rule, worded as kube-apiserver words it.
struct Violation {
  std::string path;     ///< "spec.replicas"
  std::string message;  ///< "Invalid value: 12: should be less than or equal to 9"
  /// As in the causes of a metav1.Status: also FieldValueRequired, FieldValueNotSupported,
  /// FieldValueTooLong, FieldValueTooMany, FieldValueDuplicate, FieldValueTypeInvalid.
  std::string reason = "FieldValueInvalid";
  friend bool operator==(const Violation&, const Violation&) = default;
};

/// Checks every value present against its field's constraints, and that required strings, lists and
/// maps whose schema demands content have it. Default values are not applied first.
/// A pattern that RE2 cannot compile is reported as a violation that says so.
std::vector<Violation> validate(Ref ref);
template <Described T>
std::vector<Violation> validate(const T& object) {
  return validate(ref_to(object));
}

/// Fields marked immutable whose value differs.
std::vector<Violation> validate_update(Ref before, Ref after);
template <Described T>
std::vector<Violation> validate_update(const T& before, const T& after) {
  return validate_update(ref_to(before), ref_to(after));
}

}  // namespace windlass::inline v0::type
