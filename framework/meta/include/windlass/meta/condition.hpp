#pragma once
// Conditions: what status says about an object, as metav1.Condition.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/meta/time.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::meta {

struct Condition {
  std::string type;
  std::string status;  ///< "True", "False" or "Unknown"
  std::optional<std::int64_t> observed_generation;
  Time last_transition_time;
  std::string reason;  ///< CamelCase, required by the server
  std::string message;

  static const type::Table& table();
  friend bool operator==(const Condition& a, const Condition& b);
};

/// The condition of that type, or null pointer.
const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type);
Condition* find_condition(std::vector<Condition>& conditions, std::string_view type);
/// Adds or updates. `last_transition_time` becomes the condition's own when set there, otherwise
/// `now`, and only when the status changes; a new condition takes it likewise (apimachinery's
/// meta.SetStatusCondition). True when anything changed.
bool set_condition(std::vector<Condition>& conditions, Condition condition, WallTime now);
/// False when there was none.
bool remove_condition(std::vector<Condition>& conditions, std::string_view type);
bool is_condition_true(const std::vector<Condition>& conditions, std::string_view type);
bool is_condition_false(const std::vector<Condition>& conditions, std::string_view type);

}  // namespace windlass::inline v0::meta
