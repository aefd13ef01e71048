#pragma once
// The files and scripts that the instance manager gives to PostgreSQL, as pure functions.

#include <filesystem>
#include <string>
#include <vector>

#include "api/contract.hpp"

namespace postgres {

/// Where one server is.
struct ServerPlace {
  std::filesystem::path volume{kVolumePath};
  std::filesystem::path run{kRunPath};  ///< private: sockets and configuration
  std::string listen_addresses = "*";
  int port = kPostgresPort;
  std::string cluster_name;
};

std::filesystem::path config_file(const ServerPlace& place);

/// postgresql.conf: what the operator owns comes last, so that it wins.
std::string render_postgresql_conf(const ServerPlace& place, const Settings& settings);
/// TCP needs TLS and SCRAM; the superuser comes in over the private Unix socket only.
std::string render_pg_hba_conf();
std::string render_pg_ident_conf();
/// A string literal of postgresql.conf.
std::string quote_setting(std::string_view value);

/// Arguments for initdb, which writes to `unfinished_directory(volume)`.
std::vector<std::string> initdb_arguments(const ServerPlace& place);
std::vector<std::string> server_arguments(const ServerPlace& place);
/// Arguments for psql: superuser, Unix socket, script on standard input, stops at the first error.
std::vector<std::string> psql_arguments(const ServerPlace& place);
/// Environment of every child: nothing of ours but PATH and the time zone.
std::vector<std::string> child_environment(std::string_view path);

/// Makes role and database, and sets the password's verifier. May run any number of times.
/// Errc::invalid_argument when `verifier` is none.
Result<std::string> setup_script(const Settings& settings, std::string_view verifier);
/// Asks which settings of the files on disk are wrong, and which need a restart.
std::string examine_settings_script();
std::string reload_script();
std::string check_script();
std::string checkpoint_script();

/// The answer to examine_settings_script.
struct SettingsExamination {
  std::vector<std::string> invalid;  ///< "name: why"
  std::vector<std::string> restart;  ///< names
};
SettingsExamination parse_examination(std::string_view output);

/// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)": 15 and "15.18".
struct ProgramVersion {
  int major = 0;
  std::string full;
};
Result<ProgramVersion> parse_version(std::string_view output);

/// The part of a server's or tool's log that tells people why it failed: its last errors.
std::string explain_failure(std::string_view log);
/// True when a log says that the disk is full.
bool says_disk_full(std::string_view log);

}  // namespace postgres
