#include "scaffold/console.hpp"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::scaffold {
namespace {

std::string coloured(const char* code, std::string_view text, int file) {
  if (isatty(file) == 0) return std::string(text);
  return std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m";
}

const char* colour_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::created:
    case Outcome::updated:
    case Outcome::merged:
    case Outcome::removed:
      return "32";
    case Outcome::conflict:
      return "31";
    default:
      return "33";
  }
}

std::string_view remark(Outcome outcome) {
  switch (outcome) {
    case Outcome::merged:
      return "your changes are kept";
    case Outcome::kept:
      return "it was there before; windlass left it as it is";
    case Outcome::conflict:
      return "yours is untouched; bring in what you want of the file .windlass-new beside it";
    case Outcome::deleted:
      return "you deleted it; to get it back, delete its copy in .windlass/scaffold, too";
    case Outcome::stale:
      return "run `windlass generate manifests`";
    case Outcome::abandoned:
      return "not part of the scaffold any more; you changed it, so it stays";
    case Outcome::removed:
      return "not part of the scaffold any more";
    default:
      return {};
  }
}

}  // namespace

void print_changes(const std::vector<Change>& changes, bool dry_run, Output output) {
  if (output == Output::json) {
    json::Array files;
    for (const auto& change : changes) {
      json::Value file;
      file["path"] = change.path;
      file["outcome"] = to_string(change.outcome);
      files.push_back(std::move(file));
    }
    json::Value document;
    document["dryRun"] = dry_run;
    document["files"] = std::move(files);
    std::fputs(json::dump_pretty(document).c_str(), stdout);
    return;
  }
  std::size_t unchanged = 0;
  for (const auto& change : changes) {
    if (change.outcome == Outcome::unchanged) {
      ++unchanged;
      continue;
    }
    auto word = std::string(to_string(change.outcome));
    word.resize(std::max<std::size_t>(word.size(), 10), ' ');
    const auto why = remark(change.outcome);
    std::printf("  %s%s%s%s%s\n", coloured(colour_of(change.outcome), word, STDOUT_FILENO).c_str(),
                change.path.c_str(), why.empty() ? "" : "   (", std::string(why).c_str(),
                why.empty() ? "" : ")");
  }
  if (unchanged > 0) std::printf("  %zu files need no change\n", unchanged);
  if (dry_run) std::printf("This was a dry run: nothing has been written.\n");
}

int complain(const Error& error) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s %s\n", coloured("31;1", "error:", STDERR_FILENO).c_str(),
               error.message.c_str());
  return 1;
}

std::string bold(std::string_view text) { return coloured("1", text, STDOUT_FILENO); }

}  // namespace windlass::inline v0::scaffold
