#pragma once
// CustomResourceDefinitions of types that are written in C++.
//
//   // api/definitions.cpp, which `windlass generate manifests` builds and runs
//   int main() {
//     using namespace windlass::meta;
//     return print({definition({version<api::v1beta1::Widget>(),
//                               version<api::v1::Widget>({.storage = true})})});
//   }
//
// What a type says itself is taken from it: `resource`, the optional `short_names` and
// `categories`, and from its table the schema, rules in CEL and printer columns.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/json/schema.hpp>
#include <windlass/json/value.hpp>
#include <windlass/meta/resource.hpp>

namespace windlass::inline v0::meta {

/// The subresource scale: JSON paths such as ".spec.replicas".
struct Scale {
  std::string spec_replicas = {};  ///< empty: there is no such subresource
  std::string status_replicas = {};
  std::string label_selector = {};  ///< may stay empty
};

/// What a CRD says of one version and its type does not.
struct VersionOptions {
  bool served = true;
  bool storage = false;  ///< exactly one version is stored; one that is alone is it anyway
  bool deprecated = false;
  std::string deprecation_warning = {};
  Scale scale = {};
  std::vector<std::string> selectable_fields =
      {};                 ///< JSON paths for field selectors: ".spec.color"
  json::Value more = {};  ///< a merge patch over the version's entry
};

struct DefinitionOptions {
  std::string singular = {};   ///< the kind in lower case
  std::string list_kind = {};  ///< the kind and "List"
  std::map<std::string, std::string> labels = {};
  std::map<std::string, std::string> annotations = {};
  json::Value more = {};  ///< a merge patch over the CRD, such as {"spec": {"conversion": ...}}
};

/// One version of a kind.
struct Version {
  OwnedResource resource;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  json::Value entry;  ///< of spec.versions
};
Version make_version(const Resource& resource, std::span<const type::Column> columns,
                     json::Value schema, const VersionOptions& options);

/// T is a whole Kubernetes object: it has `resource`.
template <type::Described T>
Version version(const VersionOptions& options = {}) {
  Version out = make_version(T::resource, T::table().columns, json::schema_of<T>(), options);
  if constexpr (requires { T::short_names; }) {
    out.short_names.assign(T::short_names.begin(), T::short_names.end());
  }
  if constexpr (requires { T::categories; }) {
    out.categories.assign(T::categories.begin(), T::categories.end());
  }
  return out;
}

/// The CustomResourceDefinition, with the versions in this order. Throws
/// Exception(invalid_argument) when there is no version, when they differ in group, kind, plural or
/// scope, or when not exactly one is stored.
json::Value definition(std::vector<Version> versions, const DefinitionOptions& options = {});

/// Writes them to standard output as a stream of documents that YAML's readers understand. What
/// main() returns: 0, or 1 when that failed.
int print(const std::vector<json::Value>& definitions);

}  // namespace windlass::inline v0::meta
