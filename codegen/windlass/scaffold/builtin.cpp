#include "scaffold/builtin.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace windlass::inline v0::scaffold {
namespace {

bool alike(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
           return std::tolower(x) == std::tolower(y);
         });
}

}  // namespace

Result<void> find_builtin(ProjectResource& resource) {
  std::string near;
  for (const auto& builtin : builtin_kinds()) {
    if (!alike(builtin.kind, resource.kind)) continue;
    if (builtin.group == resource.group && builtin.version == resource.version &&
        builtin.kind == resource.kind) {
      resource.plural = builtin.plural;
      resource.namespaced = builtin.namespaced;
      return {};
    }
    near +=
        "; did you mean " +
        (builtin.group.empty() ? std::string() : "--group " + std::string(builtin.group) + " ") +
        "--version " + std::string(builtin.version) + " --kind " + std::string(builtin.kind) + "?";
  }
  return Error{Errc::not_found,
               "Kubernetes has no kind " + resource.kind + " in " +
                   (resource.group.empty() ? "its core group" : resource.group) + "/" +
                   resource.version +
                   (near.empty() ? "; for somebody else's, give its CRD with --crd FILE" : near)};
}

}  // namespace windlass::inline v0::scaffold
