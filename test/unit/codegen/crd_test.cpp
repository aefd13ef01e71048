#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include <windlass/codegen/crd.hpp>
#include <windlass/codegen/emit.hpp>
#include <windlass/codegen/yaml.hpp>

namespace windlass::codegen {
namespace {

/// A CRD with one version, whose spec has these properties (YAML, in flow style).
std::string crd_with(const std::string& properties) {
  return R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: foos.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Foo, plural: foos}
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: )" +
         properties + "}\n";
}

Result<ParsedCrds> parse(const std::string& text, const KnownTypes& known = {}) {
  const auto documents = read_yaml("foo.yaml", text);
  if (!documents) return documents.error();
  return parse_crds("foo.yaml", *documents, {.namespace_name = "api", .output_prefix = "api"},
                    known);
}

TEST(Crd, EmptyCanDifferFromAbsent) {
  struct Case {
    const char* properties;
    const char* expected;
  };
  const Case cases[] = {
      {"{a: {type: array, items: {type: string}}}", "std::optional<std::vector<std::string>>"},
      {"{a: {type: object, additionalProperties: {type: string}}}",
       "std::optional<windlass::FlatMap<std::string, std::string>>"},
      {"{a: {type: object, default: {}, properties: {b: {type: boolean}}}}",
       "windlass::Box<FooSpecA>"}};
  for (const auto& [properties, expected] : cases) {
    const auto documents = read_yaml("foo.yaml", crd_with(properties)).value();
    const auto crds = parse_crds("foo.yaml", documents, {.keep_empty = true}, {});
    ASSERT_TRUE(crds) << crds.error().message;
    const auto& structs = crds->units[0].structs;
    EXPECT_EQ(spelling(structs.back().fields.back()), "windlass::Box<FooSpec>");
    EXPECT_EQ(spelling(structs[structs.size() - 2].fields[0]), expected);
  }
}

TEST(Crd, GroupsCanHaveFoldersOfTheirOwn) {
  const auto documents = read_yaml("foo.yaml", crd_with("{a: {type: string}}")).value();
  const auto crds =
      parse_crds("foo.yaml", documents,
                 {.namespace_name = "api", .output_prefix = "api", .by_group = true}, {});
  ASSERT_TRUE(crds);
  EXPECT_EQ(crds->units[0].header, "api/example/v1/foo.hpp");
  EXPECT_EQ(crds->units[0].namespace_name, "api::example::v1");
}

const Struct* find(const ParsedCrds& crds, std::string_view name) {
  for (const auto& structure : crds.units.at(0).structs) {
    if (structure.name == name) return &structure;
  }
  return nullptr;
}

std::string member_type(const std::string& properties, const KnownTypes& known = {}) {
  const auto crds = parse(crd_with(properties), known);
  if (!crds) return "error: " + crds.error().message;
  const Struct* spec = find(*crds, "FooSpec");
  return spec ? spelling(spec->fields.at(0)) : "no FooSpec";
}

KnownTypes kubernetes() {
  KnownTypes known;
  for (const char* name : {"/meta_v1.json", "/core_v1.json"}) {
    std::ifstream in(std::string(WINDLASS_SCHEMAS_DIR) + name);
    std::ostringstream text;
    text << in.rdbuf();
    known.add(json::parse(text.str()).value()["schemas"]);
  }
  return known;
}

