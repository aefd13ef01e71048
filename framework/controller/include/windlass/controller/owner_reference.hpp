#pragma once
// Owner references: who is deleted with whom, and whose change wakes which reconciler.

#include <optional>
#include <string_view>

#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>

namespace windlass::inline v0::controller {

/// A reference to an owner with controller and blockOwnerDeletion set.
meta::OwnerReference controller_reference(const meta::Resource& owner,
                                          const meta::ObjectMeta& metadata);

/// Makes `owner` the controller of the object. Errc::invalid_argument when the owner is namespaced
/// and the object lives elsewhere (garbage collection would delete it), or when another object
/// already controls it; the message names both.
Result<void> set_controller_reference(meta::ObjectMeta& object, const meta::OwnerReference& owner,
                                      std::string_view owner_namespace);

/// True for a reference to an object of that group and kind, whatever its version.
bool refers_to(const meta::OwnerReference& reference, const meta::Resource& resource);

}  // namespace windlass::inline v0::controller
