#pragma once
// A type is a table: what describes a C++ aggregate at run time, so that decoding, encoding,
// comparing, validating and the rest are each written once, over tables.
//
// What a generator (or a person) writes for a type, in full:
//
//   // widget.hpp
//   struct WidgetSpec {
//     std::string name;                               // required string
//     std::optional<std::int32_t> replicas;           // optional number or bool: std::optional
//     std::vector<std::string> args;                  // optional list: empty is absent
//     windlass::FlatMap<std::string, std::string> labels;
//     windlass::Box<WidgetSpec> fallback;             // optional object (also a recursive one):
//                                                     // Box
//     windlass::Nullable<std::string> note;           // absent, null or a text
//     windlass::json::Value extra;                    // anything; null is absent
//
//     static const windlass::type::Table& table();
//     friend bool operator==(const WidgetSpec& a, const WidgetSpec& b);
//   };
//
//   // widget.cpp: one function and one line of == per type
//   const windlass::type::Table& WidgetSpec::table() {
//     using windlass::type::field;
//     using enum windlass::type::Presence;
//     static constexpr windlass::type::Constraints replicas{.minimum = 1, .maximum = 9};
//     static constexpr windlass::type::Field fields[] = {
//         field<&WidgetSpec::name>("name", offsetof(WidgetSpec, name), required),
//         field<&WidgetSpec::replicas>("replicas", offsetof(WidgetSpec, replicas), optional,
//                                      &replicas),
//         field<&WidgetSpec::args>("args", offsetof(WidgetSpec, args), optional),
//         ...
//     };
//     static constexpr auto index = windlass::type::index_of(fields);
//     static constexpr windlass::type::Table table{
//         .name = "WidgetSpec", .fields = fields, .index = index};
//     return table;
//   }
//   bool operator==(const WidgetSpec& a, const WidgetSpec& b) { return windlass::type::equal(a, b);
//   }
//
// The rules:
// - Kinds follow from the member's C++ type (shape_of); a member whose type has no shape does not
//   compile. Lists of bool are not supported: std::vector<bool> holds no bools (use json::Value).
// - A type without fields writes `static constexpr Table table{.name = "Empty"};`.
// - The type of a whole Kubernetes object adds .api_version = "apps/v1", .kind = "Deployment" to
// its
//   table and has no members for these two; the encoder writes them first, at the top level only,
//   and the decoder refuses others.
// - An object that keeps unknown fields beside known ones has a json::Value member for them, names
//   it with `.rest = field<&T::rest>("", offsetof(T, rest), optional)`, and does not list it.
// - An enum type: enumerators 0, 1, 2... in the order of
//   `template <> struct windlass::type::EnumNames<E> { static constexpr std::string_view names[] =
//   {"Retain", "Delete"}; };`, which must stand in the header, before the first shape_of<E>. When
//   the names are numbers in JSON ("-1", "1.5"), it also has `static constexpr bool numbers =
//   true`.
// - offsetof on these aggregates needs -Wno-invalid-offsetof (the target windlass::type sets it for
//   everything that links it): all members are public and of one class, so the offsets are
//   constants.
// - Members may not be default-initialised to something else than absent unless absent means that.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <windlass/type/box.hpp>
#include <windlass/type/flat_map.hpp>
#include <windlass/type/nullable.hpp>
#include <windlass/type/raw_json.hpp>

