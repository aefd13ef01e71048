#pragma once
// Kubernetes' OpenAPI documents, reduced to what types and an API server need.

#include <map>
#include <string>
#include <vector>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::codegen {

/// One OpenAPI v3 document of a group version, as GET /openapi/v3/apis/apps/v1 answers it.
struct Source {
  std::string file;
  json::Value document;
};

/// File name (`apps_v1.json`) to text. Each definition stands once, in the file of the group
/// version that defines it (`meta_v1.json` for what all groups share); descriptions are gone;
/// `paths` has become `resources` as discovery shows them. codegen/README.md describes the form.
/// Errc::parse names the file and the place.
Result<std::map<std::string, std::string>> reduce(const std::vector<Source>& sources);

}  // namespace windlass::inline v0::codegen
