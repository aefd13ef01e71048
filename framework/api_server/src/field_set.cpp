#include "field_set.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

Shape Shape::member(std::string_view name) const {
  if (has_metadata() && name == "metadata") return {object_meta};
  if (schema == nullptr) return {};
  if (const Field* field = schema->field(name)) {
    return {field->schema, object_meta, false, field->atomic};
  }
  return {schema->values, object_meta};
}
bool Shape::has_field(std::string_view element) const {
  if (!element.starts_with("f:")) return false;
  const std::string_view name = element.substr(2);
  return (has_metadata() && name == "metadata") ||
         (schema != nullptr && schema->field(name) != nullptr);
}
Shape Shape::item() const { return {schema != nullptr ? schema->items : nullptr, object_meta}; }
bool Shape::is_map(const Value& value) const {
  return value.is_object() && !atomic && (schema == nullptr || !schema->atomic);
}
bool Shape::is_keyed_list(const Value& value) const {
  return value.is_array() && schema != nullptr && schema->list == Schema::List::map &&
         !schema->map_keys.empty();
}
bool Shape::is_set(const Value& value) const {
  return value.is_array() && schema != nullptr && schema->list == Schema::List::set;
}
namespace {

/// What a key is that an entry does not have. Required fields of Go's types have their zero value.
std::optional<Value> key_default(const Schema* items, const std::string& name) {
  const Field* field = items != nullptr ? items->field(name) : nullptr;
  if (field == nullptr) return std::nullopt;
  if (field->default_value) return field->default_value;
  const bool required =
      std::find(items->required.begin(), items->required.end(), name) != items->required.end();
  if (items->name.empty() || !required) return std::nullopt;
  return field->schema->kind == Schema::Kind::integer ? Value(0) : Value("");
}

}  // namespace

std::string Shape::key_of(const Value& entry) const {
  Object key;
  for (const std::string& name : schema->map_keys) {
    if (const Value* value = entry.find(name)) {
      key.set(name, *value);
    } else if (const auto otherwise = key_default(schema->items, name)) {
      key.set(name, *otherwise);
    }
  }
  return "k:" + json::dump(Value(std::move(key)));
}

namespace {

/// Calls `visit(element, shape, part)` for the parts of a value that are owned one by one.
template <class Visit>
bool each_part(const Shape& shape, const Value& value, Visit visit) {
  if (shape.is_map(value)) {
    for (const auto& member : value.as_object())
      visit("f:" + member.key, shape.member(member.key), member.value);
    return true;
  }
  if (shape.is_keyed_list(value)) {
    for (const Value& entry : value.as_array()) visit(shape.key_of(entry), shape.item(), entry);
    return true;
  }
  if (shape.is_set(value)) {
    for (const Value& entry : value.as_array()) visit("v:" + json::dump(entry), Shape{}, entry);
    return true;
  }
  return false;
}

const Value* part(const Shape& shape, const Value& value, const std::string& element) {
  if (element.starts_with("f:")) return value.find(std::string_view(element).substr(2));
  if (!value.is_array()) return nullptr;
  for (const Value& entry : value.as_array()) {
    if (element.starts_with("v:") ? "v:" + json::dump(entry) == element
                                  : shape.is_keyed_list(value) && shape.key_of(entry) == element) {
      return &entry;
    }
  }
  return nullptr;
}

Shape part_shape(const Shape& shape, const std::string& element) {
  return element.starts_with("f:") ? shape.member(std::string_view(element).substr(2))
                                   : shape.item();
}

/// Everything below a value that is new, with the parents themselves.
FieldSet added(const Shape& shape, const Value& value) {
  FieldSet out;
  const bool parts = each_part(
      shape, value, [&](const std::string& element, const Shape& next, const Value& inner) {
        out.set(element, added(next, inner));
      });
  if (parts && !out.empty()) out.set(".", Object{});
  return out;
}

}  // namespace

FieldSet fields_of(const Shape& shape, const Value& value) {
  FieldSet out;
  const bool list = value.is_array();
  each_part(shape, value, [&](const std::string& element, const Shape& next, const Value& inner) {
    FieldSet below = fields_of(next, inner);
    if (list && element.starts_with("k:") && next.is_map(inner)) below.set(".", Object{});
    // An empty map is a member, a list without entries is none.
    const bool parts = next.is_keyed_list(inner) || next.is_set(inner) ||
                       (next.is_map(inner) && !inner.as_object().empty());
    if (parts && below.empty()) return;
    // A key of a map is a member beside what is in it, a field of a type is not.
    if (element.starts_with("f:") && !below.empty() && !shape.has_field(element)) {
      below.set(".", Object{});
    }
    out.set(element, std::move(below));
  });
  return out;
}