TEST(Crd, TypesOfMembers) {
  struct Case {
    const char* properties;
    const char* expected;
  };
  const Case cases[] = {
      {"{a: {type: boolean}}", "std::optional<bool>"},
      {"{a: {type: integer}}", "std::optional<std::int64_t>"},
      {"{a: {type: integer, format: int32}}", "std::optional<std::int32_t>"},
      {"{a: {type: number}}", "std::optional<double>"},
      {"{a: {type: string}}", "std::optional<std::string>"},
      {"{a: {type: string, minLength: 1}}", "std::string"},
      {"{a: {type: string, pattern: '^[a-z]+$'}}", "std::string"},
      {"{a: {type: string, pattern: '^[a-z]*$'}}", "std::optional<std::string>"},
      {"{a: {type: string, format: uuid}}", "std::string"},
      {"{a: {type: string, format: duration}}", "std::optional<windlass::meta::Duration>"},
      {"{a: {type: string, format: quantity}}", "std::optional<windlass::meta::Quantity>"},
      {"{a: {type: integer, enum: [1, -1]}}", "std::optional<FooSpecA>"},
      {"{a: {type: boolean, nullable: true}}", "windlass::Nullable<bool>"},
      {"{a: {type: object, nullable: true, properties: {b: {type: string}}}}",
       "windlass::Nullable<FooSpecA>"},
      {"{a: {x-kubernetes-preserve-unknown-fields: true, nullable: true}}",
       "windlass::Nullable<windlass::json::Value>"},
      {"{a: {type: array, items: {type: integer, nullable: true}}}",
       "std::vector<std::optional<std::int64_t>>"},
      {"{a: {type: object, additionalProperties: {type: string, nullable: true}}}",
       "windlass::FlatMap<std::string, std::optional<std::string>>"},
      {"{a: {type: array, default: [x], items: {type: string}}}",
       "std::optional<std::vector<std::string>>"},
      {"{a: {type: string, format: date-time}}", "std::optional<windlass::meta::Time>"},
      {"{a: {x-kubernetes-int-or-string: true}}", "std::optional<windlass::meta::IntOrString>"},
      {"{a: {type: string, enum: [X, Y]}}", "std::optional<FooSpecA>"},
      {"{a: {type: array, items: {type: string}}}", "std::vector<std::string>"},
      {"{a: {type: array, items: {type: boolean}}}", "windlass::json::Value"},
      {"{a: {type: object, additionalProperties: {type: integer}}}",
       "windlass::FlatMap<std::string, std::int64_t>"},
      {"{a: {type: object, additionalProperties: {type: array, items: {type: string}}}}",
       "windlass::FlatMap<std::string, std::vector<std::string>>"},
      {"{a: {type: object, additionalProperties: true}}", "windlass::json::Value"},
      {"{a: {type: object, properties: {b: {type: boolean}}}}", "windlass::Box<FooSpecA>"},
      {"{a: {type: object, default: {}, properties: {b: {type: boolean}}}}", "FooSpecA"},
      {"{a: {type: object}}", "windlass::json::Value"},
      {"{a: {x-kubernetes-preserve-unknown-fields: true}}", "windlass::json::Value"},
      {"{a: {type: object, x-kubernetes-embedded-resource: true, properties: {b: {type: string}}}}",
       "windlass::json::Value"},
      {"{a: {type: array, items: {type: object, properties: {b: {type: boolean}}}}}",
       "std::vector<FooSpecAItem>"},
  };
  for (const auto& [properties, expected] : cases) {
    EXPECT_EQ(member_type(properties), expected) << properties;
  }
}

TEST(Crd, KubernetesOwnShapesAreRecognised) {
  const KnownTypes known = kubernetes();
  const std::string condition =
      "{type: object, required: [lastTransitionTime, message, reason, status, type], properties: "
      "{lastTransitionTime: {type: string, format: date-time}, message: "
      "{type: string}, reason: {type: string}, status: {type: string}, type: {type: string}}}";
  EXPECT_EQ(member_type("{a: {type: array, items: " + condition + "}}", known),
            "std::vector<windlass::meta::Condition>");
  EXPECT_EQ(member_type("{a: {type: object, properties: {matchLabels: {type: object, "
                        "additionalProperties: {type: string}}, matchExpressions: {type: array, "
                        "items: {type: object, required: [key, operator], properties: {key: {type: "
                        "string}, operator: {type: string}}}}}}}",
                        known),
            "windlass::Box<windlass::meta::LabelSelector>");
  const std::string key =
      "{type: object, required: [key], properties: {key: {type: string}, name: {type: string}, "
      "optional: {type: boolean}}}";
  EXPECT_EQ(member_type("{tlsSecret: " + key + "}", known),
            "windlass::Box<windlass::api::core::v1::SecretKeySelector>");
  EXPECT_EQ(member_type("{configMapRef: " + key + "}", known),
            "windlass::Box<windlass::api::core::v1::ConfigMapKeySelector>");
  EXPECT_EQ(member_type("{other: " + key + "}", known), "windlass::Box<FooSpecOther>");
}

