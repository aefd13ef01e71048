#include "names.hpp"

#include <algorithm>
#include <optional>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <re2/re2.h>

#include "schema.hpp"

namespace windlass::inline v0::api_server {

using json::Value;

namespace {

constexpr const char* kSubdomain =
    R"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)";
constexpr const char* kLooseSubdomain =
    R"(_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*)";
constexpr const char* kLabel = R"([a-z0-9]([-a-z0-9]*[a-z0-9])?)";
constexpr const char* kLabel1035 = R"([a-z]([-a-z0-9]*[a-z0-9])?)";
constexpr const char* kQualified = R"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])";
constexpr const char* kLabelValue = R"((([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?)";
constexpr const char* kConfigKey = R"([-._a-zA-Z0-9]+)";
constexpr const char* kHeader = R"([-A-Za-z0-9]+)";
constexpr const char* kPercent = R"([0-9]+%)";

constexpr std::size_t kLongestLabel = 63, kLongestSubdomain = 253, kLongestPortName = 15;

bool full_match(std::string_view text, const re2::RE2& expression) {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), expression);
}

/// Newer checks count bytes in their words, older ones characters; both mean bytes.
std::string too_long(std::size_t maximum, std::string_view unit = "characters") {
  return fmt::format("must be no more than {} {}", maximum, unit);
}

/// What a text must match, with examples, as apimachinery puts it.
std::string mismatch(std::string_view rule, std::string_view expression,
                     std::initializer_list<std::string_view> examples) {
  std::string out(rule);
  out += " (e.g. ";
  bool first = true;
  for (const std::string_view example : examples) {
    out += fmt::format("{}'{}', ", first ? "" : " or ", example);
    first = false;
  }
  return out + fmt::format("regex used for validation is '{}')", expression);
}

constexpr std::string_view kKeyRule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character";

Problems subdomain(std::string_view name, std::string_view unit) {
  static const re2::RE2 expression(kSubdomain);
  Problems out;
  if (name.size() > kLongestSubdomain) out.push_back(too_long(kLongestSubdomain, unit));
  if (!full_match(name, expression)) {
    out.push_back(mismatch(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
        "'.', and must start and end with an alphanumeric character",
        kSubdomain, {"example.com"}));
  }
  return out;
}

}  // namespace

Problems subdomain_problem(std::string_view name) { return subdomain(name, "characters"); }

Problems loose_subdomain_problem(std::string_view name) {
  static const re2::RE2 expression(kLooseSubdomain);
  Problems out;
  if (name.size() > kLongestSubdomain) out.push_back(too_long(kLongestSubdomain));
  if (!full_match(name, expression)) {
    out.push_back(mismatch(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', "
        "'-' or '.', and must start and end with an alphanumeric character",
        kLooseSubdomain, {"example.com"}));
  }
  return out;
}

Problems label_problem(std::string_view name) {
  static const re2::RE2 expression(kLabel), dotted(kSubdomain);
  Problems out;
  if (name.size() > kLongestLabel) out.push_back(too_long(kLongestLabel));
  if (full_match(name, expression)) return out;
  if (full_match(name, dotted)) {
    out.emplace_back("must not contain dots");
  } else {
    out.push_back(mismatch(
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
        "must start and end with an alphanumeric character",
        kLabel, {"my-name", "123-abc"}));
  }
  return out;
}

Problems dns1035_problem(std::string_view name) {
  static const re2::RE2 expression(kLabel1035);
  Problems out;
  if (name.size() > kLongestLabel) out.push_back(too_long(kLongestLabel));
  if (!full_match(name, expression)) {
    out.push_back(mismatch(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
        "alphabetic character, and end with an alphanumeric character",
        kLabel1035, {"my-name", "abc-123"}));
  }
  return out;
}

Problems label_key_problem(std::string_view key) {
  static const re2::RE2 expression(kQualified);
  Problems out;
  const auto slash = key.find('/');
  std::string_view name = key;
  if (slash != std::string_view::npos) {
    const std::string_view prefix = key.substr(0, slash);
    name = key.substr(slash + 1);
    if (name.find('/') != std::string_view::npos) {
      return {mismatch(fmt::format("a valid label key {}", kKeyRule), kQualified,
                       {"MyName", "my.name", "123-abc"}) +
              " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"};
    }
    if (prefix.empty()) {
      out.emplace_back("prefix part must be non-empty");
    } else {
      for (const std::string& problem : subdomain(prefix, "bytes")) {
        out.push_back("prefix part " + problem);
      }
    }
  }
  if (name.empty()) {
    out.emplace_back("name part must be non-empty");
  } else if (name.size() > kLongestLabel) {
    out.push_back("name part " + too_long(kLongestLabel, "bytes"));
  }
  if (!full_match(name, expression)) {
    out.push_back(mismatch(fmt::format("name part {}", kKeyRule), kQualified,
                           {"MyName", "my.name", "123-abc"}));
  }
  return out;
}

Problems label_value_problem(std::string_view value) {
  static const re2::RE2 expression(kLabelValue);
  Problems out;
  if (value.size() > kLongestLabel) out.push_back(too_long(kLongestLabel, "bytes"));
  if (!full_match(value, expression)) {
    out.push_back(mismatch(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
        "'.', and must start and end with an alphanumeric character",
        kLabelValue, {"MyValue", "my_value", "12345"}));
  }
  return out;
}

