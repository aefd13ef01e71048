// Operators, conversions, sizes, optional values.

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "functions.hpp"

namespace windlass::inline v0::cel {

using Kind = Type::Kind;
using I = std::int64_t;
using U = std::uint64_t;

std::string runtime_name(const Type& type) {
  switch (type.kind) {
    case Kind::timestamp:
      return "google.protobuf.Timestamp";
    case Kind::duration:
      return "google.protobuf.Duration";
    case Kind::null:
      return "null_type";
    default: {
      const std::string name = to_string(type);
      return name.substr(0, name.find('('));
    }
  }
}

std::string to_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  // the shortest digits, as Go's 'g' format: with an exponent below 1e-4 and from 1e6 on
  std::array<char, 40> buffer{};
  const auto print = [&](std::chars_format format) {
    const auto [end, error] =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, format);
    return std::string(buffer.data(), end);
  };
  std::string out = print(std::chars_format::scientific);
  const int exponent = std::atoi(out.c_str() + out.find('e') + 1);
  const bool plain = exponent >= -4 && exponent < 6;
  return plain ? print(std::chars_format::fixed) : out;
}

std::string show(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return value.as<bool>() ? "true" : "false";
    case Kind::integer:
      return std::to_string(value.as<I>());
    case Kind::unsigned_:
      return std::to_string(value.as<U>());
    case Kind::real:
      return to_text(value.as<double>());
    case Kind::string:
      return std::string(value.text());
    case Kind::bytes:
      return std::string(value.as<Bytes>().view);
    case Kind::timestamp:
      return to_text(value.as<Timestamp>());
    case Kind::duration:
      return to_text(value.as<Duration>());
    case Kind::type:
      return runtime_name(*value.as<TypePtr>());
    case Kind::opaque:
      return value.as<std::shared_ptr<const Opaque>>()->text();
    case Kind::error:
      return value.message();
    case Kind::list: {
      std::string out = "[";
      for (std::size_t i = 0; i < value.size(); ++i) {
        out += (i == 0 ? "" : ", ") + show(value.at(i));
      }
      return out + "]";
    }
    case Kind::map: {
      std::string out;
      value.each([&](const Value& key, const Value& entry) {
        out += (out.empty() ? "{" : ", ") + show(key) + ": " + show(entry);
        return true;
      });
      return out.empty() ? "{}" : out + "}";
    }
    default:
      return to_string(*type_of(value));
  }
}

