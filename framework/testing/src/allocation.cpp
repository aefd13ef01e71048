#include "allocation.hpp"

#include <cstdlib>
#include <new>
#include <utility>

namespace windlass::inline v0::testing {
namespace {
thread_local std::uint32_t left = 0;  // until one fails; 0: none will
}

void fail_allocation(std::uint32_t count) { left = count; }
void keep_allocations() { left = 0; }

AllocationsWork::AllocationsWork() : left_(std::exchange(left, 0)) {}
AllocationsWork::~AllocationsWork() { left = left_; }

namespace {
void* allocate(std::size_t size) {
  if (left != 0 && --left == 0) throw std::bad_alloc();
  if (void* const block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}
}  // namespace

}  // namespace windlass::inline v0::testing

// weak: a program may have its own
__attribute__((weak)) void* operator new(std::size_t size) {
  return windlass::testing::allocate(size);
}
__attribute__((weak)) void* operator new[](std::size_t size) {
  return windlass::testing::allocate(size);
}
__attribute__((weak)) void operator delete(void* block) noexcept { std::free(block); }
__attribute__((weak)) void operator delete[](void* block) noexcept { std::free(block); }
__attribute__((weak)) void operator delete(void* block, std::size_t) noexcept { std::free(block); }
__attribute__((weak)) void operator delete[](void* block, std::size_t) noexcept {
  std::free(block);
}
