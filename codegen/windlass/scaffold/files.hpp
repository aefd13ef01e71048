#pragma once
// The files that a project consists of.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include <windlass/base/error.hpp>

#include "scaffold/project.hpp"

namespace windlass::inline v0::scaffold {

/// A template as it was when this program was built: "project/Makefile.in".
struct Template {
  std::string_view path;
  std::string_view text;
};
/// In order of their paths. project/ is rendered once; resource/ for each kind that the project
/// defines; controller/ for each of these with a controller, foreign/ for each controller of
/// another's kind.
std::span<const Template> templates();

/// Path in the project to content. Depends on nothing but its argument.
Result<std::map<std::string, std::string>> scaffold_files(const Project& project);

/// Scripts are executable: what begins with "#!".
bool is_executable(std::string_view content);

}  // namespace windlass::inline v0::scaffold