void compare_fields(const Shape& shape, const Value& before, const Value& after, FieldSet& changed,
                    FieldSet& removed) {
  each_part(shape, after, [&](const std::string& element, const Shape& next, const Value& now) {
    const Value* old_value = part(shape, before, element);
    if (old_value == nullptr) {
      changed.set(element, added(next, now));
      return;
    }
    if (*old_value == now) return;
    const bool mixed = old_value->type() != now.type();
    const bool divisible = next.is_map(now) || next.is_keyed_list(now) || next.is_set(now);
    if (mixed || !divisible) {
      changed.set(element, Object{});
      return;
    }
    FieldSet inner_changed, inner_removed;
    compare_fields(next, *old_value, now, inner_changed, inner_removed);
    if (!inner_changed.empty()) changed.set(element, std::move(inner_changed));
    if (!inner_removed.empty()) removed.set(element, std::move(inner_removed));
  });
  each_part(shape, before,
            [&](const std::string& element, const Shape& next, const Value& old_value) {
              if (part(shape, after, element) == nullptr)
                removed.set(element, added(next, old_value));
            });
}

FieldSet unite(FieldSet a, const FieldSet& b) {
  for (const auto& member : b) {
    Value* present = a.find(member.key);
    if (present == nullptr) {
      a.set(member.key, member.value);
      continue;
    }
    FieldSet left = present->as_object();
    const FieldSet& right = member.value.as_object();
    // A leaf that becomes a parent stays a member by itself.
    if (left.empty() != right.empty()) left.set(".", Object{});
    *present = Value(unite(std::move(left), right));
  }
  return a;
}

FieldSet subtract(const FieldSet& a, const FieldSet& b) {
  FieldSet out;
  for (const auto& member : a) {
    const Value* other = b.find(member.key);
    if (other == nullptr) {
      out.set(member.key, member.value);
      continue;
    }
    const FieldSet& left = member.value.as_object();
    const FieldSet& right = other->as_object();
    if (left.empty()) {
      if (!right.empty() && !right.contains(".")) out.set(member.key, Object{});
      continue;
    }
    if (right.empty()) {  // the whole value was changed or removed
      FieldSet rest = left;
      rest.erase(".");
      continue;
    }
    FieldSet rest = subtract(left, right);
    if (!rest.empty()) {
      out.set(member.key,
              rest.size() == 1 && rest.contains(".") ? Value(Object{}) : Value(std::move(rest)));
    }
  }
  return out;
}

void remove_fields(const Shape& shape, Value& value, const FieldSet& gone, bool keep_empty) {
  for (const auto& member : gone) {
    if (member.key == ".") continue;
    const Value* present = part(shape, value, member.key);
    if (present == nullptr) continue;
    Value& inner = const_cast<Value&>(*present);
    const FieldSet& below = member.value.as_object();
    bool erase = below.empty() || below.contains(".");
    if (!erase) {
      const bool keep = keep_empty && !(shape.has_metadata() && member.key == "f:metadata");
      remove_fields(part_shape(shape, member.key), inner, below, keep);
      erase = !keep && ((inner.is_object() && inner.as_object().empty()) ||
                        (inner.is_array() && inner.as_array().empty()));
    }
    if (!erase) continue;
    if (member.key.starts_with("f:")) {
      value.as_object().erase(member.key.substr(2));
    } else {
      Array& list = value.as_array();
      list.erase(list.begin() + (present - list.data()));
    }
  }
}