TEST(Crd, AShapeThatRequiresLessIsItsOwnType) {
  // the framework's Condition always writes a reason
  EXPECT_EQ(
      member_type("{a: {type: object, required: [status, type], properties: {lastTransitionTime: "
                  "{type: string, format: date-time}, message: {type: string}, reason: {type: "
                  "string}, status: {type: string}, type: {type: string}}}}",
                  kubernetes()),
      "windlass::Box<FooSpecA>");
}

TEST(Crd, AShapeWithAnythingElseIsItsOwnType) {
  const KnownTypes known = kubernetes();
  // one property more
  EXPECT_EQ(
      member_type("{a: {type: object, properties: {lastTransitionTime: {type: string, format: "
                  "date-time}, message: {type: string}, reason: {type: string}, status: "
                  "{type: string}, type: {type: string}, severity: {type: string}}}}",
                  known),
      "windlass::Box<FooSpecA>");
  // one property of another kind
  EXPECT_EQ(
      member_type("{a: {type: object, properties: {lastTransitionTime: {type: string, format: "
                  "date-time}, message: {type: string}, reason: {type: string}, status: "
                  "{type: boolean}, type: {type: string}}}}",
                  known),
      "windlass::Box<FooSpecA>");
}

TEST(Crd, AShapeThatKeepsMoreIsItsOwnType) {
  const KnownTypes known = kubernetes();
  const auto resources = [](const std::string& more, const std::string& inner) {
    return "{a: {type: object" + more + ", properties: {limits: {type: object" + inner +
           ", additionalProperties: {x-kubernetes-int-or-string: true}}, requests: {type: object, "
           "additionalProperties: {x-kubernetes-int-or-string: true}}}}}";
  };
  EXPECT_EQ(member_type(resources("", ""), known),
            "windlass::Box<windlass::api::core::v1::ResourceRequirements>");
  EXPECT_EQ(member_type(resources(", nullable: true", ""), known),
            "windlass::Nullable<windlass::api::core::v1::ResourceRequirements>");
  const std::string unknown = ", x-kubernetes-preserve-unknown-fields: true";
  EXPECT_EQ(member_type(resources(unknown, ""), known), "windlass::Box<FooSpecA>");
  EXPECT_EQ(member_type(resources("", ", nullable: true"), known), "windlass::Box<FooSpecA>");
}

TEST(Crd, EqualShapesAreOneType) {
  const auto crds = parse(crd_with(
      "{a: {type: object, description: one, properties: {x: {type: integer}}},"
      " b: {type: object, description: two, properties: {x: {type: integer, description: d}}},"
      " c: {type: object, properties: {x: {type: integer, minimum: 1}}}}"));
  ASSERT_TRUE(crds) << crds.error().message;
  const auto& fields = find(*crds, "FooSpec")->fields;
  EXPECT_EQ(fields[0].type.name, "FooSpecA");
  EXPECT_EQ(fields[1].type.name, "FooSpecA");
  EXPECT_EQ(fields[2].type.name, "FooSpecC");  // another constraint
  EXPECT_EQ(find(*crds, "FooSpecB"), nullptr);
}

TEST(Crd, NamesThatMeetGetNumbers) {
  const auto crds =
      parse(crd_with("{aB: {type: object, properties: {c: {type: object, properties: {x: {type: "
                     "integer}}}}}, aBC: {type: object, properties: {y: {type: boolean}}}}"));
  ASSERT_TRUE(crds) << crds.error().message;
  EXPECT_NE(find(*crds, "FooSpecABC"), nullptr);
  EXPECT_NE(find(*crds, "FooSpecABC2"), nullptr);
}

TEST(Crd, EveryVersionIsAUnit) {
  std::string text = crd_with("{a: {type: boolean}}");
  text += R"(    - name: v1beta1
      subresources: {status: {}}
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}}}}
)";
  const auto crds = parse(text);
  ASSERT_TRUE(crds) << crds.error().message;
  ASSERT_EQ(crds->units.size(), 2u);
  EXPECT_EQ(crds->units[0].header, "api/v1/foo.hpp");
  EXPECT_EQ(crds->units[0].namespace_name, "api::v1");
  EXPECT_FALSE(crds->units[0].structs.back().resource->has_status);
  EXPECT_EQ(crds->units[1].header, "api/v1beta1/foo.hpp");
  EXPECT_TRUE(crds->units[1].structs.back().resource->has_status);
}