namespace windlass::inline v0::type {

struct Table;
struct Shape;

enum class Kind : std::uint8_t {
  boolean,
  int32,
  int64,
  float64,
  string,
  scalar,       ///< a string or number with a syntax of its own: quantity, time, int-or-string
  enumeration,  ///< one of a closed list of strings
  object,
  list,
  map,       ///< from strings to values of one shape
  optional,  ///< std::optional, Box or Nullable round another shape
  any,       ///< json::Value
  raw        ///< RawJson
};

/// Operations on a scalar type, type-erased.
struct ScalarOps {
  const char* name;  ///< for error messages: "quantity"
  /// Reads a JSON string; on failure sets `problem` ("expected a quantity such as 500m, got ...").
  bool (*parse_string)(void* target, std::string_view text, std::string& problem);
  bool (*parse_integer)(void* target, std::int64_t number, std::string& problem);
  bool (*parse_number)(void* target, double number, std::string& problem);
  /// Appends its JSON text.
  void (*write)(const void* value, std::string& out);
  /// True for the value that an optional field omits.
  bool (*is_empty)(const void* value);
  bool (*equal)(const void* a, const void* b);
  void (*clear)(void* target);
  std::size_t (*heap_bytes)(const void* value);
  /// Of a scalar that is a number inside, such as a time: all that it holds; otherwise null
  /// pointers.
  std::int64_t (*to_number)(const void* value) = nullptr;
  void (*from_number)(void* target, std::int64_t number) = nullptr;
};

/// What a std::vector holds, as bytes.
struct ListView {
  const std::byte* data;
  std::size_t count;
  std::size_t capacity;
};
struct ListOps {
  ListView (*view)(const void* list);
  void* (*append)(void* list);  ///< a new element at the end
  void (*clear)(void* list);
  void (*reserve)(void* list, std::size_t count);
  void (*shrink)(void* list);
};

/// A FlatMap's entries lie side by side: the key first, the value `value_offset` bytes later.
struct MapView {
  const std::byte* data;
  std::size_t count;
  std::size_t capacity;
};
struct MapOps {
  std::size_t entry_size;
  std::size_t value_offset;
  MapView (*view)(const void* map);
  void* (*append)(void* map, std::string_view key);  ///< the new value; out of order until `finish`
  void (*drop_last)(void* map);                      ///< what was appended last
  void (*finish)(void* map);                         ///< sorts, last of equal keys wins, shrinks
  void (*reserve)(void* map, std::size_t count);
  void (*clear)(void* map);
};

struct OptionalOps {
  bool on_heap;                              ///< Box
  const void* (*get)(const void* optional);  ///< null when empty
  void* (*emplace)(void* optional);          ///< a fresh value
  void (*reset)(void* optional);
  // of Nullable only; otherwise null pointers
  bool (*is_null)(const void* optional) = nullptr;
  void (*set_null)(void* optional) = nullptr;
};

/// Operations on json::Value, which lives in a higher layer.
struct AnyOps {
  bool (*is_null)(const void* value);
  bool (*equal)(const void* a, const void* b);
  void (*clear)(void* value);
  std::size_t (*heap_bytes)(const void* value);
  /// The member, or null pointer.
  const void* (*find)(const void* value, std::string_view key);
  /// The element, or null pointer.
  const void* (*at)(const void* value, std::size_t index);
  /// What it is in JSON: "null", "boolean", "integer", "number", "string", "array" or "object".
  std::string_view (*type_name)(const void* value);
};

/// What a C++ type looks like. `inner` is the element of a list, the value of a map, the content of
/// an optional; of the pointers to operations the one that goes with `kind` is set.
struct Shape {
  Kind kind;
  std::uint32_t size;
  const Shape* inner = nullptr;
  const Table& (*table)() = nullptr;
  bool numbers = false;  ///< of an enumeration: its names are numbers in JSON
  union {
    const void* none = nullptr;
    const ScalarOps* scalar;
    const ListOps* list;
    const MapOps* map;
    const OptionalOps* optional;
    const AnyOps* any;
    const std::span<const std::string_view>* names;  ///< enumeration
  };
};

enum class Presence : std::uint8_t {
  required,  ///< always written, empty or not
  optional   ///< written unless empty, as Go's omitempty; an empty object counts as empty
};

enum class ListType : std::uint8_t { atomic, set, map };

/// One of `x-kubernetes-validations`, for whoever can evaluate CEL.
struct Rule {
  std::string_view rule;
  std::string_view message = {};
  std::string_view message_expression = {};
  std::string_view reason = {};
  std::string_view field_path = {};
  bool optional_old_self = false;
};

struct Constraints;

struct MemberConstraints {
  std::string_view name;
  const Constraints* constraints;
};

/// What a schema demands more rarely.
struct Demands {
  std::span<const Rule> rules = {};
  /// Members that must be present; and what their values must be. They come on top of what the
  /// table of the object says: in the branches of all_of and the like, or for a shape whose table
  /// is Kubernetes' own.
  std::span<const std::string_view> required = {};
  std::span<const MemberConstraints> members = {};
  std::span<const Constraints* const> all_of = {}, any_of = {}, one_of = {};
  const Constraints* not_ = nullptr;
  /// A JSON object, which is laid as a merge patch over the schema that the table says: keywords
  /// that no table knows. Only the text of a CRD depends on them.
  std::string_view keywords = {};
  bool keywords_only = false;  ///< they are the whole schema
};

/// What a schema demands of a field beyond its kind. Unset members demand nothing.
struct Constraints {
  std::optional<double> minimum = {};
  std::optional<double> maximum = {};
  bool exclusive_minimum = false;
  bool exclusive_maximum = false;
  std::optional<double> multiple_of = {};
  std::optional<std::uint32_t> min_length = {};  ///< of strings, in code points
  std::optional<std::uint32_t> max_length = {};
  std::optional<std::uint32_t> min_items = {};  ///< of lists; of maps and objects: properties
  std::optional<std::uint32_t> max_items = {};
  bool unique_items = false;
  std::string_view pattern = {};  ///< RE2 syntax, found anywhere in the string
  std::string_view format = {};
  /// enum: strings as they are, everything else as JSON text
  std::span<const std::string_view> values = {};
  std::string_view default_json = {};  ///< as JSON text
  ListType list_type = ListType::atomic;
  std::span<const std::string_view> list_map_keys = {};
  bool immutable = false;
  const Constraints* items = nullptr;  ///< of a list's elements or a map's values
  const Demands* demands = nullptr;
  /// Of a json::Value: "object", "array", "string", ...; empty: anything. Null is none of them.
  std::string_view json_type = {};
  bool nullable = false;  ///< of a json::Value and of a required Box: null is a value
  std::string_view description = {};
};

struct Field {
  std::string_view name;  ///< in JSON
  std::uint32_t offset = 0;
  Presence presence = Presence::optional;
  const Shape* shape = nullptr;
  const Constraints* constraints = nullptr;
};

/// A column that `kubectl get` shows.
struct Column {
  std::string_view name;
  std::string_view type;       ///< string, integer, number, boolean, date
  std::string_view json_path;  ///< ".status.phase"
  std::string_view format = {};
  std::string_view description = {};
  std::int32_t priority = 0;  ///< above 0: only with `-o wide`
};

/// The description of one aggregate.
struct Table {
  std::string_view name;
  std::span<const Field> fields = {};
  std::span<const std::uint16_t> index = {};  ///< hash table over `fields`, see index_of
  std::string_view api_version = {};          ///< only of whole Kubernetes objects
  std::string_view kind = {};
  Field rest = {};  ///< the member that keeps unknown fields; `shape` is null when there is none
  const Constraints* constraints = nullptr;  ///< of every object of this type
  std::span<const Column> columns = {};

