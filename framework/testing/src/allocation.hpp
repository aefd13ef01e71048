#pragma once
// Memory that runs out: operator new of the whole program, told to fail once.

#include <cstdint>

namespace windlass::inline v0::testing {

/// The `count`-th allocation from now on (1: the next) throws std::bad_alloc, unless
/// `keep_allocations` comes first. Without effect in a program that has an operator new of its own.
/// A simulation is one thread; so is this.
void fail_allocation(std::uint32_t count);

/// From now on allocations work.
void keep_allocations();

/// Allocations work while it lives: for what stands outside of the simulated process.
class AllocationsWork {
 public:
  AllocationsWork();
  ~AllocationsWork();
  AllocationsWork(const AllocationsWork&) = delete;
  AllocationsWork& operator=(const AllocationsWork&) = delete;

 private:
  std::uint32_t left_;
};

}  // namespace windlass::inline v0::testing
