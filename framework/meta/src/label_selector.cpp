#include <algorithm>
#include <charconv>
#include <optional>

#include <windlass/meta/label_selector.hpp>
#include <windlass/meta/names.hpp>

namespace windlass::inline v0::meta {

const type::Table& LabelSelectorRequirement::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&LabelSelectorRequirement::key>("key", offsetof(LabelSelectorRequirement, key),
                                            required),
      field<&LabelSelectorRequirement::operator_>(
          "operator", offsetof(LabelSelectorRequirement, operator_), required),
      field<&LabelSelectorRequirement::values>("values", offsetof(LabelSelectorRequirement, values),
                                               optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{
      .name = "LabelSelectorRequirement", .fields = fields, .index = index};
  return table;
}
bool operator==(const LabelSelectorRequirement& a, const LabelSelectorRequirement& b) {
  return type::equal(a, b);
}

const type::Table& LabelSelector::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&LabelSelector::match_labels>("matchLabels", offsetof(LabelSelector, match_labels),
                                          optional),
      field<&LabelSelector::match_expressions>(
          "matchExpressions", offsetof(LabelSelector, match_expressions), optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{.name = "LabelSelector", .fields = fields, .index = index};
  return table;
}
bool operator==(const LabelSelector& a, const LabelSelector& b) { return type::equal(a, b); }

const type::Table& FieldSelectorRequirement::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&FieldSelectorRequirement::key>("key", offsetof(FieldSelectorRequirement, key),
                                            required),
      field<&FieldSelectorRequirement::operator_>(
          "operator", offsetof(FieldSelectorRequirement, operator_), required),
      field<&FieldSelectorRequirement::values>("values", offsetof(FieldSelectorRequirement, values),
                                               optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{
      .name = "FieldSelectorRequirement", .fields = fields, .index = index};
  return table;
}
bool operator==(const FieldSelectorRequirement& a, const FieldSelectorRequirement& b) {
  return type::equal(a, b);
}

using Operator = Requirement::Operator;

namespace {

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc() || rest != end) return std::nullopt;
  return number;
}

