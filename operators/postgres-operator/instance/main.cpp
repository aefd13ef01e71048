// instance-manager: process 1 of a database pod.
//
//   instance-manager run             runs PostgreSQL until SIGTERM
//   instance-manager copy <path>     copies this program (for the init container)
//   instance-manager --version

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>

#include <sys/stat.h>
#include <unistd.h>

#include <windlass/base/system_environment.hpp>

#include "instance/driver.hpp"

namespace {

using windlass::Environment;

constexpr const char* kVersion = WINDLASS_VERSION;

int complain(const std::string& what) {
  std::cerr << "instance-manager: " << what << "\n";
  return 2;
}

int copy_self(const std::filesystem::path& to) {
  std::error_code code;
  const auto temporary = to.string() + ".new";
  std::filesystem::copy_file("/proc/self/exe", temporary,
                             std::filesystem::copy_options::overwrite_existing, code);
  if (!code) {
    std::filesystem::permissions(temporary, static_cast<std::filesystem::perms>(0755), code);
  }
  if (!code) std::filesystem::rename(temporary, to, code);
  if (code) return complain("cannot copy this program to " + to.string() + ": " + code.message());
  return 0;
}

/// The variables that the operator sets on the pod; the paths have defaults that only tests change.
windlass::Result<postgres::DriverOptions> options_from(const Environment& environment) {
  std::string missing;
  const auto need = [&](const char* name) {
    const auto value = environment.variable(name);
    if (!value || value->empty()) missing += (missing.empty() ? "" : ", ") + std::string(name);
    return value.value_or("");
  };
  const auto path_or = [&](const char* name, std::string_view fallback) {
    return std::filesystem::path(environment.variable(name).value_or(std::string(fallback)));
  };
  postgres::DriverOptions options;
  options.api.namespace_ = need("POD_NAMESPACE");
  options.api.pod = need("POD_NAME");
  options.api.pod_uid = environment.variable("POD_UID").value_or("");
  options.api.database = need("DATABASE_NAME");
  options.database_uid = need("DATABASE_UID");
  options.api.server.host = need("KUBERNETES_SERVICE_HOST");
  const auto port = need("KUBERNETES_SERVICE_PORT");
  if (!missing.empty()) {
    return windlass::Error{windlass::Errc::invalid_argument,
                           "these variables are not set: " + missing +
                               "; this program runs in a pod that postgres-operator made"};
  }
  const auto number =
      std::from_chars(port.data(), port.data() + port.size(), options.api.server.port);
  if (number.ec != std::errc{} || number.ptr != port.data() + port.size()) {
    return windlass::Error{windlass::Errc::invalid_argument,
                           "KUBERNETES_SERVICE_PORT is no port: \"" + port + "\""};
  }
  options.api.service_account =
      path_or("WINDLASS_SERVICE_ACCOUNT", "/var/run/secrets/kubernetes.io/serviceaccount");
  options.place.volume = path_or("WINDLASS_VOLUME", postgres::kVolumePath);
  options.place.run = path_or("WINDLASS_RUN", postgres::kRunPath);
  options.place.cluster_name = options.api.namespace_ + "/" + options.api.database;
  // on a laptop every pod has a loopback address of its own instead of a network namespace
  if (const auto address = environment.variable("WINDLASS_POD_ADDRESS"))
    options.place.listen_addresses = *address;
  if (const auto text = environment.variable("WINDLASS_POSTGRES_PORT"))
    options.place.port = std::atoi(text->c_str());
  if (const auto text = environment.variable("WINDLASS_PROBE_PORT")) {
    options.probes.port = static_cast<std::uint16_t>(std::atoi(text->c_str()));
  }
  options.settings = path_or("WINDLASS_SETTINGS", postgres::kSettingsPath);
  options.credentials = path_or("WINDLASS_CREDENTIALS", postgres::kCredentialsPath);
  options.tls = path_or("WINDLASS_TLS", postgres::kTlsPath);
  options.path = environment.variable("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  return options;
}

int run() {
  auto environment = windlass::SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  environment->set_log(
      windlass::Logger(windlass::make_line_sink(STDOUT_FILENO, true, environment->clock())));
  auto options = options_from(*environment);
  if (!options) return complain(options.error().message);
  if (::geteuid() == 0) {
    return complain(
        "PostgreSQL does not run as root: set securityContext.runAsNonRoot and runAsUser");
  }
  if (::access(options->place.run.c_str(), W_OK) != 0) {
    return complain("cannot write to " + options->place.run.string() + ": mount an emptyDir there");
  }
  ::umask(077);
  const auto executor = environment->io();
  postgres::Driver driver(*environment, executor, std::move(*options));
  const int code = environment->run([&driver] { return driver.run(); });
  environment->terminate(code);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "--version" && argc == 2) {
    std::cout << "instance-manager " << kVersion << "\n";
    return 0;
  }
  if (verb == "copy" && argc == 3) return copy_self(argv[2]);
  if (verb != "run" || argc != 2)
    return complain("usage: instance-manager run | copy <path> | --version");
  try {
    return run();
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}
