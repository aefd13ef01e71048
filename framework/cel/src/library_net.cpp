// URLs, IP addresses and networks.

#include "library_net.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "functions.hpp"

namespace windlass::inline v0::cel {

using I = std::int64_t;

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') return (c | 0x20) - 'a' + 10;
  return -1;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

/// Undoes percent-encoding; none for a broken escape.
std::optional<std::string> unescape(std::string_view text, bool plus) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// Percent-encodes what Go's net/url does not leave in a path.
std::string escape_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain = is_letter(c) || is_digit(c) ||
                       std::string_view("-_.~$&+,/:;=@").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

struct Url final : Opaque {
  std::string scheme, user, host, path, raw_path, query, fragment;
  bool has_query = false, has_fragment = false, has_authority = false, opaque = false;
  bool has_user = false;

  [[nodiscard]] std::string_view type_name() const override { return "kubernetes.URL"; }
  [[nodiscard]] bool equals(const Opaque& other) const override { return text() == other.text(); }
  [[nodiscard]] std::string text() const override {
    std::string out = scheme.empty() ? "" : scheme + ":";
    if (opaque) {
      out += path;
    } else {
      if (has_authority) out += "//" + (has_user ? user + "@" : "") + host;
      out += escaped_path();
    }
    if (has_query) out += "?" + query;
    if (has_fragment) out += "#" + fragment;
    return out;
  }
  [[nodiscard]] std::string escaped_path() const {
    const bool valid = std::all_of(raw_path.begin(), raw_path.end(), [](char c) {
      return is_letter(c) || is_digit(c) ||
             std::string_view("-_.~!$&'()*+,;=:@[]%/").find(c) != std::string_view::npos;
    });
    return raw_path.empty() || !valid ? escape_path(path) : raw_path;
  }
};

constexpr std::string_view kControl = "net/url: invalid control character in URL";

/// The host of an authority is well formed: brackets around IPv6, a port of digits.
bool valid_host(std::string_view host, std::string& problem) {
  const auto valid_port = [&](std::string_view port) {
    if (port.empty()) return true;
    if (port.front() == ':' && std::all_of(port.begin() + 1, port.end(), is_digit)) return true;
    problem = fmt::format("invalid port {} after host", quote_text(port));
    return false;
  };
  if (host.starts_with('[')) {
    const std::size_t end = host.rfind(']');
    if (end == std::string_view::npos) {
      problem = "missing ']' in host";
      return false;
    }
    return valid_port(host.substr(end + 1));
  }
  if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos) {
    if (!valid_port(host.substr(colon))) return false;
  }
  for (const char c : host) {
    const bool plain =
        is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
        std::string_view("-_.~!$&'()*+,;=:[]<>\"%").find(c) != std::string_view::npos;
    if (!plain) {
      problem = fmt::format("invalid character {} in host name", quote_text(std::string(1, c)));
      return false;
    }
  }
  return true;
}

