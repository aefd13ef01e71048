#include "yaml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <windlass/base/encoding.hpp>
#include <windlass/json/utf8.hpp>

namespace windlass::inline v0::api_server {

using json::Array;
using json::Object;
using json::Value;

namespace {

constexpr int kMaximumDepth = 200;
constexpr std::size_t kFreeNodes = 400'000;  // what Go's library allows aliases to make

constexpr std::array kTrue = {"true", "True", "TRUE", "y",  "Y", "yes",
                              "Yes",  "YES",  "on",   "On", "ON"};
constexpr std::array kFalse = {"false", "False", "FALSE", "n",   "N",  "no",
                               "No",    "NO",    "off",   "Off", "OFF"};
constexpr std::array kNull = {"", "~", "null", "Null", "NULL"};

template <class List>
bool is_one_of(const List& list, std::string_view text) {
  return std::any_of(list.begin(), list.end(), [&](const char* word) { return text == word; });
}

std::optional<std::int64_t> read_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  const auto prefix = [&](std::string_view mark, int of_base) {
    if (base != 10 || !text.starts_with(mark) || text.size() == mark.size()) return;
    text.remove_prefix(mark.size());
    base = of_base;
  };
  prefix("0x", 16);
  prefix("0b", 2);
  prefix("0o", 8);
  prefix("0", 8);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || text.front() == '-' || error != std::errc() ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

std::optional<double> read_number(std::string_view text) {
  if (text.find_first_of("0123456789") == std::string_view::npos ||
      text.find_first_not_of("+-.0123456789eE") != std::string_view::npos) {
    return std::nullopt;
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Value plain_scalar(const std::string& text) {
  if (is_one_of(kNull, text)) return nullptr;
  if (is_one_of(kTrue, text)) return true;
  if (is_one_of(kFalse, text)) return false;
  if (const auto integer = read_integer(text)) return *integer;
  if (const auto number = read_number(text)) return *number;
  return text;
}

/// Every use of an alias costs what it stands for. `budget` is what may still be made.
Value convert(const YAML::Node& node, int depth, std::size_t& budget) {
  if (depth > kMaximumDepth) throw YAML::Exception(node.Mark(), "nested too deeply");
  const std::size_t cost = 1 + (node.IsScalar() ? node.Scalar().size() : 0);
  if (cost > budget) throw YAML::Exception(node.Mark(), "document contains excessive aliasing");
  budget -= cost;
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      // "!" is what the parser says of a quoted scalar, "?" of a plain one
      return node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str"
                 ? Value(json::repair_utf8(node.Scalar()))
                 : plain_scalar(node.Scalar());
    case YAML::NodeType::Sequence: {
      Array out;
      for (const auto& item : node) out.push_back(convert(item, depth + 1, budget));
      return out;
    }
    case YAML::NodeType::Map: {
      std::vector<json::Member> members;
      for (const auto& entry : node) {
        if (!entry.first.IsScalar()) {
          throw YAML::Exception(entry.first.Mark(), "the key is not a string");
        }
        const Value key = convert(entry.first, depth + 1, budget);  // `on: x` has the key "true"
        members.push_back({key.is_bool() ? (key.as_bool() ? "true" : "false")
                                         : json::repair_utf8(entry.first.Scalar()),
                           convert(entry.second, depth + 1, budget)});
      }
      return Object::from_unsorted(std::move(members));
    }
    default:
      return nullptr;
  }
}

bool needs_quotes(const std::string& text) {
  constexpr std::string_view kSigns = "!&*-?[]{}|>@`\"'%,#";
  if (kSigns.find(text.front()) != std::string_view::npos) return true;
  if (text.starts_with("---") || text.starts_with("..."))
    return true;  // as a document begins or ends
  if (text.front() == ' ' || text.back() == ' ' || text.back() == ':') return true;
  return text.find(": ") != std::string::npos || text.find(" #") != std::string::npos;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// 12_000, or 1:30, which is 90.
bool is_old_number(std::string text) {
  if (text.starts_with('-') || text.starts_with('+')) text.erase(0, 1);
  if (text.empty() || !(is_digit(text.front()) || text.front() == '.')) return false;
  std::erase(text, '_');
  if (!plain_scalar(text).is_string()) return true;
  const auto colon = text.find(':');
  return colon != std::string::npos && text.find_first_not_of("0123456789") == colon &&
         text.find_first_not_of("0123456789:.", colon) == std::string::npos;
}

/// 2026-01-02, and what may follow it.
bool is_date(const std::string& text) {
  std::size_t at = 0;
  const auto digits = [&](std::size_t least, std::size_t most) {
    const std::size_t start = at;
    while (at < text.size() && at - start < most && is_digit(text[at])) ++at;
    return at - start >= least;
  };
  const auto dash = [&] { return at < text.size() && text[at++] == '-'; };
  return digits(4, 4) && dash() && digits(1, 2) && dash() && digits(1, 2) &&
         (at == text.size() || text[at] == 'T' || text[at] == 't' || text[at] == ' ');
}

/// What YAML 1.1 reads as another type than a string.
bool is_typed(const std::string& text) {
  constexpr std::array kOthers = {".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
                                  "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  "<<"};
  return !plain_scalar(text).is_string() || is_one_of(kOthers, text) || is_old_number(text) ||
         is_date(text);
}

/// The bytes of the character at the front if it cannot stand as it is, otherwise 0: controls, and
/// the line ends and marks of Unicode.
std::size_t needs_escape(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  if ((byte(0) < 0x20 && byte(0) != '\n') || byte(0) == 0x7f) return 1;
  if (byte(0) == 0xc2 && byte(1) < 0xa0) return 2;
  for (const std::string_view mark : {"\u2028", "\u2029", "\ufeff"}) {
    if (text.starts_with(mark)) return 3;
  }
  return 0;
}

bool is_printable(std::string_view text) {
  for (; !text.empty(); text.remove_prefix(1)) {
    if (needs_escape(text) > 0) return false;
  }
  return true;
}

std::string quote(const std::string& text) {
  std::string out;
  const std::string quoted = quote_json(text);
  for (std::string_view rest = quoted; !rest.empty();) {
    const std::size_t length = needs_escape(rest);
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
    if (length == 0) {
      out += rest.front();
    } else if (length < 3) {
      out += fmt::format("\\x{:02x}", byte(length - 1));
    } else {
      out +=
          fmt::format("\\u{:04x}", (byte(0) & 15U) << 12 | (byte(1) & 63U) << 6 | (byte(2) & 63U));
    }
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

void write(const Value& value, int indent, std::string& out);

void write_string(const std::string& text, int indent, std::string& out) {
  const bool lines = text.find('\n') != std::string::npos;
  // a block that is the whole document has no margin to tell it by
  const bool block = lines && indent > 0 && text.front() != ' ' && text.front() != '\n';
  if (!is_printable(text) || is_typed(text) || (lines && !block)) {
    out += quote(text);
  } else if (block) {
    out += text.ends_with("\n\n") ? "|+" : text.ends_with('\n') ? "|" : "|-";
    const std::string margin(static_cast<std::size_t>(indent), ' ');
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      out += '\n';
      if (end > at) out += margin + text.substr(at, end - at);
      at = end + 1;
    }
  } else if (needs_quotes(text)) {
    out += '\'';
    for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
    out += '\'';
  } else {
    out += text;
  }
}

bool is_block(const Value& value) {
  return (value.is_object() && !value.as_object().empty()) ||
         (value.is_array() && !value.as_array().empty());
}

std::string new_line(int indent) {
  return '\n' + std::string(static_cast<std::size_t>(indent), ' ');
}

/// What may stand before its colon alone, as Go's library sees it. No reader has to look further
/// than 1,024 characters for the colon.
bool is_simple_key(const std::string& key) {
  return key.size() <= 128 && key.find('\n') == std::string::npos;
}

void write_member(const json::Member& member, int indent, std::string& out) {
  write_string(member.key, indent, out);
  out += ':';
  if (!is_block(member.value)) {
    out += ' ';
    write(member.value, indent + 2, out);
  } else {
    const int inner = member.value.is_array() ? indent : indent + 2;
    out += new_line(inner);
    write(member.value, inner, out);
  }
}

/// With marks before key and value.
void write_marked_member(const json::Member& member, int indent, std::string& out) {
  out += "? ";
  write_string(member.key, indent + 2, out);
  out += new_line(indent) + ": ";
  write(member.value, indent + 2, out);
}

void write_object(const Object& object, int indent, std::string& out) {
  bool first = true;
  for (const auto& member : object) {
    if (!first) out += new_line(indent);
    first = false;
    if (is_simple_key(member.key)) {
      write_member(member, indent, out);
    } else {
      write_marked_member(member, indent, out);
    }
  }
}

void write(const Value& value, int indent, std::string& out) {
  if (value.is_object() && !value.as_object().empty()) {
    write_object(value.as_object(), indent, out);
  } else if (value.is_array() && !value.as_array().empty()) {
    bool first = true;
    for (const Value& entry : value.as_array()) {
      if (!first) out += new_line(indent);
      first = false;
      out += "- ";
      write(entry, indent + 2, out);
    }
  } else if (value.is_string()) {
    write_string(value.as_string(), indent, out);
  } else {
    out += json::dump(value);
  }
}

}  // namespace

namespace {

/// What Go's reader does not even begin to parse; empty when there is nothing of it.
std::string_view unreadable(std::string_view text) {
  if (!json::is_utf8(text)) return "invalid leading UTF-8 octet";
  const bool controls = std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x7f || (byte < 0x20 && c != '\t' && c != '\n' && c != '\r');
  });
  return controls ? "control characters are not allowed" : "";
}

}  // namespace

Result<Value> read_yaml(std::string_view text) {
  if (const auto problem = unreadable(text); !problem.empty())
    return Error{Errc::parse, fmt::format("yaml: {}", problem)};
  try {
    std::size_t budget = kFreeNodes + 2 * text.size();  // without aliases the text is enough
    return convert(YAML::Load(std::string(text)), 0, budget);
  } catch (const YAML::Exception& error) {
    return Error{Errc::parse, fmt::format("yaml: line {}: {}", error.mark.line + 1, error.msg)};
  }
}

std::string write_yaml(const Value& value) {
  std::string out;
  write(value, 0, out);
  return out + "\n";
}

}  // namespace windlass::inline v0::api_server
