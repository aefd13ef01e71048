#include <gtest/gtest.h>

#include <windlass/client/retry.hpp>

namespace windlass::client {
namespace {

using Next = RetryPolicy::Next;
using std::chrono::seconds;

// client-go's TestRetryableConditions
struct Case {
  const char* name;
  Attempt attempt;
  bool get = false;
  bool can_reauthenticate = false;
  Next expected = Next::stop;
  Duration delay{};
};

class Retry : public ::testing::TestWithParam<Case> {};

TEST_P(Retry, FollowsClientGo) {
  const Case& c = GetParam();
  RetryPolicy policy({.idempotent_read = c.get, .can_reauthenticate = c.can_reauthenticate});
  const auto decision = policy.next(c.attempt);
  EXPECT_EQ(decision.next, c.expected);
  EXPECT_EQ(decision.delay, c.delay);
}

INSTANTIATE_TEST_SUITE_P(
    All, Retry,
    ::testing::Values(
        Case{"success", {.status = 200}, true},
        Case{"success_ignores_retry_after", {.status = 200, .retry_after = seconds(1)}, true},
        Case{"too_many_without_retry_after", {.status = 429}, true},
        Case{"too_many",
             {.status = 429, .retry_after = seconds(3)},
             false,
             false,
             Next::repeat,
             seconds(3)},
        Case{"unavailable",
             {.status = 503, .retry_after = seconds(1)},
             false,
             false,
             Next::repeat,
             seconds(1)},
        Case{"internal",
             {.status = 500, .retry_after = seconds(0)},
             true,
             false,
             Next::repeat,
             seconds(0)},
        Case{"internal_without_retry_after", {.status = 500}, true},
        Case{"redirect", {.status = 301, .retry_after = seconds(1)}, true},
        Case{"not_found", {.status = 404, .retry_after = seconds(1)}, true},
        Case{"conflict", {.status = 409, .retry_after = seconds(1)}, false},
        Case{"reset_get", {.failure = Errc::closed}, true, false, Next::repeat, seconds(1)},
        Case{"reset_post", {.failure = Errc::closed}, false},
        Case{"refused_get", {.failure = Errc::refused}, true},
        Case{"timeout_get", {.failure = Errc::timeout}, true},
        Case{"tls_get", {.failure = Errc::tls}, true},
        Case{"tls_get_fresh", {.failure = Errc::tls}, true, true, Next::reauthenticate},
        Case{"tls_post_fresh", {.failure = Errc::tls}, false, true},
        Case{"unauthorized_fixed", {.status = 401}, true},
        Case{"unauthorized_fresh", {.status = 401}, false, true, Next::reauthenticate}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Retry, StopsAfterTen) {
  RetryPolicy policy({});
  const Attempt busy{.status = 429, .retry_after = seconds(1)};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(policy.next(busy).next, Next::repeat);
  EXPECT_EQ(policy.next(busy).next, Next::stop);
}

TEST(Retry, ReauthenticatesOnce) {
  RetryPolicy policy({.can_reauthenticate = true});
  EXPECT_EQ(policy.next({.status = 401}).next, Next::reauthenticate);
  EXPECT_EQ(policy.next({.status = 401}).next, Next::stop);
}

TEST(Retry, ReadsRetryAfter) {
  const auto of = [](const char* text) { return retry_after_of({{"Retry-After", text}}); };
  EXPECT_EQ(of("5"), seconds(5));
  EXPECT_EQ(of("0"), seconds(0));
  EXPECT_EQ(of("100000000000"), seconds(60));
  EXPECT_EQ(of("-5"), seconds(0));
  EXPECT_FALSE(of("Wed, 21 Oct 2026 07:28:00 GMT"));
  EXPECT_FALSE(of(""));
  EXPECT_FALSE(of("5s"));
  EXPECT_FALSE(retry_after_of({}));
}

}  // namespace
}  // namespace windlass::client
