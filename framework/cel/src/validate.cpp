#include <algorithm>
#include <optional>
#include <utility>

#include <windlass/cel/validate.hpp>
#include <windlass/meta/embedded.hpp>

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

bool holds_embedded(const json::Value& schema) {
  if (!schema.is_object()) return false;
  if (schema["x-kubernetes-embedded-resource"].bool_or(false)) return true;
  if (holds_embedded(schema["items"]) || holds_embedded(schema["additionalProperties"]))
    return true;
  const json::Value& properties = schema["properties"];
  return properties.is_object() &&
         std::any_of(properties.as_object().begin(), properties.as_object().end(),
                     [](const auto& property) { return holds_embedded(property.value); });
}

void check_embedded(const json::Value& schema, const json::Value& value, const std::string& path,
                    std::vector<type::Violation>& found) {
  if (!schema.is_object()) return;
  if (schema["x-kubernetes-embedded-resource"].bool_or(false)) {
    for (auto& violation : meta::validate_embedded(value, path)) {
      found.push_back(std::move(violation));
    }
  }
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      check_embedded(schema["items"], value.as_array()[i], path + '[' + std::to_string(i) + ']',
                     found);
    }
  } else if (value.is_object()) {
    for (const auto& [key, inner] : value.as_object()) {
      if (const json::Value* property = schema["properties"].find(key)) {
        check_embedded(*property, inner, path.empty() ? key : path + '.' + key, found);
      } else {
        check_embedded(schema["additionalProperties"], inner, path + '[' + key + ']', found);
      }
    }
  }
}

}  // namespace

Validator::Validator(const type::Shape& shape) {
  json::Value schema = json::schema_of(shape);
  rules_ = Rules(schema);
  if (holds_embedded(schema)) embedded_ = std::move(schema);
}

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
  if (rules_.empty() && embedded_.is_null()) return found;
  const auto as_json = [&](type::Ref ref) {
    json::Value value = json::to_value(ref);
    if (!with_status) value.as_object().erase("status");
    return value;
  };
  const json::Value after = as_json(object);
  check_embedded(embedded_, after, "", found);  // also what an update leaves as it was
  if (rules_.empty()) return found;
  if (std::any_of(found.begin(), found.end(), forbids_rules)) {
    found.push_back({"",
                     "Invalid value: null: some validation rules were not checked because the "
                     "object was invalid; correct the existing errors to complete validation"});
    return found;
  }
  std::optional<json::Value> before;
  if (old_object) before = as_json(old_object);
  std::vector<std::string> unchanged;  // the server lets it pass with a warning
  for (auto& violation : rules_.validate(after, before ? &*before : nullptr, unchanged)) {
    found.push_back({violation.field == "<nil>" ? "" : std::move(violation.field),
                     std::move(violation.message), std::move(violation.reason)});
  }
  return found;
}

}  // namespace windlass::inline v0::cel
