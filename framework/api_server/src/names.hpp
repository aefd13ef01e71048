#pragma once
// Names, labels and addresses: what is wrong with one, in apimachinery's words; empty when nothing
// is.

#include <string>
#include <string_view>
#include <vector>

#include <windlass/json/value.hpp>

#include "failure.hpp"

namespace windlass::inline v0::api_server {

using Problems = std::vector<std::string>;

Problems subdomain_problem(std::string_view name);  ///< DNS-1123 subdomain
/// The same, where underscores are allowed.
Problems loose_subdomain_problem(std::string_view name);
Problems label_problem(std::string_view name);     ///< DNS-1123 label
Problems dns1035_problem(std::string_view name);   ///< DNS-1035 label
Problems label_key_problem(std::string_view key);  ///< qualified name
Problems label_value_problem(std::string_view value);
Problems path_segment_problem(std::string_view name);
Problems config_key_problem(std::string_view key);
Problems port_name_problem(std::string_view name);    ///< IANA service name
Problems env_name_problem(std::string_view name);     ///< of an environment variable
Problems header_name_problem(std::string_view name);  ///< of HTTP
Problems percent_problem(std::string_view text);      ///< "50%"
Problems port_problem(std::int64_t port);             ///< 1 to 65535
Problems range_problem(std::int64_t value, std::int64_t first, std::int64_t last);
/// An address of either family, in the forms that old fields accept.
Problems address_problem(std::string_view text);
Problems cidr_problem(std::string_view text);
/// Addresses that endpoints and services may not have: loopback, link-local, multicast,
/// unspecified.
Problems special_address_problem(std::string_view text);
bool is_loopback(std::string_view address);
bool is_ipv6(std::string_view address);

void check_labels(const json::Value& labels, const std::string& path, Causes& causes);
void check_label_selector(const json::Value& selector, const std::string& path, Causes& causes);

}  // namespace windlass::inline v0::api_server
