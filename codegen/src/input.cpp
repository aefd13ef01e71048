#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include <glob.h>

#include <windlass/codegen/input.hpp>

namespace windlass::inline v0::codegen {
namespace {

namespace fs = std::filesystem;

bool is_schema_file(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

Result<std::vector<std::string>> files_below(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_regular_file() && is_schema_file(it->path())) out.push_back(it->path().string());
  }
  if (error) return Error{Errc::io, folder + ": " + error.message()};
  if (out.empty()) {
    return Error{Errc::not_found, folder + ": no *.yaml, *.yml or *.json file in this folder"};
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::vector<std::string>> matches(const std::string& pattern) {
  glob_t found{};
  const int failed = ::glob(pattern.c_str(), 0, nullptr, &found);
  std::vector<std::string> out;
  if (failed == 0) out.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (out.empty()) return Error{Errc::not_found, pattern + ": no file matches this pattern"};
  return out;
}

class Reader {
 public:
  Result<void> read(const std::string& argument) {
    if (argument == "-") return read_standard_input();
    std::error_code error;
    if (fs::is_directory(argument, error)) return add(files_below(argument), false);
    if (!fs::exists(argument, error) && argument.find_first_of("*?[") != argument.npos) {
      return add(matches(argument), false);
    }
    return add(std::vector<std::string>{argument}, true);
  }
  std::vector<Input> take() { return std::move(inputs_); }

 private:
  Result<void> read_standard_input() {
    std::ostringstream text;
    text << std::cin.rdbuf();
    inputs_.push_back({"(standard input)", std::move(text).str(), true});
    return {};
  }

  Result<void> add(const Result<std::vector<std::string>>& paths, bool by_name) {
    if (!paths) return paths.error();
    for (const auto& path : *paths) {
      if (!seen_.insert(fs::path(path).lexically_normal().string()).second) continue;
      auto text = read_text(path);
      if (!text) return text.error();
      inputs_.push_back({path, std::move(*text), by_name});
    }
    return {};
  }

  std::vector<Input> inputs_;
  std::set<std::string> seen_;
};

}  // namespace

Result<std::string> read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text;
  char chunk[65536];
  do {
    in.read(chunk, sizeof chunk);
    text.append(chunk, static_cast<std::size_t>(in.gcount()));
  } while (in);
  if (!in.is_open() || in.bad())
    return Error{Errc::not_found, path.string() + ": cannot be read; check the path"};
  return text;
}

Result<std::vector<Input>> read_inputs(const std::vector<std::string>& arguments) {
  Reader reader;
  for (const auto& argument : arguments) {
    if (auto done = reader.read(argument); !done) return done.error();
  }
  return reader.take();
}

}  // namespace windlass::inline v0::codegen