namespace {

// ---- arithmetic

Value overflow(bool is_signed) {
  return Value::error(is_signed ? "integer overflow" : "unsigned integer overflow");
}

template <class T, bool (*Builtin)(T, T, T*)>
Value checked(Args args) {
  T out{};
  if (Builtin(args[0].as<T>(), args[1].as<T>(), &out)) return overflow(std::is_signed_v<T>);
  return out;
}
template <class T>
bool add(T a, T b, T* out) {
  return __builtin_add_overflow(a, b, out);
}
template <class T>
bool subtract(T a, T b, T* out) {
  return __builtin_sub_overflow(a, b, out);
}
template <class T>
bool multiply(T a, T b, T* out) {
  return __builtin_mul_overflow(a, b, out);
}

template <class T>
Value divide(Args args) {
  const T a = args[0].as<T>(), b = args[1].as<T>();
  if (b == 0) return Value::error("division by zero");
  if constexpr (std::is_signed_v<T>) {
    if (b == -1 && a == std::numeric_limits<T>::min()) return overflow(true);
  }
  return static_cast<T>(a / b);
}
template <class T>
Value modulo(Args args) {
  const T a = args[0].as<T>(), b = args[1].as<T>();
  if (b == 0) return Value::error("modulus by zero");
  if constexpr (std::is_signed_v<T>) {
    if (b == -1 && a == std::numeric_limits<T>::min()) return overflow(true);
  }
  return static_cast<T>(a % b);
}
Value add_double(Args args) { return args[0].as<double>() + args[1].as<double>(); }
Value subtract_double(Args args) { return args[0].as<double>() - args[1].as<double>(); }
Value multiply_double(Args args) { return args[0].as<double>() * args[1].as<double>(); }
[[clang::no_sanitize("float-divide-by-zero")]] Value divide_double(Args args) {
  return args[0].as<double>() / args[1].as<double>();
}
Value negate_int(Args args) {
  I out = 0;
  if (__builtin_sub_overflow(I{0}, args[0].as<I>(), &out)) return overflow(true);
  return out;
}
Value negate_double(Args args) { return -args[0].as<double>(); }
Value logical_not(Args args) { return !args[0].as<bool>(); }

Value add_string(Args args) {
  return Value::string(std::string(args[0].text()) + std::string(args[1].text()));
}
Value add_bytes(Args args) {
  return Value::bytes(std::string(args[0].as<Bytes>().view) +
                      std::string(args[1].as<Bytes>().view));
}

/// Lists with keys or of unique elements are joined as such.
Value join_lists(const Value& a, const Value& b, Type::List kind,
                 const std::vector<std::string>& keys) {
  std::vector<Value> items;
  for (std::size_t i = 0; i < a.size(); ++i) items.push_back(a.at(i));
  const std::size_t own = items.size();
  const auto same = [&](const Value& x, const Value& y) {
    if (kind == Type::List::set) {
      const Value out = equal(x, y);
      return out.get<bool>() != nullptr && out.as<bool>();
    }
    if (!x.is_map() || !y.is_map()) return false;
    for (const std::string& key : keys) {
      const Value name = Value::string(escape_property(key));
      const auto left = x.find(name), right = y.find(name);
      if (left.has_value() != right.has_value()) return false;
      if (!left) continue;
      const Value out = equal(*left, *right);
      if (out.get<bool>() == nullptr || !out.as<bool>()) return false;
    }
    return true;
  };
  for (std::size_t i = 0; i < b.size(); ++i) {
    Value item = b.at(i);
    bool known = false;
    for (std::size_t k = 0; k < items.size() && !known; ++k) {
      known = same(items[k], item);
      if (known && kind == Type::List::map && k < own) items[k] = item;
    }
    if (!known) items.push_back(std::move(item));
  }
  return Value::list(std::move(items));
}

Value add_list(Args args) {
  if (const auto* document = args[0].get<Document>();
      document != nullptr && document->type->list != Type::List::atomic) {
    return join_lists(args[0], args[1], document->type->list, document->type->map_keys);
  }
  if (const auto* own = args[0].get<List>(); own != nullptr && own->use_count() == 1) {
    // nobody else sees this list: it grows in place
    auto& items = const_cast<std::vector<Value>&>(**own);
    for (std::size_t i = 0; i < args[1].size(); ++i) items.push_back(args[1].at(i));
    return *own;
  }
  std::vector<Value> items;
  items.reserve(args[0].size() + args[1].size());
  for (const Value& list : args) {
    for (std::size_t i = 0; i < list.size(); ++i) items.push_back(list.at(i));
  }
  return Value::list(std::move(items));
}

// ---- comparison

Value equals(Args args) { return equal(args[0], args[1]); }
Value not_equals(Args args) {
  const Value same = equal(args[0], args[1]);
  return same.get<bool>() != nullptr ? Value(!same.as<bool>()) : same;
}
Value ordered(Args args, bool (*accept)(int)) {
  const auto order = compare(args[0], args[1]);
  if (order) return accept(*order);
  if (args[0].kind() == Kind::real || args[1].kind() == Kind::real) {
    return Value::error("NaN values cannot be ordered");
  }
  return no_such_overload();
}
Value less(Args args) {
  return ordered(args, [](int order) { return order < 0; });
}
Value less_equals(Args args) {
  return ordered(args, [](int order) { return order <= 0; });
}
Value greater(Args args) {
  return ordered(args, [](int order) { return order > 0; });
}
Value greater_equals(Args args) {
  return ordered(args, [](int order) { return order >= 0; });
}

Value in(Args args) { return contains_value(args[1], args[0]); }

Value size(Args args) {
  if (const auto* text = args[0].get<String>()) {
    I count = 0;
    for (const char c : text->view) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return count;
  }
  if (const auto* bytes = args[0].get<Bytes>()) return static_cast<I>(bytes->view.size());
  return static_cast<I>(args[0].size());
}

// ---- conversions

Value identity(Args args) { return args[0]; }
Value type_value(Args args) { return type_of(args[0]); }

Value conversion_error(const Value& value, std::string_view target) {
  return Value::error(fmt::format("type conversion error from '{}' to '{}'",
                                  runtime_name(*type_of(value)), target));
}

Value string_to_bool(Args args) {
  const std::string_view text = args[0].text();
  for (const std::string_view yes : {"1", "t", "T", "true", "True", "TRUE"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "false", "False", "FALSE"}) {
    if (text == no) return false;
  }
  return conversion_error(args[0], "bool");
}
Value string_to_bytes(Args args) {
  const String& text = args[0].as<String>();
  return Bytes{{text.view, text.owner}};
}
bool is_utf8(std::string_view text) { return encode_utf8(decode_utf8(text)) == text; }
Value bytes_to_string(Args args) {
  const Bytes& bytes = args[0].as<Bytes>();
  if (!is_utf8(bytes.view)) return Value::error("invalid UTF-8 in bytes, cannot convert to string");
  return String{{bytes.view, bytes.owner}};
}
Value to_string_value(Args args) { return Value::string(show(args[0])); }

template <class T>
std::optional<T> read_integer(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  T out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}
Value string_to_int(Args args) {
  const auto out = read_integer<I>(args[0].text());
  return out ? Value(*out) : conversion_error(args[0], "int");
}
Value string_to_uint(Args args) {
  const auto out = args[0].text().starts_with('+') ? std::nullopt : read_integer<U>(args[0].text());
  return out ? Value(*out) : conversion_error(args[0], "uint");
}
Value string_to_double(Args args) {
  std::string_view text = args[0].text();
  if (text.starts_with('+')) text.remove_prefix(1);
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool whole = end == text.data() + text.size() && !text.empty();
  if (error == std::errc() && whole && !text.starts_with("nan(")) return out;
  return conversion_error(args[0], "double");
}
Value double_to_int(Args args) {
  const double number = args[0].as<double>();
  if (!(number > -9223372036854775808.0 && number < 9223372036854775808.0)) return overflow(true);
  return static_cast<I>(number);
}
Value double_to_uint(Args args) {
  const double number = args[0].as<double>();
  if (!(number >= 0 && number < 18446744073709551616.0)) return overflow(false);
  return static_cast<U>(number);
}
Value int_to_double(Args args) { return static_cast<double>(args[0].as<I>()); }
Value uint_to_double(Args args) { return static_cast<double>(args[0].as<U>()); }
Value int_to_uint(Args args) {
  return args[0].as<I>() < 0 ? overflow(false) : Value(static_cast<U>(args[0].as<I>()));
}
Value uint_to_int(Args args) {
  return args[0].as<U>() > static_cast<U>(std::numeric_limits<I>::max())
             ? overflow(true)
             : Value(static_cast<I>(args[0].as<U>()));
}

// ---- optional values

Value some(const Value& value) { return Optional{std::make_shared<const Value>(value)}; }
Value optional_of(Args args) { return some(args[0]); }
Value optional_none(Args) { return Optional{}; }
Value optional_value(Args args) {
  const auto& wrapped = args[0].as<Optional>().value;
  return wrapped != nullptr ? *wrapped : Value::error("optional.none() dereference");
}
Value has_value(Args args) { return args[0].as<Optional>().value != nullptr; }

bool is_zero(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return !value.as<bool>();
    case Kind::integer:
      return value.as<I>() == 0;
    case Kind::unsigned_:
      return value.as<U>() == 0;
    case Kind::real:
      return value.as<double>() == 0;
    case Kind::string:
      return value.text().empty();
    case Kind::bytes:
      return value.as<Bytes>().view.empty();
    case Kind::duration:
      return value.as<Duration>().nanos == 0;
    case Kind::timestamp:
      return value.as<Timestamp>() == Timestamp{.seconds = -62135596800};
    case Kind::list:
      return value.get<List>() != nullptr && value.size() == 0;
    case Kind::map:
      return value.get<Map>() != nullptr && value.size() == 0;
    case Kind::optional:
      return value.as<Optional>().value == nullptr;
    default:
      return false;
  }
}
Value of_non_zero(Args args) { return is_zero(args[0]) ? Value(Optional{}) : some(args[0]); }

