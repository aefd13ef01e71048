// From CRDs to C++ and back.

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include <windlass/codegen/yaml.hpp>
#include <windlass/json/patch.hpp>

namespace windlass::codegen {
namespace {

using json::Value;

std::string output_of(const std::string& program) {
  FILE* pipe = ::popen(program.c_str(), "r");
  std::string out;
  char chunk[8192];
  while (const std::size_t size = std::fread(chunk, 1, sizeof chunk, pipe)) out.append(chunk, size);
  EXPECT_EQ(::pclose(pipe), 0);
  return out;
}

std::map<std::string, Value> crds_in(const std::string& name, const std::string& text) {
  std::map<std::string, Value> out;
  for (auto& document : parse_yaml(name, text).value()) {
    if (document["kind"] != Value("CustomResourceDefinition")) continue;
    const std::string key(document["metadata"]["name"].string_or(""));
    out.emplace(key, std::move(document));
  }
  return out;
}

TEST(Definitions, CrdsComeBackAsTheyWere) {
  std::map<std::string, Value> originals;
  std::stringstream files(WINDLASS_CRDS_THERE_AND_BACK);
  for (std::string file; std::getline(files, file, '|');) {
    if (file.front() != '/') file = std::string(WINDLASS_CODEGEN_TEST_DIR) + '/' + file;
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    originals.merge(crds_in(file, text.str()));
  }
  ASSERT_EQ(originals.size(), 16u);
  const auto printed = crds_in("the program", output_of(WINDLASS_DEFINITIONS_PROGRAM));
  ASSERT_EQ(printed.size(), originals.size());
  for (const auto& [name, original] : originals) {
    EXPECT_EQ(json::dump(json::create_json_patch(original, printed.at(name))), "[]") << name;
  }
}

}  // namespace
}  // namespace windlass::codegen
