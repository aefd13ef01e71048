// '%s'.format([...]): clauses, and their check at compile time.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "functions.hpp"

namespace windlass::inline v0::cel {

using Kind = Type::Kind;

namespace {

struct Problem {
  std::string text;
};
/// What a clause refuses: the type's name.
struct Refused {
  std::string text;
};

std::string hex(std::string_view bytes, bool upper) {
  std::string out;
  for (const char c : bytes) {
    out += upper ? fmt::format("{:02X}", static_cast<unsigned char>(c))
                 : fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string plain(const Value& value);

std::string quoted(const Value& value, const std::string& text) {
  if (value.kind() == Kind::string) return quote_text(text);
  if (value.kind() == Kind::bytes) return "b" + quote_text(text);
  if (value.kind() == Kind::real && !std::isfinite(value.as<double>())) return quote_text(text);
  return text;
}

/// An element of a list or map.
std::string nested(const Value& value) {
  switch (value.kind()) {
    case Kind::real:
      return quoted(value, fmt::format("{:.6f}", value.as<double>()));
    case Kind::timestamp:
      return fmt::format("timestamp({})", quote_text(show(value)));
    case Kind::duration:
      return fmt::format("duration({})", quote_text(show(value)));
    case Kind::opaque:
    case Kind::optional:
    case Kind::dyn:
      throw Refused{fmt::format("no formatting function for {}", runtime_name(*type_of(value)))};
    default:
      return quoted(value, plain(value));
  }
}

std::string plain(const Value& value) {
  switch (value.kind()) {
    case Kind::list: {
      std::string out = "[";
      for (std::size_t i = 0; i < value.size(); ++i) {
        out += (i == 0 ? "" : ", ") + nested(value.at(i));
      }
      return out + "]";
    }
    case Kind::map: {
      std::vector<std::pair<std::string, std::string>> entries;
      value.each([&](const Value& key, const Value& entry) {
        entries.emplace_back(quoted(key, show(key)), nested(entry));
        return true;
      });
      std::stable_sort(entries.begin(), entries.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
      std::string out = "{";
      for (const auto& [key, text] : entries) {
        out += (out.size() == 1 ? "" : ", ") + key + ":" + text;
      }
      return out + "}";
    }
    case Kind::opaque:
    case Kind::optional:
    case Kind::dyn:
      throw Refused{
          "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, "
          "types, durations, and timestamps, was given " +
          runtime_name(*type_of(value))};
    default:
      return show(value);
  }
}

/// 1234567.5 as "1,234,567.500000".
std::string grouped(const std::string& text) {
  const std::size_t start = text.starts_with('-') ? 1 : 0;
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string out = text.substr(0, start);
  for (std::size_t i = start; i < point; ++i) {
    if (i > start && (point - i) % 3 == 0) out += ',';
    out += text[i];
  }
  return out + text.substr(point);
}

/// 1.5e+03 as "1.5x10^03" with the signs of print; upstream does not mind the precision.
std::string scientific(double number) {
  const std::string text = fmt::format("{:.6e}", number);
  const std::size_t mark = text.find('e');
  if (mark == std::string::npos) return text;
  static constexpr std::string_view kRaised[] = {"\u2070", "\u00B9", "\u00B2", "\u00B3", "\u2074",
                                                 "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
  std::string out = text.substr(0, mark) + "\u00D710";
  for (const char c : text.substr(mark + 1)) {
    if (c == '-') {
      out += "\u207B";
    } else if (c != '+') {
      out += kRaised[static_cast<std::size_t>(c - '0')];
    }
  }
  return out;
}

std::string not_a_number(double number) {
  return std::isnan(number) ? "NaN" : number > 0 ? "\u221E" : "-\u221E";
}

struct Clause {
  char letter = 's';
  std::optional<int> precision;
};

std::string_view complaint(char letter) {
  switch (letter) {
    case 'd':
      return "decimal clause can only be used on integers";
    case 'f':
      return "fixed-point clause can only be used on doubles";
    case 'e':
      return "scientific clause can only be used on doubles";
    case 'b':
      return "only integers and bools can be formatted as binary";
    case 'o':
      return "octal clause can only be used on integers";
    case 'x':
    case 'X':
      return "only integers, byte buffers, and strings can be formatted as hex";
    default:
      return "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, "
             "types, durations, and timestamps";
  }
}

std::string real(const Value& value, const Clause& clause) {
  double number = 0;
  if (const auto* text = value.get<String>()) {
    if (text->view == "NaN") return "NaN";
    if (text->view == "Infinity") return "\u221E";
    if (text->view == "-Infinity") return "-\u221E";
    throw Refused{fmt::format("{}, was given string", complaint(clause.letter))};
  }
  if (value.kind() != Kind::real) {
    throw Refused{
        fmt::format("{}, was given {}", complaint(clause.letter), runtime_name(*type_of(value)))};
  }
  number = value.as<double>();
  if (!std::isfinite(number)) return not_a_number(number);
  const int precision = std::min(clause.precision.value_or(6), 1000);
  return clause.letter == 'f' ? grouped(fmt::format("{:.{}f}", number, precision))
                              : scientific(number);
}

template <class T>
std::string in_base(T number, char letter) {
  switch (letter) {
    case 'b':
      return fmt::format("{:b}", number);
    case 'o':
      return fmt::format("{:o}", number);
    case 'x':
      return fmt::format("{:x}", number);
    case 'X':
      return fmt::format("{:X}", number);
    default:
      return fmt::format("{}", number);
  }
}

std::string apply(const Value& value, const Clause& clause) {
  if (clause.letter == 's') return plain(value);
  if (clause.letter == 'f' || clause.letter == 'e') return real(value, clause);
  if (const auto* i = value.get<std::int64_t>()) return in_base(*i, clause.letter);
  if (const auto* u = value.get<std::uint64_t>()) return in_base(*u, clause.letter);
  const bool is_hex = clause.letter == 'x' || clause.letter == 'X';
  if (is_hex && value.get<String>() != nullptr) return hex(value.text(), clause.letter == 'X');
  if (is_hex && value.get<Bytes>() != nullptr) {
    return hex(value.as<Bytes>().view, clause.letter == 'X');
  }
  if (clause.letter == 'b' && value.get<bool>() != nullptr) return value.as<bool>() ? "1" : "0";
  throw Refused{
      fmt::format("{}, was given {}", complaint(clause.letter), runtime_name(*type_of(value)))};
}

/// Reads the clause behind a percent sign.
Clause read_clause(std::string_view& format) {
  Clause out;
  if (format.starts_with('.')) {
    format.remove_prefix(1);
    std::size_t end = 0;
    int precision = 0;
    while (end < format.size() && format[end] >= '0' && format[end] <= '9') {
      precision = std::min(precision * 10 + (format[end] - '0'), 100000);
      ++end;
    }
    constexpr std::string_view kWhere =
        "could not parse formatting clause: error while parsing precision: ";
    if (end == format.size()) {
      throw Problem{fmt::format("{}could not find end of precision specifier", kWhere)};
    }
    if (end == 0) {
      throw Problem{
          fmt::format("{}error while converting precision to integer: strconv.Atoi: "
                      "parsing \"\": invalid syntax",
                      kWhere)};
    }
    out.precision = precision;
    format.remove_prefix(end);
  }
  out.letter = format.front();
  if (std::string_view("sdfebxXo").find(out.letter) == std::string_view::npos) {
    throw Problem{fmt::format(
        "could not parse formatting clause: unrecognized formatting clause \"{}\"", out.letter)};
  }
  format.remove_prefix(1);
  return out;
}

/// Calls `put` for plain characters and `clause` with each clause and the number of its argument.
template <class Put, class OnClause>
std::size_t walk(std::string_view format, std::size_t arguments, Put&& put, OnClause&& on_clause) {
  std::size_t index = 0;
  while (!format.empty()) {
    const char c = format.front();
    format.remove_prefix(1);
    if (c != '%') {
      put(c);
      continue;
    }
    if (format.starts_with('%')) {
      put('%');
      format.remove_prefix(1);
      continue;
    }
    if (index >= arguments) throw Problem{fmt::format("index {} out of range", index)};
    if (format.empty()) throw Problem{"unexpected end of string"};
    const Clause clause = read_clause(format);
    on_clause(clause, index++);
  }
  return index;
}

bool suits(const Type& type, char letter) {
  const auto one_of = [&](std::initializer_list<Kind> kinds) {
    return type.kind == Kind::dyn ||
           std::find(kinds.begin(), kinds.end(), type.kind) != kinds.end();
  };
  switch (letter) {
    case 'd':
    case 'o':
      return one_of({Kind::integer, Kind::unsigned_});
    case 'f':
    case 'e':
      return one_of({Kind::real, Kind::string});
    case 'b':
      return one_of({Kind::integer, Kind::unsigned_, Kind::boolean});
    case 'x':
    case 'X':
      return one_of({Kind::integer, Kind::unsigned_, Kind::string, Kind::bytes});
    default:
      return !one_of({Kind::opaque, Kind::optional, Kind::object}) || type.kind == Kind::dyn;
  }
}

/// The part of an argument that %s cannot show, or nullptr.
const Expr* unsuitable(const Expr& expr, char letter) {
  if (!suits(*expr.type, letter)) return &expr;
  if (letter != 's' || (expr.kind != Expr::Kind::list && expr.kind != Expr::Kind::map))
    return nullptr;
  for (const Expr* part : expr.args) {
    if (const Expr* bad = unsuitable(*part, letter)) return bad;
  }
  return nullptr;
}

}  // namespace

Value format_string(std::string_view format, const Value& args) {
  std::string out;
  try {
    walk(
        format, args.size(), [&](char c) { out += c; },
        [&](const Clause& clause, std::size_t index) { out += apply(args.at(index), clause); });
  } catch (const Problem& problem) {
    return Value::error(problem.text);
  } catch (const Refused& refused) {
    return Value::error("error during formatting: " + refused.text);
  }
  return Value::string(std::move(out));
}

std::optional<Message> check_format(const Expr& call) {
  const std::string_view format = call.target->literal.text();
  const std::vector<Expr*>& args = call.args[0]->args;
  int position = call.position;
  try {
    const std::size_t used = walk(
        format, args.size(), [](char) {},
        [&](const Clause& clause, std::size_t index) {
          const Expr* bad = unsuitable(*args[index], clause.letter);
          if (bad == nullptr) return;
          position = bad->position;
          throw Refused{
              fmt::format("{}, was given {}", complaint(clause.letter), runtime_name(*bad->type))};
        });
    if (args.size() > used) {
      return Message{position,
                     fmt::format("too many arguments supplied to string.format (expected {}, "
                                 "got {})",
                                 used, args.size())};
    }
  } catch (const Problem& problem) {
    return Message{position, problem.text};
  } catch (const Refused& refused) {
    return Message{position, "error during formatting: " + refused.text};
  }
  return std::nullopt;
}

}  // namespace windlass::inline v0::cel
