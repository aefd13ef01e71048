// Names to variables and overloads, and a type for every expression.

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "functions.hpp"

namespace windlass::inline v0::cel {

namespace {

using Kind = Expr::Kind;
using TypeKind = Type::Kind;

bool is_dyn(const Type& type) { return type.kind == TypeKind::dyn; }
bool is_dyn_or_error(const Type& type) { return is_dyn(type) || type.kind == TypeKind::error; }

/// The same type, parameters included.
bool same(const Type& a, const Type& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.kind == TypeKind::object || a.parameters.size() != b.parameters.size())
    return false;
  if (a.kind == TypeKind::parameter) return a.variable == b.variable;
  if (a.kind == TypeKind::opaque && a.name != b.name) return false;
  for (std::size_t i = 0; i < a.parameters.size(); ++i) {
    if (!same(*a.parameters[i], *b.parameters[i])) return false;
  }
  return true;
}

/// Type variables and what they stand for; assignments can be undone.
class Inference {
 public:
  TypePtr fresh() {
    bindings_.push_back(nullptr);
    return std::make_shared<const Type>(Type{.kind = TypeKind::parameter,
                                             .name = fmt::format("_var{}", bindings_.size() - 1),
                                             .variable = static_cast<int>(bindings_.size()) - 1});
  }

  /// Replaces variables by what they stand for; unbound ones by dyn when `finally`.
  TypePtr resolve(const TypePtr& type, bool finally) const {
    if (type->kind == TypeKind::parameter) {
      const TypePtr& bound = bindings_[static_cast<std::size_t>(type->variable)];
      if (bound != nullptr) return resolve(bound, finally);
      return finally ? simple_type(TypeKind::dyn) : type;
    }
    if (type->parameters.empty()) return type;
    std::vector<TypePtr> parameters;
    bool changed = false;
    for (const TypePtr& parameter : type->parameters) {
      parameters.push_back(resolve(parameter, finally));
      changed = changed || parameters.back() != parameter;
    }
    if (!changed) return type;
    Type out = *type;
    out.parameters = std::move(parameters);
    return std::make_shared<const Type>(std::move(out));
  }

  /// Whether `b` can be used where `a` is wanted; binds variables only when it can.
  bool assignable(const TypePtr& a, const TypePtr& b) {
    const std::size_t mark = trail_.size();
    if (unify(a, b)) return true;
    undo(mark);
    return false;
  }
  bool assignable(const std::vector<TypePtr>& given, const std::vector<TypePtr>& wanted) {
    const std::size_t mark = trail_.size();
    if (unify(given, wanted)) return true;
    undo(mark);
    return false;
  }

  static const TypePtr& most_general(const TypePtr& a, const TypePtr& b) {
    return less_specific(*a, *b) ? a : b;
  }

 private:
  void undo(std::size_t mark) {
    while (trail_.size() > mark) {
      bindings_[static_cast<std::size_t>(trail_.back().first)] = trail_.back().second;
      trail_.pop_back();
    }
  }
  void bind(int variable, TypePtr type) {
    TypePtr& slot = bindings_[static_cast<std::size_t>(variable)];
    trail_.emplace_back(variable, slot);
    slot = std::move(type);
  }

  static bool less_specific(const Type& a, const Type& b) {
    if (is_dyn(a) || a.kind == TypeKind::parameter) return true;
    if (is_dyn(b) || b.kind == TypeKind::parameter) return false;
    if (a.kind != b.kind) return false;
    if (a.kind == TypeKind::type) return true;
    if (a.kind != TypeKind::list && a.kind != TypeKind::map && a.kind != TypeKind::optional)
      return same(a, b);
    for (std::size_t i = 0; i < a.parameters.size(); ++i) {
      if (!less_specific(*a.parameters[i], *b.parameters[i])) return false;
    }
    return true;
  }

