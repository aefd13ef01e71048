#pragma once
// Errors as values (Result) for pure code, and as exceptions (Exception) out of coroutines.

#include <stdexcept>
#include <string>
#include <utility>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace windlass::inline v0 {

/// What kind of thing went wrong. Finer distinctions live in the error of the component
/// (client::ApiError carries the server's whole Status).
enum class Errc {
  invalid_argument = 1,  ///< the caller's input breaks a stated rule
  parse,                 ///< malformed text: JSON, YAML, a URL, a quantity
  not_found,             ///< a file, variable or object that has to exist does not
  io,                    ///< the network or a file system failed
  refused,               ///< the peer refused the connection
  closed,                ///< the peer closed the stream early, or it was closed here
  timeout,               ///< a deadline passed
  cancelled,             ///< the operation was cancelled; neither logged nor counted as a failure
  too_large,             ///< a size limit was exceeded
  tls,                   ///< certificate or handshake trouble
  unavailable,           ///< try again later
  permission,            ///< not allowed
  internal               ///< a broken invariant of this library
};

const boost::system::error_category& error_category() noexcept;
boost::system::error_code make_error_code(Errc code) noexcept;

/// An error: a code to branch on and one sentence for people that names the thing, the place and
/// the remedy. Never holds secrets.
struct Error {
  Errc code = Errc::internal;
  std::string message;

  /// The same error with "context: " put before its message.
  [[nodiscard]] Error within(std::string_view context) const;
};

/// Value or Error. Use `if (r)`, `*r`, `r.error()`; `.value()` throws Exception.
template <class T>
using Result = boost::system::result<T, Error>;

/// The exception form of Error.
class Exception : public std::runtime_error {
 public:
  explicit Exception(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
  Exception(Errc code, std::string message) : Exception(Error{code, std::move(message)}) {}
  [[nodiscard]] const Error& error() const noexcept { return error_; }
  [[nodiscard]] Errc code() const noexcept { return error_.code; }

 private:
  Error error_;
};

/// Found by Result::value() through argument-dependent lookup.
[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& where);

/// The Error that best describes the exception in flight: Exception's own, cancelled for Asio's
/// operation_aborted, otherwise internal with what().
Error describe(const std::exception_ptr& exception);

/// True for a cancellation, in whichever form it travels.
bool is_cancellation(const std::exception_ptr& exception);

}  // namespace windlass::inline v0

namespace boost::system {
template <>
struct is_error_code_enum<windlass::Errc> : std::true_type {};
}  // namespace boost::system
