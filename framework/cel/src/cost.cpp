// What expressions cost: estimated from the types' bounds, and counted while evaluating. Units,
// factors and the order of the sums are kube-apiserver's, so that the same rules are refused.

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "functions.hpp"

namespace windlass::inline v0::cel {

namespace {

using U = std::uint64_t;
using Kind = Expr::Kind;
using TypeKind = Type::Kind;

constexpr U kMaximum = std::numeric_limits<U>::max();
constexpr double kTraversal = 0.1;
constexpr double kPattern = 0.25;
constexpr U kList = 10, kMap = 30;

U add(U a, U b) { return a > kMaximum - b ? kMaximum : a + b; }
U multiply(U a, U b) { return b != 0 && a > kMaximum / b ? kMaximum : a * b; }
U scale(U number, double factor) {
  const double out = std::ceil(static_cast<double>(number) * factor);
  return out >= 18446744073709551616.0 ? kMaximum : static_cast<U>(out);
}

/// A size or a cost: at least and at most.
using Range = Cost;
Range operator+(const Range& a, const Range& b) { return {add(a.min, b.min), add(a.max, b.max)}; }
Range operator*(const Range& a, const Range& b) {
  return {multiply(a.min, b.min), multiply(a.max, b.max)};
}
Range operator*(const Range& a, double factor) {
  return {scale(a.min, factor), scale(a.max, factor)};
}
Range fixed(U number) { return {number, number}; }
Range join(const Range& a, const Range& b) {
  return {std::min(a.min, b.min), std::max(a.max, b.max)};
}
constexpr Range kUnknown{0, kMaximum};

/// Sizes of what a list or map holds.
struct Entries {
  TypeKind container = TypeKind::list;
  Range key, value;
};

/// Where in the object a value comes from. Upstream drops the first part of such a path and looks
/// up the rest from the rule's own type: so what is reached from a value of unknown origin counts
/// as reached from the top.
struct Origin {
  bool known = false;
  const Type* type = nullptr;  ///< nullptr: there is no such part
};

/// What is known of a node: how large its value is, what its entries are like, its origin.
struct Node {
  std::optional<Range> size;
  std::optional<Entries> entries;
  Origin origin;
};

bool is_scalar(const Type& type) {
  switch (type.kind) {
    case TypeKind::boolean:
    case TypeKind::real:
    case TypeKind::duration:
    case TypeKind::integer:
    case TypeKind::timestamp:
    case TypeKind::unsigned_:
      return true;
    case TypeKind::optional:
      return is_scalar(*type.parameters[0]);
    default:
      return false;
  }
}

U count_characters(std::string_view text) {
  return static_cast<U>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

class Estimator {
 public:
  explicit Estimator(const Compiled& program) : program_(program) {
    const auto& variables = program.declarations.variables;
    if (!variables.empty() && variables.front().type->schema) top_ = variables.front().type.get();
    for (std::size_t i = 0; i < variables.size(); ++i) {
      slots_.push_back({.size = {}, .entries = {}, .origin = {true, top_}});
    }
    slots_.resize(static_cast<std::size_t>(program.slots));
  }

  Range run() { return cost(*program_.root); }

 private:
  Node& node(const Expr& expr) { return nodes_[&expr]; }

  Range cost(const Expr& expr) {
    switch (expr.kind) {
      case Kind::literal:
        return fixed(0);
      case Kind::ident:
        if (expr.slot >= 0) node(expr) = slots_[static_cast<std::size_t>(expr.slot)];
        return fixed(1);
      case Kind::select:
        return select(expr);
      case Kind::call:
        return call(expr);
      case Kind::list:
        return list(expr);
      case Kind::map:
        return map(expr);
      case Kind::loop:
        return loop(expr);
      case Kind::message:
        break;
    }
    return fixed(0);
  }

  static std::optional<Range> literal_size(const Expr& expr) {
    if (expr.kind == Kind::list) return fixed(expr.args.size());
    if (expr.kind == Kind::map) return fixed(expr.args.size() / 2);
    if (expr.kind != Kind::literal) return std::nullopt;
    if (const auto* text = expr.literal.get<String>()) return fixed(count_characters(text->view));
    if (const auto* bytes = expr.literal.get<Bytes>()) return fixed(bytes->view.size());
    return fixed(1);
  }
  std::optional<Range> known_size(const Expr& expr) {
    const Node& known = node(expr);
    if (known.size && expr.kind != Kind::ident) return known.size;
    if (auto out = literal_size(expr)) return out;
    if (known.origin.type != nullptr) {
      return Range{0, static_cast<U>(known.origin.type->max_elements)};
    }
    if (is_scalar(*expr.type)) return fixed(1);
    return known.size;
  }
  Range size(const Expr& expr) { return known_size(expr).value_or(kUnknown); }

  Range select(const Expr& expr) {
    Range out = cost(*expr.target);
    if (expr.test_only) return out;
    const TypeKind kind = expr.target->type->kind;
    if (kind == TypeKind::map || kind == TypeKind::object || kind == TypeKind::parameter) {
      out = out + fixed(1);
    }
    node(expr).origin = member(node(*expr.target).origin, expr.name);
    return out;
  }
  [[nodiscard]] Origin member(const Origin& origin, std::string_view name) const {
    if (!origin.known) return {true, top_};
    if (origin.type == nullptr || origin.type->kind != TypeKind::object) return {true, nullptr};
    const Property* property = origin.type->property(name);
    return {true, property == nullptr || !property->exposed ? nullptr : property->type.get()};
  }
  [[nodiscard]] Origin element(const Origin& origin) const {
    if (!origin.known) return {true, top_};
    const bool holds = origin.type != nullptr &&
                       (origin.type->kind == TypeKind::list || origin.type->kind == TypeKind::map);
    return {true, holds ? origin.type->parameters.back().get() : nullptr};
  }
  [[nodiscard]] Origin key(const Origin& origin) const {
    if (!origin.known) return {true, top_};
    const bool is_map = origin.type != nullptr && origin.type->kind == TypeKind::map;
    return {true, is_map ? origin.type->parameters.front().get() : nullptr};
  }
  Range list(const Expr& expr) {
    Range out, item{expr.args.empty() ? 0 : kMaximum, 0};
    for (const Expr* arg : expr.args) {
      out = out + cost(*arg);
      item = join(item, size(*arg));
    }
    node(expr).entries = Entries{TypeKind::list, fixed(1), item};
    return out + fixed(kList);
  }
  Range map(const Expr& expr) {
    const U none = expr.args.empty() ? 0 : kMaximum;
    Range out, key{none, 0}, value{none, 0};
    for (std::size_t i = 0; i < expr.args.size(); ++i) {
      out = out + cost(*expr.args[i]);
      Range& part = i % 2 == 0 ? key : value;
      part = join(part, size(*expr.args[i]));
    }
    node(expr).entries = Entries{TypeKind::map, key, value};
    return out + fixed(kMap);
  }

  Range loop(const Expr& expr) {
    const Loop& loop = expr.loop;
    Range out = cost(*loop.range) + cost(*loop.accu_init);
    Node accu = node(*loop.accu_init);
    accu.size = known_size(*loop.accu_init);
    slot(loop.accu_slot) = accu;
    const bool binds =
        loop.range->kind == Kind::list && loop.range->args.empty() && loop.accu_var != kAccumulator;
    if (binds) {
      out = out + cost(*loop.result);
      node(expr).size = known_size(*loop.result);
      node(expr).entries = node(*loop.result).entries;
      return out;
    }
    push_iteration(loop);
    const Range turn = cost(*loop.condition) + cost(*loop.step);
    out = out + cost(*loop.result);
    const Range turns = size(*loop.range);
    out = out + turns * turn;
    if (loop.accu_init->kind == Kind::literal) {
      node(expr).size = known_size(*loop.accu_init);
    } else {
      node(expr).size = turns;
      node(expr).entries = node(*loop.step).entries;
    }
    return out;
  }

  void push_iteration(const Loop& loop) {
    const Node range = node(*loop.range);
    const TypeKind container = range.entries ? range.entries->container : loop.range->type->kind;
    const bool is_list = container == TypeKind::list;
    Node key, value;
    if (range.entries) {
      key.size = range.entries->key;
      value.size = range.entries->value;
    }
    value.origin = element(range.origin);
    key.origin = is_list ? Origin{true, nullptr} : this->key(range.origin);
    if (loop.iter2_slot >= 0) {
      slot(loop.iter_slot) = key;
      slot(loop.iter2_slot) = value;
    } else {
      slot(loop.iter_slot) = is_list ? value : key;
    }
  }
  Node& slot(int index) { return slots_[static_cast<std::size_t>(index)]; }

  // ---- calls

  Range call(const Expr& expr) {
    if (expr.name == "dyn") {
      const Range out = cost(*expr.args[0]) + fixed(1);
      node(expr).size = known_size(*expr.args[0]);
      node(expr).entries = node(*expr.args[0]).entries;
      return out;
    }
    std::vector<Range> costs;
    Range arguments;
    for (const Expr* arg : expr.args) {
      costs.push_back(cost(*arg));
      arguments = arguments + costs.back();
    }
    Range out;
    if (expr.target != nullptr) out = cost(*expr.target);
    Range function{kMaximum, 0};
    std::optional<Range> result;
    for (const Overload* overload : expr.overloads) {
      std::optional<Range> overload_size;
      function = join(function, price(expr, *overload, costs, arguments, overload_size));
      if (overload_size) result = result ? join(*result, *overload_size) : *overload_size;
      if (overload->special == Special::index && overload->price == Price::index) {
        const Node& container = node(*expr.args[0]);
        result = container.entries ? std::optional(container.entries->value) : std::nullopt;
        node(expr).origin = element(container.origin);
      }
      if (!result) result = known_size(expr);
    }
    if (result) node(expr).size = result;
    return out + function;
  }

  /// The cost of one overload with its arguments'; `result` gets the size of what it yields.
  Range price(const Expr& expr, const Overload& overload, const std::vector<Range>& costs,
              const Range& arguments, std::optional<Range>& result) {
    const auto& args = expr.args;
    const Expr* target = expr.target;
    const Expr& first = target != nullptr ? *target : expr.args.empty() ? expr : *args[0];
    const auto plus = [&](const Range& own) { return own + arguments; };
    switch (overload.price) {
      case Price::logical:
        return {costs[0].min, add(costs[0].max, costs[1].max)};
      case Price::conditional: {
        result = join(size(*args[1]), size(*args[2]));
        const auto &yes = node(*args[1]).entries, &no = node(*args[2]).entries;
        if (yes && no) {
          node(expr).entries =
              Entries{yes->container, join(yes->key, no->key), join(yes->value, no->value)};
        }
        return costs[0] + join(costs[1], costs[2]);
      }
      case Price::compare:
        return plus(comparison(*args[0], *args[1]));
      case Price::add_list:
      case Price::add_text: {
        const Range sum = size(*args[0]) + size(*args[1]);
        result = sum;
        const auto &a = node(*args[0]).entries, &b = node(*args[1]).entries;
        if (a && b) {
          node(expr).entries =
              Entries{a->container, join(a->key, b->key), join(a->value, b->value)};
        }
        return plus(overload.price == Price::add_list ? fixed(1) : sum * kTraversal);
      }
      case Price::contains:
        return plus((size(*target) * kTraversal) * (size(*args[0]) * kTraversal));
      case Price::matches:
      case Price::find: {
        if (overload.price == Price::find) result = Range{0, size(*target).max};
        const Range text = (size(*target) + fixed(1)) * kTraversal;
        return plus(text * (size(*args[0]) * kPattern));
      }
      case Price::prefix:
        return plus(size(*args[0]) * kTraversal);
      case Price::in_list:
        return plus(size(*args[1]));
      case Price::format:
        return plus(size(*target) * kTraversal);
      case Price::convert_bytes:
        result = Range{size(first).min, multiply(size(first).max, 4)};
        return plus(size(first) * kTraversal);
      case Price::convert_text:
        result = Range{size(first).min / 4, size(first).max};
        return plus(size(first) * kTraversal);
      case Price::quote:
        return plus(size(first) * kTraversal);
      case Price::parse:
        return plus(size(*args[0]) * kTraversal);
      case Price::parse_url:
        result = size(*args[0]);
        return plus(size(*args[0]) * kTraversal);
      case Price::parse_twice:
        return plus(size(*args[0]) * (2 * kTraversal));
      case Price::transform:
        result = size(first);
        return plus(size(first) * kTraversal);
      case Price::replace:
        result = replaced(size(first), size(*args[0]), size(*args[1]));
        return plus(size(first) * (2 * kTraversal));
      case Price::split: {
        U parts = size(first).max;
        if (args.size() > 1 && args[1]->kind == Kind::literal) {
          if (const auto* limit = args[1]->literal.get<std::int64_t>())
            parts = static_cast<U>(*limit);
        }
        result = Range{0, parts};
        return plus(size(first) * (2 * kTraversal));
      }
      case Price::join:
        return plus(joined(first, args.empty() ? nullptr : args[0], result));
      case Price::list_walk:
        return plus(walk(first));
      case Price::contains_ip:
      case Price::contains_cidr: {
        const Range bytes{4, 16};
        Range own = (bytes + bytes) * kTraversal;
        if (overload.price == Price::contains_cidr) own = own + bytes * kTraversal + fixed(1);
        if (overload.parameters[1]->kind == TypeKind::string)
          own = own + size(*args[0]) * kTraversal;
        return plus(own);
      }
      case Price::validate:
        return plus((size(*args[0]) * kTraversal) * (128 * kPattern));
      case Price::sets:
      case Price::sets_twice: {
        const double factor = overload.price == Price::sets_twice ? 2 : 1;
        return plus((size(*args[0]) * size(*args[1])) * factor + fixed(1));
      }
      case Price::slice: {
        const U start = literal_count(*args[0], 0);
        const U end = literal_count(*args[1], size(first).max);
        return plus(allocated(1, fixed(end - start), result));
      }
      case Price::range:
        return plus(allocated(1, fixed(literal_count(*args[0], kMaximum)), result));
      case Price::output_list:
        return plus(allocated(1, size(first), result));
      case Price::flatten: {
        const U depth = args.empty() ? 1 : literal_count(*args[0], kMaximum);
        return plus(allocated(static_cast<double>(depth), size(first), result));
      }
      case Price::distinct:
        return plus(allocated(2, size(first) * size(first), result));
      case Price::sort: {
        const Expr& keys = args.empty() ? first : *args[0];
        const TypeKind kind = overload.parameters.back()->parameters[0]->kind;
        const bool text = kind == TypeKind::string || kind == TypeKind::bytes;
        return plus(allocated(text ? 2 + kTraversal : 2, size(keys) * size(keys), result));
      }
      case Price::index:
      case Price::unit:
        break;
    }
    return plus(fixed(1));
  }

  static Range allocated(double factor, const Range& items, std::optional<Range>& result) {
    result = items;
    return items * factor + fixed(1) + fixed(kList);
  }
  static U literal_count(const Expr& expr, U otherwise) {
    if (expr.kind != Kind::literal) return otherwise;
    const auto* number = expr.literal.get<std::int64_t>();
    if (number == nullptr) return otherwise;
    return *number < 0 ? 0 : static_cast<U>(*number);
  }

  Range comparison(const Expr& a, const Expr& b) {
    const Type &left = *a.type, &right = *b.type;
    if (left.kind == TypeKind::opaque && right.kind == TypeKind::opaque &&
        left.name == right.name) {
      if (left.name == "kubernetes.NamedFormat") return Range{1, 64} * kTraversal;
      if (left.name == "kubernetes.URL") return Range{1, size(b).max} * kTraversal;
      return fixed(1);
    }
    const U smallest = std::min(size(a).max, size(b).max);
    return Range{smallest > 0 ? U{1} : U{0}, smallest} * kTraversal;
  }

  Range walk(const Expr& list) {
    if (list.type->parameters.empty()) return size(list) * kTraversal;
    Range each = fixed(1);
    const TypeKind kind = list.type->parameters[0]->kind;
    if (kind == TypeKind::string || kind == TypeKind::bytes) {
      each = each + element_size(list) * kTraversal;
    }
    return size(list) * each;
  }
  Range element_size(const Expr& list) {
    if (!node(list).origin.known) return kUnknown;
    const Type* type = element(node(list).origin).type;
    return type == nullptr ? kUnknown : Range{0, static_cast<U>(type->max_elements)};
  }

  Range joined(const Expr& list, const Expr* separator, std::optional<Range>& result) {
    const Range count = size(list);
    Range out = count * element_size(list);
    if (separator != nullptr) {
      const Range gaps{count.min > 0 ? count.min - 1 : 0, count.max > 0 ? count.max - 1 : 0};
      out = out + size(*separator) * gaps;
    }
    result = out;
    return out * kTraversal;
  }

  static Range replaced(const Range& text, const Range& old, const Range& fresh) {
    Range count, kept;
    const auto parts = [](U whole, U part) {
      return static_cast<U>(
          std::min(std::ceil(static_cast<double>(whole) / static_cast<double>(part)),
                   18446744073709549568.0));
    };
    if (old.min == 0) {
      count.max = add(text.max, 1);
      kept.max = text.max;
    } else if (fresh.max <= old.min) {
      kept.max = text.max;
    } else {
      count.max = parts(text.max, old.min);
    }
    if (old.max == 0) {
      count.min = add(text.min, 1);
      kept.min = text.min;
    } else if (old.max <= fresh.min) {
      kept.min = text.min;
    } else {
      count.min = parts(text.min, old.max);
    }
    return count * fresh + kept;
  }

  const Compiled& program_;
  const Type* top_ = nullptr;
  std::vector<Node> slots_;
  std::map<const Expr*, Node> nodes_;
};

U traversal(const Value& value) {
  if (const auto* text = value.get<String>()) {
    return static_cast<U>(static_cast<double>(text->view.size()) * kTraversal);
  }
  if (const auto* bytes = value.get<Bytes>()) {
    return static_cast<U>(static_cast<double>(bytes->view.size()) * kTraversal);
  }
  U out = 0;
  if (value.is_list()) {
    for (std::size_t i = 0; i < value.size(); ++i) out += traversal(value.at(i));
    return out;
  }
  if (value.is_map()) {
    value.each([&](const Value& key, const Value& entry) {
      out += traversal(key) + traversal(entry);
      return true;
    });
    return out;
  }
  return 1;
}

}  // namespace

Cost estimate_cost(const Compiled& program) { return Estimator(program).run(); }

std::uint64_t cost_size(const Value& value) {
  if (const auto* text = value.get<String>()) return count_characters(text->view);
  if (const auto* bytes = value.get<Bytes>()) return bytes->view.size();
  if (value.is_list() || value.is_map()) return value.size();
  if (const auto* wrapped = value.get<Optional>();
      wrapped != nullptr && wrapped->value != nullptr) {
    return cost_size(*wrapped->value);
  }
  return 1;
}

bool depends_on_result(Price price) {
  return price == Price::join || price == Price::slice || price == Price::range ||
         price == Price::output_list;
}

std::uint64_t call_cost(const Overload& overload, Args args, const Value& result) {
  const auto part = [&](std::size_t i, double factor) { return scale(cost_size(args[i]), factor); };
  const auto allocated = [](double factor, U items) {
    return static_cast<U>(std::clamp(static_cast<double>(items) * factor, 0.0, 1e18)) + 1 + kList;
  };
  const auto is_text = [](const Value& value) {
    return value.get<String>() != nullptr || value.get<Bytes>() != nullptr;
  };
  switch (overload.price) {
    case Price::add_text:
      return scale(cost_size(args[0]) + cost_size(args[1]), kTraversal);
    case Price::compare:
      if (args[0].kind() == TypeKind::opaque) return 1;
      return scale(std::min(cost_size(args[0]), cost_size(args[1])), kTraversal);
    case Price::contains:
      return part(0, kTraversal) * part(1, kTraversal);
    case Price::matches:
    case Price::find:
      return scale(cost_size(args[0]) + 1, kTraversal) * part(1, kPattern);
    case Price::prefix:
    case Price::format:
    case Price::convert_bytes:
    case Price::convert_text:
    case Price::quote:
    case Price::parse:
    case Price::parse_url:
    case Price::transform:
      return part(0, kTraversal);
    case Price::parse_twice:
    case Price::replace:
    case Price::split:
      return part(0, 2 * kTraversal);
    case Price::join:
      return scale(cost_size(result), 2 * kTraversal);
    case Price::in_list:
      return cost_size(args[1]);
    case Price::list_walk:
      return traversal(args[0]);
    case Price::contains_ip:
    case Price::contains_cidr: {
      const bool text = args[1].get<String>() != nullptr;
      const U other = text ? part(1, kTraversal) : 0;
      return 1 + other + (overload.price == Price::contains_cidr ? 2 : 0);
    }
    case Price::validate:
      return scale(cost_size(args[1]) + 1, kTraversal) * scale(60, kPattern);
    case Price::sets:
      return 1 + cost_size(args[0]) * cost_size(args[1]);
    case Price::sets_twice:
      return 1 + 2 * cost_size(args[0]) * cost_size(args[1]);
    case Price::slice:
    case Price::range:
    case Price::output_list:
      return allocated(1, cost_size(result));
    case Price::flatten:
      return allocated(args.size() == 2 ? static_cast<double>(args[1].as<std::int64_t>()) : 1,
                       cost_size(args[0]));
    case Price::distinct:
    case Price::sort: {
      const Value& keys = args[overload.price == Price::sort ? args.size() - 1 : 0];
      const U items = cost_size(keys);
      const double factor = items > 0 && is_text(keys.at(0)) ? 2 + kTraversal : 2;
      return allocated(factor, multiply(items, items));
    }
    default:
      return 1;
  }
}

}  // namespace windlass::inline v0::cel
