#pragma once
// What the operator and the instance manager say to each other: names, the settings document, the
// report, and the rules for parameters. Pure; no Kubernetes types, so that the instance manager
// stays small.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/error.hpp>
#include <windlass/json/value.hpp>

namespace postgres {

using windlass::Errc;
using windlass::Error;
using windlass::Result;

/// Annotation of a database pod: the instance manager's Report as JSON.
inline constexpr std::string_view kReportAnnotation = "postgres.windlass.dev/instance";
/// Annotation of a claim: the system identifier of the data on it.
inline constexpr std::string_view kIdentityAnnotation = "postgres.windlass.dev/system-identifier";
/// Annotation of a pod that makes the kubelet refresh its mounted files at once.
inline constexpr std::string_view kSettingsHashAnnotation = "postgres.windlass.dev/settings-hash";

inline constexpr int kPostgresPort = 5432;
inline constexpr int kProbePort = 8008;

/// Where things are in a database pod.
inline constexpr std::string_view kVolumePath = "/var/lib/postgresql/data";
inline constexpr std::string_view kRunPath = "/run/windlass";
inline constexpr std::string_view kBinaryPath = "/windlass/instance-manager";
inline constexpr std::string_view kSettingsPath = "/etc/windlass/settings";
inline constexpr std::string_view kSettingsFile = "settings.json";
inline constexpr std::string_view kCredentialsPath = "/etc/windlass/credentials";
inline constexpr std::string_view kVerifierFile = "verifier";
inline constexpr std::string_view kPasswordFile = "password";
inline constexpr std::string_view kTlsPath = "/etc/windlass/tls";

/// Seconds from SIGTERM to SIGKILL for a database pod, and how long the instance manager waits for
/// the shutdown's checkpoint before it stops the server without one (crash recovery follows).
inline constexpr int kTerminationGraceSeconds = 180;
inline constexpr int kFastStopSeconds = 150;

/// What the server is to be: the content of the ConfigMap.
struct Settings {
  std::string database;
  std::string owner;
  std::map<std::string, std::string> parameters;
  friend bool operator==(const Settings&, const Settings&) = default;
};
std::string to_json(const Settings& settings);
/// Errc::parse for another document; Errc::invalid_argument names the parameter that breaks a rule.
Result<Settings> settings_from_json(std::string_view text);

/// What the instance manager is doing.
enum class InstanceState {
  waiting,
  initializing,
  starting,
  running,
  restarting,
  refused,
  failed,
  stopping
};
std::string_view to_string(InstanceState state);

/// What the instance manager reports.
struct Report {
  InstanceState state = InstanceState::waiting;
  std::string reason;                      ///< a condition's reason, empty when all is well
  std::string message;                     ///< what and the remedy
  std::string system_identifier;           ///< of the data found; empty when there is none
  std::string version;                     ///< of the server's programs, such as "15.18"
  std::string settings_hash;               ///< of the settings document last dealt with
  std::string verifier_hash;               ///< of the password verifier last set
  std::vector<std::string> restarted_for;  ///< parameters that the last restart was for
  friend bool operator==(const Report&, const Report&) = default;
};
std::string to_json(const Report& report);
Result<Report> report_from_json(std::string_view text);

// Reasons that both sides know.
inline constexpr std::string_view kDataMissing = "DataMissing";
inline constexpr std::string_view kForeignData = "ForeignData";
inline constexpr std::string_view kWrongMajorVersion = "WrongMajorVersion";
inline constexpr std::string_view kDatabaseReplaced = "DatabaseReplaced";
inline constexpr std::string_view kVolumeInUse = "VolumeInUse";
inline constexpr std::string_view kDiskFull = "DiskFull";
inline constexpr std::string_view kOutOfMemory = "OutOfMemory";
inline constexpr std::string_view kInvalidParameters = "InvalidParameters";
inline constexpr std::string_view kServerCrashed = "ServerCrashed";
inline constexpr std::string_view kInitdbFailed = "InitdbFailed";
inline constexpr std::string_view kSetupFailed = "SetupFailed";
inline constexpr std::string_view kServerUnresponsive = "ServerUnresponsive";
inline constexpr std::string_view kApiUnreachable = "ApiUnreachable";
inline constexpr std::string_view kIdentityNotRecorded = "IdentityNotRecorded";
inline constexpr std::string_view kProgramsMissing = "ProgramsMissing";
inline constexpr std::string_view kVolumeUnusable = "VolumeUnusable";

/// Parameters that users may not set: the operator owns them, or they would let a user out of the
/// server's bounds. Sorted.
const std::vector<std::string_view>& owned_parameters();
/// Nothing, or what is wrong with `key` = `value`, naming the key.
Result<void> check_parameter(std::string_view key, std::string_view value);
/// Nothing, or what is wrong with a role's or database's name.
Result<void> check_database_name(std::string_view name);
Result<void> check_owner_name(std::string_view name);

/// A SCRAM-SHA-256 verifier as PostgreSQL stores it.
bool is_scram_verifier(std::string_view text);

/// 64 bits of FNV-1a in hexadecimal: tells texts apart; not for secrets against attackers.
std::string hash_of(std::string_view text);

}  // namespace postgres
