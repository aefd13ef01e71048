#pragma once
// HTTP/1.1 messages out of bytes, without I/O. Beast does the work behind it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <windlass/base/error.hpp>
#include <windlass/http/message.hpp>

namespace windlass::inline v0::http::detail {

struct ParserLimits {
  std::size_t header_bytes = 64 * 1024;  ///< also of one chunk header and of the trailers
  std::uint64_t body_bytes = UINT64_MAX;
};

/// Reads one message. Feed it with `put` until `done` or `failure`.
class Parser {
 public:
  struct Failure {
    int status = 400;  ///< what a server answers
    Error error;
  };

  virtual ~Parser() = default;
  /// Takes a prefix of `bytes` and returns its length. What is left must come again, with more
  /// behind it; after the end of the message it belongs to the next one.
  virtual std::size_t put(std::string_view bytes) = 0;
  /// The stream has ended; sets `done` or `failure`.
  virtual void put_end() = 0;
  [[nodiscard]] virtual bool header_done() const = 0;
  [[nodiscard]] virtual bool done() const = 0;
  /// Whether another message may follow on this connection; valid once the header is done.
  [[nodiscard]] virtual bool keep_alive() const = 0;
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
  [[nodiscard]] bool http_1_0() const { return version_ == 10; }

 protected:
  std::optional<Failure> failure_;
  int version_ = 11;
};

class RequestParser : public Parser {
 public:
  static std::unique_ptr<RequestParser> make(ParserLimits limits);
  /// Header fields once header_done; the body grows until done.
  Request request;
};

class ResponseParser : public Parser {
 public:
  /// `to_head`: the answer to a HEAD request, which has no body whatever its fields say.
  static std::unique_ptr<ResponseParser> make(ParserLimits limits, bool to_head);
  /// As for requests; take pieces out of the body as you like.
  Response response;
};

}  // namespace windlass::inline v0::http::detail