/// As Go's url.ParseRequestURI and url.Parse together.
std::shared_ptr<Url> parse_url(std::string_view text, std::string& problem) {
  const auto fail = [&](std::string_view why) {
    problem = fmt::format("parse {}: {}", quote_text(text), why);
    return nullptr;
  };
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
    return fail(kControl);
  }
  if (text.empty()) return fail("empty url");
  auto out = std::make_shared<Url>();
  std::string_view rest = text;
  // the scheme
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (is_letter(c)) continue;
    if (is_digit(c) || c == '+' || c == '-' || c == '.') {
      if (i == 0) break;
      continue;
    }
    if (c == ':') {
      if (i == 0) return fail("missing protocol scheme");
      for (const char letter : rest.substr(0, i)) {
        out->scheme += is_letter(letter) ? static_cast<char>(letter | 0x20) : letter;
      }
      rest.remove_prefix(i + 1);
    }
    break;
  }
  const bool rooted = rest.starts_with('/');
  if (!rooted && out->scheme.empty()) return fail("invalid URI for request");
  if (const std::size_t hash = rest.find('#'); hash != std::string_view::npos) {
    out->fragment = rest.substr(hash + 1);
    out->has_fragment = !out->fragment.empty();
    rest = rest.substr(0, hash);
  }
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    out->query = rest.substr(mark + 1);
    out->has_query = true;
    rest = rest.substr(0, mark);
  }
  if (!rooted) {
    out->opaque = true;
    out->path = rest;
    return out;
  }
  if (rest.starts_with("//") && (!out->scheme.empty() || !rest.starts_with("///"))) {
    rest.remove_prefix(2);
    out->has_authority = true;
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    std::string_view authority = rest.substr(0, slash);
    rest.remove_prefix(slash);
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
      out->user = authority.substr(0, at);
      out->has_user = true;
      authority.remove_prefix(at + 1);
    }
    std::string why;
    if (!valid_host(authority, why)) return fail(why);
    const auto host = authority.starts_with('[') ? std::optional(std::string(authority))
                                                 : unescape(authority, false);
    if (!host) return fail("invalid URL escape in host");
    out->host = *host;
  }
  const auto path = unescape(rest, false);
  if (!path) {
    const std::size_t at = rest.find('%');
    return fail(fmt::format("invalid URL escape {}", quote_text(rest.substr(at, 3))));
  }
  out->path = *path;
  if (escape_path(*path) != rest) out->raw_path = rest;
  return out;
}

const Url& url_of(const Value& value) {
  return static_cast<const Url&>(*value.as<std::shared_ptr<const Opaque>>());
}
Value wrap(std::shared_ptr<const Opaque> value) { return value; }

Value url(Args args) {
  std::string problem;
  auto out = parse_url(args[0].text(), problem);
  if (out != nullptr) return wrap(std::move(out));
  return Value::error("URL parse error during conversion from string: " + problem);
}
Value is_url(Args args) {
  std::string problem;
  return parse_url(args[0].text(), problem) != nullptr;
}
Value get_scheme(Args args) { return Value::string(url_of(args[0]).scheme); }
Value get_host(Args args) { return Value::string(url_of(args[0]).host); }
Value get_escaped_path(Args args) {
  const Url& url = url_of(args[0]);
  return Value::string(url.opaque ? "" : url.escaped_path());
}

std::pair<std::string, std::string> host_and_port(const std::string& host) {
  const std::size_t bracket = host.find(']');
  const std::size_t colon = host.rfind(':');
  const bool has_port =
      colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  std::string name = host.substr(0, has_port ? colon : host.size());
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  return {name, has_port ? host.substr(colon + 1) : ""};
}
Value get_hostname(Args args) { return Value::string(host_and_port(url_of(args[0]).host).first); }
Value get_port(Args args) { return Value::string(host_and_port(url_of(args[0]).host).second); }

Value get_query(Args args) {
  std::vector<std::pair<Value, Value>> out;
  std::vector<std::pair<std::string, std::vector<Value>>> found;
  std::string_view rest = url_of(args[0]).query;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty() || pair.find(';') != std::string_view::npos) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto key = unescape(pair.substr(0, equals), true);
    const auto value = unescape(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!key || !value) continue;
    auto known = std::find_if(found.begin(), found.end(),
                              [&](const auto& entry) { return entry.first == *key; });
    if (known == found.end()) {
      found.emplace_back(*key, std::vector<Value>());
      known = found.end() - 1;
    }
    known->second.push_back(Value::string(*value));
  }
  for (auto& [key, values] : found) {
    out.emplace_back(Value::string(key), Value::list(std::move(values)));
  }
  return Map(std::make_shared<std::vector<std::pair<Value, Value>>>(std::move(out)));
}

// ---- addresses

struct Address {
  bool v4 = false;
  std::array<std::uint8_t, 16> bytes{};  ///< of IPv4 the first four

