#pragma once
// The file PROJECT: what the command knows of a project.

#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/error.hpp>

namespace windlass::inline v0::scaffold {

/// A kind that the project defines, reconciles, or both.
struct ProjectResource {
  std::string group;   ///< as given: "shop"; empty for Kubernetes' core group
  std::string domain;  ///< "example.com"; empty when `group` is the whole group
  std::string version;
  std::string kind;
  std::string plural;
  bool namespaced = true;
  bool own = true;  ///< the project defines its CRD
  bool controller = true;
  bool grouped = false;  ///< lives in folders of its group
  std::string crd =
      {};  ///< somebody else's: path of its CRD in the project; empty: one of Kubernetes' own

  /// "shop.example.com"; empty for the core group.
  [[nodiscard]] std::string full_group() const;
  friend bool operator==(const ProjectResource&, const ProjectResource&) = default;
};

struct Project {
  std::string
      name;  ///< prefix of everything that is deployed: at most 40 characters of a DNS label
  std::string domain;  ///< of the groups: "example.com"
  std::string repo = {};
  std::string license = {};           ///< SPDX identifier at the head of new sources: "Apache-2.0"
  std::string owner = {};             ///< who holds the copyright, for the same heads
  std::string windlass_version = {};  ///< that scaffolded it last
  bool multigroup = false;
  bool namespaced = false;  ///< watches its own namespace only
  std::vector<ProjectResource> resources = {};

  [[nodiscard]] const ProjectResource* find(std::string_view full_group,
                                            std::string_view kind) const;
  friend bool operator==(const Project&, const Project&) = default;
};

inline constexpr const char* kLayout = "windlass.dev/v1";

/// Reads PROJECT. Errors name the file, the entry and the remedy.
Result<Project> parse_project(std::string_view text);
/// The same project gives the same text.
std::string write_project(const Project& project);

// Rules for what users type; each error says what is allowed.
Result<void> check_project_name(std::string_view name);
Result<void> check_domain(std::string_view domain);
Result<void> check_license(std::string_view license);
Result<void> check_owner(std::string_view owner);
/// Everything about one resource, and that it fits the project.
Result<void> check_resource(const Project& project, const ProjectResource& resource);

/// A folder's name as the name of a project: "My Shop" becomes "my-shop".
std::string project_name_from(std::string_view folder);
/// "Order" -> "orders", "Policy" -> "policies", "Box" -> "boxes": in lower case.
std::string plural_of(std::string_view kind);
/// "HTTPRoute" -> "http_route": the stem of file names, as the generator of types makes it.
std::string snake_case(std::string_view kind);

}  // namespace windlass::inline v0::scaffold
