#include "apply.hpp"

#include <cstdio>

#include <windlass/base/system_environment.hpp>
#include <windlass/client/client.hpp>
#include <windlass/codegen/yaml.hpp>

namespace windlass::inline v0::command {

using namespace std::chrono_literals;

namespace {

/// A kind whose definition was applied a moment ago may need a moment.
Task<meta::Resource> resource_of(client::Client client, meta::GroupVersionKind kind) {
  constexpr int attempts = 50;
  for (int attempt = 1;; ++attempt) {
    std::exception_ptr failure;
    try {
      co_return co_await client.resource_for(kind);
    } catch (...) {
      failure = std::current_exception();
    }
    if (attempt == attempts) std::rethrow_exception(failure);
    co_await sleep_for(client.environment().clock(), 100ms);
  }
}

Task<void> apply_object(client::Client client, std::string file, json::Value object) {
  const auto version = meta::GroupVersion::parse(object["apiVersion"].string_or("")).value();
  const meta::GroupVersionKind kind{version.group, version.version,
                                    std::string(object["kind"].string_or(""))};
  const std::string name(object.at_path({"metadata", "name"}).string_or(""));
  if (kind.kind.empty() || name.empty()) {
    throw Exception(Errc::invalid_argument,
                    file + ": every document needs apiVersion, kind and metadata.name");
  }
  const auto resource = co_await resource_of(client, kind);
  const auto fallback =
      resource.namespaced ? std::string_view(client.config().namespace_) : std::string_view();
  const meta::ObjectKey key{
      std::string(object.at_path({"metadata", "namespace"}).string_or(fallback)), name};
  auto applying = client.apply_text(resource, key, {}, json::dump(object));
  co_await std::move(applying);
  std::printf("applied %s %s\n", kind.kind.c_str(), key.to_string().c_str());
  std::fflush(stdout);
}

Task<int> apply_files(SystemEnvironment& environment, client::Config config,
                      std::vector<std::filesystem::path> files) {
  const client::Client client(environment, environment.io(), std::move(config),
                              {.field_manager = "windlass"});
  for (const auto& file : files) {
    const auto text = environment.read_file(file).value();
    const auto documents = codegen::parse_yaml(file.string(), text).value();
    for (const auto& document : documents) {
      if (!document.is_null()) co_await apply_object(client, file.string(), document);
    }
  }
  co_return 0;
}

}  // namespace

int apply(const ApplyOptions& options) {
  const auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  try {
    const auto config = client::load_config(*environment, options.kubeconfig).value();
    return environment->run([&] { return apply_files(*environment, config, options.files); });
  } catch (...) {
    std::fprintf(stderr, "error: %s\n", describe(std::current_exception()).message.c_str());
    return 1;
  }
}

}  // namespace windlass::inline v0::command
