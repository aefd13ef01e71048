#include "scaffold/project.hpp"

#include <algorithm>
#include <cctype>

#include <windlass/codegen/names.hpp>
#include <windlass/codegen/yaml.hpp>
#include <windlass/meta/names.hpp>

namespace windlass::inline v0::scaffold {
namespace {

using json::Value;

Error wrong(std::string message) { return {Errc::invalid_argument, std::move(message)}; }

bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_alnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

/// v1, v2beta1: what Kubernetes orders by priority.
bool is_version(std::string_view text) {
  const auto digits = [&text] {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    const bool good = count > 0 && text[0] != '0';
    text.remove_prefix(count);
    return good;
  };
  if (!text.starts_with('v')) return false;
  text.remove_prefix(1);
  if (!digits()) return false;
  if (text.empty()) return true;
  if (text.starts_with("alpha")) {
    text.remove_prefix(5);
  } else if (text.starts_with("beta")) {
    text.remove_prefix(4);
  } else {
    return false;
  }
  return digits() && text.empty();
}

std::string yaml_text(std::string_view text) {
  const auto plain = [](char c) {
    return is_alnum(c) || c == '.' || c == '-' || c == '/' || c == '_';
  };
  const bool safe = !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
                    std::all_of(text.begin(), text.end(), plain) && lower(text) != "true" &&
                    lower(text) != "false" && lower(text) != "null";
  return safe ? std::string(text) : json::dump(Value(text));
}

Result<ProjectResource> read_resource(const Value& entry, std::size_t index) {
  ProjectResource made;
  made.group = entry["group"].string_or("");
  made.domain = entry["domain"].string_or("");
  made.version = entry["version"].string_or("");
  made.kind = entry["kind"].string_or("");
  made.plural = entry["plural"].string_or("");
  if (made.version.empty() || made.kind.empty() || made.plural.empty()) {
    return wrong("PROJECT: resources[" + std::to_string(index) +
                 "]: version, kind and plural are needed");
  }
  made.own = entry["api"].is_object();
  made.namespaced =
      made.own ? entry["api"]["namespaced"].bool_or(true) : entry["namespaced"].bool_or(true);
  made.controller = entry["controller"].bool_or(false);
  made.grouped = entry["grouped"].bool_or(false);
  made.crd = entry["crd"].string_or("");
  return made;
}

}  // namespace

std::string ProjectResource::full_group() const {
  if (domain.empty()) return group;
  return group.empty() ? domain : group + "." + domain;
}

const ProjectResource* Project::find(std::string_view full_group, std::string_view kind) const {
  for (const auto& resource : resources) {
    if (resource.full_group() == full_group && resource.kind == kind) return &resource;
  }
  return nullptr;
}

Result<Project> parse_project(std::string_view text) {
  const auto documents = codegen::parse_yaml("PROJECT", text);
  if (!documents) return documents.error();
  if (documents->size() != 1 || !documents->front().is_object())
    return wrong("PROJECT: expected one YAML mapping");
  const auto& root = documents->front();
  if (root["layout"].string_or("") != kLayout) {
    return wrong("PROJECT: layout is " + json::dump(root["layout"]) + ", and this windlass knows " +
                 kLayout + "; use the windlass that wrote it, or one of this project's version");
  }
  Project project;
  project.name = root["projectName"].string_or("");
  project.domain = root["domain"].string_or("");
  project.repo = root["repo"].string_or("");
  project.license = root["license"].string_or("");
  project.owner = root["owner"].string_or("");
  project.windlass_version = root["cliVersion"].string_or("");
  project.multigroup = root["multigroup"].bool_or(false);
  project.namespaced = root["namespaced"].bool_or(false);
  if (auto good = check_project_name(project.name); !good) return good.error().within("PROJECT");
  if (auto good = check_domain(project.domain); !good) return good.error().within("PROJECT");
  if (auto good = check_license(project.license); !good) return good.error().within("PROJECT");
  if (auto good = check_owner(project.owner); !good) return good.error().within("PROJECT");
  if (root["resources"].is_array()) {
    for (const auto& entry : root["resources"].as_array()) {
      auto resource = read_resource(entry, project.resources.size());
      if (!resource) return resource.error();
      project.resources.push_back(std::move(*resource));
    }
  }
  return project;
}

std::string write_project(const Project& project) {
  std::string out =
      "# What windlass knows of this project. `windlass create` and `windlass edit` change it; it "
      "belongs into version\n"
      "# control.\n";
  out += "cliVersion: " + json::dump(Value(project.windlass_version)) + "\n";
  out += "domain: " + yaml_text(project.domain) + "\n";
  out += std::string("layout: ") + kLayout + "\n";
  if (!project.license.empty()) out += "license: " + yaml_text(project.license) + "\n";
  if (project.multigroup) out += "multigroup: true\n";
  if (project.namespaced) out += "namespaced: true\n";
  if (!project.owner.empty()) out += "owner: " + yaml_text(project.owner) + "\n";
  out += "projectName: " + yaml_text(project.name) + "\n";
  if (!project.repo.empty()) out += "repo: " + yaml_text(project.repo) + "\n";
  if (!project.resources.empty()) out += "resources:\n";
  for (const auto& resource : project.resources) {
    if (resource.own) {
      out += "- api:\n    crdVersion: v1\n    namespaced: " +
             std::string(resource.namespaced ? "true" : "false") + "\n";
      out += "  controller: " + std::string(resource.controller ? "true" : "false") + "\n";
    } else {
      out += "- controller: " + std::string(resource.controller ? "true" : "false") + "\n";
      out += "  namespaced: " + std::string(resource.namespaced ? "true" : "false") + "\n";
    }
    if (!resource.crd.empty()) out += "  crd: " + yaml_text(resource.crd) + "\n";
    if (!resource.domain.empty()) out += "  domain: " + yaml_text(resource.domain) + "\n";
    if (!resource.group.empty()) out += "  group: " + yaml_text(resource.group) + "\n";
    if (resource.grouped) out += "  grouped: true\n";
    out += "  kind: " + resource.kind + "\n";
    out += "  plural: " + resource.plural + "\n";
    out += "  version: " + resource.version + "\n";
  }
  return out;
}

Result<void> check_project_name(std::string_view name) {
  if (const auto label = meta::validate_dns1123_label(name); !label || name.size() > 40) {
    return wrong("project name \"" + std::string(name) +
                 "\": write at most 40 lower-case letters, digits and dashes, with a letter or "
                 "digit at both ends "
                 "(--project-name)");
  }
  return {};
}

Result<void> check_domain(std::string_view domain) {
  if (const auto name = meta::validate_dns1123_subdomain(domain); !name) {
    return wrong("domain \"" + std::string(domain) +
                 "\": write a DNS name in lower case such as example.com (--domain)");
  }
  return {};
}

Result<void> check_license(std::string_view license) {
  const auto allowed = [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '+'; };
  if (license.size() <= 64 && std::all_of(license.begin(), license.end(), allowed)) return {};
  return wrong("license \"" + std::string(license) +
               "\": write an SPDX identifier such as Apache-2.0 or MIT (--license)");
}

Result<void> check_owner(std::string_view owner) {
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  // a backslash at the end of a // comment would go on in the next line
  const bool plain = std::none_of(owner.begin(), owner.end(), control) && !owner.ends_with('\\');
  if (owner.size() <= 200 && plain) return {};
  return wrong("owner \"" + std::string(owner) +
               "\": write at most 200 characters in one line (--owner)");
}

Result<void> check_resource(const Project& project, const ProjectResource& resource) {
  const auto& kind = resource.kind;
  if (kind.empty() || kind.size() > 63 || !is_upper(kind.front()) ||
      !std::all_of(kind.begin(), kind.end(), is_alnum)) {
    return wrong("kind \"" + kind + "\": write it in PascalCase, such as Order (--kind)");
  }
  if (!is_version(resource.version)) {
    return wrong("version \"" + resource.version +
                 "\": write v1, v1alpha1, v2beta1, ... (--version)");
  }
  if (!resource.full_group().empty() && !meta::validate_dns1123_subdomain(resource.full_group())) {
    return wrong("group \"" + resource.group +
                 "\": write lower-case letters, digits and dashes, such as shop (--group)");
  }
  if (!meta::validate_dns1035_label(resource.plural)) {
    return wrong("plural \"" + resource.plural +
                 "\": write lower-case letters, digits and dashes (--plural)");
  }
  if (resource.own && resource.group.empty())
    return wrong("a group is needed for a kind of your own (--group)");
  if (project.namespaced && !resource.namespaced) {
    return wrong(kind +
                 " is in no namespace, but this operator may only see its own (namespaced: true in "
                 "PROJECT); run "
                 "`windlass edit --namespaced=false` first");
  }
  for (const auto& other : project.resources) {
    if (other.full_group() == resource.full_group() && other.kind == kind) {
      if (other.version != resource.version) {
        return wrong(kind + "." + resource.full_group() + " is there in version " + other.version +
                     "; add " + resource.version +
                     " to the versions in its CRD: the build writes types for each version");
      }
      return wrong(kind + "." + resource.full_group() + "/" + resource.version +
                   " is in this project already");
    }
    if (!resource.grouped && !other.grouped && other.own && resource.own &&
        other.full_group() != resource.full_group()) {
      return wrong("this project's group is " + other.full_group() +
                   "; for a second one run `windlass edit --multigroup` "
                   "first");
    }
    if (!resource.grouped && !other.grouped && snake_case(other.kind) == snake_case(kind)) {
      return wrong("the files of " + kind + " would be those of " + other.kind + "." +
                   other.full_group() + "; run `windlass edit --multigroup` first");
    }
  }
  return {};
}

std::string project_name_from(std::string_view folder) {
  std::string name;
  for (const char c : folder) {
    if (is_alnum(c)) {
      name += lower(c);
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  name = name.substr(0, 40);
  while (name.ends_with('-')) name.pop_back();
  return name;
}

std::string plural_of(std::string_view kind) {
  auto word = lower(kind);
  const auto ends = [&word](std::string_view tail) { return word.ends_with(tail); };
  if (ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh")) return word + "es";
  if (word.size() > 1 && ends("y") &&
      std::string_view("aeiou").find(word[word.size() - 2]) == std::string_view::npos) {
    word.pop_back();
    return word + "ies";
  }
  return word + "s";
}

std::string snake_case(std::string_view kind) {
  auto name = codegen::member_name(kind);
  while (name.ends_with('_')) name.pop_back();
  return name;
}

}  // namespace windlass::inline v0::scaffold
