#include <windlass/meta/names.hpp>

namespace windlass::inline v0::meta {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower_alnum(char c) { return is_lower(c) || is_digit(c); }
bool is_alnum(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

bool is_dns1123_label(std::string_view text) {
  if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  for (const char c : text) {
    if (!is_lower_alnum(c) && c != '-') return false;
  }
  return true;
}

bool is_dns1123_subdomain(std::string_view text) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_dns1123_label(text.substr(0, dot))) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_qualified_part(std::string_view text) {
  if (text.empty() || !is_alnum(text.front()) || !is_alnum(text.back())) return false;
  for (const char c : text) {
    if (!is_alnum(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

Error invalid(std::string_view text, std::string_view problem) {
  return {Errc::invalid_argument,
          "Invalid value: \"" + std::string(text.substr(0, 300)) + "\": " + std::string(problem)};
}

Error too_long(std::string_view text, std::size_t limit) {
  return invalid(text, "must be no more than " + std::to_string(limit) + " characters");
}

constexpr std::string_view kLabelRule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view kSubdomainRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view kLabel1035Rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view kNamePartRule =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view kQualifiedRule =
    "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex "
    "used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS "
    "subdomain prefix and '/' (e.g. 'example.com/MyName')";
constexpr std::string_view kLabelValueRule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

}  // namespace

Result<void> validate_dns1123_label(std::string_view text) {
  if (text.size() > 63) return too_long(text, 63);
  if (!is_dns1123_label(text)) return invalid(text, kLabelRule);
  return {};
}

Result<void> validate_dns1123_subdomain(std::string_view text) {
  if (text.size() > 253) return too_long(text, 253);
  if (!is_dns1123_subdomain(text)) return invalid(text, kSubdomainRule);
  return {};
}

Result<void> validate_dns1035_label(std::string_view text) {
  if (text.size() > 63) return too_long(text, 63);
  if (!is_dns1123_label(text) || is_digit(text.front())) return invalid(text, kLabel1035Rule);
  return {};
}

Result<void> validate_qualified_name(std::string_view text) {
  std::string_view name = text;
  if (const std::size_t slash = text.find('/'); slash != text.npos) {
    const std::string_view prefix = text.substr(0, slash);
    name = text.substr(slash + 1);
    if (name.find('/') != name.npos) return invalid(text, kQualifiedRule);
    if (prefix.empty()) return invalid(text, "prefix part must be non-empty");
    if (prefix.size() > 253) {
      return invalid(text, "prefix part must be no more than 253 characters");
    }
    if (!is_dns1123_subdomain(prefix)) {
      return invalid(text, "prefix part " + std::string(kSubdomainRule));
    }
  }
  if (name.empty()) return invalid(text, "name part must be non-empty");
  if (name.size() > 63) return invalid(text, "name part must be no more than 63 characters");
  if (!is_qualified_part(name)) return invalid(text, kNamePartRule);
  return {};
}

Result<void> validate_label_key(std::string_view text) { return validate_qualified_name(text); }

Result<void> validate_label_value(std::string_view text) {
  if (text.size() > 63) return too_long(text, 63);
  if (!text.empty() && !is_qualified_part(text)) return invalid(text, kLabelValueRule);
  return {};
}

}  // namespace windlass::inline v0::meta
