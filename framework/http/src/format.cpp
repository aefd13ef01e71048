#include "format.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace windlass::inline v0::http::detail {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           marks.find(c) != marks.npos;
  });
}

bool is_target(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '\x7f';
  });
}

bool is_value(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

/// Everything but the fields that say how the message is framed.
Result<void> append_fields(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!is_token(name) || !is_value(value)) {
      return Error{Errc::invalid_argument,
                   "the HTTP header field \"" + name +
                       "\" cannot be sent: names are tokens, values have no line ends"};
    }
    if (equal_ignoring_case(name, "content-length") ||
        equal_ignoring_case(name, "transfer-encoding") || equal_ignoring_case(name, "connection")) {
      continue;
    }
    append_field(out, name, value);
  }
  return {};
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

bool has_token(const Headers& headers, std::string_view name, std::string_view token) {
  for (auto rest : headers.all(name)) {
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      auto word = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (!word.empty() && (word.front() == ' ' || word.front() == '\t')) word.remove_prefix(1);
      while (!word.empty() && (word.back() == ' ' || word.back() == '\t')) word.remove_suffix(1);
      if (equal_ignoring_case(word, token)) return true;
    }
  }
  return false;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

bool status_has_body(int status) { return status >= 200 && status != 204 && status != 304; }

Result<std::string> format_request(const Request& request, std::string_view host) {
  if (!is_token(request.method)) {
    return Error{Errc::invalid_argument, "\"" + request.method + "\" is not an HTTP method"};
  }
  if (!is_target(request.target)) {
    return Error{Errc::invalid_argument,
                 "an HTTP target must be percent-encoded: it has a space or control character"};
  }
  std::string out;
  out.reserve(256 + request.body.size());
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  if (!request.headers.contains("host")) append_field(out, "Host", host);
  if (auto fields = append_fields(out, request.headers); !fields) return fields.error();
  if (has_token(request.headers, "connection", "close")) append_field(out, "Connection", "close");
  const bool takes_body =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (takes_body || !request.body.empty()) {
    append_field(out, "Content-Length", std::to_string(request.body.size()));
  }
  return out.append("\r\n").append(request.body);
}

Result<std::string> format_response_head(const Response& response, Framing framing,
                                         std::size_t body_size, bool keep_alive, bool http_1_0) {
  if (response.status < 200 || response.status > 999) {
    return Error{Errc::invalid_argument,
                 std::to_string(response.status) + " is not the status of a final HTTP response"};
  }
  std::string out;
  out.reserve(256);
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(reason_phrase(response.status)).append("\r\n");
  if (auto fields = append_fields(out, response.headers); !fields) return fields.error();
  if (framing == Framing::length) {
    append_field(out, "Content-Length", std::to_string(body_size));
  } else if (framing == Framing::chunked) {
    append_field(out, "Transfer-Encoding", "chunked");
  }
  if (!keep_alive) {
    append_field(out, "Connection", "close");
  } else if (http_1_0) {
    append_field(out, "Connection", "keep-alive");
  }
  return out.append("\r\n");
}

Result<std::string> format_upgrade_head(const Response& response) {
  if (response.status != 101) {
    return Error{Errc::invalid_argument,
                 std::to_string(response.status) + " does not upgrade a connection; 101 does"};
  }
  std::string out = "HTTP/1.1 101 Switching Protocols\r\n";
  if (auto fields = append_fields(out, response.headers); !fields) return fields.error();
  append_field(out, "Connection", "Upgrade");
  return out.append("\r\n");
}

std::string format_chunk(std::string_view data) {
  std::array<char, 16> size;
  const auto end = std::to_chars(size.data(), size.data() + size.size(), data.size(), 16).ptr;
  std::string out;
  out.reserve(data.size() + 20);
  out.append(size.data(), end).append("\r\n").append(data).append("\r\n");
  return out;
}

}  // namespace windlass::inline v0::http::detail
