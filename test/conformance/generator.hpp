#pragma once
// Random sequences of requests, and the shortest part of one that still shows something.

#include <cstdint>
#include <functional>

#include "cases.hpp"

namespace windlass::conformance {

/// `count` requests drawn from `seed`: the same seed gives the same requests.
Case random_case(std::uint64_t seed, std::size_t count);

/// Leaves out requests (they stay in place without a method) as long as `fails` says that the rest
/// still fails; calls it at most `attempts` times.
Case shrink(Case test, const std::function<bool(const Case&)>& fails, int attempts);

/// The requests as a case file has them, for people to keep.
std::string to_text(const Case& test);

}  // namespace windlass::conformance
