#include <windlass/json/value.hpp>

namespace windlass::inline v0::type {
namespace {

const json::Value& as_value(const void* value) { return *static_cast<const json::Value*>(value); }

std::size_t block(std::size_t bytes) {  // as glibc rounds it
  return bytes == 0 ? 0 : bytes + 8 <= 32 ? 32 : (bytes + 8 + 15) / 16 * 16;
}

std::size_t text_bytes(const std::string& text) {
  return text.capacity() > 15 ? block(text.capacity() + 1) : 0;
}

std::size_t bytes_of(const json::Value& value) {
  std::size_t total = 0;
  if (value.is_string()) {
    total = text_bytes(value.as_string());
  } else if (value.is_array()) {
    const auto& array = value.as_array();
    total = block(sizeof(json::Array)) + block(array.capacity() * sizeof(json::Value));
    for (const auto& element : array) total += bytes_of(element);
  } else if (value.is_object()) {
    const auto& object = value.as_object();
    total = block(sizeof(json::Object)) + block(object.size() * sizeof(json::Member));
    for (const auto& [key, member] : object) total += text_bytes(key) + bytes_of(member);
  }
  return total;
}

}  // namespace

bool AnyTraits<json::Value>::is_null(const void* value) { return as_value(value).is_null(); }
bool AnyTraits<json::Value>::equal(const void* a, const void* b) {
  return as_value(a) == as_value(b);
}
void AnyTraits<json::Value>::clear(void* value) { *static_cast<json::Value*>(value) = nullptr; }
std::size_t AnyTraits<json::Value>::heap_bytes(const void* value) {
  return bytes_of(as_value(value));
}
const void* AnyTraits<json::Value>::find(const void* value, std::string_view key) {
  return as_value(value).find(key);
}
const void* AnyTraits<json::Value>::at(const void* value, std::size_t index) {
  const json::Value& array = as_value(value);
  return array.is_array() && index < array.as_array().size() ? &array.as_array()[index] : nullptr;
}
std::string_view AnyTraits<json::Value>::type_name(const void* value) {
  return json::to_string(as_value(value).type());
}

}  // namespace windlass::inline v0::type
