#include "scaffold/generate_manifests.hpp"

#include <cstdio>
#include <fstream>

#include <CLI/CLI.hpp>

#include <windlass/codegen/input.hpp>
#include <windlass/codegen/yaml.hpp>

#include "scaffold/common.hpp"
#include "scaffold/package.hpp"
#include "scaffold/project.hpp"
#include "scaffold/rights.hpp"
#include "scaffold/tree.hpp"

namespace windlass::inline v0::scaffold {
namespace {

namespace fs = std::filesystem;
using codegen::read_text;

struct Options {
  Common common;
  bool build = true;
  bool check = false;
  bool helm = false;
  bool bundle = false;
  std::string version = "0.1.0";
  fs::path recording = {};
  std::string user = {};
  fs::path description = {};
};

std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// Standard output of a shell command; its errors go to ours.
Result<std::string> output_of(const std::string& command, const std::string& remedy) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return Error{Errc::io, "cannot run " + command};
  std::string out;
  char chunk[8192];
  for (std::size_t size = 0; (size = std::fread(chunk, 1, sizeof(chunk), pipe)) > 0;)
    out.append(chunk, size);
  if (::pclose(pipe) != 0) return Error{Errc::io, command + " failed; " + remedy};
  return out;
}

Result<Rights> rights_of_project(const fs::path& root, const Options& options) {
  if (options.build) {
    std::fprintf(stderr, "building the operator, to ask it what it needs\n");
    const auto built =
        output_of("make -s -C " + quoted(root.string()) + " build 1>&2", "see above");
    if (!built) return built.error();
  }
  const auto program = (root / "build/bin/manager").string();
  const auto text = options.description.empty()
                        ? output_of(quoted(program) + " --describe",
                                    "build it with this version of Windlass (make build)")
                        : read_text(options.description);
  if (!text) return text.error();
  const auto description = json::parse(*text);
  if (!description) return description.error().within(program + " --describe");
  return rights_of_program(*description);
}

/// config/crd/bases/*.yaml of the types that are written in C++, which the project's own program
/// api/definitions.cpp prints; none without one.
Result<Files> definitions_of_project(const fs::path& root, bool build) {
  Files files;
  if (!fs::exists(root / "api/definitions.cpp")) return files;
  const auto where = quoted((root / "build").string());
  if (build) {
    std::fprintf(stderr, "building the program that prints the types' definitions\n");
    const auto built = output_of("make -s -C " + quoted(root.string()) +
                                     " build/CMakeCache.txt 1>&2 && cmake --build " + where +
                                     " --target definitions 1>&2",
                                 "see above");
    if (!built) return built.error();
  }
  const auto program = (root / "build/bin/definitions").string();
  const auto text = output_of(quoted(program), "build it (without --no-build)");
  if (!text) return text.error();
  const auto documents = codegen::parse_yaml(program, *text);
  if (!documents) return documents.error();
  for (const auto& crd : *documents) {
    const auto name = std::string(crd["spec"]["group"].string_or("")) + '_' +
                      std::string(crd["spec"]["names"]["plural"].string_or("")) + ".yaml";
    files["config/crd/bases/" + name] = to_yaml(crd);
    const auto list = read_text(root / "config/crd/kustomization.yaml");
    if (list && list->find("bases/" + name) == std::string::npos) {
      std::fprintf(stderr, "config/crd/kustomization.yaml does not name bases/%s; add it\n",
                   name.c_str());
    }
  }
  return files;
}

/// The rules of a file of the project; none: an empty list.
Result<json::Value> rules_of(const fs::path& path) {
  if (!fs::exists(path)) return json::Value(json::Array());
  const auto text = read_text(path);
  if (!text) return text.error();
  const auto documents = codegen::parse_yaml(path.string(), *text);
  if (!documents) return documents.error();
  if (documents->empty()) return json::Value(json::Array());
  return documents->front()["rules"];
}

json::Value list_of(const std::vector<Right>& rights) {
  json::Array list;
  for (const auto& right : rights) {
    json::Value entry;
    entry["group"] = right.group;
    entry["resource"] = right.resource;
    entry["verb"] = right.verb;
    list.push_back(std::move(entry));
  }
  return list;
}

void print_comparison(const Comparison& result, const Options& options, const std::string& whose) {
  if (options.common.output == Output::json) {
    json::Value document;
    document["missing"] = list_of(result.missing);
    document["unused"] = list_of(result.unused);
    std::fputs(json::dump_pretty(document).c_str(), stdout);
    return;
  }
  const auto print = [](const char* word, const std::vector<Right>& rights) {
    for (const auto& right : rights) {
      std::printf("%s  %-8s %s%s%s\n", word, right.verb.c_str(), right.resource.c_str(),
                  right.group.empty() ? "" : ".", right.group.c_str());
    }
  };
  print("missing", result.missing);
  print("unused ", result.unused);
  std::printf("%zu rights are missing, %zu were not used by %s in %s\n", result.missing.size(),
              result.unused.size(), whose.c_str(), options.recording.c_str());
}

/// Says what differs between what is allowed and what was asked for: by `options.user`, else by the
/// operator's own user, else, where that one asked for nothing, by everybody. The exit code.
Result<int> compare_with_recording(const Options& options, const Opened& opened,
                                   const Rights& allowed) {
  const auto text = read_text(options.recording);
  if (!text) return text.error();
  auto whose = options.user.empty() ? operator_user(opened.project) : options.user;
  auto asked = rights_of_recording(*text, whose);
  if (!asked) return asked.error().within(options.recording.string());
  if (asked->empty() && options.user.empty()) {
    whose = "anybody";
    asked = rights_of_recording(*text).value();
  }
  if (asked->empty()) {
    return Error{Errc::invalid_argument, options.recording.string() + " holds no request by " +
                                             whose + "; choose another user (--user)"};
  }
  auto result = compare(allowed, *asked);
  // the lease and its events have a Role of their own
  const auto election = rules_of(opened.root / "config/rbac/leader_election_role.yaml");
  if (!election) return election.error();
  const auto elsewhere = rights_of_rules(*election);
  std::erase_if(result.missing, [&](const Right& right) { return elsewhere.contains(right); });
  print_comparison(result, options, whose);
  return result.missing.empty() ? 0 : 1;
}

/// The objects in config/samples, by the names of their files.
Result<std::vector<json::Value>> samples_of(const fs::path& root) {
  std::vector<json::Value> samples;
  for (const auto& file : yaml_files(root / "config/samples")) {
    const auto text = read_text(file);
    if (!text) return text.error();
    auto documents = codegen::parse_yaml(file.string(), *text);
    if (!documents) return documents.error();
    samples.insert(samples.end(), documents->begin(), documents->end());
  }
  return samples;
}

/// Removes what an earlier run wrote into `folder` for an object that is gone, if `write`.
std::vector<Change> remove_leftovers(const fs::path& root, const std::string& folder,
                                     const Files& files, bool write) {
  std::vector<Change> changes;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(root / folder, code)) {
    const auto path = folder + "/" + entry.path().filename().string();
    if (files.contains(path)) continue;
    const auto text = read_text(entry.path());
    if (text && text->starts_with(kPackageMark)) changes.push_back({path, Outcome::removed});
  }
  for (const auto& change : changes) {
    if (write) fs::remove(root / change.path, code);
  }
  return changes;
}

