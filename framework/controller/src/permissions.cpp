#include <algorithm>
#include <string_view>
#include <tuple>
#include <vector>

#include <windlass/controller/permissions.hpp>

extern "C" {
// the linker's names for the ends of the section; null when there is none
extern const windlass::controller::UseRecord __start_windlass_uses[]
    __attribute__((weak, visibility("hidden")));
extern const windlass::controller::UseRecord __stop_windlass_uses[]
    __attribute__((weak, visibility("hidden")));
}

namespace windlass::inline v0::controller {
namespace {

std::string_view to_string(Use use) {
  switch (use) {
    case Use::reconcile:
      return "reconcile";
    case Use::watch:
      return "watch";
    case Use::get:
      return "get";
    case Use::apply:
      return "apply";
    case Use::create:
      return "create";
    case Use::patch:
      return "patch";
    case Use::update_status:
      return "updateStatus";
    case Use::remove:
      return "remove";
    case Use::event:
      return "event";
  }
  return "";
}

}  // namespace

std::span<const UseRecord> recorded_uses() {
  const UseRecord* first = __start_windlass_uses;
  const UseRecord* last = __stop_windlass_uses;
  return {first, static_cast<std::size_t>(last - first)};
}

json::Value describe_uses() {
  const auto records = recorded_uses();
  std::vector<UseRecord> sorted(records.begin(), records.end());
  const auto key = [](const UseRecord& record) {
    const auto& resource = *record.resource;
    return std::tuple(resource.group, resource.plural, resource.version, record.use);
  };
  std::sort(sorted.begin(), sorted.end(),
            [&](const auto& a, const auto& b) { return key(a) < key(b); });
  sorted.erase(std::unique(sorted.begin(), sorted.end(),
                           [&](const auto& a, const auto& b) { return key(a) == key(b); }),
               sorted.end());
  json::Array uses;
  for (const auto& record : sorted) {
    json::Value use;
    use["group"] = record.resource->group;
    use["version"] = record.resource->version;
    use["kind"] = record.resource->kind;
    use["plural"] = record.resource->plural;
    use["namespaced"] = record.resource->namespaced;
    use["use"] = to_string(record.use);
    uses.push_back(std::move(use));
  }
  json::Value document;
  document["uses"] = std::move(uses);
  return document;
}

}  // namespace windlass::inline v0::controller