  [[nodiscard]] bool mentions(int variable, const Type& type) const {
    if (type.kind == TypeKind::parameter) {
      if (type.variable == variable) return true;
      const TypePtr& bound = bindings_[static_cast<std::size_t>(type.variable)];
      return bound != nullptr && mentions(variable, *bound);
    }
    return std::any_of(type.parameters.begin(), type.parameters.end(),
                       [&](const TypePtr& parameter) { return mentions(variable, *parameter); });
  }

  /// Lets `variable` stand for `type`. Second: whether it stood for something before.
  std::pair<bool, bool> substitute(const TypePtr& type, const TypePtr& variable) {
    if (same(*type, *variable)) return {true, true};
    const TypePtr bound = bindings_[static_cast<std::size_t>(variable->variable)];
    if (bound != nullptr) {
      if (same(*type, *bound)) return {true, true};
      if (!unify(type, bound)) return {false, true};
      const TypePtr general = most_general(type, bound);
      if (!mentions(variable->variable, *general)) bind(variable->variable, general);
      return {true, true};
    }
    if (mentions(variable->variable, *type)) return {false, false};
    bind(variable->variable, type);
    return {true, false};
  }

  static bool nullable(const Type& type) {
    return type.kind == TypeKind::opaque || type.kind == TypeKind::object ||
           type.kind == TypeKind::optional || type.kind == TypeKind::duration ||
           type.kind == TypeKind::timestamp || type.kind == TypeKind::null;
  }

  bool unify(const TypePtr& a, const TypePtr& b) {
    if (b->kind == TypeKind::parameter) {
      const auto [valid, bound] = substitute(a, b);
      if (valid) return true;
      if (bound) return false;
    }
    if (a->kind == TypeKind::parameter) return substitute(b, a).first;
    if (is_dyn_or_error(*a) || is_dyn_or_error(*b)) return true;
    if (a->kind == TypeKind::null) return nullable(*b);
    if (b->kind == TypeKind::null) return nullable(*a);
    if (a->kind != b->kind) return false;
    switch (a->kind) {
      case TypeKind::object:
        return a == b;
      case TypeKind::opaque:
        return a->name == b->name;
      case TypeKind::list:
      case TypeKind::map:
      case TypeKind::optional:
        return unify(a->parameters, b->parameters);
      default:
        return true;
    }
  }
  bool unify(const std::vector<TypePtr>& a, const std::vector<TypePtr>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!unify(a[i], b[i])) return false;
    }
    return true;
  }

  std::vector<TypePtr> bindings_;
  std::vector<std::pair<int, TypePtr>> trail_;
};

class Checker {
 public:
  Checker(Compiled& program, std::vector<Message>& errors) : program_(program), errors_(errors) {}

  void run() {
    for (const Variable& variable : program_.declarations.variables) {
      scope_.push_back({variable.name, variable.type, next_slot()});
    }
    program_.used.assign(scope_.size(), false);
    check(*program_.root);
    for (Expr& expr : program_.nodes) {
      if (expr.type != nullptr) expr.type = types_.resolve(expr.type, true);
    }
    program_.type = program_.root->type;
  }

 private:
  struct Name {
    std::string name;
    TypePtr type;
    int slot;
  };

  int next_slot() {
    const int slot = static_cast<int>(scope_.size());
    program_.slots = std::max(program_.slots, slot + 1);
    return slot;
  }

  TypePtr fail(const Expr& at, std::string text) { return fail(at.position, std::move(text)); }
  TypePtr fail(int position, std::string text) {
    errors_.push_back({position, std::move(text)});
    return simple_type(TypeKind::error);
  }
  TypePtr undeclared(const Expr& at, std::string_view name) {
    return fail(at, fmt::format("undeclared reference to '{}' (in container '')", name));
  }

  void check(Expr& expr) { expr.type = infer(expr); }

  TypePtr infer(Expr& expr) {
    switch (expr.kind) {
      case Kind::literal:
        return simple_type(expr.literal.kind());
      case Kind::ident:
        return ident(expr, expr.name);
      case Kind::select:
        return select(expr);
      case Kind::call:
        return call(expr);
      case Kind::list:
        return list(expr);
      case Kind::map:
        return map(expr);
      case Kind::message:
        return message(expr);
      case Kind::loop:
        return loop(expr);
    }
    return simple_type(TypeKind::error);
  }

