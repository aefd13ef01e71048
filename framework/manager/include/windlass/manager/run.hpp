#pragma once

#include <functional>

#include <windlass/manager/manager.hpp>

namespace windlass::inline v0 {

/// An operator's whole main(): flags, environment, logs, signals, configuration, probes, metrics,
/// election, and the exit code (0 after a graceful stop, 1 for failures, 2 for wrong usage, 3 when
/// the watchdog ended a process that was stuck). `setup` adds controllers. `defaults` holds at
/// least the leader_election_id.
int run(int argc, char** argv, ManagerOptions defaults, const std::function<void(Manager&)>& setup);

}  // namespace windlass::inline v0