  friend bool operator==(const Address&, const Address&) = default;
  [[nodiscard]] std::size_t size() const { return v4 ? 4 : 16; }

  [[nodiscard]] std::string text() const {
    if (v4) return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
    std::array<unsigned, 8> groups{};
    for (std::size_t i = 0; i < 8; ++i) groups[i] = bytes[2 * i] * 256U + bytes[2 * i + 1];
    if (mapped()) {
      return fmt::format("::ffff:{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]);
    }
    std::size_t best = 8, best_length = 1;
    for (std::size_t i = 0; i < 8; ++i) {
      std::size_t end = i;
      while (end < 8 && groups[end] == 0) ++end;
      if (end - i > best_length) {
        best = i;
        best_length = end - i;
      }
    }
    std::string out;
    for (std::size_t i = 0; i < 8; ++i) {
      if (i == best) {
        out += "::";
        i += best_length - 1;
        continue;
      }
      if (!out.empty() && !out.ends_with(':')) out += ':';
      out += fmt::format("{:x}", groups[i]);
    }
    return out;
  }
  [[nodiscard]] bool mapped() const {
    return !v4 && std::all_of(bytes.begin(), bytes.begin() + 10, [](int b) { return b == 0; }) &&
           bytes[10] == 0xFF && bytes[11] == 0xFF;
  }
};

/// As Go's netip.ParseAddr; `problem` gets its text.
std::optional<Address> parse_v4(std::string_view text, std::string_view whole,
                                std::string& problem) {
  const auto fail = [&](std::string_view why) {
    problem = fmt::format("ParseAddr({}): {}", quote_text(whole), why);
    return std::nullopt;
  };
  Address out{.v4 = true};
  std::size_t field = 0;
  int value = -1, digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_digit(c)) {
      if (digits == 1 && value == 0) return fail("IPv4 field has octet with leading zero");
      value = std::max(value, 0) * 10 + (c - '0');
      ++digits;
      if (value > 255) return fail("IPv4 field has value >255");
    } else if (c == '.') {
      if (i == 0 || i + 1 == text.size() || text[i - 1] == '.') {
        return fail(fmt::format("IPv4 field must have at least one digit (at {})",
                                quote_text(text.substr(i))));
      }
      if (field == 3) return fail("IPv4 address too long");
      out.bytes[field++] = static_cast<std::uint8_t>(value);
      value = -1;
      digits = 0;
    } else {
      return fail(fmt::format("unexpected character (at {})", quote_text(text.substr(i))));
    }
  }
  if (field < 3) return fail("IPv4 address too short");
  out.bytes[3] = static_cast<std::uint8_t>(value);
  return out;
}

