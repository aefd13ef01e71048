#pragma once
// Types of CEL expressions, and how an OpenAPI schema of a CRD becomes one.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/json/value.hpp>

namespace windlass::inline v0::cel {

struct Type;
using TypePtr = std::shared_ptr<const Type>;

/// A property of an object type.
struct Property {
  std::string name;        ///< as in JSON
  std::string identifier;  ///< as in expressions: "my-name" is `my__dash__name`
  TypePtr type;            ///< nullptr: the schema says too little, expressions cannot use it
  bool exposed = true;     ///< false: expressions cannot name it, but equality looks at it
};

/// The type of an expression. Types made from schemas also know how large their values can be (for
/// cost estimates) and how JSON values of them are read.
struct Type {
  enum class Kind : std::uint8_t {
    error,
    dyn,
    null,
    boolean,
    integer,
    unsigned_,
    real,
    string,
    bytes,
    timestamp,
    duration,
    list,
    map,
    object,
    optional,
    type,
    opaque,
    parameter
  };
  enum class List : std::uint8_t { atomic, set, map };

  Kind kind = Kind::dyn;
  std::string name = {};                 ///< of objects, opaque types and type parameters
  std::vector<TypePtr> parameters = {};  ///< element; key and value; wrapped type

  int variable = -1;  ///< of type parameters, while types are being inferred

  // Of types made from schemas.
  bool schema = false;
  std::vector<Property> properties = {};  ///< sorted by `identifier`
  bool int_or_string = false;
  bool nullable = false;
  bool date = false;  ///< a timestamp that is written as a date
  List list = List::atomic;
  std::vector<std::string> map_keys = {};  ///< of List::map, JSON names
  std::int64_t max_elements = 0;           ///< items, entries, bytes; meaningful when `schema`
  std::int64_t min_size = 0;               ///< of the shortest JSON text

  [[nodiscard]] const Property* property(std::string_view identifier) const;
};

TypePtr simple_type(Type::Kind kind);
TypePtr list_type(TypePtr element);
TypePtr map_type(TypePtr key, TypePtr value);
TypePtr optional_type(TypePtr wrapped);
/// As error messages show it: "list(map(string, int))".
std::string to_string(const Type& type);

/// The type of values that follow a structural schema (openAPIV3Schema or a part of it), or nullptr
/// when the schema says too little (no type; arrays and maps of such): rules cannot see those.
/// `root`: of a resource, which has apiVersion, kind and metadata (name and generateName).
/// `name` is how messages call the type.
TypePtr schema_type(const json::Value& schema, bool root, const std::string& name = "selfType");

/// The name of a property in expressions: "__", ".", "-", "/" and reserved words are escaped. Empty
/// when it cannot be written.
std::string escape_property(std::string_view name);

}  // namespace windlass::inline v0::cel
