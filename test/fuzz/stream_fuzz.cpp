// Bytes of an upgraded connection, to the parsers of WebSocket and SPDY frames. The first byte
// chooses, the second one says in how large pieces they arrive; what is read must not depend on it.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/http/websocket.hpp>

#include "spdy.hpp"

namespace {

namespace api_server = windlass::api_server;
namespace http = windlass::http;

std::string text_of(const http::WebSocketEvent& event) {
  return std::to_string(static_cast<int>(event.kind)) + " " + std::to_string(event.code) + " " +
         event.data;
}

std::string text_of(const api_server::SpdyFrame& frame) {
  std::string out = std::to_string(static_cast<int>(frame.kind)) + " " +
                    std::to_string(frame.stream) + (frame.last ? "! " : " ") + frame.data;
  for (const auto& [name, value] : frame.headers) out += name + "=" + value + ";";
  return out;
}

/// What arrives, up to the first error, which counts as the last thing.
template <class Parser>
std::vector<std::string> read(Parser parser, std::string_view bytes, std::size_t piece) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    parser->put(bytes.substr(at, piece));
    for (;;) {
      const auto next = parser->next();
      if (!next) {
        out.emplace_back("error");
        return out;
      }
      if (!*next) break;
      out.push_back(text_of(**next));
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::size_t piece = 1 + data[1] % 64;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto compare = [&](const auto& make) {
    if (read(make(), bytes, bytes.size()) != read(make(), bytes, piece)) std::abort();
  };
  if (data[0] % 3 == 0) {
    compare([] { return std::make_unique<api_server::SpdyParser>(); });
  } else {
    const auto role = data[0] % 3 == 1 ? http::WebSocketRole::server : http::WebSocketRole::client;
    compare([role] { return std::make_unique<http::WebSocketParser>(role, 2000); });
  }
  return 0;
}
