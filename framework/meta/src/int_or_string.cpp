#include <charconv>
#include <cstdint>

#include <windlass/base/encoding.hpp>
#include <windlass/meta/int_or_string.hpp>

namespace windlass::inline v0::meta {

std::int32_t IntOrString::as_int() const { return is_int() ? std::get<0>(value_) : 0; }

std::string_view IntOrString::as_string() const {
  return is_int() ? std::string_view() : std::string_view(std::get<1>(value_));
}

std::string IntOrString::to_string() const {
  return is_int() ? std::to_string(std::get<0>(value_)) : std::get<1>(value_);
}

Result<std::int32_t> IntOrString::scaled(std::int32_t total, bool round_up) const {
  if (is_int()) return as_int();
  const std::string_view text = as_string();
  std::int32_t percent = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, percent);
  if (failure != std::errc() || rest == end || std::string_view(rest, 1) != "%" ||
      rest + 1 != end) {
    return Error{Errc::parse,
                 "expected a number or a percentage such as \"25%\", got \"" + to_string() + '"'};
  }
  const std::int64_t product = std::int64_t{percent} * total;
  std::int64_t quotient = product / 100;
  const std::int64_t remainder = product % 100;
  if (round_up && remainder > 0) ++quotient;
  if (!round_up && remainder < 0) --quotient;
  if (quotient < INT32_MIN || quotient > INT32_MAX) {
    return Error{Errc::parse,
                 "\"" + to_string() + "\" of " + std::to_string(total) + " is too large"};
  }
  return static_cast<std::int32_t>(quotient);
}

}  // namespace windlass::inline v0::meta

namespace windlass::inline v0::type {

using Traits = ScalarTraits<meta::IntOrString>;

bool Traits::parse_string(meta::IntOrString& target, std::string_view text, std::string&) {
  target = meta::IntOrString(text);
  return true;
}

bool Traits::parse_integer(meta::IntOrString& target, std::int64_t number, std::string& problem) {
  if (number < INT32_MIN || number > INT32_MAX) {
    problem = "the number " + std::to_string(number) + " does not fit in 32 bits";
    return false;
  }
  target = meta::IntOrString(static_cast<int>(number));
  return true;
}

bool Traits::parse_number(meta::IntOrString&, double, std::string& problem) {
  problem = "expected an integer or a string, got a number with a fraction";
  return false;
}

void Traits::write(const meta::IntOrString& value, std::string& out) {
  out += value.is_int() ? value.to_string() : quote_json(value.as_string());
}

std::size_t Traits::heap_bytes(const meta::IntOrString& value) {
  const std::size_t size = value.as_string().size();
  return size > 15 ? (size + 1 + 8 + 15) / 16 * 16 : 0;
}

}  // namespace windlass::inline v0::type