Value unwrap(Args args) {
  std::vector<Value> out;
  for (std::size_t i = 0; i < args[0].size(); ++i) {
    const Value item = args[0].at(i);
    const auto* wrapped = item.get<Optional>();
    if (wrapped == nullptr) {
      return Value::error(fmt::format("value {} is not optional", show(item)));
    }
    if (wrapped->value != nullptr) out.push_back(*wrapped->value);
  }
  return Value::list(std::move(out));
}
Value first(Args args) { return args[0].size() == 0 ? Value(Optional{}) : some(args[0].at(0)); }
Value last(Args args) {
  return args[0].size() == 0 ? Value(Optional{}) : some(args[0].at(args[0].size() - 1));
}

// ---- maps that macros build

using Entries = std::vector<std::pair<Value, Value>>;

Value insert(const Value& map, const Entries& added) {
  const auto* own = map.get<Map>();
  auto out = own != nullptr && own->use_count() == 1 ? std::const_pointer_cast<Entries>(*own)
                                                     : std::make_shared<Entries>();
  if (own == nullptr || *own != out) {
    map.each([&](const Value& key, const Value& value) {
      out->emplace_back(key, value);
      return true;
    });
  }
  for (const auto& [key, value] : added) {
    for (const auto& [known, unused] : *out) {
      const Value same = equal(known, key);
      if (same.get<bool>() != nullptr && same.as<bool>()) {
        return Value::error(fmt::format("insert failed: key {} already exists", show(key)));
      }
    }
    out->emplace_back(key, value);
  }
  return Map(std::move(out));
}
Value insert_entry(Args args) { return insert(args[0], {{args[1], args[2]}}); }
Value insert_map(Args args) {
  Entries added;
  args[1].each([&](const Value& key, const Value& value) {
    added.emplace_back(key, value);
    return true;
  });
  return insert(args[0], added);
}

