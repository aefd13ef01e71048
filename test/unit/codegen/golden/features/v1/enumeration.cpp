// Made by windlass-gen from enums.yaml; do not edit.
#include <features/v1/enumeration.hpp>

#include <cstddef>

#include <windlass/type/table.hpp>

namespace features::api::v1 {

std::string_view to_string(EnumerationSpecDigits value) {
  using Names = windlass::type::EnumNames<EnumerationSpecDigits>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EnumerationSpecEachItem value) {
  using Names = windlass::type::EnumNames<EnumerationSpecEachItem>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EnumerationSpecEmpty value) {
  using Names = windlass::type::EnumNames<EnumerationSpecEmpty>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EnumerationSpecFraction value) {
  using Names = windlass::type::EnumNames<EnumerationSpecFraction>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EnumerationSpecKeywords value) {
  using Names = windlass::type::EnumNames<EnumerationSpecKeywords>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EnumerationSpecMode value) {
  using Names = windlass::type::EnumNames<EnumerationSpecMode>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EnumerationSpecNegative value) {
  using Names = windlass::type::EnumNames<EnumerationSpecNegative>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EnumerationSpecOne value) {
  using Names = windlass::type::EnumNames<EnumerationSpecOne>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EnumerationSpecPerhaps value) {
  using Names = windlass::type::EnumNames<EnumerationSpecPerhaps>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EnumerationSpecRequired value) {
  using Names = windlass::type::EnumNames<EnumerationSpecRequired>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EnumerationSpecSigns value) {
  using Names = windlass::type::EnumNames<EnumerationSpecSigns>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EnumerationSpecWanted value) {
  using Names = windlass::type::EnumNames<EnumerationSpecWanted>;
  return Names::names[static_cast<std::size_t>(value)];
}

std::string_view to_string(EnumerationSpecWide value) {
  using Names = windlass::type::EnumNames<EnumerationSpecWide>;
  return Names::names[static_cast<std::size_t>(value)];
}

const windlass::type::Table& EnumerationSpec::table() {
  using T = EnumerationSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_wanted{.default_json = "\"b\""};
  static constexpr windlass::type::Field fields[] = {
      field<&T::digits>("digits", offsetof(T, digits), optional),
      field<&T::each>("each", offsetof(T, each), optional),
      field<&T::empty>("empty", offsetof(T, empty), optional),
      field<&T::fraction>("fraction", offsetof(T, fraction), optional),
      field<&T::keywords>("keywords", offsetof(T, keywords), optional),
      field<&T::mode>("mode", offsetof(T, mode), optional),
      field<&T::named>("named", offsetof(T, named), optional),
      field<&T::negative>("negative", offsetof(T, negative), optional),
      field<&T::one>("one", offsetof(T, one), optional),
      field<&T::perhaps>("perhaps", offsetof(T, perhaps), optional),
      field<&T::required>("required", offsetof(T, required), required),
      field<&T::signs>("signs", offsetof(T, signs), optional),
      field<&T::wanted>("wanted", offsetof(T, wanted), optional, &for_wanted),
      field<&T::wide>("wide", offsetof(T, wide), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "EnumerationSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const EnumerationSpec& a, const EnumerationSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& Enumeration::table() {
  using T = Enumeration;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), required),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Enumeration", .fields = fields,
      .index = index, .api_version = "features.example.com/v1", .kind = "Enumeration"};
  return table;
}
bool operator==(const Enumeration& a, const Enumeration& b) {
  return windlass::type::equal(a, b);
}

}  // namespace features::api::v1
