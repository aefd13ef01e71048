// Lists and sets.

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "functions.hpp"

namespace windlass::inline v0::cel {

namespace {

using I = std::int64_t;

bool same(const Value& a, const Value& b) {
  const Value out = equal(a, b);
  return out.get<bool>() != nullptr && out.as<bool>();
}
std::vector<Value> items_of(const Value& list) {
  std::vector<Value> out;
  out.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) out.push_back(list.at(i));
  return out;
}

/// Lists that no cost limit allows are not made first.
constexpr std::int64_t kMaximumItems = 1'000'000;
Value too_large() {
  return Value::error(fmt::format("lists have at most {} elements", kMaximumItems));
}

Value is_sorted(Args args) {
  for (std::size_t i = 1; i < args[0].size(); ++i) {
    const auto order = compare(args[0].at(i - 1), args[0].at(i));
    if (!order) return no_such_overload();
    if (*order > 0) return false;
  }
  return true;
}

template <class T>
Value sum_integers(const Value& list) {
  T total = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Value item = list.at(i);
    const T* number = item.get<T>();
    if (number == nullptr) return item.is_error() ? item : no_such_overload();
    if (__builtin_add_overflow(total, *number, &total)) {
      return Value::error(std::is_signed_v<T> ? "integer overflow" : "unsigned integer overflow");
    }
  }
  return total;
}
Value sum_int(Args args) {
  // a list that is only known as dynamic decides by its elements
  if (args[0].size() == 0) return I{0};
  const Value first = args[0].at(0);
  if (first.get<std::uint64_t>() != nullptr) return sum_integers<std::uint64_t>(args[0]);
  if (first.get<double>() != nullptr) {
    double total = 0;
    for (std::size_t i = 0; i < args[0].size(); ++i) {
      const Value item = args[0].at(i);
      if (item.get<double>() == nullptr) return item.is_error() ? item : no_such_overload();
      total += item.as<double>();
    }
    return total;
  }
  if (first.get<Duration>() != nullptr) {
    Duration total;
    for (std::size_t i = 0; i < args[0].size(); ++i) {
      const Value item = args[0].at(i);
      if (item.get<Duration>() == nullptr) return item.is_error() ? item : no_such_overload();
      if (__builtin_add_overflow(total.nanos, item.as<Duration>().nanos, &total.nanos)) {
        return Value::error("duration overflow");
      }
    }
    return total;
  }
  return sum_integers<I>(args[0]);
}
Value sum_uint(Args args) { return args[0].size() == 0 ? Value(std::uint64_t{0}) : sum_int(args); }
Value sum_double(Args args) { return args[0].size() == 0 ? Value(0.0) : sum_int(args); }
Value sum_duration(Args args) { return args[0].size() == 0 ? Value(Duration{}) : sum_int(args); }

template <int Sign>
Value extreme(Args args) {
  if (args[0].size() == 0) {
    return Value::error(fmt::format("{} called on empty list", Sign < 0 ? "min" : "max"));
  }
  Value best = args[0].at(0);
  for (std::size_t i = 1; i < args[0].size(); ++i) {
    Value item = args[0].at(i);
    const auto order = compare(item, best);
    if (!order) return no_such_overload();
    if (*order == Sign) best = std::move(item);
  }
  return best;
}

Value index_of(Args args) {
  for (std::size_t i = 0; i < args[0].size(); ++i) {
    if (same(args[0].at(i), args[1])) return static_cast<I>(i);
  }
  return I{-1};
}
Value last_index_of(Args args) {
  for (std::size_t i = args[0].size(); i-- > 0;) {
    if (same(args[0].at(i), args[1])) return static_cast<I>(i);
  }
  return I{-1};
}

Value slice(Args args) {
  const I start = args[1].as<I>(), end = args[2].as<I>();
  const auto size = static_cast<I>(args[0].size());
  const auto refuse = [&](std::string_view why) {
    return Value::error(fmt::format("cannot slice({}, {}), {}", start, end, why));
  };
  if (start < 0 || end < 0) return refuse("negative indexes not supported");
  if (start > end) return refuse("start index must be less than or equal to end index");
  if (size < end) return refuse(fmt::format("list is length {}", size));
  std::vector<Value> out;
  for (I i = start; i < end; ++i) out.push_back(args[0].at(static_cast<std::size_t>(i)));
  return Value::list(std::move(out));
}

void flatten_into(const Value& list, I depth, std::vector<Value>& out) {
  for (std::size_t i = 0; i < list.size() && out.size() <= std::size_t{kMaximumItems}; ++i) {
    Value item = list.at(i);
    if (depth > 0 && item.is_list()) {
      flatten_into(item, depth - 1, out);
    } else {
      out.push_back(std::move(item));
    }
  }
}
Value flatten(Args args) {
  const I depth = args.size() == 2 ? args[1].as<I>() : 1;
  if (depth < 0) return Value::error("level must be non-negative");
  std::vector<Value> out;
  flatten_into(args[0], depth, out);
  if (out.size() > std::size_t{kMaximumItems}) return too_large();
  return Value::list(std::move(out));
}

