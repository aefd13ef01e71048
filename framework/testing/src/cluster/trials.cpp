#include <windlass/testing/trials.hpp>

namespace windlass::inline v0::testing {
namespace {

/// A merge patch that sets what `path` leads to.
json::Value nested(const std::vector<std::string>& path, const json::Value& value) {
  json::Value patch = value;
  for (auto part = path.rbegin(); part != path.rend(); ++part) {
    json::Value outer;
    outer[*part] = std::move(patch);
    patch = std::move(outer);
  }
  return patch;
}

std::string joined(const std::vector<std::string>& path) {
  std::string text;
  for (const auto& part : path) text += (text.empty() ? "" : ".") + part;
  return text;
}

class Generator {
 public:
  std::vector<Trial> trials;

  void visit(std::vector<std::string> path, const json::Value& schema, const json::Value& now) {
    const auto type = schema["type"].string_or("");
    if (type == "object" && schema["properties"].is_object()) {
      for (const auto& property : schema["properties"].as_object()) {
        auto deeper = path;
        deeper.push_back(property.key);
        visit(std::move(deeper), property.value, now[property.key]);
      }
      return;
    }
    const auto add = [&](const json::Value& value, bool valid) {
      if (value == now) return;
      trials.push_back({joined(path) + ": " + json::dump(now) + " to " + json::dump(value),
                        nested(path, value), nested(path, now), valid});
    };
    const auto& choices = schema["enum"];
    if (choices.is_array()) {
      for (const auto& choice : choices.as_array()) add(choice, true);
      add("no such choice", false);
      return;
    }
    if (schema["x-kubernetes-int-or-string"].bool_or(false))
      return add(json::Object{{"a", 1}}, false);
    if (type == "boolean") {
      add(!now.bool_or(false), true);
      add("maybe", false);
    } else if (type == "integer") {
      integer(schema, now, add);
    } else if (type == "string") {
      text(schema, now, add);
    } else if (type == "array") {
      add(json::Array(), schema["minItems"].integer_or(0) == 0);
      add("no list", false);
    } else if (type == "object") {
      add("no object", false);
    }
  }

 private:
  template <class Add>
  static void integer(const json::Value& schema, const json::Value& now, const Add& add) {
    const auto low = schema["minimum"];
    const auto high = schema["maximum"];
    const auto next = now.integer_or(low.integer_or(0)) + 1;
    add(high.is_integer() && next > high.as_integer() ? low : json::Value(next), true);
    if (low.is_integer()) add(low.as_integer() - 1, false);
    if (high.is_integer()) add(high.as_integer() + 1, false);
    add("many", false);
  }

  template <class Add>
  static void text(const json::Value& schema, const json::Value& now, const Add& add) {
    const bool free = schema.find("pattern") == nullptr && schema.find("format") == nullptr &&
                      schema.find("x-kubernetes-validations") == nullptr;
    const auto longest = schema["maxLength"].integer_or(1 << 20);
    const auto value = std::string(now.string_or("")) + "x";
    if (free && static_cast<std::int64_t>(value.size()) <= longest) add(value, true);
    if (longest < 100'000) add(std::string(static_cast<std::size_t>(longest) + 1, 'x'), false);
    add(17, false);
  }
};

}  // namespace

std::vector<Trial> trials_of(const json::Value& crd, const json::Value& object) {
  Generator generator;
  const auto& versions = crd["spec"]["versions"];
  if (!versions.is_array()) return {};
  for (const auto& version : versions.as_array()) {
    if (!version["storage"].bool_or(false)) continue;
    generator.visit({"spec"}, version["schema"]["openAPIV3Schema"]["properties"]["spec"],
                    object["spec"]);
  }
  return std::move(generator.trials);
}

std::string state_of(const SimulatedCluster& sim) {
  const auto all = sim.end_state();
  std::string text;
  for (std::size_t at = 0; at < all.size();) {
    const auto end = std::min(all.find('\n', at), all.size());
    const auto line = all.substr(at, end - at);
    at = end + 1;
    const auto counts = line.find(": made ");
    const auto content = line.find('{', counts);
    if (content != std::string::npos)
      text += line.substr(0, counts) + " " + line.substr(content) + "\n";
  }
  return text;
}

void expect_restored(const std::string& what, const std::string& before, const std::string& after) {
  if (after == before) return;
  std::size_t at = 0;
  while (at < after.size() && at < before.size() && after[at] == before[at]) ++at;
  const auto from = at < 80 ? 0 : at - 80;
  throw Violation("trials", what + ": rolled back, it is not as before: ..." +
                                after.substr(from, 160) + "... and not ..." +
                                before.substr(from, 160) + "...");
}

}  // namespace windlass::inline v0::testing
