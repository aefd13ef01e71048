#pragma once

#include <string>

#include <windlass/cache/cache.hpp>
#include <windlass/events/event_recorder.hpp>
#include <windlass/testing/local_cluster.hpp>

namespace windlass::inline v0::testing {

/// What the workers of all pods share.
struct NodeState {
  Environment& environment;
  client::Client client;
  const cache::Cache& cache;
  const events::EventRecorder& events;
  const LocalClusterOptions& options;
  Endpoint api_server;
  std::string ca_pem = {};
  std::string node_name = "local";
  bool is_root = false;
  Logger log;
};

}  // namespace windlass::inline v0::testing
