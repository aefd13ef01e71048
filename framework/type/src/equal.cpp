#include <windlass/type/inspect.hpp>

namespace windlass::inline v0::type {
namespace {

template <class T>
bool same(Ref a, Ref b) {
  return *static_cast<const T*>(a.value) == *static_cast<const T*>(b.value);
}

bool equal_objects(Ref a, Ref b) {
  const Table& table = a.shape->table();
  for (const Field& field : table.fields) {
    if (!equal(member(a.value, field), member(b.value, field))) return false;
  }
  return table.rest.shape == nullptr ||
         equal(member(a.value, table.rest), member(b.value, table.rest));
}

bool equal_lists(Ref a, Ref b) {
  const ListView left = a.shape->list->view(a.value);
  const ListView right = b.shape->list->view(b.value);
  if (left.count != right.count) return false;
  const Shape& inner = *a.shape->inner;
  for (std::size_t i = 0; i < left.count; ++i) {
    const std::size_t at = i * inner.size;
    if (!equal({&inner, left.data + at}, {&inner, right.data + at})) return false;
  }
  return true;
}

bool equal_maps(Ref a, Ref b) {
  const MapOps& ops = *a.shape->map;
  const MapView left = ops.view(a.value);
  const MapView right = ops.view(b.value);
  if (left.count != right.count) return false;
  const Shape& inner = *a.shape->inner;
  for (std::size_t i = 0; i < left.count; ++i) {
    const std::byte* x = left.data + i * ops.entry_size;
    const std::byte* y = right.data + i * ops.entry_size;
    if (*reinterpret_cast<const std::string*>(x) != *reinterpret_cast<const std::string*>(y)) {
      return false;
    }
    if (!equal({&inner, x + ops.value_offset}, {&inner, y + ops.value_offset})) return false;
  }
  return true;
}

bool is_null(Ref optional) {
  const auto& ops = *optional.shape->optional;
  return ops.is_null != nullptr && ops.is_null(optional.value);
}

bool equal_optionals(Ref a, Ref b) {
  const void* left = a.shape->optional->get(a.value);
  const void* right = b.shape->optional->get(b.value);
  if (left == nullptr || right == nullptr) return left == right && is_null(a) == is_null(b);
  return equal({a.shape->inner, left}, {b.shape->inner, right});
}

}  // namespace

bool equal(Ref a, Ref b) {
  switch (a.shape->kind) {
    case Kind::boolean:
      return same<bool>(a, b);
    case Kind::int32:
      return same<std::int32_t>(a, b);
    case Kind::int64:
      return same<std::int64_t>(a, b);
    case Kind::float64:
      return same<double>(a, b);
    case Kind::string:
      return same<std::string>(a, b);
    case Kind::raw:
      return same<RawJson>(a, b);
    case Kind::scalar:
      return a.shape->scalar->equal(a.value, b.value);
    case Kind::any:
      return a.shape->any->equal(a.value, b.value);
    case Kind::enumeration:
      return enum_index(a) == enum_index(b);
    case Kind::object:
      return equal_objects(a, b);
    case Kind::list:
      return equal_lists(a, b);
    case Kind::map:
      return equal_maps(a, b);
    case Kind::optional:
      return equal_optionals(a, b);
  }
  return false;
}

int enum_index(Ref ref) {
  std::uint64_t index = 0;
  switch (ref.shape->size) {
    case 1:
      index = *static_cast<const std::uint8_t*>(ref.value);
      break;
    case 2:
      index = *static_cast<const std::uint16_t*>(ref.value);
      break;
    case 4:
      index = *static_cast<const std::uint32_t*>(ref.value);
      break;
    default:
      index = *static_cast<const std::uint64_t*>(ref.value);
      break;
  }
  return index < ref.shape->names->size() ? static_cast<int>(index) : -1;
}

}  // namespace windlass::inline v0::type
