#pragma once
// Made by windlass-gen from tricky.yaml; do not edit.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/api/core_v1.hpp>
#include <windlass/json/value.hpp>
#include <windlass/meta/condition.hpp>
#include <windlass/meta/duration.hpp>
#include <windlass/meta/int_or_string.hpp>
#include <windlass/meta/label_selector.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/quantity.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/meta/time.hpp>
#include <windlass/type/table.hpp>

namespace shop::api::v1 {

enum class HTTPWidgetSpecFactor : std::uint8_t {
  _0_5,  ///< "0.5"
  _1,  ///< "1"
  _1_5,  ///< "1.5"
};
/// As the schema spells it.
std::string_view to_string(HTTPWidgetSpecFactor value);

enum class HTTPWidgetSpecLevel : std::uint8_t {
  minus_1,  ///< "-1"
  _0,  ///< "0"
  _2,  ///< "2"
};
/// As the schema spells it.
std::string_view to_string(HTTPWidgetSpecLevel value);

enum class HTTPWidgetSpecMode : std::uint8_t {
  fast,  ///< "Fast"
  slow,  ///< "Slow"
  empty,  ///< ""
  star,  ///< "*"
  in_between,  ///< "in-between"
  sigrtmin_plus_1,  ///< "SIGRTMIN+1"
};
/// As the schema spells it.
std::string_view to_string(HTTPWidgetSpecMode value);

}  // namespace shop::api::v1

template <>
struct windlass::type::EnumNames<shop::api::v1::HTTPWidgetSpecFactor> {
  static constexpr std::string_view names[] = {"0.5", "1", "1.5"};
  static constexpr bool numbers = true;
};
template <>
struct windlass::type::EnumNames<shop::api::v1::HTTPWidgetSpecLevel> {
  static constexpr std::string_view names[] = {"-1", "0", "2"};
  static constexpr bool numbers = true;
};
template <>
struct windlass::type::EnumNames<shop::api::v1::HTTPWidgetSpecMode> {
  static constexpr std::string_view names[] = {"Fast", "Slow", "", "*", "in-between", "SIGRTMIN+1"};
};

namespace shop::api::v1 {

struct HTTPWidgetSpecEither {
  std::string a;
  std::string b;

  static const windlass::type::Table& table();
  friend bool operator==(const HTTPWidgetSpecEither& a, const HTTPWidgetSpecEither& b);
};

struct HTTPWidgetSpecExtensible {
  std::string known;
  /// What the schema does not name; kept as it came.
  windlass::json::Value unknown_fields;

  static const windlass::type::Table& table();
  friend bool operator==(const HTTPWidgetSpecExtensible& a, const HTTPWidgetSpecExtensible& b);
};

struct HTTPWidgetSpecNullableObject {
  std::string a;

  static const windlass::type::Table& table();
  friend bool operator==(const HTTPWidgetSpecNullableObject& a, const HTTPWidgetSpecNullableObject& b);
};

struct HTTPWidgetSpecOptions {
  std::optional<bool> verbose;

  static const windlass::type::Table& table();
  friend bool operator==(const HTTPWidgetSpecOptions& a, const HTTPWidgetSpecOptions& b);
};

struct HTTPWidgetSpecPoolsValue {
  std::optional<std::int32_t> weight;

  static const windlass::type::Table& table();
  friend bool operator==(const HTTPWidgetSpecPoolsValue& a, const HTTPWidgetSpecPoolsValue& b);
};

struct HTTPWidgetSpecPrimary {
  /// A name or an address.
  std::string host;
  std::optional<std::int32_t> port;

  static const windlass::type::Table& table();
  friend bool operator==(const HTTPWidgetSpecPrimary& a, const HTTPWidgetSpecPrimary& b);
};

struct HTTPWidgetSpecUsersItem {
  std::optional<bool> admin;
  std::string name;

