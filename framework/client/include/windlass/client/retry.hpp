#pragma once
// When to send a request again: client-go's rules. No I/O, no clock.

#include <optional>

#include <windlass/base/clock.hpp>
#include <windlass/http/message.hpp>

namespace windlass::inline v0::client {

/// How one attempt ended: with an answer, or with trouble on the way.
struct Attempt {
  int status = 0;  ///< 0: no answer
  std::optional<Duration> retry_after = {};
  Errc failure = Errc::io;  ///< when there was no answer
};

/// Retry-After in whole seconds, at most a minute; dates and nonsense count as absent.
std::optional<Duration> retry_after_of(const http::Headers& headers);

/// 429 and 5xx are repeated when the server says Retry-After, whatever the verb; a connection that
/// broke is repeated for GET (not for streams); a 401, and for GET a TLS failure, once when
/// credentials can be read again. In all at most 10 times.
class RetryPolicy {
 public:
  struct Options {
    bool idempotent_read = false;  ///< GET of a whole answer
    bool can_reauthenticate = false;
  };
  enum class Next {
    stop,            ///< the answer or the error is final
    repeat,          ///< send again after `delay`
    reauthenticate,  ///< read the credentials again, then send again
  };
  struct Decision {
    Next next = Next::stop;
    Duration delay{};
  };
  static constexpr int kMaxRetries = 10;

  explicit RetryPolicy(Options options) : options_(options) {}
  Decision next(const Attempt& attempt);
  [[nodiscard]] int retries() const { return retries_; }

 private:
  Options options_;
  int retries_ = 0;
  bool reauthenticated_ = false;
};

}  // namespace windlass::inline v0::client
