// JSON text: read, written, read again, as a document and into a type; patches between two
// documents (lines); streamed lists. The same bytes as if they were the compact form of an object.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <windlass/json/compact.hpp>
#include <windlass/json/patch.hpp>
#include <windlass/json/stream.hpp>
#include <windlass/json/value.hpp>

#include "../unit/type/widget.hpp"

namespace {

namespace json = windlass::json;

void expect(bool holds) {
  if (!holds) std::abort();
}

bool has_null(const json::Value& value) {
  if (value.is_null()) return true;
  if (value.is_array()) {
    for (const auto& element : value.as_array()) {
      if (has_null(element)) return true;
    }
  }
  if (value.is_object()) {
    for (const auto& [key, member] : value.as_object()) {
      if (has_null(member)) return true;
    }
  }
  return false;
}

void check_patches(const json::Value& before, const json::Value& after) {
  const auto patched = json::apply_json_patch(before, json::create_json_patch(before, after));
  expect(patched && *patched == after);
  // a merge patch cannot express null members
  if (has_null(after) || !after.is_object()) return;
  expect(json::apply_merge_patch(before, json::create_merge_patch(before, after)) == after);
}

/// A text is read into a type by itself and as an item of a list.
void check_typed(std::string_view text) {
  using example::Widget;
  const auto whole = json::decode<Widget>(std::string(text));
  const std::string list = R"({"items":[)" + std::string(text) + "]}";
  json::ListDecoder items(list);
  Widget item;
  const auto found = items.next(windlass::type::shape_of<Widget>, &item);
  if (!whole) return;
  expect(found && *found == json::ListDecoder::Next::decoded && item == *whole);
  const auto again = json::decode<Widget>(json::encode(*whole));
  expect(again && *again == *whole);
  const auto expanded = json::expand<Widget>(json::compact(*whole));
  expect(expanded && *expanded == *whole);
  expect(json::encode(*expanded) == json::encode(*whole));
}

/// Bytes of the compact form are read without harm; what they mean survives being written again.
void check_compact(std::string_view bytes) {
  using example::Widget;
  const auto read = json::expand<Widget>(bytes);
  if (!read) return;
  const auto again = json::expand<Widget>(json::compact(*read));
  expect(again.has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = std::min(text.find('\n'), text.size());
  const auto first = json::parse(text.substr(0, end));
  check_typed(text.substr(0, end));
  check_compact(text);
  (void)json::envelope(text);
  (void)json::for_each_item(text, [](std::string_view item) {
    (void)json::parse(item);
    return true;
  });
  if (!first) return 0;
  const auto again = json::parse(json::dump(*first));
  expect(again && *again == *first);
  const auto pretty = json::parse(json::dump_pretty(*first));
  expect(pretty && *pretty == *first);
  if (end == text.size()) return 0;
  const auto second = json::parse(text.substr(end + 1));
  if (!second) return 0;
  (void)json::apply_json_patch(*first, *second);
  check_patches(*first, *second);
  return 0;
}