namespace {

std::vector<std::string> elements_of(const Shape& shape, const Array& list) {
  const bool keyed = shape.is_keyed_list(Value(Array{}));
  std::vector<std::string> out;
  for (const Value& entry : list) out.push_back(keyed ? shape.key_of(entry) : json::dump(entry));
  return out;
}

/// The entries of both lists in the server's order: those that were applied in theirs, each other
/// one behind the entries that it followed.
Array merge_lists(const Shape& shape, Array live, const Array& applied) {
  const auto left = elements_of(shape, live), right = elements_of(shape, applied);
  const auto place = [](const std::vector<std::string>& in, const std::string& element) {
    return static_cast<std::size_t>(std::find(in.begin(), in.end(), element) - in.begin());
  };
  std::set<std::string> taken;
  std::vector<std::string> shared;
  for (const std::string& element : right) {
    if (place(left, element) < left.size()) shared.push_back(element);
  }
  Array out;
  std::size_t next_shared = 0;
  const auto take = [&](std::size_t r) {
    const std::size_t l = place(left, right[r]);
    out.push_back(l == left.size() ? applied[r] : merge_applied(shape.item(), live[l], applied[r]));
    taken.insert(right[r]);
    if (next_shared < shared.size() && shared[next_shared] == right[r]) ++next_shared;
  };
  for (std::size_t l = 0, r = 0; l < left.size() || r < right.size();) {
    const bool in_both = l < left.size() && place(right, left[l]) < right.size();
    if (l < left.size() && r < right.size()) {
      if (left[l] == right[r]) {
        take(r++);
        ++l;
        continue;
      }
      if (in_both && next_shared < shared.size() && shared[next_shared] != left[l]) {
        ++l;  // its turn comes with the applied list
        continue;
      }
    }
    if (l < left.size() && !in_both) {
      out.push_back(std::move(live[l++]));
      continue;
    }
    if (l < left.size() && taken.contains(left[l])) ++l;
    if (r < right.size()) take(r++);
  }
  return out;
}

}  // namespace

Value merge_applied(const Shape& shape, Value live, const Value& applied) {
  if (shape.is_map(applied) && live.is_object()) {
    for (const auto& member : applied.as_object()) {
      Value* present = live.find(member.key);
      Value merged =
          merge_applied(shape.member(member.key),
                        present != nullptr ? std::move(*present) : Value(), member.value);
      live[std::string_view(member.key)] = std::move(merged);
    }
    return live;
  }
  if ((shape.is_keyed_list(applied) || shape.is_set(applied)) && live.is_array()) {
    return merge_lists(shape, std::move(live.as_array()), applied.as_array());
  }
  return applied;
}

namespace {

std::string path_element(const std::string& element) {
  if (element.starts_with("f:")) return "." + element.substr(2);
  if (element.starts_with("v:")) return "[=" + element.substr(2) + "]";
  std::string out;
  const auto key = json::parse(std::string_view(element).substr(2));
  if (key && key->is_object()) {
    for (const auto& member : key->as_object()) {
      out += fmt::format("{}{}={}", out.empty() ? "" : ",", member.key, json::dump(member.value));
    }
  }
  return "[" + out + "]";
}

}  // namespace

namespace {

std::string go_value(const Value& value) { return "&{" + show_go(value) + "}"; }

std::string_view go_type(const Value& value) {
  if (value.is_string()) return "string";
  if (value.is_bool()) return "bool";
  return value.is_array() ? "[]interface {}" : "map[string]interface {}";
}

std::string keyed_list_problem(const Shape& shape, const Value& value, const std::string& path) {
  std::vector<std::string> seen;
  const Array& list = value.as_array();
  const auto& names = shape.schema->map_keys;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool found = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return list[i].find(name) != nullptr || key_default(shape.schema->items, name);
    });
    if (!found) {
      return fmt::format(
          "{}: element {}: associative list with keys has an element that omits key "
          "field {} (and doesn't have default value)",
          path, i, json::dump(Value(names.front())));
    }
    const std::string key = shape.key_of(list[i]);
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      return fmt::format("{}: duplicate entries for key {}", path, path_element(key));
    }
    seen.push_back(key);
  }
  return "";
}

}  // namespace

