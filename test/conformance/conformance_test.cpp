// Every case against the in-memory API server, compared with the real server's answers: live when
// KUBEBUILDER_ASSETS has one, otherwise as recorded in corpus/.
//
// WINDLASS_CONFORMANCE_RECORD=1 with a real server writes the corpus anew.

#include <cstdlib>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "cases.hpp"

namespace windlass::conformance {
namespace {

using json::Array;
using json::Object;
using json::Value;
using testing::ControlPlane;
using testing::ServerKind;

struct World {
  std::unique_ptr<Server> ours;
  std::unique_ptr<Server> real;  ///< null: the corpus stands for it
  bool record = false;
  std::map<std::string, Object> corpus;  ///< by file
  std::set<std::string> known;           ///< cases that docs/api-server-differences.md lists

  void start();
  void save() const;
};

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Items of the published list start with the name of a case: "- `group: what`: why".
std::set<std::string> listed_differences() {
  std::ifstream in(std::filesystem::path(PROJECT_FOLDER) / "docs/api-server-differences.md");
  std::set<std::string> names;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("- `")) continue;
    const auto end = line.find('`', 3);
    if (end != std::string::npos) names.insert(line.substr(3, end - 3));
  }
  return names;
}

std::filesystem::path corpus_file(const std::string& cases_file) {
  return std::filesystem::path(CONFORMANCE_FOLDER) / "corpus" /
         (cases_file.substr(0, cases_file.rfind('.')) + ".json");
}

void World::start() {
  ours = std::make_unique<Server>(ServerKind::in_memory);
  const auto environment = SystemEnvironment::make(
      {.worker_threads = 0, .lease_thread = false, .handle_signals = false});
  if (!ControlPlane::unavailable(*environment, ServerKind::real)) {
    real = std::make_unique<Server>(ServerKind::real);
  }
  record =
      real != nullptr && !environment->variable("WINDLASS_CONFORMANCE_RECORD").value_or("").empty();
  known = listed_differences();
}

/// One line per case, so that a change reads well.
void World::save() const {
  for (const auto& [file, answers] : corpus) {
    std::ofstream out(corpus_file(file));
    out << "{\n";
    bool first = true;
    for (const auto& member : answers) {
      out << (first ? "" : ",\n") << json::dump(Value(member.key)) << ":"
          << json::dump(member.value);
      first = false;
    }
    out << "\n}\n";
  }
}

World& world() {
  static World one;
  return one;
}

class Servers : public ::testing::Environment {
 public:
  void SetUp() override { world().start(); }
  void TearDown() override {
    if (world().record) world().save();
    world().ours.reset();
    world().real.reset();
  }
};

const Value* recorded(const Case& test) {
  auto [found, fresh] = world().corpus.try_emplace(test.file);
  if (fresh) {
    auto parsed = json::parse(read_text(corpus_file(test.file)));
    if (parsed && parsed->is_object()) found->second = parsed->as_object();
  }
  return found->second.find(test.name);
}

/// What a server always answers alike. It walks through maps in random order, so the order of
/// causes and parts of messages differ from run to run, and its controllers may have come less far.
std::vector<std::string> outline(const Array& answers) {
  std::vector<std::string> out;
  for (const Value& answer : answers) {
    out.push_back(json::dump(answer["status"]) + " " + json::dump(answer["body"]["kind"]) + " " +
                  json::dump(answer["body"]["reason"]));
  }
  return out;
}

class Conforms : public ::testing::Test {
 public:
  explicit Conforms(Case test) : test_(std::move(test)) {}
  void TestBody() override;

 private:
  Array expected();
  Case test_;
};

Array Conforms::expected() {
  World& all = world();
  const Value* known = recorded(test_);
  if (all.real == nullptr) {
    EXPECT_NE(known, nullptr) << "not in the corpus: record it with make conformance-corpus";
    return known == nullptr ? Array{} : known->as_array();
  }
  Array live = run_case(*all.real, test_);
  const bool same = known != nullptr && outline(known->as_array()) == outline(live);
  if (all.record) {
    // What differs by a random order only may come in our order this time: the old record stays.
    if (!same || !all.known.contains(test_.name)) all.corpus[test_.file].set(test_.name, live);
  } else {
    EXPECT_TRUE(same) << "the corpus is out of date: record it with make conformance-corpus";
  }
  return live;
}

void Conforms::TestBody() {
  const Array want = expected();
  const Array got = run_case(*world().ours, test_);
  std::string text;
  for (std::size_t i = 0; i < want.size() && i < got.size(); ++i) {
    for (const std::string& line : differences(want[i], got[i])) {
      const auto& request = test_.requests[i];
      text += "  " + request.method + " " + request.target + "  " + line + "\n";
    }
  }
  if (world().known.contains(test_.name)) {
    // a real server's answers may happen to be in our order
    if (world().real == nullptr) {
      EXPECT_NE(text, "") << "no longer differs: take it off docs/api-server-differences.md";
    }
  } else if (!text.empty()) {
    ADD_FAILURE() << test_.file << ":" << test_.line << " " << test_.name << "\n" << text;
  }
}

std::string identifier(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      out += c;
    } else if (!out.empty() && out.back() != '_') {
      out += '_';
    }
  }
  return out;
}

void register_cases() {
  for (const Case& test : read_cases(std::filesystem::path(CONFORMANCE_FOLDER) / "cases")) {
    const auto colon = test.name.find(": ");
    ::testing::RegisterTest(identifier("Conformance_" + test.name.substr(0, colon)).c_str(),
                            identifier(test.name.substr(colon + 2)).c_str(), nullptr, nullptr,
                            test.file.c_str(), test.line,
                            [test]() -> Conforms* { return new Conforms(test); });
  }
}

}  // namespace
}  // namespace windlass::conformance

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::AddGlobalTestEnvironment(new windlass::conformance::Servers);
  windlass::conformance::register_cases();
  return RUN_ALL_TESTS();
}
