#include "scaffold/files.hpp"

#include <algorithm>
#include <set>

#include <windlass/codegen/names.hpp>

#include "scaffold/rights.hpp"
#include "scaffold/template.hpp"

namespace windlass::inline v0::scaffold {
namespace {

constexpr const char* kChildNamespace = "default";

std::string yes(bool value) { return value ? "true" : "false"; }

std::string underscored(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return text;
}

/// The project's own C++ namespace.
std::string project_namespace(const Project& project) {
  auto name = codegen::member_name(underscored(project.name));
  if (name.starts_with('_') || name == "api" || name == "windlass" || name == "std" ||
      name == "test" || name == "testing") {
    name += "_operator";
  }
  while (name.starts_with('_')) name = "operator_" + name.substr(1);
  return name;
}

/// A variable's name for an object of the kind, beside those that the templates use.
std::string variable_of(const ProjectResource& resource) {
  static const std::set<std::string, std::less<>> taken = {
      "again", "change",  "client",  "config_map", "context",  "core", "create", "first",
      "have",  "host",    "json",    "key",        "message",  "name", "now",    "patch",
      "ready", "run",     "sample",  "sim",        "status",   "user", "want",   "leader",
      "map",   "version", "summary", "std",        "windlass", "api"};
  const auto name = codegen::member_name(resource.kind);
  return taken.contains(name) ? name + "_object" : name;
}

std::string group_id(const ProjectResource& resource) {
  return resource.group.empty() ? "core" : codegen::member_name(underscored(resource.group));
}

/// Where its C++ type lives.
struct TypePlace {
  std::string target, name_space, prefix;
};
TypePlace place_of(const ProjectResource& resource) {
  if (resource.own && !resource.grouped) return {"api_types", "api", "api"};
  const auto group = group_id(resource);
  return {group + "_types", "api::" + group, "api/" + group};
}

Scope resource_scope(const Project& project, const ProjectResource& resource) {
  Scope scope;
  auto& v = scope.values;
  const auto snake = snake_case(resource.kind);
  const auto group = group_id(resource);
  const auto version = codegen::member_name(resource.version);
  v["group"] = resource.group;
  v["group_full"] = resource.full_group();
  v["version"] = resource.version;
  v["kind"] = resource.kind;
  v["kind_snake"] = snake;
  v["kind_lower"] = [&] {
    auto text = resource.kind;
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return text;
  }();
  v["plural"] = resource.plural;
  v["scope"] = resource.namespaced ? "Namespaced" : "Cluster";
  v["cluster_scoped"] = yes(!resource.namespaced);
  v["own"] = yes(resource.own);
  v["var"] = variable_of(resource);
  v["grouped"] = yes(resource.grouped);
  v["multigroup"] = yes(resource.grouped);
  v["ns"] = project_namespace(project) + (resource.grouped ? "::" + group : "");
  v["ns_prefix"] = resource.grouped ? group + "::" : "";
  v["controller_dir"] = resource.grouped ? "controllers/" + group : "controllers";
  v["test_prefix"] = resource.grouped ? group + "_" : "";
  v["role_prefix"] = resource.grouped ? group + "_" : "";
  v["role_prefix_dashed"] = resource.grouped ? resource.group + "-" : "";
  v["suite"] = (resource.grouped ? codegen::type_name(resource.group) : "") + resource.kind;
  v["kind_snake_prefixed"] = v["test_prefix"] + snake;
  v["child_namespace"] = kChildNamespace;
  v["controller_words"] =
      resource.controller ? "`" + v["controller_dir"] + "/" + snake + "_controller.cpp`" : "none";
  v["crd_file"] = resource.full_group() + "_" + resource.plural + ".yaml";
  v["crd_path"] = resource.own ? "config/crd/bases/" + v["crd_file"] : resource.crd;
  if (resource.own || !resource.crd.empty()) {
    const auto place = place_of(resource);
    v["type"] = place.name_space + "::" + version + "::" + resource.kind;
    v["type_header"] = place.prefix + "/" + version + "/" + snake + ".hpp";
    v["type_include"] = "\"" + v["type_header"] + "\"";
    v["types_target"] = place.target;
  } else {
    const auto unit = codegen::unit_name(resource.full_group(), resource.version);
    v["type"] = "windlass::api::" + codegen::group_label(resource.full_group()) + "::" + version +
                "::" + resource.kind;
    v["type_header"] = "windlass/api/" + unit + ".hpp";
    v["type_include"] = "<" + v["type_header"] + ">";
    v["types_target"] = "";
  }
  return scope;
}

/// One windlass_generate() per folder of types.
std::vector<Scope> type_groups(const Project& project, const std::vector<Scope>& scopes) {
  std::vector<Scope> groups;
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    const auto& resource = project.resources[i];
    if (!resource.own && resource.crd.empty()) continue;
    const auto place = place_of(resource);
    auto found = std::find_if(groups.begin(), groups.end(), [&](const Scope& group) {
      return group.values.at("types_target") == place.target;
    });
    if (found == groups.end()) {
      Scope group;
      group.values = {{"types_target", place.target},
                      {"types_namespace", place.name_space},
                      {"types_prefix", place.prefix}};
      group.lists["crds"];
      groups.push_back(std::move(group));
      found = std::prev(groups.end());
    }
    found->lists["crds"].push_back(scopes[i]);
  }
  return groups;
}

std::vector<Scope> foreign_units(const Project& project) {
  std::set<std::string> names;
  for (const auto& resource : project.resources) {
    if (!resource.own && resource.crd.empty())
      names.insert(codegen::unit_name(resource.full_group(), resource.version));
  }
  std::vector<Scope> units;
  for (const auto& name : names) {
    if (name == "core_v1") continue;  // linked anyway
    Scope unit;
    unit.values["api_unit"] = name;
    units.push_back(std::move(unit));
  }
  return units;
}

Scope project_scope(const Project& project, const std::vector<Scope>& scopes) {
  Scope scope;
  auto& v = scope.values;
  v["project"] = project.name;
  v["project_id"] = underscored(project.name);
  v["project_ns"] = project_namespace(project);
  v["ns"] = project_namespace(project);
  v["domain"] = project.domain;
  v["repo"] = project.repo;
  v["namespaced"] = yes(project.namespaced);
  v["windlass_version"] = project.windlass_version;
  v["windlass_minor"] = project.windlass_version.substr(0, project.windlass_version.rfind('.'));
  v["leader_election_id"] = project.name + "." + project.domain;
  v["role_kind"] = project.namespaced ? "Role" : "ClusterRole";
  auto& lists = scope.lists;
  for (const auto* name : {"resources", "controllers", "own_controllers", "foreign_controllers",
                           "crds", "own_crds", "samples"}) {
    lists[name];
  }
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    const auto& resource = project.resources[i];
    if (resource.own) {
      lists["resources"].push_back(scopes[i]);
      lists["samples"].push_back(scopes[i]);
      lists["own_crds"].push_back(scopes[i]);
    }
    if (resource.own || !resource.crd.empty()) lists["crds"].push_back(scopes[i]);
    if (resource.controller) {
      lists["controllers"].push_back(scopes[i]);
      lists[resource.own ? "own_controllers" : "foreign_controllers"].push_back(scopes[i]);
    }
  }
  lists["groups"] = type_groups(project, scopes);
  lists["api_units"] = foreign_units(project);
  for (const auto& group : lists["groups"]) {
    if (!v["types_targets"].empty()) v["types_targets"] += " ";
    v["types_targets"] += group.values.at("types_target");
  }
  return scope;
}

