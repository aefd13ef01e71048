#pragma once
// From names in JSON to names in C++.

#include <string>
#include <string_view>
#include <vector>

namespace windlass::inline v0::codegen {

/// `serviceAccountName` -> `service_account_name`, `clusterIP` -> `cluster_ip`, `hostIPs` ->
/// `host_ips`, `namespace` -> `namespace_` (keywords), `x-kubernetes-map-type` ->
/// `x_kubernetes_map_type`, `$ref` -> `ref`, `4xx` -> `_4xx`. Never empty; always an identifier
/// that no keyword, alternative token or common macro takes.
std::string member_name(std::string_view json_name);

/// `storage` -> `Storage`, `podCIDRs` -> `PodCIDRs`, `x-foo` -> `XFoo`. Never empty.
std::string type_name(std::string_view json_name);

/// Like member_name, for the values of a string enumeration: `""` -> `empty`, `*` -> `star`,
/// `SIGRTMIN+1` -> `sigrtmin_plus_1`.
std::string enumerator_name(std::string_view value);

/// The names in order, where the second and later holders of a name get `_2`, `_3`, ...
std::vector<std::string> unique_names(std::vector<std::string> names);

/// `apps/v1` -> `apps_v1`, `rbac.authorization.k8s.io/v1` -> `rbac_v1`, `v1` -> `core_v1`.
std::string unit_name(std::string_view group, std::string_view version);

/// The first label of a group as an identifier; `core` for the empty group.
std::string group_label(std::string_view group);

/// The text as a C++ string literal, with its quotes.
std::string quoted(std::string_view text);

}  // namespace windlass::inline v0::codegen
