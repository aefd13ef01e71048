#include <windlass/meta/condition.hpp>

namespace windlass::inline v0::meta {

const windlass::type::Table& Condition::table() {
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&Condition::type>("type", offsetof(Condition, type), required),
      field<&Condition::status>("status", offsetof(Condition, status), required),
      field<&Condition::observed_generation>("observedGeneration",
                                             offsetof(Condition, observed_generation), optional),
      field<&Condition::last_transition_time>("lastTransitionTime",
                                              offsetof(Condition, last_transition_time), required),
      field<&Condition::reason>("reason", offsetof(Condition, reason), required),
      field<&Condition::message>("message", offsetof(Condition, message), required),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{
      .name = "Condition", .fields = fields, .index = index};
  return table;
}
bool operator==(const Condition& a, const Condition& b) { return windlass::type::equal(a, b); }

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type) {
  for (const auto& condition : conditions) {
    if (condition.type == type) return &condition;
  }
  return nullptr;
}

Condition* find_condition(std::vector<Condition>& conditions, std::string_view type) {
  return const_cast<Condition*>(find_condition(std::as_const(conditions), type));
}

bool set_condition(std::vector<Condition>& conditions, Condition condition, WallTime now) {
  Condition* const have = find_condition(conditions, condition.type);
  const bool given = !condition.last_transition_time.is_zero();
  if (!given) condition.last_transition_time = Time::from(now);
  if (have == nullptr) {
    conditions.push_back(std::move(condition));
    return true;
  }
  if (have->status == condition.status) condition.last_transition_time = have->last_transition_time;
  if (!condition.observed_generation) condition.observed_generation = have->observed_generation;
  if (*have == condition) return false;
  *have = std::move(condition);
  return true;
}

bool remove_condition(std::vector<Condition>& conditions, std::string_view type) {
  return std::erase_if(conditions, [&](const Condition& c) { return c.type == type; }) > 0;
}

bool is_condition_true(const std::vector<Condition>& conditions, std::string_view type) {
  const Condition* condition = find_condition(conditions, type);
  return condition != nullptr && condition->status == "True";
}

bool is_condition_false(const std::vector<Condition>& conditions, std::string_view type) {
  const Condition* condition = find_condition(conditions, type);
  return condition != nullptr && condition->status == "False";
}

}  // namespace windlass::inline v0::meta
