#pragma once
// The program that prints CRDs.

#include <string>
#include <vector>

#include <windlass/codegen/crd.hpp>

namespace windlass::inline v0::codegen {

/// The text of a C++ file with main().
std::string definitions_program(const std::vector<Definition>& definitions);

}  // namespace windlass::inline v0::codegen
