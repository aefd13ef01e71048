#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace windlass::inline v0::cache {

/// Orders two resource versions of one resource type: decimal integers of any length (KEP-5504).
/// Nothing when either is not such a number ("", "0", a leading zero): then decide as if unknown.
std::optional<std::strong_ordering> compare_resource_versions(std::string_view a,
                                                              std::string_view b);

/// True when a state at version `have` includes what was written at `want`; also when they cannot
/// be compared, because waiting for ever is worse than a stale read.
bool reached(std::string_view have, std::string_view want);

}  // namespace windlass::inline v0::cache
