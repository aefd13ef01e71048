#pragma once
// Validation against the constraints in a table.

#include <string>
#include <type_traits>
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

/// Status is a subresource, and this one as it was made.
template <Described T>
bool has_unset_status(const T& object) {
  if constexpr (requires {
                  T::resource.has_status;
                  object.status;
                }) {
    const std::remove_cvref_t<decltype(object.status)> unset{};
    return T::resource.has_status && equal(ref_to(object.status), ref_to(unset));
  } else {
    return false;
  }
}
/// Takes out what is about status.
void drop_status(std::vector<Violation>& violations);

/// The same. A status that nobody filled is left out where status is a subresource: with the object
/// itself the server takes none.
template <Described T>
std::vector<Violation> validate(const T& object) {
  auto found = validate(ref_to(object));
  if (has_unset_status(object)) drop_status(found);
  return found;
}

/// Fields marked immutable whose value differs.
std::vector<Violation> validate_update(Ref before, Ref after);
template <Described T>
std::vector<Violation> validate_update(const T& before, const T& after) {
  return validate_update(ref_to(before), ref_to(after));
}

}  // namespace windlass::inline v0::type