namespace {

void typed_problems(const Shape& shape, const Value& value, const std::string& path,
                    std::vector<std::string>& out) {
  using Kind = Schema::Kind;
  if (shape.schema == nullptr || value.is_null()) return;
  const std::string at = path.empty() ? "." : path;
  switch (shape.schema->kind) {
    case Kind::string:
      if (!value.is_string())
        return out.push_back(at + ": expected string, got &value.valueUnstructured{Value:" +
                             show_go_syntax(value) + "}");
      return;
    case Kind::integer:
    case Kind::number:
      if (value.is_number()) return;
      return out.push_back(
          fmt::format("{}: expected numeric (int or float), got {}", at, go_type(value)));
    case Kind::int_or_string:
    case Kind::quantity:
      if (!value.is_object() && !value.is_array()) return;
      return out.push_back(at + ": expected any scalar, got " + go_value(value));
    case Kind::boolean:
      if (!value.is_bool()) return out.push_back(at + ": expected boolean, got " + go_value(value));
      return;
    case Kind::array:
      if (!value.is_array()) return out.push_back(at + ": expected list, got " + go_value(value));
      if (shape.is_keyed_list(value)) {
        if (auto problem = keyed_list_problem(shape, value, path); !problem.empty()) {
          return out.push_back(std::move(problem));
        }
      } else if (shape.is_set(value)) {
        const Array& entries = value.as_array();
        for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
          if (std::find(entries.begin(), entry, *entry) == entry) continue;
          return out.push_back(
              fmt::format("{}: duplicate entries for key [={}]", path, json::dump(*entry)));
        }
      }
      for (std::size_t i = 0; i < value.as_array().size(); ++i) {
        const Value& entry = value.as_array()[i];
        const std::string element = shape.is_keyed_list(value) ? path_element(shape.key_of(entry))
                                    : shape.is_set(value)      ? "[=" + json::dump(entry) + "]"
                                                               : fmt::format("[{}]", i);
        typed_problems(shape.item(), entry, path + element, out);
      }
      return;
    case Kind::object:
    case Kind::map:
      if (!value.is_object()) return out.push_back(at + ": expected map, got " + go_value(value));
      if (shape.schema->name.empty() && shape.schema->fields.empty() &&
          shape.schema->kind == Kind::object) {
        return;  // of a custom object: nothing is said of its members
      }
      for (const auto& member : value.as_object()) {
        const std::string inner = path + "." + member.key;
        const bool of_root =
            shape.has_metadata() &&
            (member.key == "apiVersion" || member.key == "kind" || member.key == "metadata");
        const bool known = of_root || shape.schema->kind == Kind::map ||
                           shape.schema->preserve_unknown ||
                           shape.schema->field(member.key) != nullptr;
        if (!known) {
          out.push_back(inner + ": field not declared in schema");
        } else {
          typed_problems(shape.member(member.key), member.value, inner, out);
        }
      }
      return;
    default:
      return;
  }
}

}  // namespace

std::string typed_problem(const Shape& shape, const Value& value) {
  std::vector<std::string> problems;
  typed_problems(shape, value, "", problems);
  if (problems.empty()) return "";
  if (problems.size() == 1) return problems.front();
  return fmt::format("errors:\n  {}", fmt::join(problems, "\n  "));
}

namespace {

bool is_member(const FieldSet& below) { return below.empty() || below.contains("."); }

void put_entry(FieldSet& out, const std::string& key, bool member, FieldSet below) {
  if (member && !below.empty()) below.set(".", Object{});
  if (member || !below.empty()) out.set(key, Value(std::move(below)));
}

void add_paths(const FieldSet& set, const std::string& at, std::vector<std::string>& out) {
  for (const auto& member : set) {
    if (member.key != "." && is_member(member.value.as_object())) {
      out.push_back(at + path_element(member.key));
    }
  }
  for (const auto& member : set) {
    if (member.key != ".") add_paths(member.value.as_object(), at + path_element(member.key), out);
  }
}

}  // namespace

FieldSet intersect(const FieldSet& a, const FieldSet& b) {
  FieldSet out;
  for (const auto& member : a) {
    const Value* other = b.find(member.key);
    if (other == nullptr || member.key == ".") continue;
    const FieldSet& left = member.value.as_object();
    const FieldSet& right = other->as_object();
    put_entry(out, member.key, is_member(left) && is_member(right), intersect(left, right));
  }
  return out;
}

FieldSet difference(const FieldSet& a, const FieldSet& b) {
  static const FieldSet none;
  FieldSet out;
  for (const auto& member : a) {
    if (member.key == ".") continue;
    const Value* other = b.find(member.key);
    const FieldSet& left = member.value.as_object();
    const FieldSet& right = other != nullptr ? other->as_object() : none;
    const bool stays = is_member(left) && (other == nullptr || !is_member(right));
    put_entry(out, member.key, stays, difference(left, right));
  }
  return out;
}

FieldSet but_named(const Shape& shape, const FieldSet& a, const FieldSet& b) {
  static const FieldSet none;
  FieldSet out;
  for (const auto& member : a) {
    if (member.key == ".") continue;
    const Value* other = b.find(member.key);
    const FieldSet& left = member.value.as_object();
    const FieldSet& right = other != nullptr ? other->as_object() : none;
    const bool field = shape.has_field(member.key);
    if ((field || is_member(left)) && (other == nullptr || !(field || is_member(right)))) {
      FieldSet whole = left;
      if (!whole.empty()) whole.set(".", Object{});
      out.set(member.key, Value(std::move(whole)));
      continue;
    }
    FieldSet rest = but_named(part_shape(shape, member.key), left, right);
    if (!rest.empty()) out.set(member.key, Value(std::move(rest)));
  }
  return out;
}

std::vector<std::string> paths_of(const FieldSet& set) {
  std::vector<std::string> out;
  add_paths(set, "", out);
  return out;
}

}  // namespace windlass::inline v0::api_server
