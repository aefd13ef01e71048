// Expressions to values.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "functions.hpp"

namespace windlass::inline v0::cel {

namespace {

using Kind = Expr::Kind;

/// Ends an evaluation that became too expensive.
struct LimitExceeded {};

bool is(const Value& value, bool wanted) {
  const bool* known = value.get<bool>();
  return known != nullptr && *known == wanted;
}

std::string capitalized(const Type& type) {
  std::string out = to_string(type);
  out.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(out.front())));
  return out;
}

class Evaluator {
 public:
  Evaluator(const Compiled& program, std::span<const Value> variables, std::uint64_t limit)
      : slots_(static_cast<std::size_t>(program.slots)), limit_(limit) {
    std::copy(variables.begin(), variables.end(), slots_.begin());
  }

  Program::Outcome run(const Expr& root) {
    try {
      Value value = eval(root);
      return {std::move(value), cost_};
    } catch (const LimitExceeded&) {
      return {Value::error("operation cancelled: actual cost limit exceeded"), cost_};
    }
  }

 private:
  void pay(std::uint64_t cost) {
    cost_ += cost;
    if (cost_ > limit_) throw LimitExceeded();
  }
  Value& slot(int index) { return slots_[static_cast<std::size_t>(index)]; }

  Value eval(const Expr& expr) {
    switch (expr.kind) {
      case Kind::literal:
        return expr.literal;
      case Kind::ident:
        pay(1);
        return expr.slot >= 0 ? slot(expr.slot) : expr.literal;
      case Kind::select:
        return select(expr);
      case Kind::call:
        return call(expr);
      case Kind::list:
        return list(expr);
      case Kind::map:
        return map(expr);
      case Kind::loop:
        return loop(expr.loop);
      case Kind::message:
        break;
    }
    return no_such_overload();
  }

  // ---- fields and indexes

  Value select(const Expr& expr) {
    const Value target = eval(*expr.target);
    if (!expr.test_only) {
      pay(1);
      return field(target, expr.name, false);
    }
    const Value found = field(target, expr.name, true);
    if (found.is_error()) return found;
    return found.as<Optional>().value != nullptr;
  }

  /// `optional`: an optional value instead of an error when there is no such field.
  static Value field(const Value& target, std::string_view name, bool optional) {
    return step(target, String{{name, nullptr}}, optional,
                [](const Value& container, const Value& key, bool maybe) {
                  if (container.is_list()) return no_such_overload();
                  return select_index(container, key, maybe);
                });
  }
  static Value element(const Value& target, const Value& index, bool optional) {
    return step(target, index, optional, select_index);
  }

  /// Goes through optional values: whatever is found behind one is optional too.
  template <class Select>
  static Value step(const Value& target, const Value& key, bool optional, Select&& select) {
    if (target.is_error()) return target;
    if (key.is_error()) return key;
    const auto* wrapped = target.get<Optional>();
    if (wrapped == nullptr) return select(target, key, optional);
    if (wrapped->value == nullptr) return target;
    return select(*wrapped->value, key, true);
  }

  // ---- aggregates

  Value list(const Expr& expr) {
    std::vector<Value> items;
    items.reserve(expr.args.size());
    for (std::size_t i = 0; i < expr.args.size(); ++i) {
      Value item = eval(*expr.args[i]);
      if (item.is_error()) return item;
      if (expr.optional[i]) {
        const auto* wrapped = item.get<Optional>();
        if (wrapped == nullptr) return no_such_overload();
        if (wrapped->value == nullptr) continue;
        item = Value(*wrapped->value);
      }
      items.push_back(std::move(item));
    }
    pay(10);
    return Value::list(std::move(items));
  }

