#pragma once

#include <span>
#include <string_view>

#include <windlass/base/error.hpp>

#include "scaffold/project.hpp"

namespace windlass::inline v0::scaffold {

/// One of Kubernetes' own kinds.
struct BuiltinKind {
  std::string_view group, version, kind, plural;
  bool namespaced;
};
std::span<const BuiltinKind> builtin_kinds();

/// Fills plural and scope of one of Kubernetes' own kinds in. Errc::not_found names near ones.
Result<void> find_builtin(ProjectResource& resource);

}  // namespace windlass::inline v0::scaffold