  static std::string_view without_dot(std::string_view name) {
    return name.starts_with(".") ? name.substr(1) : name;
  }

  /// The variable or type that a name denotes, or nullptr.
  TypePtr resolve_name(Expr& expr, std::string_view name) {
    // a leading dot skips the variables of macros
    const bool global = name.starts_with(".");
    name = without_dot(name);
    const std::size_t count = global ? program_.declarations.variables.size() : scope_.size();
    for (std::size_t i = count; i-- > 0;) {
      if (scope_[i].name != name) continue;
      if (i < program_.used.size()) program_.used[i] = true;
      expr.slot = scope_[i].slot;
      return scope_[i].type;
    }
    if (TypePtr type = named_type(name)) {
      expr.literal = type;
      return std::make_shared<const Type>(
          Type{.kind = TypeKind::type, .parameters = {std::move(type)}});
    }
    return nullptr;
  }

  TypePtr ident(Expr& expr, const std::string& name) {
    TypePtr type = resolve_name(expr, name);
    return type != nullptr ? type : undeclared(expr, name);
  }

  /// "a.b.c" of selections of an identifier; empty for other expressions.
  static std::string qualified_name(const Expr& expr) {
    if (expr.kind == Kind::ident) return expr.name;
    if (expr.kind != Kind::select || expr.test_only) return "";
    const std::string prefix = qualified_name(*expr.target);
    return prefix.empty() ? "" : prefix + "." + expr.name;
  }
  static const Expr& leftmost(const Expr& expr) {
    return expr.kind == Kind::select ? leftmost(*expr.target) : expr;
  }
  bool is_variable(std::string_view name) const {
    return std::any_of(scope_.begin(), scope_.end(),
                       [&](const Name& known) { return known.name == name; });
  }

  TypePtr select(Expr& expr) {
    if (const std::string name = qualified_name(expr);
        !name.empty() && !is_variable(without_dot(leftmost(expr).name))) {
      if (TypePtr type = resolve_name(expr, name)) {
        expr.kind = Kind::ident;
        return type;
      }
    }
    check(*expr.target);
    TypePtr type = field(expr, *expr.target, expr.name, false);
    if (expr.test_only) return simple_type(TypeKind::boolean);
    return types_.resolve(type, false);
  }

  TypePtr field(Expr& expr, Expr& operand, const std::string& name, bool optional) {
    TypePtr target = types_.resolve(operand.type, false);
    const bool wrapped = target->kind == TypeKind::optional;
    if (wrapped) target = target->parameters[0];
    TypePtr out = simple_type(TypeKind::dyn);
    if (target->kind == TypeKind::map) {
      out = target->parameters[1];
    } else if (target->kind == TypeKind::object) {
      const Property* property = target->property(name);
      out = property != nullptr && property->exposed
                ? property->type
                : fail(expr, fmt::format("undefined field '{}'", name));
    } else if (target->kind == TypeKind::parameter) {
      types_.assignable(simple_type(TypeKind::dyn), target);
    } else if (!is_dyn_or_error(*target)) {
      fail(expr, fmt::format("type '{}' does not support field selection", to_string(*target)));
    }
    return wrapped || optional ? optional_type(out) : out;
  }

  TypePtr call(Expr& expr) {
    if (expr.name == "_?._") {
      check(*expr.args[0]);
      expr.args[1]->type = simple_type(TypeKind::string);
      const std::string name(expr.args[1]->literal.text());
      expr.overloads = {&find_function("_?._")->front()};
      return types_.resolve(field(expr, *expr.args[0], name, true), false);
    }
    for (Expr* arg : expr.args) check(*arg);
    if (expr.target == nullptr) {
      expr.name = without_dot(expr.name);
      const auto* overloads = find_function(expr.name);
      if (overloads == nullptr) return undeclared(expr, expr.name);
      return resolve(expr, *overloads);
    }
    if (const std::string prefix = qualified_name(*expr.target); !prefix.empty()) {
      const std::string name = std::string(without_dot(prefix)) + "." + expr.name;
      if (const auto* overloads = find_function(name)) {
        expr.target = nullptr;
        expr.name = name;
        return resolve(expr, *overloads);
      }
    }
    check(*expr.target);
    const auto* overloads = find_function(expr.name);
    if (overloads == nullptr) return undeclared(expr, expr.name);
    return resolve(expr, *overloads);
  }

