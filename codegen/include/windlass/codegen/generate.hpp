#pragma once
// The whole of windlass-gen: from files to files.

#include <map>
#include <string>
#include <vector>

#include <windlass/codegen/input.hpp>
#include <windlass/codegen/model.hpp>

namespace windlass::inline v0::codegen {

enum class InputFormat {
  crd,        ///< CustomResourceDefinitions (apiextensions.k8s.io/v1), YAML or JSON
  openapi,    ///< reduced schema files
  kubernetes  ///< OpenAPI v3 documents of an API server, to be reduced
};

struct GenerateOptions {
  std::vector<std::string> inputs;  ///< see read_inputs; openapi and kubernetes take files only
  std::string output_dir;
  InputFormat format = InputFormat::crd;
  std::string namespace_name = {};  ///< crd only
  std::string output_prefix = {};   ///< crd only
  bool known_types = true;    ///< crd only; Kubernetes' own shapes become the framework's types
  bool keep_empty = false;    ///< crd only; see CrdOptions
  bool by_group = false;      ///< crd only; see CrdOptions
  bool whole_schema = false;  ///< crd only; see CrdOptions
  /// crd only; also writes this file, relative to output_dir: the program that prints the CRDs
  /// (meta/definition.hpp). Needs whole_schema.
  std::string definitions = {};
  int parts = 1;                           ///< openapi only
  std::vector<std::string> expected = {};  ///< relative to output_dir; empty: no expectations
  bool check = false;                      ///< write nothing; a file that would change is an error
  bool dry_run = false;                    ///< write nothing
  std::vector<Input> texts = {};           ///< crd only: more to read, from elsewhere
};

struct Generated {
  std::map<std::string, std::string> files;  ///< relative to output_dir
  std::vector<Warning> warnings;
};

/// Reads, converts and (unless `check` or `dry_run`) writes. Files are written whole or not at all.
/// Errors name the file, the place in it and the remedy.
Result<Generated> generate(const GenerateOptions& options);

struct GeneratedConversions {
  std::vector<std::string> written;      ///< relative to output_dir
  std::vector<std::string> kept;         ///< the user's files, which were there
  std::vector<std::string> differences;  ///< "v1beta1 spec.size: std::int64_t, not in v1"
};

/// Writes skeletons of conversions beside the types of the same CRDs (format crd, same options),
/// for the hub of this name or, when empty, the stored version. What the user has is left as it
/// is; tests are made anew. `check` and `dry_run` write nothing. Errc::invalid_argument when no CRD
/// has several versions.
Result<GeneratedConversions> generate_conversions(const GenerateOptions& options,
                                                  const std::string& hub);

}  // namespace windlass::inline v0::codegen
