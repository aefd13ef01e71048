#pragma once

#include <string>

#include <windlass/json/value.hpp>

#include "container_state.hpp"

namespace windlass::inline v0::testing {

/// What a pod's status is made of.
struct PodFacts {
  const api::core::v1::Pod& pod;
  const Containers& inits;
  const Containers& mains;
  const std::string& address;
  meta::Time start_time;
  meta::Time now;
  bool initialized = false;
};

/// The merge patch of the status subresource that tells it. No I/O.
json::Value pod_status_patch(const PodFacts& facts);

}  // namespace windlass::inline v0::testing
