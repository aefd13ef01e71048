#pragma once
// The rules for names, label keys and label values, with Kubernetes' wording.

#include <string_view>

#include <windlass/base/error.hpp>

namespace windlass::inline v0::meta {

// Each returns Errc::invalid_argument with the sentence that kube-apiserver would give.

/// At most 63 characters of [-a-z0-9], alphanumeric at both ends: names of namespaces and services.
Result<void> validate_dns1123_label(std::string_view text);
/// At most 253 characters, labels joined by dots: most names.
Result<void> validate_dns1123_subdomain(std::string_view text);
/// As a DNS label that starts with a letter (names of services before 1.34).
Result<void> validate_dns1035_label(std::string_view text);
/// "app", "example.com/app": keys of labels and annotations, finalizers.
Result<void> validate_qualified_name(std::string_view text);
Result<void> validate_label_key(std::string_view text);
/// At most 63 characters; may be empty.
Result<void> validate_label_value(std::string_view text);

}  // namespace windlass::inline v0::meta
