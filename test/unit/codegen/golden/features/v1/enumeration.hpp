#pragma once
// Made by windlass-gen from enums.yaml; do not edit.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

enum class EnumerationSpecDigits : std::uint8_t {
  _1,  ///< "1"
  _1_5,  ///< "1.5"
  minus_1,  ///< "-1"
  _01h,  ///< "01h"
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecDigits value);

enum class EnumerationSpecEachItem : std::uint8_t {
  up,
  down,
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecEachItem value);

enum class EnumerationSpecEmpty : std::uint8_t {
  empty,  ///< ""
  set,
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecEmpty value);

enum class EnumerationSpecFraction : std::uint8_t {
  minus_0_5,  ///< "-0.5"
  _0_5,  ///< "0.5"
  _2,  ///< "2"
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecFraction value);

enum class EnumerationSpecKeywords : std::uint8_t {
  class_,  ///< "class"
  default_,  ///< "default"
  new_,  ///< "new"
  true_,  ///< "true"
  null,
  null_2,  ///< "NULL"
  eof,  ///< "EOF"
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecKeywords value);

enum class EnumerationSpecMode : std::uint8_t {
  fast,  ///< "Fast"
  slow,
  in_between,  ///< "in-between"
  in_between_2,  ///< "IN_BETWEEN"
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecMode value);

enum class EnumerationSpecNegative : std::uint8_t {
  minus_1,  ///< "-1"
  _0,  ///< "0"
  _1,  ///< "1"
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecNegative value);

enum class EnumerationSpecOne : std::uint8_t {
  only,
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecOne value);

enum class EnumerationSpecPerhaps : std::uint8_t {
  x,
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecPerhaps value);

enum class EnumerationSpecRequired : std::uint8_t {
  first,
  second,
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecRequired value);

enum class EnumerationSpecSigns : std::uint8_t {
  star,  ///< "*"
  plus,  ///< "+"
  empty,  ///< "-"
  empty_2,  ///< "=="
  empty_3,  ///< "!="
  a_b,  ///< "a b"
  empty_4,  ///< "ä"
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecSigns value);

enum class EnumerationSpecWanted : std::uint8_t {
  a,
  b,
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecWanted value);

enum class EnumerationSpecWide : std::uint8_t {
  _9223372036854775807,  ///< "9223372036854775807"
  minus_9223372036854775808,  ///< "-9223372036854775808"
};
/// As the schema spells it.
std::string_view to_string(EnumerationSpecWide value);

}  // namespace features::api::v1

template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecDigits> {
  static constexpr std::string_view names[] = {"1", "1.5", "-1", "01h"};
};
template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecEachItem> {
  static constexpr std::string_view names[] = {"up", "down"};
};
template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecEmpty> {
  static constexpr std::string_view names[] = {"", "set"};
};
template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecFraction> {
  static constexpr std::string_view names[] = {"-0.5", "0.5", "2"};
  static constexpr bool numbers = true;
};
template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecKeywords> {
  static constexpr std::string_view names[] = {"class", "default", "new", "true", "null", "NULL",
      "EOF"};
};
template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecMode> {
  static constexpr std::string_view names[] = {"Fast", "slow", "in-between", "IN_BETWEEN"};
};
template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecNegative> {
  static constexpr std::string_view names[] = {"-1", "0", "1"};
  static constexpr bool numbers = true;
};
template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecOne> {
  static constexpr std::string_view names[] = {"only"};
};
template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecPerhaps> {
  static constexpr std::string_view names[] = {"x"};
};
template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecRequired> {
  static constexpr std::string_view names[] = {"first", "second"};
};
template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecSigns> {
  static constexpr std::string_view names[] = {"*", "+", "-", "==", "!=", "a b", "ä"};
};
template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecWanted> {
  static constexpr std::string_view names[] = {"a", "b"};
};
template <>
struct windlass::type::EnumNames<features::api::v1::EnumerationSpecWide> {
  static constexpr std::string_view names[] = {"9223372036854775807", "-9223372036854775808"};
  static constexpr bool numbers = true;
};

namespace features::api::v1 {

struct EnumerationSpec {
  std::optional<EnumerationSpecDigits> digits;
  std::vector<EnumerationSpecEachItem> each;
  std::optional<EnumerationSpecEmpty> empty;
  std::optional<EnumerationSpecFraction> fraction;
  std::optional<EnumerationSpecKeywords> keywords;
  std::optional<EnumerationSpecMode> mode;
  windlass::FlatMap<std::string, EnumerationSpecEachItem> named;
  std::optional<EnumerationSpecNegative> negative;
  std::optional<EnumerationSpecOne> one;
  windlass::Nullable<EnumerationSpecPerhaps> perhaps;
  EnumerationSpecRequired required{};
  std::optional<EnumerationSpecSigns> signs;
  std::optional<EnumerationSpecWanted> wanted;
  std::optional<EnumerationSpecWide> wide;

  static const windlass::type::Table& table();
  friend bool operator==(const EnumerationSpec& a, const EnumerationSpec& b);
};

struct Enumeration {
  windlass::meta::ObjectMeta metadata;
  EnumerationSpec spec;

  static constexpr windlass::meta::Resource resource{.group = "features.example.com",
      .version = "v1", .kind = "Enumeration", .plural = "enumerations", .namespaced = true,
      .has_status = false};
  static const windlass::type::Table& table();
  friend bool operator==(const Enumeration& a, const Enumeration& b);
};

}  // namespace features::api::v1
