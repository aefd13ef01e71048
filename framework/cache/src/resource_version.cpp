#include <windlass/cache/resource_version.hpp>

namespace windlass::inline v0::cache {
namespace {

bool comparable(std::string_view version) {
  return !version.empty() && version.front() != '0' &&
         version.find_first_not_of("0123456789") == version.npos;
}

}  // namespace

std::optional<std::strong_ordering> compare_resource_versions(std::string_view a,
                                                              std::string_view b) {
  if (!comparable(a) || !comparable(b)) return std::nullopt;
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

bool reached(std::string_view have, std::string_view want) {
  const auto order = compare_resource_versions(have, want);
  return !order || *order >= 0;
}

}  // namespace windlass::inline v0::cache
