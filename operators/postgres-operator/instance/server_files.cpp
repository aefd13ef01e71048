#include "instance/server_files.hpp"

#include <algorithm>

#include "instance/volume.hpp"

namespace postgres {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string setting(std::string_view key, std::string_view value) {
  return std::string(key) + " = " + quote_setting(value) + "\n";
}

/// Settings of our own sessions from their first moment, whatever spec.parameters says: pg_catalog
/// alone in the search path, nothing in the log, no time limits but ours, messages that we can
/// read.
constexpr std::string_view kSession =
    "-c search_path=pg_catalog -c log_statement=none -c log_min_error_statement=panic "
    "-c log_min_duration_statement=-1 -c log_min_duration_sample=-1 "
    "-c log_transaction_sample_rate=0 -c log_duration=off -c debug_print_parse=off "
    "-c debug_print_rewritten=off -c debug_print_plan=off -c pg_stat_statements.track=none "
    "-c auto_explain.log_min_duration=-1 -c pgaudit.log=none -c lc_messages=C "
    "-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0 "
    "-c synchronous_commit=local";

}  // namespace

std::filesystem::path config_file(const ServerPlace& place) {
  return place.run / "postgresql.conf";
}

std::string quote_setting(std::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted + "'";
}

std::string render_postgresql_conf(const ServerPlace& place, const Settings& settings) {
  std::string text =
      "# Written by the instance manager; changes are lost. Set spec.parameters of the Database.\n";
  text += setting("log_line_prefix", "%m [%p] ");
  text += setting("log_timezone", "UTC");
  text += setting("timezone", "UTC");
  text += setting("lc_messages", "C");
  for (const auto& [key, value] : settings.parameters) {
    if (check_parameter(key, value)) text += setting(key, value);
  }
  text += setting("data_directory", data_directory(place.volume).string());
  text += setting("hba_file", (place.run / "pg_hba.conf").string());
  text += setting("ident_file", (place.run / "pg_ident.conf").string());
  text += setting("listen_addresses", place.listen_addresses);
  text += setting("port", std::to_string(place.port));
  text += setting("unix_socket_directories", place.run.string());
  text += setting("unix_socket_permissions", "0700");
  text += setting("ssl", "on");
  text += setting("ssl_cert_file", (place.run / "tls.crt").string());
  text += setting("ssl_key_file", (place.run / "tls.key").string());
  text += setting("ssl_min_protocol_version", "TLSv1.2");
  text += setting("password_encryption", "scram-sha-256");
  text += setting("log_destination", "stderr");
  text += setting("logging_collector", "off");
  text += setting("cluster_name", place.cluster_name);
  return text;
}

std::string render_pg_hba_conf() {
  return "# Written by the instance manager; changes are lost.\n"
         "local all postgres trust\n"
         "local all all reject\n"
         "host all postgres all reject\n"
         "hostssl all all all scram-sha-256\n";
}

std::string render_pg_ident_conf() {
  return "# Written by the instance manager; changes are lost.\n";
}

std::vector<std::string> initdb_arguments(const ServerPlace& place) {
  return {"--pgdata=" + unfinished_directory(place.volume).string(),
          "--username=postgres",
          "--encoding=UTF8",
          "--locale=C.UTF-8",
          "--data-checksums",
          "--auth-local=trust",
          "--auth-host=reject",
          "--no-instructions"};
}

std::vector<std::string> server_arguments(const ServerPlace& place) {
  return {"-c", "config_file=" + config_file(place).string()};
}

std::vector<std::string> psql_arguments(const ServerPlace& place) {
  return {"--no-psqlrc",
          "--quiet",
          "--tuples-only",
          "--no-align",
          "--field-separator=\t",
          "--no-password",
          "--set=ON_ERROR_STOP=1",
          "--host=" + place.run.string(),
          "--port=" + std::to_string(place.port),
          "--username=postgres",
          "--dbname=postgres",
          "--file=-"};
}

std::vector<std::string> child_environment(std::string_view path) {
  return {"PATH=" + std::string(path),
          "LANG=C.UTF-8",
          "LC_MESSAGES=C",
          "TZ=UTC",
          "PGCONNECT_TIMEOUT=10",
          "PGOPTIONS=" + std::string(kSession),
          "PGAPPNAME=instance-manager",
          "PSQL_HISTORY=/dev/null"};
}