constexpr Row kRows[] = {
    {"_&&_", "(bool, bool) bool", nullptr, Price::logical, Special::logical_and},
    {"_||_", "(bool, bool) bool", nullptr, Price::logical, Special::logical_or},
    {"_?_:_", "(bool, A, A) A", nullptr, Price::conditional, Special::conditional},
    {"!_", "(bool) bool", logical_not},
    {"@not_strictly_false", "(bool) bool", nullptr, Price::unit, Special::not_strictly_false},
    {"_==_", "(A, A) bool", equals, Price::compare},
    {"_!=_", "(A, A) bool", not_equals, Price::compare},

    {"_+_", "(bytes, bytes) bytes", add_bytes, Price::add_text},
    {"_+_", "(double, double) double", add_double},
    {"_+_", "(int, int) int", checked<I, add<I>>},
    {"_+_", "(list(A), list(A)) list(A)", add_list, Price::add_list},
    {"_+_", "(string, string) string", add_string, Price::add_text},
    {"_+_", "(uint, uint) uint", checked<U, add<U>>},
    {"_-_", "(double, double) double", subtract_double},
    {"_-_", "(int, int) int", checked<I, subtract<I>>},
    {"_-_", "(uint, uint) uint", checked<U, subtract<U>>},
    {"_*_", "(double, double) double", multiply_double},
    {"_*_", "(int, int) int", checked<I, multiply<I>>},
    {"_*_", "(uint, uint) uint", checked<U, multiply<U>>},
    {"_/_", "(double, double) double", divide_double},
    {"_/_", "(int, int) int", divide<I>},
    {"_/_", "(uint, uint) uint", divide<U>},
    {"_%_", "(int, int) int", modulo<I>},
    {"_%_", "(uint, uint) uint", modulo<U>},
    {"-_", "(double) double", negate_double},
    {"-_", "(int) int", negate_int},

    {"_[_]", "(list(A), int) A", nullptr, Price::index, Special::index},
    {"_[_]", "(map(A, B), A) B", nullptr, Price::index, Special::index},
    {"_[_]", "(optional(list(V)), int) optional(V)", nullptr, Price::unit, Special::index},
    {"_[_]", "(optional(map(K, V)), K) optional(V)", nullptr, Price::unit, Special::index},
    {"_[?_]", "(list(V), int) optional(V)", nullptr, Price::unit, Special::optional_index},
    {"_[?_]", "(optional(list(V)), int) optional(V)", nullptr, Price::unit,
     Special::optional_index},
    {"_[?_]", "(map(K, V), K) optional(V)", nullptr, Price::unit, Special::optional_index},
    {"_[?_]", "(optional(map(K, V)), K) optional(V)", nullptr, Price::unit,
     Special::optional_index},
    {"_?._", "(dyn, string) optional(V)", nullptr, Price::unit, Special::optional_select},
    {"@in", "(A, list(A)) bool", in, Price::in_list},
    {"@in", "(A, map(A, B)) bool", in},

    {"size", "(bytes) int", size},
    {"size", "bytes.() int", size},
    {"size", "(list(A)) int", size},
    {"size", "list(A).() int", size},
    {"size", "(map(A, B)) int", size},
    {"size", "map(A, B).() int", size},
    {"size", "(string) int", size},
    {"size", "string.() int", size},

    {"type", "(A) type(A)", type_value},
    {"dyn", "(A) dyn", identity},
    {"bool", "(bool) bool", identity},
    {"bool", "(string) bool", string_to_bool},
    {"bytes", "(bytes) bytes", identity},
    {"bytes", "(string) bytes", string_to_bytes, Price::convert_bytes},
    {"double", "(double) double", identity},
    {"double", "(int) double", int_to_double},
    {"double", "(string) double", string_to_double},
    {"double", "(uint) double", uint_to_double},
    {"int", "(int) int", identity},
    {"int", "(double) int", double_to_int},
    {"int", "(string) int", string_to_int},
    {"int", "(uint) int", uint_to_int},
    {"string", "(string) string", identity},
    {"string", "(bool) string", to_string_value},
    {"string", "(bytes) string", bytes_to_string, Price::convert_text},
    {"string", "(double) string", to_string_value},
    {"string", "(duration) string", to_string_value},
    {"string", "(int) string", to_string_value},
    {"string", "(timestamp) string", to_string_value},
    {"string", "(uint) string", to_string_value},
    {"uint", "(uint) uint", identity},
    {"uint", "(double) uint", double_to_uint},
    {"uint", "(int) uint", int_to_uint},
    {"uint", "(string) uint", string_to_uint},

    {"optional.of", "(V) optional(V)", optional_of},
    {"optional.ofNonZeroValue", "(V) optional(V)", of_non_zero},
    {"optional.none", "() optional(V)", optional_none},
    {"value", "optional(V).() V", optional_value},
    {"hasValue", "optional(V).() bool", has_value},
    {"or", "optional(V).(optional(V)) optional(V)", nullptr, Price::unit, Special::or_optional},
    {"orValue", "optional(V).(V) V", nullptr, Price::unit, Special::or_value},
    {"optional.unwrap", "(list(optional(V))) list(V)", unwrap},
    {"unwrapOpt", "list(optional(V)).() list(V)", unwrap},
    {"first", "list(V).() optional(V)", first},
    {"last", "list(V).() optional(V)", last},

    {"cel.@mapInsert", "(map(K, V), K, V) map(K, V)", insert_entry},
    {"cel.@mapInsert", "(map(K, V), map(K, V)) map(K, V)", insert_map},
};