  Value map(const Expr& expr) {
    std::vector<std::pair<Value, Value>> entries;
    for (std::size_t i = 0; i + 1 < expr.args.size(); i += 2) {
      Value key = eval(*expr.args[i]);
      if (key.is_error()) return key;
      Value value = eval(*expr.args[i + 1]);
      if (value.is_error()) return value;
      if (expr.optional[i / 2]) {
        const auto* wrapped = value.get<Optional>();
        if (wrapped == nullptr) return no_such_overload();
        if (wrapped->value == nullptr) continue;
        value = Value(*wrapped->value);
      }
      const auto kind = key.kind();
      if (kind != Type::Kind::string && kind != Type::Kind::integer &&
          kind != Type::Kind::unsigned_ && kind != Type::Kind::boolean) {
        return Value::error(fmt::format("unsupported key type: {}", to_string(*type_of(key))));
      }
      const auto same = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
        return is(equal(entry.first, key), true);
      });
      if (same != entries.end()) {
        same->second = std::move(value);  // the last one counts
      } else {
        entries.emplace_back(std::move(key), std::move(value));
      }
    }
    pay(30);
    return Map(std::make_shared<std::vector<std::pair<Value, Value>>>(std::move(entries)));
  }

  // ---- calls

  Value call(const Expr& expr) {
    const Overload& overload = *expr.overloads.front();
    switch (overload.special) {
      case Special::none:
        return plain_call(expr);
      case Special::logical_and:
        return logical(expr, false);
      case Special::logical_or:
        return logical(expr, true);
      case Special::conditional:
        return conditional(expr);
      case Special::not_strictly_false:
        return !is(eval(*expr.args[0]), false);
      case Special::optional_select: {
        const Value target = eval(*expr.args[0]);
        pay(1);
        return field(target, expr.args[1]->literal.text(), true);
      }
      case Special::index:
      case Special::optional_index: {
        const Value target = eval(*expr.args[0]);
        if (target.is_error()) return target;
        const Value index = eval(*expr.args[1]);
        pay(1);
        return element(target, index, overload.special == Special::optional_index);
      }
      case Special::or_optional:
      case Special::or_value:
        return alternative(expr, overload.special == Special::or_value);
    }
    return no_such_overload();
  }

  Value plain_call(const Expr& expr) {
    std::array<Value, 5> args;
    std::size_t count = 0;
    if (expr.target != nullptr) args[count++] = eval(*expr.target);
    if (count == 1 && args[0].is_error()) return args[0];
    for (const Expr* arg : expr.args) {
      args[count] = eval(*arg);
      if (args[count].is_error()) return args[count];
      ++count;
    }
    return apply(expr, Args(args.data(), count));
  }

  Value apply(const Expr& expr, Args args) {
    for (const Overload* overload : expr.overloads) {
      if (!overload->accepts(args)) continue;
      const auto price = [&](const Value& result) {
        return expr.overloads.size() == 1 || overload->price != Price::unit
                   ? call_cost(*overload, args, result)
                   : 1;
      };
      const bool first = !depends_on_result(overload->price);  // nothing is done that is not paid
      if (first) pay(price(nullptr));
      Value result = expr.pattern != nullptr ? match_pattern(*expr.pattern, args[0].text())
                                             : overload->run(args);
      if (!first) pay(price(result));
      return result;
    }
    pay(1);
    return no_such_overload(*expr.overloads.front(), args);
  }

  /// && and ||: one side that decides hides an error of the other.
  Value logical(const Expr& expr, bool decisive) {
    const Value left = eval(*expr.args[0]);
    if (is(left, decisive)) return left;
    const Value right = eval(*expr.args[1]);
    if (is(right, decisive)) return right;
    if (is(left, !decisive) && is(right, !decisive)) return !decisive;
    if (left.is_error()) return left;
    if (right.is_error()) return right;
    return no_such_overload();
  }

  Value conditional(const Expr& expr) {
    const Value condition = eval(*expr.args[0]);
    if (condition.is_error()) return condition;
    if (condition.get<bool>() == nullptr) return no_such_overload();
    return eval(*expr.args[condition.as<bool>() ? 1 : 2]);
  }

  Value alternative(const Expr& expr, bool unwrap) {
    Value first = eval(*expr.target);
    if (first.is_error()) return first;
    const auto* wrapped = first.get<Optional>();
    if (wrapped == nullptr) return no_such_overload();
    if (wrapped->value == nullptr) return eval(*expr.args[0]);
    return unwrap ? Value(*wrapped->value) : first;
  }

  // ---- loops

  Value loop(const Loop& loop) {
    const Value range = eval(*loop.range);
    if (range.is_error()) return range;
    slot(loop.accu_slot) = eval(*loop.accu_init);
    const bool always = is_literal(*loop.condition, true);
    if (is_literal(*loop.condition, false)) return eval(*loop.result);
    const auto turn = [&] {
      if (!always && !is(eval(*loop.condition), true)) return false;
      slot(loop.accu_slot) = step(loop, *loop.step);
      return true;
    };
    if (range.is_list()) {
      const std::size_t size = range.size();
      for (std::size_t i = 0; i < size; ++i) {
        if (loop.iter2_slot >= 0) {
          slot(loop.iter_slot) = static_cast<std::int64_t>(i);
          slot(loop.iter2_slot) = range.at(i);
        } else {
          slot(loop.iter_slot) = range.at(i);
        }
        if (!turn()) break;
      }
    } else if (range.is_map()) {
      range.each([&](const Value& key, const Value& value) {
        slot(loop.iter_slot) = key;
        if (loop.iter2_slot >= 0) slot(loop.iter2_slot) = value;
        return turn();
      });
    } else {
      return Value::error(
          fmt::format("got 'types.{}', expected iterable type", capitalized(*type_of(range))));
    }
    return eval(*loop.result);
  }

  static bool is_literal(const Expr& expr, bool value) {
    return expr.kind == Kind::literal && is(expr.literal, value);
  }

  /// Evaluates a step. Appending to the accumulator does not copy it.
  Value step(const Loop& loop, const Expr& expr) {
    if (expr.kind != Kind::call) return eval(expr);
    const Overload& overload = *expr.overloads.front();
    if (overload.special == Special::conditional) {
      const Value condition = eval(*expr.args[0]);
      if (condition.is_error()) return condition;
      if (condition.get<bool>() == nullptr) return no_such_overload();
      return step(loop, *expr.args[condition.as<bool>() ? 1 : 2]);
    }
    const bool appends = overload.function == "_+_" || overload.function == "cel.@mapInsert";
    if (!appends || expr.args[0]->kind != Kind::ident || expr.args[0]->slot != loop.accu_slot ||
        expr.args[0]->name != kAccumulator) {
      return eval(expr);
    }
    // the accumulator is moved out, so that the function finds itself its only owner
    std::array<Value, 5> args;
    std::size_t count = 0;
    for (const Expr* arg : expr.args) {
      if (count != 0) args[count] = eval(*arg);
      if (args[count].is_error()) return args[count];
      ++count;
    }
    pay(1);
    args[0] = std::move(slot(loop.accu_slot));
    if (args[0].is_error()) return args[0];
    return apply(expr, Args(args.data(), count));
  }

  std::vector<Value> slots_;
  std::uint64_t limit_;
  std::uint64_t cost_ = 0;
};

}  // namespace