Problems path_segment_problem(std::string_view name) {
  if (name == "." || name == "..") return {fmt::format("may not be '{}'", name)};
  Problems out;
  for (const char c : {'/', '%'}) {
    if (name.find(c) != std::string_view::npos) {
      out.push_back(fmt::format("may not contain '{}'", c));
    }
  }
  return out;
}

Problems config_key_problem(std::string_view key) {
  static const re2::RE2 expression(kConfigKey);
  Problems out;
  if (key.size() > kLongestSubdomain) out.push_back(too_long(kLongestSubdomain));
  if (!full_match(key, expression)) {
    out.push_back(
        mismatch("a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
                 kConfigKey, {"key.name", "KEY_NAME", "key-name"}));
  }
  if (key == "." || key == "..") {
    out.push_back(fmt::format("must not be '{}'", key));
  } else if (key.starts_with("..")) {
    out.emplace_back("must not start with '..'");
  }
  return out;
}

Problems port_name_problem(std::string_view name) {
  static const re2::RE2 characters("[-a-z0-9]+"), letter("[a-z]");
  Problems out;
  if (name.size() > kLongestPortName) out.push_back(too_long(kLongestPortName));
  if (!full_match(name, characters)) {
    out.emplace_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!re2::RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), letter)) {
    out.emplace_back("must contain at least one letter (a-z)");
  }
  if (name.find("--") != std::string_view::npos) {
    out.emplace_back("must not contain consecutive hyphens");
  }
  if (name.starts_with('-') || name.ends_with('-')) {
    out.emplace_back("must not begin or end with a hyphen");
  }
  return out;
}

Problems env_name_problem(std::string_view name) {
  if (name.empty()) return {"environment variable name must be non-empty"};
  for (const char c : name) {
    if (c < ' ' || c > '~' || c == '=') {
      return {
          "a valid environment variable name must consist only of printable ASCII characters other "
          "than '='"};
    }
  }
  return {};
}

Problems header_name_problem(std::string_view name) {
  static const re2::RE2 expression(kHeader);
  if (full_match(name, expression)) return {};
  return {mismatch("a valid HTTP header must consist of alphanumeric characters or '-'", kHeader,
                   {"X-Header-Name"})};
}

Problems percent_problem(std::string_view text) {
  static const re2::RE2 expression(kPercent);
  if (full_match(text, expression)) return {};
  return {mismatch("a valid percent string must be a numeric string followed by an ending '%'",
                   kPercent, {"1%", "93%"})};
}

Problems range_problem(std::int64_t value, std::int64_t first, std::int64_t last) {
  if (value >= first && value <= last) return {};
  return {fmt::format("must be between {} and {}, inclusive", first, last)};
}

Problems port_problem(std::int64_t port) { return range_problem(port, 1, 65535); }

namespace {

/// The four or sixteen bytes of an address; leading zeros are fine, as in old fields.
std::optional<std::vector<unsigned char>> address_bytes(std::string_view text) {
  std::string plain;
  if (text.find(':') == std::string_view::npos) {
    for (std::size_t at = 0; at <= text.size();) {
      const auto end = std::min(text.find('.', at), text.size());
      std::string_view part = text.substr(at, end - at);
      while (part.size() > 1 && part.front() == '0') part.remove_prefix(1);
      plain += (at == 0 ? "" : ".") + std::string(part);
      at = end + 1;
    }
    std::vector<unsigned char> out(4);
    if (inet_pton(AF_INET, plain.c_str(), out.data()) == 1) return out;
    return std::nullopt;
  }
  plain = text;
  std::vector<unsigned char> out(16);
  if (inet_pton(AF_INET6, plain.c_str(), out.data()) == 1) return out;
  return std::nullopt;
}

}  // namespace

bool is_ipv6(std::string_view address) { return address.find(':') != std::string_view::npos; }

Problems address_problem(std::string_view text) {
  if (address_bytes(text)) return {};
  return {"must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"};
}

Problems cidr_problem(std::string_view text) {
  const auto slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto bytes = address_bytes(text.substr(0, slash));
    const std::string_view length = text.substr(slash + 1);
    const bool digits = !length.empty() && length.size() <= 3 &&
                        length.find_first_not_of("0123456789") == std::string_view::npos;
    if (bytes && digits && std::stoul(std::string(length)) <= bytes->size() * 8) return {};
  }
  return {"must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"};
}

bool is_loopback(std::string_view address) {
  const auto bytes = address_bytes(address);
  if (!bytes) return false;
  if (bytes->size() == 4) return bytes->front() == 127;
  return bytes->back() == 1 && std::all_of(bytes->begin(), bytes->end() - 1,
                                           [](unsigned char byte) { return byte == 0; });
}

Problems special_address_problem(std::string_view text) {
  const auto found = address_bytes(text);
  if (!found) return {"must be a valid IP address"};
  const std::vector<unsigned char>& bytes = *found;
  const bool four = bytes.size() == 4;
  const auto zeros = [&](std::size_t count) {
    return std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count),
                       [](unsigned char byte) { return byte == 0; });
  };
  Problems out;
  if (zeros(bytes.size())) out.push_back(fmt::format("may not be unspecified ({})", text));
  if (is_loopback(text)) {
    out.emplace_back("may not be in the loopback range (127.0.0.0/8, ::1/128)");
  }
  if (four ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) {
    out.emplace_back("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  }
  if (four ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0
           : bytes[0] == 0xff && (bytes[1] & 0x0f) == 0x02) {
    out.emplace_back("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  }
  return out;
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
