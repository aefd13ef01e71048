// Made by windlass-gen from formats.yaml; do not edit.
#include <features/v1/format.hpp>

#include <cstddef>

#include <windlass/type/table.hpp>

namespace features::api::v1 {

const windlass::type::Table& FormatSpec::table() {
  using T = FormatSpec;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Constraints for_cidr{.format = "cidr"};
  static constexpr windlass::type::Constraints for_data{.format = "byte"};
  static constexpr windlass::type::Constraints for_day{.format = "date"};
  static constexpr windlass::type::Constraints for_email{.format = "email"};
  static constexpr windlass::type::Constraints for_hostname{.format = "hostname"};
  static constexpr windlass::type::Constraints for_id{.format = "uuid"};
  static constexpr windlass::type::Constraints for_ipv4{.format = "ipv4"};
  static constexpr windlass::type::Constraints for_ipv6{.format = "ipv6"};
  static constexpr windlass::type::Constraints for_mac{.format = "mac"};
  static constexpr windlass::type::Constraints for_made_up{.format = "made-up"};
  static constexpr windlass::type::Constraints for_secret{.format = "password"};
  static constexpr windlass::type::Constraints for_uri{.format = "uri"};
  static constexpr windlass::type::Field fields[] = {
      field<&T::cidr>("cidr", offsetof(T, cidr), optional, &for_cidr),
      field<&T::data>("data", offsetof(T, data), optional, &for_data),
      field<&T::day>("day", offsetof(T, day), optional, &for_day),
      field<&T::double_>("double", offsetof(T, double_), optional),
      field<&T::email>("email", offsetof(T, email), optional, &for_email),
      field<&T::float_>("float", offsetof(T, float_), optional),
      field<&T::hostname>("hostname", offsetof(T, hostname), optional, &for_hostname),
      field<&T::id>("id", offsetof(T, id), optional, &for_id),
      field<&T::int32>("int32", offsetof(T, int32), optional),
      field<&T::int64>("int64", offsetof(T, int64), optional),
      field<&T::ipv4>("ipv4", offsetof(T, ipv4), optional, &for_ipv4),
      field<&T::ipv6>("ipv6", offsetof(T, ipv6), optional, &for_ipv6),
      field<&T::mac>("mac", offsetof(T, mac), optional, &for_mac),
      field<&T::made_up>("made-up", offsetof(T, made_up), optional, &for_made_up),
      field<&T::moment>("moment", offsetof(T, moment), optional),
      field<&T::moments>("moments", offsetof(T, moments), optional),
      field<&T::secret>("secret", offsetof(T, secret), optional, &for_secret),
      field<&T::since>("since", offsetof(T, since), required),
      field<&T::span>("span", offsetof(T, span), optional),
      field<&T::uri>("uri", offsetof(T, uri), optional, &for_uri),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "FormatSpec", .fields = fields,
      .index = index};
  return table;
}
bool operator==(const FormatSpec& a, const FormatSpec& b) {
  return windlass::type::equal(a, b);
}

const windlass::type::Table& Format::table() {
  using T = Format;
  using windlass::type::field;
  using enum windlass::type::Presence;
  static constexpr windlass::type::Field fields[] = {
      field<&T::metadata>("metadata", offsetof(T, metadata), optional),
      field<&T::spec>("spec", offsetof(T, spec), required),
  };
  static constexpr auto index = windlass::type::index_of(fields);
  static constexpr windlass::type::Table table{.name = "Format", .fields = fields, .index = index,
      .api_version = "features.example.com/v1", .kind = "Format"};
  return table;
}
bool operator==(const Format& a, const Format& b) {
  return windlass::type::equal(a, b);
}

}  // namespace features::api::v1
