#pragma once
// Validation of a type's objects before a request is made: all that its schema demands, with the
// rules in CEL and embedded resources. Who leaves these to the server uses type::validate and needs
// no CEL.

#include <vector>

#include <windlass/cel/rules.hpp>
#include <windlass/json/schema.hpp>
#include <windlass/json/table.hpp>
#include <windlass/type/validate.hpp>

namespace windlass::inline v0::cel {

/// What kube-apiserver would say of a write, for the rules of one type, compiled.
/// `validate` below keeps one for each type.
class Validator {
 public:
  explicit Validator(const type::Shape& shape);

  /// `object` has its defaults. `old_object` is what it replaces, or nothing. Without
  /// `with_status`, what the object's status holds does not count.
  [[nodiscard]] std::vector<type::Violation> run(type::Ref object, type::Ref old_object,
                                                 bool with_status = true) const;

 private:
  Rules rules_;
  json::Value embedded_;  ///< the schema, when parts of it are embedded resources; otherwise null
};

template <type::Described T>
const Validator& validator_of() {
  static const Validator validator(type::shape_of<T>);
  return validator;
}

/// Everything that is wrong with the object, as the server would say it, with the path: bounds,
/// patterns, formats, list keys, oneOf and the like, apiVersion, kind and metadata of embedded
/// resources, and the rules of x-kubernetes-validations.
/// Defaults are applied to a copy first. Rules that mention oldSelf (transition rules) apply only
/// to updates. As on the server, rules are left out when values are missing, too long, too many or
/// none of an enumeration; the last violation then says so. A status that nobody filled is left out
/// where status is a subresource, as in type::validate.
/// The rules of T are compiled on the first call. Thread-safe. Throws Exception(internal) for a
/// default that does not fit its field.
template <type::Described T>
std::vector<type::Violation> validate(T object) {
  const bool with_status = !type::has_unset_status(object);
  json::apply_defaults(object).value();
  return validator_of<T>().run(type::ref_to(object), {}, with_status);
}
/// The same for an update of `before`: with the transition rules, and without what is as wrong as
/// it was before.
template <type::Described T>
std::vector<type::Violation> validate_update(T before, T after) {
  const bool with_status = !type::has_unset_status(after);
  json::apply_defaults(before).value();
  json::apply_defaults(after).value();
  return validator_of<T>().run(type::ref_to(after), type::ref_to(before), with_status);
}

}  // namespace windlass::inline v0::cel
