#pragma once

#include <exception>
#include <string>
#include <type_traits>
#include <variant>

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace windlass::inline v0 {

namespace detail {

[[noreturn]] void throw_timeout(const std::string& what, Duration limit);

template <class T>
using Outcome = std::variant<std::exception_ptr, std::conditional_t<std::is_void_v<T>, bool, T>>;

/// Never throws, so that `||` ends with whichever side ends first.
template <class T>
Task<Outcome<T>> captured(Task<T> task) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      co_return Outcome<T>(std::in_place_index<1>, true);
    } else {
      co_return Outcome<T>(std::in_place_index<1>, co_await std::move(task));
    }
  } catch (...) {
    co_return Outcome<T>(std::in_place_index<0>, std::current_exception());
  }
}

}  // namespace detail

template <class T>
Task<T> with_timeout(Clock& clock, Duration limit, std::string what, Task<T> task) {
  using boost::asio::experimental::awaitable_operators::operator||;
  auto guarded = detail::captured<T>(std::move(task)) || detail::captured<void>(sleep_for(clock, limit));
  auto first = co_await std::move(guarded);
  if (first.index() == 1) {
    auto& slept = std::get<1>(first);
    if (slept.index() == 0) std::rethrow_exception(std::get<0>(slept));  // cancelled from outside
    detail::throw_timeout(what, limit);
  }
  auto& outcome = std::get<0>(first);
  if (outcome.index() == 0) std::rethrow_exception(std::get<0>(outcome));
  if constexpr (!std::is_void_v<T>) co_return std::get<1>(std::move(outcome));
}

}  // namespace windlass::inline v0
