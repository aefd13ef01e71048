#include "generate_types.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>

#include <windlass/base/system_environment.hpp>
#include <windlass/client/client.hpp>

namespace windlass::inline v0::command {
namespace {

constexpr const char* kCrds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

bool wanted(const json::Value& crd, const std::vector<std::string>& names) {
  if (names.empty()) return true;
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return crd["metadata"]["name"] == json::Value(name) ||
           crd["spec"]["group"] == json::Value(name);
  });
}

Task<int> fetch_crds(SystemEnvironment& environment, client::Config config,
                     std::vector<std::string> names, std::shared_ptr<std::string> out) {
  const client::Client client(environment, environment.io(), std::move(config), {});
  const std::string target = kCrds;
  const std::string text = co_await client.raw_get(target);
  auto list = json::parse(text).value();
  json::Array chosen;
  for (auto& crd : list["items"].as_array()) {
    if (!wanted(crd, names)) continue;
    crd["apiVersion"] = "apiextensions.k8s.io/v1";  // items of a list leave them out
    crd["kind"] = "CustomResourceDefinition";
    chosen.push_back(std::move(crd));
  }
  json::Object document;
  document.set("kind", "List");
  document.set("items", std::move(chosen));
  *out = json::dump(json::Value(std::move(document)));
  co_return 0;
}

codegen::Input read_cluster(const GenerateTypesOptions& options) {
  const auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  const auto config = client::load_config(*environment, options.kubeconfig).value();
  const std::string name = "the cluster at " + config.server.host;
  const auto text = std::make_shared<std::string>();
  environment->run([&] { return fetch_crds(*environment, config, options.crds, text); });
  return {name, std::move(*text), true};
}

/// How the types are called and where they are: the same for the types and what is made for them.
void add_naming(CLI::App& app, codegen::GenerateOptions& o) {
  CLI::App* const command = &app;
  command->add_option("--output-dir", o.output_dir, "Where to write (.)");
  command->add_option("--namespace", o.namespace_name,
                      "C++ namespace of the types; the API version is added: api becomes api::v1");
  command->add_option("--output-prefix", o.output_prefix,
                      "Folder of the headers in #include lines: <prefix>/v1/database.hpp");
  command->add_flag("--keep-empty", o.keep_empty,
                    "Empty optional lists, maps and objects differ from absent ones: they become "
                    "std::optional and Box");
  command->add_flag(
      "--by-group", o.by_group,
      "The first label of the group comes before the version, in folders and namespaces");
  command->add_flag("!--no-known-types", o.known_types,
                    "Copies of Kubernetes' own shapes become types of their own");
}

void print(const GenerateTypesOptions& options, const codegen::Generated& done) {
  if (options.output == "json") {
    json::Array files, warnings;
    for (const auto& [name, text] : done.files) {
      files.push_back(options.generate.output_dir + "/" + name);
    }
    for (const auto& warning : done.warnings) {
      json::Object entry;
      entry.set("place", warning.place);
      entry.set("text", warning.text);
      warnings.push_back(std::move(entry));
    }
    json::Object out;
    out.set("files", std::move(files));
    out.set("warnings", std::move(warnings));
    std::fputs(json::dump_pretty(json::Value(std::move(out))).c_str(), stdout);
    return;
  }
  for (const auto& warning : done.warnings) {
    std::fprintf(stderr, "warning: %s: %s\n", warning.place.c_str(), warning.text.c_str());
  }
  const char* what = options.generate.check     ? "are up to date"
                     : options.generate.dry_run ? "would be written"
                                                : "written";
  std::printf("%zu files %s in %s\n", done.files.size(), what, options.generate.output_dir.c_str());
}

}  // namespace

