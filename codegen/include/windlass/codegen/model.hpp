#pragma once
// What the parsers produce and the emitter writes: C++ types in the terms of a
// table.

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
  duration,
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
  std::string name;     ///< of an object or enumeration: `PodSpec`,
                        ///< `windlass::api::core::v1::PodSpec`
  std::string include;  ///< the header that defines it; empty for the unit's own types
  std::shared_ptr<const Type> element;  ///< of a list or map
  bool may_be_null = false;             ///< an element that may be null

  friend bool operator==(const Type& a, const Type& b);
};

Type scalar(Kind kind);
Type list_of(Type element);
Type map_of(Type value);

/// One of `x-kubernetes-validations`.
struct Rule {
  std::string rule;
  std::string message;
  std::string message_expression;
  std::string reason;
  std::string field_path;
  bool optional_old_self = false;
  friend bool operator==(const Rule&, const Rule&) = default;
};

/// What a schema demands of a value beyond its type. Numbers stay as they were
/// written.
struct Constraints {
  struct Member;
  using Ptr = std::shared_ptr<const Constraints>;

  json::Value minimum, maximum, multiple_of;  ///< null when unset
  bool exclusive_minimum = false;
  bool exclusive_maximum = false;
  std::optional<std::int64_t> min_length, max_length, min_items, max_items;
  bool unique_items = false;
  std::string pattern;
  std::string format;
  std::vector<std::string> values;  ///< strings as they are, everything else as JSON
  json::Value default_value;
  std::string list_type;  ///< `set`, `map`, or empty for atomic
  std::vector<std::string> list_map_keys;
  bool immutable = false;
  std::string json_type;    ///< of `any`: "object" or another; empty: anything
  bool nullable = false;    ///< where the member's type does not say so
  std::string description;  ///< only with CrdOptions::whole_schema
  Ptr items;
  // What type::Demands holds.
  std::vector<Rule> rules;
  std::vector<std::string> required;
  std::vector<Member> members;
  std::vector<Ptr> all_of, any_of, one_of;
  Ptr not_;
  json::Value keywords;  ///< an object, or null
  bool keywords_only = false;

  [[nodiscard]] bool has_demands() const;
  [[nodiscard]] bool empty() const;
  friend bool operator==(const Constraints& a, const Constraints& b);
};

struct Constraints::Member {
  std::string name;
  Ptr constraints;
};

struct Field {
  std::string json_name;
  std::string member;
  std::string documentation;
  Type type;
  bool required = false;
  bool nullable = false;
  bool by_value = false;      ///< an object that is held without a Box
  bool empty_counts = false;  ///< an empty string, list or map differs from an absent one
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

/// One of `additionalPrinterColumns`.
struct Column {
  std::string name, type, json_path, format, description;
  std::int64_t priority = 0;
};

struct Struct {
  std::string name;
  std::string documentation;
  std::vector<Field> fields;
  std::optional<Resource> resource;
  bool keeps_unknown = false;
  Constraints constraints;  ///< of a root; other objects have theirs where they are used
  std::vector<Column> columns;
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
  bool numbers = false;  ///< the texts are numbers in JSON
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