  static const windlass::type::Table& table();
  friend bool operator==(const HTTPWidgetSpecUsersItem& a, const HTTPWidgetSpecUsersItem& b);
};

/// What is wanted.
struct HTTPWidgetSpec {
  std::optional<std::string> ref;
  std::optional<std::int32_t> _4xx;
  windlass::json::Value anything;
  std::optional<std::int64_t> big;
  std::string class_;
  std::string cluster_ip;
  std::string code;
  std::optional<std::int32_t> count;
  std::string data;
  std::optional<std::string> default_;
  windlass::Box<HTTPWidgetSpecEither> either;
  windlass::json::Value embedded;
  windlass::Box<HTTPWidgetSpecExtensible> extensible;
  std::optional<HTTPWidgetSpecFactor> factor;
  windlass::json::Value flags;
  std::string foo_bar;
  std::string foo_bar_2;
  std::string frozen;
  windlass::json::Value hollow;
  std::vector<std::string> host_ips;
  windlass::FlatMap<std::string, std::string> labels;
  std::optional<HTTPWidgetSpecLevel> level;
  std::optional<std::string> lookahead;
  std::vector<std::vector<std::int64_t>> matrix;
  windlass::Nullable<std::string> maybe;
  windlass::Nullable<std::vector<std::string>> maybe_list;
  std::vector<std::optional<std::int64_t>> maybe_nulls;
  std::optional<windlass::meta::Quantity> memory;
  HTTPWidgetSpecMode mode{};
  std::optional<std::string> namespace_;
  std::optional<std::string> nickname;
  windlass::Nullable<HTTPWidgetSpecNullableObject> nullable_object;
  std::optional<std::int64_t> nullable_required;
  std::string operator_;
  HTTPWidgetSpecOptions options;
  std::optional<HTTPWidgetSpecMode> other_mode;
  windlass::Box<windlass::api::core::v1::SecretKeySelector> password_secret;
  windlass::json::Value pod;
  windlass::FlatMap<std::string, HTTPWidgetSpecPoolsValue> pools;
  std::optional<windlass::meta::IntOrString> port;
  std::optional<std::vector<std::string>> preset_list;
  double price{};
  HTTPWidgetSpecPrimary primary;
  windlass::Box<HTTPWidgetSpecPrimary> replica;
  std::optional<std::string> resource;
  windlass::Box<windlass::api::core::v1::ResourceRequirements> resources;
  windlass::Box<windlass::meta::LabelSelector> selector;
  std::optional<windlass::meta::IntOrString> share;
  std::optional<std::string> table_;
  std::vector<std::string> tags;
  windlass::Box<windlass::api::core::v1::PodTemplateSpec> template_;
  std::optional<windlass::meta::Duration> timeout;
  std::vector<HTTPWidgetSpecUsersItem> users;
  std::optional<windlass::meta::Time> when;
  std::optional<bool> x_foo_bar_baz;

  static const windlass::type::Table& table();
  friend bool operator==(const HTTPWidgetSpec& a, const HTTPWidgetSpec& b);
};

struct HTTPWidgetStatus {
  std::vector<windlass::meta::Condition> conditions;
  std::optional<std::int64_t> observed_generation;

  static const windlass::type::Table& table();
  friend bool operator==(const HTTPWidgetStatus& a, const HTTPWidgetStatus& b);
};

/// A widget with everything.
///
/// The second paragraph has a backslash at the end of a line
/// and a very long line that has to be wrapped somewhere because nobody wants to read more than a
/// hundred columns.
struct HTTPWidget {
  windlass::meta::ObjectMeta metadata;
  /// What is wanted.
  HTTPWidgetSpec spec;
  HTTPWidgetStatus status;

  static constexpr windlass::meta::Resource resource{.group = "shop.example.com", .version = "v1",
      .kind = "HTTPWidget", .plural = "httpwidgets", .namespaced = false, .has_status = true};
  static constexpr std::array<std::string_view, 2> short_names = {"hw", "hws"};
  static const windlass::type::Table& table();
  friend bool operator==(const HTTPWidget& a, const HTTPWidget& b);
};

/// The element with this name, or null pointer.
HTTPWidgetSpecUsersItem* find(std::vector<HTTPWidgetSpecUsersItem>& list, const std::string& name);
const HTTPWidgetSpecUsersItem* find(const std::vector<HTTPWidgetSpecUsersItem>& list, const std::string& name);
/// The element with this name, added at the end when there is none.
HTTPWidgetSpecUsersItem& upsert(std::vector<HTTPWidgetSpecUsersItem>& list, const std::string& name);

}  // namespace shop::api::v1
