#pragma once
// Objects within objects.

#include <string>
#include <vector>

#include <windlass/json/value.hpp>
#include <windlass/type/validate.hpp>

namespace windlass::inline v0::meta {

/// What kube-apiserver says of an embedded resource (`x-kubernetes-embedded-resource`) in a custom
/// object: it has an apiVersion and a kind, and what it has for metadata is an ObjectMeta whose
/// names, labels and the like are ones. Of each text the first problem is told. `path` is where it
/// is in the object: "spec.template". What is no object is nobody's embedded resource: nothing.
std::vector<type::Violation> validate_embedded(const json::Value& resource,
                                               const std::string& path);

}  // namespace windlass::inline v0::meta
