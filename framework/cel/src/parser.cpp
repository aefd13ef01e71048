// Tokens to syntax tree, with macros expanded.

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "lexer.hpp"

namespace windlass::inline v0::cel {

namespace {

using Kind = Expr::Kind;
using Exprs = std::vector<Expr*>;

/// Ends the reading of a source; the message is already recorded.
struct SyntaxError {};

constexpr int kMaximumDepth = 250;
/// What is behind the parser goes down the tree recursively, and macros may repeat their operand.
constexpr std::uint32_t kMaximumHeight = 1'000, kMaximumSize = 250'000;
constexpr std::string_view kOperand =
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, "
    "BYTES, IDENTIFIER}";

class Parser {
 public:
  Parser(const Source& source, Compiled& out, std::vector<Message>& errors)
      : out_(out), errors_(errors), tokens_(tokenize(source, errors)) {}

  void run() {
    try {
      out_.root = expression();
      if (peek().kind != Token::Kind::end) {
        const bool last = tokens_[at_ + 1].kind == Token::Kind::end;
        syntax_error(fmt::format("{} input '{}' expecting <EOF>",
                                 last ? "extraneous" : "mismatched", peek().text));
      }
    } catch (const SyntaxError&) {
    }
  }

 private:
  [[nodiscard]] const Token& peek() const { return tokens_[at_]; }
  const Token& next() { return tokens_[peek().kind == Token::Kind::end ? at_ : at_++]; }
  [[nodiscard]] bool at(std::string_view symbol) const {
    return peek().kind == Token::Kind::symbol && peek().text == symbol;
  }
  bool accept(std::string_view symbol) {
    if (!at(symbol)) return false;
    ++at_;
    return true;
  }
  const Token& expect(std::string_view symbol) {
    if (at(symbol)) return next();
    const bool end = peek().kind == Token::Kind::end;
    const Token* after = end ? nullptr : &tokens_[at_ + 1];
    if (after != nullptr && after->kind == Token::Kind::symbol && after->text == symbol) {
      syntax_error(fmt::format("extraneous input '{}' expecting '{}'", peek().text, symbol));
    }
    const bool fits = symbol == ":" ? starts_operand(at_) : end;
    if (fits) syntax_error(fmt::format("missing '{}' at '{}'", symbol, peek().text));
    syntax_error(fmt::format("mismatched input '{}' expecting '{}'", peek().text, symbol));
  }
  /// After an element: the end of the list, or a comma.
  bool closes(std::string_view symbol) {
    if (accept(symbol)) return true;
    if (accept(",")) return false;
    const Token* after = peek().kind == Token::Kind::end ? nullptr : &tokens_[at_ + 1];
    if (after != nullptr && after->kind == Token::Kind::symbol && after->text == symbol) {
      syntax_error(fmt::format("extraneous input '{}' expecting '{}'", peek().text, symbol));
    }
    syntax_error(fmt::format("mismatched input '{}' expecting {{'{}', ','}}", peek().text, symbol));
  }
  [[noreturn]] void syntax_error(std::string text) {
    errors_.push_back({peek().position, "Syntax error: " + std::move(text)});
    throw SyntaxError();
  }
  Expr* fail(int position, std::string text) {
    errors_.push_back({position, std::move(text)});
    return literal(position, nullptr);
  }

  [[noreturn]] void exceeded(std::string_view what, std::uint32_t limit) {
    errors_.push_back({-1, fmt::format("expression {} limit exceeded: {}", what, limit)});
    throw SyntaxError();
  }

  struct Depth {
    explicit Depth(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > kMaximumDepth) parser_.exceeded("recursion", kMaximumDepth);
    }
    ~Depth() { --parser_.depth_; }
    Parser& parser_;
  };

