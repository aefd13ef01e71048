#pragma once
// One form for the schemas of built-in kinds (OpenAPI v3 as the server publishes it) and of CRDs,
// and what is done with them: decoding rules, pruning, defaults, validation.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/json/value.hpp>

#include "failure.hpp"

namespace re2 {
class RE2;
}

namespace windlass::inline v0::api_server {

struct Schema;

struct Field {
  std::string name;
  const Schema* schema = nullptr;
  std::optional<json::Value> default_value = std::nullopt;
  bool merge = false;        ///< strategic merge joins lists by `merge_key` (or as sets)
  bool retain_keys = false;  ///< strategic merge drops members that the patch does not name
  std::string merge_key = {};
  bool atomic = false;  ///< one owner for the whole value
};

struct Schema {
  enum class Kind : std::uint8_t {
    any,
    object,
    map,
    array,
    string,
    integer,
    number,
    boolean,
    int_or_string,
    quantity
  };
  enum class List : std::uint8_t { atomic, set, map };

  Kind kind = Kind::any;
  std::string name = {};     ///< of a built-in type: "DeploymentSpec"
  std::string go_name = {};  ///< with its package: "v1.DeploymentSpec"
  std::string format = {};
  std::vector<Field> fields = {};  ///< sorted
  std::vector<std::string> required = {};
  const Schema* items = nullptr;
  const Schema* values = nullptr;  ///< of additional properties
  List list = List::atomic;
  std::vector<std::string> map_keys = {};
  bool atomic = false;
  bool preserve_unknown = false;
  bool nullable = false;
  bool embedded = false;
  bool holds_embedded = false;                              ///< itself, or a part of it
  std::optional<json::Value> inner_default = std::nullopt;  ///< of `items` or `values`

  std::vector<json::Value> enumeration = {};
  std::optional<double> minimum = std::nullopt, maximum = std::nullopt;
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::optional<double> multiple_of = std::nullopt;
  std::optional<std::int64_t> min_length = std::nullopt, max_length = std::nullopt;
  std::optional<std::int64_t> min_items = std::nullopt, max_items = std::nullopt;
  std::optional<std::int64_t> min_properties = std::nullopt, max_properties = std::nullopt;
  bool unique_items = false;
  std::string pattern = {};
  std::shared_ptr<const re2::RE2> expression = nullptr;
  std::vector<const Schema*> all_of = {}, any_of = {}, one_of = {};
  const Schema* not_ = nullptr;

  [[nodiscard]] const Field* field(std::string_view field_name) const;
};

/// Owns schemas. Pointers into it stay valid as long as it lives.
class SchemaSet {
 public:
  /// The form of a built-in type by its full name; nullptr when there is none.
  const Schema* builtin(const std::string& name);
  /// A CRD's structural schema. Throws Failure through `causes` for a pattern that is not RE2.
  const Schema* structural(const json::Value& document, const std::string& path, Causes& causes);
  /// The documents that built-in types are read from.
  void set_definitions(std::shared_ptr<const json::Object> definitions) {
    definitions_ = std::move(definitions);
  }

 private:
  Schema& fresh();
  const Schema* reference(const json::Value& reference);
  const Schema* compile(const json::Value& document);
  void fill(Schema& schema, const json::Value& document);
  void fill_structural(Schema& schema, const json::Value& document, const std::string& path,
                       Causes& causes);

  std::shared_ptr<const json::Object> definitions_;
  std::deque<Schema> schemas_;
  std::map<std::string, Schema*, std::less<>> by_name_;
};

/// What reading an object found that is not an error by itself.
struct Unknown {
  std::vector<std::string> fields;
};

/// In whose words a value of the wrong type is refused: those of Go's JSON decoder, or of
/// apimachinery's converter of documents.
enum class Decoder : std::uint8_t { json, unstructured };

/// Brings a built-in object to the form that a round trip through Go's types gives: unknown fields,
/// nulls and empty optional values dropped, quantities canonical. Throws Failure(400) naming the
/// field for a value of the wrong type.
void normalize(const Schema& schema, json::Value& value, std::string_view kind,
               std::string_view version, Unknown& unknown, Decoder decoder = Decoder::json);
/// What `normalize` throws, without "X in version Y cannot be handled as a Z: ".
std::string reason_of(std::string_view message);

/// Drops what a structural schema does not name. `root`: apiVersion, kind and metadata stay.
void prune(const Schema& schema, json::Value& value, bool root, const std::string& path,
           Unknown& unknown);
/// Fills in defaults, and drops members that are null where their schema allows none.
void apply_defaults(const Schema& schema, json::Value& value, bool root);
/// Checks a custom object or a part of one: `prefix` is where the part is. What an update leaves as
/// it was is tolerated (ratcheting): `old_value` is what it replaces, nullptr for a creation.
void validate(const Schema& schema, const json::Value& value, Causes& causes,
              const json::Value* old_value = nullptr, const std::string& prefix = "");
/// Brings the metadata of a custom object's embedded resources (x-kubernetes-embedded-resource) to
/// the form of `object_meta`. Throws Failure(400), with the place and the problem alone, for what
/// cannot be read.
void coerce_embedded(const Schema& schema, json::Value& value, const Schema& object_meta,
                     const std::string& path, Unknown& unknown);
/// What embedded resources must have: apiVersion, kind, and names that are names.
void validate_embedded(const Schema& schema, const json::Value& value, const std::string& path,
                       Causes& causes);
/// Lists that are sets or maps have no entry twice.
void validate_lists(const Schema& schema, const json::Value& value, const std::string& path,
                    Causes& causes);

/// "a.b", or "b" when `path` is empty.
std::string child(const std::string& path, std::string_view name);
std::string index(const std::string& path, std::size_t position);
std::string keyed(const std::string& path, std::string_view key);

/// Canonical text of a quantity, or none when it is not one.
std::optional<std::string> canonical_quantity(const json::Value& value);
/// The quantity in thousandths (rounded up), for comparisons.
std::optional<double> quantity_value(const json::Value& value);

}  // namespace windlass::inline v0::api_server
