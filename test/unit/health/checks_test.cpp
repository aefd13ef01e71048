#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/health/checks.hpp>
#include <windlass/testing/simulation.hpp>

namespace windlass::health {
namespace {

using ::testing::ElementsAre;

Result<void> passes() { return {}; }
Result<void> fails() { return Error{Errc::unavailable, "the secret reason"}; }

struct Case {
  std::string name;
  std::string target;
  int status;
  std::string body;
};

class RespondTable : public ::testing::TestWithParam<Case> {};

TEST_P(RespondTable, AsControllerRuntimeDoes) {
  Checks healthz, readyz;
  healthz.add("ping", passes);
  healthz.add("a-first", passes);
  readyz.add("good", passes);
  readyz.add("bad", fails);
  const auto response = respond({.target = GetParam().target}, healthz, readyz);
  EXPECT_EQ(response.status, GetParam().status);
  EXPECT_EQ(response.body, GetParam().body);
  EXPECT_EQ(response.headers.get("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(response.headers.get("x-content-type-options"), "nosniff");
}

INSTANTIATE_TEST_SUITE_P(
    , RespondTable,
    ::testing::Values(Case{"Ok", "/healthz", 200, "ok"},
                      Case{"LivezIsHealthz", "/livez", 200, "ok"},
                      Case{"TrailingSlash", "/healthz/", 200, "ok"},
                      Case{"Verbose", "/healthz?verbose", 200,
                           "[+]a-first ok\n[+]ping ok\nhealthz check passed\n"},
                      Case{"VerboseWithValue", "/livez?verbose=1", 200,
                           "[+]a-first ok\n[+]ping ok\nhealthz check passed\n"},
                      Case{"FailureIsVerbose", "/readyz", 500,
                           "[-]bad failed: reason withheld\n[+]good ok\nhealthz check failed\n"},
                      Case{"ExcludedFailure", "/readyz?exclude=bad", 200, "ok"},
                      Case{"ExcludedVerbose", "/readyz?verbose&exclude=bad&exclude=go%6fd", 200,
                           "[+]bad excluded: ok\n[+]good excluded: ok\nhealthz check passed\n"},
                      Case{"ExcludedUnknown", "/healthz?exclude=nope&exclude=none&verbose", 200,
                           "[+]a-first ok\n[+]ping ok\nwarn: some health checks cannot be "
                           "excluded: no matches for "
                           "\"nope\", \"none\"\nhealthz check passed\n"},
                      Case{"Single", "/readyz/good", 200, "ok"},
                      Case{"SingleFailureTellsItsReason", "/readyz/bad", 500,
                           "internal server error: the secret reason\n"},
                      Case{"SingleUnknown", "/readyz/none", 404, "404 page not found\n"},
                      Case{"ChecksAreNotShared", "/healthz/good", 404, "404 page not found\n"},
                      Case{"Elsewhere", "/", 404, "404 page not found\n"},
                      Case{"PrefixOnly", "/healthzz", 404, "404 page not found\n"}),
    [](const auto& info) { return info.param.name; });

TEST(Respond, HasAPingWithoutAnyCheck) {
  const Checks none;
  EXPECT_EQ(respond({.target = "/readyz?verbose"}, none, none).body,
            "[+]ping ok\nhealthz check passed\n");
  EXPECT_EQ(respond({.target = "/healthz/ping"}, none, none).body, "ok");
}

TEST(Respond, RefusesOtherMethods) {
  const Checks none;
  const auto response = respond({.method = "POST", .target = "/healthz"}, none, none);
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.get("Allow"), "GET, HEAD");
  EXPECT_EQ(respond({.method = "HEAD", .target = "/healthz"}, none, none).status, 200);
}

TEST(Respond, AnExceptionIsAFailureAndTheLogHasTheReason) {
  testing::Simulation sim(1);
  Checks healthz;
  healthz.add("broken", []() -> Result<void> { throw std::runtime_error("out of luck"); });
  const auto log = sim.process("operator").log();
  EXPECT_EQ(respond({.target = "/healthz"}, healthz, healthz, log).status, 500);
  EXPECT_EQ(
      sim.log_text(),
      "0s operator info healthz check failed path=/healthz checker=broken error=out of luck\n");
}

TEST(Respond, ExcludedChecksAreNotRun) {
  Checks healthz;
  int runs = 0;
  healthz.add("slow", [&]() -> Result<void> {
    ++runs;
    return {};
  });
  respond({.target = "/healthz?exclude=slow"}, healthz, healthz);
  EXPECT_EQ(runs, 0);
  healthz.add("quick", passes);
  respond({.target = "/healthz/quick"}, healthz, healthz);
  EXPECT_EQ(runs, 0);
  respond({.target = "/healthz"}, healthz, healthz);
  EXPECT_EQ(runs, 1);
}

TEST(Checks, RefusesBadNames) {
  Checks checks;
  checks.add("ping", passes);
  for (const char* name : {"ping", "", "a/b"}) {
    EXPECT_THROW(checks.add(name, passes), Exception) << name;
  }
  checks.add("another", passes);
  EXPECT_THAT(checks.names(), ElementsAre("another", "ping"));
}

}  // namespace
}  // namespace windlass::health
