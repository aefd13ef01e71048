// Made by windlass-gen from names.yaml; do not edit.
#include <features/v1/name.hpp>

#include <cstddef>

#include <windlass/json/table.hpp>
#include <windlass/type/table.hpp>

namespace features::api::v1 {

const windlass::type::Table& NameSpecNameName::table() {
  using T = NameSpecNameName;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::name>("Name", offsetof(T, name), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "NameSpecNameName", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const NameSpecNameName& a, const NameSpecNameName& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& NameSpecName::table() {
  using T = NameSpecName;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::name>("name", offsetof(T, name), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "NameSpecName", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const NameSpecName& a, const NameSpecName& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& NameSpecSpec::table() {
  using T = NameSpecSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::spec>("spec", offsetof(T, spec), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "NameSpecSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const NameSpecSpec& a, const NameSpecSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& NameSpecStd::table() {
  using T = NameSpecStd;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::optional>("optional", offsetof(T, optional), optional),
      field<&T::string>("string", offsetof(T, string), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "NameSpecStd", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const NameSpecStd& a, const NameSpecStd& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& NameSpecWindlass::table() {
  using T = NameSpecWindlass;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::json>("json", offsetof(T, json), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "NameSpecWindlass", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const NameSpecWindlass& a, const NameSpecWindlass& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& NameSpec::table() {
  using T = NameSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::ref>("$ref", offsetof(T, ref), optional),
      field<&T::empty>("-", offsetof(T, empty), optional),
      field<&T::_0>("0", offsetof(T, _0), optional),
      field<&T::_4xx>("4xx", offsetof(T, _4xx), optional),
      field<&T::eof>("EOF", offsetof(T, eof), optional),
      field<&T::http_server>("HTTPServer", offsetof(T, http_server), optional),
      field<&T::infinity>("INFINITY", offsetof(T, infinity), optional),
      field<&T::null>("NULL", offsetof(T, null), optional),
      field<&T::empty_2>("_", offsetof(T, empty_2), optional),
      field<&T::y>("_Y", offsetof(T, y), optional),
      field<&T::x>("__x", offsetof(T, x), optional),
      field<&T::a_b_c_d>("a.b/c-d", offsetof(T, a_b_c_d), optional),
      field<&T::alignas_>("alignas", offsetof(T, alignas_), optional),
      field<&T::and_>("and", offsetof(T, and_), optional),
      field<&T::asm_>("asm", offsetof(T, asm_), optional),
      field<&T::assert_>("assert", offsetof(T, assert_), optional),
      field<&T::auto_>("auto", offsetof(T, auto_), optional),
      field<&T::bitor_>("bitor", offsetof(T, bitor_), optional),
      field<&T::bool_>("bool", offsetof(T, bool_), optional),
      field<&T::case_>("case", offsetof(T, case_), optional),
      field<&T::catch_>("catch", offsetof(T, catch_), optional),
      field<&T::char8_t_>("char8_t", offsetof(T, char8_t_), optional),
      field<&T::class_>("class", offsetof(T, class_), optional),
      field<&T::co_await_>("co_await", offsetof(T, co_await_), optional),
      field<&T::compl_>("compl", offsetof(T, compl_), optional),
      field<&T::concept_>("concept", offsetof(T, concept_), optional),
      field<&T::const_>("const", offsetof(T, const_), optional),
      field<&T::const_cast_>("const_cast", offsetof(T, const_cast_), optional),
      field<&T::consteval_>("consteval", offsetof(T, consteval_), optional),
      field<&T::continue_>("continue", offsetof(T, continue_), optional),
      field<&T::decltype_>("decltype", offsetof(T, decltype_), optional),
      field<&T::default_>("default", offsetof(T, default_), optional),
      field<&T::delete_>("delete", offsetof(T, delete_), optional),
      field<&T::do_>("do", offsetof(T, do_), optional),
      field<&T::dynamic_cast_>("dynamic_cast", offsetof(T, dynamic_cast_), optional),
      field<&T::errno_>("errno", offsetof(T, errno_), optional),
      field<&T::explicit_>("explicit", offsetof(T, explicit_), optional),
      field<&T::export_>("export", offsetof(T, export_), optional),
      field<&T::extern_>("extern", offsetof(T, extern_), optional),
      field<&T::false_>("false", offsetof(T, false_), optional),
      field<&T::foo_bar>("foo-bar", offsetof(T, foo_bar), optional),
      field<&T::foo_bar_2>("fooBar", offsetof(T, foo_bar_2), optional),
      field<&T::foo_bar_3>("foo_bar", offsetof(T, foo_bar_3), optional),
      field<&T::for_>("for", offsetof(T, for_), optional),
      field<&T::friend_>("friend", offsetof(T, friend_), optional),
      field<&T::goto_>("goto", offsetof(T, goto_), optional),
      field<&T::host_ips>("hostIPs", offsetof(T, host_ips), optional),
      field<&T::if_>("if", offsetof(T, if_), optional),
      field<&T::inline_>("inline", offsetof(T, inline_), optional),
      field<&T::int_>("int", offsetof(T, int_), optional),
      field<&T::linux_>("linux", offsetof(T, linux_), optional),
      field<&T::major>("major", offsetof(T, major), optional),
      field<&T::minor>("minor", offsetof(T, minor), optional),
      field<&T::mutable_>("mutable", offsetof(T, mutable_), optional),
      field<&T::name>("name", offsetof(T, name), optional),
      field<&T::namespace_>("namespace", offsetof(T, namespace_), optional),
      field<&T::new_>("new", offsetof(T, new_), optional),
      field<&T::noexcept_>("noexcept", offsetof(T, noexcept_), optional),
      field<&T::not_>("not", offsetof(T, not_), optional),
      field<&T::nullptr_>("nullptr", offsetof(T, nullptr_), optional),
      field<&T::operator_>("operator", offsetof(T, operator_), optional),
      field<&T::or_>("or", offsetof(T, or_), optional),
      field<&T::private_>("private", offsetof(T, private_), optional),
      field<&T::protected_>("protected", offsetof(T, protected_), optional),
      field<&T::public_>("public", offsetof(T, public_), optional),
      field<&T::register_>("register", offsetof(T, register_), optional),
      field<&T::requires_>("requires", offsetof(T, requires_), optional),
      field<&T::resource>("resource", offsetof(T, resource), optional),
      field<&T::return_>("return", offsetof(T, return_), optional),
      field<&T::signed_>("signed", offsetof(T, signed_), optional),
      field<&T::sizeof_>("sizeof", offsetof(T, sizeof_), optional),
      field<&T::spec>("spec", offsetof(T, spec), optional),
      field<&T::static_assert_>("static_assert", offsetof(T, static_assert_), optional),
      field<&T::std>("std", offsetof(T, std), optional),
      field<&T::stdin>("stdin", offsetof(T, stdin), optional),
      field<&T::struct_>("struct", offsetof(T, struct_), optional),
      field<&T::switch_>("switch", offsetof(T, switch_), optional),
      field<&T::table_>("table", offsetof(T, table_), optional),
      field<&T::template_>("template", offsetof(T, template_), optional),
      field<&T::this_>("this", offsetof(T, this_), optional),
      field<&T::thread_local_>("thread_local", offsetof(T, thread_local_), optional),
      field<&T::throw_>("throw", offsetof(T, throw_), optional),
      field<&T::true_>("true", offsetof(T, true_), optional),
      field<&T::try_>("try", offsetof(T, try_), optional),
      field<&T::typedef_>("typedef", offsetof(T, typedef_), optional),
      field<&T::typeid_>("typeid", offsetof(T, typeid_), optional),
      field<&T::typename_>("typename", offsetof(T, typename_), optional),
      field<&T::union_>("union", offsetof(T, union_), optional),
      field<&T::unix_>("unix", offsetof(T, unix_), optional),
      field<&T::unsigned_>("unsigned", offsetof(T, unsigned_), optional),
      field<&T::using_>("using", offsetof(T, using_), optional),
      field<&T::virtual_>("virtual", offsetof(T, virtual_), optional),
      field<&T::void_>("void", offsetof(T, void_), optional),
      field<&T::volatile_>("volatile", offsetof(T, volatile_), optional),
      field<&T::while_>("while", offsetof(T, while_), optional),
      field<&T::windlass>("windlass", offsetof(T, windlass), optional),
      field<&T::xor_>("xor", offsetof(T, xor_), optional),
      field<&T::empty_3>("ü", offsetof(T, empty_3), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "NameSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const NameSpec& a, const NameSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& Name::table() {
  using T = Name;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), required),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Name", .fields = fields, .index = index,
      .api_version = "features.example.com/v1", .kind = "Name"};
  return table;
}
bool operator==(const Name& a, const Name& b) {
  return windlass::type::equal(a, b);
}

}  // namespace features::api::v1
