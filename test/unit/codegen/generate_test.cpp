// The whole way from files to files.

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include <windlass/codegen/generate.hpp>

namespace windlass::codegen {
namespace {

namespace fs = std::filesystem;

const std::string kHere = WINDLASS_CODEGEN_TEST_DIR;

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("windlass-gen-test-" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }

 private:
  fs::path path_;
};

GenerateOptions tricky(const std::string& output_dir) {
  return {.inputs = {kHere + "/input/tricky.yaml"},
          .output_dir = output_dir,
          .namespace_name = "shop::api",
          .output_prefix = "shop"};
}

// To accept a change, run
//   windlass-gen --input test/unit/codegen/input/tricky.yaml --namespace shop::api
//     --output-prefix shop --output-dir test/unit/codegen/golden
// and read the difference.
TEST(Generate, TheGoldenFilesAreWhatComesOut) {
  auto options = tricky(kHere + "/golden");
  options.check = true;
  const auto generated = generate(options);
  ASSERT_TRUE(generated) << generated.error().message;
  EXPECT_EQ(generated->files.size(), 4u);
  EXPECT_EQ(generated->warnings.size(), 4u);
}

TEST(Generate, TwiceTheSameBytes) {
  auto options = tricky("");
  options.check = true;
  options.output_dir = kHere + "/golden";
  const auto first = generate(options);
  const auto second = generate(options);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->files, second->files);
}

TEST(Generate, WritesAndThenFindsNothingToDo) {
  const Folder folder;
  auto options = tricky(folder.path());
  options.check = true;
  const auto before = generate(options);
  ASSERT_FALSE(before);
  EXPECT_NE(before.error().message.find("out of date; run windlass-gen without --check"),
            std::string::npos);
  options.check = false;
  ASSERT_TRUE(generate(options));
  EXPECT_TRUE(fs::exists(folder.path() + "/shop/v1alpha1/http_widget.cpp"));
  options.check = true;
  EXPECT_TRUE(generate(options));
}

