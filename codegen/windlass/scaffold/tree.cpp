#include "scaffold/tree.hpp"

#include <fstream>
#include <set>

#include <windlass/codegen/input.hpp>

#include "scaffold/files.hpp"
#include "scaffold/merge.hpp"

namespace windlass::inline v0::scaffold {

namespace fs = std::filesystem;

namespace {

const std::string* find(const Files& files, const std::string& path) {
  const auto found = files.find(path);
  return found == files.end() ? nullptr : &found->second;
}

Change change_of(const std::string& path, const std::string* wanted, const std::string* base,
                 const std::string* present) {
  if (wanted == nullptr) {
    if (present == nullptr) return {path, Outcome::unchanged};
    return {path, *present == *base ? Outcome::removed : Outcome::abandoned};
  }
  if (present == nullptr) {
    if (base != nullptr) return {path, *wanted == *base ? Outcome::unchanged : Outcome::deleted};
    return {path, Outcome::created, *wanted};
  }
  if (*present == *wanted) return {path, Outcome::unchanged};
  if (base == nullptr) return {path, Outcome::kept};
  if (*wanted == *base) return {path, Outcome::unchanged};
  if (*present == *base) return {path, Outcome::updated, *wanted};
  auto merged = merge(*base, *present, *wanted, "yours", "windlass");
  if (merged.conflicts > 0) return {path, Outcome::conflict, std::move(merged.text)};
  if (merged.text == *present) return {path, Outcome::unchanged};
  return {path, Outcome::merged, std::move(merged.text)};
}

Error failed(const fs::path& path) {
  return {Errc::io,
          path.string() + ": cannot be written; check its permissions and the space on the disk"};
}

Result<void> write(const fs::path& path, const std::string& content) {
  std::error_code code;
  fs::create_directories(path.parent_path(), code);
  const fs::path fresh = path.string() + ".windlass-tmp";
  {
    std::ofstream out(fresh, std::ios::binary);
    out << content;
    out.close();
    if (!out) return failed(path);
  }
  if (is_executable(content)) {
    fs::permissions(fresh, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                    fs::perm_options::add, code);
  }
  fs::rename(fresh, path, code);
  if (code) return failed(path);
  return {};
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::created:
      return "created";
    case Outcome::updated:
      return "updated";
    case Outcome::merged:
      return "merged";
    case Outcome::unchanged:
      return "unchanged";
    case Outcome::kept:
      return "kept";
    case Outcome::conflict:
      return "conflict";
    case Outcome::deleted:
      return "deleted";
    case Outcome::removed:
      return "removed";
    case Outcome::stale:
      return "stale";
    case Outcome::abandoned:
      return "abandoned";
  }
  return "";
}

std::vector<Change> plan(const Files& wanted, const Files& base, const Files& present) {
  std::set<std::string> paths;
  for (const auto* files : {&wanted, &base}) {
    for (const auto& [path, content] : *files) paths.insert(path);
  }
  std::vector<Change> changes;
  for (const auto& path : paths) {
    changes.push_back(change_of(path, find(wanted, path), find(base, path), find(present, path)));
  }
  return changes;
}

Result<Files> read_base(const fs::path& root) {
  Files files;
  const auto folder = root / kBaseFolder;
  if (!fs::is_directory(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    auto text = codegen::read_text(entry.path());
    if (!text) return text.error();
    files[fs::relative(entry.path(), folder).generic_string()] = std::move(*text);
  }
  return files;
}

Result<Files> read_present(const fs::path& root, const std::vector<const Files*>& paths) {
  Files files;
  for (const auto* some : paths) {
    for (const auto& [path, content] : *some) {
      if (files.contains(path) || !fs::exists(root / path)) continue;
      auto text = codegen::read_text(root / path);
      if (!text) return text.error();
      files[path] = std::move(*text);
    }
  }
  return files;
}

Result<void> carry_out(const fs::path& root, const std::vector<Change>& changes,
                       const Files& wanted) {
  std::error_code code;
  for (const auto& change : changes) {
    const auto path = root / change.path;
    const auto base = root / kBaseFolder / change.path;
    Result<void> done;
    switch (change.outcome) {
      case Outcome::created:
      case Outcome::updated:
      case Outcome::merged:
        done = write(path, change.content);
        break;
      case Outcome::conflict:
        done = write(path.string() + ".windlass-new", change.content);
        break;
      case Outcome::removed:
        fs::remove(path, code);
        break;
      default:
        break;
    }
    if (!done) return done;
    if (change.outcome == Outcome::conflict || change.outcome == Outcome::kept) continue;
    const auto* content = find(wanted, change.path);
    if (content == nullptr) {
      fs::remove(base, code);
    } else if (done = write(base, *content); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace windlass::inline v0::scaffold
