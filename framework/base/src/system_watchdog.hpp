#pragma once

#include <windlass/base/environment.hpp>

namespace windlass::inline v0::detail {

std::unique_ptr<Watchdog> make_system_watchdog(std::string last_words);

}  // namespace windlass::inline v0::detail
