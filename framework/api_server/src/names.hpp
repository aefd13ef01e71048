#pragma once
// Names, labels and addresses: what is wrong with one, in apimachinery's words; "" when nothing is.

#include <string>
#include <string_view>

#include <windlass/json/value.hpp>

#include "failure.hpp"

namespace windlass::inline v0::api_server {

std::string subdomain_problem(std::string_view name);  ///< DNS-1123 subdomain
std::string label_problem(std::string_view name);      ///< DNS-1123 label
std::string dns1035_problem(std::string_view name);    ///< DNS-1035 label
std::string label_key_problem(std::string_view key);   ///< qualified name
std::string label_value_problem(std::string_view value);
std::string path_segment_problem(std::string_view name);
std::string config_key_problem(std::string_view key);

void check_labels(const json::Value& labels, const std::string& path, Causes& causes);
void check_label_selector(const json::Value& selector, const std::string& path, Causes& causes);

}  // namespace windlass::inline v0::api_server
