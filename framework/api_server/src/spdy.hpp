#pragma once
// SPDY/3.1 frames, as kubectl's port-forward multiplexes its connections with. Without I/O, without
// flow control (which Kubernetes' SPDY does not use either).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <windlass/base/error.hpp>

namespace windlass::inline v0::api_server {

struct SpdyFrame {
  enum class Kind : std::uint8_t { data, syn_stream, syn_reply, reset, ping, go_away, other };
  Kind kind = Kind::data;
  std::uint32_t stream = 0;  ///< of a ping: its number
  bool last = false;         ///< its sender sends nothing more in this stream
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string data = {};

  /// The value of a header; names compare without regard to case. Empty when it is missing.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// Frames out of bytes.
class SpdyParser {
 public:
  SpdyParser();
  ~SpdyParser();
  void put(std::string_view bytes) { buffer_.append(bytes); }
  /// The next frame, if it is there. Errc::parse for what is no SPDY/3.1.
  Result<std::optional<SpdyFrame>> next();

 private:
  struct Inflater;
  Result<SpdyFrame> control_frame(std::string_view head, std::string_view payload);

  std::string buffer_;
  std::unique_ptr<Inflater> inflater_;
};

/// Bytes out of frames, in the order in which they are sent: their headers share one compression.
class SpdyWriter {
 public:
  SpdyWriter();
  ~SpdyWriter();
  std::string write(const SpdyFrame& frame);

 private:
  struct Deflater;
  std::unique_ptr<Deflater> deflater_;
};

}  // namespace windlass::inline v0::api_server