Result<std::string> setup_script(const Settings& settings, std::string_view verifier) {
  if (!is_scram_verifier(verifier)) {
    return Error{Errc::invalid_argument, "the credentials Secret has no SCRAM-SHA-256 verifier"};
  }
  if (const auto good = check_owner_name(settings.owner); !good) return good.error();
  if (const auto good = check_database_name(settings.database); !good) return good.error();
  std::string script;
  // the names and the verifier were checked just above: they hold neither quotes nor backslashes
  script += "\\set owner " + settings.owner + "\n\\set database " + settings.database +
            "\n\\set verifier '" + std::string(verifier) + "'\n";
  script +=
      "SELECT format('CREATE ROLE %I LOGIN', :'owner')"
      " WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \\gexec\n"
      "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'owner', :'verifier') \\gexec\n"
      "SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')"
      " WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec\n"
      "SELECT format('ALTER DATABASE %I OWNER TO %I', :'database', :'owner')"
      " FROM pg_database WHERE datname = :'database' AND pg_get_userbyid(datdba) <> :'owner' "
      "\\gexec\n";
  return script;
}

std::string examine_settings_script() {
  // reading pg_file_settings marks what needs a restart in this session's pg_settings
  return "SELECT 'error', coalesce(name, ''), error FROM pg_file_settings WHERE error IS NOT "
         "NULL;\n"
         "SELECT 'restart', name, '' FROM pg_settings WHERE pending_restart;\n";
}

std::string reload_script() { return "SELECT pg_reload_conf();\n"; }
std::string check_script() { return "SELECT 1;\n"; }
std::string checkpoint_script() { return "CHECKPOINT;\n"; }

SettingsExamination parse_examination(std::string_view output) {
  SettingsExamination found;
  std::vector<std::pair<std::string, std::string>> errors;
  for (const auto line : split(output, '\n')) {
    const auto fields = split(line, '\t');
    if (fields.size() != 3) continue;
    if (fields[0] == "restart") found.restart.emplace_back(fields[1]);
    if (fields[0] == "error") errors.emplace_back(fields[1], fields[2]);
  }
  for (auto& [name, why] : errors) {
    const bool needs_restart =
        std::find(found.restart.begin(), found.restart.end(), name) != found.restart.end();
    if (needs_restart || why.find("without restarting the server") != std::string::npos) continue;
    found.invalid.push_back(name.empty() ? why : name + ": " + why);
  }
  return found;
}

Result<ProgramVersion> parse_version(std::string_view output) {
  constexpr std::string_view mark = "(PostgreSQL) ";
  const auto at = output.find(mark);
  if (at != std::string_view::npos) {
    auto rest = output.substr(at + mark.size());
    ProgramVersion version;
    version.full = std::string(rest.substr(0, rest.find_first_of(" \n")));
    for (const char c : version.full) {
      if (c < '0' || c > '9' || version.major > 1000) break;
      version.major = version.major * 10 + (c - '0');
    }
    if (version.major >= 10) return version;
  }
  return Error{Errc::parse,
               "\"postgres --version\" said nothing that names PostgreSQL 10 or later: \"" +
                   std::string(output.substr(0, 80)) + "\""};
}

std::string explain_failure(std::string_view log) {
  std::vector<std::string> last;
  const auto lines = split(log, '\n');
  for (const auto line : lines) {
    for (const std::string_view mark :
         {"FATAL:", "PANIC:", "ERROR:", "error:", "invalid value", "HINT:", "DETAIL:"}) {
      const auto at = line.find(mark);
      if (at == std::string_view::npos) continue;
      last.emplace_back(line.substr(at));
      break;
    }
  }
  if (last.empty()) {
    for (const auto line : lines) {
      if (!line.empty()) last.emplace_back(line);
    }
  }
  if (last.size() > 3) last.erase(last.begin(), last.end() - 3);
  std::string text;
  for (const auto& line : last) text += (text.empty() ? "" : "; ") + line.substr(0, 300);
  return text;
}

bool says_disk_full(std::string_view log) {
  return log.find("No space left on device") != std::string_view::npos;
}

}  // namespace postgres