std::optional<Address> parse_v6(std::string_view whole, std::string& problem) {
  const auto fail = [&](std::string_view why, std::string_view at = {}) {
    problem = fmt::format("ParseAddr({}): {}", quote_text(whole), why);
    if (!at.empty()) problem += fmt::format(" (at {})", quote_text(at));
    return std::nullopt;
  };
  std::string_view text = whole;
  if (const std::size_t percent = text.find('%'); percent != std::string_view::npos) {
    if (percent + 1 == text.size()) return fail("zone must be a non-empty string");
    problem = "zone";
    return std::nullopt;
  }
  Address out;
  std::size_t at = 0, ellipsis = 17;
  if (text.starts_with("::")) {
    ellipsis = 0;
    text.remove_prefix(2);
    if (text.empty()) return out;
  }
  while (at < 16) {
    std::size_t end = 0;
    unsigned value = 0;
    while (end < text.size() && hex_digit(text[end]) >= 0) {
      if (end > 3) return fail("each group must have 4 or less digits", text);
      value = value * 16 + static_cast<unsigned>(hex_digit(text[end]));
      ++end;
    }
    if (end == 0) return fail("each colon-separated field must have at least one digit", text);
    if (end < text.size() && text[end] == '.') {
      if (ellipsis == 17 && at != 12) {
        return fail("embedded IPv4 address must replace the final 2 fields of the address", text);
      }
      if (at + 4 > 16)
        return fail("too many hex fields to fit an embedded IPv4 at the end of the address", text);
      const auto tail = parse_v4(text, whole, problem);
      if (!tail) return std::nullopt;
      std::copy_n(tail->bytes.begin(), 4, out.bytes.begin() + static_cast<std::ptrdiff_t>(at));
      at += 4;
      text = {};
      break;
    }
    out.bytes[at] = static_cast<std::uint8_t>(value >> 8);
    out.bytes[at + 1] = static_cast<std::uint8_t>(value);
    at += 2;
    text.remove_prefix(end);
    if (text.empty()) break;
    if (text.front() != ':') return fail("unexpected character, want colon", text);
    if (text.size() == 1) return fail("colon must be followed by more characters", text);
    text.remove_prefix(1);
    if (text.front() == ':') {
      if (ellipsis != 17) return fail("multiple :: in address", text);
      ellipsis = at;
      text.remove_prefix(1);
      if (text.empty()) break;
    }
  }
  if (!text.empty()) return fail("trailing garbage after address", text);
  if (at < 16) {
    if (ellipsis == 17) return fail("address string too short");
    const std::size_t shift = 16 - at;
    for (std::size_t i = at; i-- > ellipsis;) out.bytes[i + shift] = out.bytes[i];
    std::fill_n(out.bytes.begin() + static_cast<std::ptrdiff_t>(ellipsis), shift, 0);
  } else if (ellipsis != 17) {
    return fail("the :: must expand to at least one field of zeros");
  }
  return out;
}

std::optional<Address> parse_address(std::string_view text, std::string& problem) {
  for (const char c : text) {
    if (c == '.') return parse_v4(text, text, problem);
    if (c == ':') return parse_v6(text, problem);
    if (c == '%') {
      problem = fmt::format("ParseAddr({}): missing IPv6 address", quote_text(text));
      return std::nullopt;
    }
  }
  problem = fmt::format("ParseAddr({}): unable to parse IP", quote_text(text));
  return std::nullopt;
}

struct Ip final : Opaque {
  explicit Ip(Address parsed) : address(parsed) {}
  Address address;
  [[nodiscard]] std::string_view type_name() const override { return "net.IP"; }
  [[nodiscard]] bool equals(const Opaque& other) const override {
    return address == static_cast<const Ip&>(other).address;
  }
  [[nodiscard]] std::string text() const override { return address.text(); }
};
const Address& address_of(const Value& value) {
  return static_cast<const Ip&>(*value.as<std::shared_ptr<const Opaque>>()).address;
}

std::optional<Address> parse_ip(std::string_view text, std::string& problem) {
  std::string why;
  auto out = parse_address(text, why);
  if (!out && why == "zone") {
    problem = fmt::format("IP address {} with zone value is not allowed", quote_text(text));
    return std::nullopt;
  }
  if (!out) {
    problem = fmt::format("IP Address {} parse error during conversion from string: {}",
                          quote_text(text), why);
    return std::nullopt;
  }
  if (out->mapped()) {
    problem = fmt::format("IPv4-mapped IPv6 address {} is not allowed", quote_text(text));
    return std::nullopt;
  }
  return out;
}

Value ip(Args args) {
  std::string problem;
  const auto out = parse_ip(args[0].text(), problem);
  return out ? wrap(std::make_shared<const Ip>(*out)) : Value::error(problem);
}
Value is_ip(Args args) {
  std::string problem;
  return parse_ip(args[0].text(), problem).has_value();
}
Value is_canonical(Args args) {
  std::string problem;
  const auto out = parse_ip(args[0].text(), problem);
  return out ? Value(out->text() == args[0].text()) : Value::error(problem);
}
Value to_string_value(Args args) {
  return Value::string(args[0].as<std::shared_ptr<const Opaque>>()->text());
}
Value family(Args args) { return I{address_of(args[0]).v4 ? 4 : 6}; }