bool contains(const std::vector<std::string>& values, std::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

bool Requirement::matches(const StringMap& labels) const {
  const std::string* value = labels.get(key);
  switch (op) {
    case Operator::in:
      return value != nullptr && contains(values, *value);
    case Operator::not_in:
      return value == nullptr || !contains(values, *value);
    case Operator::exists:
      return value != nullptr;
    case Operator::does_not_exist:
      return value == nullptr;
    case Operator::greater:
    case Operator::less: {
      const auto have = value != nullptr ? to_integer(*value) : std::nullopt;
      const auto bound = values.size() == 1 ? to_integer(values[0]) : std::nullopt;
      if (!have || !bound) return false;
      return op == Operator::greater ? *have > *bound : *have < *bound;
    }
  }
  return false;
}

bool Selector::matches(const StringMap& labels) const {
  return std::all_of(requirements.begin(), requirements.end(),
                     [&](const Requirement& r) { return r.matches(labels); });
}

namespace {

/// Reads the language of kubectl's -l.
class SelectorReader {
 public:
  explicit SelectorReader(std::string_view text) : text_(text) {}

  Result<Selector> read() {
    Selector selector;
    skip_space();
    if (at_ == text_.size()) return selector;
    for (;;) {
      auto requirement = read_requirement();
      if (!requirement) return requirement.error();
      selector.requirements.push_back(std::move(*requirement));
      skip_space();
      if (at_ == text_.size()) return selector;
      if (!take(",")) return wrong("expected a comma or the end");
    }
  }

 private:
  Result<Requirement> read_requirement() {
    Requirement requirement;
    skip_space();
    const bool negated = take("!");
    requirement.key = read_word();
    if (auto valid = validate_label_key(requirement.key); !valid)
      return wrong(valid.error().message);
    if (negated) {
      requirement.op = Operator::does_not_exist;
      return requirement;
    }
    skip_space();
    if (at_ == text_.size() || text_[at_] == ',') return requirement;
    return read_operator(std::move(requirement));
  }

  Result<Requirement> read_operator(Requirement requirement) {
    const bool not_equal = take("!=");
    if (not_equal || take("==") || take("=")) {
      requirement.op = not_equal ? Operator::not_in : Operator::in;
      skip_space();
      requirement.values.push_back(read_word());
      return check_values(std::move(requirement));
    }
    if (take(">") || take("<")) {
      requirement.op = text_[at_ - 1] == '>' ? Operator::greater : Operator::less;
      skip_space();
      requirement.values.push_back(read_word());
      if (!to_integer(requirement.values[0])) return wrong("expected an integer");
      return requirement;
    }
    const std::string word = read_word();
    if (word != "in" && word != "notin") {
      return wrong("expected one of =, ==, !=, in, notin, <, > or a comma");
    }
    requirement.op = word == "in" ? Operator::in : Operator::not_in;
    return read_set(std::move(requirement));
  }

  Result<Requirement> read_set(Requirement requirement) {
    skip_space();
    if (!take("(")) return wrong("expected '('");
    for (;;) {
      skip_space();
      requirement.values.push_back(read_word());
      skip_space();
      if (take(")")) break;
      if (!take(",")) return wrong("expected ',' or ')'");
    }
    return check_values(std::move(requirement));
  }

  Result<Requirement> check_values(Requirement requirement) {
    for (const auto& value : requirement.values) {
      if (auto valid = validate_label_value(value); !valid) return wrong(valid.error().message);
    }
    std::sort(requirement.values.begin(), requirement.values.end());
    requirement.values.erase(std::unique(requirement.values.begin(), requirement.values.end()),
                             requirement.values.end());
    return requirement;
  }

  std::string read_word() {
    const std::size_t end = std::min(text_.find_first_of(" \t,()=!<>", at_), text_.size());
    std::string word(text_.substr(at_, end - at_));
    at_ = end;
    return word;
  }
  bool take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  Error wrong(std::string_view problem) const {
    return {Errc::parse, "label selector \"" + std::string(text_) + "\", character " +
                             std::to_string(at_ + 1) + ": " + std::string(problem)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Result<Requirement> to_requirement(const LabelSelectorRequirement& from) {
  const auto wrong = [&](std::string_view problem) {
    return Error{Errc::invalid_argument,
                 "label selector, key \"" + from.key + "\": " + std::string(problem)};
  };
  Requirement requirement{.key = from.key, .values = from.values};
  std::sort(requirement.values.begin(), requirement.values.end());
  if (auto valid = validate_label_key(from.key); !valid) return wrong(valid.error().message);
  if (from.operator_ == "In" || from.operator_ == "NotIn") {
    requirement.op = from.operator_ == "In" ? Operator::in : Operator::not_in;
    if (from.values.empty()) return wrong("operator " + from.operator_ + " needs values");
  } else if (from.operator_ == "Exists" || from.operator_ == "DoesNotExist") {
    requirement.op = from.operator_ == "Exists" ? Operator::exists : Operator::does_not_exist;
    if (!from.values.empty()) return wrong("operator " + from.operator_ + " takes no values");
  } else {
    return wrong("\"" + from.operator_ + "\" is not a valid label selector operator");
  }
  for (const auto& value : from.values) {
    if (auto valid = validate_label_value(value); !valid) return wrong(valid.error().message);
  }
  return requirement;
}

std::string join(const std::vector<std::string>& values) {
  std::string text;
  for (const auto& value : values)
    text += (text.empty() && &value == values.data() ? "" : ",") + value;
  return text;
}

std::string format_requirement(const Requirement& requirement) {
  const std::string& key = requirement.key;
  const auto& values = requirement.values;
  switch (requirement.op) {
    case Operator::in:
      return values.size() == 1 ? key + "=" + values[0] : key + " in (" + join(values) + ")";
    case Operator::not_in:
      return values.size() == 1 ? key + "!=" + values[0] : key + " notin (" + join(values) + ")";
    case Operator::exists:
      return key;
    case Operator::does_not_exist:
      return "!" + key;
    case Operator::greater:
      return key + ">" + join(values);
    case Operator::less:
      return key + "<" + join(values);
  }
  return key;
}

}  // namespace

Result<Selector> parse_selector(std::string_view text) { return SelectorReader(text).read(); }

Result<Selector> to_selector(const LabelSelector& selector) {
  Selector result;
  for (const auto& [key, value] : selector.match_labels) {
    auto requirement = to_requirement({.key = key, .operator_ = "In", .values = {value}});
    if (!requirement) return requirement.error();
    result.requirements.push_back(std::move(*requirement));
  }
  for (const auto& expression : selector.match_expressions) {
    auto requirement = to_requirement(expression);
    if (!requirement) return requirement.error();
    result.requirements.push_back(std::move(*requirement));
  }
  return result;
}

std::string format_selector(const Selector& selector) {
  std::string text;
  for (const auto& requirement : selector.requirements) {
    if (!text.empty()) text += ',';
    text += format_requirement(requirement);
  }
  return text;
}

std::string format_selector(const LabelSelector& selector) {
  return format_selector(to_selector(selector).value());
}

bool matches(const LabelSelector& selector, const StringMap& labels) {
  const auto compiled = to_selector(selector);
  return compiled && compiled->matches(labels);
}

}  // namespace windlass::inline v0::meta
