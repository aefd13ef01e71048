#pragma once
// Made by windlass-gen from names.yaml; do not edit.

#include <optional>
#include <string>

#include <windlass/json/value.hpp>
#include <windlass/meta/object_meta.hpp>
#include <windlass/meta/resource.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

struct NameSpecNameName {
  std::optional<bool> name;

  static const windlass::type::Table& table();
  friend bool operator==(const NameSpecNameName& a, const NameSpecNameName& b);
};

struct NameSpecName {
  windlass::Box<NameSpecNameName> name;

  static const windlass::type::Table& table();
  friend bool operator==(const NameSpecName& a, const NameSpecName& b);
};

struct NameSpecSpec {
  std::optional<bool> spec;

  static const windlass::type::Table& table();
  friend bool operator==(const NameSpecSpec& a, const NameSpecSpec& b);
};

struct NameSpecStd {
  std::optional<bool> optional;
  std::optional<std::string> string;

  static const windlass::type::Table& table();
  friend bool operator==(const NameSpecStd& a, const NameSpecStd& b);
};

struct NameSpecWindlass {
  windlass::json::Value json;

  static const windlass::type::Table& table();
  friend bool operator==(const NameSpecWindlass& a, const NameSpecWindlass& b);
};

struct NameSpec {
  std::optional<bool> ref;
  std::optional<bool> empty;
  std::optional<bool> _0;
  std::optional<bool> _4xx;
  std::optional<bool> eof;
  std::optional<bool> http_server;
  std::optional<bool> infinity;
  std::optional<bool> null;
  std::optional<bool> empty_2;
  std::optional<bool> y;
  std::optional<bool> x;
  std::optional<bool> a_b_c_d;
  std::optional<bool> alignas_;
  std::optional<bool> and_;
  std::optional<bool> asm_;
  std::optional<bool> assert_;
  std::optional<bool> auto_;
  std::optional<bool> bitor_;
  std::optional<bool> bool_;
  std::optional<bool> case_;
  std::optional<bool> catch_;
  std::optional<bool> char8_t_;
  std::optional<bool> class_;
  std::optional<bool> co_await_;
  std::optional<bool> compl_;
  std::optional<bool> concept_;
  std::optional<bool> const_;
  std::optional<bool> const_cast_;
  std::optional<bool> consteval_;
  std::optional<bool> continue_;
  std::optional<bool> decltype_;
  std::optional<bool> default_;
  std::optional<bool> delete_;
  std::optional<bool> do_;
  std::optional<bool> dynamic_cast_;
  std::optional<bool> errno_;
  std::optional<bool> explicit_;
  std::optional<bool> export_;
  std::optional<bool> extern_;
  std::optional<bool> false_;
  std::optional<bool> foo_bar;
  std::optional<bool> foo_bar_2;
  std::optional<bool> foo_bar_3;
  std::optional<bool> for_;
  std::optional<bool> friend_;
  std::optional<bool> goto_;
  std::optional<bool> host_ips;
  std::optional<bool> if_;
  std::optional<bool> inline_;
  std::optional<bool> int_;
  std::optional<bool> linux_;
  std::optional<bool> major;
  std::optional<bool> minor;
  std::optional<bool> mutable_;
  windlass::Box<NameSpecName> name;
  std::optional<bool> namespace_;
  std::optional<bool> new_;
  std::optional<bool> noexcept_;
  std::optional<bool> not_;
  std::optional<bool> nullptr_;
  std::optional<bool> operator_;
  std::optional<bool> or_;
  std::optional<bool> private_;
  std::optional<bool> protected_;
  std::optional<bool> public_;
  std::optional<bool> register_;
  std::optional<bool> requires_;
  std::optional<bool> resource;
  std::optional<bool> return_;
  std::optional<bool> signed_;
  std::optional<bool> sizeof_;
  windlass::Box<NameSpecSpec> spec;
  std::optional<bool> static_assert_;
  windlass::Box<NameSpecStd> std;
  std::optional<bool> stdin;
  std::optional<bool> struct_;
  std::optional<bool> switch_;
  std::optional<bool> table_;
  std::optional<bool> template_;
  std::optional<bool> this_;
  std::optional<bool> thread_local_;
  std::optional<bool> throw_;
  std::optional<bool> true_;
  std::optional<bool> try_;
  std::optional<bool> typedef_;
  std::optional<bool> typeid_;
  std::optional<bool> typename_;
  std::optional<bool> union_;
  std::optional<bool> unix_;
  std::optional<bool> unsigned_;
  std::optional<bool> using_;
  std::optional<bool> virtual_;
  std::optional<bool> void_;
  std::optional<bool> volatile_;
  std::optional<bool> while_;
  windlass::Box<NameSpecWindlass> windlass;
  std::optional<bool> xor_;
  std::optional<bool> empty_3;

  static const windlass::type::Table& table();
  friend bool operator==(const NameSpec& a, const NameSpec& b);
};

struct Name {
  windlass::meta::ObjectMeta metadata;
  NameSpec spec;

  static constexpr windlass::meta::Resource resource{.group = "features.example.com",
      .version = "v1", .kind = "Name", .plural = "names", .namespaced = true, .has_status = false};
  static const windlass::type::Table& table();
  friend bool operator==(const Name& a, const Name& b);
};

}  // namespace features::api::v1
