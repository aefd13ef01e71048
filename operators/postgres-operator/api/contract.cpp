#include "api/contract.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace postgres {

namespace json = windlass::json;

namespace {

constexpr std::array<std::string_view, 8> kStateNames = {"Waiting", "Initializing", "Starting",
                                                         "Running", "Restarting",   "Refused",
                                                         "Failed",  "Stopping"};

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }
bool is_name_char(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

Result<void> check_identifier(std::string_view what, std::string_view name) {
  const bool good = !name.empty() && name.size() <= 63 && is_name_start(name.front()) &&
                    std::all_of(name.begin(), name.end(), is_name_char);
  if (good) return {};
  return Error{
      Errc::invalid_argument,
      std::string(what) + " \"" + std::string(name) +
          "\" must consist of lower-case letters, digits and underscores, begin with no digit, "
          "and have at most 63 characters"};
}

}  // namespace

std::string to_json(const Settings& settings) {
  json::Object parameters;
  for (const auto& [key, value] : settings.parameters) parameters.set(key, value);
  json::Object document;
  document.set("database", settings.database);
  document.set("owner", settings.owner);
  document.set("parameters", std::move(parameters));
  return json::dump(document);
}

Result<Settings> settings_from_json(std::string_view text) {
  const auto document = json::parse(text);
  if (!document) return document.error().within("settings");
  if (!document->is_object()) return Error{Errc::parse, "settings: expected an object"};
  Settings settings;
  settings.database = (*document)["database"].string_or("");
  settings.owner = (*document)["owner"].string_or("");
  if (const auto good = check_database_name(settings.database); !good) return good.error();
  if (const auto good = check_owner_name(settings.owner); !good) return good.error();
  const auto& parameters = (*document)["parameters"];
  if (!parameters.is_object()) return settings;
  for (const auto& [key, value] : parameters.as_object()) {
    if (!value.is_string())
      return Error{Errc::parse, "settings: parameter " + key + " must be a string"};
    if (const auto good = check_parameter(key, value.as_string()); !good) return good.error();
    settings.parameters[key] = value.as_string();
  }
  return settings;
}

std::string_view to_string(InstanceState state) {
  return kStateNames.at(static_cast<std::size_t>(state));
}

std::string to_json(const Report& report) {
  json::Object document;
  document.set("state", to_string(report.state));
  const auto put = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) document.set(key, value);
  };
  put("reason", report.reason);
  put("message", report.message);
  put("systemIdentifier", report.system_identifier);
  put("version", report.version);
  put("settingsHash", report.settings_hash);
  put("verifierHash", report.verifier_hash);
  if (!report.restarted_for.empty()) {
    json::Array names;
    for (const auto& name : report.restarted_for) names.emplace_back(name);
    document.set("restartedFor", std::move(names));
  }
  return json::dump(document);
}

Result<Report> report_from_json(std::string_view text) {
  const auto document = json::parse(text);
  if (!document) return document.error().within("report");
  const auto& value = *document;
  const auto state =
      std::find(kStateNames.begin(), kStateNames.end(), value["state"].string_or(""));
  if (state == kStateNames.end()) return Error{Errc::parse, "report: unknown state"};
  Report report;
  report.state = static_cast<InstanceState>(state - kStateNames.begin());
  report.reason = value["reason"].string_or("");
  report.message = value["message"].string_or("");
  report.system_identifier = value["systemIdentifier"].string_or("");
  report.version = value["version"].string_or("");
  report.settings_hash = value["settingsHash"].string_or("");
  report.verifier_hash = value["verifierHash"].string_or("");
  if (value["restartedFor"].is_array()) {
    for (const auto& name : value["restartedFor"].as_array()) {
      report.restarted_for.emplace_back(name.string_or(""));
    }
  }
  return report;
}

