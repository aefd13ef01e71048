#include <algorithm>

#include <windlass/http/message.hpp>

#include "format.hpp"

namespace windlass::inline v0::http {

std::string_view Headers::get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (detail::equal_ignoring_case(key, name)) return value;
  }
  return {};
}

bool Headers::contains(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(), [&](const Field& field) {
    return detail::equal_ignoring_case(field.first, name);
  });
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : fields_) {
    if (detail::equal_ignoring_case(key, name)) values.push_back(value);
  }
  return values;
}

void Headers::set(std::string_view name, std::string_view value) {
  // the arguments may be views into the field that goes away
  Field field{name, value};
  erase(field.first);
  fields_.push_back(std::move(field));
}

void Headers::add(std::string_view name, std::string_view value) {
  Field field{name, value};
  fields_.push_back(std::move(field));
}

void Headers::erase(std::string_view name) {
  const std::string key(name);
  std::erase_if(fields_,
                [&](const Field& field) { return detail::equal_ignoring_case(field.first, key); });
}

}  // namespace windlass::inline v0::http
