#include "widget.hpp"

namespace example {

namespace type = windlass::type;

const type::Table& Part::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&Part::name>("name", offsetof(Part, name), required),
      field<&Part::count>("count", offsetof(Part, count), optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{.name = "Part", .fields = fields, .index = index};
  return table;
}
bool operator==(const Part& a, const Part& b) { return type::equal(a, b); }

const type::Table& WidgetSpec::table() {
  using type::field;
  using enum type::Presence;
  static constexpr std::string_view keys[] = {"name"};
  static constexpr std::string_view notes[] = {"a", "b", ""};
  static constexpr type::Constraints name_rules{
      .min_length = 1, .max_length = 8, .pattern = "^[a-z]+$", .immutable = true};
  static constexpr type::Constraints replicas_rules{
      .minimum = 1, .maximum = 9, .default_json = "3"};
  static constexpr type::Constraints note_rules{.values = notes};
  static constexpr type::Constraints arg_rules{.min_length = 2};
  static constexpr type::Constraints args_rules{
      .max_items = 3, .unique_items = true, .default_json = "[\"--on\"]", .items = &arg_rules};
  static constexpr type::Constraints parts_rules{.list_type = type::ListType::map,
                                                 .list_map_keys = keys};
  static constexpr type::Field fields[] = {
      field<&WidgetSpec::name>("name", offsetof(WidgetSpec, name), required, &name_rules),
      field<&WidgetSpec::replicas>("replicas", offsetof(WidgetSpec, replicas), optional,
                                   &replicas_rules),
      field<&WidgetSpec::paused>("paused", offsetof(WidgetSpec, paused), optional),
      field<&WidgetSpec::ratio>("ratio", offsetof(WidgetSpec, ratio), optional),
      field<&WidgetSpec::note>("note", offsetof(WidgetSpec, note), optional, &note_rules),
      field<&WidgetSpec::args>("args", offsetof(WidgetSpec, args), optional, &args_rules),
      field<&WidgetSpec::parts>("parts", offsetof(WidgetSpec, parts), required, &parts_rules),
      field<&WidgetSpec::labels>("labels", offsetof(WidgetSpec, labels), optional),
      field<&WidgetSpec::limits>("limits", offsetof(WidgetSpec, limits), optional),
      field<&WidgetSpec::policy>("policy", offsetof(WidgetSpec, policy), optional),
      field<&WidgetSpec::port>("port", offsetof(WidgetSpec, port), required),
      field<&WidgetSpec::since>("since", offsetof(WidgetSpec, since), optional),
      field<&WidgetSpec::fallback>("fallback", offsetof(WidgetSpec, fallback), optional),
      field<&WidgetSpec::children>("children", offsetof(WidgetSpec, children), optional),
      field<&WidgetSpec::named>("named", offsetof(WidgetSpec, named), optional),
      field<&WidgetSpec::extra>("extra", offsetof(WidgetSpec, extra), optional),
      field<&WidgetSpec::raw>("raw", offsetof(WidgetSpec, raw), optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{
      .name = "WidgetSpec",
      .fields = fields,
      .index = index,
      .rest = field<&WidgetSpec::rest>("", offsetof(WidgetSpec, rest), optional)};
  return table;
}
bool operator==(const WidgetSpec& a, const WidgetSpec& b) { return type::equal(a, b); }

const type::Table& Widget::table() {
  using type::field;
  using enum type::Presence;
  static constexpr type::Field fields[] = {
      field<&Widget::metadata>("metadata", offsetof(Widget, metadata), optional),
      field<&Widget::spec>("spec", offsetof(Widget, spec), required),
      field<&Widget::status>("status", offsetof(Widget, status), optional),
  };
  static constexpr auto index = type::index_of(fields);
  static constexpr type::Table table{.name = "Widget",
                                     .fields = fields,
                                     .index = index,
                                     .api_version = "example.com/v1",
                                     .kind = "Widget"};
  return table;
}
bool operator==(const Widget& a, const Widget& b) { return type::equal(a, b); }

const type::Table& Nothing::table() {
  static constexpr type::Table table{.name = "Nothing"};
  return table;
}
bool operator==(const Nothing& a, const Nothing& b) { return type::equal(a, b); }

}  // namespace example
