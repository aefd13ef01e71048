#pragma once
// The one table of functions, which the checker, the evaluator and the cost estimate share.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ast.hpp"

namespace windlass::inline v0::cel {

using Args = std::span<const Value>;

/// How a call is paid for. `unit` costs 1; what the others cost stands in cost.cpp.
enum class Price : std::uint8_t {
  unit,
  add_list,
  add_text,
  compare,
  conditional,
  contains,
  contains_cidr,
  contains_ip,
  convert_bytes,
  convert_text,
  distinct,
  find,
  flatten,
  format,
  in_list,
  index,
  join,
  list_walk,
  logical,
  matches,
  output_list,
  parse,
  parse_url,
  parse_twice,
  prefix,
  quote,
  range,
  replace,
  sets,
  sets_twice,
  slice,
  sort,
  split,
  transform,
  validate
};

/// What the evaluator does itself, because not every operand is evaluated or the way to an operand
/// matters.
enum class Special : std::uint8_t {
  none,
  logical_and,
  logical_or,
  conditional,
  not_strictly_false,
  optional_select,
  optional_index,
  index,
  or_optional,
  or_value
};

/// A row: function, signature such as "list(A).(int, int) list(A)" or "(string) bool".
struct Row {
  std::string_view function;
  std::string_view signature;
  Value (*run)(Args) = nullptr;  ///< nullptr with a `special` one
  Price price = Price::unit;
  Special special = Special::none;
};

/// A row, read.
struct Overload {
  std::string_view function;
  bool member = false;
  std::vector<TypePtr> parameters;  ///< the receiver first
  TypePtr result;
  Value (*run)(Args) = nullptr;
  Price price = Price::unit;
  Special special = Special::none;

  /// Whether it takes values such as these.
  [[nodiscard]] bool accepts(Args args) const;
};

std::span<const Row> core_rows();
std::span<const Row> string_rows();
std::span<const Row> list_rows();
std::span<const Row> time_rows();
std::span<const Row> network_rows();
std::span<const Row> kubernetes_rows();

/// The overloads of a function, or nullptr when there is none of the name.
const std::vector<Overload>* find_function(std::string_view name);
/// The type that a name such as "int" or "net.IP" denotes, or nullptr.
TypePtr named_type(std::string_view name);
/// Reads "map(string, list(A))".
TypePtr read_type(std::string_view text);

/// Units of cost of a call that was made with these arguments and gave this result.
std::uint64_t call_cost(const Overload& overload, Args args, const Value& result);
bool depends_on_result(Price price);
/// The length that counts for costs: characters, items, entries; otherwise 1.
std::uint64_t cost_size(const Value& value);

// Shared by libraries.
Value no_such_overload();
/// With what upstream says of the arguments.
Value no_such_overload(const Overload& overload, Args args);
std::string quote_text(std::string_view text);
/// A value as it appears in errors: "no such key: b".
std::string show(const Value& value);
/// The name of a type as a value: "google.protobuf.Timestamp".
std::string runtime_name(const Type& type);
Value select_index(const Value& container, const Value& index, bool optional);
Value contains_value(const Value& container, const Value& element);
/// '%s'.format(...) and its kin.
Value format_string(std::string_view format, const Value& args);
/// What is wrong with a call of a literal format on a list of arguments.
std::optional<Message> check_format(const Expr& call);
/// Why a pattern is no RE2 expression, in the words of Go's regexp; "" when it is one.
std::string pattern_problem(std::string_view pattern);
/// nullptr when it is no RE2 expression.
std::shared_ptr<const re2::RE2> compile_pattern(std::string_view pattern);
bool match_pattern(const re2::RE2& pattern, std::string_view text);
/// RFC 3339. `lenient`: lower-case letters and a space, as OpenAPI's format "date-time".
Result<Timestamp> parse_timestamp(std::string_view text, bool lenient = false);
Result<Duration> parse_duration(std::string_view text);
/// OpenAPI's format "duration": Go's durations, and "3 days".
Result<Duration> parse_long_duration(std::string_view text);
Result<Timestamp> parse_date(std::string_view text);
std::string to_text(const Timestamp& time);
std::string to_text(const Duration& duration);
std::string to_text(double number);

}  // namespace windlass::inline v0::cel
