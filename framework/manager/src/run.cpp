#include <cstdio>
#include <filesystem>

#include <windlass/base/system_environment.hpp>
#include <windlass/manager/logging.hpp>
#include <windlass/manager/run.hpp>

namespace windlass::inline v0 {
namespace {

int complain(const Error& error, int code) {
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
  return code;
}

}  // namespace

int run(int argc, char** argv, ManagerOptions defaults,
        const std::function<void(Manager&)>& setup) {
  if (defaults.operator_name.empty() && argc > 0) {
    defaults.operator_name = std::filesystem::path(argv[0]).filename().string();
  }
  const auto environment = SystemEnvironment::make();
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const auto parsed = parse_options(arguments, *environment, std::move(defaults));
  if (!parsed) return complain(parsed.error(), 2);
  if (parsed->message) {
    std::fputs(parsed->message->c_str(), stdout);
    return 0;
  }
  if (parsed->describe) {
    std::fputs(json::dump_pretty(controller::describe_uses()).c_str(), stdout);
    return 0;
  }
  environment->set_log(Logger(make_log_sink(parsed->options.log_json), parsed->options.log_level));
  try {
    const auto config = client::load_config(*environment, parsed->options.kubeconfig).value();
    Manager manager(*environment, config, parsed->options);
    setup(manager);
    return environment->run([&manager] { return manager.run(); });
  } catch (...) {
    const auto error = describe(std::current_exception());
    environment->log().error("The operator cannot run", {{"error", error.message}});
    environment->log().flush();
    return 1;
  }
}

}  // namespace windlass::inline v0
