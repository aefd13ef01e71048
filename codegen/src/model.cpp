#include <algorithm>
#include <tuple>
#include <utility>

#include <windlass/codegen/model.hpp>

namespace windlass::inline v0::codegen {
namespace {

template <class T>
bool equal_targets(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b) {
  if (!a || !b) return a == b;
  return *a == *b;
}

Type container(Kind kind, Type element) {
  Type type;
  type.kind = kind;
  type.element = std::make_shared<const Type>(std::move(element));
  return type;
}

}  // namespace

bool operator==(const Type& a, const Type& b) {
  return a.kind == b.kind && a.name == b.name && a.include == b.include &&
         a.may_be_null == b.may_be_null && equal_targets(a.element, b.element);
}

Type scalar(Kind kind) {
  Type type;
  type.kind = kind;
  return type;
}

Type list_of(Type element) { return container(Kind::list, std::move(element)); }
Type map_of(Type value) { return container(Kind::map, std::move(value)); }

namespace {

bool equal_lists(const std::vector<Constraints::Ptr>& a, const std::vector<Constraints::Ptr>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal_targets<Constraints>);
}

bool equal_members(const std::vector<Constraints::Member>& a,
                   const std::vector<Constraints::Member>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Constraints::Member& x, const Constraints::Member& y) {
                      return x.name == y.name && equal_targets(x.constraints, y.constraints);
                    });
}

}  // namespace

bool operator==(const Constraints& a, const Constraints& b) {
  const auto members = [](const Constraints& c) {
    return std::tie(c.minimum, c.maximum, c.multiple_of, c.exclusive_minimum, c.exclusive_maximum,
                    c.min_length, c.max_length, c.min_items, c.max_items, c.unique_items, c.pattern,
                    c.format, c.values, c.default_value, c.list_type, c.list_map_keys, c.immutable,
                    c.json_type, c.nullable, c.description, c.rules, c.required, c.keywords,
                    c.keywords_only);
  };
  return members(a) == members(b) && equal_targets(a.items, b.items) &&
         equal_members(a.members, b.members) && equal_lists(a.all_of, b.all_of) &&
         equal_lists(a.any_of, b.any_of) && equal_lists(a.one_of, b.one_of) &&
         equal_targets(a.not_, b.not_);
}

bool Constraints::has_demands() const {
  return !rules.empty() || !required.empty() || !members.empty() || !all_of.empty() ||
         !any_of.empty() || !one_of.empty() || not_ || !keywords.is_null();
}

bool Constraints::empty() const { return *this == Constraints{}; }

bool operator==(const Field& a, const Field& b) {
  const auto members = [](const Field& f) {
    return std::tie(f.json_name, f.member, f.type, f.required, f.nullable, f.by_value,
                    f.empty_counts, f.constraints);
  };
  return members(a) == members(b);
}

std::string Resource::api_version() const {
  return group.empty() ? version : group + "/" + version;
}

}  // namespace windlass::inline v0::codegen
