#include <windlass/queue/core.hpp>

namespace windlass::inline v0::queue {

Duration exponential_delay(Duration base, Duration max, std::uint64_t failures) {
  if (base <= Duration::zero()) return Duration::zero();
  auto delay = base;
  for (std::uint64_t n = 0; n < failures; ++n) {
    if (delay > max / 2) return max;
    delay *= 2;
  }
  return std::min(delay, max);
}

}  // namespace windlass::inline v0::queue
