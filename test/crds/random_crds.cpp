// random_crds SEED COUNT FOLDER: writes CRDs with random structural schemas, for check.sh.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <windlass/base/random.hpp>
#include <windlass/json/value.hpp>

namespace {

using windlass::SeededRandom;
using windlass::json::Array;
using windlass::json::Object;
using windlass::json::Value;

constexpr std::array kNames = {
    "name",   "class",   "namespace", "hostIPs",  "x-foo.bar/baz", "4xx",     "$ref",  "table",
    "fooBar", "foo_bar", "foo-bar",   "operator", "template",      "default", "count", "UPPER",
    "URLs",   "a",       "resource",  "new",      "errno",         "size",    "int",   "_x"};
constexpr std::array kPatterns = {"^[a-z]+$", "^$|^[0-9]{2,4}$", "^(a|b)*c?$", "[A-Z]"};
constexpr std::array kFormats = {"date-time", "duration", "uuid", "ipv4",
                                 "byte",      "uri",      "cidr", "hostname"};
// what kubebuilder writes for a resource.Quantity
constexpr const char* kQuantity =
    "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.["
    "0-9]*"
    ")?)|(\\.[0-9]+))))?$";
constexpr std::array kWords = {"", "Fast", "slow", "*", "in-between", "SIG+1", "true", "0", "-1"};

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  Value crd(int number) {
    const std::string kind = "Random" + std::to_string(number);
    const std::string plural = "random" + std::to_string(number) + 's';
    Object properties;
    Object wanted = object(0);
    if (chance(0.1)) wanted.set("x-kubernetes-preserve-unknown-fields", true);
    properties.set("spec", std::move(wanted));
    if (chance(0.7)) properties.set("status", object(2));
    Object schema, names, version, spec, metadata, out, holder;
    schema.set("type", "object");
    schema.set("properties", std::move(properties));
    holder.set("openAPIV3Schema", std::move(schema));
    version.set("name", "v1");
    version.set("served", true);
    version.set("storage", true);
    version.set("schema", std::move(holder));
    names.set("kind", kind);
    names.set("plural", plural);
    spec.set("group", "random.example.com");
    spec.set("scope", chance(0.5) ? "Namespaced" : "Cluster");
    spec.set("names", std::move(names));
    Array versions;
    versions.push_back(std::move(version));
    spec.set("versions", std::move(versions));
    metadata.set("name", plural + ".random.example.com");
    out.set("apiVersion", "apiextensions.k8s.io/v1");
    out.set("kind", "CustomResourceDefinition");
    out.set("metadata", std::move(metadata));
    out.set("spec", std::move(spec));
    return out;
  }

 private:
  bool chance(double probability) { return random_.uniform() < probability; }
  std::int64_t between(std::int64_t low, std::int64_t high) { return random_.between(low, high); }
  template <class List>
  auto one_of(const List& list) {
    return list[static_cast<std::size_t>(random_.next() % list.size())];
  }

  Object typed(const char* type) {
    Object out;
    out.set("type", type);
    return out;
  }

  Value any(int depth) {
    Object out = plain(depth);
    if (chance(0.15)) out.set("nullable", true);
    return out;
  }

  Object plain(int depth) {
    switch (between(0, depth > 4 ? 8 : 12)) {
      case 0: {
        Object out = typed("boolean");
        if (chance(0.3)) out.set("default", chance(0.5));
        return out;
      }
      case 1:
      case 2:
        return integer();
      case 3:
        return number();
      case 4:
      case 5:
        return text();
      case 6: {
        Object out;
        out.set("x-kubernetes-int-or-string", true);
        if (chance(0.3)) out.set("pattern", kQuantity);
        if (chance(0.2)) out.set("default", 5);
        return out;
      }
      case 7: {
        Object out = typed("object");
        out.set("x-kubernetes-preserve-unknown-fields", true);
        return out;
      }
      case 8: {
        Object out = typed("object");
        out.set("x-kubernetes-preserve-unknown-fields", true);
        out.set("x-kubernetes-embedded-resource", true);
        return out;
      }
      case 9:
        return list(depth);
      case 10: {
        Object out = typed("object");
        out.set("additionalProperties", any(depth + 1));
        if (chance(0.3)) out.set("maxProperties", between(1, 4));
        return out;
      }
      default:
        return object(depth + 1);
    }
  }

  Object integer() {
    Object out = typed("integer");
    if (chance(0.5)) out.set("format", chance(0.5) ? "int32" : "int64");
    if (chance(0.2)) {
      Array values;
      for (const int value : {-3, 0, 7, 12}) values.emplace_back(value);
      out.set("enum", std::move(values));
      return out;
    }
    if (chance(0.4)) out.set("minimum", between(-50, 5));
    if (chance(0.4)) out.set("maximum", between(10, 500));
    if (chance(0.1)) add_rule(out, "self % 2 == 0 || self < 40");
    if (chance(0.2)) out.set("default", between(5, 10));
    return out;
  }

