#pragma once
// Label and field selectors over json::Value.

#include <string>
#include <string_view>
#include <vector>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::api_server {

struct Resource;

struct Requirement {
  enum class Operator : std::uint8_t { in, not_in, exists, absent, greater, less };
  std::string key;
  Operator operation = Operator::in;
  std::vector<std::string> values;
};

class LabelSelector {
 public:
  /// "a=b,c in (d,e),!f". Throws Failure(400).
  static LabelSelector parse(std::string_view text);
  /// A metav1.LabelSelector: null selects nothing, {} everything.
  static LabelSelector from(const json::Value& document);
  [[nodiscard]] bool matches(const json::Value& labels) const;
  [[nodiscard]] bool empty() const { return requirements_.empty() && !nothing_; }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Requirement> requirements_;
  bool nothing_ = false;
};

class FieldSelector {
 public:
  /// "metadata.name=a,spec.nodeName!=b". Throws Failure(400) for a field that the kind does not
  /// support.
  static FieldSelector parse(std::string_view text, const Resource& resource);
  [[nodiscard]] bool matches(const json::Value& object) const;
  [[nodiscard]] bool empty() const { return terms_.empty(); }

 private:
  struct Term {
    std::vector<std::string> path;
    bool negated;
    std::string value;
  };
  std::vector<Term> terms_;
};

struct Selection {
  LabelSelector labels;
  FieldSelector fields;
  std::string namespace_;
  [[nodiscard]] bool matches(const json::Value& object) const;
};

/// The value at a dotted path, as text; "" when absent.
std::string text_at(const json::Value& object, const std::vector<std::string>& path);
std::vector<std::string> split_path(std::string_view path);

}  // namespace windlass::inline v0::api_server
