#pragma once
// Kubernetes' shared definitions that the framework has as hand-written types.

#include <optional>
#include <string_view>

#include <windlass/codegen/definition.hpp>
#include <windlass/codegen/model.hpp>

namespace windlass::inline v0::codegen {

/// The type for a definition of apimachinery (`ObjectMeta`, `Quantity`, `Time`, ...) or for one
/// without a shape of its own (`JSON`); empty when the definition is generated.
std::optional<Type> framework_type(const Home& home);

/// A generated type of another group version.
Type generated_type(const Home& home);

}  // namespace windlass::inline v0::codegen
