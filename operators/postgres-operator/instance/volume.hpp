#pragma once
// The volume of a database pod, and the decision what to do with it.
//
// On the volume: `pgdata` is the data directory; `pgdata.initdb` is what initdb writes before it is
// renamed to `pgdata` in one step, so `pgdata` is complete or not there. Nothing else is wiped,
// ever.

#include <cstdint>
#include <filesystem>
#include <string>

#include "api/contract.hpp"

namespace postgres {

struct VolumeState {
  enum class Kind {
    empty,       ///< nothing but what a file system makes (lost+found)
    unfinished,  ///< nothing but what an interrupted initdb left
    data,        ///< a data directory with PG_VERSION and a readable control file
    damaged,     ///< a data directory without them
    foreign,     ///< files that are not ours
  };
  Kind kind = Kind::empty;
  std::string detail;             ///< for damaged and foreign: what was found
  int major_version = 0;          ///< from PG_VERSION
  std::string system_identifier;  ///< from global/pg_control
  friend bool operator==(const VolumeState&, const VolumeState&) = default;
};

std::filesystem::path data_directory(const std::filesystem::path& volume);
std::filesystem::path unfinished_directory(const std::filesystem::path& volume);

/// Looks at the volume. Errc::io or permission when it cannot be read.
Result<VolumeState> inspect_volume(const std::filesystem::path& volume);

/// The system identifier is the first field of the control file, in every version of PostgreSQL.
Result<std::string> system_identifier_of(std::string_view control_file);

/// What the Database in the API server says of the data.
struct DatabaseView {
  std::string uid;
  std::string system_identifier;  ///< status.systemIdentifier; empty: never initialized
  bool being_deleted = false;
  friend bool operator==(const DatabaseView&, const DatabaseView&) = default;
};

struct Decision {
  enum class Kind {
    initdb,        ///< make a new data directory (an unfinished one is wiped first)
    await_record,  ///< the data is good, but its identity is not recorded yet
    start,
    refuse,
  };
  Kind kind = Kind::refuse;
  std::string reason;   ///< of a refusal
  std::string message;  ///< of a refusal, with the remedy
};

/// `expected_uid`: of the Database that this pod was made for. `program_version`: major version of
/// the image's programs. Total: every combination has an answer, and only (never initialized, empty
/// or unfinished) is answered with initdb.
Decision decide(const VolumeState& volume, const DatabaseView& database,
                std::string_view expected_uid, int program_version);

}  // namespace postgres
