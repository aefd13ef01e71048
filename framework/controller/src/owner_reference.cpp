#include <windlass/controller/owner_reference.hpp>

namespace windlass::inline v0::controller {
namespace {

std::string_view group_of(std::string_view api_version) {
  const auto slash = api_version.find('/');
  return slash == api_version.npos ? std::string_view() : api_version.substr(0, slash);
}

}  // namespace

meta::OwnerReference controller_reference(const meta::Resource& owner,
                                          const meta::ObjectMeta& metadata) {
  meta::OwnerReference reference;
  reference.api_version = owner.api_version();
  reference.kind = owner.kind;
  reference.name = metadata.name;
  reference.uid = metadata.uid;
  reference.controller = true;
  reference.block_owner_deletion = true;
  return reference;
}

Result<void> set_controller_reference(meta::ObjectMeta& object, const meta::OwnerReference& owner,
                                      std::string_view owner_namespace) {
  if (!owner_namespace.empty() && object.namespace_ != owner_namespace) {
    return Error{Errc::invalid_argument, owner.kind + " \"" + std::string(owner_namespace) + "/" +
                                             owner.name + "\" cannot own \"" + object.namespace_ +
                                             "/" + object.name +
                                             "\": owner and object must be in the same namespace"};
  }
  for (auto& existing : object.owner_references) {
    if (existing.uid == owner.uid) {
      existing = owner;
      return {};
    }
    if (existing.controller.value_or(false)) {
      return Error{Errc::invalid_argument, "\"" + object.namespace_ + "/" + object.name +
                                               "\" is already controlled by " + existing.kind +
                                               " \"" + existing.name + "\""};
    }
  }
  object.owner_references.push_back(owner);
  return {};
}

bool refers_to(const meta::OwnerReference& reference, const meta::Resource& resource) {
  return reference.kind == resource.kind && group_of(reference.api_version) == resource.group;
}

}  // namespace windlass::inline v0::controller
