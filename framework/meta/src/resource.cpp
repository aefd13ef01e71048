#include <windlass/meta/resource.hpp>

namespace windlass::inline v0::meta {
namespace {

std::string join_version(std::string_view group, std::string_view version) {
  if (group.empty()) return std::string(version);
  return std::string(group) + '/' + std::string(version);
}

std::size_t combine(std::size_t seed, std::string_view text) {
  return seed * 0x9e3779b97f4a7c15u + std::hash<std::string_view>()(text);
}

}  // namespace

Result<GroupVersion> GroupVersion::parse(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  GroupVersion result;
  if (slash == api_version.npos) {
    result.version = std::string(api_version);
  } else {
    result.group = std::string(api_version.substr(0, slash));
    result.version = std::string(api_version.substr(slash + 1));
  }
  const bool group_is_missing = slash == 0;
  if (result.version.empty() || group_is_missing || result.version.find('/') != std::string::npos) {
    return Error{Errc::parse, "expected an apiVersion such as \"v1\" or \"apps/v1\", got \"" +
                                  std::string(api_version) + '"'};
  }
  return result;
}

std::string GroupVersion::api_version() const { return join_version(group, version); }

std::string GroupVersionKind::api_version() const { return join_version(group, version); }
std::string GroupVersionKind::to_string() const { return api_version() + ", Kind=" + kind; }

std::string GroupVersionResource::api_version() const { return join_version(group, version); }
std::string GroupVersionResource::to_string() const {
  return api_version() + ", Resource=" + resource;
}

std::string Resource::api_version() const { return join_version(group, version); }
GroupVersionKind Resource::gvk() const {
  return {std::string(group), std::string(version), std::string(kind)};
}
GroupVersionResource Resource::gvr() const {
  return {std::string(group), std::string(version), std::string(plural)};
}
std::string Resource::group_resource() const {
  return group.empty() ? std::string(plural) : std::string(plural) + '.' + std::string(group);
}

OwnedResource::OwnedResource(const Resource& from)
    : group(from.group),
      version(from.version),
      kind(from.kind),
      plural(from.plural),
      namespaced(from.namespaced),
      has_status(from.has_status) {}

Resource OwnedResource::view() const {
  return {group, version, kind, plural, namespaced, has_status};
}

std::string collection_path(const Resource& resource, std::string_view namespace_) {
  std::string path = resource.group.empty() ? "/api/" : "/apis/";
  path += resource.api_version();
  if (resource.namespaced && !namespace_.empty()) {
    path += "/namespaces/";
    path += namespace_;
  }
  path += '/';
  path += resource.plural;
  return path;
}

std::string object_path(const Resource& resource, std::string_view namespace_,
                        std::string_view name, std::string_view subresource) {
  std::string path = collection_path(resource, namespace_);
  path += '/';
  path += name;
  if (!subresource.empty()) {
    path += '/';
    path += subresource;
  }
  return path;
}

std::string ObjectKey::to_string() const {
  return namespace_.empty() ? name : namespace_ + '/' + name;
}

Result<ObjectKey> ObjectKey::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos && !text.empty()) return ObjectKey{{}, std::string(text)};
  const bool valid = slash != text.npos && slash > 0 && slash + 1 < text.size() &&
                     text.find('/', slash + 1) == text.npos;
  if (!valid) {
    return Error{Errc::parse,
                 "expected \"namespace/name\" or \"name\", got \"" + std::string(text) + '"'};
  }
  return ObjectKey{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

}  // namespace windlass::inline v0::meta

using windlass::meta::combine;

std::size_t std::hash<windlass::meta::ObjectKey>::operator()(
    const windlass::meta::ObjectKey& key) const noexcept {
  return combine(combine(0, key.namespace_), key.name);
}
std::size_t std::hash<windlass::meta::GroupVersionKind>::operator()(
    const windlass::meta::GroupVersionKind& gvk) const noexcept {
  return combine(combine(combine(0, gvk.group), gvk.version), gvk.kind);
}
std::size_t std::hash<windlass::meta::GroupVersionResource>::operator()(
    const windlass::meta::GroupVersionResource& gvr) const noexcept {
  return combine(combine(combine(0, gvr.group), gvr.version), gvr.resource);
}
