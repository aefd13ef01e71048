#include <charconv>

#include <windlass/base/network.hpp>

namespace windlass::inline v0 {

std::string to_string(const Endpoint& endpoint) {
  if (endpoint.host.starts_with('/')) return endpoint.host;
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return Error{Errc::parse, "\"" + std::string(text) + "\" is not an address: " +
                                  std::string(why) + "; write host:port, :port or [ipv6]:port"};
  };
  const auto colon = text.rfind(':');
  if (colon == text.npos) return bad("it has no port");
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return bad("an IPv6 address needs brackets");
  }
  std::uint16_t port = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) {
    return bad("the port is not a number from 0 to 65535");
  }
  return Endpoint{std::string(host), port};
}

}  // namespace windlass::inline v0
