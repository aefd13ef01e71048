#include "instance/volume.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

namespace postgres {

namespace fs = std::filesystem;

namespace {

std::optional<std::string> read_start(const fs::path& path, std::size_t limit) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(limit, '\0');
  in.read(text.data(), static_cast<std::streamsize>(limit));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::vector<std::string> names_in(const fs::path& directory, std::error_code& code) {
  std::vector<std::string> names;
  for (fs::directory_iterator it(directory, code), end; !code && it != end; it.increment(code)) {
    names.push_back(it->path().filename().string());
  }
  return names;
}

VolumeState damaged(std::string detail) {
  return {VolumeState::Kind::damaged, std::move(detail), 0, {}};
}

VolumeState inspect_data(const fs::path& data) {
  const auto version = read_start(data / "PG_VERSION", 16);
  if (!version) return damaged("pgdata has no file PG_VERSION");
  int major = 0;
  for (const char c : *version) {
    if (c < '0' || c > '9') break;
    major = major * 10 + (c - '0');
    if (major > 1000) break;
  }
  if (major < 10 || major > 1000)
    return damaged("pgdata/PG_VERSION is not the version of a supported server");
  const auto control = read_start(data / "global" / "pg_control", 8192);
  if (!control) return damaged("pgdata has no file global/pg_control");
  const auto identifier = system_identifier_of(*control);
  if (!identifier) return damaged(identifier.error().message);
  return {VolumeState::Kind::data, {}, major, *identifier};
}

Decision refuse(std::string_view reason, std::string message) {
  return {Decision::Kind::refuse, std::string(reason), std::move(message)};
}

}  // namespace

fs::path data_directory(const fs::path& volume) { return volume / "pgdata"; }
fs::path unfinished_directory(const fs::path& volume) { return volume / "pgdata.initdb"; }

Result<std::string> system_identifier_of(std::string_view control_file) {
  std::uint64_t identifier = 0;
  if (control_file.size() >= sizeof identifier)
    std::memcpy(&identifier, control_file.data(), sizeof identifier);
  if (control_file.size() < 288 || identifier == 0) {
    return Error{Errc::parse, "pgdata/global/pg_control is cut short or zero"};
  }
  return std::to_string(identifier);
}

Result<VolumeState> inspect_volume(const fs::path& volume) {
  std::error_code code;
  const auto names = names_in(volume, code);
  if (code) {
    const Errc kind = code == std::errc::permission_denied ? Errc::permission : Errc::io;
    return Error{kind, "cannot read the volume " + volume.string() + ": " + code.message()};
  }
  bool has_data = false;
  bool has_unfinished = false;
  std::string strange;
  for (const auto& name : names) {
    if (name == "lost+found" || name == "windlass.lock" ||
        name.starts_with("settings.last-good.json"))
      continue;
    if (name == "pgdata") {
      const auto inside = names_in(volume / name, code);
      if (code)
        return Error{Errc::io, "cannot read " + (volume / name).string() + ": " + code.message()};
      has_data = !inside.empty();
    } else if (name == "pgdata.initdb") {
      has_unfinished = true;
    } else if (strange.empty() || name < strange) {
      strange = name;
    }
  }
  if (has_data) return inspect_data(data_directory(volume));
  if (!strange.empty()) {
    return VolumeState{
        VolumeState::Kind::foreign, "\"" + strange + "\" is not a file of this operator", 0, {}};
  }
  return VolumeState{
      has_unfinished ? VolumeState::Kind::unfinished : VolumeState::Kind::empty, {}, 0, {}};
}

Decision decide(const VolumeState& volume, const DatabaseView& database,
                std::string_view expected_uid, int program_version) {
  using Kind = VolumeState::Kind;
  if (database.uid != expected_uid) {
    return refuse(kDatabaseReplaced,
                  "this pod was made for another Database of the same name (uid " +
                      std::string(expected_uid) + "): delete the pod, a new one follows");
  }
  const bool initialized = !database.system_identifier.empty();
  switch (volume.kind) {
    case Kind::empty:
    case Kind::unfinished:
      if (!initialized) {
        if (database.being_deleted) {
          return refuse(kDatabaseReplaced, "the Database is being deleted: nothing is initialized");
        }
        return {Decision::Kind::initdb, {}, {}};
      }
      return refuse(
          kDataMissing,
          "the volume is empty, but this Database has data (system identifier " +
              database.system_identifier +
              "): attach the volume that holds it, or restore a backup into it, or delete the "
              "Database and create it again to start anew");
    case Kind::damaged:
      return refuse(initialized ? kDataMissing : kForeignData,
                    volume.detail +
                        ": attach the right volume or restore a backup; nothing on it was changed");
    case Kind::foreign:
      return refuse(initialized ? kDataMissing : kForeignData,
                    "the volume has no PostgreSQL data, and " + volume.detail +
                        ": attach the right volume or empty this one; nothing on it was changed");
    case Kind::data:
      break;
  }
  if (initialized && volume.system_identifier != database.system_identifier) {
    return refuse(kForeignData, "the volume holds the data of another server (system identifier " +
                                    volume.system_identifier + ", this Database has " +
                                    database.system_identifier +
                                    "): attach the right volume; nothing on it was changed");
  }
  if (volume.major_version != program_version) {
    return refuse(kWrongMajorVersion, "the data is of PostgreSQL " +
                                          std::to_string(volume.major_version) +
                                          ", the image is of " + std::to_string(program_version) +
                                          ": set spec.image to an image of PostgreSQL " +
                                          std::to_string(volume.major_version));
  }
  return {initialized ? Decision::Kind::start : Decision::Kind::await_record, {}, {}};
}

}  // namespace postgres
