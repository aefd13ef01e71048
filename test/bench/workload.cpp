#include "workload.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

namespace bench {
namespace {

std::string read(const char* path) {
  std::ifstream file(path);
  std::string text(std::istreambuf_iterator<char>(file), {});
  while (text.ends_with('\n')) text.pop_back();
  if (text.empty()) {
    std::cerr << "cannot read " << path << '\n';
    std::exit(1);
  }
  return text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

const std::string& pod_text() {
  static const std::string text = read(BENCH_FOLDER "/pod.json");
  return text;
}

const std::string& database_text() {
  static const std::string text = read(BENCH_FOLDER "/database.json");
  return text;
}

std::string list_of(const std::string& item, const std::string& kind, std::size_t count) {
  std::string list =
      R"({"kind":")" + kind + R"(","metadata":{"resourceVersion":"7310500"},"items":[)";
  for (std::size_t i = 0; i < count; ++i) {
    std::string suffix = std::to_string(i * 7919 % 100003);
    suffix.resize(2 + i * 5 % 8, 'x');
    if (i > 0) list += ',';
    list += replaced(replaced(item, "ngq2cd", suffix), "orders-7f3k", "orders-" + suffix);
  }
  return list + "]}";
}

std::string& Buffer::refill() { return bytes_.assign(text_); }

}  // namespace bench