CLI::App* add_generate_types(CLI::App& generate, GenerateTypesOptions& options) {
  auto* command = generate.add_subcommand("types", "C++ types from CustomResourceDefinitions");
  command->footer(
      "Examples:\n"
      "  windlass generate types config/crd/bases --namespace api --output-prefix api\n"
      "  kustomize build config/crd | windlass generate types -\n"
      "  windlass generate types --from-cluster --crd cert-manager.io --output-dir generated\n"
      "  windlass generate types config/crd/bases --output-dir generated --check");
  auto& o = options.generate;
  o.output_dir = ".";
  command->add_option("input", o.inputs,
                      "Files, folders, patterns such as 'config/crd/*.yaml', or - for standard "
                      "input; YAML or JSON");
  auto* from_cluster =
      command->add_flag("--from-cluster", options.from_cluster, "Read the cluster's CRDs");
  command
      ->add_option("--crd", options.crds,
                   "Of the cluster's CRDs these only: names or groups; repeatable")
      ->needs(from_cluster);
  command
      ->add_option("--kubeconfig", options.kubeconfig,
                   "Path of a kubeconfig (default: as kubectl finds it)")
      ->needs(from_cluster);
  add_naming(*command, o);
  command->add_flag("--whole-schema", o.whole_schema,
                    "The tables also say what only the text of a CRD needs, such as descriptions");
  command->add_option("--definitions", o.definitions,
                      "Also write this file: a program that prints the CRDs, for those who go on "
                      "from C++ (with --whole-schema)");
  command->add_flag("--check", o.check, "Write nothing; exit with 1 when a file would change");
  command->add_flag("--dry-run", o.dry_run, "Write nothing");
  command->add_option("-o,--output", options.output, "text or json (text)")
      ->check(CLI::IsMember({"text", "json"}));
  return command;
}

CLI::App* add_generate_conversion(CLI::App& generate, GenerateConversionOptions& options) {
  auto* command = generate.add_subcommand(
      "conversion", "Skeletons of conversions between the versions of CRDs, by way of a hub");
  command->footer(
      "For each version but the hub (kubebuilder's spokes) it writes <kind>_conversion.hpp and "
      ".cpp "
      "beside the types, once: they are\n"
      "yours and stay as they are. Fields that are the same in both versions are copied already; "
      "the "
      "others are listed there and\n"
      "kept in an annotation, so that nothing is lost. <kind>_conversion_test.cpp proves it, and "
      "is "
      "written anew each time.\n\n"
      "Examples:\n"
      "  windlass generate conversion config/crd/bases --namespace api --output-prefix api\n"
      "  windlass generate conversion crd.yaml --hub v1 --dry-run");
  auto& o = options.generate;
  o.output_dir = ".";
  command
      ->add_option("input", o.inputs,
                   "Files, folders, patterns such as 'config/crd/*.yaml', or - for standard input; "
                   "YAML or JSON")
      ->required();
  command->add_option("--hub", options.hub,
                      "The version that all others are converted to and from (the stored one)");
  add_naming(*command, o);
  command->add_flag("--dry-run", o.dry_run, "Write nothing");
  command->add_option("-o,--output", options.output, "text or json (text)")
      ->check(CLI::IsMember({"text", "json"}));
  return command;
}

int generate_conversion(const GenerateConversionOptions& options) {
  const auto done = codegen::generate_conversions(options.generate, options.hub);
  if (!done) {
    std::fprintf(stderr, "error: %s\n", done.error().message.c_str());
    return 1;
  }
  if (options.output == "json") {
    const auto list = [](const std::vector<std::string>& texts) {
      json::Array out;
      for (const auto& text : texts) out.emplace_back(text);
      return out;
    };
    json::Object out;
    out.set("written", list(done->written));
    out.set("kept", list(done->kept));
    out.set("differences", list(done->differences));
    std::fputs(json::dump_pretty(json::Value(std::move(out))).c_str(), stdout);
    return 0;
  }
  const char* written = options.generate.dry_run ? "would be written" : "written";
  for (const auto& name : done->written) std::printf("%s  %s\n", written, name.c_str());
  for (const auto& name : done->kept) std::printf("yours, kept  %s\n", name.c_str());
  for (const auto& text : done->differences) std::printf("not copied  %s\n", text.c_str());
  return 0;
}

int generate_types(const GenerateTypesOptions& options) {
  if (options.generate.inputs.empty() && !options.from_cluster) {
    std::fputs(
        "error: nothing to read; name files or folders, or use --from-cluster\n"
        "  windlass generate types config/crd/bases\n",
        stderr);
    return 2;
  }
  try {
    auto generate = options.generate;
    if (options.from_cluster) generate.texts.push_back(read_cluster(options));
    const auto done = codegen::generate(generate);
    if (!done) {
      std::fprintf(stderr, "error: %s\n", done.error().message.c_str());
      return 1;
    }
    print(options, *done);
    return 0;
  } catch (...) {
    std::fprintf(stderr, "error: %s\n", describe(std::current_exception()).message.c_str());
    return 1;
  }
}

}  // namespace windlass::inline v0::command