  TypePtr resolve(Expr& expr, const std::vector<Overload>& overloads) {
    if (expr.name == "_&&_" || expr.name == "_||_") return logical(expr, overloads.front());
    std::vector<TypePtr> given;
    if (expr.target != nullptr) given.push_back(expr.target->type);
    for (const Expr* arg : expr.args) given.push_back(arg->type);
    TypePtr result;
    expr.overloads.clear();
    for (const Overload& overload : overloads) {
      if (overload.member != (expr.target != nullptr)) continue;
      if (overload.parameters.size() != given.size()) continue;
      std::map<std::string, TypePtr> variables;
      std::vector<TypePtr> wanted;
      for (const TypePtr& parameter : overload.parameters) {
        wanted.push_back(instantiate(parameter, variables));
      }
      const TypePtr out = instantiate(overload.result, variables);
      if (!types_.assignable(given, wanted)) continue;
      expr.overloads.push_back(&overload);
      const TypePtr type = types_.resolve(out, false);
      if (result == nullptr) {
        result = type;
      } else if (!is_dyn(*result) && !same(*type, *result)) {
        result = simple_type(TypeKind::dyn);
      }
    }
    if (result == nullptr) return no_overload(expr, given);
    check_literals(expr);
    return result;
  }

  TypePtr logical(Expr& expr, const Overload& overload) {
    expr.overloads = {&overload};
    TypePtr out = simple_type(TypeKind::boolean);
    for (const Expr* arg : expr.args) {
      if (!types_.assignable(arg->type, simple_type(TypeKind::boolean))) {
        out = mismatch(*arg, simple_type(TypeKind::boolean), arg->type);
      }
    }
    return out;
  }

  TypePtr no_overload(const Expr& expr, std::vector<TypePtr> given) {
    std::string signature;
    for (std::size_t i = 0; i < given.size(); ++i) {
      const bool receiver = i == 0 && expr.target != nullptr;
      const bool first = i == (expr.target != nullptr ? 1U : 0U);
      if (!receiver) signature += first ? "(" : ", ";
      signature += to_string(*types_.resolve(given[i], true));
      if (receiver) signature += ".";
    }
    if (expr.args.empty()) signature += "(";
    return fail(expr, fmt::format("found no matching overload for '{}' applied to '{})'", expr.name,
                                  signature));
  }

  TypePtr instantiate(const TypePtr& type, std::map<std::string, TypePtr>& variables) {
    if (type->kind == TypeKind::parameter) {
      TypePtr& variable = variables[type->name];
      if (variable == nullptr) variable = types_.fresh();
      return variable;
    }
    if (type->parameters.empty()) return type;
    Type out = *type;
    for (TypePtr& parameter : out.parameters) parameter = instantiate(parameter, variables);
    return std::make_shared<const Type>(std::move(out));
  }

  TypePtr mismatch(const Expr& at, const TypePtr& wanted, const TypePtr& found) {
    return fail(at, fmt::format("expected type '{}' but found '{}'", to_string(*wanted),
                                to_string(*found)));
  }

  TypePtr join(const Expr& at, const TypePtr& before, const TypePtr& now) {
    if (before == nullptr) return now;
    if (types_.assignable(before, now)) return Inference::most_general(before, now);
    return mismatch(at, before, now);
  }

  /// The type within an optional element or entry.
  TypePtr unwrap(const Expr& expr, bool optional) {
    if (!optional) return expr.type;
    const TypePtr type = types_.resolve(expr.type, false);
    if (type->kind == TypeKind::optional) return type->parameters[0];
    if (!is_dyn(*type)) mismatch(expr, optional_type(type), type);
    return type;
  }