Value sort_by_keys(Args args) {
  const Value& list = args[0];
  const Value& keys = args.back();
  if (list.size() != keys.size()) {
    return Value::error(fmt::format(
        "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but "
        "got {} and {} elements respectively",
        list.size(), keys.size()));
  }
  const std::vector<Value> key = items_of(keys);
  for (const Value& item : key) {
    if (item.kind() != key.front().kind()) {
      return Value::error("list elements must have the same type");
    }
  }
  std::vector<std::size_t> order(key.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return compare(key[a], key[b]).value_or(0) < 0;
  });
  std::vector<Value> out;
  for (const std::size_t i : order) out.push_back(list.at(i));
  return Value::list(std::move(out));
}

Value range(Args args) {
  const I count = std::max<I>(args[0].as<I>(), 0);
  if (count > kMaximumItems) return too_large();
  std::vector<Value> out;
  out.reserve(static_cast<std::size_t>(count));
  for (I i = 0; i < count; ++i) out.emplace_back(i);
  return Value::list(std::move(out));
}
Value reverse(Args args) {
  std::vector<Value> out = items_of(args[0]);
  std::reverse(out.begin(), out.end());
  return Value::list(std::move(out));
}
Value distinct(Args args) {
  std::vector<Value> out;
  for (Value& item : items_of(args[0])) {
    if (std::none_of(out.begin(), out.end(), [&](const Value& known) { return same(known, item); }))
      out.push_back(std::move(item));
  }
  return Value::list(std::move(out));
}

bool includes(const Value& list, const Value& part) {
  for (std::size_t i = 0; i < part.size(); ++i) {
    const Value found = contains_value(list, part.at(i));
    if (found.get<bool>() == nullptr || !found.as<bool>()) return false;
  }
  return true;
}
Value sets_contains(Args args) { return includes(args[0], args[1]); }
Value sets_equivalent(Args args) {
  return includes(args[0], args[1]) && includes(args[1], args[0]);
}
Value sets_intersects(Args args) {
  for (std::size_t i = 0; i < args[0].size(); ++i) {
    const Value found = contains_value(args[1], args[0].at(i));
    if (found.get<bool>() != nullptr && found.as<bool>()) return true;
  }
  return false;
}

constexpr Row kRows[] = {
    {"sum", "list(int).() int", sum_int, Price::list_walk},
    {"sum", "list(uint).() uint", sum_uint, Price::list_walk},
    {"sum", "list(double).() double", sum_double, Price::list_walk},
    {"sum", "list(duration).() duration", sum_duration, Price::list_walk},
    {"indexOf", "list(A).(A) int", index_of, Price::list_walk},
    {"lastIndexOf", "list(A).(A) int", last_index_of, Price::list_walk},
    {"slice", "list(T).(int, int) list(T)", slice, Price::slice},
    {"flatten", "list(list(T)).() list(T)", flatten, Price::flatten},
    {"flatten", "list(dyn).(int) list(dyn)", flatten, Price::flatten},
    {"lists.range", "(int) list(int)", range, Price::range},
    {"reverse", "list(T).() list(T)", reverse, Price::output_list},
    {"distinct", "list(T).() list(T)", distinct, Price::distinct},
    {"sets.contains", "(list(T), list(T)) bool", sets_contains, Price::sets},
    {"sets.equivalent", "(list(T), list(T)) bool", sets_equivalent, Price::sets_twice},
    {"sets.intersects", "(list(T), list(T)) bool", sets_intersects, Price::sets},
};

/// What can be ordered, for isSorted, min, max, sort and sortBy.
constexpr std::array<std::string_view, 8> kComparable = {
    "int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"};

struct Rows {
  std::vector<std::string> signatures;
  std::vector<Row> rows{std::begin(kRows), std::end(kRows)};

  Rows() {
    signatures.reserve(kComparable.size() * 4);
    for (const std::string_view type : kComparable) {
      const auto keep = [&](std::string text) -> std::string_view {
        return signatures.emplace_back(std::move(text));
      };
      rows.push_back(
          {"isSorted", keep(fmt::format("list({}).() bool", type)), is_sorted, Price::list_walk});
      const auto one = keep(fmt::format("list({0}).() {0}", type));
      rows.push_back({"min", one, extreme<-1>, Price::list_walk});
      rows.push_back({"max", one, extreme<1>, Price::list_walk});
      rows.push_back(
          {"sort", keep(fmt::format("list({0}).() list({0})", type)), sort_by_keys, Price::sort});
      rows.push_back({"@sortByAssociatedKeys",
                      keep(fmt::format("list(T).(list({})) list(T)", type)), sort_by_keys,
                      Price::sort});
    }
  }
};

}  // namespace

std::span<const Row> list_rows() {
  static const Rows rows;
  return rows.rows;
}

}  // namespace windlass::inline v0::cel