  Expr* make(Expr expr) {
    Expr* out = out_.make(std::move(expr));
    measure(*out);
    return out;
  }
  /// To be called again for a node that got parts later.
  void measure(Expr& expr) {
    std::uint32_t height = 0, size = 1;
    const auto count = [&](const Expr* part) {
      if (part == nullptr) return;
      height = std::max(height, part->height);
      size += part->size;
      if (size > kMaximumSize) exceeded("size", kMaximumSize);
    };
    count(expr.target);
    for (const Expr* arg : expr.args) count(arg);
    const Loop& loop = expr.loop;
    for (const Expr* part : {loop.range, loop.accu_init, loop.condition, loop.step, loop.result})
      count(part);
    expr.height = height + 1;
    expr.size = size;
    if (expr.height > kMaximumHeight) exceeded("recursion", kMaximumHeight);
  }

  Expr* literal(int position, Value value) {
    return make({.kind = Kind::literal, .position = position, .literal = std::move(value)});
  }
  Expr* ident(int position, std::string name) {
    return make({.kind = Kind::ident, .position = position, .name = std::move(name)});
  }
  Expr* call(int position, std::string name, Exprs args) {
    return make({.kind = Kind::call,
                 .position = position,
                 .name = std::move(name),
                 .args = std::move(args)});
  }
  Expr* member(int position, Expr* target, std::string name, Exprs args) {
    return make({.kind = Kind::call,
                 .position = position,
                 .name = std::move(name),
                 .target = target,
                 .args = std::move(args)});
  }
  Expr* list(int position, Exprs elements) {
    std::vector<bool> optional(elements.size());
    return make({.kind = Kind::list,
                 .position = position,
                 .args = std::move(elements),
                 .optional = std::move(optional)});
  }

  Expr* expression() {
    const Depth depth(*this);
    Expr* condition = logical("||");
    if (!at("?")) return condition;
    const int position = next().position;
    Expr* yes = logical("||");
    expect(":");
    Expr* no = expression();
    return call(position, "_?_:_", {condition, yes, no});
  }

  /// Chains of && and || become balanced trees, as upstream's.
  Expr* logical(std::string_view symbol) {
    const bool any = symbol == "||";
    Exprs terms{any ? logical("&&") : relation()};
    std::vector<int> operators;
    while (at(symbol)) {
      operators.push_back(next().position);
      terms.push_back(any ? logical("&&") : relation());
    }
    if (operators.empty()) return terms.front();
    return balance(any ? "_||_" : "_&&_", terms, operators, 0, operators.size() - 1);
  }
  Expr* balance(const char* name, const Exprs& terms, const std::vector<int>& operators,
                std::size_t low, std::size_t high) {
    const std::size_t middle = (low + high + 1) / 2;
    Expr* left = middle == low ? terms[middle] : balance(name, terms, operators, low, middle - 1);
    Expr* right =
        middle == high ? terms[middle + 1] : balance(name, terms, operators, middle + 1, high);
    return call(operators[middle], name, {left, right});
  }

  Expr* relation() {
    Expr* left = sum();
    for (int chain = 0;; ++chain) {
      static constexpr std::string_view kOperators[] = {"<", "<=", ">=", ">", "==", "!=", "in"};
      const auto* op = std::find_if(std::begin(kOperators), std::end(kOperators),
                                    [&](std::string_view symbol) { return at(symbol); });
      if (op == std::end(kOperators)) return left;
      limit_chain(chain);
      const int position = next().position;
      Expr* right = sum();
      left = call(position, *op == "in" ? "@in" : fmt::format("_{}_", *op), {left, right});
    }
  }
  Expr* sum() {
    Expr* left = product();
    for (int chain = 0; at("+") || at("-"); ++chain) {
      limit_chain(chain);
      const Token& op = next();
      Expr* right = product();
      left = call(op.position, fmt::format("_{}_", op.text), {left, right});
    }
    return left;
  }
  Expr* product() {
    Expr* left = unary();
    for (int chain = 0; at("*") || at("/") || at("%"); ++chain) {
      limit_chain(chain);
      const Token& op = next();
      Expr* right = unary();
      left = call(op.position, fmt::format("_{}_", op.text), {left, right});
    }
    return left;
  }
  void limit_chain(int length) {
    if (depth_ + length >= kMaximumDepth) exceeded("recursion", kMaximumDepth);
  }

