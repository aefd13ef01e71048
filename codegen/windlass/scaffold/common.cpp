#include "scaffold/common.hpp"

#include <map>
#include <set>

#include <CLI/CLI.hpp>

#include <windlass/codegen/input.hpp>

namespace windlass::inline v0::scaffold {

namespace fs = std::filesystem;

void add_output(CLI::App& command, Output& output) {
  const std::map<std::string, Output> words{{"text", Output::text}, {"json", Output::json}};
  command.add_option("-o,--output", output, "text or json (text)")
      ->transform(CLI::CheckedTransformer(words).description(""))
      ->type_name("FORMAT");
}

void add_common(CLI::App& command, Common& common) {
  command.add_option("-C,--directory", common.directory,
                     "The project's folder (default: here, or the nearest above)");
  command.add_flag("--dry-run", common.dry_run, "Say what would be done and write nothing");
  add_output(command, common.output);
}

std::vector<fs::path> yaml_files(const fs::path& folder) {
  std::set<fs::path> files;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    if (entry.path().extension() == ".yaml" && entry.path().filename() != "kustomization.yaml")
      files.insert(entry.path());
  }
  return {files.begin(), files.end()};
}

fs::path find_project(const fs::path& from) {
  for (auto folder = fs::absolute(from).lexically_normal();; folder = folder.parent_path()) {
    if (fs::exists(folder / "PROJECT")) return folder;
    if (folder == folder.parent_path()) return {};
  }
}

Result<Opened> open_project(const fs::path& directory) {
  const auto root = find_project(directory);
  if (root.empty()) {
    return Error{Errc::not_found,
                 "no file PROJECT in " + fs::absolute(directory).lexically_normal().string() +
                     " nor above it; make a project with `windlass init --domain example.com`"};
  }
  const auto text = codegen::read_text(root / "PROJECT");
  if (!text) return text.error();
  auto project = parse_project(*text);
  if (!project) return project.error();
  return Opened{root, std::move(*project)};
}

}  // namespace windlass::inline v0::scaffold
