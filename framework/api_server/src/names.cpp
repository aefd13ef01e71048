#include "names.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include "schema.hpp"

namespace windlass::inline v0::api_server {

using json::Value;

namespace {

constexpr const char* kSubdomain =
    R"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)";
constexpr const char* kLabel = R"([a-z0-9]([-a-z0-9]*[a-z0-9])?)";
constexpr const char* kLabel1035 = R"([a-z]([-a-z0-9]*[a-z0-9])?)";
constexpr const char* kQualified = R"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])";
constexpr const char* kLabelValue = R"((([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?)";
constexpr const char* kConfigKey = R"([-._a-zA-Z0-9]+)";

bool full_match(std::string_view text, const re2::RE2& expression) {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), expression);
}

std::string too_long(std::size_t maximum) {
  return fmt::format("must be no more than {} bytes", maximum);
}

}  // namespace

std::string subdomain_problem(std::string_view name) {
  static const re2::RE2 expression(kSubdomain);
  if (name.size() > 253) return "must be no more than 253 characters";
  if (full_match(name, expression)) return "";
  return fmt::format(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
      "'.', "
      "and must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
      "validation is '{}')",
      R"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)");
}

std::string label_problem(std::string_view name) {
  static const re2::RE2 expression(kLabel);
  if (name.find('.') != std::string_view::npos) return "must not contain dots";
  if (name.size() > 63) return too_long(63);
  if (full_match(name, expression)) return "";
  return fmt::format(
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
      "must "
      "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
      "validation is '{}')",
      kLabel);
}

std::string dns1035_problem(std::string_view name) {
  static const re2::RE2 expression(kLabel1035);
  if (name.size() > 63) return too_long(63);
  if (full_match(name, expression)) return "";
  return fmt::format(
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
      "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
      "'abc-123', "
      "regex used for validation is '{}')",
      kLabel1035);
}

std::string label_key_problem(std::string_view key) {
  static const re2::RE2 expression(kQualified);
  const auto slash = key.find('/');
  std::string_view name = key;
  if (slash != std::string_view::npos) {
    const std::string_view prefix = key.substr(0, slash);
    name = key.substr(slash + 1);
    if (prefix.empty()) return "prefix part must be non-empty";
    const std::string problem = subdomain_problem(prefix);
    if (!problem.empty()) return "prefix part " + problem;
    if (name.find('/') != std::string_view::npos) {
      return fmt::format(
          "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must "
          "start "
          "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', "
          "regex "
          "used for validation is '{}') with an optional DNS subdomain prefix and '/' (e.g. "
          "'example.com/MyName')",
          kQualified);
    }
  }
  if (name.empty()) return "name part must be non-empty";
  if (name.size() > 63) return "name part " + too_long(63);
  if (full_match(name, expression)) return "";
  return fmt::format(
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
      "with "
      "an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
      "validation is '{}')",
      kQualified);
}

std::string label_value_problem(std::string_view value) {
  static const re2::RE2 expression(kLabelValue);
  if (value.size() > 63) return too_long(63);
  if (full_match(value, expression)) return "";
  return fmt::format(
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
      "'.', "
      "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
      "'12345', regex used for validation is '{}')",
      kLabelValue);
}

std::string path_segment_problem(std::string_view name) {
  if (name == "." || name == "..") return fmt::format("may not be '{}'", name);
  for (const char c : {'/', '%'}) {
    if (name.find(c) != std::string_view::npos) return fmt::format("may not contain '{}'", c);
  }
  return "";
}

std::string config_key_problem(std::string_view key) {
  static const re2::RE2 expression(kConfigKey);
  if (key.size() > 253) return too_long(253);
  if (!full_match(key, expression)) {
    return fmt::format(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
        "'key.name', "
        " or 'KEY_NAME',  or 'key-name', regex used for validation is '{}')",
        kConfigKey);
  }
  if (key == "." || key == "..") return fmt::format("must not be '{}'", key);
  if (key.starts_with("..")) return "must not start with '..'";
  return "";
}

void check_labels(const Value& labels, const std::string& path, Causes& causes) {
  if (!labels.is_object()) return;
  for (const auto& member : labels.as_object()) {
    if (const auto problem = label_key_problem(member.key); !problem.empty()) {
      causes.invalid(path, member.key, problem);
    }
    if (const auto problem = label_value_problem(member.value.string_or("")); !problem.empty()) {
      causes.invalid(path, member.value, problem);
    }
  }
}

void check_label_selector(const Value& selector, const std::string& path, Causes& causes) {
  if (!selector.is_object()) return;
  check_labels(selector["matchLabels"], path + ".matchLabels", causes);
  if (!selector["matchExpressions"].is_array()) return;
  const auto& list = selector["matchExpressions"].as_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = index(path + ".matchExpressions", i);
    const std::string_view operation = list[i]["operator"].string_or("");
    const bool values = list[i]["values"].is_array() && !list[i]["values"].as_array().empty();
    if (operation == "In" || operation == "NotIn") {
      if (!values)
        causes.required(at + ".values", "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (operation == "Exists" || operation == "DoesNotExist") {
      if (values)
        causes.forbidden(at + ".values",
                         "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    } else {
      causes.invalid(at + ".operator", operation, "not a valid selector operator");
    }
    if (const auto problem = label_key_problem(list[i]["key"].string_or("")); !problem.empty()) {
      causes.invalid(at + ".key", list[i]["key"], problem);
    }
  }
}

}  // namespace windlass::inline v0::api_server