bool unspecified(const Address& a) {
  return std::all_of(a.bytes.begin(), a.bytes.end(), [](int b) { return b == 0; });
}
bool loopback(const Address& a) {
  if (a.v4) return a.bytes[0] == 127;
  Address one;
  one.bytes[15] = 1;
  return a == one;
}
bool link_local_unicast(const Address& a) {
  if (a.v4) return a.bytes[0] == 169 && a.bytes[1] == 254;
  return a.bytes[0] == 0xFE && (a.bytes[1] & 0xC0) == 0x80;
}
bool link_local_multicast(const Address& a) {
  if (a.v4) return a.bytes[0] == 224 && a.bytes[1] == 0 && a.bytes[2] == 0;
  return a.bytes[0] == 0xFF && (a.bytes[1] & 0x0F) == 0x02;
}
bool multicast(const Address& a) { return a.v4 ? (a.bytes[0] & 0xF0) == 0xE0 : a.bytes[0] == 0xFF; }
bool global_unicast(const Address& a) {
  const bool broadcast =
      a.v4 && a.bytes[0] == 255 && a.bytes[1] == 255 && a.bytes[2] == 255 && a.bytes[3] == 255;
  return !broadcast && !unspecified(a) && !loopback(a) && !multicast(a) && !link_local_unicast(a);
}
template <bool (*Test)(const Address&)>
Value is(Args args) {
  return Test(address_of(args[0]));
}

// ---- networks

struct Cidr final : Opaque {
  Address address;
  int bits = 0;
  Cidr(Address parsed, int prefix) : address(parsed), bits(prefix) {}
  [[nodiscard]] std::string_view type_name() const override { return "net.CIDR"; }
  [[nodiscard]] bool equals(const Opaque& other) const override { return text() == other.text(); }
  [[nodiscard]] std::string text() const override {
    return fmt::format("{}/{}", address.text(), bits);
  }
};
const Cidr& cidr_of(const Value& value) {
  return static_cast<const Cidr&>(*value.as<std::shared_ptr<const Opaque>>());
}

Address mask(Address address, int bits) {
  for (std::size_t i = 0; i < address.size(); ++i) {
    const int keep = std::clamp(bits - static_cast<int>(i) * 8, 0, 8);
    address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & (0xFF00 >> keep));
  }
  return address;
}
bool covers(const Cidr& network, const Address& address) {
  return network.address.v4 == address.v4 &&
         mask(network.address, network.bits) == mask(address, network.bits);
}

std::shared_ptr<const Cidr> parse_cidr(std::string_view text, std::string& problem) {
  constexpr std::string_view kWhere = "network address parse error during conversion from string: ";
  const auto fail = [&](std::string_view why) {
    problem = fmt::format("{}netip.ParsePrefix({}): {}", kWhere, quote_text(text), why);
    return nullptr;
  };
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return fail("no '/'");
  std::string why;
  const auto address = parse_address(text.substr(0, slash), why);
  if (!address && why == "zone") return fail("IPv6 zones cannot be present in a prefix");
  if (!address) return fail(why);
  const std::string_view bits = text.substr(slash + 1);
  if (bits.empty() || !std::all_of(bits.begin(), bits.end(), is_digit) ||
      (bits.size() > 1 && bits.front() == '0') || bits.size() > 8) {
    return fail(fmt::format("bad bits after slash: {}", quote_text(bits)));
  }
  int length = 0;
  std::from_chars(bits.data(), bits.data() + bits.size(), length);
  if (length > static_cast<int>(address->size()) * 8) {
    return fail(fmt::format("prefix length out of range"));
  }
  if (address->mapped()) {
    problem = fmt::format("IPv4-mapped IPv6 address {} is not allowed", quote_text(text));
    return nullptr;
  }
  return std::make_shared<const Cidr>(*address, length);
}

