#include "parser.hpp"

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "format.hpp"

namespace windlass::inline v0::http::detail {
namespace {

namespace beast = boost::beast::http;
using boost::system::error_code;

Parser::Failure explain(const error_code& code) {
  if (code == beast::error::header_limit) {
    return {431, {Errc::too_large, "the HTTP header is larger than the limit"}};
  }
  if (code == beast::error::body_limit) {
    return {413, {Errc::too_large, "the HTTP body is larger than the limit"}};
  }
  if (code == beast::error::partial_message || code == beast::error::end_of_stream) {
    return {400, {Errc::closed, "the connection ended inside an HTTP message"}};
  }
  const int status = code == beast::error::bad_version ? 505 : 400;
  return {status, {Errc::io, "malformed HTTP message: " + code.message()}};
}

/// Beast's events, written into the message. Base is RequestParser or ResponseParser.
template <bool is_request, class Base>
class BeastParser final : public Base {
 public:
  BeastParser(ParserLimits limits, bool skip_body) : limits_(limits), core_(*this) {
    core_.eager(true);
    core_.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    core_.body_limit(limits.body_bytes);
    core_.skip(skip_body);
  }

  std::size_t put(std::string_view bytes) override {
    std::size_t used = 0;
    // an error that asks for more may come although a part was used
    while (!this->failure_ && !core_.is_done() && used < bytes.size()) {
      error_code code;
      const bool in_header = !core_.is_header_done();
      const auto rest = bytes.substr(used);
      // Beast asserts that it sees the whole of "0\r\n\r\n", the shortest end of a chunked body
      if (!in_header && chunked_ && chunk_left_ == 0 && rest.size() < 5) break;
      const auto count = core_.put(boost::asio::buffer(rest.data(), rest.size()), code);
      used += count;
      if (in_header) header_bytes_ += count;
      if (code && code != beast::error::need_more) this->failure_ = explain(code);
      if (code || count == 0) break;
    }
    check_limits(bytes.size() - used);
    return used;
  }

  void put_end() override {
    if (this->failure_ || core_.is_done()) return;
    error_code code = beast::error::partial_message;
    if (core_.got_some()) core_.put_eof(code);
    if (code) this->failure_ = explain(code);
  }

  [[nodiscard]] bool header_done() const override { return core_.is_header_done(); }
  [[nodiscard]] bool done() const override { return core_.is_done() && !this->failure_; }
  [[nodiscard]] bool keep_alive() const override { return core_.keep_alive(); }

 private:
  using string_view = boost::beast::string_view;
  class Core final : public beast::basic_parser<is_request> {
   public:
    explicit Core(BeastParser& owner) : owner_(owner) {}

   private:
    void on_request_impl(beast::verb, string_view method, string_view target, int version,
                         error_code&) override {
      if constexpr (is_request) {
        owner_.request.method = method;
        owner_.request.target = target;
      }
      owner_.version_ = version;
    }
    void on_response_impl(int status, string_view, int version, error_code&) override {
      if constexpr (!is_request) owner_.response.status = status;
      owner_.version_ = version;
    }
    void on_field_impl(beast::field, string_view name, string_view value, error_code&) override {
      if (this->is_header_done()) return;  // trailers say nothing that we use
      owner_.message().headers.add({name.data(), name.size()}, {value.data(), value.size()});
    }
    void on_header_impl(error_code& code) override { owner_.check_header(code); }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
      constexpr std::uint64_t trusted = 1u << 20;  // a length is only a claim
      if (length) owner_.message().body.reserve(std::min(*length, trusted));
    }
    std::size_t on_body_impl(string_view body, error_code&) override {
      owner_.message().body.append(body.data(), body.size());
      return body.size();
    }
    void on_chunk_header_impl(std::uint64_t size, string_view, error_code&) override {
      owner_.chunk_left_ = size;
    }
    std::size_t on_chunk_body_impl(std::uint64_t left, string_view body, error_code&) override {
      owner_.chunk_left_ = left - body.size();
      owner_.message().body.append(body.data(), body.size());
      return body.size();
    }
    void on_finish_impl(error_code&) override {}

    BeastParser& owner_;
  };

  auto& message() {
    if constexpr (is_request) {
      return this->request;
    } else {
      return this->response;
    }
  }

  void check_header(error_code& code) {
    const auto& headers = message().headers;
    const auto encodings = headers.all("transfer-encoding");
    chunked_ = !encodings.empty();
    if (!chunked_) return;
    // anything but plain "chunked" leaves room for two opinions on where the body ends
    const bool plain = encodings.size() == 1 && equal_ignoring_case(encodings[0], "chunked");
    if (!plain || this->version_ == 10) code = beast::error::bad_transfer_encoding;
  }

  void check_limits(std::size_t waiting) {
    if (this->failure_) return;
    const bool in_header = !core_.is_header_done();
    const bool too_much = in_header ? header_bytes_ + waiting > limits_.header_bytes
                                    : !core_.is_done() && waiting > limits_.header_bytes;
    if (too_much) this->failure_ = explain(beast::error::header_limit);
  }

  ParserLimits limits_;
  std::size_t header_bytes_ = 0;  // used before the header was complete
  bool chunked_ = false;
  std::uint64_t chunk_left_ = 0;
  Core core_;
};

}  // namespace

std::unique_ptr<RequestParser> RequestParser::make(ParserLimits limits) {
  return std::make_unique<BeastParser<true, RequestParser>>(limits, false);
}

std::unique_ptr<ResponseParser> ResponseParser::make(ParserLimits limits, bool to_head) {
  return std::make_unique<BeastParser<false, ResponseParser>>(limits, to_head);
}

}  // namespace windlass::inline v0::http::detail