  /// The field of that name, or null pointer.
  [[nodiscard]] const Field* find(std::string_view field) const;
};

constexpr std::size_t hash_of(std::string_view name) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(name[i]); };
  const std::size_t size = name.size();
  if (size == 0) return 0;
  std::size_t hash = size * 0x9e37u + at(0) * 31u + at(size - 1) * 1009u + at(size / 2) * 9176u;
  if (size > 4) hash += at(size / 4) * 263u + at(size - size / 4) * 6151u;
  return hash ^ (hash >> 7);
}

template <std::size_t Slots>
struct Index {
  std::uint16_t slots[Slots] = {};  ///< index of the field plus one; 0 is free
  constexpr operator std::span<const std::uint16_t>() const { return slots; }
};

constexpr std::size_t index_slots(std::size_t fields) {
  std::size_t slots = 4;
  while (slots < 2 * fields) slots *= 2;
  return slots;
}

/// The hash table for these fields.
template <std::size_t N>
consteval Index<index_slots(N)> index_of(const Field (&fields)[N]) {
  Index<index_slots(N)> index;
  for (std::size_t i = 0; i < N; ++i) {
    std::size_t slot = hash_of(fields[i].name) & (index_slots(N) - 1);
    while (index.slots[slot] != 0) slot = (slot + 1) & (index_slots(N) - 1);
    index.slots[slot] = static_cast<std::uint16_t>(i + 1);
  }
  return index;
}

