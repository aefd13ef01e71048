#include "functions.hpp"

#include <map>

namespace windlass::inline v0::cel {

using Kind = Type::Kind;

namespace {

/// Reads types and signatures. The text is ours: mistakes are bugs.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  TypePtr type() {
    const std::string_view word = name();
    std::vector<TypePtr> parameters;
    if (accept("(")) {
      do parameters.push_back(type());
      while (accept(", "));
      accept(")");
    }
    if (word == "list") return list_type(parameters.at(0));
    if (word == "map") return map_type(parameters.at(0), parameters.at(1));
    if (word == "optional") return optional_type(parameters.at(0));
    if (word == "type") {
      return std::make_shared<const Type>(Type{.kind = Kind::type, .parameters = parameters});
    }
    static constexpr std::pair<std::string_view, Kind> kSimple[] = {
        {"dyn", Kind::dyn},        {"bool", Kind::boolean},        {"int", Kind::integer},
        {"uint", Kind::unsigned_}, {"double", Kind::real},         {"string", Kind::string},
        {"bytes", Kind::bytes},    {"timestamp", Kind::timestamp}, {"duration", Kind::duration}};
    for (const auto& [known, kind] : kSimple) {
      if (word == known) return simple_type(kind);
    }
    const Kind kind = word.size() == 1 ? Kind::parameter : Kind::opaque;
    return std::make_shared<const Type>(Type{.kind = kind, .name = std::string(word)});
  }

  void signature(Overload& out) {
    if (!text_.starts_with("(")) {
      out.member = true;
      out.parameters.push_back(type());
      accept(".");
    }
    accept("(");
    if (!accept(")")) {
      do out.parameters.push_back(type());
      while (accept(", "));
      accept(")");
    }
    accept(" ");
    out.result = type();
  }

 private:
  std::string_view name() {
    // a dot before a parenthesis ends a receiver; other dots belong to names
    std::size_t end = 0;
    while (end < text_.size() && text_[end] != '(' && text_[end] != ')' && text_[end] != ',' &&
           text_[end] != ' ' && text_.substr(end, 2) != ".(") {
      ++end;
    }
    const std::string_view out = text_.substr(0, end);
    text_.remove_prefix(end);
    return out;
  }
  bool accept(std::string_view token) {
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    return true;
  }
  std::string_view text_;
};

using Index = std::map<std::string_view, std::vector<Overload>>;

Index read_table() {
  Index out;
  for (const auto& rows :
       {core_rows(), time_rows(), string_rows(), list_rows(), network_rows(), kubernetes_rows()}) {
    for (const Row& row : rows) {
      Overload overload{.function = row.function,
                        .result = nullptr,
                        .run = row.run,
                        .price = row.price,
                        .special = row.special};
      Reader(row.signature).signature(overload);
      out[row.function].push_back(std::move(overload));
    }
  }
  return out;
}

bool takes(const Type& type, const Value& value) {
  if (type.kind == Kind::dyn || type.kind == Kind::parameter) return true;
  if (type.kind != value.kind()) return false;
  return type.kind != Kind::opaque ||
         type.name == value.as<std::shared_ptr<const Opaque>>()->type_name();
}

}  // namespace

bool Overload::accepts(Args args) const {
  if (args.size() != parameters.size()) return false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (!takes(*parameters[i], args[i])) return false;
  }
  return true;
}

const std::vector<Overload>* find_function(std::string_view name) {
  static const Index index = read_table();  // constant
  const auto found = index.find(name);
  return found == index.end() ? nullptr : &found->second;
}

TypePtr read_type(std::string_view text) { return Reader(text).type(); }

TypePtr named_type(std::string_view name) {
  static const std::map<std::string_view, TypePtr> types = [] {
    std::map<std::string_view, TypePtr> out;
    for (const std::string_view text :
         {"bool", "int", "uint", "double", "string", "bytes", "net.IP", "net.CIDR"}) {
      out[text] = read_type(text);
    }
    out["list"] = read_type("list(dyn)");
    out["map"] = read_type("map(dyn, dyn)");
    out["type"] = simple_type(Kind::type);
    out["null_type"] = simple_type(Kind::null);
    out["optional_type"] = read_type("optional(dyn)");
    out["google.protobuf.Timestamp"] = simple_type(Kind::timestamp);
    out["google.protobuf.Duration"] = simple_type(Kind::duration);
    return out;
  }();
  const auto found = types.find(name);
  return found == types.end() ? nullptr : found->second;
}

Value no_such_overload() { return Value::error("no such overload"); }

Value no_such_overload(const Overload& overload, Args args) {
  const std::string_view name = overload.function;
  const Kind kind = args.empty() ? Kind::null : args[0].kind();
  const bool ordering = name == "_<_" || name == "_<=_" || name == "_>_" || name == "_>=_";
  const bool ordered = kind != Kind::null && kind != Kind::list && kind != Kind::map &&
                       kind != Kind::type && kind != Kind::opaque && kind != Kind::optional;
  if (name == "size" || (ordering && !ordered)) {
    return Value::error("no such overload: " + std::string(name));
  }
  const bool plain = name.starts_with("_") || name.ends_with("_") || name == "@in" ||
                     name == "contains" || name == "startsWith" || name == "endsWith" ||
                     name == "matches";
  if (plain) return no_such_overload();
  std::string types;
  for (const Value& arg : args) {
    types += (types.empty() ? "" : ", ") + runtime_name(*type_of(arg));
  }
  return Value::error("no such overload: " + std::string(name) + "(" + types + ")");
}

}  // namespace windlass::inline v0::cel
