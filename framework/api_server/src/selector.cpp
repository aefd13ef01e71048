#include "selector.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <windlass/base/encoding.hpp>

#include "failure.hpp"
#include "names.hpp"
#include "registry.hpp"

namespace windlass::inline v0::api_server {

using json::Value;

namespace {

/// Reads a label selector's tokens.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<Requirement> read() {
    std::vector<Requirement> out;
    skip_spaces();
    if (at_end()) return out;
    if (std::string_view(",=<>()").find(text_[position_]) != std::string_view::npos) {
      refuse(fmt::format("found '{}', expected: !, identifier, or 'end of string'", token()));
    }
    for (;;) {
      out.push_back(requirement());
      skip_spaces();
      if (at_end()) return out;
      if (!take(',')) {
        refuse(fmt::format("found '{}', expected: ',' or 'end of string'", token()));
      }
      skip_spaces();
      if (at_end()) refuse("found '', expected: identifier after ','");
    }
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw Failure::bad_request(fmt::format("unable to parse requirement: {}", why));
  }
  [[noreturn]] static void refuse(const std::string& why) { throw Failure::bad_request(why); }
  /// The next token as it is: an operator, or a word.
  std::string token() {
    skip_spaces();
    if (at_end()) return "";
    for (const std::string_view op : {"==", "!=", "=", "!", ",", "(", ")", "<", ">"}) {
      if (text_.substr(position_).starts_with(op)) return std::string(op);
    }
    return word();
  }
  [[nodiscard]] bool at_end() const { return position_ >= text_.size(); }
  void skip_spaces() {
    while (!at_end() && (text_[position_] == ' ' || text_[position_] == '\t')) ++position_;
  }
  bool take(char c) {
    if (at_end() || text_[position_] != c) return false;
    ++position_;
    return true;
  }
  std::string word() {
    skip_spaces();
    const std::size_t start = position_;
    while (!at_end() &&
           std::string_view("=!,()<> \t").find(text_[position_]) == std::string_view::npos) {
      ++position_;
    }
    return std::string(text_.substr(start, position_ - start));
  }

  void refuse(const std::string& what, const Problems& problems) {
    std::string text;
    for (const std::string& problem : problems) {
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", what, problem);
    }
    if (problems.size() > 1) text = "[" + text + "]";
    if (!text.empty()) fail(text);
  }

  std::string key() {
    std::string name = word();
    if (name.empty()) fail(fmt::format("found '{}', expected: identifier", token()));
    refuse(fmt::format("<nil>: Invalid value: {}", quote_json(name)), label_key_problem(name));
    return name;
  }

  std::string value(const std::string& key, std::size_t position = 0) {
    std::string text = word();
    refuse(fmt::format("values[{}][{}]: Invalid value: {}", position, key, quote_json(text)),
           label_value_problem(text));
    return text;
  }

  std::string number() {
    std::string text = word();
    if (text.empty() ||
        text.find_first_not_of("0123456789", text[0] == '-' ? 1 : 0) != std::string::npos) {
      fail(
          fmt::format("values[0]: Invalid value: {}: for 'Gt', 'Lt' operators, the value must be "
                      "an integer",
                      quote_json(text)));
    }
    return text;
  }

  std::vector<std::string> set(const std::string& key) {
    skip_spaces();
    if (!take('(')) fail(fmt::format("found '{}' expected: '('", token()));
    std::vector<std::string> values;
    for (;;) {
      values.push_back(value(key, values.size()));
      skip_spaces();
      if (take(')')) return values;
      if (!take(',')) fail(fmt::format("found '{}', expected: ',' or ')'", token()));
    }
  }

