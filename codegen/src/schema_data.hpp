#pragma once
// The schemas whose shapes are recognised in CRDs, embedded at build time.

#include <string_view>
#include <vector>

namespace windlass::inline v0::codegen {

std::vector<std::string_view> kubernetes_schemas();

}  // namespace windlass::inline v0::codegen