  TypePtr list(Expr& expr) {
    TypePtr element;
    for (std::size_t i = 0; i < expr.args.size(); ++i) {
      check(*expr.args[i]);
      element = join(*expr.args[i], element, unwrap(*expr.args[i], expr.optional[i]));
    }
    if (element == nullptr) element = types_.fresh();
    return list_type(element);
  }

  TypePtr map(Expr& expr) {
    TypePtr key, value;
    for (std::size_t i = 0; i + 1 < expr.args.size(); i += 2) {
      check(*expr.args[i]);
      key = join(*expr.args[i], key, expr.args[i]->type);
      check(*expr.args[i + 1]);
      value = join(*expr.args[i + 1], value, unwrap(*expr.args[i + 1], expr.optional[i / 2]));
    }
    if (key == nullptr) {
      key = types_.fresh();
      value = types_.fresh();
    }
    return map_type(key, value);
  }

  TypePtr message(Expr& expr) {
    static constexpr std::string_view kKnown[] = {
        "Any",        "BoolValue",  "BytesValue",  "DoubleValue", "Duration",  "Empty",
        "FloatValue", "Int32Value", "Int64Value",  "ListValue",   "NullValue", "StringValue",
        "Struct",     "Timestamp",  "UInt32Value", "UInt64Value", "Value"};
    const std::string_view name = without_dot(expr.name);
    constexpr std::string_view kPackage = "google.protobuf.";
    if (is_variable(name)) {
      Expr probe{.kind = Kind::ident, .name = std::string(name)};
      return fail(expr, fmt::format("'{}' is not a type", to_string(*ident(probe, probe.name))));
    }
    if (name.starts_with(kPackage) && std::find(std::begin(kKnown), std::end(kKnown),
                                                name.substr(kPackage.size())) != std::end(kKnown)) {
      return fail(expr, fmt::format("creating the message '{}' is not supported; use "
                                    "timestamp(), duration() or the value itself",
                                    name));
    }
    return undeclared(expr, expr.name);
  }

  TypePtr loop(Expr& expr) {
    Loop& loop = expr.loop;
    check(*loop.range);
    check(*loop.accu_init);
    const TypePtr range = types_.resolve(loop.range->type, false);
    const TypePtr accu = loop.accu_init->type;
    const std::size_t outer = scope_.size();
    loop.accu_slot = next_slot();
    scope_.push_back({loop.accu_var, accu, loop.accu_slot});
    TypePtr first = simple_type(TypeKind::dyn), second = first;
    if (range->kind == TypeKind::list) {
      first = loop.iter_var2.empty() ? range->parameters[0] : simple_type(TypeKind::integer);
      second = range->parameters[0];
    } else if (range->kind == TypeKind::map) {
      first = range->parameters[0];
      second = range->parameters[1];
    } else if (range->kind == TypeKind::parameter) {
      types_.assignable(simple_type(TypeKind::dyn), range);
    } else if (!is_dyn_or_error(*range)) {
      first = second =
          fail(*loop.range, fmt::format("expression of type '{}' cannot be range of a "
                                        "comprehension (must be list, map, or dynamic)",
                                        to_string(*range)));
    }
    loop.iter_slot = next_slot();
    scope_.push_back({loop.iter_var, first, loop.iter_slot});
    if (!loop.iter_var2.empty()) {
      loop.iter2_slot = next_slot();
      scope_.push_back({loop.iter_var2, second, loop.iter2_slot});
    }
    check(*loop.condition);
    want(*loop.condition, simple_type(TypeKind::boolean));
    check(*loop.step);
    want(*loop.step, accu);
    scope_.resize(outer + 1);
    check(*loop.result);
    scope_.resize(outer);
    return types_.resolve(loop.result->type, false);
  }

  void want(const Expr& expr, const TypePtr& type) {
    if (!types_.assignable(type, expr.type)) mismatch(expr, type, expr.type);
  }

