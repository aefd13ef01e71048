#pragma once
// What `windlass dev` shows of a project: a pure function of what is known.

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::command {

/// One object of the project's kinds.
struct ObjectRow {
  std::string kind, name, ready, reason, age;
  friend bool operator==(const ObjectRow&, const ObjectRow&) = default;
};

struct DevState {
  std::string server;
  std::string activity;  ///< "building", "running", "the build failed"
  int replicas = 0;
  std::string leader = {};
  std::vector<ObjectRow> objects = {};
  std::deque<std::string> events = {};  ///< newest last
  std::deque<std::string> logs = {};    ///< newest last
};

/// Of an object as the server returns it.
ObjectRow object_row(const json::Value& object, std::int64_t now_seconds);
/// "Normal  Created  Order/sample: text" of an event of either API.
std::string event_line(const json::Value& event);
/// The replica that an event says became leader; empty: it speaks of something else.
std::string new_leader(const json::Value& event);
/// Lines for a screen of that size; at most `height`, none longer than `width`.
std::vector<std::string> screen(const DevState& state, std::size_t width, std::size_t height);

}  // namespace windlass::inline v0::command
