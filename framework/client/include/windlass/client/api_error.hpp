#pragma once
// What the API server answered when it did not do what was asked.

#include <optional>
#include <string>
#include <string_view>

#include <windlass/base/clock.hpp>
#include <windlass/meta/status.hpp>

namespace windlass::inline v0::client {

/// Carries the server's whole metav1.Status (made up from the HTTP status when the body held none).
/// code() is Errc::not_found, permission (401, 403), invalid_argument (400, 422), unavailable (429,
/// 5xx), timeout (504) or io for anything else.
class ApiError : public Exception {
 public:
  /// `what` names the verb and the object: `update databases.postgres.windlass.dev "ns/name"`.
  ApiError(std::string what, meta::Status status, std::optional<Duration> retry_after = {});

  [[nodiscard]] const meta::Status& status() const noexcept { return status_; }
  [[nodiscard]] int http_status() const noexcept { return status_.code.value_or(0); }
  [[nodiscard]] std::string_view reason() const noexcept { return status_.reason; }
  [[nodiscard]] std::optional<Duration> retry_after() const noexcept { return retry_after_; }

  [[nodiscard]] bool is_not_found() const noexcept;       ///< 404
  [[nodiscard]] bool is_conflict() const noexcept;        ///< 409 Conflict (not AlreadyExists)
  [[nodiscard]] bool is_already_exists() const noexcept;  ///< 409 AlreadyExists
  [[nodiscard]] bool is_expired() const noexcept;         ///< 410 Gone or Expired: list again
  [[nodiscard]] bool is_invalid() const noexcept;         ///< 422
  [[nodiscard]] bool is_forbidden() const noexcept;       ///< 403
  [[nodiscard]] bool is_unauthorized() const noexcept;    ///< 401
  [[nodiscard]] bool is_too_many_requests() const noexcept;
  /// 504 with cause ResourceVersionTooLarge, or the old servers' message.
  [[nodiscard]] bool is_too_large_resource_version() const noexcept;

 private:
  meta::Status status_;
  std::optional<Duration> retry_after_;
};

}  // namespace windlass::inline v0::client