  /// Literals that can only fail when they are evaluated are refused at once.
  void check_literals(Expr& expr) {
    const auto literal = [](const Expr* arg) {
      return arg->kind == Kind::literal && arg->literal.get<String>() != nullptr;
    };
    if (expr.name == "format") {
      format_calls_.push_back(&expr);
      if (expr.target != nullptr && literal(expr.target) && expr.args[0]->kind == Kind::list) {
        formats_.push_back(&expr);
      }
      return;
    }
    if (expr.args.size() != 1 || expr.args[0]->kind != Kind::literal) return;
    bool good = true;
    if (expr.name == "timestamp" && expr.args[0]->literal.get<std::int64_t>() != nullptr) {
      good = !expr.overloads.front()->run(Args(&expr.args[0]->literal, 1)).is_error();
    }
    const std::string_view text = literal(expr.args[0]) ? expr.args[0]->literal.text() : "";
    if (!literal(expr.args[0])) {
      // numbers were looked at above
    } else if (expr.name == "matches") {
      expr.pattern = compile_pattern(text);
      good = expr.pattern != nullptr;
    } else if (expr.name == "duration") {
      good = parse_duration(text).has_value();
    } else if (expr.name == "timestamp") {
      good = !expr.overloads.front()->run(Args(&expr.args[0]->literal, 1)).is_error();
    }
    if (!good) {
      invalid_.push_back({expr.args[0]->position, fmt::format("invalid {} argument", expr.name)});
    }
  }

 public:
  /// What is checked only in sources that are otherwise right.
  void validate() {
    for (const Expr& expr : program_.nodes) {
      if (expr.type != nullptr && !in_format(expr)) check_homogeneous(expr);
    }
    for (const Expr* expr : formats_) {
      if (auto problem = check_format(*expr)) invalid_.push_back(std::move(*problem));
    }
    errors_.insert(errors_.end(), invalid_.begin(), invalid_.end());
  }

 private:
  [[nodiscard]] static bool contains(const Expr& tree, const Expr& part) {
    if (&tree == &part) return true;
    const auto within = [&](const Expr* child) {
      return child != nullptr && contains(*child, part);
    };
    return within(tree.target) || std::any_of(tree.args.begin(), tree.args.end(), within) ||
           within(tree.loop.range) || within(tree.loop.accu_init) || within(tree.loop.step) ||
           within(tree.loop.result);
  }
  [[nodiscard]] bool in_format(const Expr& expr) const {
    return std::any_of(format_calls_.begin(), format_calls_.end(),
                       [&](const Expr* call) { return contains(*call, expr); });
  }
  /// Elements have one type, and dyn is one of its own.
  void check_homogeneous(const Expr& expr) {
    if (expr.kind != Kind::list && expr.kind != Kind::map) return;
    const std::size_t width = expr.kind == Kind::map ? 2 : 1;
    for (std::size_t part = 0; part < width; ++part) {
      TypePtr first;
      for (std::size_t i = part; i < expr.args.size(); i += width) {
        TypePtr type = expr.args[i]->type;
        if (part + 1 == width && expr.optional[i / width] && type->kind == TypeKind::optional) {
          type = type->parameters[0];
        }
        if (first == nullptr) first = type;
        if (same(*first, *type)) continue;
        invalid_.push_back(
            {expr.args[i]->position, fmt::format("expected type '{}' but found '{}'",
                                                 to_string(*first), to_string(*type))});
        break;
      }
    }
  }

  Compiled& program_;
  std::vector<Message>& errors_;
  Inference types_;
  std::vector<Name> scope_;
  std::vector<const Expr*> format_calls_;
  std::vector<const Expr*> formats_;  ///< of those, the ones with a literal format and a list
  std::vector<Message> invalid_;
};

}  // namespace

void check(Compiled& program, std::vector<Message>& errors) {
  Checker checker(program, errors);
  checker.run();
  if (errors.empty()) checker.validate();
}

}  // namespace windlass::inline v0::cel