/// Equality of names, which are short: without a call.
inline bool same_name(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  const auto eight = [](const char* text) {
    std::uint64_t bytes;
    std::memcpy(&bytes, text, sizeof bytes);
    return bytes;
  };
  const auto four = [](const char* text) {
    std::uint32_t bytes;
    std::memcpy(&bytes, text, sizeof bytes);
    return bytes;
  };
  const char* const x = a.data();
  const char* const y = b.data();
  if (size > 16) return std::memcmp(x, y, size) == 0;
  if (size >= 8) return eight(x) == eight(y) && eight(x + size - 8) == eight(y + size - 8);
  if (size >= 4) return four(x) == four(y) && four(x + size - 4) == four(y + size - 4);
  for (std::size_t i = 0; i < size; ++i) {
    if (x[i] != y[i]) return false;
  }
  return true;
}

inline const Field* Table::find(std::string_view field) const {
  if (index.empty()) return nullptr;
  const std::size_t mask = index.size() - 1;
  for (std::size_t slot = hash_of(field) & mask; index[slot] != 0; slot = (slot + 1) & mask) {
    const Field& candidate = fields[index[slot] - 1u];
    if (same_name(candidate.name, field)) return &candidate;
  }
  return nullptr;
}

/// A type that has a table.
template <class T>
concept Described = requires {
  { T::table() } -> std::same_as<const Table&>;
};

/// Specialise for an enum type: `static constexpr std::string_view names[]`.
template <class E>
struct EnumNames;

/// Specialise for a scalar type: a struct with static functions of the shapes in ScalarOps, except
/// that they take T& and const T& (`equal` and `clear` come from == and T{}), and a
/// `static constexpr const char* name`. `to_number` and `from_number` may be missing.
template <class T>
struct ScalarTraits;

/// Specialised by json for json::Value.
template <class T>
struct AnyTraits;

