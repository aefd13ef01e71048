// Strategic merge patches: the merge keys and strategies come from the schemas.

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "handlers.hpp"

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

Value merge_value(const Schema* schema, const Field* field, Value live, const Value& patch);

Value without_directives(Value value) {
  if (value.is_array()) {
    for (Value& entry : value.as_array()) entry = without_directives(std::move(entry));
  } else if (value.is_object()) {
    Object& members = value.as_object();
    for (auto member = members.begin(); member != members.end();) {
      if (member->key.starts_with("$") || member->value.is_null()) {
        member = members.erase(member);
      } else {
        member->value = without_directives(std::move(member->value));
        ++member;
      }
    }
  }
  return value;
}

/// Puts entries in the order that `$setElementOrder` gives; others keep theirs behind.
void set_order(Array& list, const Value& order, const std::string& key) {
  if (!order.is_array()) return;
  const auto rank = [&](const Value& entry) {
    const Array& wanted = order.as_array();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (key.empty() ? wanted[i] == entry : wanted[i][key] == entry[key]) return i;
    }
    return wanted.size();
  };
  std::stable_sort(list.begin(), list.end(),
                   [&](const Value& a, const Value& b) { return rank(a) < rank(b); });
}

/// As the server orders a merged list: entries of the patch in its order, and each other one before
/// the first of them that came after it in the live list.
Array ordered(Array merged, const Array& live, const Array& patch, std::string_view key) {
  const auto place = [&](const Array& list, const Value& entry) {
    const auto found = std::find_if(list.begin(), list.end(), [&](const Value& other) {
      return key.empty() ? other == entry : other[key] == entry[key];
    });
    return found == list.end() ? -1 : static_cast<int>(found - list.begin());
  };
  Array named, others;
  for (Value& entry : merged)
    (place(patch, entry) >= 0 ? named : others).push_back(std::move(entry));
  std::stable_sort(named.begin(), named.end(), [&](const Value& a, const Value& b) {
    return place(patch, a) < place(patch, b);
  });
  std::size_t from = 0;
  for (Value& entry : others) {
    const int own = place(live, entry);
    while (from < named.size() && place(live, named[from]) <= own) ++from;
    named.insert(named.begin() + static_cast<std::ptrdiff_t>(from), std::move(entry));
    ++from;
  }
  return named;
}

Array merge_keyed_list(const Schema* items, const std::string& key, Array live,
                       const Array& patch) {
  for (const Value& entry : patch) {
    if (entry["$patch"].string_or("") == "replace") {
      Array fresh;
      for (const Value& other : patch) {
        if (other["$patch"].is_null()) fresh.push_back(without_directives(other));
      }
      return fresh;
    }
  }
  const Array before = live;
  for (const Value& entry : patch) {
    const Value& wanted = entry[key];
    if (wanted.is_null()) {
      throw Failure::plain(
          fmt::format("map: {} does not contain declared merge key: {}", show_go(entry), key));
    }
    const auto same = [&](const Value& other) { return other[key] == wanted; };
    const auto found = std::find_if(live.begin(), live.end(), same);
    if (entry["$patch"].string_or("") == "merge") {
      throw Failure::plain("merging lists cannot yet be specified in the patch");
    }
    if (entry["$patch"].string_or("") == "delete") {
      std::erase_if(live, same);
    } else if (found == live.end()) {
      live.push_back(without_directives(entry));
    } else {
      *found = merge_value(items, nullptr, std::move(*found), entry);
    }
  }
  return ordered(std::move(live), before, patch, key);
}

Array merge_set(Array live, const Array& patch) {
  const Array before = live;
  for (const Value& entry : patch) {
    if (std::find(live.begin(), live.end(), entry) == live.end()) live.push_back(entry);
  }
  return ordered(std::move(live), before, patch, "");
}

/// Each entry of the patch, but for those that it deletes, stands in the order that it gives.
void check_order(const Value& list, const Value& order, const std::string& key) {
  if (!list.is_array()) return;
  if (!order.is_array()) {
    throw Failure::plain(fmt::format("expected a []interface {{}}, but received a {}",
                                     order.is_string() ? "string" : "value of another type"));
  }
  const Array& wanted = order.as_array();
  std::size_t at = 0;
  for (const Value& entry : list.as_array()) {
    if (entry.is_object() && entry["$patch"].is_string()) continue;
    while (at < wanted.size() &&
           !(key.empty() ? wanted[at] == entry : wanted[at][key] == entry[key])) {
      ++at;
    }
    if (at++ < wanted.size()) continue;
    throw Failure::plain(
        fmt::format("The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
                    show_go(list), show_go(order)));
  }
}