  Requirement requirement() {
    skip_spaces();
    if (take('!')) return {key(), Requirement::Operator::absent, {}};
    Requirement out{key(), Requirement::Operator::exists, {}};
    skip_spaces();
    if (at_end() || text_[position_] == ',') return out;
    if (take('=')) {
      take('=');
      out.operation = Requirement::Operator::in;
      out.values = {value(out.key)};
    } else if (take('!')) {
      if (!take('=')) fail("found '!', expected: in, notin, =, ==, !=, gt, lt");
      out.operation = Requirement::Operator::not_in;
      out.values = {value(out.key)};
    } else if (take('>')) {
      out.operation = Requirement::Operator::greater;
      out.values = {number()};
    } else if (take('<')) {
      out.operation = Requirement::Operator::less;
      out.values = {number()};
    } else {
      const std::string name = word();
      if (name != "in" && name != "notin") {
        fail(fmt::format("found '{}', expected: in, notin, =, ==, !=, gt, lt", name));
      }
      out.operation = name == "in" ? Requirement::Operator::in : Requirement::Operator::not_in;
      out.values = set(out.key);
    }
    return out;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

bool holds(const Requirement& requirement, const Value& labels) {
  using Operator = Requirement::Operator;
  const Value* present = labels.find(requirement.key);
  const auto listed = [&] {
    return std::any_of(requirement.values.begin(), requirement.values.end(),
                       [&](const std::string& value) { return present->string_or("") == value; });
  };
  const auto number = [](std::string_view text) { return std::atoll(std::string(text).c_str()); };
  switch (requirement.operation) {
    case Operator::exists:
      return present != nullptr;
    case Operator::absent:
      return present == nullptr;
    case Operator::in:
      return present != nullptr && listed();
    case Operator::not_in:
      return present == nullptr || !listed();
    case Operator::greater:
      return present != nullptr && number(present->string_or("")) > number(requirement.values[0]);
    case Operator::less:
      return present != nullptr && number(present->string_or("")) < number(requirement.values[0]);
  }
  return false;
}

}  // namespace

LabelSelector LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  selector.requirements_ = Reader(text).read();
  return selector;
}

LabelSelector LabelSelector::from(const Value& document) {
  LabelSelector selector;
  if (!document.is_object()) {
    selector.nothing_ = true;
    return selector;
  }
  if (document["matchLabels"].is_object()) {
    for (const auto& member : document["matchLabels"].as_object()) {
      selector.requirements_.push_back(
          {member.key, Requirement::Operator::in, {std::string(member.value.string_or(""))}});
    }
  }
  if (document["matchExpressions"].is_array()) {
    for (const Value& expression : document["matchExpressions"].as_array()) {
      const std::string_view name = expression["operator"].string_or("");
      const bool known =
          name == "In" || name == "NotIn" || name == "Exists" || name == "DoesNotExist";
      if (!known) selector.nothing_ = true;
      Requirement requirement{std::string(expression["key"].string_or("")),
                              name == "In"       ? Requirement::Operator::in
                              : name == "NotIn"  ? Requirement::Operator::not_in
                              : name == "Exists" ? Requirement::Operator::exists
                                                 : Requirement::Operator::absent,
                              {}};
      if (expression["values"].is_array()) {
        for (const Value& value : expression["values"].as_array()) {
          requirement.values.emplace_back(value.string_or(""));
        }
      }
      selector.requirements_.push_back(std::move(requirement));
    }
  }
  return selector;
}

bool LabelSelector::matches(const Value& labels) const {
  return !nothing_ && std::all_of(requirements_.begin(), requirements_.end(),
                                  [&](const Requirement& entry) { return holds(entry, labels); });
}

std::string LabelSelector::text() const {
  std::string out;
  for (const Requirement& entry : requirements_) {
    using Operator = Requirement::Operator;
    if (!out.empty()) out += ",";
    switch (entry.operation) {
      case Operator::exists:
        out += entry.key;
        break;
      case Operator::absent:
        out += "!" + entry.key;
        break;
      case Operator::greater:
        out += entry.key + ">" + entry.values[0];
        break;
      case Operator::less:
        out += entry.key + "<" + entry.values[0];
        break;
      case Operator::in:
      case Operator::not_in:
        if (entry.values.size() == 1) {
          out += entry.key + (entry.operation == Operator::in ? "=" : "!=") + entry.values[0];
        } else {
          out +=
              fmt::format("{} {} ({})", entry.key, entry.operation == Operator::in ? "in" : "notin",
                          fmt::join(entry.values, ","));
        }
    }
  }
  return out;
}

