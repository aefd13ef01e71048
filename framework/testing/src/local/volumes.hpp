#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <windlass/cache/cache.hpp>

#include "sandbox.hpp"

namespace windlass::inline v0::testing {

/// Who asks for a token for a pod; the text of the token.
using TokenSource = std::function<Task<std::string>(std::string audience, std::int64_t seconds)>;

/// The value of a downward API field (metadata.name, status.podIP, metadata.labels['x'], ...).
/// Errc::invalid_argument for a path that is not offered.
Result<std::string> downward_field(const api::core::v1::Pod& pod, std::string_view path);

/// Files of a volume (relative path to content) out of the cache; `token` is what a projected token
/// file holds. Errc::unavailable names the ConfigMap, Secret or key that is missing.
struct VolumeFile {
  std::string content;
  std::int32_t mode = 0644;
};
Result<std::map<std::string, VolumeFile>> volume_files(const api::core::v1::Volume& volume,
                                                       const api::core::v1::Pod& pod,
                                                       const cache::Cache& cache,
                                                       const std::string& token);
/// True for volumes made of files that follow their sources.
bool has_files(const api::core::v1::Volume& volume);

/// Makes `folder` hold exactly `files`, each replaced in one step. Errc::io names the path.
Result<void> write_files(const std::filesystem::path& folder,
                         const std::map<std::string, VolumeFile>& files);

/// The container's environment, in the order of its definition, with $(NAME) expanded.
/// Errc::unavailable names what is missing.
Result<std::map<std::string, std::string>> container_environment(
    const api::core::v1::Container& container, const api::core::v1::Pod& pod,
    const cache::Cache& cache, std::map<std::string, std::string> base);

}  // namespace windlass::inline v0::testing