TEST(Generate, OtherFilesThanTheBuildExpectsAreAnError) {
  const Folder folder;
  auto options = tricky(folder.path());
  options.expected = {"shop/v1/http_widget.hpp", "shop/v2/http_widget.hpp"};
  const auto generated = generate(options);
  ASSERT_FALSE(generated);
  const auto& message = generated.error().message;
  EXPECT_NE(message.find("expected, not made: shop/v2/http_widget.hpp"), std::string::npos)
      << message;
  EXPECT_NE(message.find("made, not expected: shop/v1/http_widget.cpp"), std::string::npos)
      << message;
  EXPECT_NE(message.find("HEADERS in windlass_generate()"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(folder.path() + "/shop"));
}

TEST(Generate, TwoCrdsInOneFileNameAreAnError) {
  const Folder folder;
  auto options = tricky(folder.path());
  std::ifstream in(options.inputs.front());
  std::ostringstream text;
  text << in.rdbuf();
  options.inputs.push_back(folder.write("copy.yaml", text.str()));
  const auto generated = generate(options);
  ASSERT_FALSE(generated);
  EXPECT_NE(generated.error().message.find("a second CRD gives the file shop/v1"),
            std::string::npos)
      << generated.error().message;
}

TEST(Generate, MissingAndMalformedFilesAreNamed) {
  const Folder folder;
  struct Case {
    std::string input;
    InputFormat format;
    std::string message;
  };
  const Case cases[] = {
      {folder.path() + "/none.yaml", InputFormat::crd, "none.yaml: cannot be read; check the path"},
      {folder.write("bad.yaml", "a: [1\n"), InputFormat::crd, "bad.yaml:"},
      {folder.write("bad.json", "{"), InputFormat::openapi, "bad.json: "},
      {folder.write("crd.json", "{}"), InputFormat::openapi,
       "expected a reduced schema file with `group`, `version` and `schemas`"},
      {folder.write("other.json", "{}"), InputFormat::kubernetes,
       "expected an OpenAPI v3 document with `paths`"},
  };
  for (const auto& [input, format, message] : cases) {
    const auto generated =
        generate({.inputs = {input}, .output_dir = folder.path() + "/out", .format = format});
    ASSERT_FALSE(generated) << input;
    EXPECT_NE(generated.error().message.find(message), std::string::npos)
        << generated.error().message;
    EXPECT_FALSE(fs::exists(folder.path() + "/out"));
  }
}

std::string crd_named(const std::string& kind) {
  return "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: "
         "x}\n"
         "spec: {scope: Cluster, group: g, names: {kind: " +
         kind +
         ", plural: xs}, versions: [{name: v1, schema: {openAPIV3Schema: {type: object, "
         "properties: "
         "{spec: {type: object, properties: {a: {type: string}}}}}}}]}\n";
}

TEST(Generate, ReadsFoldersPatternsJsonAndTextsFromElsewhere) {
  const Folder folder;
  fs::create_directories(folder.path() + "/crds/more");
  folder.write("crds/a.yaml", crd_named("A") + "---\nkind: Pod\n---\n" + crd_named("B"));
  folder.write("crds/more/c.yml", crd_named("C"));
  folder.write("crds/kustomization.yaml", "resources: [a.yaml]\n");
  folder.write("crds/notes.txt", "a: [1\n");
  folder.write("d.json", R"({"kind": "List", "items": []})");
  struct Case {
    std::vector<std::string> inputs;
    std::vector<std::string> made;
  };
  const Case cases[] = {
      {{folder.path() + "/crds"}, {"v1/a.hpp", "v1/b.hpp", "v1/c.hpp"}},
      {{folder.path() + "/crds/*.yaml"}, {"v1/a.hpp", "v1/b.hpp"}},
      {{folder.path() + "/crds/a.yaml", folder.path() + "/crds"},
       {"v1/a.hpp", "v1/b.hpp", "v1/c.hpp"}},
      {{folder.path() + "/crds/more/?.y*"}, {"v1/c.hpp"}},
  };
  for (const auto& [inputs, made] : cases) {
    const auto generated = generate({.inputs = inputs, .output_dir = folder.path() + "/out"});
    ASSERT_TRUE(generated) << generated.error().message;
    EXPECT_EQ(generated->files.size(), 2 * made.size());
    for (const auto& name : made) EXPECT_TRUE(generated->files.contains(name)) << name;
  }
  const auto nothing =
      generate({.inputs = {folder.path() + "/*.json"}, .output_dir = folder.path()});
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().message.find("no CustomResourceDefinition in "), std::string::npos);
  const auto no_match =
      generate({.inputs = {folder.path() + "/*.toml"}, .output_dir = folder.path()});
  ASSERT_FALSE(no_match);
  EXPECT_NE(no_match.error().message.find("*.toml: no file matches this pattern"),
            std::string::npos);
  const auto text =
      generate({.output_dir = folder.path(), .texts = {{"the cluster", crd_named("D")}}});
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_TRUE(text->files.contains("v1/d.hpp"));
}

TEST(Generate, AnUnchangedFileKeepsItsTime) {
  const Folder folder;
  const GenerateOptions options{.output_dir = folder.path(), .texts = {{"t", crd_named("A")}}};
  ASSERT_TRUE(generate(options));
  const auto long_ago = std::chrono::floor<std::chrono::seconds>(fs::file_time_type::clock::now()) -
                        std::chrono::hours(1);
  fs::last_write_time(folder.path() + "/v1/a.hpp", long_ago);
  ASSERT_TRUE(generate(options));
  EXPECT_EQ(fs::last_write_time(folder.path() + "/v1/a.hpp"), long_ago);
}

TEST(Generate, EverySchemaFileGivesTypesInAsManyPartsAsAskedFor) {
  int units = 0;
  for (const auto& entry : fs::directory_iterator(WINDLASS_SCHEMAS_DIR)) {
    if (entry.path().stem() == "meta_v1") continue;
    const Folder folder;
    const auto generated = generate({.inputs = {entry.path().string()},
                                     .output_dir = folder.path(),
                                     .format = InputFormat::openapi,
                                     .parts = 2});
    ASSERT_TRUE(generated) << generated.error().message;
    EXPECT_EQ(generated->files.size(), 3u) << entry.path();
    ++units;
  }
  EXPECT_EQ(units, 18);  // 17 and autoscaling/v1, for the scale subresource
}

}  // namespace
}  // namespace windlass::codegen
