// windlass: the command that people meet first.

#include <algorithm>
#include <cstdio>
#include <set>

#include <CLI/CLI.hpp>

#include "apply.hpp"
#include "dev.hpp"
#include "generate_types.hpp"
#include "project_dev.hpp"
#include "scaffold/commands.hpp"
#include "scaffold/common.hpp"
#include "scaffold/generate_manifests.hpp"
#include "simulate.hpp"

namespace {

/// What is given to the server of `windlass dev` in a project: every option of `dev` but those of
/// `own`.
std::vector<std::string> server_arguments(const CLI::App& dev,
                                          const std::set<const CLI::Option*>& own) {
  std::vector<std::string> arguments;
  for (const auto* option : dev.get_options()) {
    if (option->count() == 0 || own.contains(option)) continue;
    if (option->get_expected_max() == 0) {
      arguments.push_back("--" + option->get_lnames().front());
      continue;
    }
    for (const auto& value : option->results()) {
      arguments.push_back("--" + option->get_lnames().front());
      arguments.push_back(value);
    }
  }
  return arguments;
}

/// The first of `options` that was given.
const CLI::Option* first_given(const std::vector<const CLI::Option*>& options) {
  const auto found = std::find_if(options.begin(), options.end(),
                                  [](const CLI::Option* option) { return option->count() > 0; });
  return found == options.end() ? nullptr : *found;
}

int complain(const std::string& message) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  namespace command = windlass::command;
  CLI::App app("Windlass: Kubernetes operators in modern C++.", "windlass");
  app.set_version_flag("--version", "windlass " WINDLASS_VERSION);
  app.require_subcommand(1);
  std::function<int()> chosen;
  windlass::scaffold::add_commands(app, chosen);

  command::DevOptions dev;
  auto* dev_command =
      app.add_subcommand("dev",
                         "Serve an in-memory Kubernetes API over HTTPS on loopback, for "
                         "development and tests; in a project, run its "
                         "operator against it, and build and start it again on change");
  dev_command->add_option("--state-dir", dev.state_directory,
                          "Where logs, volumes and the kubeconfig live (.windlass)");
  dev_command->add_option("--kubeconfig", dev.kubeconfig,
                          "Where to write the kubeconfig, mode 0600 (<state-dir>/kubeconfig)");
  dev_command->add_option("--port", dev.port, "Port of the API server; 0: any (0)");
  dev_command->add_flag("--pods", dev.pods, "Run pods too, as sandboxed processes of this machine");
  dev_command->add_option("--images", dev.images, "YAML table: what stands for which image name")
      ->check(CLI::ExistingFile);
  dev_command->add_flag("!--no-rbac", dev.rbac, "Allow everybody everything");
  dev_command->add_option("--persist", dev.persist,
                          "Keep the objects in this file, so that the next start finds them");
  dev_command->add_option("--record", dev.record,
                          "Append every request to this file, a line of JSON each, without bodies");
  dev_command->add_flag("--verbose", dev.verbose, "Log what happens");

  command::ProjectDevOptions project;
  bool server_only = false;
  const std::vector<const CLI::Option*> of_operator = {
      dev_command
          ->add_option("-C,--directory", project.root,
                       "The project's folder (default: here, or the nearest above)")
          ->check(CLI::ExistingDirectory),
      dev_command
          ->add_option("--replicas", project.replicas,
                       "How many replicas of the project's operator run (1)")
          ->check(CLI::Range(1, 20)),
      dev_command->add_flag("!--no-samples", project.samples, "Do not apply config/samples"),
      dev_command->add_flag("!--no-view", project.view, "Print lines, also on a terminal")};
  std::set<const CLI::Option*> project_options(of_operator.begin(), of_operator.end());
  project_options.insert(
      {dev_command->add_flag("--server-only", server_only, "No operator, also in a project"),
       dev_command->get_option("--state-dir"), dev_command->get_option("--kubeconfig"),
       dev_command->get_help_ptr()});
  dev_command->footer(
      "Examples:\n"
      "  windlass dev                      in a project: its operator, schemas and samples\n"
      "  windlass dev --replicas 3         with three replicas that elect a leader\n"
      "  windlass dev --pods --images local-images.yaml\n"
      "  windlass dev --server-only &      only the API server");

