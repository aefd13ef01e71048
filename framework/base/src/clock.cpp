#include <charconv>
#include <cmath>
#include <limits>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <windlass/base/clock.hpp>

namespace windlass::inline v0 {

namespace asio = boost::asio;

struct Timer::State {
  explicit State(const Executor& executor) : native(executor) {}
  asio::steady_timer native;
  bool expired = false;
};

Timer::Timer(Clock& clock, Executor executor)
    : clock_(&clock), state_(std::make_shared<State>(executor)) {}

Timer::~Timer() { cancel(); }

Task<bool> Timer::wait_until(SteadyTime at) {
  const auto state = state_;
  cancel();
  state->expired = false;
  state->native.expires_at(asio::steady_timer::time_point::max());
  clock_->arm(*this, at);
  boost::system::error_code code;
  co_await state->native.async_wait(asio::redirect_error(asio::use_awaitable, code));
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none) {
    throw Exception(Errc::cancelled, "cancelled while sleeping");
  }
  co_return !code || state->expired;
}

Task<bool> Timer::wait_for(Duration duration) {
  return wait_until(clock_->steady_now() + duration);
}

void Timer::cancel() noexcept {
  clock_->disarm(*this);
  state_->native.cancel();
}

void Timer::expire() noexcept {
  state_->expired = true;
  state_->native.cancel();
}

void Timer::sleep_natively_until(SteadyTime at) { state_->native.expires_at(at); }

Task<void> sleep_for(Clock& clock, Duration duration) {
  Timer timer(clock, co_await asio::this_coro::executor);
  co_await timer.wait_for(duration);
}

namespace detail {
void throw_timeout(const std::string& what, Duration limit) {
  throw Exception(Errc::timeout, what + " took longer than " + format_duration(limit));
}
}  // namespace detail

std::string format_duration(Duration duration) {
  using namespace std::chrono;
  const bool negative = duration < Duration::zero();
  const auto nanos = static_cast<std::uint64_t>(negative ? -duration.count() : duration.count());
  const auto fraction = [](std::uint64_t value, std::uint64_t unit, const char* suffix) {
    std::string text = std::to_string(value / unit);
    std::string rest = std::to_string(unit + value % unit).substr(1);
    while (!rest.empty() && rest.back() == '0') rest.pop_back();
    if (unit > 1 && !rest.empty()) text += "." + rest;
    return text + suffix;
  };
  std::string text;
  if (nanos == 0) {
    text = "0s";
  } else if (nanos < 1'000) {
    text = fraction(nanos, 1, "ns");
  } else if (nanos < 1'000'000) {
    text = fraction(nanos, 1'000, "us");
  } else if (nanos < 1'000'000'000) {
    text = fraction(nanos, 1'000'000, "ms");
  } else {
    constexpr std::uint64_t minute = 60'000'000'000;
    const auto hours = nanos / (60 * minute);
    const auto minutes = nanos / minute % 60;
    if (hours != 0) text += std::to_string(hours) + "h";
    if (hours != 0 || minutes != 0) text += std::to_string(minutes) + "m";
    text += fraction(nanos % minute, 1'000'000'000, "s");
  }
  return negative ? "-" + text : text;
}

namespace {

/// Nanoseconds of a unit, 0 when unknown.
double unit_of(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\u00b5s") return 1e3;
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  if (unit == "m") return 60e9;
  if (unit == "h") return 3600e9;
  return 0;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return Error{Errc::parse,
                 "\"" + std::string(text) +
                     "\" is not a duration; write a number with a unit, as in 300ms, 15s or 1h30m"};
  };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return Duration::zero();
  if (rest.empty()) return bad();
  double total = 0;
  while (!rest.empty()) {
    const auto number_end = rest.find_first_not_of("0123456789.");
    if (number_end == 0 || number_end == std::string_view::npos) return bad();
    double number = 0;
    const auto parsed = std::from_chars(rest.data(), rest.data() + number_end, number);
    if (parsed.ec != std::errc() || parsed.ptr != rest.data() + number_end) return bad();
    rest.remove_prefix(number_end);
    const auto unit = rest.substr(0, rest.find_first_of("0123456789."));
    const double scale = unit_of(unit);
    if (scale == 0) return bad();
    total += number * scale;
    rest.remove_prefix(unit.size());
  }
  if (total > static_cast<double>(std::numeric_limits<std::int64_t>::max()) / 2) return bad();
  const auto nanos = static_cast<std::int64_t>(std::llround(total));
  return Duration(negative ? -nanos : nanos);
}

}  // namespace windlass::inline v0
