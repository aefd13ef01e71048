#include <gtest/gtest.h>

#include <windlass/json/value.hpp>
#include <windlass/meta/embedded.hpp>

namespace {

namespace json = windlass::json;
namespace meta = windlass::meta;

/// "path: message" of each problem, a line each.
std::string problems(const json::Value& resource) {
  std::string out;
  for (const auto& violation : meta::validate_embedded(resource, "spec.one")) {
    out += violation.path + ": " + violation.message + '\n';
  }
  return out;
}

json::Value with_metadata(const std::string& metadata) {
  return json::parse(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":)" + metadata + "}")
      .value();
}

TEST(Embedded, AcceptsWhatTheServerAccepts) {
  for (const char* metadata :
       {"{}", "null", R"({"name":null})", R"({"name":"Some_Name:x","generateName":"A_"})",
        R"({"generateName":".."})", R"({"namespace":"b","uid":"u","generation":3})",
        R"({"annotations":{"A/b":"c"},"finalizers":["x"],"labels":{"a":""}})",
        R"({"ownerReferences":[{"apiVersion":"v1","kind":"k","name":"n","uid":"u"}],"nope":1})",
        R"({"managedFields":[{"manager":"m","operation":"Apply","fieldsV1":{"f:a":{}}}]})",
        R"({"creationTimestamp":"2026-01-02T03:04:05Z","deletionTimestamp":null})"}) {
    EXPECT_EQ(problems(with_metadata(metadata)), "") << metadata;
  }
  EXPECT_EQ(problems(json::parse(R"({"apiVersion":"v1","kind":"x"})").value()), "");
  EXPECT_EQ(problems(json::parse(R"({"apiVersion":"a/","kind":"x-1"})").value()), "");
  // what is no object has another problem
  EXPECT_EQ(problems("text"), "");
  EXPECT_EQ(problems(nullptr), "");
}

TEST(Embedded, WantsAnApiVersionAndAKind) {
  const auto says = [](const char* text) { return problems(json::parse(text).value()); };
  EXPECT_EQ(says("{}"), "spec.one.apiVersion: Required value\nspec.one.kind: Required value\n");
  EXPECT_EQ(says(R"({"apiVersion":"","kind":""})"),
            "spec.one.apiVersion: Invalid value: \"\": must not be empty\n"
            "spec.one.kind: Invalid value: \"\": must not be empty\n");
  EXPECT_EQ(says(R"({"apiVersion":["v1"],"kind":null})"),
            "spec.one.apiVersion: Invalid value: [\"v1\"]: must be a string\n"
            "spec.one.kind: Invalid value: null: must be a string\n");
  EXPECT_EQ(says(R"({"apiVersion":"a/b/c","kind":"K"})"),
            "spec.one.apiVersion: Invalid value: \"a/b/c\": unexpected GroupVersion string: "
            "a/b/c\n");
  for (const char* kind : {"Some_Kind", "1Kind", "-"}) {
    EXPECT_EQ(says((R"({"apiVersion":"v1","kind":")" + std::string(kind) + "\"}").c_str()),
              "spec.one.kind: Invalid value: \"" + std::string(kind) +
                  "\": may have mixed case, but should otherwise match: a DNS-1035 label must "
                  "consist of lower case alphanumeric characters or '-', start with an alphabetic "
                  "character, and end with an alphanumeric character (e.g. 'my-name',  or "
                  "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')\n");
  }
}

TEST(Embedded, RefusesWhatIsTooLong) {
  const auto found = [](const std::string& metadata) {
    const auto violations = meta::validate_embedded(with_metadata(metadata), "one");
    return violations.size() == 1 ? violations[0].path + ": " + violations[0].message : "";
  };
  EXPECT_EQ(found(R"({"annotations":{"a":")" + std::string(262144, 'x') + "\"}}"),
            "one.metadata.annotations: Too long: may not be more than 262144 bytes");
  EXPECT_EQ(found(R"({"managedFields":[{"operation":"Apply","manager":")" + std::string(129, 'x') +
                  "\"}]}"),
            "one.metadata.managedFields[0].manager: Too long: may not be more than 128 bytes");
}

TEST(Embedded, RefusesMetadataThatTheServerRefuses) {
  const std::pair<const char*, const char*> cases[] = {
      {"\"text\"", ""},
      {"[]", ""},
      {R"({"name":5})", ""},
      {R"({"labels":{"a":5}})", ""},
      {R"({"finalizers":"x"})", ""},
      {R"({"generation":1.5})", ""},
      {R"({"creationTimestamp":"yesterday"})", ""},
      {R"({"name":"a/b"})", ".name"},
      {R"({"name":"50%"})", ".name"},
      {R"({"name":".."})", ".name"},
      {R"({"generateName":"a/b"})", ".generateName"},
      {R"({"namespace":"B"})", ".namespace"},
      {R"({"namespace":"a.b"})", ".namespace"},
      {R"({"generation":-1})", ".generation"},
      {R"({"labels":{"-":"b"}})", ".labels"},
      {R"({"labels":{"a":"-"}})", ".labels"},
      {R"({"annotations":{"a b":"c"}})", ".annotations"},
      {R"({"finalizers":["a b"]})", ".finalizers"},
      {R"({"finalizers":["orphan","foregroundDeletion"]})", ".finalizers"},
      {R"({"ownerReferences":[{"apiVersion":"v1","kind":"k","name":"n","uid":""}]})",
       ".ownerReferences.uid"},
      {R"({"ownerReferences":[{"kind":"k","name":"n","uid":"u"}]})", ".ownerReferences.apiVersion"},
      {R"({"ownerReferences":[{"apiVersion":"a/","kind":"k","name":"n","uid":"u"}]})",
       ".ownerReferences.apiVersion"},
      {R"({"ownerReferences":[{"apiVersion":"a/b/c","kind":"k","name":"n","uid":"u"}]})",
       ".ownerReferences.apiVersion"},
      {R"({"ownerReferences":[{"apiVersion":"v1","kind":"Event","name":"n","uid":"u"}]})",
       ".ownerReferences"},
      {R"({"ownerReferences":[
          {"apiVersion":"v1","kind":"k","name":"n","uid":"u","controller":true},
          {"apiVersion":"v1","kind":"k","name":"m","uid":"v","controller":true}]})",
       ".ownerReferences"},
      {R"({"managedFields":[{"operation":"Nope"}]})", ".managedFields[0].operation"},
      {R"({"managedFields":[{"operation":"Apply","fieldsType":"V2"}]})",
       ".managedFields[0].fieldsType"},
  };
  for (const auto& [metadata, path] : cases) {
    const auto found = meta::validate_embedded(with_metadata(metadata), "spec.one");
    ASSERT_EQ(found.size(), 1u) << metadata;
    EXPECT_EQ(found[0].path, "spec.one.metadata" + std::string(path)) << found[0].message;
  }
}

}  // namespace