Value cidr(Args args) {
  std::string problem;
  auto out = parse_cidr(args[0].text(), problem);
  if (out != nullptr) return wrap(std::move(out));
  return Value::error("network address parse error during conversion from string: " + problem);
}
Value is_cidr(Args args) {
  std::string problem;
  return parse_cidr(args[0].text(), problem) != nullptr;
}
Value contains_ip(Args args) {
  if (args[1].get<String>() == nullptr) return covers(cidr_of(args[0]), address_of(args[1]));
  const Value other = ip(args.subspan(1));
  if (other.is_error()) return no_such_overload();  // as upstream
  return covers(cidr_of(args[0]), address_of(other));
}
Value contains_cidr(Args args) {
  const Value other = args[1].get<String>() == nullptr ? args[1] : cidr(args.subspan(1));
  if (other.is_error()) return other;
  const Cidr& inner = cidr_of(other);
  return cidr_of(args[0]).bits <= inner.bits && covers(cidr_of(args[0]), inner.address);
}
Value cidr_ip(Args args) { return wrap(std::make_shared<const Ip>(cidr_of(args[0]).address)); }
Value prefix_length(Args args) { return I{cidr_of(args[0]).bits}; }
Value masked(Args args) {
  const Cidr& network = cidr_of(args[0]);
  return wrap(std::make_shared<const Cidr>(mask(network.address, network.bits), network.bits));
}

constexpr Row kRows[] = {
    {"url", "(string) kubernetes.URL", url, Price::parse_url},
    {"isURL", "(string) bool", is_url},
    {"getScheme", "kubernetes.URL.() string", get_scheme},
    {"getHost", "kubernetes.URL.() string", get_host},
    {"getHostname", "kubernetes.URL.() string", get_hostname},
    {"getPort", "kubernetes.URL.() string", get_port},
    {"getEscapedPath", "kubernetes.URL.() string", get_escaped_path},
    {"getQuery", "kubernetes.URL.() map(string, list(string))", get_query},

    {"ip", "(string) net.IP", ip, Price::parse},
    {"isIP", "(string) bool", is_ip, Price::parse},
    {"ip.isCanonical", "(string) bool", is_canonical, Price::parse_twice},
    {"family", "net.IP.() int", family},
    {"isUnspecified", "net.IP.() bool", is<unspecified>},
    {"isLoopback", "net.IP.() bool", is<loopback>},
    {"isLinkLocalMulticast", "net.IP.() bool", is<link_local_multicast>},
    {"isLinkLocalUnicast", "net.IP.() bool", is<link_local_unicast>},
    {"isGlobalUnicast", "net.IP.() bool", is<global_unicast>},
    {"string", "(net.IP) string", to_string_value},

    {"cidr", "(string) net.CIDR", cidr, Price::parse},
    {"isCIDR", "(string) bool", is_cidr, Price::parse},
    {"containsIP", "net.CIDR.(string) bool", contains_ip, Price::contains_ip},
    {"containsIP", "net.CIDR.(net.IP) bool", contains_ip, Price::contains_ip},
    {"containsCIDR", "net.CIDR.(string) bool", contains_cidr, Price::contains_cidr},
    {"containsCIDR", "net.CIDR.(net.CIDR) bool", contains_cidr, Price::contains_cidr},
    {"ip", "net.CIDR.() net.IP", cidr_ip},
    {"prefixLength", "net.CIDR.() int", prefix_length},
    {"masked", "net.CIDR.() net.CIDR", masked},
    {"string", "(net.CIDR) string", to_string_value},
};

}  // namespace

std::string url_problem(std::string_view text) {
  std::string problem;
  parse_url(text, problem);
  return problem;
}

std::span<const Row> network_rows() { return kRows; }

}  // namespace windlass::inline v0::cel
