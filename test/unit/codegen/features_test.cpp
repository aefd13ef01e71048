// One CRD for each feature of schemas, in input/features: what comes out is in golden/features,
// what the build made of it holds the object beside it, and random ones.

#include <filesystem>
#include <fstream>
#include <sstream>

#include <features/v1/collection.hpp>
#include <features/v1/default.hpp>
#include <features/v1/demand.hpp>
#include <features/v1/embedded.hpp>
#include <features/v1/enumeration.hpp>
#include <features/v1/format.hpp>
#include <features/v1/name.hpp>
#include <features/v1/nothing.hpp>
#include <features/v1/number_or_text.hpp>
#include <features/v1/reported.hpp>
#include <features/v1/shape.hpp>
#include <features/v1/unknown_field.hpp>
#include <gtest/gtest.h>

#include <windlass/cel/validate.hpp>
#include <windlass/codegen/generate.hpp>
#include <windlass/json/schema.hpp>
#include <windlass/json/table.hpp>

namespace {

namespace fs = std::filesystem;
namespace json = windlass::json;
using namespace features::api::v1;

const std::string kHere = WINDLASS_CODEGEN_TEST_DIR;
const std::string kInput = kHere + "/input/features";

// To accept a change, run
//   windlass-gen --input test/unit/codegen/input/features --namespace features::api
//     --output-prefix features --output-dir test/unit/codegen/golden
// and read the difference.
TEST(Features, TheGoldenFilesAreWhatComesOut) {
  const auto generated = windlass::codegen::generate({.inputs = {kInput},
                                                      .output_dir = kHere + "/golden",
                                                      .namespace_name = "features::api",
                                                      .output_prefix = "features",
                                                      .check = true});
  ASSERT_TRUE(generated) << generated.error().message;
  EXPECT_EQ(generated->files.size(), 24u);
}

json::Value example(std::string_view kind) {
  for (const auto& entry : fs::directory_iterator(kInput)) {
    if (entry.path().extension() != ".json") continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    json::Value object = json::parse(text.str()).value();
    if (object["kind"] == json::Value(std::string(kind))) return object;
  }
  ADD_FAILURE() << "no example of " << kind;
  return {};
}

std::string problems(const std::vector<windlass::type::Violation>& violations) {
  std::string out;
  for (const auto& violation : violations) out += violation.path + ": " + violation.message + '\n';
  return out;
}

template <class T>
class Feature : public ::testing::Test {};
using Kinds = ::testing::Types<Collection, Default, Demand, Embedded, Enumeration, Format, Name,
                               Nothing, NumberOrText, Reported, Shape, UnknownField>;

struct KindName {
  template <class T>
  static std::string GetName(int) {
    return std::string(T::resource.kind);
  }
};
TYPED_TEST_SUITE(Feature, Kinds, KindName);

TYPED_TEST(Feature, TheExampleIsValidAndComesBack) {
  const json::Value object = example(TypeParam::resource.kind);
  const auto read =
      json::from_value<TypeParam>(object, {.reject_unknown = true, .require_required = true});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(json::dump(json::to_value(*read)["spec"]), json::dump(object["spec"]));
  EXPECT_EQ(problems(windlass::cel::validate(*read)), "");
}

TYPED_TEST(Feature, RandomObjectsAreValidAndComeBack) {
  windlass::SeededRandom random(11);
  for (int i = 0; i < 200; ++i) {
    const auto object = json::sample<TypeParam>(random, {.optional = 0.6});
    ASSERT_TRUE(object) << object.error().message;
    const std::string text = json::encode(*object);
    EXPECT_EQ(problems(windlass::type::validate(*object)), "") << text;
    const auto again = json::decode<TypeParam>(text);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(*again, *object) << text;
    EXPECT_EQ(json::encode(*again), text);
  }
}

TEST(Features, AStatusIsDemandedOnlyOfWhoFillsIt) {
  Reported made;
  made.metadata.name = "one";
  made.spec.size = 1;
  EXPECT_EQ(problems(windlass::type::validate(made)), "");
  EXPECT_EQ(problems(windlass::cel::validate(made)), "");
  Reported grown = made;
  grown.spec.size = 2;
  EXPECT_EQ(problems(windlass::cel::validate_update(made, grown)), "");

  grown.status.phase = "Ready";
  const std::string missing = "status.source: Required value\n";
  EXPECT_EQ(problems(windlass::type::validate(grown)), missing);
  EXPECT_EQ(problems(windlass::cel::validate(grown)).substr(0, missing.size()), missing);
  grown.status.source = json::Value("here");
  EXPECT_EQ(problems(windlass::cel::validate(grown)), "");
  EXPECT_EQ(problems(windlass::cel::validate_update(made, grown)), "");
}

TEST(Features, EmbeddedResourcesAreObjects) {
  struct Case {
    void (*change)(EmbeddedSpec&);
    const char* problem;
  };
  const Case cases[] = {
      {[](EmbeddedSpec& s) { s.object.as_object().erase("kind"); },
       "spec.object.kind: Required value\n"},
      {[](EmbeddedSpec& s) { s.objects.at(0)["apiVersion"] = ""; },
       "spec.objects[0].apiVersion: Invalid value: \"\": must not be empty\n"},
      {[](EmbeddedSpec& s) { s.described["metadata"]["name"] = "a/b"; },
       "spec.described.metadata.name: Invalid value: \"a/b\": may not contain '/'\n"},
      {[](EmbeddedSpec& s) { s.free["kind"] = 5; }, ""},
      {[](EmbeddedSpec& s) { s.perhaps.set_null(); }, ""},
  };
  for (const Case& one : cases) {
    auto object = json::from_value<Embedded>(example("Embedded")).value();
    one.change(object.spec);
    EXPECT_EQ(problems(windlass::cel::validate(object)), one.problem);
    // the server lets no update pass for what was wrong before
    EXPECT_EQ(problems(windlass::cel::validate_update(object, object)), one.problem);
  }
}

TEST(Features, DemandsAreMade) {
  struct Case {
    void (*change)(DemandSpec&);
    const char* path;
  };
  const Case cases[] = {
      {[](DemandSpec& s) { s.low = -6; }, "spec.low"},
      {[](DemandSpec& s) { s.open = 0; }, "spec.open"},
      {[](DemandSpec& s) { s.open = 1; }, "spec.open"},
      {[](DemandSpec& s) { s.even = 3; }, "spec.even"},
      {[](DemandSpec& s) { s.length = "a"; }, "spec.length"},
      {[](DemandSpec& s) { s.length = "abcde"; }, "spec.length"},
      {[](DemandSpec& s) { s.pattern = "A"; }, "spec.pattern"},
      {[](DemandSpec& s) { s.either->b = 1; }, "spec.either"},
      {[](DemandSpec& s) { s.either->c = 1; }, "spec.either"},
      {[](DemandSpec& s) { s.any->b = 2; }, "spec.any"},
      {[](DemandSpec& s) { s.address = "somewhere"; }, "spec.address"},
      {[](DemandSpec& s) { s.all = "y"; }, "spec.all"},
      {[](DemandSpec& s) { s.rule = 3; }, "spec.rule"},
      {[](DemandSpec& s) { s.low = 5; }, "spec.low"},
  };
  const auto valid = json::from_value<Demand>(example("Demand")).value();
  for (const auto& [change, path] : cases) {
    Demand wrong = valid;
    change(wrong.spec);
    const auto found = windlass::cel::validate(wrong);
    ASSERT_FALSE(found.empty()) << path;
    EXPECT_EQ(found[0].path, path) << found[0].message;
  }
}

TEST(Features, ElementsOfListsOfBooleansAreCounted) {
  auto object = json::from_value<Collection>(example("Collection")).value();
  object.spec.flags = json::Array{};
  EXPECT_EQ(problems(windlass::type::validate(object)),
            "spec.flags: Invalid value: array: spec.flags in body should have at least 1 items\n");
  object.spec.flags = json::Array{true, true, true};
  EXPECT_EQ(problems(windlass::type::validate(object)),
            "spec.flags: Too many: 3: must have at most 2 items\n");
}

TEST(Features, ATimeThatIsNotSetIsNeitherAnElementNorThere) {
  auto object = json::from_value<Format>(example("Format")).value();
  object.spec.since = {};
  EXPECT_EQ(problems(windlass::type::validate(object)), "spec.since: Required value\n");
  object = json::from_value<Format>(example("Format")).value();
  object.spec.moments.emplace_back();
  EXPECT_EQ(problems(windlass::type::validate(object)),
            "spec.moments[1]: Invalid value: null: spec.moments[1] in body must be of type string: "
            "\"null\"\n");
}

TEST(Features, DefaultsAreApplied) {
  Default object =
      json::from_value<Default>(json::parse(R"({"spec":{"items":[{}],"values":{"v":{}}}})").value())
          .value();
  ASSERT_TRUE(json::apply_defaults(object));
  const json::Value expected = json::parse(R"({
    "flag": true, "count": 3, "ratio": 0.5, "text": "a \"text\"\n", "blank": "", "zero": 0,
    "moment": "2026-01-02T03:04:05Z", "span": "90s", "list": ["a", "b"], "map": {"a": "1"},
    "anything": {"a": [1, null]}, "object": {"size": 7}, "filled": {"name": "x", "size": 7},
    "items": [{"size": 7}], "values": {"v": {"size": 7}}, "required": "always"})")
                                   .value();
  EXPECT_EQ(json::to_value(object)["spec"], expected) << json::dump(json::to_value(object)["spec"]);
}

/// A spec of 10,000 fields is one type, in no time to speak of.
TEST(Features, TenThousandFields) {
  std::string text =
      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n"
      "spec: {scope: Cluster, group: g, names: {kind: Many, plural: manies}, versions: [{name: v1, "
      "schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {";
  for (int i = 0; i < 10000; ++i)
    text +=
        "\n  field" + std::to_string(i) + ": {type: integer, minimum: " + std::to_string(i) + "},";
  text += "}}}}}}]}\n";
  const auto generated = windlass::codegen::generate(
      {.output_dir = kHere, .dry_run = true, .texts = {{"many.yaml", text}}});
  ASSERT_TRUE(generated) << generated.error().message;
  const std::string& header = generated->files.at("v1/many.hpp");
  std::size_t members = 0;
  for (auto at = header.find("> field"); at != header.npos; at = header.find("> field", at + 1))
    ++members;
  EXPECT_EQ(members, 10000u);
}

}  // namespace