/// What differs; it is written with `write`.
Result<std::vector<Change>> write_files(const fs::path& root, const Files& files, bool write) {
  std::vector<Change> changes;
  for (const auto& [path, content] : files) {
    const auto old = read_text(root / path);
    const auto outcome = !old              ? Outcome::created
                         : *old == content ? Outcome::unchanged
                                           : Outcome::updated;
    changes.push_back({path, outcome});
    if (!write || outcome == Outcome::unchanged) continue;
    std::error_code code;
    fs::create_directories((root / path).parent_path(), code);
    std::ofstream out(root / path, std::ios::binary);
    out << content;
    out.close();
    if (!out) return Error{Errc::io, (root / path).string() + ": cannot be written"};
  }
  return changes;
}

Result<int> run(const Options& options) {
  const auto opened = open_project(options.common.directory);
  if (!opened) return opened.error();
  const auto& [root, project] = *opened;
  const bool write = !options.check && !options.common.dry_run;
  const auto rights = rights_of_project(root, options);
  if (!rights) return rights.error();
  const auto extra = rules_of(root / "config/rbac/extra_rules.yaml");
  if (!extra) return extra.error();
  if (!options.recording.empty()) {
    auto allowed = *rights;
    allowed.merge(rights_of_rules(*extra));
    return compare_with_recording(options, *opened, allowed);
  }
  auto files_of_code = definitions_of_project(root, options.build);
  if (!files_of_code) return files_of_code.error();
  files_of_code->emplace("config/rbac/role.yaml", role_yaml(project, *rights, *extra));
  auto changes = write_files(root, *files_of_code, write);
  if (!changes) return changes.error();

  const bool kustomize = std::system("command -v kubectl >/dev/null 2>&1") == 0;
  if (kustomize) {
    const auto install =
        output_of("kubectl kustomize " + quoted((root / "config/default").string()), "see above");
    if (!install) return install.error();
    Files files;
    if (!options.check || fs::exists(root / "dist/install.yaml"))
      files["dist/install.yaml"] = *install;
    const auto documents = codegen::parse_yaml("config/default", *install);
    if (!documents) return documents.error();
    if (options.helm) {
      auto chart = helm_chart(project, *documents);
      if (!chart) return chart.error();
      files.merge(*chart);
    }
    if (options.bundle) {
      const auto samples = samples_of(root);
      if (!samples) return samples.error();
      auto bundle = olm_bundle(project, *documents, options.version, *samples);
      if (!bundle) return bundle.error();
      files.merge(*bundle);
    }
    auto more = write_files(root, files, write);
    if (!more) return more.error();
    changes->insert(changes->end(), more->begin(), more->end());
    for (const auto& [wanted, folder] : {std::pair{options.helm, "dist/chart/templates"},
                                         {options.helm, "dist/chart/crds"},
                                         {options.bundle, "bundle/manifests"}}) {
      if (!wanted) continue;
      const auto gone = remove_leftovers(root, folder, files, write);
      changes->insert(changes->end(), gone.begin(), gone.end());
    }
  } else if (options.helm || options.bundle) {
    return Error{Errc::not_found,
                 "a chart and a bundle are made of what `kubectl kustomize config/default` prints; "
                 "install kubectl"};
  } else {
    std::fprintf(stderr, "kubectl is not installed, so dist/install.yaml is left as it is\n");
  }
  print_changes(*changes, options.common.dry_run, options.common.output);
  const bool stale = std::any_of(changes->begin(), changes->end(),
                                 [](const Change& c) { return c.outcome != Outcome::unchanged; });
  if (options.check && stale)
    return Error{Errc::invalid_argument,
                 "these files are not what the code asks for; run `windlass generate manifests`"};
  return 0;
}

}  // namespace

