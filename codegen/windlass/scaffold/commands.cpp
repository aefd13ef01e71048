#include "scaffold/commands.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include <CLI/CLI.hpp>

#include <windlass/codegen/input.hpp>
#include <windlass/codegen/yaml.hpp>
#include <windlass/json/value.hpp>

#include "scaffold/builtin.hpp"
#include "scaffold/common.hpp"
#include "scaffold/completion.hpp"
#include "scaffold/console.hpp"
#include "scaffold/files.hpp"
#include "scaffold/project.hpp"
#include "scaffold/tree.hpp"

namespace windlass::inline v0::scaffold {
namespace {

namespace fs = std::filesystem;
using codegen::read_text;

/// Brings the folder to the scaffold of `project`. `extra` are files beyond the templates. The exit
/// code.
Result<int> bring_about(const fs::path& root, Project project, const Common& common,
                        const Files& extra = {}) {
  project.windlass_version = WINDLASS_VERSION;
  auto wanted = scaffold_files(project);
  if (!wanted) return wanted.error();
  const auto base = read_base(root);
  if (!base) return base.error();
  // what was copied into the project belongs to the scaffold, too
  for (const auto& resource : project.resources) {
    const auto copy = base->find(resource.crd);
    if (!resource.crd.empty() && copy != base->end()) wanted->insert(*copy);
  }
  for (const auto& [path, content] : extra) wanted->insert_or_assign(path, content);
  const auto present = read_present(root, {&*wanted, &*base});
  if (!present) return present.error();
  auto changes = plan(*wanted, *base, *present);
  for (auto& change : changes) {
    // it is generated again anyway, from code that windlass does not know
    if (change.path == "config/rbac/role.yaml" && change.outcome == Outcome::conflict) {
      change = {change.path, Outcome::stale};
    }
  }
  const auto manifest = write_project(project);
  const auto old_manifest = read_text(root / "PROJECT");
  if (!common.dry_run) {
    if (auto done = carry_out(root, changes, *wanted); !done) return done.error();
    std::ofstream out(root / "PROJECT", std::ios::binary);
    out << manifest;
    out.close();
    if (!out) return Error{Errc::io, (root / "PROJECT").string() + ": cannot be written"};
  }
  const auto outcome = !old_manifest               ? Outcome::created
                       : *old_manifest == manifest ? Outcome::unchanged
                                                   : Outcome::updated;
  changes.insert(changes.begin(), Change{"PROJECT", outcome});
  print_changes(changes, common.dry_run, common.output);
  const bool conflicts = std::any_of(changes.begin(), changes.end(), [](const Change& c) {
    return c.outcome == Outcome::conflict;
  });
  return conflicts ? 1 : 0;
}

int finish(const Result<int>& code, const Common& common, const std::string& next) {
  if (!code) return complain(code.error());
  if (*code != 0) {
    return complain(
        {Errc::invalid_argument,
         "some files were changed by you and by windlass in the same place; yours are untouched. "
         "Compare each "
         "with its .windlass-new, bring in what you want, delete it, and run the command again"});
  }
  if (common.output == Output::text && !common.dry_run && !next.empty())
    std::printf("%s", next.c_str());
  return 0;
}

// init -------------------------------------------------------------------------------------------

struct InitOptions {
  Common common;
  Project project;
};

int init(InitOptions options) {
  auto& project = options.project;
  const auto root = fs::absolute(options.common.directory).lexically_normal();
  if (fs::exists(root / "PROJECT")) {
    return complain({Errc::invalid_argument,
                     root.string() + " is a project already: `windlass edit` changes it, "
                                     "`windlass upgrade` brings it to this version of windlass"});
  }
  if (project.name.empty()) {
    project.name =
        project_name_from((root.has_filename() ? root : root.parent_path()).filename().string());
  }
  if (auto good = check_project_name(project.name); !good) return complain(good.error());
  if (auto good = check_domain(project.domain); !good) return complain(good.error());
  if (auto good = check_license(project.license); !good) return complain(good.error());
  if (auto good = check_owner(project.owner); !good) return complain(good.error());
  std::error_code code;
  if (!options.common.dry_run) fs::create_directories(root, code);
  if (code) return complain({Errc::io, root.string() + " cannot be made: " + code.message()});
  return finish(bring_about(root, project, options.common), options.common,
                "\nNext:\n  " +
                    bold("windlass create api --group <group> --version v1 --kind <Kind>") + "\n");
}

void add_init(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<InitOptions>();
  auto* command = app.add_subcommand("init", "Make a new project in this folder");
  command
      ->add_option("--domain", options->project.domain, "Domain of the groups, such as example.com")
      ->required();
  command->add_option("--project-name", options->project.name,
                      "Name of the operator (default: the folder's)");
  command->add_option(
      "--repo", options->project.repo,
      "Where the project lives, such as github.com/me/shop-operator; noted in PROJECT");
  command->add_option("--license", options->project.license,
                      "SPDX identifier at the head of the sources, such as Apache-2.0");
  command->add_option("--owner", options->project.owner,
                      "Who holds the copyright: at the head of the sources, too");
  command->add_flag("--multigroup", options->project.multigroup,
                    "Kinds of several groups: folders have the group in their path");
  command->add_flag("--namespaced", options->project.namespaced,
                    "The operator watches its own namespace only, with a Role");
  add_common(*command, options->common);
  command->footer(
      "Examples:\n"
      "  windlass init --domain example.com\n"
      "  windlass init --domain example.com --project-name shop --directory shop\n"
      "  windlass init --domain example.com --license Apache-2.0 --owner 'The Shop Authors'\n"
      "  windlass init --domain example.com --dry-run --output json");
  command->callback([options, &chosen] { chosen = [options] { return init(*options); }; });
}

// create -----------------------------------------------------------------------------------------

struct CreateOptions {
  Common common;
  ProjectResource resource;
  std::string crd_file = {};
};

std::string next_steps(const ProjectResource& resource) {
  if (!resource.controller) return {};
  std::string steps = "\nNext:\n";
  if (resource.own) {
    steps += "  edit config/crd/bases/" + resource.full_group() + "_" + resource.plural +
             ".yaml, then\n";
  }
  return steps + "  " + bold("make test") + "\n  " + bold("make run") + "\n";
}

int create_api(CreateOptions options) {
  auto opened = open_project(options.common.directory);
  if (!opened) return complain(opened.error());
  auto& project = opened->project;
  auto& resource = options.resource;
  resource.domain = project.domain;
  resource.grouped = project.multigroup;
  if (resource.plural.empty()) resource.plural = plural_of(resource.kind);
  const auto* there = project.find(resource.full_group(), resource.kind);
  if (there != nullptr) resource.grouped = there->grouped;
  if (there == nullptr || *there != resource) {
    if (auto good = check_resource(project, resource); !good) return complain(good.error());
    project.resources.push_back(resource);
  }
  return finish(bring_about(opened->root, project, options.common), options.common,
                next_steps(resource));
}

void add_create_api(CLI::App& create, std::function<int()>& chosen) {
  const auto options = std::make_shared<CreateOptions>();
  auto* command = create.add_subcommand(
      "api", "Add a kind of your own: its schema, types, controller and tests");
  auto& resource = options->resource;
  command->add_option("--group", resource.group, "Group without the domain, such as shop")
      ->required();
  command->add_option("--version", resource.version, "Version, such as v1 or v1alpha1")->required();
  command->add_option("--kind", resource.kind, "Kind in PascalCase, such as Order")->required();
  command->add_option("--plural", resource.plural,
                      "Plural in lower case (default: made from the kind)");
  command->add_flag(
      "--namespaced,!--cluster", resource.namespaced,
      "Objects live in namespaces (the default); --namespaced=false or --cluster: they do not");
  command->add_flag("--controller,!--no-controller", resource.controller,
                    "With a controller (the default); --controller=false: types only");
  command->add_flag("--resource", resource.own,
                    "With a schema of your own (the default); for somebody else's kind: windlass "
                    "create controller");
  add_common(*command, options->common);
  command->footer(
      "Examples:\n"
      "  windlass create api --group shop --version v1 --kind Order\n"
      "  windlass create api --group shop --version v1 --kind Region --namespaced=false\n"
      "  windlass create api --group shop --version v1alpha1 --kind Price --controller=false\n"
      "Running it again changes nothing. Files that you changed are merged with, never "
      "overwritten.");
  command->callback([options, &chosen] {
    chosen = [options] {
      if (!options->resource.own) {
        return complain({Errc::invalid_argument,
                         "a kind without a schema of its own is somebody else's: use `windlass "
                         "create controller`"});
      }
      return create_api(*options);
    };
  });
}

/// What a CRD says of the kind, put into `resource`.
Result<void> read_crd(const std::string& file, std::string_view text, ProjectResource& resource) {
  const auto documents = codegen::parse_yaml(file, text);
  if (!documents) return documents.error();
  std::string kinds;
  for (const auto& document : *documents) {
    const auto& spec = document["spec"];
    const auto kind = spec["names"]["kind"].string_or("");
    if (document["kind"].string_or("") != "CustomResourceDefinition") continue;
    kinds += (kinds.empty() ? "" : ", ") + std::string(kind);
    if (!resource.kind.empty() && resource.kind != kind) continue;
    resource.kind = kind;
    resource.group = spec["group"].string_or("");
    resource.plural = spec["names"]["plural"].string_or("");
    resource.namespaced = spec["scope"].string_or("Namespaced") == "Namespaced";
    if (!spec["versions"].is_array())
      return Error{Errc::parse, file + ": " + resource.kind + " has no versions"};
    std::string versions;
    for (const auto& version : spec["versions"].as_array()) {
      const auto name = version["name"].string_or("");
      versions += (versions.empty() ? "" : ", ") + std::string(name);
      const bool wanted =
          resource.version.empty() ? version["storage"].bool_or(false) : resource.version == name;
      if (!wanted) continue;
      resource.version = name;
      return {};
    }
    return Error{Errc::invalid_argument, file + ": " + resource.kind + " has the versions " +
                                             versions + "; choose one (--version)"};
  }
  if (kinds.empty())
    return Error{Errc::invalid_argument, file + " holds no CustomResourceDefinition"};
  return Error{Errc::invalid_argument, file + " defines " + kinds + "; choose one (--kind)"};
}

/// Where the copy of somebody else's CRD goes: to the file that defines the kind already, else to
/// one of its own.
std::string place_of_copy(const fs::path& root, const Project& project,
                          const ProjectResource& resource) {
  for (const auto& there : project.resources) {
    if (there.crd.empty()) continue;
    const auto text = read_text(root / there.crd);
    ProjectResource found{.kind = resource.kind};
    if (text && read_crd(there.crd, *text, found) && found.group == resource.full_group())
      return there.crd;
  }
  return "config/external/" + resource.full_group() + "_" + resource.plural + ".yaml";
}

int create_controller(CreateOptions options) {
  auto opened = open_project(options.common.directory);
  if (!opened) return complain(opened.error());
  auto& project = opened->project;
  auto& resource = options.resource;
  // one of the project's own
  for (auto& there : project.resources) {
    if (!there.own || !options.crd_file.empty() || there.kind != resource.kind ||
        (there.group != resource.group && there.full_group() != resource.group)) {
      continue;
    }
    there.controller = true;
    return finish(bring_about(opened->root, project, options.common), options.common,
                  next_steps(there));
  }
  resource.own = false;
  resource.grouped = project.multigroup;
  Files extra;
  if (!options.crd_file.empty()) {
    auto text = read_text(options.crd_file);
    if (!text) return complain(text.error());
    if (auto read = read_crd(options.crd_file, *text, resource); !read)
      return complain(read.error());
    resource.crd = place_of_copy(opened->root, project, resource);
    extra[resource.crd] = std::move(*text);
  } else if (resource.kind.empty() || resource.version.empty()) {
    return complain(
        {Errc::invalid_argument,
         "say which kind: --group, --version and --kind of one of Kubernetes' own, or --crd FILE"});
  } else if (auto found = find_builtin(resource); !found) {
    return complain(found.error());
  }
  const auto* there = project.find(resource.full_group(), resource.kind);
  if (there == nullptr || *there != resource) {
    if (auto good = check_resource(project, resource); !good) return complain(good.error());
    project.resources.push_back(resource);
  }
  return finish(bring_about(opened->root, project, options.common, extra), options.common,
                next_steps(resource));
}

void add_create_controller(CLI::App& create, std::function<int()>& chosen) {
  const auto options = std::make_shared<CreateOptions>();
  auto* command = create.add_subcommand(
      "controller",
      "Add a controller for a kind that is there: Kubernetes' own, somebody else's, or yours");
  auto& resource = options->resource;
  command->add_option("--group", resource.group,
                      "Group, such as apps; leave it out for Pod, Secret, ...");
  command->add_option("--version", resource.version, "Version, such as v1");
  command->add_option("--kind", resource.kind, "Kind, such as Deployment");
  command
      ->add_option("--crd", options->crd_file,
                   "Somebody else's CRD; a copy goes to config/external, and types are made of it")
      ->check(CLI::ExistingFile);
  add_common(*command, options->common);
  command->footer(
      "Examples:\n"
      "  windlass create controller --group apps --version v1 --kind Deployment\n"
      "  windlass create controller --version v1 --kind Secret\n"
      "  windlass create controller --crd cert-manager.crds.yaml --kind Certificate");
  command->callback(
      [options, &chosen] { chosen = [options] { return create_controller(*options); }; });
}

// edit, upgrade ----------------------------------------------------------------------------------

struct EditOptions {
  Common common;
  std::optional<bool> multigroup = {};
  std::optional<bool> namespaced = {};
  std::optional<std::string> license = {};
  std::optional<std::string> owner = {};
};

int edit(const EditOptions& options) {
  auto opened = open_project(options.common.directory);
  if (!opened) return complain(opened.error());
  auto& project = opened->project;
  if (!options.multigroup && !options.namespaced && !options.license && !options.owner) {
    return complain({Errc::invalid_argument,
                     "nothing to change; say --multigroup, --namespaced (or =false), --license or "
                     "--owner"});
  }
  if (options.namespaced.value_or(false)) {
    for (const auto& resource : project.resources) {
      if (!resource.namespaced) {
        return complain({Errc::invalid_argument,
                         resource.kind +
                             " is in no namespace, so an operator that only sees its own "
                             "namespace cannot watch it"});
      }
    }
  }
  project.multigroup = options.multigroup.value_or(project.multigroup);
  project.namespaced = options.namespaced.value_or(project.namespaced);
  project.license = options.license.value_or(project.license);
  project.owner = options.owner.value_or(project.owner);
  if (auto good = check_license(project.license); !good) return complain(good.error());
  if (auto good = check_owner(project.owner); !good) return complain(good.error());
  return finish(bring_about(opened->root, project, options.common), options.common, "");
}

void add_edit(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<EditOptions>();
  auto* command = app.add_subcommand("edit", "Change what a project is");
  const auto toggle = [command](const char* name, std::optional<bool>& value, const char* words) {
    command->add_flag_function(name, [&value](std::int64_t count) { value = count > 0; }, words);
  };
  toggle("--multigroup", options->multigroup,
         "New kinds have their group in their path; those that are there stay where they are");
  toggle("--namespaced", options->namespaced,
         "The operator watches its own namespace only, with a Role instead of a ClusterRole");
  command->add_option("--license", options->license,
                      "SPDX identifier at the head of the sources; '' takes it away");
  command->add_option("--owner", options->owner,
                      "Who holds the copyright: at the head of the sources; '' takes it away");
  add_common(*command, options->common);
  command->footer(
      "Examples:\n  windlass edit --multigroup\n  windlass edit --namespaced=false --dry-run");
  command->callback([options, &chosen] { chosen = [options] { return edit(*options); }; });
}

void add_upgrade(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<Common>();
  auto* command = app.add_subcommand("upgrade", "Bring a project to this version of windlass");
  add_common(*command, *options);
  command->footer(
      "What changed in the scaffold since the project was made or last upgraded is merged into "
      "your files. Where you\n"
      "changed the same lines, your file stays, and the merge with both is put beside it as "
      "<file>.windlass-new.\n\n"
      "Examples:\n  windlass upgrade --dry-run\n  windlass upgrade");
  command->callback([options, &chosen] {
    chosen = [options] {
      auto opened = open_project(options->directory);
      if (!opened) return complain(opened.error());
      return finish(bring_about(opened->root, opened->project, *options), *options, "");
    };
  });
}

// version, completion ----------------------------------------------------------------------------

void add_version(CLI::App& app, std::function<int()>& chosen) {
  const auto output = std::make_shared<Output>(Output::text);
  auto* command = app.add_subcommand("version", "Print the version");
  add_output(*command, *output);
  command->footer("Examples:\n  windlass version\n  windlass version --output json");
  command->callback([output, &chosen] {
    chosen = [output] {
      if (*output == Output::json) {
        json::Value document;
        document["version"] = WINDLASS_VERSION;
        document["compiler"] = __VERSION__;
        document["projectLayout"] = kLayout;
        std::fputs(json::dump_pretty(document).c_str(), stdout);
      } else {
        std::puts("windlass " WINDLASS_VERSION);
      }
      return 0;
    };
  });
}

void add_completion(CLI::App& app, std::function<int()>& chosen) {
  const auto shell = std::make_shared<std::string>();
  auto* command =
      app.add_subcommand("completion", "Print a script that completes windlass' words in a shell");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Examples:\n"
      "  source <(windlass completion bash)\n"
      "  windlass completion zsh > \"${fpath[1]}/_windlass\"\n"
      "  windlass completion fish > ~/.config/fish/completions/windlass.fish");
  command->callback([shell, &app, &chosen] {
    chosen = [shell, &app] {
      std::fputs(completion_script(app, *shell).c_str(), stdout);
      return 0;
    };
  });
}

}  // namespace

void add_commands(CLI::App& app, std::function<int()>& chosen) {
  add_init(app, chosen);
  auto* create = app.add_subcommand("create", "Add a kind or a controller to a project");
  create->require_subcommand(1);
  add_create_api(*create, chosen);
  add_create_controller(*create, chosen);
  add_edit(app, chosen);
  add_upgrade(app, chosen);
  add_version(app, chosen);
  add_completion(app, chosen);
}

}  // namespace windlass::inline v0::scaffold
