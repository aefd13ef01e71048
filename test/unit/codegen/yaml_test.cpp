#include <gtest/gtest.h>

#include <windlass/codegen/yaml.hpp>

namespace windlass::codegen {
namespace {

json::Value one(std::string_view text) {
  const auto documents = parse_yaml("file.yaml", text);
  if (!documents || documents->size() != 1) {
    ADD_FAILURE() << (documents ? "not one document" : documents.error().message);
    return {};
  }
  return documents->front();
}

TEST(Yaml, ScalarsHaveTheTypesOfTheCoreSchema) {
  const auto value =
      one("{a: 1, b: -7, c: 1.5, d: 1e3, e: true, f: False, g: null, h: ~, i: '1', j: \"true\", k: "
          "no,\n"
          " l: 9223372036854775807, m: v1, n: 1.2.3, o: -, p: +5, q: !!str 12}");
  EXPECT_EQ(json::dump(value),
            R"({"a":1,"b":-7,"c":1.5,"d":1000,"e":true,"f":false,"g":null,"h":null,"i":"1",)"
            R"("j":"true","k":"no","l":9223372036854775807,"m":"v1","n":"1.2.3","o":"-","p":5,)"
            R"("q":"12"})");
}

TEST(Yaml, AnchorsAndSeveralDocuments) {
  const auto documents = parse_yaml("f", "a: &x [1, 2]\nb: *x\n---\n---\n{\"json\": \"too\"}\n");
  ASSERT_TRUE(documents) << documents.error().message;
  ASSERT_EQ(documents->size(), 2u);
  EXPECT_EQ(json::dump((*documents)[0]), R"({"a":[1,2],"b":[1,2]})");
  EXPECT_EQ(json::dump((*documents)[1]), R"({"json":"too"})");
}

TEST(Yaml, ErrorsNameFileLineAndColumn) {
  struct Case {
    const char* text;
    const char* message;
  };
  const Case cases[] = {
      {"a: 1\nb: [1, 2\n", "file.yaml:"},
      {"a: 1\na: 2\n", "file.yaml:2:1: `a` stands here a second time"},
      {"? [a]\n: 1\n", "file.yaml:1:3: the key is not a string"},
      {",", "file.yaml:1:1: a document cannot begin with this"},
      {"a: 1\n---\n,\n", "file.yaml:3:1: a document cannot begin with this"},
  };
  for (const auto& [text, message] : cases) {
    const auto result = parse_yaml("file.yaml", text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().message.rfind(message, 0), 0u) << result.error().message;
  }
}

TEST(Yaml, RefusesWhatIsNotUtf8) {
  const auto documents = read_yaml("x.yaml", "a: \xd3\xd2");
  ASSERT_FALSE(documents);
  EXPECT_EQ(documents.error().message, "x.yaml: it is not UTF-8; save it in that encoding");
}

TEST(Yaml, EscapesOfOneByteAreCharacters) {
  EXPECT_EQ(json::dump(one(R"("\_a": "b\Nc\xe9")")), "{\"\u00a0a\":\"b\u0085c\u00e9\"}");
}

TEST(Yaml, MergeKeysAddWhatIsMissing) {
  EXPECT_EQ(
      json::dump(one("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: {<<: [*x, {r: 4}], '<<': 5}\n")),
      R"({"a":{"p":1,"q":2},"b":{"p":1,"q":3},"c":{"<<":5,"p":1,"q":2,"r":4}})");
}

TEST(Yaml, PartsHaveLines) {
  const auto documents = read_yaml("f", "a: 1\n---\nb:\n  - c: {d: 1}\n  - e\n");
  ASSERT_TRUE(documents);
  const auto& document = documents->at(1);
  EXPECT_EQ(document.line_of({"b"}), 3u);
  EXPECT_EQ(document.line_of({"b", "[0]", "c", "d"}), 4u);
  EXPECT_EQ(document.line_of({"b", "[1]"}), 5u);
  EXPECT_EQ(document.line_of({"b", "[1]", "nothing"}), 5u);
  EXPECT_EQ(Document(json::Value(1)).line_of({"b"}), 0u);
}

TEST(Yaml, AliasesCannotExpandWithoutLimit) {
  std::string bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ", " : "") + below;
    bomb += "]\n";
  }
  const auto documents = parse_yaml("f", bomb);
  ASSERT_FALSE(documents);
  EXPECT_NE(documents.error().message.find("expands to more than"), std::string::npos);
  EXPECT_FALSE(parse_yaml("f", "a: &x [*x]\n"));
}

TEST(Yaml, TextsCountByTheirLength) {
  const std::string many = [] {
    std::string list;
    for (int i = 0; i < 1000; ++i) list += (i > 0 ? ", *b" : "*b");
    return list;
  }();
  const std::string text(20'000, 'x');
  const auto hundred = [](const std::string& element) {
    std::string list;
    for (int i = 0; i < 100; ++i) list += (i > 0 ? ", " : "") + element;
    return list;
  };
  // 2 GB of text, or of keys
  for (const auto& bomb :
       {"a: &a " + text + "\nb: &b [" + hundred("*a") + "]\nc: [" + many + "]\n",
        "a: &a " + text + "\nb: &b [" + hundred("{*a : 1}") + "]\nc: [" + many + "]\n"}) {
    const auto documents = parse_yaml("f", bomb);
    ASSERT_FALSE(documents);
    EXPECT_NE(documents.error().message.find("expands to more than"), std::string::npos);
  }
  EXPECT_TRUE(parse_yaml("f", "a: &a " + text + "\nb: [" + hundred("*a") + "]\n"));
}

TEST(Yaml, DepthIsLimited) {
  std::string deep(1000, '[');
  deep += std::string(1000, ']');
  EXPECT_FALSE(parse_yaml("f", deep));
}

}  // namespace
}  // namespace windlass::codegen
