#pragma once
// What is made of the manifests of config/default for those who install operators: a Helm chart, an
// OLM bundle.

#include <string>
#include <vector>

#include <windlass/json/value.hpp>

#include "scaffold/project.hpp"
#include "scaffold/tree.hpp"

namespace windlass::inline v0::scaffold {

/// The first line of every file that stands for an object. A file that begins so and is not made
/// any more may be removed.
inline const std::string kPackageMark = "# Made by windlass generate manifests; do not edit.\n";

/// `documents` are those of `kubectl kustomize config/default`. Paths begin with the chart's
/// folder, dist/chart. Image, replicas and resources are values; the namespace is the release's.
/// Errc::invalid_argument when there is no Deployment among them.
Result<Files> helm_chart(const Project& project, const std::vector<json::Value>& documents);

/// `samples` are objects of the operator's kinds, for consoles to begin with. The bundle's folder
/// is bundle/, with bundle.Dockerfile beside it.
Result<Files> olm_bundle(const Project& project, const std::vector<json::Value>& documents,
                         const std::string& version, const std::vector<json::Value>& samples = {});

}  // namespace windlass::inline v0::scaffold
