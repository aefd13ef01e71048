#pragma once
// `windlass dev` in a project: its operator against an API server in memory, built and started
// again whenever a file changes.

#include <filesystem>
#include <string>
#include <vector>

#include "scaffold/project.hpp"

namespace windlass::inline v0::command {

struct ProjectDevOptions {
  std::filesystem::path root;  ///< the folder with PROJECT
  int replicas = 1;
  bool samples = true;  ///< apply config/samples once the operator runs
  bool view = true;     ///< redraw a screen when standard output is a terminal; false: lines only
  /// What the process of the API server is given beside the state directory and kubeconfig.
  std::vector<std::string> server_arguments = {};
  std::filesystem::path state_directory = ".windlass";
  std::filesystem::path kubeconfig = {};
};

/// Runs until SIGTERM or SIGINT; the exit code.
int project_dev(const ProjectDevOptions& options);

}  // namespace windlass::inline v0::command
