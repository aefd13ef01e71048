#pragma once
// Which resources exist: built-in kinds from a table, custom ones from CRDs.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/cel/rules.hpp>
#include <windlass/json/value.hpp>

#include "schema.hpp"

namespace windlass::inline v0::api_server {

/// A column of a Table response.
struct Column {
  std::string name;
  std::string type = "string";
  std::string format = {};
  std::string description = {};
  std::int64_t priority = 0;
  std::string path = {};  ///< JSONPath, for custom resources
};

struct Conversion;

/// One resource in one version.
struct Resource {
  std::string group;
  std::string version;
  std::string kind;
  std::string plural;
  std::string singular;
  bool namespaced = true;
  bool has_status = false;
  bool has_scale = false;
  bool has_generation = true;
  bool review = false;  ///< created to ask a question, never stored
  bool read_only = false;
  std::vector<std::string> short_names = {};
  std::vector<std::string> categories = {};
  std::string list_kind = {};
  const Schema* schema = nullptr;

  bool custom = false;
  bool served = true;
  std::string storage = {};          ///< key of the collection: "apps/deployments"
  std::string storage_version = {};  ///< apiVersion that is stored
  std::vector<Column> columns = {};
  std::vector<std::string> selectable = {};  ///< JSONPaths of selectableFields
  std::string replicas_path = {}, status_replicas_path = {}, selector_path = {};
  std::shared_ptr<const Conversion> conversion = nullptr;  ///< null: the strategy None
  cel::Rules rules = {};                       ///< x-kubernetes-validations of the schema
  std::shared_ptr<SchemaSet> owner = nullptr;  ///< keeps a custom schema alive

  [[nodiscard]] std::string api_version() const {
    return group.empty() ? version : group + "/" + version;
  }
  [[nodiscard]] std::string qualified() const {
    return group.empty() ? plural : plural + "." + group;
  }
  [[nodiscard]] std::vector<std::string> verbs() const;
  /// Subresources, each with the verbs it allows.
  [[nodiscard]] std::vector<std::string> subresources() const;
  [[nodiscard]] bool is(std::string_view a_group, std::string_view a_kind) const {
    return group == a_group && kind == a_kind;
  }
};

using ResourcePtr = std::shared_ptr<const Resource>;

class Registry {
 public:
  Registry();

  [[nodiscard]] ResourcePtr find(std::string_view group, std::string_view version,
                                 std::string_view plural) const;
  [[nodiscard]] ResourcePtr find_kind(std::string_view api_version, std::string_view kind) const;
  [[nodiscard]] bool has_group_version(std::string_view group, std::string_view version) const;
  /// Every resource: core first, then by group, version and name.
  [[nodiscard]] std::vector<ResourcePtr> all() const;
  /// The resource that stores `storage`, in its storage version.
  [[nodiscard]] ResourcePtr storing(const std::string& storage) const;

  void put(ResourcePtr resource);
  /// Removes every version of a custom resource.
  void erase(std::string_view group, std::string_view plural);

  [[nodiscard]] const Schema* object_meta() const { return object_meta_; }
  SchemaSet& schemas() { return schemas_; }
  [[nodiscard]] const std::shared_ptr<const json::Object>& definitions() const {
    return definitions_;
  }

 private:
  std::shared_ptr<const json::Object> definitions_;
  SchemaSet schemas_;
  const Schema* object_meta_ = nullptr;
  std::map<std::string, ResourcePtr, std::less<>> by_path_;  ///< "group/version/plural"
  std::map<std::string, ResourcePtr, std::less<>> by_kind_;  ///< "apiVersion Kind"
};

/// The definitions of all built-in types, by full name. Read once per process: they are constant.
std::shared_ptr<const json::Object> builtin_definitions();

}  // namespace windlass::inline v0::api_server
