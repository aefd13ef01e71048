#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <windlass/codegen/names.hpp>

namespace windlass::inline v0::codegen {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_upper(c) || is_lower(c) || is_digit(c); }
char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

constexpr std::array kReserved = {
    "alignas",       "alignof",      "and",       "and_eq",    "asm",          "assert",
    "auto",          "bitand",       "bitor",     "bool",      "break",        "case",
    "catch",         "char",         "char16_t",  "char32_t",  "char8_t",      "class",
    "co_await",      "co_return",    "co_yield",  "compl",     "concept",      "const",
    "const_cast",    "consteval",    "constexpr", "constinit", "continue",     "decltype",
    "default",       "delete",       "do",        "double",    "dynamic_cast", "else",
    "enum",          "errno",        "explicit",  "export",    "extern",       "false",
    "float",         "for",          "friend",    "goto",      "if",           "inline",
    "int",           "linux",        "long",      "mutable",   "namespace",    "new",
    "noexcept",      "not",          "not_eq",    "nullptr",   "operator",     "or",
    "or_eq",         "private",      "protected", "public",    "register",     "reinterpret_cast",
    "requires",      "return",       "short",     "signed",    "sizeof",       "static",
    "static_assert", "static_cast",  "struct",    "switch",    "table",        "template",
    "this",          "thread_local", "throw",     "true",      "try",          "typedef",
    "typeid",        "typename",     "union",     "unix",      "unsigned",     "using",
    "virtual",       "void",         "volatile",  "wchar_t",   "while",        "xor",
    "xor_eq"};

static_assert(std::is_sorted(kReserved.begin(), kReserved.end(),
                             [](std::string_view a, std::string_view b) { return a < b; }));

bool is_reserved(std::string_view name) {
  return std::binary_search(kReserved.begin(), kReserved.end(), name,
                            [](std::string_view a, std::string_view b) { return a < b; });
}

/// True when the `s` at `at` is the plural of the acronym before it, as in hostIPs.
bool is_plural_of_acronym(std::string_view text, std::size_t at) {
  if (text[at] != 's' || at < 2 || !is_upper(text[at - 1]) || !is_upper(text[at - 2])) return false;
  return at + 1 == text.size() || !is_lower(text[at + 1]);
}

bool starts_word(std::string_view text, std::size_t at) {
  if (at == 0 || !is_upper(text[at])) return false;
  if (is_lower(text[at - 1]) || is_digit(text[at - 1])) return true;
  if (!is_upper(text[at - 1]) || at + 1 == text.size()) return false;
  return is_lower(text[at + 1]) && !is_plural_of_acronym(text, at + 1);
}

std::string as_identifier(std::string name) {
  if (name.empty()) name = "empty";
  if (is_digit(name.front())) name.insert(0, "_");
  if (is_reserved(name)) name += '_';
  return name;
}

std::string snake_case(std::string_view text) {
  std::string out;
  const auto separate = [&out] {
    if (!out.empty() && out.back() != '_') out += '_';
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_alnum(text[i])) {
      separate();
      continue;
    }
    if (starts_word(text, i)) separate();
    out += to_lower(text[i]);
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

}  // namespace

std::string member_name(std::string_view json_name) { return as_identifier(snake_case(json_name)); }

std::string type_name(std::string_view json_name) {
  std::string out;
  bool start = true;
  for (const char c : json_name) {
    if (!is_alnum(c)) {
      start = true;
      continue;
    }
    out += start ? to_upper(c) : c;
    start = false;
  }
  if (out.empty()) out = "Empty";
  if (is_digit(out.front())) out.insert(0, "N");
  return out;
}

std::string enumerator_name(std::string_view value) {
  std::string spelled;
  for (const char c : value) {
    if (c == '+') {
      spelled += "_plus_";
    } else if (c == '*') {
      spelled += "star";
    } else if (c == '-' && spelled.empty() && value.size() > 1 && is_digit(value[1])) {
      spelled += "minus_";
    } else {
      spelled += c;
    }
  }
  return as_identifier(snake_case(spelled));
}

std::vector<std::string> unique_names(std::vector<std::string> names) {
  std::set<std::string> taken(names.begin(), names.end());
  std::map<std::string, int> seen;
  for (auto& name : names) {
    const std::string wanted = name;
    int& count = seen[wanted];
    if (++count == 1) continue;
    while (taken.contains(name = wanted + "_" + std::to_string(count))) ++count;
    taken.insert(name);
  }
  return names;
}

std::string group_label(std::string_view group) {
  if (group.empty()) return "core";
  std::string label(group.substr(0, group.find('.')));
  std::replace_if(label.begin(), label.end(), [](char c) { return !is_alnum(c); }, '_');
  return as_identifier(std::move(label));
}

std::string unit_name(std::string_view group, std::string_view version) {
  return group_label(group) + "_" + std::string(version);
}

std::string quoted(std::string_view text) {
  constexpr std::string_view kOctal = "01234567";
  std::string out = "\"";
  char previous = '\0';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '?' && previous == '?') {
      out += "\\?";  // no trigraphs
    } else if (byte < 0x20 || byte == 0x7f) {
      out += '\\';
      out += kOctal[byte >> 6];
      out += kOctal[(byte >> 3) & 7];
      out += kOctal[byte & 7];
    } else {
      out += c;
    }
    previous = c;
  }
  return out + '"';
}

}  // namespace windlass::inline v0::codegen
