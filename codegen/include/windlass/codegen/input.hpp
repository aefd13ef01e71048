#pragma once
// Where schemas come from: files, folders, patterns, standard input.

#include <filesystem>
#include <string>
#include <vector>

#include <windlass/base/error.hpp>

namespace windlass::inline v0::codegen {

/// A whole file, which may be empty. Errc::not_found for what cannot be read, such as a folder.
Result<std::string> read_text(const std::filesystem::path& path);

struct Input {
  std::string name;  ///< for messages
  std::string text;
  bool by_name = true;  ///< the user named this very file, so something is expected to be in it
};

/// A file; a folder (all *.yaml, *.yml and *.json below it, in order of their paths); a pattern
/// with `*`, `?` or `[...]`; `-`, standard input. Each file once, however often it is named.
/// Errc::not_found names what is missing.
Result<std::vector<Input>> read_inputs(const std::vector<std::string>& arguments);

}  // namespace windlass::inline v0::codegen