namespace detail {

template <class T>
struct Shaper;

template <class T>
concept NumberInside =
    requires(T& target, std::int64_t number) { ScalarTraits<T>::from_number(target, number); };

template <class T>
constexpr auto to_number_of() -> std::int64_t (*)(const void*) {
  if constexpr (NumberInside<T>) {
    return
        [](const void* value) { return ScalarTraits<T>::to_number(*static_cast<const T*>(value)); };
  }
  return nullptr;
}
template <class T>
constexpr auto from_number_of() -> void (*)(void*, std::int64_t) {
  if constexpr (NumberInside<T>) {
    return [](void* target, std::int64_t number) {
      ScalarTraits<T>::from_number(*static_cast<T*>(target), number);
    };
  }
  return nullptr;
}

template <class T>
inline constexpr ScalarOps scalar_ops{
    .name = ScalarTraits<T>::name,
    .parse_string =
        [](void* target, std::string_view text, std::string& problem) {
          return ScalarTraits<T>::parse_string(*static_cast<T*>(target), text, problem);
        },
    .parse_integer =
        [](void* target, std::int64_t number, std::string& problem) {
          return ScalarTraits<T>::parse_integer(*static_cast<T*>(target), number, problem);
        },
    .parse_number =
        [](void* target, double number, std::string& problem) {
          return ScalarTraits<T>::parse_number(*static_cast<T*>(target), number, problem);
        },
    .write = [](const void* value,
                std::string& out) { ScalarTraits<T>::write(*static_cast<const T*>(value), out); },
    .is_empty =
        [](const void* value) { return ScalarTraits<T>::is_empty(*static_cast<const T*>(value)); },
    .equal = [](const void* a,
                const void* b) { return *static_cast<const T*>(a) == *static_cast<const T*>(b); },
    .clear = [](void* target) { *static_cast<T*>(target) = T{}; },
    .heap_bytes =
        [](const void* value) {
          return ScalarTraits<T>::heap_bytes(*static_cast<const T*>(value));
        },
    .to_number = to_number_of<T>(),
    .from_number = from_number_of<T>(),
};

template <class T>
inline constexpr ListOps list_ops{
    .view =
        [](const void* list) {
          const auto& vector = *static_cast<const std::vector<T>*>(list);
          return ListView{reinterpret_cast<const std::byte*>(vector.data()), vector.size(),
                          vector.capacity()};
        },
    .append = [](void* list) -> void* {
      return &static_cast<std::vector<T>*>(list)->emplace_back();
    },
    .clear = [](void* list) { static_cast<std::vector<T>*>(list)->clear(); },
    .reserve = [](void* list,
                  std::size_t count) { static_cast<std::vector<T>*>(list)->reserve(count); },
    .shrink = [](void* list) { static_cast<std::vector<T>*>(list)->shrink_to_fit(); },
};

template <class V>
inline constexpr MapOps map_ops{
    .entry_size = sizeof(std::pair<std::string, V>),
    .value_offset = (sizeof(std::string) + alignof(V) - 1) / alignof(V) * alignof(V),
    .view =
        [](const void* map) {
          const auto& entries = *static_cast<const FlatMap<std::string, V>*>(map);
          return MapView{reinterpret_cast<const std::byte*>(entries.data()), entries.size(),
                         entries.capacity()};
        },
    .append = [](void* map, std::string_view key) -> void* {
      return &static_cast<FlatMap<std::string, V>*>(map)->append_unsorted(std::string(key));
    },
    .drop_last = [](void* map) { static_cast<FlatMap<std::string, V>*>(map)->drop_last(); },
    .finish =
        [](void* map) {
          auto& entries = *static_cast<FlatMap<std::string, V>*>(map);
          entries.normalise();
          entries.shrink_to_fit();
        },
    .reserve =
        [](void* map, std::size_t count) {
          static_cast<FlatMap<std::string, V>*>(map)->reserve(count);
        },
    .clear = [](void* map) { static_cast<FlatMap<std::string, V>*>(map)->clear(); },
};

template <class T>
inline constexpr OptionalOps std_optional_ops{
    .on_heap = false,
    .get = [](const void* optional) -> const void* {
      const auto& value = *static_cast<const std::optional<T>*>(optional);
      return value ? std::addressof(*value) : nullptr;
    },
    .emplace = [](void* optional) -> void* {
      return std::addressof(static_cast<std::optional<T>*>(optional)->emplace());
    },
    .reset = [](void* optional) { static_cast<std::optional<T>*>(optional)->reset(); },
};

template <class T>
inline constexpr OptionalOps box_ops{
    .on_heap = true,
    .get = [](const void* box) -> const void* { return static_cast<const Box<T>*>(box)->get(); },
    .emplace = [](void* box) -> void* { return &static_cast<Box<T>*>(box)->emplace(); },
    .reset = [](void* box) { static_cast<Box<T>*>(box)->reset(); },
};

template <class T>
inline constexpr OptionalOps nullable_ops{
    .on_heap = false,
    .get = [](const void* nullable) -> const void* {
      return static_cast<const Nullable<T>*>(nullable)->get();
    },
    .emplace = [](void* nullable) -> void* {
      return &static_cast<Nullable<T>*>(nullable)->emplace();
    },
    .reset = [](void* nullable) { static_cast<Nullable<T>*>(nullable)->reset(); },
    .is_null =
        [](const void* nullable) { return static_cast<const Nullable<T>*>(nullable)->is_null(); },
    .set_null = [](void* nullable) { static_cast<Nullable<T>*>(nullable)->set_null(); },
};

template <class E>
inline constexpr std::span<const std::string_view> enum_names{EnumNames<E>::names};

template <class E>
inline constexpr bool has_number_names = requires { EnumNames<E>::numbers; };

}  // namespace detail

/// The shape of T; fails to compile when T has none.
template <class T>
inline constexpr Shape shape_of = detail::Shaper<T>::make();

