#pragma once
// The names of Kubernetes' own definitions.

#include <optional>
#include <string>
#include <string_view>

namespace windlass::inline v0::codegen {

/// Where a definition lives: `io.k8s.api.apps.v1.Deployment` in group `apps`, version `v1`.
/// What all groups share (io.k8s.apimachinery...) has the group `meta`, version `v1`.
struct Home {
  std::string group;
  std::string version;
  std::string name;  ///< `Deployment`

  /// `apps_v1`.
  [[nodiscard]] std::string unit() const;
  [[nodiscard]] bool is_meta() const { return group == "meta"; }
};

/// Empty when the name follows none of Kubernetes' patterns.
std::optional<Home> home_of(std::string_view definition);

/// `#/components/schemas/io.k8s...` -> `io.k8s...`; a bare name stays.
std::string definition_of_reference(std::string_view reference);

}  // namespace windlass::inline v0::codegen
