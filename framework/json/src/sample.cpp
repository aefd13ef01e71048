#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include <windlass/json/schema.hpp>

namespace windlass::inline v0::json {
namespace {

constexpr int kMaxDepth = 60;
constexpr int kTries = 40;

const Array& array_of(const Value& value) {
  static const Array none;
  return value.is_array() ? value.as_array() : none;
}

std::set<std::string> names_of(const Value& value) {
  std::set<std::string> out;
  for (const auto& name : array_of(value)) out.emplace(name.string_or(""));
  return out;
}

/// What both say; where both say the same thing differently, what `more` says.
Value merged(const Value& base, const Value& more) {
  if (!base.is_object() || !more.is_object()) return more;
  Value out = base;
  for (const auto& [key, value] : more.as_object()) {
    const Value* own = base.find(key);
    if (key == "properties" && own != nullptr && value.is_object()) {
      for (const auto& [name, property] : value.as_object()) {
        Value& target = out["properties"][name];
        target = merged(target, property);
      }
    } else if (key == "items" && own != nullptr) {
      out["items"] = merged(*own, value);
    } else if (key == "required" && own != nullptr) {
      auto names = names_of(*own);
      names.merge(names_of(value));
      Array all;
      for (const auto& name : names) all.emplace_back(name);
      out["required"] = std::move(all);
    } else {
      out[key] = value;
    }
  }
  return out;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

class Sampler {
 public:
  Sampler(Random& random, const SampleOptions& options) : random_(random), options_(options) {}

  Value make(const Value& schema, int depth) {
    ++made_;
    // null is none of an enum's values unless it says so
    const bool has_null = schema["nullable"].bool_or(false) && !schema["enum"].is_array();
    if (has_null && chance(0.1)) return nullptr;
    if (schema["allOf"].is_array() || schema["anyOf"].is_array() || schema["oneOf"].is_array() ||
        schema["not"].is_object()) {
      return make_plain(decided(schema), depth);
    }
    return make_plain(schema, depth);
  }

 private:
  bool chance(double probability) { return random_.uniform() < probability; }
  std::int64_t between(std::int64_t low, std::int64_t high) { return random_.between(low, high); }
  template <class List>
  const auto& one_of(const List& list) {
    return list[static_cast<std::size_t>(random_.next() % list.size())];
  }
  [[nodiscard]] bool is_spent() const { return made_ > options_.budget; }

  /// The schema with one branch of each alternative taken, and what the others need forbidden.
  Value decided(const Value& schema) {
    Value out = schema;
    std::set<std::string> avoid = forbidden(schema["not"]);
    for (const auto& part : array_of(schema["allOf"])) {
      out = merged(out, decided(part));
      avoid.merge(names_of(out["x-forbidden"]));
    }
    if (!schema["x-kubernetes-int-or-string"].bool_or(false)) {
      take_one(out, schema["anyOf"], false, avoid);
    }
    take_one(out, schema["oneOf"], true, avoid);
    const auto required = names_of(out["required"]);
    Array names;
    for (const auto& name : avoid) {
      if (!required.contains(name)) names.emplace_back(name);
    }
    out["x-forbidden"] = std::move(names);
    for (const char* key : {"allOf", "anyOf", "oneOf", "not"}) out.as_object().erase(key);
    return out;
  }

  void take_one(Value& out, const Value& branches, bool exclusive, std::set<std::string>& avoid) {
    if (array_of(branches).empty()) return;
    const auto& list = branches.as_array();
    const Value& chosen = one_of(list);
    if (exclusive) {
      for (const auto& other : list) {
        if (&other != &chosen) avoid.merge(names_of(other["required"]));
      }
    }
    const Value branch = decided(chosen);
    avoid.merge(names_of(branch["x-forbidden"]));
    out = merged(out, branch);
  }

  /// The members that `not: {required: [...]}` and `not: {anyOf: [...]}` forbid.
  static std::set<std::string> forbidden(const Value& schema) {
    std::set<std::string> out = names_of(schema["required"]);
    for (const auto& part : array_of(schema["anyOf"])) out.merge(names_of(part["required"]));
    return out;
  }

  Value make_plain(const Value& schema, int depth) {
    if (const auto& values = array_of(schema["enum"]); !values.empty()) return one_of(values);
    if (schema["x-kubernetes-int-or-string"].bool_or(false)) return int_or_string(schema);
    if (schema["x-kubernetes-embedded-resource"].bool_or(false)) return embedded();
    const auto type = schema["type"].string_or("");
    if (type == "boolean") return chance(0.5);
    if (type == "integer") return integer(schema);
    if (type == "number") return number(schema);
    if (type == "string") return text(schema);
    if (type == "array") return list(schema, depth);
    if (type == "object") return object(schema, depth);
    return anything(3);
  }

  std::int64_t integer(const Value& schema) {
    const bool narrow = schema["format"] == Value("int32");
    std::int64_t low = narrow ? INT32_MIN : -1'000'000'000'000;
    std::int64_t high = narrow ? INT32_MAX : 1'000'000'000'000;
    if (chance(0.7)) {
      low = -10;
      high = 1000;
    }
    if (const Value& minimum = schema["minimum"]; minimum.is_number()) {
      low = static_cast<std::int64_t>(std::ceil(minimum.as_number()));
      if (schema["exclusiveMinimum"].bool_or(false)) ++low;
      high = std::max(high, low + 10);
    }
    if (const Value& maximum = schema["maximum"]; maximum.is_number()) {
      high = static_cast<std::int64_t>(std::floor(maximum.as_number()));
      if (schema["exclusiveMaximum"].bool_or(false)) --high;
      if (!schema["minimum"].is_number()) low = std::min(low, high - 10);
    }
    if (narrow) {
      low = std::max<std::int64_t>(low, INT32_MIN);
      high = std::min<std::int64_t>(high, INT32_MAX);
    }
    std::int64_t value = between(low, std::max(low, high));
    if (const Value& step = schema["multipleOf"]; step.is_integer() && step.as_integer() > 0) {
      value -= value % step.as_integer();
      if (value < low) value += step.as_integer();
    }
    return value;
  }

  Value number(const Value& schema) {
    double low = schema["minimum"].is_number() ? schema["minimum"].as_number() : -1000;
    double high = schema["maximum"].is_number() ? schema["maximum"].as_number() : low + 2000;
    if (!schema["minimum"].is_number() && high < low) low = high - 1000;
    if (const Value& step = schema["multipleOf"]; step.is_number() && step.as_number() > 0) {
      const double size = step.as_number();
      const double first = std::ceil(low / size);
      const double last = std::floor(high / size);
      return (first + std::floor(random_.uniform() * std::max(1.0, last - first))) * size;
    }
    // halves and quarters are exact in every representation
    const double value = low + std::floor(random_.uniform() * (high - low) * 4) / 4;
    return value == low ? low + (high - low) / 2 : value;
  }

  Value int_or_string(const Value& schema) {
    const auto pattern = schema["pattern"].string_or("");
    if (pattern.empty()) {
      if (!chance(0.5)) return std::to_string(between(0, 100)) + "%";
      Value narrow = schema;  // Go's IntOrString holds 32 bits
      narrow["format"] = "int32";
      return integer(narrow);
    }
    if (pattern.find("[numkMGTPE]") != pattern.npos) {  // a quantity in its canonical form
      return std::to_string(between(1, 999)) + one_of(std::array{"", "m", "Mi", "Gi", "k"});
    }
    return text(schema);
  }

  Value text(const Value& schema) {
    const auto low =
        static_cast<std::size_t>(std::max<std::int64_t>(0, schema["minLength"].integer_or(0)));
    const auto high = static_cast<std::size_t>(std::max<std::int64_t>(
        0, schema["maxLength"].integer_or(static_cast<std::int64_t>(low) + 64)));
    const auto fits = [&](std::string_view candidate) {
      const std::size_t size = characters(candidate);
      return size >= low && size <= high;
    };
    const auto pattern = schema["pattern"].string_or("");
    const auto format = schema["format"].string_or("");
    if (!pattern.empty()) {
      for (int i = 0; i < kTries; ++i) {
        const std::size_t reach = i < kTries / 2 ? static_cast<std::size_t>(i % 12) : low + 2;
        auto candidate = sample_pattern(pattern, random_, reach);
        if (!candidate) break;
        if (fits(*candidate)) return std::move(*candidate);
      }
    }
    if (!format.empty()) {
      for (int i = 0; i < kTries; ++i) {
        auto candidate = formatted(format);
        if (candidate.empty()) break;
        if (fits(candidate)) return candidate;
      }
    }
    return plain_text(low, high);
  }

  std::string plain_text(std::size_t low, std::size_t high) {
    if (low == 0 && chance(0.05)) return {};
    const auto size =
        static_cast<std::size_t>(between(static_cast<std::int64_t>(std::max<std::size_t>(low, 1)),
                                         static_cast<std::int64_t>(std::min(high, low + 24))));
    std::string out;
    static const std::array<const char*, 6> unusual = {"\u00e9", "\"",         "\\",
                                                       "\n",     "\U0001F600", "/"};
    const bool odd = chance(0.1);
    for (std::size_t i = 0; i < std::min(size, high); ++i) {
      if (odd && chance(0.3)) {
        out += one_of(unusual);
      } else {
        out += static_cast<char>('a' + between(0, 25));
      }
    }
    return out;
  }

  template <class... Arguments>
  static std::string print(const char* format, Arguments... arguments) {
    char buffer[96];
    std::snprintf(buffer, sizeof buffer, format, arguments...);
    return buffer;
  }

  int small(int low, int high) { return static_cast<int>(between(low, high)); }

  std::string formatted(std::string_view format) {
    if (format == "date-time") {
      return print("20%02d-%02d-%02dT%02d:%02d:%02dZ", small(10, 40), small(1, 12), small(1, 28),
                   small(0, 23), small(0, 59), small(0, 59));
    }
    if (format == "date")
      return print("20%02d-%02d-%02d", small(10, 40), small(1, 12), small(1, 28));
    if (format == "duration") return print("%dh%dm%ds", small(0, 9), small(0, 59), small(0, 59));
    if (format.starts_with("uuid")) return random_.uuid();
    if (format == "ipv4") return print("10.%d.%d.%d", small(0, 255), small(0, 255), small(0, 255));
    if (format == "ipv6") return print("2001:db8::%x:%x", small(0, 65535), small(0, 65535));
    if (format == "cidr") return print("10.%d.%d.0/%d", small(0, 255), small(0, 255), small(8, 32));
    if (format == "mac")
      return print("02:00:00:%02x:%02x:%02x", small(0, 255), small(0, 255), small(0, 255));
    if (format == "hostname") return random_.suffix(6) + ".example.com";
    if (format == "email") return random_.suffix(6) + "@example.com";
    if (format == "uri") return "https://example.com/" + random_.suffix(6);
    if (format == "byte") return one_of(std::array{"aGVsbG8=", "d29ybGQ=", "YWJj", "QQ=="});
    if (format == "hexcolor") return print("#%06x", small(0, 0xffffff));
    if (format == "rgbcolor")
      return print("rgb(%d,%d,%d)", small(0, 255), small(0, 255), small(0, 255));
    if (format == "bsonobjectid")
      return print("%08x%08x%08x", small(0, 65535), small(0, 65535), small(0, 65535));
    if (format == "isbn" || format == "isbn13") return "9783161484100";
    if (format == "isbn10") return "316148410X";
    if (format == "creditcard") return "4111111111111111";
    if (format == "ssn")
      return print("%03d-%02d-%04d", small(100, 999), small(10, 99), small(1000, 9999));
    if (format == "k8s-short-name" || format == "k8s-long-name") return random_.suffix(8);
    if (format == "quantity")
      return std::to_string(between(1, 999)) + one_of(std::array{"", "m", "Mi"});
    return {};
  }

  Value list(const Value& schema, int depth) {
    const auto low =
        static_cast<std::size_t>(std::max<std::int64_t>(0, schema["minItems"].integer_or(0)));
    std::size_t high = std::max(low, is_spent() || depth > kMaxDepth ? 0 : options_.max_elements);
    if (schema["maxItems"].is_integer()) {
      high = std::min(high, static_cast<std::size_t>(
                                std::max<std::int64_t>(0, schema["maxItems"].as_integer())));
    }
    const auto wanted = static_cast<std::size_t>(
        between(static_cast<std::int64_t>(low), static_cast<std::int64_t>(std::max(low, high))));
    const auto kind = schema["x-kubernetes-list-type"].string_or("atomic");
    const bool unique = kind == "set" || schema["uniqueItems"].bool_or(false);
    Array out;
    for (std::size_t tries = 0; out.size() < wanted && tries < wanted * 20; ++tries) {
      Value element = make(schema["items"], depth + 1);
      const bool clashes = std::any_of(out.begin(), out.end(), [&](const Value& other) {
        if (kind == "map") return same_key(element, other, schema);
        return unique && other == element;
      });
      if (!clashes) out.push_back(std::move(element));
    }
    return out;
  }

  /// An absent key counts as its default.
  static bool same_key(const Value& a, const Value& b, const Value& schema) {
    const auto key = [&](const Value& element, std::string_view name) -> const Value& {
      const Value* value = element.find(name);
      return value != nullptr ? *value : schema["items"]["properties"][name]["default"];
    };
    const auto& names = array_of(schema["x-kubernetes-list-map-keys"]);
    return !names.empty() && std::all_of(names.begin(), names.end(), [&](const Value& name) {
      return key(a, name.string_or("")) == key(b, name.string_or(""));
    });
  }

  Value object(const Value& schema, int depth) {
    Object out;
    const auto required = names_of(schema["required"]);
    const auto avoid = names_of(schema["x-forbidden"]);
    const auto least =
        static_cast<std::size_t>(std::max<std::int64_t>(0, schema["minProperties"].integer_or(0)));
    const auto most = static_cast<std::size_t>(
        std::max<std::int64_t>(0, schema["maxProperties"].integer_or(INT32_MAX)));
    if (schema["properties"].is_object()) {
      const auto& properties = schema["properties"].as_object();
      std::size_t left = properties.size();
      std::size_t required_left = required.size();
      for (const auto& [name, property] : properties) {
        const bool must = required.contains(name);
        if (must && required_left > 0) --required_left;
        const bool needed = must || out.size() + left <= least;
        --left;
        const bool wanted = !avoid.contains(name) && !is_spent() && depth < kMaxDepth &&
                            out.size() + required_left < most && chance(options_.optional);
        if (needed || wanted) out.set(name, make(property, depth + 1));
      }
    }
    if (const Value& values = schema["additionalProperties"]; values.is_object()) {
      const std::size_t high = is_spent() ? least : std::max(least, options_.max_elements);
      const auto wanted = static_cast<std::size_t>(between(
          static_cast<std::int64_t>(least), static_cast<std::int64_t>(std::min(most, high))));
      while (out.size() < wanted) {
        out.set("key-" + random_.suffix(4) + (chance(0.2) ? "/x.y" : ""), make(values, depth + 1));
      }
      for (const auto& name : required) {
        if (!out.contains(name)) out.set(name, make(values, depth + 1));
      }
    } else if (schema["x-kubernetes-preserve-unknown-fields"].bool_or(false) ||
               schema["additionalProperties"].bool_or(false)) {
      if (out.size() < most && chance(0.5)) out.set("unknown-" + random_.suffix(3), anything(3));
    }
    return out;
  }

  Value anything(int depth) {
    ++made_;
    switch (between(0, depth > 0 ? 6 : 4)) {
      case 0:
        return chance(0.5);
      case 1:
        return between(-1000, 1000);
      case 2:
        return 0.25 + static_cast<double>(between(0, 1000));
      case 5: {
        Array list;
        for (auto i = between(0, 2); i > 0; --i) list.push_back(anything(depth - 1));
        return list;
      }
      case 6: {
        Object object;
        for (auto i = between(0, 2); i > 0; --i) object.set(random_.suffix(3), anything(depth - 1));
        return object;
      }
      default:
        return plain_text(0, 12);
    }
  }

  Value embedded() {
    Object metadata, out;
    metadata.set("name", random_.suffix(5));
    out.set("apiVersion", "v1");
    out.set("kind", "ConfigMap");
    out.set("metadata", std::move(metadata));
    return out;
  }

  Random& random_;
  SampleOptions options_;
  std::size_t made_ = 0;
};

}  // namespace

Value sample(const Value& schema, Random& random, const SampleOptions& options) {
  return Sampler(random, options).make(schema, 0);
}

}  // namespace windlass::inline v0::json