namespace detail {

template <Kind K, class T>
struct Plain {
  static constexpr Shape make() { return {.kind = K, .size = sizeof(T)}; }
};
template <>
struct Shaper<bool> : Plain<Kind::boolean, bool> {};
template <>
struct Shaper<std::int32_t> : Plain<Kind::int32, std::int32_t> {};
template <>
struct Shaper<std::int64_t> : Plain<Kind::int64, std::int64_t> {};
template <>
struct Shaper<double> : Plain<Kind::float64, double> {};
template <>
struct Shaper<std::string> : Plain<Kind::string, std::string> {};
template <>
struct Shaper<RawJson> : Plain<Kind::raw, RawJson> {};

template <Described T>
struct Shaper<T> {
  static constexpr Shape make() {
    return {.kind = Kind::object, .size = sizeof(T), .table = &T::table};
  }
};
template <class T>
  requires std::is_enum_v<T>
struct Shaper<T> {
  static constexpr Shape make() {
    return {.kind = Kind::enumeration,
            .size = sizeof(T),
            .numbers = has_number_names<T>,
            .names = &enum_names<T>};
  }
};
template <class T>
  requires requires { ScalarTraits<T>::name; }
struct Shaper<T> {
  static constexpr Shape make() {
    return {.kind = Kind::scalar, .size = sizeof(T), .scalar = &scalar_ops<T>};
  }
};
template <class T>
  requires requires { AnyTraits<T>::ops; }
struct Shaper<T> {
  static constexpr Shape make() {
    return {.kind = Kind::any, .size = sizeof(T), .any = &AnyTraits<T>::ops};
  }
};
template <class T>
struct Shaper<std::vector<T>> {
  static_assert(!std::is_same_v<T, bool>, "std::vector<bool> holds no bools; use json::Value");
  static constexpr Shape make() {
    return {.kind = Kind::list,
            .size = sizeof(std::vector<T>),
            .inner = &shape_of<T>,
            .list = &list_ops<T>};
  }
};
template <class V>
struct Shaper<FlatMap<std::string, V>> {
  static constexpr Shape make() {
    return {.kind = Kind::map,
            .size = sizeof(FlatMap<std::string, V>),
            .inner = &shape_of<V>,
            .map = &map_ops<V>};
  }
};
template <class T>
struct Shaper<std::optional<T>> {
  static constexpr Shape make() {
    return {.kind = Kind::optional,
            .size = sizeof(std::optional<T>),
            .inner = &shape_of<T>,
            .optional = &std_optional_ops<T>};
  }
};
template <class T>
struct Shaper<Nullable<T>> {
  static constexpr Shape make() {
    return {.kind = Kind::optional,
            .size = sizeof(Nullable<T>),
            .inner = &shape_of<T>,
            .optional = &nullable_ops<T>};
  }
};
template <class T>
struct Shaper<Box<T>> {
  static constexpr Shape make() {
    return {.kind = Kind::optional,
            .size = sizeof(Box<T>),
            .inner = &shape_of<T>,
            .optional = &box_ops<T>};
  }
};

template <auto Member>
struct MemberOf;
template <class T, class M, M T::* Member>
struct MemberOf<Member> {
  using type = M;
};

}  // namespace detail

/// One entry of a table: `field<&T::x>("x", offsetof(T, x), Presence::optional, &constraints)`.
template <auto Member>
consteval Field field(std::string_view name, std::size_t offset, Presence presence,
                      const Constraints* constraints = nullptr) {
  return {name, static_cast<std::uint32_t>(offset), presence,
          &shape_of<typename detail::MemberOf<Member>::type>, constraints};
}

/// A value whose type is known only through its shape. Both pointers are null for "nothing there".
struct Ref {
  const Shape* shape = nullptr;
  const void* value = nullptr;
  explicit operator bool() const noexcept { return shape != nullptr && value != nullptr; }
};

template <class T>
Ref ref_to(const T& value) {
  return {&shape_of<T>, &value};
}

/// Deep equality over the table; scalars by value (quantity 1000m equals 1).
bool equal(Ref a, Ref b);
template <Described T>
bool equal(const T& a, const T& b) {
  return equal(ref_to(a), ref_to(b));
}

}  // namespace windlass::inline v0::type
