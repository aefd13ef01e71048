#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <windlass/codegen/generate.hpp>

namespace windlass::inline v0::command {

/// `windlass generate types`: C++ types from CRDs.
struct GenerateTypesOptions {
  codegen::GenerateOptions generate = {};
  bool from_cluster = false;
  std::vector<std::string> crds = {};  ///< of the cluster: names or groups; empty: all
  std::filesystem::path kubeconfig = {};
  std::string output = "text";  ///< text or json
};

/// Adds the subcommand `types` to `generate`.
CLI::App* add_generate_types(CLI::App& generate, GenerateTypesOptions& options);

/// `windlass generate conversion`: skeletons of conversions between the versions of CRDs.
struct GenerateConversionOptions {
  codegen::GenerateOptions generate = {};
  std::string hub = {};         ///< empty: the stored version
  std::string output = "text";  ///< text or json
};

/// Adds the subcommand `conversion` to `generate`.
CLI::App* add_generate_conversion(CLI::App& generate, GenerateConversionOptions& options);

/// The exit code: 0, or 1 for an input that cannot be read or has nothing to convert.
int generate_conversion(const GenerateConversionOptions& options);

/// The exit code: 0; 1 for an input that cannot be read or understood, or (--check) stale files.
int generate_types(const GenerateTypesOptions& options);

}  // namespace windlass::inline v0::command