const std::vector<std::string_view>& owned_parameters() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all = {"listen_addresses",
                                         "port",
                                         "data_directory",
                                         "config_file",
                                         "hba_file",
                                         "ident_file",
                                         "external_pid_file",
                                         "include",
                                         "include_dir",
                                         "include_if_exists",
                                         "unix_socket_directories",
                                         "unix_socket_group",
                                         "unix_socket_permissions",
                                         "bonjour",
                                         "ssl",
                                         "ssl_cert_file",
                                         "ssl_key_file",
                                         "ssl_ca_file",
                                         "ssl_crl_file",
                                         "ssl_crl_dir",
                                         "ssl_dh_params_file",
                                         "ssl_passphrase_command",
                                         "ssl_passphrase_command_supports_reload",
                                         "ssl_min_protocol_version",
                                         "password_encryption",
                                         "krb_server_keyfile",
                                         "db_user_namespace",
                                         "fsync",
                                         "full_page_writes",
                                         "restart_after_crash",
                                         "dynamic_shared_memory_type",
                                         "shared_memory_type",
                                         "data_sync_retry",
                                         "archive_mode",
                                         "archive_command",
                                         "archive_library",
                                         "restore_command",
                                         "archive_cleanup_command",
                                         "recovery_end_command",
                                         "primary_conninfo",
                                         "primary_slot_name",
                                         "hot_standby",
                                         "log_destination",
                                         "logging_collector",
                                         "log_directory",
                                         "log_filename",
                                         "log_file_mode",
                                         "event_source",
                                         "cluster_name",
                                         "allow_system_table_mods",
                                         "allow_alter_system",
                                         "ignore_system_indexes",
                                         "ignore_checksum_failure",
                                         "zero_damaged_pages",
                                         "jit_provider",
                                         "dynamic_library_path",
                                         "local_preload_libraries",
                                         "session_preload_libraries",
                                         "stats_temp_directory"};
    std::sort(all.begin(), all.end());
    return all;
  }();
  return names;
}

Result<void> check_parameter(std::string_view key, std::string_view value) {
  const auto fail = [&](std::string_view why) {
    return Error{Errc::invalid_argument,
                 "parameter \"" + std::string(key) + "\" " + std::string(why)};
  };
  const bool good_key =
      !key.empty() && key.size() <= 63 && is_name_start(key.front()) &&
      std::all_of(key.begin(), key.end(), [](char c) { return is_name_char(c) || c == '.'; });
  if (!good_key) return fail("must consist of lower-case letters, digits, underscores and dots");
  const auto& owned = owned_parameters();
  if (std::binary_search(owned.begin(), owned.end(), key)) {
    return fail("is set by the operator itself or unsafe: remove it");
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(value.begin(), value.end(), is_control))
    return fail("has a control character in its value");
  if (value.size() > 1024) return fail("has a value of more than 1024 characters");
  return {};
}

Result<void> check_database_name(std::string_view name) {
  if (const auto good = check_identifier("database", name); !good) return good.error();
  if (name == "postgres" || name == "template0" || name == "template1") {
    return Error{Errc::invalid_argument, "database \"" + std::string(name) +
                                             "\" belongs to the server: choose another name"};
  }
  return {};
}

Result<void> check_owner_name(std::string_view name) {
  if (const auto good = check_identifier("owner", name); !good) return good.error();
  if (name == "postgres" || name == "public" || name == "none" || name.starts_with("pg_")) {
    return Error{Errc::invalid_argument,
                 "owner \"" + std::string(name) + "\" belongs to the server: choose another name"};
  }
  return {};
}

bool is_scram_verifier(std::string_view text) {
  constexpr std::string_view prefix = "SCRAM-SHA-256$";
  if (!text.starts_with(prefix) || text.size() > 512) return false;
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=' || c == '$' || c == ':';
  };
  const auto rest = text.substr(prefix.size());
  return std::all_of(rest.begin(), rest.end(), allowed) &&
         std::count(rest.begin(), rest.end(), '$') == 1 &&
         std::count(rest.begin(), rest.end(), ':') == 2;
}

std::string hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  std::string hex(16, '0');
  for (int i = 15; i >= 0; --i, hash >>= 4)
    hex[static_cast<std::size_t>(i)] = "0123456789abcdef"[hash & 15];
  return hex;
}

}  // namespace postgres
