#include <algorithm>

#include <windlass/client/client.hpp>
#include <windlass/codegen/yaml.hpp>

#include "backend.hpp"

namespace windlass::inline v0::testing {

using namespace std::chrono_literals;

namespace {

constexpr meta::Resource kCrds{"apiextensions.k8s.io",      "v1",  "CustomResourceDefinition",
                               "customresourcedefinitions", false, true};

std::vector<std::filesystem::path> files_of(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const auto extension = entry.path().extension();
    if (extension == ".yaml" || extension == ".yml" || extension == ".json") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool established(const json::Value& crd) {
  const json::Value& conditions = crd["status"]["conditions"];
  if (!conditions.is_array()) return false;
  return std::any_of(conditions.as_array().begin(), conditions.as_array().end(),
                     [](const json::Value& condition) {
                       return condition["type"] == json::Value("Established") &&
                              condition["status"] == json::Value("True");
                     });
}

/// A server may say "established" a moment before it serves the kind.
Task<bool> served(client::Client client, json::Value crd) {
  const json::Value& spec = crd["spec"];
  std::string target;
  for (const json::Value& version : spec["versions"].as_array()) {
    if (!version["served"].bool_or(false)) continue;
    target = "/apis/" + std::string(spec["group"].string_or("")) + "/" +
             std::string(version["name"].string_or("")) + "/" +
             std::string(spec["names"]["plural"].string_or("")) + "?limit=1";
  }
  if (target.empty()) co_return true;
  try {
    auto getting = client.raw_get(target);
    co_await std::move(getting);
  } catch (const client::ApiError& error) {
    if (error.is_not_found()) co_return false;
    throw;
  }
  co_return true;
}

Task<void> wait_established(client::Client client, std::string name) {
  for (;;) {
    auto getting = client.get_text(kCrds, {{}, name});
    const auto text = co_await std::move(getting);
    const json::Value crd = json::parse(text).value();
    if (established(crd)) {
      auto asking = served(client, crd);
      const bool ready = co_await std::move(asking);
      if (ready) co_return;
    }
    auto pause = sleep_for(client.environment().clock(), 20ms);
    co_await std::move(pause);
  }
}

}  // namespace

std::vector<json::Value> read_crds(const Environment& environment,
                                   const std::vector<std::filesystem::path>& paths) {
  std::vector<json::Value> crds;
  for (const auto& path : paths) {
    const auto before = crds.size();
    for (const auto& file : files_of(path)) {
      const auto text = environment.read_file(file).value();
      for (auto& document : codegen::parse_yaml(file.string(), text).value()) {
        if (document["kind"] == json::Value(kCrds.kind)) crds.push_back(std::move(document));
      }
    }
    if (crds.size() == before) {
      throw Exception(Errc::not_found, "no CustomResourceDefinition is in " + path.string());
    }
  }
  return crds;
}

Task<void> install_crds(Environment& environment, client::Config config,
                        std::vector<json::Value> crds, Duration limit) {
  const client::Client client(environment, environment.io(), std::move(config),
                              {.field_manager = "windlass-testing"});
  for (const json::Value& crd : crds) {
    const std::string name(crd["metadata"]["name"].string_or(""));
    auto applying = client.apply_text(kCrds, {{}, name}, {}, json::dump(crd));
    co_await std::move(applying);
    auto waiting = with_timeout(environment.clock(), limit, "establishing " + name,
                                wait_established(client, name));
    co_await std::move(waiting);
  }
}

}  // namespace windlass::inline v0::testing
