#pragma once
// The formats of strings that kube-apiserver checks in custom resources.

#include <string_view>

namespace windlass::inline v0::type {

/// True when the text is of that format, or when the format is none that
/// kube-apiserver knows: date, date-time, duration, uuid (3, 4, 5), ipv4, ipv6,
/// cidr, mac, hostname, email, uri, byte, bsonobjectid, hexcolor, rgbcolor,
/// isbn, isbn10, isbn13, creditcard, ssn, k8s-short-name, k8s-long-name;
/// `password` is any text.
bool matches_format(std::string_view format, std::string_view text);

}  // namespace windlass::inline v0::type
