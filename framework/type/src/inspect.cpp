#include <windlass/type/inspect.hpp>
#include <windlass/type/path.hpp>

namespace windlass::inline v0::type {

Ref unwrap(Ref ref) {
  while (ref && ref.shape->kind == Kind::optional) {
    ref = {ref.shape->inner, ref.shape->optional->get(ref.value)};
  }
  return ref ? ref : Ref{};
}

namespace {

bool is_empty_object(Ref ref) {
  const Table& table = ref.shape->table();
  for (const Field& field : table.fields) {
    if (field.presence == Presence::required || !is_empty(member(ref.value, field))) return false;
  }
  return table.rest.shape == nullptr || is_empty(member(ref.value, table.rest));
}

}  // namespace

bool is_empty(Ref ref) {
  switch (ref.shape->kind) {
    case Kind::boolean:
      return !*static_cast<const bool*>(ref.value);
    case Kind::int32:
      return *static_cast<const std::int32_t*>(ref.value) == 0;
    case Kind::int64:
      return *static_cast<const std::int64_t*>(ref.value) == 0;
    case Kind::float64:
      return *static_cast<const double*>(ref.value) == 0;
    case Kind::string:
      return static_cast<const std::string*>(ref.value)->empty();
    case Kind::raw:
      return static_cast<const RawJson*>(ref.value)->empty();
    case Kind::scalar:
      return ref.shape->scalar->is_empty(ref.value);
    case Kind::enumeration:
      return false;
    case Kind::any:
      return ref.shape->any->is_null(ref.value);
    case Kind::object:
      return is_empty_object(ref);
    case Kind::list:
    case Kind::map:
      return count(ref) == 0;
    case Kind::optional: {
      const auto& ops = *ref.shape->optional;
      return ops.get(ref.value) == nullptr && (ops.is_null == nullptr || !ops.is_null(ref.value));
    }
  }
  return false;
}

void clear(const Shape& shape, void* target) {
  switch (shape.kind) {
    case Kind::boolean:
      *static_cast<bool*>(target) = false;
      return;
    case Kind::int32:
      *static_cast<std::int32_t*>(target) = 0;
      return;
    case Kind::int64:
      *static_cast<std::int64_t*>(target) = 0;
      return;
    case Kind::float64:
      *static_cast<double*>(target) = 0;
      return;
    case Kind::string:
      static_cast<std::string*>(target)->clear();
      return;
    case Kind::raw:
      static_cast<RawJson*>(target)->text.clear();
      return;
    case Kind::scalar:
      shape.scalar->clear(target);
      return;
    case Kind::enumeration:
      set_enum(shape, target, 0);
      return;
    case Kind::any:
      shape.any->clear(target);
      return;
    case Kind::list:
      shape.list->clear(target);
      return;
    case Kind::map:
      shape.map->clear(target);
      return;
    case Kind::optional:
      shape.optional->reset(target);
      return;
    case Kind::object:
      break;
  }
  const Table& table = shape.table();
  auto* const bytes = static_cast<std::byte*>(target);
  for (const Field& field : table.fields) clear(*field.shape, bytes + field.offset);
  if (table.rest.shape != nullptr) clear(*table.rest.shape, bytes + table.rest.offset);
}

std::string_view enum_name(Ref ref) {
  const int index = enum_index(ref);
  return index < 0 ? std::string_view() : (*ref.shape->names)[static_cast<std::size_t>(index)];
}

void set_enum(const Shape& shape, void* target, std::size_t index) {
  switch (shape.size) {
    case 1:
      *static_cast<std::uint8_t*>(target) = static_cast<std::uint8_t>(index);
      return;
    case 2:
      *static_cast<std::uint16_t*>(target) = static_cast<std::uint16_t>(index);
      return;
    case 4:
      *static_cast<std::uint32_t*>(target) = static_cast<std::uint32_t>(index);
      return;
    default:
      *static_cast<std::uint64_t*>(target) = index;
      return;
  }
}

void for_each_element(Ref list, const std::function<void(Ref)>& visit) {
  const ListView view = list.shape->list->view(list.value);
  const Shape& inner = *list.shape->inner;
  for (std::size_t i = 0; i < view.count; ++i) visit({&inner, view.data + i * inner.size});
}

void for_each_entry(Ref map, const std::function<void(std::string_view, Ref)>& visit) {
  const MapOps& ops = *map.shape->map;
  const MapView view = ops.view(map.value);
  for (std::size_t i = 0; i < view.count; ++i) {
    const std::byte* entry = view.data + i * ops.entry_size;
    visit(*reinterpret_cast<const std::string*>(entry),
          {map.shape->inner, entry + ops.value_offset});
  }
}

Ref element(Ref list, std::size_t index) {
  const ListView view = list.shape->list->view(list.value);
  if (index >= view.count) return {};
  return {list.shape->inner, view.data + index * list.shape->inner->size};
}

std::size_t count(Ref ref) {
  return ref.shape->kind == Kind::list ? ref.shape->list->view(ref.value).count
                                       : ref.shape->map->view(ref.value).count;
}

Ref find(Ref map, std::string_view key) {
  const MapOps& ops = *map.shape->map;
  const MapView view = ops.view(map.value);
  std::size_t low = 0;
  std::size_t high = view.count;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const std::byte* entry = view.data + middle * ops.entry_size;
    const auto& found = *reinterpret_cast<const std::string*>(entry);
    if (found == key) return {map.shape->inner, entry + ops.value_offset};
    if (found < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return {};
}

namespace {

Error no_such(std::string_view what, const Path& path, std::size_t step) {
  return {Errc::invalid_argument, "path \"" + std::string(path.text) + "\": " + std::string(what) +
                                      " \"" + std::string(path.steps[step].name) + "\""};
}

/// What `shape` leads to by this step, looking at types only; null when it leads nowhere.
Result<Ref> follow(Ref ref, const Shape& shape, const Path& path, std::size_t step) {
  const Step& here = path.steps[step];
  switch (shape.kind) {
    case Kind::optional: {
      const Ref inner = ref ? Ref{shape.inner, shape.optional->get(ref.value)} : Ref{shape.inner};
      return follow(inner, *shape.inner, path, step);
    }
    case Kind::object: {
      const Table& table = shape.table();
      const Field* field = here.is_index ? nullptr : table.find(here.name);
      if (field == nullptr) return no_such(std::string(table.name) + " has no field", path, step);
      return ref ? member(ref.value, *field) : Ref{field->shape, nullptr};
    }
    case Kind::list: {
      if (!here.is_index) return no_such("a list has no field", path, step);
      const Ref found = ref ? element(ref, here.index) : Ref{};
      return found ? found : Ref{shape.inner, nullptr};
    }
    case Kind::map: {
      const Ref found = ref ? find(ref, here.name) : Ref{};
      return found ? found : Ref{shape.inner, nullptr};
    }
    case Kind::any: {
      if (!ref) return Ref{&shape, nullptr};
      return Ref{&shape, here.is_index ? shape.any->at(ref.value, here.index)
                                       : shape.any->find(ref.value, here.name)};
    }
    default:
      return no_such("a scalar has no field", path, step);
  }
}

}  // namespace

Result<Ref> get(Ref root, std::string_view text) {
  auto path = parse_path(text);
  if (!path) return path.error();
  Ref ref = root;
  for (std::size_t i = 0; i < path->steps.size(); ++i) {
    auto next = follow(ref, *ref.shape, *path, i);
    if (!next) return next.error();
    ref = *next;
  }
  return unwrap(ref);
}

}  // namespace windlass::inline v0::type