  Expr* unary() {
    const bool negative_literal = at("-") && (tokens_[at_ + 1].kind == Token::Kind::integer ||
                                              tokens_[at_ + 1].kind == Token::Kind::real);
    if (!negative_literal) {
      for (const char* symbol : {"!", "-"}) {
        if (!at(symbol)) continue;
        const int position = peek().position;
        int count = 0;
        while (accept(symbol)) ++count;
        Expr* operand = postfix();
        if (count % 2 == 0) return operand;
        return call(position, fmt::format("{}_", symbol), {operand});
      }
    }
    return postfix();
  }

  Expr* postfix() {
    Expr* operand = primary();
    for (int chain = 0;; ++chain) {
      limit_chain(chain);
      if (at(".")) {
        operand = selection(operand);
      } else if (at("[")) {
        const int position = next().position;
        const bool optional = accept("?");
        Expr* index = expression();
        expect("]");
        operand = call(position, optional ? "_[?_]" : "_[_]", {operand, index});
      } else {
        return operand;
      }
    }
  }

  Expr* selection(Expr* operand) {
    const int position = next().position;
    const bool optional = accept("?");
    const Token& field = peek();
    if (field.kind == Token::Kind::quoted) {
      fail(field.position, "unsupported syntax: '`'");
    } else if (at("true") || at("false") || at("null")) {
      syntax_error(fmt::format("mismatched input '{}' expecting IDENTIFIER", field.text));
    } else if (field.kind != Token::Kind::identifier) {
      syntax_error(fmt::format("no viable alternative at input '.{}'",
                               field.kind == Token::Kind::end ? "" : field.text));
    }
    next();
    const std::string name = field.text;
    if (!optional && field.kind == Token::Kind::identifier && at("(")) {
      const int open = next().position;
      return receiver_call(open, operand, name, arguments());
    }
    if (optional)
      return call(position, "_?._", {operand, literal(field.position, Value::string(name))});
    return make({.kind = Kind::select, .position = position, .name = name, .target = operand});
  }

  Exprs arguments() {
    Exprs out;
    if (accept(")")) return out;
    first_argument_ = at_;
    do out.push_back(expression());
    while (!closes(")"));
    return out;
  }

  Expr* primary() {
    const Depth depth(*this);
    const Token& token = peek();
    switch (token.kind) {
      case Token::Kind::integer:
      case Token::Kind::unsigned_:
      case Token::Kind::real:
        return number("");
      case Token::Kind::string:
        next();
        return literal(token.position, Value::string(token.value));
      case Token::Kind::bytes:
        next();
        return literal(token.position, Value::bytes(token.value));
      case Token::Kind::identifier:
        return name("");
      default:
        break;
    }
    if (accept("true")) return literal(token.position, true);
    if (accept("false")) return literal(token.position, false);
    if (accept("null")) return literal(token.position, nullptr);
    if (at("-")) {
      next();
      return number("-");
    }
    if (accept("(")) {
      Expr* inner = expression();
      expect(")");
      return inner;
    }
    if (at(".")) {
      next();
      if (peek().kind == Token::Kind::identifier) return name(".");
      syntax_error("no viable alternative at input '.'");
    }
    if (at("[")) return list_literal();
    if (at("{")) return map_literal();
    syntax_error(fmt::format(
        "{} input '{}' expecting {}",
        token.kind == Token::Kind::end || !starts_operand(at_ + 1) ? "mismatched" : "extraneous",
        token.text,
        at_ == first_argument_ ? "{'[', '{', '(', ')'" + std::string(kOperand.substr(14))
                               : std::string(kOperand)));
  }
  [[nodiscard]] bool starts_operand(std::size_t index) const {
    if (index >= tokens_.size()) return false;
    const Token& token = tokens_[index];
    if (token.kind == Token::Kind::end) return false;
    if (token.kind != Token::Kind::symbol) return true;
    for (const char* symbol : {"[", "{", "(", ".", "-", "!", "true", "false", "null"}) {
      if (token.text == symbol) return true;
    }
    return false;
  }

