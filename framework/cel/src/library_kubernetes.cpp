// Kubernetes' own values: quantities, versions, named formats.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <tuple>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>
#include <windlass/meta/names.hpp>
#include <windlass/meta/quantity.hpp>

#include "functions.hpp"
#include "library_net.hpp"

namespace windlass::inline v0::cel {

using I = std::int64_t;

namespace {

Value wrap(std::shared_ptr<const Opaque> value) { return value; }
template <class T>
const T& get(const Value& value) {
  return static_cast<const T&>(*value.as<std::shared_ptr<const Opaque>>());
}

// ---- quantities

struct Amount final : Opaque {
  Amount(meta::Quantity parsed, bool is_plain) : quantity(parsed), plain(is_plain) {}
  meta::Quantity quantity;
  bool plain;  ///< written without a part below one, and small: upstream keeps it as an integer
  [[nodiscard]] std::string_view type_name() const override { return "kubernetes.Quantity"; }
  [[nodiscard]] bool equals(const Opaque& other) const override {
    return quantity == static_cast<const Amount&>(other).quantity;
  }
  [[nodiscard]] std::string text() const override { return quantity.to_string(); }
};
const meta::Quantity& amount(const Value& value) { return get<Amount>(value).quantity; }

/// Whether upstream's parser keeps the number as an integer: "1.0", "1000m" and "1.5Ki" it does
/// not.
bool is_plain(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  while (text.starts_with('0')) text.remove_prefix(1);
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, end), suffix = text.substr(end);
  const std::size_t point = std::min(number.find('.'), number.size());
  const auto whole = static_cast<int>(point);
  const auto fraction = static_cast<int>(number.size() - point) - (point < number.size() ? 1 : 0);
  static constexpr std::string_view kPrefixes = "kMGTPE";
  if (suffix.ends_with('i')) {
    const int power =
        suffix.front() == 'K' ? 1 : static_cast<int>(kPrefixes.find(suffix.front())) + 1;
    return fraction == 0 && 15 - whole - power * 3 - 1 >= 0;
  }
  int scale = 0;
  if (suffix.size() > 1) {
    const std::size_t sign = suffix[1] == '+' ? 2 : 1;
    std::from_chars(suffix.data() + sign, suffix.data() + suffix.size(), scale);
  } else if (!suffix.empty()) {
    const std::size_t prefix = kPrefixes.find(suffix.front());
    scale = prefix == std::string_view::npos ? -3 : static_cast<int>(prefix + 1) * 3;
  }
  return whole + fraction <= 18 && scale >= fraction && whole + scale <= 18;
}

Value quantity(Args args) {
  const auto out = meta::Quantity::parse(args[0].text());
  if (out) return wrap(std::make_shared<const Amount>(*out, is_plain(args[0].text())));
  return Value::error(
      "quantities must match the regular expression "
      "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}
Value is_quantity(Args args) { return meta::Quantity::parse(args[0].text()).has_value(); }
Value quantity_sign(Args args) { return I{amount(args[0]).sign()}; }
Value as_integer(Args args) {
  if (!get<Amount>(args[0]).plain) return Value::error("cannot convert value to integer");
  return I{amount(args[0]).value()};
}
Value is_integer(Args args) { return get<Amount>(args[0]).plain; }
Value as_float(Args args) { return amount(args[0]).as_double(); }
Value quantity_greater(Args args) { return amount(args[0]) > amount(args[1]); }
Value quantity_less(Args args) { return amount(args[0]) < amount(args[1]); }
Value quantity_compare(Args args) {
  const auto order = amount(args[0]) <=> amount(args[1]);
  return I{order < 0 ? -1 : order > 0 ? 1 : 0};
}
meta::Quantity operand(const Value& value) {
  if (const auto* number = value.get<I>()) {
    return meta::Quantity(*number, meta::Quantity::Format::decimal_exponent);
  }
  return amount(value);
}
bool plain(Args args) {
  return get<Amount>(args[0]).plain && (args[1].get<I>() != nullptr || get<Amount>(args[1]).plain);
}
Value quantity_add(Args args) {
  return wrap(std::make_shared<const Amount>(amount(args[0]) + operand(args[1]), plain(args)));
}
Value quantity_sub(Args args) {
  return wrap(std::make_shared<const Amount>(amount(args[0]) - operand(args[1]), plain(args)));
}

// ---- versions

bool digits_only(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t at = std::min(text.find(separator), text.size());
    out.emplace_back(text.substr(0, at));
    if (at == text.size()) return out;
    text.remove_prefix(at + 1);
  }
}

struct Version final : Opaque {
  std::uint64_t major = 0, minor = 0, patch = 0;
  std::vector<std::string> pre, build;

  [[nodiscard]] std::string_view type_name() const override { return "kubernetes.Semver"; }
  [[nodiscard]] bool equals(const Opaque& other) const override {
    return compare(static_cast<const Version&>(other)) == 0;
  }
  [[nodiscard]] std::string text() const override {
    std::string out = fmt::format("{}.{}.{}", major, minor, patch);
    for (std::size_t i = 0; i < pre.size(); ++i) out += (i == 0 ? "-" : ".") + pre[i];
    for (std::size_t i = 0; i < build.size(); ++i) out += (i == 0 ? "+" : ".") + build[i];
    return out;
  }
  [[nodiscard]] int compare(const Version& other) const {
    const auto order = [](const auto& a, const auto& b) { return a < b ? -1 : b < a ? 1 : 0; };
    if (const int out =
            order(std::tie(major, minor, patch), std::tie(other.major, other.minor, other.patch))) {
      return out;
    }
    if (pre.empty() || other.pre.empty()) return order(pre.empty(), other.pre.empty());
    for (std::size_t i = 0; i < std::min(pre.size(), other.pre.size()); ++i) {
      const std::string &a = pre[i], &b = other.pre[i];
      if (a == b) continue;
      const bool a_number = digits_only(a), b_number = digits_only(b);
      if (a_number != b_number) return a_number ? -1 : 1;
      if (a_number && a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
      return order(a, b);
    }
    return order(pre.size(), other.pre.size());
  }
};

std::shared_ptr<const Version> parse_version(std::string_view text, std::string& problem) {
  const auto fail = [&](std::string why) {
    problem = std::move(why);
    return nullptr;
  };
  if (text.empty()) return fail("Version string empty");
  const std::vector<std::string> head = split(text, '.');
  if (head.size() < 3) return fail("No Major.Minor.Patch elements found");
  auto out = std::make_shared<Version>();
  const std::size_t second = text.find('.', text.find('.') + 1);
  std::string_view rest = text.substr(second + 1);
  std::string_view build, pre;
  if (const std::size_t plus = rest.find('+'); plus != std::string_view::npos) {
    build = rest.substr(plus + 1);
    rest = rest.substr(0, plus);
    out->build = split(build, '.');
  }
  if (const std::size_t dash = rest.find('-'); dash != std::string_view::npos) {
    pre = rest.substr(dash + 1);
    rest = rest.substr(0, dash);
    out->pre = split(pre, '.');
  }
  const auto number = [&](std::string_view what, std::string_view digits, std::uint64_t& value) {
    if (!digits_only(digits)) {
      problem = fmt::format("Invalid character(s) found in {} number {}", what, quote_text(digits));
      return false;
    }
    if (digits.size() > 1 && digits.front() == '0') {
      problem =
          fmt::format("{}{} number must not contain leading zeroes {}",
                      static_cast<char>(what.front() - 32), what.substr(1), quote_text(digits));
      return false;
    }
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc()) return true;
    problem = fmt::format("strconv.ParseUint: parsing {}: value out of range", quote_text(digits));
    return false;
  };
  if (!number("major", head[0], out->major) || !number("minor", head[1], out->minor) ||
      !number("patch", rest, out->patch)) {
    return nullptr;
  }
  const auto word = [](const std::string& part) {
    return std::all_of(part.begin(), part.end(), [](char c) {
      return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-';
    });
  };
  for (const std::string& part : out->pre) {
    if (part.empty()) return fail("Prerelease is empty");
    if (digits_only(part)) {
      if (part.size() > 1 && part.front() == '0') {
        return fail(fmt::format("Numeric PreRelease version must not contain leading zeroes {}",
                                quote_text(part)));
      }
    } else if (!word(part)) {
      return fail(fmt::format("Invalid character(s) found in prerelease {}", quote_text(part)));
    }
  }
  for (const std::string& part : out->build) {
    if (part.empty()) return fail("Build meta data is empty");
    if (!word(part)) {
      return fail(
          fmt::format("Invalid character(s) found in build meta data {}", quote_text(part)));
    }
  }
  return out;
}

/// "v1.02" as "1.2.0"; "" after setting the problem.
std::string normalize_version(std::string_view text, std::string& problem) {
  if (text.starts_with('v')) text.remove_prefix(1);
  std::vector<std::string> parts = split(text, '.');
  while (parts.size() > 3) {
    parts[2] += "." + parts[3];
    parts.erase(parts.begin() + 3);
  }
  for (std::string& part : parts) {
    if (part.size() < 2) continue;
    part.erase(0, part.find_first_not_of('0'));
    if (part.empty() || part.front() < '0' || part.front() > '9') part.insert(0, "0");
  }
  if (parts.size() < 3 && parts.back().find_first_of("+-") != std::string::npos) {
    problem = "short version cannot contain PreRelease/Build meta data";
    return "";
  }
  while (parts.size() < 3) parts.emplace_back("0");
  return parts[0] + "." + parts[1] + "." + parts[2];
}

std::shared_ptr<const Version> read_version(Args args, std::string& problem) {
  if (args.size() == 1 || !args[1].as<bool>()) return parse_version(args[0].text(), problem);
  const std::string text = normalize_version(args[0].text(), problem);
  return text.empty() ? nullptr : parse_version(text, problem);
}
Value semver(Args args) {
  std::string problem;
  auto out = read_version(args, problem);
  return out != nullptr ? wrap(std::move(out)) : Value::error(problem);
}
Value is_semver(Args args) {
  std::string problem;
  return read_version(args, problem) != nullptr;
}
Value major(Args args) { return static_cast<I>(get<Version>(args[0]).major); }
Value minor(Args args) { return static_cast<I>(get<Version>(args[0]).minor); }
Value patch(Args args) { return static_cast<I>(get<Version>(args[0]).patch); }
Value version_compare(Args args) { return I{get<Version>(args[0]).compare(get<Version>(args[1]))}; }
Value version_greater(Args args) {
  return get<Version>(args[0]).compare(get<Version>(args[1])) > 0;
}
Value version_less(Args args) { return get<Version>(args[0]).compare(get<Version>(args[1])) < 0; }

// ---- formats

using Check = std::string (*)(std::string_view);

/// Why, without the text that is wrong.
std::string problem_of(const Result<void>& result, std::string_view text) {
  if (result) return "";
  const std::string prefix = fmt::format("Invalid value: {}: ", quote_json(text));
  const std::string& message = result.error().message;
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}
std::string check_qualified_name(std::string_view text) {
  std::string out = problem_of(meta::validate_qualified_name(text), text);
  constexpr std::string_view kBegin = "a qualified name";
  if (out.starts_with(kBegin)) out.replace(0, kBegin.size(), "a valid label key");
  return out;
}
/// A prefix of a name may end with a dash.
std::string masked(std::string_view prefix) {
  std::string out(prefix);
  if (out.size() > 1 && out.ends_with('-')) out.back() = 'a';
  return out;
}
std::string check_uuid(std::string_view text) {
  const std::shared_ptr<const re2::RE2> pattern =
      compile_pattern("^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$");
  return match_pattern(*pattern, text) ? "" : "does not match the UUID format";
}
std::string check_base64(std::string_view text) {
  const bool good = text.find_first_of(" \r\n") == std::string_view::npos && decode_base64(text);
  return good ? "" : "invalid base64";
}

struct NamedFormat {
  std::string_view name;
  Check check;
};
constexpr NamedFormat kFormats[] = {
    {"dns1123Label",
     [](std::string_view text) { return problem_of(meta::validate_dns1123_label(text), text); }},
    {"dns1123Subdomain",
     [](std::string_view text) {
       return problem_of(meta::validate_dns1123_subdomain(text), text);
     }},
    {"dns1035Label",
     [](std::string_view text) { return problem_of(meta::validate_dns1035_label(text), text); }},
    {"qualifiedName", check_qualified_name},
    {"dns1123LabelPrefix",
     [](std::string_view text) {
       return problem_of(meta::validate_dns1123_label(masked(text)), masked(text));
     }},
    {"dns1123SubdomainPrefix",
     [](std::string_view text) {
       return problem_of(meta::validate_dns1123_subdomain(masked(text)), masked(text));
     }},
    {"dns1035LabelPrefix",
     [](std::string_view text) {
       return problem_of(meta::validate_dns1035_label(masked(text)), masked(text));
     }},
    {"labelValue",
     [](std::string_view text) { return problem_of(meta::validate_label_value(text), text); }},
    {"uri", url_problem},
    {"uuid", check_uuid},
    {"byte", check_base64},
    {"date",
     [](std::string_view text) { return std::string(parse_date(text) ? "" : "invalid date"); }},
    {"datetime",
     [](std::string_view text) {
       return std::string(parse_timestamp(text) ? "" : "invalid datetime");
     }},
};

struct Format final : Opaque {
  explicit Format(const NamedFormat& named) : format(named) {}
  const NamedFormat& format;
  [[nodiscard]] std::string_view type_name() const override { return "kubernetes.NamedFormat"; }
  [[nodiscard]] bool equals(const Opaque& other) const override {
    return format.name == static_cast<const Format&>(other).format.name;
  }
  [[nodiscard]] std::string text() const override { return std::string(format.name); }
};

template <std::size_t Index>
Value constant_format(Args) {
  return wrap(std::make_shared<const Format>(kFormats[Index]));
}
Value named_format(Args args) {
  for (const NamedFormat& format : kFormats) {
    if (format.name != args[0].text()) continue;
    return Optional{std::make_shared<const Value>(wrap(std::make_shared<const Format>(format)))};
  }
  return Optional{};
}
Value validate(Args args) {
  const std::string problem = get<Format>(args[0]).format.check(args[1].text());
  if (problem.empty()) return Optional{};
  return Optional{std::make_shared<const Value>(Value::list({Value::string(problem)}))};
}

constexpr Row kRows[] = {
    {"quantity", "(string) kubernetes.Quantity", quantity, Price::parse},
    {"isQuantity", "(string) bool", is_quantity, Price::parse},
    {"sign", "(kubernetes.Quantity) int", quantity_sign},
    {"isGreaterThan", "kubernetes.Quantity.(kubernetes.Quantity) bool", quantity_greater},
    {"isLessThan", "kubernetes.Quantity.(kubernetes.Quantity) bool", quantity_less},
    {"compareTo", "kubernetes.Quantity.(kubernetes.Quantity) int", quantity_compare},
    {"asApproximateFloat", "kubernetes.Quantity.() double", as_float},
    {"asInteger", "kubernetes.Quantity.() int", as_integer},
    {"isInteger", "kubernetes.Quantity.() bool", is_integer},
    {"add", "kubernetes.Quantity.(kubernetes.Quantity) kubernetes.Quantity", quantity_add},
    {"add", "kubernetes.Quantity.(int) kubernetes.Quantity", quantity_add},
    {"sub", "kubernetes.Quantity.(kubernetes.Quantity) kubernetes.Quantity", quantity_sub},
    {"sub", "kubernetes.Quantity.(int) kubernetes.Quantity", quantity_sub},

    {"semver", "(string) kubernetes.Semver", semver, Price::parse},
    {"semver", "(string, bool) kubernetes.Semver", semver, Price::parse},
    {"isSemver", "(string) bool", is_semver, Price::parse},
    {"isSemver", "(string, bool) bool", is_semver, Price::parse},
    {"isGreaterThan", "kubernetes.Semver.(kubernetes.Semver) bool", version_greater},
    {"isLessThan", "kubernetes.Semver.(kubernetes.Semver) bool", version_less},
    {"compareTo", "kubernetes.Semver.(kubernetes.Semver) int", version_compare},
    {"major", "kubernetes.Semver.() int", major},
    {"minor", "kubernetes.Semver.() int", minor},
    {"patch", "kubernetes.Semver.() int", patch},

    {"validate", "kubernetes.NamedFormat.(string) optional(list(string))", validate,
     Price::validate},
    {"format.named", "(string) optional(kubernetes.NamedFormat)", named_format},
    {"format.dns1123Label", "() kubernetes.NamedFormat", constant_format<0>},
    {"format.dns1123Subdomain", "() kubernetes.NamedFormat", constant_format<1>},
    {"format.dns1035Label", "() kubernetes.NamedFormat", constant_format<2>},
    {"format.qualifiedName", "() kubernetes.NamedFormat", constant_format<3>},
    {"format.dns1123LabelPrefix", "() kubernetes.NamedFormat", constant_format<4>},
    {"format.dns1123SubdomainPrefix", "() kubernetes.NamedFormat", constant_format<5>},
    {"format.dns1035LabelPrefix", "() kubernetes.NamedFormat", constant_format<6>},
    {"format.labelValue", "() kubernetes.NamedFormat", constant_format<7>},
    {"format.uri", "() kubernetes.NamedFormat", constant_format<8>},
    {"format.uuid", "() kubernetes.NamedFormat", constant_format<9>},
    {"format.byte", "() kubernetes.NamedFormat", constant_format<10>},
    {"format.date", "() kubernetes.NamedFormat", constant_format<11>},
    {"format.datetime", "() kubernetes.NamedFormat", constant_format<12>},
};

}  // namespace

std::span<const Row> kubernetes_rows() { return kRows; }

}  // namespace windlass::inline v0::cel