const TypePtr& Program::type() const { return compiled_->type; }

bool Program::uses(std::string_view variable) const {
  const auto& variables = compiled_->declarations.variables;
  for (std::size_t i = 0; i < variables.size(); ++i) {
    if (variables[i].name == variable) return compiled_->used[i];
  }
  return false;
}

Cost Program::estimate() const { return compiled_->cost; }

Program::Outcome Program::evaluate(std::span<const Value> variables, std::uint64_t limit) const {
  return Evaluator(*compiled_, variables, limit).run(*compiled_->root);
}

namespace {

/// Conversions of constants are done once; one that fails makes the program unusable.
std::optional<Error> fold_constants(Compiled& program) {
  static constexpr std::string_view kConversions[] = {
      "bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"};
  for (Expr& expr : program.nodes) {
    if (expr.name == "matches" || expr.name == "find" || expr.name == "findAll") {
      const std::size_t at = expr.target == nullptr ? 1 : 0;
      if (expr.args.size() <= at || expr.args[at]->kind != Kind::literal) continue;
      const auto* pattern = expr.args[at]->literal.get<String>();
      const std::string problem = pattern == nullptr ? "" : pattern_problem(pattern->view);
      if (!problem.empty()) {
        return Error{Errc::invalid_argument, "program instantiation failed: " + problem};
      }
      continue;
    }
    const bool constant = expr.kind == Kind::call && expr.target == nullptr &&
                          expr.args.size() == 1 && expr.args[0]->kind == Kind::literal &&
                          !expr.overloads.empty();
    if (!constant || std::find(std::begin(kConversions), std::end(kConversions), expr.name) ==
                         std::end(kConversions)) {
      continue;
    }
    Value value = Evaluator(program, {}, Program::kCallLimit).run(expr).value;
    if (value.is_error()) {
      return Error{Errc::invalid_argument, "program instantiation failed: " + value.message()};
    }
    expr.kind = Kind::literal;
    expr.literal = std::move(value);
  }
  return std::nullopt;
}

}  // namespace

constexpr std::size_t kMaximumCodePoints = 100'000;

Result<Program> compile(std::string_view text, const Declarations& declarations) {
  const Source source(text);
  if (const std::size_t size = source.text().size(); size > kMaximumCodePoints) {
    return Error{Errc::parse,
                 fmt::format("ERROR: <input>:1:1: expression code point size exceeds limit: size: "
                             "{}, limit {}",
                             size, kMaximumCodePoints)};
  }
  auto compiled = std::make_shared<Compiled>();
  compiled->declarations = declarations;
  std::vector<Message> errors;
  parse(source, *compiled, errors);
  if (errors.empty()) check(*compiled, errors);
  if (!errors.empty()) return Error{Errc::parse, report(source, std::move(errors))};
  compiled->cost = estimate_cost(*compiled);
  if (auto problem = fold_constants(*compiled)) return std::move(*problem);
  return Program(std::move(compiled));
}

}  // namespace windlass::inline v0::cel
