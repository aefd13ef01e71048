#pragma once
// What the commands that work on a project share.

#include <filesystem>
#include <vector>

#include <windlass/base/error.hpp>

#include "scaffold/console.hpp"
#include "scaffold/project.hpp"

namespace CLI {
class App;
}

namespace windlass::inline v0::scaffold {

/// What every command that writes into a project takes.
struct Common {
  std::filesystem::path directory = ".";
  bool dry_run = false;
  Output output = Output::text;
};

/// --directory, --dry-run and --output. `common` has to live as long as `command`.
void add_common(CLI::App& command, Common& common);
/// --output alone.
void add_output(CLI::App& command, Output& output);

/// The YAML files of a folder but kustomization.yaml, in order of their names.
std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& folder);

/// The nearest folder with a file PROJECT, from `from` upward; empty: none.
std::filesystem::path find_project(const std::filesystem::path& from);

/// A project on disk.
struct Opened {
  std::filesystem::path root;
  Project project;
};
/// The project of `find_project(directory)`. Errc::not_found says how to
/// make one.
Result<Opened> open_project(const std::filesystem::path& directory);

}  // namespace windlass::inline v0::scaffold
