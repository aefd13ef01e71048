#pragma once

#include <memory>
#include <string>

#include <windlass/base/network.hpp>

namespace windlass::inline v0::detail {

/// Real TCP and Unix sockets. `listen_address` replaces "all addresses" when it is not empty.
std::unique_ptr<Network> make_system_network(Executor executor, std::string listen_address);

}  // namespace windlass::inline v0::detail
