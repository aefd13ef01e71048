#pragma once
// Brings a project's folder from one scaffold to the next without losing what its people wrote.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/error.hpp>

namespace windlass::inline v0::scaffold {

enum class Outcome {
  created,
  updated,  ///< nobody had changed it
  merged,   ///< both had changed it, in different places
  unchanged,
  kept,       ///< yours stays: it was there before windlass
  conflict,   ///< yours stays; the merge with conflict markers is beside it as <path>.windlass-new
  deleted,    ///< stays away: you deleted it
  removed,    ///< is not scaffolded any more, and nobody had changed it
  stale,      ///< to be generated again: `windlass generate manifests`
  abandoned,  ///< is not scaffolded any more, but you changed it: yours stays
};
std::string_view to_string(Outcome outcome);

struct Change {
  std::string path;
  Outcome outcome = Outcome::unchanged;
  std::string content = {};  ///< to be written, if anything is
};

/// Text of each file by path.
using Files = std::map<std::string, std::string>;

/// What to do, in order of paths. `wanted` is the new scaffold, `base` the last one, `present` what
/// the project has of both.
std::vector<Change> plan(const Files& wanted, const Files& base, const Files& present);

/// The folder of the last scaffold, below the project's.
inline constexpr const char* kBaseFolder = ".windlass/scaffold";

/// An error names the file.
Result<Files> read_base(const std::filesystem::path& root);
/// Those of `paths` that exist below `root`.
Result<Files> read_present(const std::filesystem::path& root,
                           const std::vector<const Files*>& paths);
/// Carries a plan out, and makes `wanted` the base, except for files that conflict. Each file is
/// written whole or not at all.
Result<void> carry_out(const std::filesystem::path& root, const std::vector<Change>& changes,
                       const Files& wanted);

}  // namespace windlass::inline v0::scaffold
