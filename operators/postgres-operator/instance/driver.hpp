#pragma once
// Runs the machine against a real pod: children, files, the API server, the probes.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <windlass/base/environment.hpp>

#include "instance/api_access.hpp"
#include "instance/machine.hpp"
#include "instance/processes.hpp"

namespace postgres {

struct DriverOptions {
  ServerPlace place;
  ApiPlace api;
  std::string database_uid;
  std::filesystem::path settings{kSettingsPath};
  std::filesystem::path credentials{kCredentialsPath};
  std::filesystem::path tls{kTlsPath};
  std::string path;  ///< PATH of the image
  windlass::Endpoint probes{"", kProbePort};
  windlass::Duration poll = std::chrono::seconds(2);  ///< of the mounted files
};

/// Directories where an image may have PostgreSQL's programs, in order: those of `path`, then the
/// usual places, the newest version first.
std::vector<std::filesystem::path> program_directories(std::string_view path);

/// Runs until it is told to stop and the server has stopped. Returns the exit code.
class Driver {
 public:
  Driver(windlass::Environment& environment, windlass::Executor executor, DriverOptions options);
  ~Driver();
  windlass::Task<int> run();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace postgres