std::vector<std::string> split_path(std::string_view path) {
  if (path.starts_with('.')) path.remove_prefix(1);
  std::vector<std::string> out;
  while (!path.empty()) {
    const auto dot = std::min(path.find('.'), path.size());
    out.emplace_back(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return out;
}

std::string text_at(const Value& object, const std::vector<std::string>& path) {
  const Value* value = &object;
  for (const std::string& key : path) value = &(*value)[std::string_view(key)];
  if (value->is_null()) return "";
  return value->is_string() ? value->as_string() : json::dump(*value);
}

namespace {

struct Supported {
  const char* group;
  const char* kind;
  const char* field;
};
constexpr Supported kSupported[] = {
    {"", "Pod", "spec.nodeName"},
    {"", "Pod", "spec.restartPolicy"},
    {"", "Pod", "spec.schedulerName"},
    {"", "Pod", "spec.serviceAccountName"},
    {"", "Pod", "spec.hostNetwork"},
    {"", "Pod", "status.phase"},
    {"", "Pod", "status.podIP"},
    {"", "Pod", "status.nominatedNodeName"},
    {"", "Event", "involvedObject.kind"},
    {"", "Event", "involvedObject.namespace"},
    {"", "Event", "involvedObject.name"},
    {"", "Event", "involvedObject.uid"},
    {"", "Event", "involvedObject.apiVersion"},
    {"", "Event", "involvedObject.resourceVersion"},
    {"", "Event", "involvedObject.fieldPath"},
    {"", "Event", "reason"},
    {"", "Event", "reportingComponent"},
    {"", "Event", "source"},
    {"", "Event", "type"},
    {"events.k8s.io", "Event", "regarding.kind"},
    {"events.k8s.io", "Event", "regarding.namespace"},
    {"events.k8s.io", "Event", "regarding.name"},
    {"events.k8s.io", "Event", "regarding.uid"},
    {"events.k8s.io", "Event", "regarding.apiVersion"},
    {"events.k8s.io", "Event", "reason"},
    {"events.k8s.io", "Event", "reportingController"},
    {"events.k8s.io", "Event", "type"},
    {"", "Namespace", "status.phase"},
    {"", "Node", "spec.unschedulable"},
    {"", "Secret", "type"},
    {"", "Service", "spec.clusterIP"},
    {"", "Service", "spec.type"},
    {"", "ReplicationController", "status.replicas"},
    {"batch", "Job", "status.successful"},
    {"certificates.k8s.io", "CertificateSigningRequest", "spec.signerName"},
};

/// Kinds with fields of their own say it in other words.
std::string unsupported(const Resource& resource, std::string_view field) {
  if (resource.custom) return fmt::format("field label not supported: {}", field);
  for (const Supported& entry : kSupported) {
    if (resource.is(entry.group, entry.kind)) {
      return fmt::format("field label not supported: {}", field);
    }
  }
  return fmt::format(
      "{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
      quote_json(field));
}

bool is_supported(const Resource& resource, std::string_view field) {
  if (field == "metadata.name" || (field == "metadata.namespace" && resource.namespaced))
    return true;
  for (const Supported& entry : kSupported) {
    if (resource.is(entry.group, entry.kind) && field == entry.field) return true;
  }
  for (const std::string& path : resource.selectable) {
    if (path == "." + std::string(field)) return true;
  }
  return false;
}

}  // namespace

FieldSelector FieldSelector::parse(std::string_view text, const Resource& resource) {
  FieldSelector selector;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (part.empty()) continue;
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) {
      throw Failure::bad_request(
          fmt::format("invalid selector: '{}'; can't understand '{}'", part, part));
    }
    const bool negated = equals > 0 && part[equals - 1] == '!';
    const std::string_view field = part.substr(0, negated ? equals - 1 : equals);
    std::string_view value = part.substr(equals + 1);
    if (value.starts_with('=')) value.remove_prefix(1);
    if (!is_supported(resource, field)) {
      throw Failure::bad_request(unsupported(resource, field));
    }
    selector.terms_.push_back({split_path(field), negated, std::string(value)});
  }
  return selector;
}

bool FieldSelector::matches(const Value& object) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    std::string text = text_at(object, term.path);
    if (text.empty() &&
        (term.path.back() == "unschedulable" || term.path.back() == "hostNetwork")) {
      text = "false";
    }
    return (text == term.value) != term.negated;
  });
}

bool Selection::matches(const Value& object) const {
  const Value& metadata = object["metadata"];
  if (!namespace_.empty() && metadata["namespace"].string_or("") != namespace_) return false;
  return labels.matches(metadata["labels"]) && fields.matches(object);
}

}  // namespace windlass::inline v0::api_server
