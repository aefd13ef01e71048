#pragma once
// Conversion between the versions of a kind, by way of one of them, the hub. Fields that are the
// same in both are copied; what has no counterpart is kept in an annotation and comes back.
//
//   struct WidgetConversion {                    // `windlass generate conversion` writes this
//     using Spoke = v1beta1::Widget;
//     using Hub = v1::Widget;
//     static void to_hub(const Spoke& from, Hub& to) { to.spec.replicas = from.spec.size; }
//     static void from_hub(const Hub& from, Spoke& to) { to.spec.size = from.spec.replicas; }
//   };
//   v1::Widget hub = meta::to_hub<WidgetConversion>(old);
//   v1beta1::Widget spoke = meta::from_hub<WidgetConversion>(hub);

#include <functional>
#include <string_view>

#include <windlass/json/table.hpp>
#include <windlass/json/value.hpp>
#include <windlass/type/table.hpp>

namespace windlass::inline v0::meta {

/// Holds objects as they were in versions that say more, as JSON: {"example.com/v1": {...}}.
inline constexpr std::string_view kConversionAnnotation = "windlass.dev/conversion-data";

/// Copies what both types have: members of the same name whose types are the same or hold the same
/// values in JSON (an int32 in an int64, an enumerator that both have, a string in a string). A
/// member that does not fit is left out; of a list or map whose elements do not all fit, all.
/// `value` is what a `from` is in JSON, and becomes what a `to` is.
void keep_common(json::Value& value, const type::Shape& from, const type::Shape& to);

template <type::Described To, type::Described From>
To copy_common(const From& from) {
  json::Value value = json::to_value(from);
  keep_common(value, type::shape_of<From>, type::shape_of<To>);
  return json::from_value<To>(value).value();
}

/// A conversion, JSON in and JSON out, which knows nothing of the annotation.
using Step = std::function<json::Value(const json::Value&)>;

/// What `object` is after `there`. When `back` does not give all of it again, the annotation keeps
/// it. When the annotation has an object of the version that it is converted to, that one comes
/// back, with everything that has changed since. A list that has changed comes back as it is now,
/// without what its elements had in the other version.
json::Value convert(const json::Value& object, std::string_view target_api_version,
                    const Step& there, const Step& back);

namespace detail {

template <class Conversion>
typename Conversion::Hub plain_to_hub(const typename Conversion::Spoke& from) {
  auto to = copy_common<typename Conversion::Hub>(from);
  Conversion::to_hub(from, to);
  return to;
}
template <class Conversion>
typename Conversion::Spoke plain_from_hub(const typename Conversion::Hub& from) {
  auto to = copy_common<typename Conversion::Spoke>(from);
  Conversion::from_hub(from, to);
  return to;
}
template <class From, class To>
Step step(To (*convert)(const From&)) {
  return [convert](const json::Value& value) {
    return json::to_value(convert(json::from_value<From>(value).value()));
  };
}

}  // namespace detail

/// Throws Exception(parse) when the annotation does not hold objects.
template <class Conversion>
typename Conversion::Hub to_hub(const typename Conversion::Spoke& from) {
  using Hub = typename Conversion::Hub;
  const auto value = convert(json::to_value(from), Hub::table().api_version,
                             detail::step(&detail::plain_to_hub<Conversion>),
                             detail::step(&detail::plain_from_hub<Conversion>));
  return json::from_value<Hub>(value).value();
}
/// Throws Exception(parse) when the annotation does not hold objects.
template <class Conversion>
typename Conversion::Spoke from_hub(const typename Conversion::Hub& from) {
  using Spoke = typename Conversion::Spoke;
  const auto value = convert(json::to_value(from), Spoke::table().api_version,
                             detail::step(&detail::plain_from_hub<Conversion>),
                             detail::step(&detail::plain_to_hub<Conversion>));
  return json::from_value<Spoke>(value).value();
}

}  // namespace windlass::inline v0::meta
