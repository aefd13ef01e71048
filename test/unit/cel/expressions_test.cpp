// Tables of expressions with what kube-apiserver v1.36 answered: "V:" the value as
// '%s'.format([...]) shows it, "E:" an error of the evaluation, "C:" of the compilation.
// `self` is the integer 1.

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include <windlass/cel/program.hpp>

namespace windlass::inline v0::cel {
namespace {

struct Case {
  std::string place;
  std::string expression;
  std::string expected;
};

std::vector<Case> read_cases(const std::filesystem::path& path) {
  std::vector<Case> out;
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    out.push_back({path.filename().string() + ":" + std::to_string(number), line.substr(0, tab),
                   line.substr(tab + 1)});
  }
  return out;
}

std::string in_one_line(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) {
    text.replace(at, 1, "\\n");
  }
  return text;
}

std::string answer(const std::string& expression) {
  const Declarations declarations{.variables = {{"self", simple_type(Type::Kind::integer)}}};
  const auto program = compile(expression, declarations);
  if (!program) {
    const bool started = program.error().code == Errc::invalid_argument;
    return (started ? "P:" : "C:") + in_one_line(program.error().message);
  }
  const std::vector<Value> variables{std::int64_t{1}};
  const Value value = program->evaluate(variables).value;
  if (value.is_error()) return "E:" + in_one_line(value.message());
  const auto shown = compile("'%s'.format([" + expression + "])", declarations);
  if (!shown) return "C:" + in_one_line(shown.error().message);
  const Value text = shown->evaluate(variables).value;
  if (text.is_error()) return "E:" + text.message();
  return "V:" + in_one_line(std::string(text.text()));
}

class Expressions : public testing::TestWithParam<std::string> {};

TEST_P(Expressions, AnswerAsTheServer) {
  const auto cases =
      read_cases(std::filesystem::path(WINDLASS_CEL_EXPRESSIONS) / (GetParam() + ".tsv"));
  ASSERT_FALSE(cases.empty());
  for (const Case& test : cases) {
    EXPECT_EQ(answer(test.expression), test.expected) << test.place << ": " << test.expression;
  }
}

std::vector<std::string> topics() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(WINDLASS_CEL_EXPRESSIONS)) {
    if (entry.path().extension() == ".tsv") out.push_back(entry.path().stem().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}
INSTANTIATE_TEST_SUITE_P(Topics, Expressions, testing::ValuesIn(topics()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace windlass::inline v0::cel