  command::ApplyOptions apply;
  auto* apply_command =
      app.add_subcommand("apply", "Apply the objects in YAML or JSON files (server-side apply)");
  apply_command->add_option("-f,--filename", apply.files, "File; repeatable")
      ->required()
      ->check(CLI::ExistingFile);
  apply_command->add_option("--kubeconfig", apply.kubeconfig,
                            "Path of a kubeconfig (default: as kubectl finds it)");
  apply_command->footer(
      "Examples:\n"
      "  windlass apply -f config/samples/shop_v1_order.yaml\n"
      "  windlass apply --kubeconfig .windlass/kubeconfig -f first.yaml -f second.yaml");

  command::SimulateOptions simulation;
  auto* simulate_command = app.add_subcommand(
      "simulate", "Run the project's simulations with many seeds, until one fails");
  simulate_command
      ->add_option("-C,--directory", simulation.root,
                   "The project's folder (default: here, or the nearest above)")
      ->check(CLI::ExistingDirectory);
  simulate_command
      ->add_option("--program", simulation.program,
                   "The program of the simulations (default: the project's tests, built first)")
      ->check(CLI::ExistingFile);
  simulate_command->add_option("--test", simulation.test,
                               "Name of a SIMULATION, * and ? allowed (all)");
  simulate_command->add_option("--seeds", simulation.seeds, "Seeds for each simulation (200)")
      ->check(CLI::PositiveNumber);
  simulate_command->add_option("--first-seed", simulation.first_seed, "The first of them (1)");
  simulate_command
      ->add_option("-j,--jobs", simulation.jobs, "Processes (as many as there are processors)")
      ->check(CLI::Range(1, 1024));
  simulate_command->add_option(
      "--report-dir", simulation.report_directory,
      "Where pages of failures go and failed seeds are kept (.windlass/simulation)");
  simulate_command->footer(
      "The first failure ends the run: its seed, its last events and the command that repeats it "
      "are "
      "printed.\nThe same command again begins with the seed that failed.\n\n"
      "Examples:\n"
      "  windlass simulate                         200 seeds of every simulation\n"
      "  windlass simulate --seeds 10000 --test 'Orders*'\n"
      "Exit codes: 0 all seeds passed, 1 one failed, 2 wrong usage.");

  auto* generate_command =
      app.add_subcommand("generate", "Write code from schemas, and manifests from code");
  generate_command->require_subcommand(1);
  windlass::scaffold::add_generate_manifests(*generate_command, chosen);
  command::GenerateTypesOptions types;
  auto* types_command = command::add_generate_types(*generate_command, types);
  command::GenerateConversionOptions conversion;
  auto* conversion_command = command::add_generate_conversion(*generate_command, conversion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (*types_command) return command::generate_types(types);
  if (*conversion_command) return command::generate_conversion(conversion);
  if (chosen) return chosen();
  if (*simulate_command) return command::simulate(simulation);
  if (*dev_command) {
    const auto* given = first_given(of_operator);
    if (server_only && given != nullptr)
      return complain("--server-only runs no operator, so " + given->get_name() + " means nothing");
    const auto from = project.root.empty() ? std::filesystem::path(".") : project.root;
    project.root = server_only ? std::filesystem::path() : windlass::scaffold::find_project(from);
    if (project.root.empty() && given != nullptr && !server_only) {
      return complain("no file PROJECT in " + std::filesystem::absolute(from).string() +
                      " nor above it, so there is no operator for " + given->get_name() +
                      "; make a project with `windlass init --domain example.com`");
    }
    if (!project.root.empty()) {
      project.state_directory = dev.state_directory;
      project.kubeconfig = dev.kubeconfig;
      project.server_arguments = server_arguments(*dev_command, project_options);
      return command::project_dev(project);
    }
  }
  return *apply_command ? command::apply(apply) : command::dev(dev);
}
