#include <algorithm>
#include <cstdint>
#include <utility>

#include <windlass/json/patch.hpp>
#include <windlass/meta/conversion.hpp>
#include <windlass/type/inspect.hpp>

namespace windlass::inline v0::meta {
namespace {

using json::Object;
using json::Value;
using type::Kind;
using type::Shape;

const Shape& inside(const Shape& shape) {
  const Shape* inner = &shape;
  while (inner->kind == Kind::optional) inner = inner->inner;
  return *inner;
}

bool has_name(const Shape& enumeration, const Value& value) {
  const std::string text = value.is_string() ? value.as_string() : json::dump(value);
  const auto& names = *enumeration.names;
  return std::find(names.begin(), names.end(), text) != names.end();
}

bool holds_integer(const Shape& to, const Value& value) {
  if (to.kind == Kind::float64 || to.kind == Kind::int64) return true;
  const auto number = value.as_integer();
  return to.kind == Kind::int32 && number >= INT32_MIN && number <= INT32_MAX;
}

bool holds(Value& value, const Shape& from_outside, const Shape& to_outside);

/// Takes out the members that `to` does not have.
void keep_members(Object& object, const type::Table& from, const type::Table& to) {
  for (auto it = object.begin(); it != object.end();) {
    const type::Field* there = to.find(it->key);
    const type::Field* here = from.find(it->key);
    const bool kept = there == nullptr  ? to.rest.shape != nullptr && here == nullptr
                      : here == nullptr ? inside(*there->shape).kind == Kind::any
                                        : holds(it->value, *here->shape, *there->shape);
    it = kept ? it + 1 : object.erase(it);
  }
}

bool holds_all(Value& value, const Shape& from, const Shape& to) {
  if (value.is_array()) {
    auto& list = value.as_array();
    return std::all_of(list.begin(), list.end(), [&](Value& v) { return holds(v, from, to); });
  }
  auto& map = value.as_object();
  return std::all_of(map.begin(), map.end(),
                     [&](json::Member& member) { return holds(member.value, from, to); });
}

bool holds(Value& value, const Shape& from_outside, const Shape& to_outside) {
  const Shape& from = inside(from_outside);
  const Shape& to = inside(to_outside);
  if (value.is_null()) return to_outside.kind == Kind::optional || to.kind == Kind::any;
  if (to.kind == Kind::any) return true;
  if (to.kind == Kind::enumeration) {
    return value.is_string() != to.numbers && has_name(to, value);
  }
  const bool integer = from.kind == Kind::int32 || from.kind == Kind::int64;
  if (integer) return holds_integer(to, value);
  if (from.kind == Kind::enumeration) return to.kind == Kind::string && value.is_string();
  if (from.kind != to.kind) return false;
  switch (to.kind) {
    case Kind::scalar:
      return from.scalar == to.scalar;
    case Kind::list:
    case Kind::map:
      return holds_all(value, *from.inner, *to.inner);
    case Kind::object:
      keep_members(value.as_object(), from.table(), to.table());
      return true;
    default:
      return true;
  }
}

/// What the annotation keeps, by apiVersion; taken out of the object.
Object take_kept(Value& object) {
  Value* metadata = object.find("metadata");
  Value* annotations = metadata == nullptr ? nullptr : metadata->find("annotations");
  const Value* kept = annotations == nullptr ? nullptr : annotations->find(kConversionAnnotation);
  if (kept == nullptr) return {};
  auto objects = json::parse(kept->string_or(""));
  const std::string name(kConversionAnnotation);
  if (!objects) throw Exception(objects.error().within("the annotation " + name));
  if (!objects->is_object()) {
    throw Exception(Errc::parse, "the annotation " + name + " is no object; remove it");
  }
  annotations->as_object().erase(kConversionAnnotation);
  if (annotations->as_object().empty()) metadata->as_object().erase("annotations");
  return std::move(objects->as_object());
}

/// Metadata is the same in all versions.
Value without_metadata(Value object) {
  object.as_object().erase("metadata");
  return object;
}

}  // namespace

void keep_common(Value& value, const Shape& from, const Shape& to) {
  // apiVersion and kind are no members of the tables
  keep_members(value.as_object(), from.table(), to.table());
}

Value convert(const Value& object, std::string_view target_api_version, const Step& there,
              const Step& back) {
  Value source = object;
  Object kept = take_kept(source);
  Value target = there(source);
  if (const Value* found = kept.find(target_api_version)) {
    const Value unchanged = without_metadata(there(back(*found)));
    const Value changes = json::create_merge_patch(unchanged, without_metadata(target));
    Value metadata = std::as_const(target)["metadata"];
    target = json::apply_merge_patch(*found, changes);
    if (!metadata.is_null()) target["metadata"] = std::move(metadata);
    kept.erase(target_api_version);
  }
  const Value whole = without_metadata(source);
  const auto version = std::as_const(source)["apiVersion"].string_or("");
  kept.erase(version);
  if (without_metadata(back(target)) != whole) kept.set(version, whole);
  if (!kept.empty()) {
    target["metadata"]["annotations"][kConversionAnnotation] = json::dump(std::move(kept));
  }
  return target;
}

}  // namespace windlass::inline v0::meta
