#pragma once
// Options of single requests. Defaults are the API server's.

#include <cstdint>
#include <optional>
#include <string>

namespace windlass::inline v0::client {

struct GetOptions {
  std::string resource_version = {};  ///< "": quorum read; "0": any cached state
};

struct ListOptions {
  std::string namespace_ = {};  ///< empty: all namespaces
  std::string label_selector = {};
  std::string field_selector = {};
  std::string resource_version = {};
  std::string resource_version_match = {};  ///< "", "Exact", "NotOlderThan"
  std::int64_t limit = 500;                 ///< per page; 0: everything at once
  std::string continue_ = {};
};

struct WatchOptions {
  std::string namespace_ = {};
  std::string label_selector = {};
  std::string field_selector = {};
  std::string resource_version = {};
  std::int64_t timeout_seconds = 0;  ///< 0: the server chooses
  bool allow_bookmarks = true;
  bool send_initial_events = false;  ///< with resource_version_match=NotOlderThan
};

struct CreateOptions {
  bool dry_run = false;
  std::string field_manager = {};     ///< empty: the client's
  std::string field_validation = {};  ///< "", "Strict", "Warn", "Ignore"
};
using UpdateOptions = CreateOptions;

struct ApplyOptions {
  bool force = true;  ///< take fields over from other managers
  bool dry_run = false;
  std::string field_manager = {};
};

enum class PatchType { json, merge, strategic_merge };

struct PatchOptions {
  bool dry_run = false;
  std::string field_manager = {};
};

enum class Propagation { server_default, background, foreground, orphan };

struct DeleteOptions {
  std::string uid = {};               ///< precondition; empty: none
  std::string resource_version = {};  ///< precondition; empty: none
  Propagation propagation = Propagation::server_default;
  std::optional<std::int64_t> grace_period_seconds = std::nullopt;
  bool dry_run = false;
};

}  // namespace windlass::inline v0::client
