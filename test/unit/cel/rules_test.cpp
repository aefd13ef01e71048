// Rules of schemas, against what kube-apiserver v1.36.1 answered: schemas.json holds CRDs' schemas
// with the causes of their refusal, rules.json sequences of writes, ratchet.json updates of an
// object that was stored before its rules existed.

#include <algorithm>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/cel/rules.hpp>

namespace windlass::inline v0::cel {
namespace {

using json::Value;

Value read(const std::string& name) {
  std::ifstream file(std::string(WINDLASS_CEL_RULES) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return *json::parse(text.str());
}

using Lines = std::vector<std::string>;

Lines lines(const std::vector<Violation>& violations) {
  Lines out;
  for (const Violation& found : violations) {
    out.push_back(found.field + " | " + found.reason + " | " + found.message);
  }
  std::sort(out.begin(), out.end());
  return out;
}
Lines lines(const Value& causes) {
  Lines out;
  for (const Value& cause : causes.as_array()) {
    out.push_back(cause["field"].as_string() + " | " + cause["reason"].as_string() + " | " +
                  cause["message"].as_string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

TEST(Rules, SchemasAreRefusedAsByTheServer) {
  const Value cases = read("schemas.json");
  ASSERT_GT(cases.as_array().size(), 90U);
  for (const Value& test : cases.as_array()) {
    EXPECT_EQ(lines(check_rules(test["schema"], "spec.validation.openAPIV3Schema")),
              lines(test["causes"]))
        << test["name"].as_string();
  }
}

Value whole(const Value& parts, const std::string& kind) {
  Value out = parts;
  out["apiVersion"] = "probe.dev/v1";
  out["kind"] = kind;
  out["metadata"]["name"] = "x";
  return out;
}

/// The server's own checks of values are not these rules'.
bool checks_values(const Value& step) {
  return std::any_of(
      step["causes"].as_array().begin(), step["causes"].as_array().end(), [](const Value& cause) {
        return cause["message"].as_string().find("were not checked") != std::string::npos;
      });
}

TEST(Rules, WritesAreRefusedAsByTheServer) {
  const Value document = read("rules.json");
  std::size_t count = 0;
  for (const Value& scenario : document.as_array()) {
    const Rules rules(scenario["schema"]);
    std::string kind = scenario["name"].as_string();
    kind.front() = static_cast<char>(std::toupper(kind.front()));
    std::optional<Value> stored;
    for (const Value& step : scenario["steps"].as_array()) {
      if (checks_values(step)) continue;
      Value object = whole(step["object"], kind);
      if (stored) {  // a write changes the status or all but the status
        const char* kept = step["verb"].as_string() == "status" ? "spec" : "status";
        if (const Value* part = stored->find(kept)) object[kept] = *part;
      }
      Lines warnings;
      EXPECT_EQ(lines(rules.validate(object, stored ? &*stored : nullptr, warnings)),
                lines(step["causes"]))
          << scenario["name"].as_string() << ": " << step["step"].as_string();
      EXPECT_THAT(warnings, testing::IsEmpty());
      if (step["code"].as_integer() < 300) stored = object;
      ++count;
    }
  }
  EXPECT_GT(count, 45U);
}

TEST(Rules, UnchangedValuesAreTolerated) {
  const Value document = read("ratchet.json");
  const Rules rules(document["schema"]);
  for (const Value& step : document["steps"].as_array()) {
    // what the schema does not know is pruned before
    Value object = whole(step["object"], "Tight");
    object["spec"].as_object().erase("z");
    const Value old = step["old"].is_null() ? Value() : whole(step["old"], "Tight");
    Lines warnings;
    EXPECT_EQ(lines(rules.validate(object, old.is_null() ? nullptr : &old, warnings)),
              lines(step["causes"]))
        << step["step"].as_string();
    Lines expected;
    if (step["warnings"].is_array()) {
      for (const Value& warning : step["warnings"].as_array()) {
        const std::string& text = warning.as_string();
        if (text.find("unknown field") != std::string::npos) continue;
        expected.push_back(text.substr(7, text.size() - 8));
      }
    }
    EXPECT_THAT(warnings, testing::UnorderedElementsAreArray(expected)) << step["step"].as_string();
  }
}

TEST(Rules, NullInPlaceOfABoolOrAText) {
  const auto schema = json::parse(R"json({"type":"object","properties":{"spec":{"type":"object",
    "properties":{"m":{"type":"array","maxItems":5,"items":{"type":"string","nullable":true}},
      "b":{"type":"array","maxItems":5,"items":{"type":"boolean","nullable":true}}},
    "x-kubernetes-validations":[
      {"rule":"self.b[0]","message":"the first must be true"},
      {"rule":"false","messageExpression":"self.m[0]"}]}}})json");
  const Rules rules(*schema);
  Lines warnings;
  const Value object = *json::parse(R"({"spec":{"m":[null],"b":[null]}})");
  EXPECT_THAT(
      lines(rules.validate(object, nullptr, warnings)),
      testing::ElementsAre("spec | FieldValueInvalid | Invalid value: failed rule: false",
                           "spec | FieldValueInvalid | Invalid value: the first must be true"));
  const Value good = *json::parse(R"({"spec":{"m":["text"],"b":[true]}})");
  EXPECT_THAT(lines(rules.validate(good, nullptr, warnings)),
              testing::ElementsAre("spec | FieldValueInvalid | Invalid value: text"));
}

TEST(Rules, TheBudgetOfAnObjectEnds) {
  const auto schema = json::parse(R"json({"type":"object","properties":{"spec":{"type":"object",
    "properties":{"l":{"type":"array","maxItems":2000,"items":{"type":"integer"},
      "x-kubernetes-validations":[{"rule":"self.all(x, self.all(y, x + y >= 0))"}]}}}}})json");
  const Rules rules(*schema);
  Value object = *json::parse(R"({"spec":{"l":[]}})");
  Lines warnings;
  for (int i = 0; i < 100; ++i) object["spec"]["l"].as_array().emplace_back(i);
  EXPECT_THAT(rules.validate(object, nullptr, warnings), testing::IsEmpty());
  for (int i = 0; i < 1900; ++i) object["spec"]["l"].as_array().emplace_back(i);
  EXPECT_THAT(lines(rules.validate(object, nullptr, warnings)),
              testing::ElementsAre(
                  "spec.l | FieldValueInvalid | Invalid value: \"array\": 'operation cancelled: "
                  "actual cost limit exceeded': no further validation rules will be run due to "
                  "call cost exceeds limit for rule: self.all(x, self.all(y, x + y >= 0))"));
}

}  // namespace
}  // namespace windlass::inline v0::cel
