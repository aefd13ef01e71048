#include <windlass/json/table.hpp>
#include <windlass/type/inspect.hpp>
#include <windlass/type/path.hpp>

namespace windlass::inline v0::json {

using type::Field;
using type::Kind;
using type::Ref;
using type::Shape;

namespace {

const Value& follow(const Value& value, const type::Step& step) {
  if (!step.is_index) return value[step.name];
  if (value.is_array() && step.index < value.as_array().size()) return value.as_array()[step.index];
  static const Value none;
  return none;
}

bool takes_default(const Field& field, const type::Constraints* constraints, const void* member) {
  if (constraints == nullptr || constraints->default_json.empty()) return false;
  switch (field.shape->kind) {
    case Kind::optional:
    case Kind::string:
    case Kind::list:
    case Kind::map:
    case Kind::any:
      return type::is_empty({field.shape, member});
    default:
      return false;  // whether a plain number or bool was given cannot be told
  }
}

const type::Constraints* member_constraints(const type::Constraints* outer, std::string_view name) {
  if (outer == nullptr || outer->demands == nullptr) return nullptr;
  for (const auto& [member, constraints] : outer->demands->members) {
    if (member == name) return constraints;
  }
  return nullptr;
}

Result<void> apply(const Shape& shape, void* target, const type::Constraints* constraints);

Result<void> apply_to_elements(const Shape& shape, void* target,
                               const type::Constraints* constraints) {
  const type::Constraints* const items = constraints == nullptr ? nullptr : constraints->items;
  const bool list = shape.kind == Kind::list;
  const auto view_list = list ? shape.list->view(target) : type::ListView{};
  const auto view_map = list ? type::MapView{} : shape.map->view(target);
  const std::size_t count = list ? view_list.count : view_map.count;
  const std::size_t stride = list ? shape.inner->size : shape.map->entry_size;
  const std::size_t offset = list ? 0 : shape.map->value_offset;
  const std::byte* data = list ? view_list.data : view_map.data;
  for (std::size_t i = 0; i < count; ++i) {
    auto done = apply(*shape.inner, const_cast<std::byte*>(data + i * stride + offset), items);
    if (!done) return done;
  }
  return {};
}

Result<void> apply_to_object(const type::Table& table, void* object,
                             const type::Constraints* outer) {
  for (const Field& field : table.fields) {
    void* const member = static_cast<std::byte*>(object) + field.offset;
    // what is said where the type is used comes before what the type says
    const type::Constraints* constraints = member_constraints(outer, field.name);
    if (constraints == nullptr) constraints = field.constraints;
    if (takes_default(field, constraints, member)) {
      auto read = decode_into(constraints->default_json, *field.shape, member);
      if (!read) {
        return Error{Errc::internal, "default of " + std::string(table.name) + "." +
                                         std::string(field.name) + ": " + read.error().message};
      }
    }
    if (auto done = apply(*field.shape, member, constraints); !done) return done;
  }
  return {};
}

Result<void> apply(const Shape& shape, void* target, const type::Constraints* constraints) {
  switch (shape.kind) {
    case Kind::object:
      return apply_to_object(shape.table(), target, constraints);
    case Kind::optional: {
      const void* content = shape.optional->get(target);
      if (content == nullptr) return {};
      return apply(*shape.inner, const_cast<void*>(content), constraints);
    }
    case Kind::list:
    case Kind::map:
      return apply_to_elements(shape, target, constraints);
    default:
      return {};
  }
}

}  // namespace

Result<void> apply_defaults(const Shape& shape, void* target) {
  return apply(shape, target, nullptr);
}

Result<Value> get(const Value& root, std::string_view path) {
  const auto steps = type::parse_path(path);
  if (!steps) return steps.error();
  const Value* value = &root;
  for (const auto& step : steps->steps) value = &follow(*value, step);
  return *value;
}

Result<Value> get(Ref root, std::string_view path) {
  const auto found = type::get(root, path);
  if (!found) return found.error();
  if (!*found) return Value();
  return to_value(*found);
}

}  // namespace windlass::inline v0::json
