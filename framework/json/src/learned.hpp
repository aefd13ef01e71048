#pragma once
// What a thread has seen in earlier documents: guesses that make the next one faster, never wrong.

#include <array>
#include <cstdint>

#include <windlass/type/table.hpp>

namespace windlass::inline v0::json {

struct Learned {
  using Successor = const type::Field*;

  /// Which field came after this one the last time; of a table: which came first.
  Successor& after(const void* field_or_table) { return successors[slot(field_or_table)]; }
  /// How many elements the list in this field had the last time, kMany at most.
  std::uint8_t& count_of(const void* field) { return counts[slot(field)]; }

  static constexpr std::uint8_t kMany = 32;
  static constexpr std::size_t kSlots = 1024;
  /// Two fields that share a slot only guess worse.
  static std::size_t slot(const void* address) {
    return reinterpret_cast<std::uintptr_t>(address) / alignof(type::Field) % kSlots;
  }

  std::array<Successor, kSlots> successors{};
  std::array<std::uint8_t, kSlots> counts{};
};

inline Learned& learned_by_this_thread() {
  static thread_local constinit Learned learned{};
  return learned;
}

}  // namespace windlass::inline v0::json