  static void add_rule(Object& schema, const char* text) {
    Object rule;
    rule.set("rule", text);
    Array rules;
    rules.emplace_back(std::move(rule));
    schema.set("x-kubernetes-validations", std::move(rules));
  }

  Object number() {
    Object out = typed("number");
    if (chance(0.2)) {
      Array values;
      for (const double value : {-1.5, 0.0, 0.25, 12.0}) values.emplace_back(value);
      out.set("enum", std::move(values));
      return out;
    }
    if (chance(0.4)) out.set("minimum", between(-50, 5));
    if (chance(0.4)) out.set("maximum", between(10, 500));
    if (out.contains("minimum") && chance(0.3)) out.set("exclusiveMinimum", true);
    return out;
  }

  Object text() {
    Object out = typed("string");
    const auto kind = between(0, 5);
    if (kind == 0) {
      Array values;
      for (const char* word : kWords) {
        if (chance(0.5)) values.emplace_back(word);
      }
      values.emplace_back("last");
      out.set("enum", std::move(values));
      if (chance(0.3)) out.set("default", "last");
    } else if (kind == 1) {
      out.set("pattern", one_of(kPatterns));
    } else if (kind == 2) {
      out.set("format", one_of(kFormats));
    } else if (kind == 3) {
      out.set("minLength", between(0, 3));
      out.set("maxLength", between(4, 30));
      if (chance(0.3)) out.set("default", "four");
    } else if (kind == 4 && chance(0.5)) {
      Array branches;
      branches.push_back(keyword("format", chance(0.5) ? "ipv4" : "date-time"));
      branches.push_back(keyword("pattern", one_of(kPatterns)));
      out.set(chance(0.5) ? "anyOf" : "oneOf", std::move(branches));
    }
    return out;
  }

  static Value keyword(const char* name, Value value) {
    Object out;
    out.set(name, std::move(value));
    return out;
  }

  static Value requires_member(const Value& name) {
    Array names;
    names.push_back(name);
    return keyword("required", Value(std::move(names)));
  }

  /// Only one or at least one of two members, or not both.
  void add_combination(Object& schema, const Object& properties) {
    Array both;
    for (const auto& [name, property] : properties) {
      if (both.size() < 2) both.emplace_back(name);
    }
    if (both.size() < 2) return;
    if (chance(0.3)) {
      schema.set("not", keyword("required", Value(std::move(both))));
      return;
    }
    Array branches;
    for (const Value& name : both) branches.push_back(requires_member(name));
    schema.set(chance(0.5) ? "oneOf" : "anyOf", std::move(branches));
  }

  Object list(int depth) {
    Object out = typed("array");
    if (chance(0.25)) {
      Object items = typed("object");
      Object properties, key = typed("string");
      key.set("minLength", 1);
      properties.set("name", std::move(key));
      properties.set("value", any(depth + 2));
      Array keys, required;
      keys.emplace_back("name");
      required.emplace_back("name");
      if (chance(0.4)) {  // a second key, which need not be there
        Object protocol = typed("string");
        protocol.set("default", "TCP");
        properties.set("protocol", std::move(protocol));
        keys.emplace_back("protocol");
      }
      items.set("properties", std::move(properties));
      items.set("required", std::move(required));
      out.set("items", std::move(items));
      out.set("x-kubernetes-list-type", "map");
      out.set("x-kubernetes-list-map-keys", std::move(keys));
    } else if (chance(0.25)) {
      out.set("items", Value(text()));
      out.set("x-kubernetes-list-type", "set");
    } else {
      out.set("items", any(depth + 1));
    }
    if (chance(0.3)) out.set("maxItems", between(1, 4));
    return out;
  }

  Object object(int depth) {
    Object out = typed("object");
    Object properties;
    Array required;
    for (auto i = between(1, depth == 0 ? 12 : 5); i > 0; --i) {
      const std::string name = one_of(kNames);
      if (properties.contains(name)) continue;
      properties.set(name, any(depth + 1));
      if (chance(0.3)) required.emplace_back(name);
    }
    const bool both = properties.contains("fooBar") && properties.contains("foo_bar");
    if (both) add_rule(out, "!has(self.fooBar) || has(self.foo_bar)");
    const bool combined = chance(0.1);
    if (combined) add_combination(out, properties);
    out.set("properties", std::move(properties));
    if (required.empty() && !combined && depth > 1 && chance(0.2)) out.set("default", Object());
    if (!required.empty()) out.set("required", std::move(required));
    if (chance(0.1)) out.set("x-kubernetes-preserve-unknown-fields", true);
    return out;
  }

  SeededRandom random_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: random_crds SEED COUNT FOLDER\n", stderr);
    return 2;
  }
  Maker maker(std::strtoull(argv[1], nullptr, 10));
  const std::filesystem::path folder = argv[3];
  std::filesystem::create_directories(folder);
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    std::ofstream(folder / ("random" + std::to_string(i) + ".yaml"))
        << windlass::json::dump_pretty(maker.crd(i));
  }
  return 0;
}
