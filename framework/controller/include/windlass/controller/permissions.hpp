#pragma once
// What a program may ask of the API server, known without running it: each verb of Context and each
// source of the builder leaves a record in the program, and the linker keeps those of the code that
// it keeps. `<operator> --describe` prints them; `windlass generate manifests` makes a Role of
// them.

#include <cstdint>
#include <span>

#include <windlass/json/value.hpp>
#include <windlass/meta/resource.hpp>

namespace windlass::inline v0::controller {

enum class Use : std::uint8_t {
  reconcile,  ///< list and watch; its keys are reconciled
  watch,      ///< list and watch
  get,        ///< get, unless the kind is watched: then the cache answers
  apply,      ///< patch, create when it is not there, and get unless the kind is watched
  create,
  patch,
  update_status,
  remove,  ///< delete
  event,   ///< events about it are published
};

struct UseRecord {
  const meta::Resource* resource;
  Use use;
};

/// Leaves the record (use, T). Costs one instruction. Nothing with GCC, which cannot place data of
/// templates.
template <class T, Use use>
inline void record_use() {
#if defined(__clang__)
  [[gnu::section("windlass_uses")]] static const UseRecord record{&T::resource, use};
  asm volatile("" : : "r"(&record));
#endif
}

/// Every record of this program; some may be there more than once. Empty with GCC.
std::span<const UseRecord> recorded_uses();

/// {"uses": [{group, version, kind, plural, namespaced, use}, ...]}, sorted, each once. What goes
/// through Context::client() is not in it.
json::Value describe_uses();

}  // namespace windlass::inline v0::controller