void add_generate_manifests(CLI::App& generate, std::function<int()>& chosen) {
  const auto options = std::make_shared<Options>();
  auto* command = generate.add_subcommand(
      "manifests",
      "The Role that the code asks for, dist/install.yaml, a Helm chart, an OLM bundle");
  add_common(*command, options->common);
  command->add_flag("!--no-build", options->build, "Do not build the operator first");
  command->add_flag("--check", options->check, "Write nothing; fail when a file would change");
  command->add_flag("--helm", options->helm, "Also dist/chart");
  command->add_flag("--bundle", options->bundle,
                    "Also bundle/, for the Operator Lifecycle Manager");
  command->add_option("--bundle-version", options->version, "Version of the bundle (0.1.0)");
  auto* recording =
      command
          ->add_option("--from-recording", options->recording,
                       "Compare with recorded requests: a file of JSON lines, of `windlass dev "
                       "--record`, a simulation's --record, or an API server's audit log")
          ->check(CLI::ExistingFile);
  command
      ->add_option("--user", options->user,
                   "Of the recorded requests those of this user (default: the operator's "
                   "service account; where it sent none, everybody)")
      ->needs(recording);
  command
      ->add_option("--description", options->description,
                   "What the operator printed with --describe, instead of running it")
      ->check(CLI::ExistingFile);
  command->footer(
      "The Role in config/rbac/role.yaml allows exactly what the operator's code asks for: what "
      "its controllers watch, and the\n"
      "verbs of Context that it uses. Rules of config/rbac/extra_rules.yaml are added as they "
      "are.\n"
      "A project with api/definitions.cpp writes its types in C++: that program, which is built as "
      "the target definitions, prints\n"
      "their CustomResourceDefinitions for config/crd/bases (windlass/meta/definition.hpp shows "
      "it).\n\n"
      "Examples:\n"
      "  windlass generate manifests\n"
      "  windlass generate manifests --check\n"
      "  windlass generate manifests --helm --bundle --bundle-version 1.2.0\n"
      "  windlass generate manifests --from-recording requests.jsonl\n"
      "  windlass generate manifests --from-recording audit.log --user "
      "system:serviceaccount:shop-system:shop-controller-manager");
  command->callback([options, &chosen] {
    chosen = [options] {
      const auto code = run(*options);
      return code ? *code : complain(code.error());
    };
  });
}

}  // namespace windlass::inline v0::scaffold
