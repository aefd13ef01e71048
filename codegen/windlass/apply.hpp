#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace windlass::inline v0::command {

/// `windlass apply -f FILE...`: server-side apply of the objects in YAML or JSON files, in order.
struct ApplyOptions {
  std::vector<std::filesystem::path> files;
  std::string kubeconfig = {};  ///< default: as kubectl finds it
};

/// The exit code. Errors name the file and the object.
int apply(const ApplyOptions& options);

}  // namespace windlass::inline v0::command