TEST(Crd, TheReplicasOfScaleAreWhatTheServerTakes) {
  const std::string text = crd_with("{size: {type: integer}, few: {type: integer, minimum: 1}}") +
                           "      subresources: {scale: {specReplicasPath: .spec.size, "
                           "statusReplicasPath: .spec.few}}\n";
  const auto crds = parse(text);
  ASSERT_TRUE(crds) << crds.error().message;
  const auto& fields = find(*crds, "FooSpec")->fields;
  EXPECT_EQ(fields[0].constraints.minimum, json::Value(1));
  EXPECT_EQ(fields[0].constraints.maximum, json::Value(2147483647));
  EXPECT_EQ(fields[1].constraints.minimum, json::Value(0));
}

TEST(Crd, ErrorsNameThePlaceAndTheRemedy) {
  struct Case {
    std::string text;
    const char* message;
  };
  const std::string in_spec = "foo.yaml:15: foos.example.com (v1): .spec.a: ";
  const Case cases[] = {
      {"apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nmetadata: {name: "
       "x}\n",
       "foo.yaml:1: x is of apiextensions.k8s.io/v1beta1; convert it to apiextensions.k8s.io/v1"},
      {"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n"
       "spec: {scope: Cluster}\n",
       "foo.yaml:4: x: spec.group is missing"},
      {"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n"
       "spec: {scope: Cluster, group: g, names: {kind: X, plural: xs}, versions: []}\n",
       "foo.yaml:4: x: spec.versions is empty; name at least one version"},
      {"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n"
       "spec: {scope: Cluster, group: g, names: {kind: X, plural: xs}, versions: [{name: v1}]}\n",
       "foo.yaml:4: x: v1: schema.openAPIV3Schema is missing"},
      {crd_with("{a: {$ref: '#/x'}}"), "$ref is not allowed in a CRD; write the schema out"},
      {crd_with("{a: {type: array}}"), "an array without items; describe its elements"},
      {crd_with("{a: {type: strnig}}"), "type \"strnig\" is not one of boolean, integer"},
      {crd_with("{a: {type: integer, enum: [x]}}"), "enum value \"x\" is not a number"},
      {crd_with("{a: {type: string, enum: [1]}}"),
       "enum value 1 is not a string; put it in quotes"},
      {crd_with("{a: string}"), "expected a schema, got string; write `type: ...` below it"},
      {crd_with("{a: {type: object, properties: {b: {type: string}}, additionalProperties: {type: "
                "string}}}"),
       "properties and additionalProperties exclude each other in a CRD"},
  };
  for (const auto& [text, message] : cases) {
    const auto crds = parse(text);
    ASSERT_FALSE(crds) << message;
    EXPECT_NE(crds.error().message.find(message), std::string::npos) << crds.error().message;
    if (text.find("{a: ") != std::string::npos) {
      EXPECT_EQ(crds.error().message.rfind(in_spec, 0), 0u) << crds.error().message;
    }
  }
}

TEST(Crd, WarningsNameWhatIsLost) {
  const auto crds = parse(crd_with(
      "{a: {type: object}, b: {type: string, pattern: '(?=x)'}, c: {type: array, items: {type: "
      "boolean}}, d: {type: object, properties: {e: {type: string}}, oneOf: [{required: [e]}]}, "
      "f_g: {type: string}, fG: {type: string}, h: {}}"));
  ASSERT_TRUE(crds) << crds.error().message;
  std::vector<std::string> places;
  for (const auto& warning : crds->warnings) {
    const std::string prefix = "foo.yaml:15: foos.example.com (v1): ";
    ASSERT_EQ(warning.place.rfind(prefix, 0), 0u) << warning.place;
    places.push_back(warning.place.substr(prefix.size()));
  }
  const std::vector<std::string> expected = {".spec.a", ".spec.b", ".spec.c", ".spec.h",
                                             ".spec.f_g"};
  EXPECT_EQ(places, expected);
}

}  // namespace
}  // namespace windlass::codegen
