#include "json_scan.hpp"

#include <cctype>
#include <set>

#include <fmt/format.h>

#include "schema.hpp"

namespace windlass::inline v0::api_server {

namespace {

constexpr std::size_t kLongestPath = 1024, kMostBytes = 32 * 1024 * 1024;

class Scanner {
 public:
  Scanner(std::string_view text, JsonScan& out) : text_(text), out_(out) {}

  void run() {
    if (!value("", 0)) return;
    skip_spaces();
    if (at_ < text_.size()) unexpected("after top-level value");
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  [[nodiscard]] char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool unexpected(std::string_view where) {
    if (at_ >= text_.size()) {
      out_.problem = "unexpected end of JSON input";
      return false;
    }
    const char c = text_[at_];
    const std::string shown = c == '\''   ? R"('\'')"
                              : c == '"'  ? R"('"')"
                              : c == '\n' ? R"('\n')"
                              : c == '\t' ? R"('\t')"
                              : static_cast<unsigned char>(c) < 0x20
                                  ? fmt::format("'\\x{:02x}'", static_cast<unsigned char>(c))
                                  : fmt::format("'{}'", c);
    out_.problem = fmt::format("invalid character {} {}", shown, where);
    return false;
  }

  bool literal(std::string_view word) {
    for (std::size_t i = 0; i < word.size(); ++i, ++at_) {
      if (next() == word[i] && at_ < text_.size()) continue;
      return unexpected(fmt::format("in literal {} (expecting '{}')", word, word[i]));
    }
    return true;
  }

  bool digits(std::string_view where) {
    if (std::isdigit(static_cast<unsigned char>(next())) == 0) return unexpected(where);
    while (std::isdigit(static_cast<unsigned char>(next())) != 0) ++at_;
    return true;
  }

  bool number() {
    if (next() == '-') ++at_;
    if (next() == '0') {
      ++at_;
    } else if (!digits("in numeric literal")) {
      return false;
    }
    if (next() == '.') {
      ++at_;
      if (!digits("after decimal point in numeric literal")) return false;
    }
    if (next() == 'e' || next() == 'E') {
      ++at_;
      if (next() == '+' || next() == '-') ++at_;
      if (!digits("in exponent of numeric literal")) return false;
    }
    return true;
  }

  bool string(std::string& into) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return unexpected("in string literal");
      if (c == '\\') {
        into += c;
        ++at_;
        if (at_ >= text_.size()) break;
        if (std::string_view("\"\\/bfnrtu").find(text_[at_]) == std::string_view::npos) {
          return unexpected("in string escape code");
        }
      }
      into += text_[at_++];
    }
    return unexpected("");
  }

  bool object(const std::string& path, std::size_t depth) {
    ++at_;
    skip_spaces();
    if (next() == '}') {
      ++at_;
      return true;
    }
    std::set<std::string> names;
    for (;;) {
      skip_spaces();
      const std::size_t place = at_;
      if (next() != '"') return unexpected("looking for beginning of object key string");
      std::string name;
      if (!string(name)) return false;
      skip_spaces();
      if (next() != ':') return unexpected("after object key");
      ++at_;
      const bool known = path.size() + name.size() <= kLongestPath;
      const std::string inner = known ? child(path, name) : path;
      kept_ += inner.size();
      if (known && kept_ <= kMostBytes) out_.places.try_emplace(inner, place);
      if (!names.insert(name).second) out_.repeated.emplace_back(place, inner);
      if (!value(inner, depth)) return false;
      skip_spaces();
      if (next() == ',') {
        ++at_;
      } else if (next() == '}') {
        ++at_;
        return true;
      } else {
        return unexpected("after object key:value pair");
      }
    }
  }

  bool array(const std::string& path, std::size_t depth) {
    ++at_;
    skip_spaces();
    if (next() == ']') {
      ++at_;
      return true;
    }
    for (std::size_t i = 0;; ++i) {
      if (!value(index(path, i), depth)) return false;
      skip_spaces();
      if (next() == ',') {
        ++at_;
      } else if (next() == ']') {
        ++at_;
        return true;
      } else {
        return unexpected("after array element");
      }
    }
  }

  bool value(const std::string& path, std::size_t depth) {
    if (depth > kDeepestBody) {
      out_.problem = "exceeded max depth";
      return false;
    }
    skip_spaces();
    std::string ignored;
    switch (next()) {
      case '{':
        return object(path, depth + 1);
      case '[':
        return array(path, depth + 1);
      case '"':
        return string(ignored);
      case 't':
        return literal("true");
      case 'f':
        return literal("false");
      case 'n':
        return literal("null");
      default:
        if (next() == '-' || std::isdigit(static_cast<unsigned char>(next())) != 0) return number();
        return unexpected("looking for beginning of value");
    }
  }

  std::string_view text_;
  JsonScan& out_;
  std::size_t at_ = 0;
  std::size_t kept_ = 0;  ///< bytes of paths
};

}  // namespace

JsonScan scan_json(std::string_view text) {
  JsonScan scan;
  Scanner(text, scan).run();
  return scan;
}

std::string json_problem(std::string_view text) {
  std::string problem = scan_json(text).problem;
  return problem.empty() ? "unexpected end of JSON input" : problem;
}

}  // namespace windlass::inline v0::api_server
