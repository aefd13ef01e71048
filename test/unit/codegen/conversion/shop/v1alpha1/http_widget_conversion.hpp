#pragma once
// How HTTPWidget of v1alpha1 becomes that of v1, the hub, and back. Written once by windlass; yours.

#include <shop/v1/http_widget.hpp>
#include <shop/v1alpha1/http_widget.hpp>
#include <windlass/meta/conversion.hpp>

namespace shop::api::v1alpha1 {

/// For windlass::meta::to_hub<HTTPWidgetConversion>(spoke) and from_hub<HTTPWidgetConversion>(hub), which
/// copy all that is the same in both versions before they call these.
struct HTTPWidgetConversion {
  using Spoke = HTTPWidget;
  using Hub = shop::api::v1::HTTPWidget;
  static void to_hub(const Spoke& from, Hub& to);
  static void from_hub(const Hub& from, Spoke& to);
};

}  // namespace shop::api::v1alpha1
