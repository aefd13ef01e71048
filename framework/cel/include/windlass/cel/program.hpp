#pragma once
// Common Expression Language as Kubernetes 1.36 speaks it in validation rules.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/base/error.hpp>
#include <windlass/cel/type.hpp>
#include <windlass/cel/value.hpp>

namespace windlass::inline v0::cel {

struct Compiled;

/// A variable that expressions may use.
struct Variable {
  std::string name;
  TypePtr type;
};

/// What an expression is compiled against: Kubernetes' functions and macros, and these variables.
struct Declarations {
  std::vector<Variable> variables;
};

/// Cost units, as kube-apiserver counts them.
struct Cost {
  std::uint64_t min = 0;
  std::uint64_t max = 0;
};

/// A type-checked expression. Immutable and cheap to copy; may be used by several threads.
class Program {
 public:
  struct Outcome {
    Value value;  ///< an error when the evaluation failed
    std::uint64_t cost = 0;
  };
  /// kube-apiserver's limit for one evaluation.
  static constexpr std::uint64_t kCallLimit = 1'000'000;

  Program() = default;
  explicit Program(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  /// The type of the result.
  [[nodiscard]] const TypePtr& type() const;
  /// Whether the expression mentions the variable.
  [[nodiscard]] bool uses(std::string_view variable) const;
  /// The cost for values within the bounds of the variables' types.
  [[nodiscard]] Cost estimate() const;
  /// Evaluates with one value per declared variable, in order. More than `limit` units of cost end
  /// in the error "operation cancelled: actual cost limit exceeded".
  [[nodiscard]] Outcome evaluate(std::span<const Value> variables,
                                 std::uint64_t limit = kCallLimit) const;

 private:
  std::shared_ptr<const Compiled> compiled_;
};

/// Parses and type-checks. Errc::parse with kube-apiserver's text: "ERROR: <input>:1:6: ..." with
/// the line and a mark below it, one after another. Errc::invalid_argument "program instantiation
/// failed: ..." for constant conversions that fail, such as int('x'). Safe for hostile input.
Result<Program> compile(std::string_view source, const Declarations& declarations);

}  // namespace windlass::inline v0::cel