/// Which kinds a template is for; the rest of its path.
struct Audience {
  std::string_view folder;
  std::string_view path;
};
Audience audience_of(std::string_view path) {
  const auto slash = path.find('/');
  return {path.substr(0, slash), path.substr(slash + 1)};
}
bool is_for(std::string_view folder, const ProjectResource& resource) {
  if (folder == "resource") return resource.own;
  if (folder == "controller") return resource.own && resource.controller;
  return folder == "foreign" && !resource.own && resource.controller;
}

/// Names of the resource first, then those of the project.
Scope combined(const Scope& resource, const Scope& project) {
  Scope scope = project;
  for (const auto& [name, value] : resource.values) scope.values.insert_or_assign(name, value);
  return scope;
}

/// A file that is for every kind lies in the folder of its group when the kind does.
std::string moved(std::string path, const Scope& scope) {
  constexpr std::string_view folder = "controllers/";
  if (path.starts_with(folder))
    path = scope.values.at("controller_dir") + "/" + path.substr(folder.size());
  return path;
}

/// What stands at the head of every C++ source; empty without an owner and a license.
std::string source_head(const Project& project) {
  std::string head;
  if (!project.owner.empty()) head += "// SPDX-FileCopyrightText: " + project.owner + "\n";
  if (!project.license.empty()) head += "// SPDX-License-Identifier: " + project.license + "\n";
  return head.empty() ? head : head + "\n";
}

bool is_source(std::string_view path) { return path.ends_with(".cpp") || path.ends_with(".hpp"); }
}  // namespace

bool is_executable(std::string_view content) { return content.starts_with("#!"); }

Result<std::map<std::string, std::string>> scaffold_files(const Project& project) {
  std::vector<Scope> scopes;
  for (const auto& resource : project.resources)
    scopes.push_back(resource_scope(project, resource));
  const auto whole = project_scope(project, scopes);
  const auto head = source_head(project);
  std::map<std::string, std::string> files;
  const auto add = [&files, &head](const Template& source, std::string_view path,
                                   const Scope& scope, bool of_kind) -> Result<void> {
    auto where = render_path(path, scope);
    if (!where) return where.error();
    auto text = render(source.path, source.text, scope);
    if (!text) return text.error();
    if (is_source(*where)) text->insert(0, head);
    files[of_kind ? moved(std::move(*where), scope) : std::move(*where)] = std::move(*text);
    return {};
  };
  for (const auto& source : templates()) {
    const auto [folder, path] = audience_of(source.path);
    if (folder == "project") {
      if (auto added = add(source, path, whole, false); !added) return added.error();
      continue;
    }
    for (std::size_t i = 0; i < scopes.size(); ++i) {
      if (!is_for(folder, project.resources[i])) continue;
      if (auto added = add(source, path, combined(scopes[i], whole), true); !added)
        return added.error();
    }
  }
  files["config/rbac/role.yaml"] = role_yaml(project, rights_of_scaffold(project));
  return files;
}

}  // namespace windlass::inline v0::scaffold
