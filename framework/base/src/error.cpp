#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <windlass/base/error.hpp>

namespace windlass::inline v0 {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "windlass"; }
  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::invalid_argument:
        return "invalid argument";
      case Errc::parse:
        return "malformed input";
      case Errc::not_found:
        return "not found";
      case Errc::io:
        return "input/output error";
      case Errc::refused:
        return "connection refused";
      case Errc::closed:
        return "stream closed";
      case Errc::timeout:
        return "timed out";
      case Errc::cancelled:
        return "cancelled";
      case Errc::too_large:
        return "too large";
      case Errc::tls:
        return "TLS error";
      case Errc::unavailable:
        return "unavailable";
      case Errc::permission:
        return "not permitted";
      case Errc::internal:
        return "internal error";
    }
    return "unknown error";
  }
};

}  // namespace

const boost::system::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

boost::system::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), error_category()};
}

Error Error::within(std::string_view context) const {
  return {code, std::string(context) + ": " + message};
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw Exception(error);
}

Error describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Exception& e) {
    return e.error();
  } catch (const boost::system::system_error& e) {
    const auto code =
        e.code() == boost::asio::error::operation_aborted ? Errc::cancelled : Errc::io;
    return {code, e.code().message()};
  } catch (const std::exception& e) {
    return {Errc::internal, e.what()};
  } catch (...) {
    return {Errc::internal, "an exception that is not a std::exception"};
  }
}

bool is_cancellation(const std::exception_ptr& exception) {
  return exception && describe(exception).code == Errc::cancelled;
}

}  // namespace windlass::inline v0
