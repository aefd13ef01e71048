#pragma once
// `windlass simulate`: many seeds of a project's simulations.

#include <cstdint>
#include <filesystem>
#include <string>

namespace windlass::inline v0::command {

struct SimulateOptions {
  std::filesystem::path root = {};     ///< the project's folder; empty: here, or the nearest above
  std::filesystem::path program = {};  ///< of the tests; empty: the project's, which is built first
  std::string test = "*";              ///< name of the SIMULATION, with * and ?
  std::uint64_t seeds = 200;
  std::uint64_t first_seed = 1;
  unsigned jobs = 0;  ///< processes; 0: as many as there are processors
  /// Empty: .windlass/simulation of the project, or here.
  std::filesystem::path report_directory = {};
};

/// Becomes the test program. Returns an exit code only when that does not come about.
int simulate(const SimulateOptions& options);

}  // namespace windlass::inline v0::command