  Expr* number(const std::string& sign) {
    const Token& token = next();
    const int position = sign.empty() ? token.position : tokens_[at_ - 2].position;
    std::string text = sign + token.text;
    if (token.kind == Token::Kind::real) {
      double value = 0;
      const std::string digits = token.text.front() == '.' ? sign + "0" + token.text : text;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (error != std::errc()) return fail(position, "invalid double literal");
      return literal(position, value);
    }
    const bool hex = token.text.starts_with("0x");
    if (token.kind == Token::Kind::unsigned_) {
      text = token.text.substr(hex ? 2 : 0);
      text.pop_back();
      std::uint64_t value = 0;
      const auto [end, error] =
          std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
      if (error != std::errc()) return fail(position, "invalid uint literal");
      return literal(position, value);
    }
    if (hex) text = sign + token.text.substr(2);
    std::int64_t value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
    if (error != std::errc()) return fail(position, "invalid int literal");
    return literal(position, value);
  }

  Expr* name(const std::string& dot) {
    const Token& token = next();
    static constexpr std::string_view kReserved[] = {
        "as",        "break", "const",  "continue", "else", "false", "for",
        "function",  "if",    "import", "in",       "let",  "loop",  "package",
        "namespace", "null",  "return", "true",     "var",  "void",  "while"};
    // a.b.C{...} creates a message
    std::size_t ahead = at_;
    while (tokens_[ahead].text == "." && tokens_[ahead].kind == Token::Kind::symbol &&
           tokens_[ahead + 1].kind == Token::Kind::identifier) {
      ahead += 2;
    }
    if (tokens_[ahead].kind == Token::Kind::symbol && tokens_[ahead].text == "{") {
      std::string type = dot + token.text;
      while (at_ < ahead) type += next().text;
      return message(type);
    }
    if (std::find(std::begin(kReserved), std::end(kReserved), token.text) != std::end(kReserved)) {
      if (accept("(")) arguments();
      return fail(token.position, fmt::format("reserved identifier: {}", token.text));
    }
    if (at("(")) {
      const int open = next().position;
      return global_call(open, dot + token.text, arguments());
    }
    return ident(token.position, dot + token.text);
  }

  Expr* list_literal() {
    Expr* out = list(next().position, {});
    if (accept(",")) return expect("]"), out;
    while (!accept("]")) {
      if (at(",")) expect("]");
      out->optional.push_back(accept("?"));
      out->args.push_back(expression());
      if (closes("]")) break;
    }
    measure(*out);
    return out;
  }

  Expr* map_literal() {
    Expr* out = make({.kind = Kind::map, .position = next().position});
    if (accept(",")) return expect("}"), out;
    while (!accept("}")) {
      if (at(",")) expect("}");
      out->optional.push_back(accept("?"));
      out->args.push_back(expression());
      out->positions.push_back(expect(":").position);
      out->args.push_back(expression());
      if (closes("}")) break;
    }
    measure(*out);
    return out;
  }

  Expr* message(std::string type) {
    Expr* out = make({.kind = Kind::message, .position = next().position, .name = std::move(type)});
    while (!accept("}")) {
      accept("?");
      if (peek().kind != Token::Kind::identifier && peek().kind != Token::Kind::quoted) {
        syntax_error(fmt::format(
            "mismatched input '{}' expecting {{'}}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}}",
            peek().text));
      }
      next();
      expect(":");
      expression();
      if (closes("}")) break;
    }
    return out;
  }

