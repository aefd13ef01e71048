// Made by windlass-gen from tricky.yaml; do not edit.
#include <shop/v1alpha1/http_widget.hpp>

#include <cstddef>

#include <windlass/type/table.hpp>

namespace shop::api::v1alpha1 {

const windlass::type::Table& HTTPWidgetSpec::table() {
  using T = HTTPWidgetSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::size>("size", offsetof(T, size), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "HTTPWidgetSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const HTTPWidgetSpec& a, const HTTPWidgetSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& HTTPWidget::table() {
  using T = HTTPWidget;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), optional),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "HTTPWidget", .fields = fields,
      .index = index, .api_version = "shop.example.com/v1alpha1", .kind = "HTTPWidget"};
  return table;
}
bool operator==(const HTTPWidget& a, const HTTPWidget& b) {
  return windlass::type::equal(a, b);
}

}  // namespace shop::api::v1alpha1
