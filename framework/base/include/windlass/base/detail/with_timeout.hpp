#pragma once

#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace windlass::inline v0 {

namespace detail {

[[noreturn]] void throw_timeout(const std::string& what, Duration limit);

/// Not a variant itself: `||` would flatten it into its own.
template <class T>
struct Outcome {
  std::exception_ptr failure;
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
};

/// Never throws, so that `||` ends with whichever side ends first.
template <class T>
Task<Outcome<T>> captured(Task<T> task) {
  Outcome<T> outcome;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      outcome.value = true;
    } else {
      outcome.value.emplace(co_await std::move(task));
    }
  } catch (...) {
    outcome.failure = std::current_exception();
  }
  co_return outcome;
}

}  // namespace detail

template <class T>
Task<T> with_timeout(Clock& clock, Duration limit, std::string what, Task<T> task) {
  using boost::asio::experimental::awaitable_operators::operator||;
  auto guarded =
      detail::captured<T>(std::move(task)) || detail::captured<void>(sleep_for(clock, limit));
  auto first = co_await std::move(guarded);
  if (first.index() == 1) {
    const auto& slept = std::get<1>(first);
    if (slept.failure) std::rethrow_exception(slept.failure);  // cancelled from outside
    detail::throw_timeout(what, limit);
  }
  auto& outcome = std::get<0>(first);
  if (outcome.failure) std::rethrow_exception(outcome.failure);
  if constexpr (!std::is_void_v<T>) co_return std::move(*outcome.value);
}

}  // namespace windlass::inline v0
