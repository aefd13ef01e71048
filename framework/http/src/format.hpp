#pragma once
// Messages as bytes.

#include <cstdint>
#include <string>
#include <string_view>

#include <windlass/base/error.hpp>
#include <windlass/http/message.hpp>

namespace windlass::inline v0::http::detail {

bool equal_ignoring_case(std::string_view a, std::string_view b);
/// Whether one of the comma separated tokens of any field `name` is `token`.
bool has_token(const Headers& headers, std::string_view name, std::string_view token);

std::string_view reason_phrase(int status);
/// 1xx, 204 and 304 never have a body.
bool status_has_body(int status);

/// The whole request. `host` is used unless the request brings a Host of its own; Content-Length
/// and Transfer-Encoding are always ours. Errc::invalid_argument when a part would break the
/// framing.
Result<std::string> format_request(const Request& request, std::string_view host);

enum class Framing : std::uint8_t {
  length,       ///< Content-Length
  chunked,      ///< Transfer-Encoding: chunked
  until_close,  ///< HTTP/1.0 streams
  none          ///< a status without body
};
/// Status line and fields, up to and including the empty line.
Result<std::string> format_response_head(const Response& response, Framing framing,
                                         std::size_t body_size, bool keep_alive, bool http_1_0);
/// The same for a 101, after which the connection is no longer HTTP.
Result<std::string> format_upgrade_head(const Response& response);
/// One chunk of a chunked body; `data` must not be empty.
std::string format_chunk(std::string_view data);

}  // namespace windlass::inline v0::http::detail