  // ---- macros

  Expr* accumulator() { return ident(macro_, std::string(kAccumulator)); }

  Expr* loop(int position, Loop parts) {
    return make({.kind = Kind::loop, .position = position, .loop = std::move(parts)});
  }

  Expr* global_call(int position, const std::string& name, Exprs args) {
    macro_ = position;
    if (name == "has" && args.size() == 1) {
      if (args[0]->kind != Kind::select || args[0]->test_only) {
        return fail(args[0]->position, "invalid argument to has() macro");
      }
      return make({.kind = Kind::select,
                   .position = position,
                   .name = args[0]->name,
                   .target = args[0]->target,
                   .test_only = true});
    }
    return call(position, name, std::move(args));
  }

  Expr* receiver_call(int position, Expr* target, const std::string& name, Exprs args) {
    macro_ = position;
    const std::size_t count = args.size();
    const bool quantifier = name == "all" || name == "exists" || name == "exists_one";
    if ((quantifier && (count == 2 || count == 3)) || (name == "existsOne" && count == 3)) {
      return quantify(position, target, name, args);
    }
    if (name == "map" && (count == 2 || count == 3)) return map_macro(position, target, args);
    if (name == "filter" && count == 2) return filter_macro(position, target, args);
    if ((name == "transformList" || name == "transformMap" || name == "transformMapEntry") &&
        (count == 3 || count == 4)) {
      return transform(position, target, name, args);
    }
    if ((name == "optMap" || name == "optFlatMap") && count == 2) {
      return optional_map(position, target, name, args);
    }
    if (name == "sortBy" && count == 2) return sort_by(position, target, args);
    return member(position, target, name, std::move(args));
  }

  /// Reads the names of iteration variables; false after recording an error.
  bool variables(const Exprs& args, std::size_t count, Loop& out,
                 const char* complaint = "argument must be a simple name") {
    for (std::size_t i = 0; i < count; ++i) {
      if (args[i]->kind != Kind::ident) {
        fail(args[i]->position, complaint);
        return false;
      }
      if (args[i]->name == kAccumulator || args[i]->name == "__result__") {
        fail(args[i]->position, "iteration variable overwrites accumulator variable");
        return false;
      }
    }
    out.iter_var = args[0]->name;
    if (count == 2) {
      out.iter_var2 = args[1]->name;
      if (out.iter_var == out.iter_var2) {
        fail(args[1]->position, "duplicate variable name: " + out.iter_var);
        return false;
      }
    }
    return true;
  }

  Expr* quantify(int position, Expr* target, const std::string& name, const Exprs& args) {
    Loop out{.range = target, .accu_var = std::string(kAccumulator)};
    if (!variables(args, args.size() - 1, out)) return literal(position, nullptr);
    Expr* predicate = args.back();
    if (name == "all") {
      out.accu_init = literal(macro_, true);
      out.condition = call(macro_, "@not_strictly_false", {accumulator()});
      out.step = call(macro_, "_&&_", {accumulator(), predicate});
      out.result = accumulator();
    } else if (name == "exists") {
      out.accu_init = literal(macro_, false);
      out.condition = call(macro_, "@not_strictly_false", {call(macro_, "!_", {accumulator()})});
      out.step = call(macro_, "_||_", {accumulator(), predicate});
      out.result = accumulator();
    } else {
      out.accu_init = literal(macro_, std::int64_t{0});
      out.condition = literal(macro_, true);
      Expr* count = call(macro_, "_+_", {accumulator(), literal(macro_, std::int64_t{1})});
      out.step = call(macro_, "_?_:_", {predicate, count, accumulator()});
      out.result = call(macro_, "_==_", {accumulator(), literal(macro_, std::int64_t{1})});
    }
    return loop(position, std::move(out));
  }

