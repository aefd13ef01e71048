#include "dev.hpp"

#include <cstdio>
#include <fstream>

#include <unistd.h>

#include <windlass/api_server/server.hpp>
#include <windlass/base/system_environment.hpp>
#include <windlass/client/config.hpp>
#include <windlass/manager/logging.hpp>

namespace windlass::inline v0::command {

using namespace std::chrono_literals;

namespace {

/// Claims without a class go to this one, as on most clusters.
json::Value default_storage_class() {
  json::Value made;
  made["apiVersion"] = "storage.k8s.io/v1";
  made["kind"] = "StorageClass";
  made["metadata"]["name"] = "standard";
  made["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] = "true";
  made["provisioner"] = "windlass.dev/local";
  made["reclaimPolicy"] = "Delete";
  made["volumeBindingMode"] = "Immediate";
  made["allowVolumeExpansion"] = true;
  return made;
}

std::filesystem::path program_directory() {
  std::error_code code;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", code);
  return code ? std::filesystem::current_path() : path.parent_path();
}

Task<int> serve(SystemEnvironment& environment, DevOptions options,
                std::vector<testing::ImageRoot> images) {
  api_server::ServerOptions server_options;
  server_options.listen = {"127.0.0.1", options.port};
  server_options.core.authorization = options.rbac;
  // loopback addresses, so that a Service can be reached from this machine and from pods
  const auto addresses = testing::claim_addresses(environment, environment.io()).value();
  server_options.core.service_address_base = addresses.services;
  server_options.core.loopback_endpoints = true;
  server_options.journal = options.persist;
  std::ofstream record;
  if (!options.record.empty()) {
    record.open(options.record, std::ios::app);
    if (!record) throw Exception(Errc::io, "cannot write " + options.record.string());
    server_options.record = [&record](const std::string& line) { record << line << std::endl; };
  }
  api_server::Server server(environment, environment.io(), server_options);
  server.core().seed({default_storage_class()});
  const auto kubeconfig = server.kubeconfig();
  api_server::write_private_file(options.kubeconfig, kubeconfig).value();
  TaskGroup group(environment.io());
  group.spawn("API server", server.run());
  std::printf("The API server is ready at %s\n  export KUBECONFIG=%s\n", server.url().c_str(),
              options.kubeconfig.c_str());
  std::fflush(stdout);
  int code = 0;
  if (options.pods) {
    const auto config = client::parse_kubeconfig(environment, kubeconfig, "/").value();
    testing::LocalCluster cluster(environment, config,
                                  {.state_directory = options.state_directory,
                                   .images = std::move(images),
                                   .pod_address_prefix = addresses.pods});
    server.set_pod_runtime(&cluster);
    code = co_await cluster.run();
    server.set_pod_runtime(nullptr);
  } else {
    co_await environment.next_signal();
  }
  co_await server.stop(500ms);
  co_await group.stop();
  co_return code;
}

int complain(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
  return 1;
}

}  // namespace

int dev(const DevOptions& given) {
  DevOptions options = given;
  std::vector<testing::ImageRoot> images;
  const auto environment = SystemEnvironment::make({.lease_thread = false});
  environment->set_log(
      Logger(make_log_sink(false), options.verbose ? LogLevel::info : LogLevel::warn));
  try {
    if (options.pods) {
      const auto usable = testing::LocalCluster::check_machine();
      if (!usable) return complain(usable.error());
    }
    if (!options.images.empty()) {
      const auto text = environment->read_file(options.images).value();
      images = read_images(options.images.string(), text, program_directory()).value();
    }
    options.state_directory = std::filesystem::absolute(options.state_directory);
    std::filesystem::create_directories(options.state_directory);
    if (options.kubeconfig.empty()) options.kubeconfig = options.state_directory / "kubeconfig";
    return environment->run([&] { return serve(*environment, options, images); });
  } catch (...) {
    return complain(describe(std::current_exception()));
  }
}

}  // namespace windlass::inline v0::command
