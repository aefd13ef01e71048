// Random sequences of requests against both servers: no answer differs. Needs a real server
// (KUBEBUILDER_ASSETS). A difference is shrunk to the requests that it takes.
//
//   WINDLASS_CONFORMANCE_REQUESTS  how many, default 2000
//   WINDLASS_CONFORMANCE_SEED      of the first sequence, default 1: a failure prints its own

#include <iostream>

#include <gtest/gtest.h>

#include "generator.hpp"

namespace windlass::conformance {
namespace {

using testing::ControlPlane;
using testing::ServerKind;

constexpr std::size_t kLength = 20;
constexpr int kShrinkAttempts = 60;
constexpr int kReported = 25;

std::string difference(const Case& test, const json::Array& want, const json::Array& got) {
  std::string out;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (test.requests[i].method.empty()) continue;
    for (const std::string& line : differences(want[i], got[i])) out += "  " + line + "\n";
    if (!out.empty()) return test.requests[i].method + " " + test.requests[i].target + "\n" + out;
  }
  return out;
}

TEST(Random, NoAnswerDiffers) {
  const auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  if (const auto why = ControlPlane::unavailable(*environment, ServerKind::real)) {
    GTEST_SKIP() << *why;
  }
  const auto number = [&](const char* name, std::uint64_t otherwise) {
    const auto text = environment->variable(name);
    return text ? std::stoull(*text) : otherwise;
  };
  Server real(ServerKind::real), ours(ServerKind::in_memory);
  const std::uint64_t first = number("WINDLASS_CONFORMANCE_SEED", 1);
  const std::uint64_t wanted = number("WINDLASS_CONFORMANCE_REQUESTS", 2000);
  std::uint64_t compared = 0;
  int differing = 0;
  const auto compare = [&](const Case& test) {
    const json::Array want = run_case(real, test);
    return difference(test, want, run_case(ours, test));
  };
  for (std::uint64_t seed = first; compared < wanted && differing < kReported; ++seed) {
    const Case test = random_case(seed, kLength);
    compared += kLength;
    const std::string found = compare(test);
    if (found.empty()) continue;
    ++differing;
    const Case small = shrink(
        test, [&](const Case& smaller) { return !compare(smaller).empty(); }, kShrinkAttempts);
    Case last = small;
    last.name += " last";
    ADD_FAILURE() << "WINDLASS_CONFORMANCE_SEED=" << seed << "\n"
                  << to_text(small) << compare(last) << "at first:\n"
                  << found;
  }
  std::cout << compared << " requests compared, " << differing << " sequences differ\n";
}

}  // namespace
}  // namespace windlass::conformance