/// What can be compared, and what that costs.
constexpr std::pair<const char*, Price> kOrdered[] = {{"(bool, bool) bool", Price::unit},
                                                      {"(int, int) bool", Price::unit},
                                                      {"(int, double) bool", Price::unit},
                                                      {"(int, uint) bool", Price::unit},
                                                      {"(uint, uint) bool", Price::unit},
                                                      {"(uint, double) bool", Price::unit},
                                                      {"(uint, int) bool", Price::unit},
                                                      {"(double, double) bool", Price::unit},
                                                      {"(double, int) bool", Price::unit},
                                                      {"(double, uint) bool", Price::unit},
                                                      {"(string, string) bool", Price::compare},
                                                      {"(bytes, bytes) bool", Price::compare},
                                                      {"(timestamp, timestamp) bool", Price::unit},
                                                      {"(duration, duration) bool", Price::unit}};

std::vector<Row> all_rows() {
  std::vector<Row> out(std::begin(kRows), std::end(kRows));
  for (const auto& [signature, price] : kOrdered) {
    out.push_back({"_<_", signature, less, price});
    out.push_back({"_<=_", signature, less_equals, price});
    out.push_back({"_>_", signature, greater, price});
    out.push_back({"_>=_", signature, greater_equals, price});
  }
  return out;
}

}  // namespace

