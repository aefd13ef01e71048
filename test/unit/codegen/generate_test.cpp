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
  EXPECT_EQ(generated->warnings.size(), 5u);
}

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

constexpr const char* kConversion = "shop/v1alpha1/http_widget_conversion";

// The build compiles conversion/ and runs its test. To accept a change, remove these files, run
//   windlass generate conversion test/unit/codegen/input/tricky.yaml --namespace shop::api
//     --output-prefix shop --output-dir test/unit/codegen/conversion
// and read the difference.
TEST(Conversions, TheGoldenFilesAreWhatComesOut) {
  const Folder folder;
  const auto made = generate_conversions(tricky(folder.path()), "");
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->written.size(), 3u);
  EXPECT_TRUE(made->kept.empty());
  for (const auto& name : made->written) {
    EXPECT_EQ(text_of(fs::path(folder.path()) / name),
              text_of(fs::path(kHere) / "conversion" / name))
        << name;
  }
  EXPECT_EQ(made->differences.front(),
            "v1alpha1 spec.size: std::optional<std::int64_t>, not in v1");
}

TEST(Conversions, WhatTheUserHasWrittenStays) {
  const Folder folder;
  const auto source = fs::path(folder.path()) / (std::string(kConversion) + ".cpp");
  const auto test = fs::path(folder.path()) / (std::string(kConversion) + "_test.cpp");
  ASSERT_TRUE(generate_conversions(tricky(folder.path()), "v1"));
  std::ofstream(source) << "// mine";
  std::ofstream(test) << "// stale";
  const auto again = generate_conversions(tricky(folder.path()), "v1");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->kept, (std::vector<std::string>{std::string(kConversion) + ".hpp",
                                                   std::string(kConversion) + ".cpp"}));
  EXPECT_EQ(text_of(source), "// mine");
  EXPECT_NE(text_of(test), "// stale");
}

TEST(Conversions, ErrorsNameTheRemedy) {
  const Folder folder;
  const auto unknown = generate_conversions(tricky(folder.path()), "v7");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("no version is called v7; it has v1alpha1, v1"),
            std::string::npos)
      << unknown.error().message;
  auto options = tricky(folder.path());
  options.inputs = {kHere + "/../../../operators/hello/config/crd.yaml"};
  const auto nothing = generate_conversions(options, "");
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().message.find("nothing to convert"), std::string::npos);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Generate, DefinitionsNeedTheWholeSchema) {
  auto options = tricky("");
  options.dry_run = true;
  options.definitions = "definitions.cpp";
  const auto refused = generate(options);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("--whole-schema"), std::string::npos);
  options.whole_schema = true;
  const auto made = generate(options);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->files.size(), 5u);
  EXPECT_NE(made->files.at("definitions.cpp").find("version<shop::api::v1::HTTPWidget>"),
            std::string::npos);
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
