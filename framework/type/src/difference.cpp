#include <windlass/type/inspect.hpp>

namespace windlass::inline v0::type {
namespace {

bool is_null(Ref ref) {
  if (!ref || ref.shape->kind != Kind::optional) return false;
  const auto& ops = *ref.shape->optional;
  return ops.is_null != nullptr && ops.is_null(ref.value);
}

class Differ {
 public:
  void compare(Ref before, Ref after) {
    if (is_null(before) != is_null(after) && !unwrap(before) && !unwrap(after)) {
      return changed(before, after);  // absent and null
    }
    before = unwrap(before);
    after = unwrap(after);
    if (!before && !after) return;
    if (!before || !after) return changed(before, after);
    switch (before.shape->kind) {
      case Kind::object:
        return compare_objects(before, after);
      case Kind::list:
        return compare_lists(before, after);
      case Kind::map:
        return compare_maps(before, after);
      default:
        if (!equal(before, after)) changed(before, after);
    }
  }
  std::vector<Change> take() { return std::move(changes_); }

 private:
  void changed(Ref before, Ref after) { changes_.push_back({path_, before, after}); }

  void descend(const std::string& step, Ref before, Ref after) {
    const std::size_t size = path_.size();
    path_ += step;
    compare(before, after);
    path_.resize(size);
  }

  void compare_objects(Ref before, Ref after) {
    const Table& table = before.shape->table();
    for (const Field& field : table.fields) {
      const std::string step = (path_.empty() ? "" : ".") + std::string(field.name);
      const Ref old_member = member(before.value, field);
      const Ref new_member = member(after.value, field);
      const bool was_empty = is_empty(old_member);
      const bool now_empty = is_empty(new_member);
      const bool omittable = field.presence == Presence::optional;
      descend(step, omittable && was_empty ? Ref{} : old_member,
              omittable && now_empty ? Ref{} : new_member);
    }
    if (table.rest.shape != nullptr) {
      compare(member(before.value, table.rest), member(after.value, table.rest));
    }
  }

  void compare_lists(Ref before, Ref after) {
    const std::size_t old_count = count(before);
    const std::size_t new_count = count(after);
    for (std::size_t i = 0; i < std::max(old_count, new_count); ++i) {
      descend('[' + std::to_string(i) + ']', element(before, i), element(after, i));
    }
  }

  void compare_maps(Ref before, Ref after) {
    for_each_entry(before, [&](std::string_view key, Ref value) {
      descend('[' + std::string(key) + ']', value, find(after, key));
    });
    for_each_entry(after, [&](std::string_view key, Ref value) {
      if (!find(before, key)) descend('[' + std::string(key) + ']', {}, value);
    });
  }

  std::string path_;
  std::vector<Change> changes_;
};

std::size_t block(std::size_t bytes) {  // as glibc rounds it
  return bytes == 0 ? 0 : bytes + 8 <= 32 ? 32 : (bytes + 8 + 15) / 16 * 16;
}

std::size_t text_bytes(const std::string& text) {
  return text.capacity() > 15 ? block(text.capacity() + 1) : 0;
}

std::size_t object_bytes(Ref ref) {
  const Table& table = ref.shape->table();
  std::size_t total = 0;
  for (const Field& field : table.fields) total += heap_bytes(member(ref.value, field));
  if (table.rest.shape != nullptr) total += heap_bytes(member(ref.value, table.rest));
  return total;
}

std::size_t map_bytes(Ref ref) {
  const MapOps& ops = *ref.shape->map;
  const MapView view = ops.view(ref.value);
  std::size_t total = block(view.capacity * ops.entry_size);
  for (std::size_t i = 0; i < view.count; ++i) {
    const std::byte* entry = view.data + i * ops.entry_size;
    total += text_bytes(*reinterpret_cast<const std::string*>(entry));
    total += heap_bytes({ref.shape->inner, entry + ops.value_offset});
  }
  return total;
}

}  // namespace

std::vector<Change> difference(Ref before, Ref after) {
  Differ differ;
  differ.compare(before, after);
  return differ.take();
}

std::size_t heap_bytes(Ref ref) {
  switch (ref.shape->kind) {
    case Kind::string:
      return text_bytes(*static_cast<const std::string*>(ref.value));
    case Kind::raw:
      return text_bytes(static_cast<const RawJson*>(ref.value)->text);
    case Kind::scalar:
      return ref.shape->scalar->heap_bytes(ref.value);
    case Kind::any:
      return ref.shape->any->heap_bytes(ref.value);
    case Kind::object:
      return object_bytes(ref);
    case Kind::map:
      return map_bytes(ref);
    case Kind::list: {
      std::size_t total = block(ref.shape->list->view(ref.value).capacity * ref.shape->inner->size);
      for_each_element(ref, [&](Ref element) { total += heap_bytes(element); });
      return total;
    }
    case Kind::optional: {
      const Ref content = unwrap(ref);
      if (!content) return 0;
      const bool on_heap = ref.shape->optional->on_heap;
      return (on_heap ? block(ref.shape->inner->size) : 0) + heap_bytes(content);
    }
    default:
      return 0;
  }
}

}  // namespace windlass::inline v0::type
