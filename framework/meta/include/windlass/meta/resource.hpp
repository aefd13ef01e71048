#pragma once
// Which API resource: kinds, resources, keys of objects, and their paths on the server.

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include <windlass/base/error.hpp>

namespace windlass::inline v0::meta {

/// Splits "apps/v1" into group "apps" and version "v1"; "v1" has the empty group.
struct GroupVersion {
  std::string group;
  std::string version;

  /// Errc::parse for more than one slash or an empty version.
  static Result<GroupVersion> parse(std::string_view api_version);
  /// "apps/v1" or "v1": what apiVersion says.
  [[nodiscard]] std::string api_version() const;
  friend auto operator<=>(const GroupVersion&, const GroupVersion&) = default;
  friend bool operator==(const GroupVersion&, const GroupVersion&) = default;
};

struct GroupVersionKind {
  std::string group;
  std::string version;
  std::string kind;

  [[nodiscard]] std::string api_version() const;
  /// "apps/v1, Kind=Deployment", as Kubernetes prints it.
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const GroupVersionKind&, const GroupVersionKind&) = default;
  friend bool operator==(const GroupVersionKind&, const GroupVersionKind&) = default;
};

struct GroupVersionResource {
  std::string group;
  std::string version;
  std::string resource;  ///< the plural: "deployments"

  [[nodiscard]] std::string api_version() const;
  /// "apps/v1, Resource=deployments".
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const GroupVersionResource&, const GroupVersionResource&) = default;
  friend bool operator==(const GroupVersionResource&, const GroupVersionResource&) = default;
};

/// All that a client needs to know of a type, known at compile time: generated types have one as
/// `static constexpr meta::Resource resource`. Views; see OwnedResource for run time.
struct Resource {
  std::string_view group;
  std::string_view version;
  std::string_view kind;
  std::string_view plural;
  bool namespaced = true;
  bool has_status = false;

  [[nodiscard]] std::string api_version() const;
  [[nodiscard]] GroupVersionKind gvk() const;
  [[nodiscard]] GroupVersionResource gvr() const;
  /// "deployments.apps", or "pods" in the core group: as kubectl and RBAC write it.
  [[nodiscard]] std::string group_resource() const;
  friend bool operator==(const Resource&, const Resource&) = default;
};

/// A Resource learned at run time, which owns its strings.
struct OwnedResource {
  std::string group;
  std::string version;
  std::string kind;
  std::string plural;
  bool namespaced = true;
  bool has_status = false;

  OwnedResource() = default;
  explicit OwnedResource(const Resource& from);
  /// Valid as long as this object.
  [[nodiscard]] Resource view() const;
  friend bool operator==(const OwnedResource&, const OwnedResource&) = default;
};

/// The path of a collection: "/api/v1/namespaces/ns/pods", "/apis/apps/v1/deployments" (all
/// namespaces, or cluster-wide, when `namespace_` is empty).
std::string collection_path(const Resource& resource, std::string_view namespace_);
/// The path of one object: the collection, the name and, unless empty, the subresource.
std::string object_path(const Resource& resource, std::string_view namespace_,
                        std::string_view name, std::string_view subresource = {});

/// Where an object is: namespace (empty for cluster-wide ones) and name.
struct ObjectKey {
  std::string namespace_;
  std::string name;

  /// "ns/name", or "name" without a namespace.
  [[nodiscard]] std::string to_string() const;
  /// Undoes to_string. Errc::parse for more than one slash.
  static Result<ObjectKey> parse(std::string_view text);
  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
  friend bool operator==(const ObjectKey&, const ObjectKey&) = default;
};

}  // namespace windlass::inline v0::meta

template <>
struct std::hash<windlass::meta::ObjectKey> {
  std::size_t operator()(const windlass::meta::ObjectKey& key) const noexcept;
};
template <>
struct std::hash<windlass::meta::GroupVersionKind> {
  std::size_t operator()(const windlass::meta::GroupVersionKind& gvk) const noexcept;
};
template <>
struct std::hash<windlass::meta::GroupVersionResource> {
  std::size_t operator()(const windlass::meta::GroupVersionResource& gvr) const noexcept;
};
