#pragma once
// Paths into objects: "spec.containers[0].image", "metadata.labels['app.kubernetes.io/name']".

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/error.hpp>

namespace windlass::inline v0::type {

struct Step {
  std::string name;       ///< a member or key
  std::size_t index = 0;  ///< an element
  bool is_index = false;
};

struct Path {
  std::string_view text;  ///< as given
  std::vector<Step> steps;
};

/// Reads names joined by dots, with [number], ['key'] or ["key"] after them. A leading dot is
/// allowed, as in printer columns; the empty path is the root. Errc::invalid_argument says where it
/// is malformed.
Result<Path> parse_path(std::string_view text);

}  // namespace windlass::inline v0::type
