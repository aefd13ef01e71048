#include <algorithm>
#include <optional>
#include <utility>

#include <windlass/cel/validate.hpp>

namespace windlass::inline v0::cel {
namespace {

/// Where values are missing or of no use, rules would say nothing that helps.
bool forbids_rules(const type::Violation& violation) {
  for (const char* reason : {"FieldValueRequired", "FieldValueNotSupported", "FieldValueTooLong",
                             "FieldValueTooMany", "FieldValueTypeInvalid"}) {
    if (violation.reason == reason) return true;
  }
  return false;
}

}  // namespace

std::vector<type::Violation> Validator::run(type::Ref object, type::Ref old_object,
                                            bool with_status) const {
  auto found = type::validate(object);
  if (!with_status) type::drop_status(found);
  if (old_object) {
    // what was wrong already stays as it is
    const auto before = type::validate(old_object);
    std::erase_if(found, [&](const type::Violation& violation) {
      return std::find(before.begin(), before.end(), violation) != before.end();
    });
  }
  if (rules_.empty()) return found;
  if (std::any_of(found.begin(), found.end(), forbids_rules)) {
    found.push_back({"",
                     "Invalid value: null: some validation rules were not checked because the "
                     "object was invalid; correct the existing errors to complete validation"});
    return found;
  }
  json::Value after = json::to_value(object);
  std::optional<json::Value> before;
  if (old_object) before = json::to_value(old_object);
  if (!with_status) {
    after.as_object().erase("status");
    if (before) before->as_object().erase("status");
  }
  std::vector<std::string> unchanged;  // the server lets it pass with a warning
  for (auto& violation : rules_.validate(after, before ? &*before : nullptr, unchanged)) {
    found.push_back({violation.field == "<nil>" ? "" : std::move(violation.field),
                     std::move(violation.message), std::move(violation.reason)});
  }
  return found;
}

}  // namespace windlass::inline v0::cel
