#include <windlass/testing/local_cluster.hpp>

namespace windlass::inline v0::testing {

namespace {

constexpr int kFirstPods = 64;
constexpr int kFirstServices = 96;
constexpr int kRanges = 32;
constexpr std::uint16_t kClaimPort = 27964;  // below the ports that systems give out by themselves

}  // namespace

Result<AddressRange> claim_addresses(Environment& environment, const Executor& executor) {
  for (int number = 0; number < kRanges; ++number) {
    AddressRange range;
    range.pods = "127." + std::to_string(kFirstPods + number);
    range.services = "127." + std::to_string(kFirstServices + number) + ".0.0";
    auto claim =
        environment.network(executor).listen(executor, {range.pods + ".255.254", kClaimPort});
    if (!claim) continue;
    range.claim = std::move(*claim);
    return range;
  }
  return Error{Errc::io, "every range of loopback addresses is taken: no more than " +
                             std::to_string(kRanges) +
                             " clusters run on one machine, and nothing else may listen on port " +
                             std::to_string(kClaimPort) + " of all addresses"};
}

}  // namespace windlass::inline v0::testing
