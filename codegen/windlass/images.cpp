#include <windlass/codegen/yaml.hpp>

#include "dev.hpp"

namespace windlass::inline v0::command {
namespace {

Error wrong(const std::string& file, std::size_t index, const std::string& problem) {
  return {Errc::invalid_argument, file + ": images[" + std::to_string(index) + "]" + problem};
}

Result<testing::ImageRoot> read_image(const std::string& file, std::size_t index,
                                      const json::Value& entry,
                                      const std::filesystem::path& directory) {
  testing::ImageRoot image;
  image.image = entry["image"].string_or("");
  if (image.image.empty())
    return wrong(file, index, ".image: write the repository, such as postgres:15");
  image.search_path = entry["searchPath"].string_or(image.search_path);
  image.uid = entry["uid"].integer_or(image.uid);
  if (image.uid <= 0)
    return wrong(file, index, ".uid: pods never run as root; write a number from 1");
  if (entry["entrypoint"].is_array()) {
    for (const auto& word : entry["entrypoint"].as_array())
      image.entrypoint.emplace_back(word.string_or(""));
  }
  if (entry["files"].is_array()) {
    for (const auto& mounted : entry["files"].as_array()) {
      const std::filesystem::path host(std::string(mounted["host"].string_or("")));
      const auto path = mounted["path"].string_or("");
      if (host.empty() || !path.starts_with('/')) {
        return wrong(file, index,
                     ".files: each needs a host path and an absolute path in the container");
      }
      const auto absolute = host.is_absolute() ? host : directory / host;
      if (!std::filesystem::exists(absolute)) {
        return wrong(file, index,
                     ".files: " + absolute.string() + " does not exist; build it first");
      }
      image.files.push_back({absolute, std::string(path)});
    }
  }
  return image;
}

}  // namespace

Result<std::vector<testing::ImageRoot>> read_images(const std::string& file, std::string_view yaml,
                                                    const std::filesystem::path& directory) {
  const auto documents = codegen::parse_yaml(file, yaml);
  if (!documents) return documents.error();
  std::vector<testing::ImageRoot> images;
  for (const auto& document : *documents) {
    if (!document["images"].is_array()) {
      return Error{Errc::invalid_argument, file + ": expected a list under \"images\""};
    }
    std::size_t index = 0;
    for (const auto& entry : document["images"].as_array()) {
      auto image = read_image(file, index++, entry, directory);
      if (!image) return image.error();
      images.push_back(std::move(*image));
    }
  }
  return images;
}

}  // namespace windlass::inline v0::command
