#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <windlass/base/error.hpp>
#include <windlass/testing/local_cluster.hpp>

namespace windlass::inline v0::command {

/// `windlass dev`: an API server over HTTPS, and with --pods a cluster that runs pods as processes.
struct DevOptions {
  std::filesystem::path state_directory = ".windlass";  ///< volumes, logs, the default kubeconfig
  std::filesystem::path kubeconfig = {};                ///< default: <state_directory>/kubeconfig
  std::uint16_t port = 0;                               ///< 0: any
  bool pods = false;
  bool rbac = true;
  std::filesystem::path images = {};   ///< table of images, see `read_images`
  std::filesystem::path persist = {};  ///< keeps the objects in this file; empty: in memory only
  std::filesystem::path record = {};   ///< appends a line of JSON per request; empty: none
  bool verbose = false;
};

/// The table of images:
///
///   images:
///   - image: postgres-operator                # repository, with or without a tag
///     entrypoint: [/manager]
///     files:
///     - {host: postgres-operator, path: /manager}
///   - image: postgres:15
///     searchPath: /usr/lib/postgresql/15/bin:/usr/bin:/bin
///     uid: 999
///
/// A relative `host` is relative to `directory`. Errors name the entry and what is wrong.
Result<std::vector<testing::ImageRoot>> read_images(const std::string& file, std::string_view yaml,
                                                    const std::filesystem::path& directory);

/// Runs until SIGTERM or SIGINT; the exit code.
int dev(const DevOptions& options);

}  // namespace windlass::inline v0::command
