#pragma once
// From an answer's body to the Status that it is or stands for.

#include <optional>
#include <string_view>

#include <windlass/meta/status.hpp>

namespace windlass::inline v0::client::detail {

/// Nothing when the text is no Status.
std::optional<meta::Status> status_from(std::string_view body);
/// Made up from the HTTP status when the body holds none.
meta::Status status_of(int http_status, std::string_view body);

}  // namespace windlass::inline v0::client::detail
