// Bytes of a connection, to the parsers of HTTP messages. The first byte says in how large pieces
// they arrive; what is read must not depend on it.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "parser.hpp"

namespace {

using windlass::http::detail::Parser;
using windlass::http::detail::ParserLimits;
using windlass::http::detail::RequestParser;
using windlass::http::detail::ResponseParser;

constexpr ParserLimits kLimits{.header_bytes = 4096, .body_bytes = 4096};

/// As a connection does: what was not taken comes again with more behind it.
void feed(Parser& parser, std::string_view bytes, std::size_t piece) {
  std::size_t taken = 0;
  std::size_t arrived = 0;
  while (!parser.done() && !parser.failure()) {
    const auto used = parser.put(bytes.substr(taken, arrived - taken));
    taken += used;
    if (used > 0 && taken < arrived) continue;
    if (arrived == bytes.size()) break;
    arrived = std::min(bytes.size(), arrived + piece);
  }
  if (!parser.done() && !parser.failure()) parser.put_end();
}

template <class Make, class Message>
void compare(const Make& make, Message message, std::string_view bytes, std::size_t piece) {
  const auto whole = make();
  const auto parts = make();
  feed(*whole, bytes, bytes.size());
  feed(*parts, bytes, piece);
  if (whole->done() != parts->done()) std::abort();
  if (whole->done() && message(*whole) != message(*parts)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  compare([] { return RequestParser::make(kLimits); },
          [](const auto& parser) {
            return parser.request.method + parser.request.target + parser.request.body;
          },
          bytes, piece);
  compare([] { return ResponseParser::make(kLimits, false); },
          [](const auto& parser) { return parser.response.body; }, bytes, piece);
  return 0;
}
