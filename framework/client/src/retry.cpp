#include <algorithm>
#include <charconv>

#include <windlass/client/retry.hpp>

namespace windlass::inline v0::client {

std::optional<Duration> retry_after_of(const http::Headers& headers) {
  const auto text = headers.get("Retry-After");
  std::int64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    return {};
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 60));
}

RetryPolicy::Decision RetryPolicy::next(const Attempt& attempt) {
  if (retries_ >= kMaxRetries) return {};
  const auto again = [this](Next next, Duration delay) {
    ++retries_;
    return Decision{next, delay};
  };
  // a handshake that failed: the authority may be another one by now
  const bool distrust =
      attempt.status == 0 && attempt.failure == Errc::tls && options_.idempotent_read;
  if (attempt.status == 401 || distrust) {
    if (reauthenticated_ || !options_.can_reauthenticate) return {};
    reauthenticated_ = true;
    return again(Next::reauthenticate, {});
  }
  if (attempt.status == 429 || attempt.status >= 500) {
    return attempt.retry_after ? again(Next::repeat, *attempt.retry_after) : Decision{};
  }
  if (attempt.status == 0 && attempt.failure == Errc::closed && options_.idempotent_read) {
    return again(Next::repeat, std::chrono::seconds(1));
  }
  return {};
}

}  // namespace windlass::inline v0::client
