// windlass: the command that people meet first.

#include <CLI/CLI.hpp>

#include "apply.hpp"
#include "dev.hpp"
#include "generate_types.hpp"
#include "scaffold/commands.hpp"

int main(int argc, char** argv) {
  namespace command = windlass::command;
  CLI::App app("Windlass: Kubernetes operators in modern C++.", "windlass");
  app.set_version_flag("--version", "windlass " WINDLASS_VERSION);
  app.require_subcommand(1);
  std::function<int()> chosen;
  windlass::scaffold::add_commands(app, chosen);

  command::DevOptions dev;
  auto* dev_command = app.add_subcommand(
      "dev", "Serve an in-memory Kubernetes API over HTTPS on loopback, for development and tests");
  dev_command->add_option("--state-dir", dev.state_directory, "Where logs, volumes and the kubeconfig live (.windlass)");
  dev_command->add_option("--kubeconfig", dev.kubeconfig, "Where to write the kubeconfig, mode 0600 (<state-dir>/kubeconfig)");
  dev_command->add_option("--port", dev.port, "Port of the API server; 0: any (0)");
  dev_command->add_flag("--pods", dev.pods, "Run pods too, as sandboxed processes of this machine");
  dev_command->add_option("--images", dev.images, "YAML table: what stands for which image name")->check(CLI::ExistingFile);
  dev_command->add_flag("!--no-rbac", dev.rbac, "Allow everybody everything");
  dev_command->add_option("--persist", dev.persist, "Keep the objects in this file, so that the next start finds them");
  dev_command->add_option("--record", dev.record, "Append every request to this file, a line of JSON each, without bodies");
  dev_command->add_flag("--verbose", dev.verbose, "Log what happens");

  command::ApplyOptions apply;
  auto* apply_command = app.add_subcommand("apply", "Apply the objects in YAML or JSON files (server-side apply)");
  apply_command->add_option("-f,--filename", apply.files, "File; repeatable")->required()->check(CLI::ExistingFile);
  apply_command->add_option("--kubeconfig", apply.kubeconfig, "Path of a kubeconfig (default: as kubectl finds it)");

  auto* generate_command = app.add_subcommand("generate", "Write code from schemas");
  generate_command->require_subcommand(1);
  command::GenerateTypesOptions types;
  auto* types_command = command::add_generate_types(*generate_command, types);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (*types_command) return command::generate_types(types);
  if (chosen) return chosen();
  return *apply_command ? command::apply(apply) : command::dev(dev);
}
