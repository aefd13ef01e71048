#pragma once
// The formats of strings that kube-apiserver checks in custom resources.

#include <cstdint>
#include <optional>
#include <string_view>

namespace windlass::inline v0::type {

/// True when the text is of that format, or when the format is none that
/// kube-apiserver knows: date, date-time, duration, uuid (3, 4, 5), ipv4, ipv6,
/// cidr, mac, hostname, email, uri, byte, bsonobjectid, hexcolor, rgbcolor,
/// isbn, isbn10, isbn13, creditcard, ssn, k8s-short-name, k8s-long-name;
/// `password` is any text.
bool matches_format(std::string_view format, std::string_view text);

/// Nanoseconds of a text of the format `duration`: Go's form ("1h30m", "-1.5s"), else numbers with
/// units of words, spaces between ("3 days", "1 hour 30 min"), as kube-openapi reads it. What
/// exceeds int64 is its greatest value. Nothing when it is no duration.
std::optional<std::int64_t> parse_duration(std::string_view text);

}  // namespace windlass::inline v0::type
