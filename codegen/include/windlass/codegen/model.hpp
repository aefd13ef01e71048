#pragma once
// What the parsers produce and the emitter writes: C++ types in the terms of a table.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::codegen {

enum class Kind : std::uint8_t {
  boolean,
  int32,
  int64,
  float64,
  string,
  time,
  micro_time,
  quantity,
  int_or_string,
  any,
  enumeration,
  object,
  list,
  map
};

/// A type as a field, a list or a map names it.
struct Type {
  Kind kind = Kind::any;
  std::string name;  ///< of an object or enumeration: `PodSpec`, `windlass::api::core::v1::PodSpec`
  std::string include;  ///< the header that defines it; empty for the unit's own types
  std::shared_ptr<const Type> element;  ///< of a list or map

  friend bool operator==(const Type& a, const Type& b);
};

Type scalar(Kind kind);
Type list_of(Type element);
Type map_of(Type value);

/// What a schema demands of a value beyond its type. Numbers stay as they were written.
struct Constraints {
  json::Value minimum, maximum, multiple_of;  ///< null when unset
  bool exclusive_minimum = false;
  bool exclusive_maximum = false;
  std::optional<std::int64_t> min_length, max_length, min_items, max_items;
  bool unique_items = false;
  std::string pattern;
  std::string format;
  std::vector<std::string> values;
  json::Value default_value;
  std::string list_type;  ///< `set`, `map`, or empty for atomic
  std::vector<std::string> list_map_keys;
  bool immutable = false;
  std::shared_ptr<const Constraints> items;

  [[nodiscard]] bool empty() const;
  friend bool operator==(const Constraints& a, const Constraints& b);
};

struct Field {
  std::string json_name;
  std::string member;
  std::string documentation;
  Type type;
  bool required = false;
  bool nullable = false;
  bool by_value = false;      ///< an object that is held without a Box
  bool empty_counts = false;  ///< "" differs from absent
  Constraints constraints;

  /// Everything but the documentation.
  friend bool operator==(const Field& a, const Field& b);
};

/// Makes a Struct a whole Kubernetes object.
struct Resource {
  std::string group;
  std::string version;
  std::string kind;
  std::string plural;  ///< empty for a kind that no path serves under its own name
  bool namespaced = true;
  bool has_status = false;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;

  [[nodiscard]] std::string api_version() const;
  friend bool operator==(const Resource& a, const Resource& b) = default;
};

struct Struct {
  std::string name;
  std::string documentation;
  std::vector<Field> fields;
  std::optional<Resource> resource;
  bool keeps_unknown = false;
};

struct Enum {
  struct Value {
    std::string text;
    std::string name;
    friend bool operator==(const Value&, const Value&) = default;
  };
  std::string name;
  std::string documentation;
  std::vector<Value> values;
};

/// One header and its sources.
struct Unit {
  std::string origin;          ///< the file it was made from, for the first line
  std::string header;          ///< as users include it: `windlass/api/apps_v1.hpp`
  std::string source;          ///< without `.cpp`: `apps_v1`
  std::string namespace_name;  ///< `windlass::inline v0::api::apps::v1`
  std::vector<Enum> enums;
  std::vector<Struct> structs;
};

/// Something that a schema says and a type cannot.
struct Warning {
  std::string place;  ///< file and path in the document
  std::string text;
};

}  // namespace windlass::inline v0::codegen
