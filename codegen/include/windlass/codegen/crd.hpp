#pragma once
// From CustomResourceDefinitions to the model.

#include <map>
#include <string>
#include <vector>

#include <windlass/codegen/model.hpp>
#include <windlass/codegen/yaml.hpp>

namespace windlass::inline v0::codegen {

/// Kubernetes' own definitions, so that a CRD's copies of them are recognised
/// by shape.
class KnownTypes {
 public:
  /// The `schemas` of a reduced schema file.
  void add(const json::Value& schemas);

  /// The framework's type for an object schema of a CRD, when every property of
  /// it is one of that type's, of the same kind all the way down, and enough of
  /// them are there to be sure. `property` is the name that holds the object;
  /// it decides between types of equal shape.
  [[nodiscard]] std::optional<Type> recognise(const json::Value& schema,
                                              std::string_view property) const;

 private:
  [[nodiscard]] bool covers(const json::Value& known, const json::Value& schema, int depth) const;
  [[nodiscard]] const json::Value& resolve(const json::Value& known) const;

  std::map<std::string, json::Value> definitions_;
};

struct CrdOptions {
  std::string namespace_name;  ///< the version is added: `api` becomes `api::v1`
  std::string output_prefix;   ///< `<prefix>/<version>/<kind>.hpp`
  /// Optional lists, maps and objects differ from absent ones when they are
  /// empty too: lists and maps are std::optional, objects Box.
  bool keep_empty = false;
  /// The first label of the group comes before the version:
  /// `<prefix>/<group>/<version>/<kind>.hpp`.
  bool by_group = false;
  /// The tables also say what only the text of a CRD needs: descriptions, and keywords that types
  /// do not know. json::schema_of then gives back the CRD's schema.
  bool whole_schema = false;
};

/// A CRD as C++ says it: what stands beside the schemas of its versions.
struct Definition {
  struct Version {
    std::string type;    ///< `api::v1::Database`
    std::string header;  ///< `api/v1/database.hpp`
    std::string name;    ///< `v1`
    bool stored = false;
    json::Value entry;  ///< of spec.versions; only with whole_schema
  };
  std::string name;  ///< `databases.example.com`
  json::Value crd;   ///< only with whole_schema
  std::vector<Version> versions;
};

struct ParsedCrds {
  std::vector<Unit> units;              ///< one per CRD and version
  std::vector<Definition> definitions;  ///< one per CRD
  std::vector<Warning> warnings;
};

/// Documents that are no CustomResourceDefinition are left out (a v1beta1 one
/// is an error); a List is opened. Errc::parse names file, line, CRD, version,
/// the path in the schema, and the remedy.
Result<ParsedCrds> parse_crds(const std::string& file, const std::vector<Document>& documents,
                              const CrdOptions& options, const KnownTypes& known);

}  // namespace windlass::inline v0::codegen
