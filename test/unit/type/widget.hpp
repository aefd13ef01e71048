#pragma once
// The hand-written example of type/table.hpp, with every kind of field once.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <windlass/json/table.hpp>
#include <windlass/meta/meta.hpp>
#include <windlass/type/table.hpp>

namespace example {

enum class Policy : std::uint8_t { retain, remove };

struct Part {
  std::string name;
  std::int64_t count = 0;

  static const windlass::type::Table& table();
  friend bool operator==(const Part& a, const Part& b);
};

struct WidgetSpec {
  std::string name;                                    // required
  std::optional<std::int32_t> replicas;                // 1 to 9
  std::optional<bool> paused;                          //
  std::optional<double> ratio;                         //
  std::optional<std::string> note;                     // "" differs from absent
  std::vector<std::string> args;                       // at most 3
  std::vector<Part> parts;                             // required; a map by name
  windlass::FlatMap<std::string, std::string> labels;  //
  windlass::FlatMap<std::string, windlass::meta::Quantity> limits;
  std::optional<Policy> policy;                      //
  windlass::meta::IntOrString port;                  // required
  std::optional<windlass::meta::Time> since;         //
  windlass::Box<WidgetSpec> fallback;                // recursive
  std::vector<WidgetSpec> children;                  //
  windlass::FlatMap<std::string, WidgetSpec> named;  //
  windlass::json::Value extra;                       //
  windlass::RawJson raw;                             //
  windlass::json::Value rest;                        // members that are not above

  static const windlass::type::Table& table();
  friend bool operator==(const WidgetSpec& a, const WidgetSpec& b);
};

struct Widget {
  windlass::meta::ObjectMeta metadata;
  WidgetSpec spec;
  windlass::Box<Part> status;

  static constexpr windlass::meta::Resource resource{.group = "example.com",
                                                     .version = "v1",
                                                     .kind = "Widget",
                                                     .plural = "widgets",
                                                     .has_status = true};
  static const windlass::type::Table& table();
  friend bool operator==(const Widget& a, const Widget& b);
};

struct Nothing {
  static const windlass::type::Table& table();
  friend bool operator==(const Nothing& a, const Nothing& b);
};

}  // namespace example

template <>
struct windlass::type::EnumNames<example::Policy> {
  static constexpr std::string_view names[] = {"Retain", "Delete"};
};
