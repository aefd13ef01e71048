#include <windlass/client/api_error.hpp>
#include <windlass/client/watch_event.hpp>
#include <windlass/json/table.hpp>

#include "status.hpp"

namespace windlass::inline v0::client {
namespace {

Errc errc_of(int status) {
  switch (status) {
    case 400:
    case 422:
      return Errc::invalid_argument;
    case 401:
    case 403:
      return Errc::permission;
    case 404:
      return Errc::not_found;
    case 429:
      return Errc::unavailable;
    case 504:
      return Errc::timeout;
    default:
      return status >= 500 ? Errc::unavailable : Errc::io;
  }
}

std::string sentence(const std::string& what, const meta::Status& status) {
  std::string text = what + ": " + (status.message.empty() ? "refused" : status.message);
  text += " (" + std::to_string(status.code.value_or(0));
  if (!status.reason.empty()) text += " " + status.reason;
  return text + ")";
}

}  // namespace

ApiError::ApiError(std::string what, meta::Status status, std::optional<Duration> retry_after)
    : Exception(errc_of(status.code.value_or(0)), sentence(what, status)),
      status_(std::move(status)),
      retry_after_(retry_after) {}

bool ApiError::is_not_found() const noexcept { return http_status() == 404; }
bool ApiError::is_conflict() const noexcept {
  return http_status() == 409 && status_.reason != "AlreadyExists";
}
bool ApiError::is_already_exists() const noexcept {
  return http_status() == 409 && status_.reason == "AlreadyExists";
}
bool ApiError::is_expired() const noexcept {
  return http_status() == 410 || status_.reason == "Expired" || status_.reason == "Gone";
}
bool ApiError::is_invalid() const noexcept { return http_status() == 422; }
bool ApiError::is_forbidden() const noexcept { return http_status() == 403; }
bool ApiError::is_unauthorized() const noexcept { return http_status() == 401; }
bool ApiError::is_too_many_requests() const noexcept { return http_status() == 429; }

bool ApiError::is_too_large_resource_version() const noexcept {
  constexpr std::string_view message = "Too large resource version";
  if (status_.message.find(message) != std::string::npos) return true;
  if (!status_.details) return false;
  for (const auto& cause : status_.details->causes) {
    if (cause.reason == "ResourceVersionTooLarge") return true;
    if (cause.message.find(message) != std::string::npos) return true;
  }
  return false;
}

ApiError error_of(const WatchEvent& event, std::string what) {
  auto status = detail::status_from(event.object);
  if (!status) {
    status.emplace();
    status->code = 500;
    status->reason = "InternalError";
    status->message = "a watch error without a Status";
  }
  std::optional<Duration> retry_after;
  if (status->details && status->details->retry_after_seconds) {
    retry_after = std::chrono::seconds(*status->details->retry_after_seconds);
  }
  return ApiError(std::move(what), std::move(*status), retry_after);
}

namespace detail {

std::optional<meta::Status> status_from(std::string_view body) {
  const auto document = json::parse(body);
  if (!document || (*document)["kind"].string_or("") != "Status") return std::nullopt;
  auto status = json::from_value<meta::Status>(*document);
  if (!status) return std::nullopt;
  return std::move(*status);
}

std::string_view reason_of(int status) {
  switch (status) {
    case 400:
      return "BadRequest";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "NotFound";
    case 405:
      return "MethodNotAllowed";
    case 406:
      return "NotAcceptable";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "RequestEntityTooLarge";
    case 415:
      return "UnsupportedMediaType";
    case 422:
      return "Invalid";
    case 429:
      return "TooManyRequests";
    case 500:
      return "InternalError";
    case 503:
      return "ServiceUnavailable";
    case 504:
      return "Timeout";
    default:
      return "";
  }
}

meta::Status status_of(int http_status, std::string_view body) {
  if (auto status = status_from(body)) {
    if (status->code.value_or(0) == 0) status->code = http_status;
    return std::move(*status);
  }
  constexpr std::size_t shown = 512;
  meta::Status status;
  status.status = "Failure";
  status.code = http_status;
  status.reason = reason_of(http_status);
  status.message = "the server answered HTTP " + std::to_string(http_status);
  while (!body.empty() && (body.back() == '\n' || body.back() == ' ')) body.remove_suffix(1);
  if (!body.empty()) status.message += ": " + std::string(body.substr(0, shown));
  return status;
}

}  // namespace detail

}  // namespace windlass::inline v0::client
