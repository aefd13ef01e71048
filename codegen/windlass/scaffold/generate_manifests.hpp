#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace windlass::inline v0::scaffold {

/// Adds `manifests` to `generate`: builds the project's operator, asks it what it needs
/// (--describe), and writes config/rbac/role.yaml, the CRDs of types that are written in C++,
/// dist/install.yaml and packages.
void add_generate_manifests(CLI::App& generate, std::function<int()>& chosen);

}  // namespace windlass::inline v0::scaffold