void check_retained(const Array& keep, const Object& patch) {
  for (const auto& member : patch) {
    if (member.value.is_null() || member.key.starts_with("$")) continue;
    if (std::find(keep.begin(), keep.end(), Value(member.key)) == keep.end()) {
      throw Failure::bad_request("invalid patch format of retainKeys");
    }
  }
}

Value merge_object(const Schema* schema, Object live, const Object& patch) {
  for (const auto& member : patch) {
    if (member.key.starts_with("$deleteFromPrimitiveList/")) {
      Value* list = live.find(member.key.substr(25));
      if (list == nullptr || !list->is_array() || !member.value.is_array()) continue;
      for (const Value& gone : member.value.as_array()) std::erase(list->as_array(), gone);
    }
  }
  if (const Value* keep = patch.find("$retainKeys"); keep != nullptr) {
    if (!keep->is_array()) throw Failure::bad_request("invalid patch format of retainKeys");
    check_retained(keep->as_array(), patch);
    for (auto member = live.begin(); member != live.end();) {
      const auto& wanted = keep->as_array();
      member = std::find(wanted.begin(), wanted.end(), Value(member->key)) == wanted.end()
                   ? live.erase(member)
                   : member + 1;
    }
  }
  for (const auto& member : patch) {
    if (!member.key.starts_with("$setElementOrder/")) continue;
    const std::string name = member.key.substr(17);
    const Field* field = schema != nullptr ? schema->field(name) : nullptr;
    const Value* list = patch.find(name);
    if (list != nullptr) check_order(*list, member.value, field != nullptr ? field->merge_key : "");
  }
  for (const auto& member : patch) {
    if (member.key.starts_with("$")) continue;
    if (member.value.is_null()) {
      live.erase(member.key);
      continue;
    }
    const Field* field = schema != nullptr ? schema->field(member.key) : nullptr;
    const Schema* next = field != nullptr    ? field->schema
                         : schema != nullptr ? schema->values
                                             : nullptr;
    Value* present = live.find(member.key);
    Value merged =
        merge_value(next, field, present != nullptr ? std::move(*present) : Value(), member.value);
    live.set(member.key, std::move(merged));
  }
  for (const auto& member : patch) {
    if (!member.key.starts_with("$setElementOrder/")) continue;
    const std::string name = member.key.substr(17);
    Value* list = live.find(name);
    const Field* field = schema != nullptr ? schema->field(name) : nullptr;
    if (list != nullptr && list->is_array()) {
      set_order(list->as_array(), member.value, field != nullptr ? field->merge_key : "");
    }
  }
  return Value(std::move(live));
}

Value merge_value(const Schema* schema, const Field* field, Value live, const Value& patch) {
  if (patch.is_object()) {
    const std::string directive(patch["$patch"].string_or("merge"));
    if (directive != "replace" && directive != "delete" &&
        !(directive == "merge" && patch["$patch"].is_null())) {
      throw Failure::plain(
          fmt::format("unknown patch type: {} in map: {}", directive, show_go(patch)));
    }
    if (patch["$patch"].string_or("") == "replace") return without_directives(patch);
    if (patch["$patch"].string_or("") == "delete") return nullptr;
    Object base;
    if (live.is_object()) base = std::move(live.as_object());
    return merge_object(schema, std::move(base), patch.as_object());
  }
  if (patch.is_array() && field != nullptr && field->merge) {
    Array base;
    if (live.is_array()) base = std::move(live.as_array());
    if (field->merge_key.empty()) return merge_set(std::move(base), patch.as_array());
    return merge_keyed_list(schema != nullptr ? schema->items : nullptr, field->merge_key,
                            std::move(base), patch.as_array());
  }
  return patch;
}

}  // namespace

Value strategic_merge(const Schema* schema, Value object, const Value& patch) {
  const Value version = std::as_const(object)["apiVersion"], kind = std::as_const(object)["kind"];
  Value merged = merge_value(schema, nullptr, std::move(object), patch);
  if (!merged.is_object()) return merged;
  // What replaces an object is still one of its kind.
  if (merged.find("apiVersion") == nullptr) merged["apiVersion"] = version;
  if (merged.find("kind") == nullptr) merged["kind"] = kind;
  return merged;
}

}  // namespace windlass::inline v0::api_server
