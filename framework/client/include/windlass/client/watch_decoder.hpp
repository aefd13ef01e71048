#pragma once
// From the bytes of a watch to events. No I/O.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <windlass/base/error.hpp>
#include <windlass/client/watch_event.hpp>

namespace windlass::inline v0::client {

/// Reads `{"type":...,"object":...}` documents, separated by white space or nothing, from pieces
/// split at any byte. Every byte is looked at once; the object is cut out as text, not parsed.
class WatchDecoder {
 public:
  /// `max_event_bytes`: of one document. etcd's own limit of 1.5 MiB is far below the default.
  explicit WatchDecoder(std::size_t max_event_bytes = 16u << 20) : limit_(max_event_bytes) {}

  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// The next whole event; nothing when more bytes are needed. After an error (Errc::parse or
  /// too_large) the stream is useless: close it.
  Result<std::optional<WatchEvent>> next();
  /// True when the stream may end here: no part of an event is pending.
  [[nodiscard]] bool at_boundary() const { return start_ == kNone && scanned_ == buffer_.size(); }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Span {
    std::size_t begin = kNone;
    std::size_t end = kNone;
  };
  bool scan();
  void end_member(std::size_t end);
  void begin_value(std::size_t at);
  [[nodiscard]] std::string_view text(Span span) const;
  Result<std::optional<WatchEvent>> finish();
  void forget_finished();

  std::size_t limit_;
  std::string buffer_;
  std::size_t scanned_ = 0;  ///< bytes of buffer_ looked at
  std::size_t start_ = kNone;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool in_value_ = false;  ///< at depth 1, after the colon
  bool garbage_ = false;
  Span key_;
  std::size_t value_ = kNone;
  Span type_;
  Span object_;
};

}  // namespace windlass::inline v0::client