  Expr* collect(int position, Expr* target, Loop out, Expr* filter, Expr* step, Expr* init) {
    out.range = target;
    out.accu_var = kAccumulator;
    out.accu_init = init;
    out.condition = literal(macro_, true);
    out.step = filter == nullptr ? step : call(macro_, "_?_:_", {filter, step, accumulator()});
    out.result = accumulator();
    return loop(position, std::move(out));
  }
  Expr* append(Expr* element) {
    return call(macro_, "_+_", {accumulator(), list(macro_, {element})});
  }

  Expr* map_macro(int position, Expr* target, const Exprs& args) {
    Loop out;
    if (!variables(args, 1, out, "argument is not an identifier"))
      return literal(position, nullptr);
    return collect(position, target, std::move(out), args.size() == 3 ? args[1] : nullptr,
                   append(args.back()), list(macro_, {}));
  }
  Expr* filter_macro(int position, Expr* target, const Exprs& args) {
    Loop out;
    if (!variables(args, 1, out, "argument is not an identifier"))
      return literal(position, nullptr);
    return collect(position, target, std::move(out), args[1],
                   append(ident(args[0]->position, args[0]->name)), list(macro_, {}));
  }
  Expr* transform(int position, Expr* target, const std::string& name, const Exprs& args) {
    Loop out;
    if (!variables(args, 2, out)) return literal(position, nullptr);
    Expr* filter = args.size() == 4 ? args[2] : nullptr;
    if (name == "transformList") {
      return collect(position, target, std::move(out), filter, append(args.back()),
                     list(macro_, {}));
    }
    Exprs insert{accumulator()};
    if (name == "transformMap") insert.push_back(ident(macro_, out.iter_var));
    insert.push_back(args.back());
    return collect(position, target, std::move(out), filter,
                   call(macro_, "cel.@mapInsert", std::move(insert)),
                   make({.kind = Kind::map, .position = macro_}));
  }
  Expr* optional_map(int position, Expr* target, const std::string& name, const Exprs& args) {
    if (args[0]->kind != Kind::ident || args[0]->name.starts_with(".")) {
      return fail(args[0]->position,
                  fmt::format("{}() variable name must be a simple identifier", name));
    }
    Loop parts{.range = list(macro_, {}), .iter_var = "#unused", .accu_var = args[0]->name};
    parts.accu_init = member(macro_, target, "value", {});
    parts.condition = literal(macro_, false);
    parts.step = ident(args[0]->position, args[0]->name);
    parts.result = args[1];
    Expr* inner = loop(macro_, std::move(parts));
    if (name == "optMap") inner = call(macro_, "optional.of", {inner});
    return call(position, "_?_:_",
                {member(macro_, target, "hasValue", {}), inner, call(macro_, "optional.none", {})});
  }
  /// list.sortBy(x, key): the list, bound to a name, sorted by its keys.
  Expr* sort_by(int position, Expr* target, const Exprs& args) {
    static const std::string kInput = "@__sortBy_input__";
    Loop names;
    if (!variables(args, 1, names, "argument is not an identifier"))
      return literal(position, nullptr);
    Expr* keys = map_macro(macro_, ident(macro_, kInput), args);
    Loop parts{.range = list(macro_, {}), .iter_var = "#unused", .accu_var = kInput};
    parts.accu_init = target;
    parts.condition = literal(macro_, false);
    parts.step = ident(macro_, kInput);
    parts.result = member(position, ident(macro_, kInput), "@sortByAssociatedKeys", {keys});
    return loop(position, std::move(parts));
  }

  Compiled& out_;
  std::vector<Message>& errors_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t first_argument_ = SIZE_MAX;  ///< where a call may also end
  int depth_ = 0;
  int macro_ = 0;  ///< position of the macro that is being expanded
};

}  // namespace

void parse(const Source& source, Compiled& out, std::vector<Message>& errors) {
  Parser(source, out, errors).run();
}

}  // namespace windlass::inline v0::cel
