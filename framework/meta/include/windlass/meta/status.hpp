#pragma once
// metav1.Status: what the server answers when something went wrong; and the options of deletions.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <windlass/meta/object_meta.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::meta {

struct StatusCause {
  std::string field;
  std::string message;
  std::string reason;

  static const type::Table& table();
  friend bool operator==(const StatusCause& a, const StatusCause& b);
};

struct StatusDetails {
  std::string name;
  std::string group;
  std::string kind;
  std::string uid;
  std::vector<StatusCause> causes;
  std::optional<std::int32_t> retry_after_seconds;

  static const type::Table& table();
  friend bool operator==(const StatusDetails& a, const StatusDetails& b);
};

struct Status {
  ListMeta metadata;
  std::string status;  ///< "Success" or "Failure"
  std::string message;
  std::string reason;  ///< "NotFound", "Conflict", ...
  Box<StatusDetails> details;
  std::optional<std::int32_t> code;  ///< the HTTP status

  static const type::Table& table();
  friend bool operator==(const Status& a, const Status& b);
};

struct Preconditions {
  std::optional<std::string> uid;
  std::optional<std::string> resource_version;

  static const type::Table& table();
  friend bool operator==(const Preconditions& a, const Preconditions& b);
};

struct DeleteOptions {
  std::optional<std::int64_t> grace_period_seconds;
  Box<Preconditions> preconditions;
  std::optional<bool> orphan_dependents;  ///< deprecated upstream
  std::string propagation_policy;         ///< "Orphan", "Background", "Foreground"
  std::vector<std::string> dry_run;       ///< {"All"} or nothing
  std::optional<bool> ignore_store_read_error_with_cluster_breaking_potential;

  static const type::Table& table();
  friend bool operator==(const DeleteOptions& a, const DeleteOptions& b);
};

}  // namespace windlass::inline v0::meta
