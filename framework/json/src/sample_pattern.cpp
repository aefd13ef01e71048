#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <vector>

#include <windlass/json/schema.hpp>

namespace windlass::inline v0::json {
namespace {

/// A part of a regular expression.
struct Part {
  enum class Kind : std::uint8_t { characters, sequence, choice, repeat };
  Kind kind = Kind::sequence;
  std::string characters = {};  // of which one is taken
  std::vector<Part> parts = {};
  std::size_t min = 1, max = 1;  // of a repetition
  bool endless = false;
};

std::string range(char from, char to) {
  std::string out;
  for (int c = static_cast<unsigned char>(from); c <= static_cast<unsigned char>(to); ++c) {
    out += static_cast<char>(c);
  }
  return out;
}

const std::string kDigits = range('0', '9');
const std::string kLower = range('a', 'z');
const std::string kWord = kDigits + kLower + range('A', 'Z') + "_";
const std::string kPrintable = range(' ', '~');

std::string without(const std::string& all, const std::string& some) {
  std::string out;
  for (const char c : all) {
    if (some.find(c) == some.npos) out += c;
  }
  return out;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<Part> read() {
    Part part = choice();
    if (failed_ || at_ != text_.size()) return std::nullopt;
    return part;
  }

 private:
  [[nodiscard]] bool more() const { return at_ < text_.size() && !failed_; }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (!more() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  Part fail() {
    failed_ = true;
    return {};
  }

  Part choice() {
    if (++depth_ > 100) return fail();
    Part out{.kind = Part::Kind::choice};
    do {
      out.parts.push_back(sequence());
    } while (take('|'));
    --depth_;
    return out;
  }

  Part sequence() {
    Part out;
    while (more() && peek() != '|' && peek() != ')') {
      if (take('^') || take('$') || take("\\A") || take("\\z") || take("\\b")) continue;
      out.parts.push_back(repeated(atom()));
    }
    return out;
  }

  Part repeated(Part inner) {
    Part out{.kind = Part::Kind::repeat};
    if (take('*')) {
      out.min = 0;
      out.endless = true;
    } else if (take('+')) {
      out.endless = true;
    } else if (take('?')) {
      out.min = 0;
    } else if (peek() != '{' || !bounds(out)) {
      return inner;
    }
    take('?');  // lazy
    out.parts.push_back(std::move(inner));
    if (peek() == '*' || peek() == '+' || peek() == '{') return repeated(std::move(out));
    return out;
  }

  bool bounds(Part& out) {
    const std::size_t start = at_;
    ++at_;
    const bool lower = number(out.min);
    out.max = out.min;
    if (lower && take(',')) {
      out.endless = !number(out.max);
    }
    if (lower && take('}') && out.max >= (out.endless ? 0 : out.min)) return true;
    at_ = start;
    return false;
  }

  bool number(std::size_t& out) {
    const char* const begin = text_.data() + at_;
    const auto [rest, failure] = std::from_chars(begin, text_.data() + text_.size(), out);
    if (failure != std::errc() || out > 5000) return false;
    at_ += static_cast<std::size_t>(rest - begin);
    return true;
  }

  static Part one_of(std::string characters) {
    return {.kind = Part::Kind::characters, .characters = std::move(characters)};
  }

  Part atom() {
    if (take('(')) {
      if (take("?P<") || take("?<")) {
        const std::size_t end = text_.find('>', at_);
        if (end == text_.npos) return fail();
        at_ = end + 1;
      } else if (take("?i:") || take("?s:") || take("?m:")) {
      } else if (take("?i)") || take("?s)") || take("?m)")) {
        return {};
      } else if (take('?') && !take(':')) {
        return fail();
      }
      Part inner = choice();
      if (!take(')')) return fail();
      return inner;
    }
    if (take('[')) return one_of(set());
    if (take('.')) return one_of(kWord + "-");
    if (take('\\')) return one_of(escape());
    if (peek() == '*' || peek() == '+' || peek() == '?' || peek() == ')') return fail();
    const char c = text_[at_++];
    if (static_cast<unsigned char>(c) < 0x80) return one_of(std::string(1, c));
    Part bytes;  // the bytes of one character stay together
    bytes.parts.push_back(one_of(std::string(1, c)));
    while (more() && (static_cast<unsigned char>(peek()) & 0xC0) == 0x80) {
      bytes.parts.push_back(one_of(std::string(1, text_[at_++])));
    }
    return bytes;
  }

  std::string escape() {
    const char c = peek();
    ++at_;
    switch (c) {
      case 'd':
        return kDigits;
      case 'w':
        return kWord;
      case 's':
        return " ";
      case 'D':
        return without(kPrintable, kDigits);
      case 'W':
        return without(kPrintable, kWord);
      case 'S':
        return without(kPrintable, " ");
      case 'n':
        return "\n";
      case 't':
        return "\t";
      case 'r':
        return "\r";
      case 'f':
        return "\f";
      case 'v':
        return "\v";
      case 'p':
        return property();
      case 'x':
        return hexadecimal();
      default:
        if (c == '\0' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            (c >= '0' && c <= '9')) {
          fail();
        }
        return std::string(1, c);
    }
  }

  std::string property() {
    std::string name(1, peek());
    ++at_;
    if (name == "{") {
      const std::size_t end = text_.find('}', at_);
      if (end == text_.npos) {
        fail();
        return "a";
      }
      name = text_.substr(at_, end - at_);
      at_ = end + 1;
    }
    if (name == "L" || name == "Ll") return kLower;
    if (name == "Lu") return range('A', 'Z');
    if (name == "N" || name == "Nd") return kDigits;
    fail();
    return "a";
  }

  std::string hexadecimal() {
    int code = 0;
    const std::string_view digits = text_.substr(at_, 2);
    const auto [rest, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (failure != std::errc() || rest != digits.data() + 2 || code >= 0x80) fail();
    at_ += digits.size();
    return std::string(1, static_cast<char>(code));
  }

  std::string set() {
    const bool negated = take('^');
    std::string out;
    bool first = true;
    while (more() && (peek() != ']' || first)) {
      first = false;
      if (take("[:")) {
        out += named();
        continue;
      }
      std::string next;
      if (take('\\')) {
        next = escape();
      } else {
        next = std::string(1, text_[at_++]);
        if (static_cast<unsigned char>(next[0]) >= 0x80) continue;  // only ASCII is made
      }
      if (next.size() == 1 && peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        std::string last = take('\\') ? escape() : std::string(1, text_[at_++]);
        const bool ascii = last.size() == 1 && static_cast<unsigned char>(last[0]) < 0x80;
        next = range(next[0], ascii ? last[0] : '~');
      }
      out += next;
    }
    if (!take(']')) fail();
    if (negated) out = without(kPrintable, out);
    if (out.empty()) fail();
    return out;
  }

  std::string named() {
    struct Class {
      std::string_view name;
      std::string characters;
    };
    const std::array<Class, 7> classes = {{{"alpha:]", kLower + range('A', 'Z')},
                                           {"digit:]", kDigits},
                                           {"alnum:]", without(kWord, "_")},
                                           {"lower:]", kLower},
                                           {"upper:]", range('A', 'Z')},
                                           {"space:]", " "},
                                           {"word:]", kWord}}};
    for (const auto& [name, characters] : classes) {
      if (take(name)) return characters;
    }
    fail();
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool failed_ = false;
};

class Writer {
 public:
  Writer(Random& random, std::size_t reach) : random_(random), reach_(reach) {}

  void write(const Part& part) {
    if (out.size() > 100'000) return;
    switch (part.kind) {
      case Part::Kind::characters:
        out += part.characters[pick(part.characters.size())];
        return;
      case Part::Kind::sequence:
        for (const auto& inner : part.parts) write(inner);
        return;
      case Part::Kind::choice:
        write(part.parts[pick(part.parts.size())]);
        return;
      case Part::Kind::repeat: {
        const std::size_t most =
            part.endless ? part.min + reach_ : std::min(part.max, part.min + reach_);
        const auto times = static_cast<std::size_t>(
            random_.between(static_cast<std::int64_t>(part.min), static_cast<std::int64_t>(most)));
        for (std::size_t i = 0; i < times; ++i) write(part.parts[0]);
        return;
      }
    }
  }

  std::string out;

 private:
  std::size_t pick(std::size_t count) { return static_cast<std::size_t>(random_.next() % count); }

  Random& random_;
  std::size_t reach_;
};

}  // namespace

std::optional<std::string> sample_pattern(std::string_view pattern, Random& random,
                                          std::size_t reach) {
  const auto part = Reader(pattern).read();
  if (!part) return std::nullopt;
  Writer writer(random, reach);
  writer.write(*part);
  return std::move(writer.out);
}

}  // namespace windlass::inline v0::json