std::span<const Row> core_rows() {
  static const std::vector<Row> rows = all_rows();
  return rows;
}

Value select_index(const Value& container, const Value& index, bool optional) {
  std::optional<Value> found;
  std::string problem;
  if (container.is_list()) {
    I position = -1;
    if (const auto* i = index.get<I>()) {
      position = *i;
    } else if (const auto* u = index.get<U>()) {
      position = *u > static_cast<U>(std::numeric_limits<I>::max()) ? -1 : static_cast<I>(*u);
    } else if (const auto* d = index.get<double>();
               d != nullptr && std::trunc(*d) == *d && std::fabs(*d) < 9e15) {
      position = static_cast<I>(*d);
    } else {
      return Value::error(
          index.kind() == Kind::real
              ? fmt::format("unsupported index value {} in list", show(index))
              : fmt::format("unsupported index type '{}' in list", runtime_name(*type_of(index))));
    }
    if (position >= 0 && static_cast<std::size_t>(position) < container.size()) {
      found = container.at(static_cast<std::size_t>(position));
    } else {
      problem = fmt::format("index out of bounds: {}", show(index));
    }
  } else if (container.is_map()) {
    found = container.find(index);
    if (!found) problem = fmt::format("no such key: {}", show(index));
  } else {
    problem = fmt::format("no such key: {}", show(index));
  }
  if (found && found->is_error()) return *found;
  if (!optional) return found ? *found : Value::error(std::move(problem));
  return found ? some(*found) : Value(Optional{});
}

Value contains_value(const Value& container, const Value& element) {
  if (container.is_map()) {
    const auto found = container.find(element);
    if (found && found->is_error()) return *found;
    return found.has_value();
  }
  if (!container.is_list()) return no_such_overload();
  Value problem = false;
  for (std::size_t i = 0; i < container.size(); ++i) {
    Value same = equal(container.at(i), element);
    if (same.is_error()) {
      problem = std::move(same);
    } else if (same.as<bool>()) {
      return true;
    }
  }
  return problem;
}

}  // namespace windlass::inline v0::cel
