#include "spdy.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <zlib.h>

namespace windlass::inline v0::api_server {

namespace {

constexpr std::size_t kHeadSize = 8;
constexpr std::size_t kMaxFrame = 4u << 20;
constexpr std::size_t kMaxHeaders = 64 * 1024;
constexpr std::uint16_t kVersion = 3;

enum Type : std::uint16_t { kSynStream = 1, kSynReply = 2, kReset = 3, kPing = 6, kGoAway = 7 };
constexpr unsigned char kFin = 1;

void append_number(std::string& out, std::uint32_t value, int bytes = 4) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
}

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size = 4) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// What the two sides' compression knows from the start: the standard's list of words.
std::string make_dictionary() {
  std::string out;
  for (const char* word : {"options",
                           "head",
                           "post",
                           "put",
                           "delete",
                           "trace",
                           "accept",
                           "accept-charset",
                           "accept-encoding",
                           "accept-language",
                           "accept-ranges",
                           "age",
                           "allow",
                           "authorization",
                           "cache-control",
                           "connection",
                           "content-base",
                           "content-encoding",
                           "content-language",
                           "content-length",
                           "content-location",
                           "content-md5",
                           "content-range",
                           "content-type",
                           "date",
                           "etag",
                           "expect",
                           "expires",
                           "from",
                           "host",
                           "if-match",
                           "if-modified-since",
                           "if-none-match",
                           "if-range",
                           "if-unmodified-since",
                           "last-modified",
                           "location",
                           "max-forwards",
                           "pragma",
                           "proxy-authenticate",
                           "proxy-authorization",
                           "range",
                           "referer",
                           "retry-after",
                           "server",
                           "te",
                           "trailer",
                           "transfer-encoding",
                           "upgrade",
                           "user-agent",
                           "vary",
                           "via",
                           "warning",
                           "www-authenticate",
                           "method",
                           "get",
                           "status",
                           "200 OK",
                           "version",
                           "HTTP/1.1",
                           "url",
                           "public",
                           "set-cookie",
                           "keep-alive",
                           "origin"}) {
    append_number(out, static_cast<std::uint32_t>(std::string_view(word).size()));
    out += word;
  }
  out +=
      "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
      "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 "
      "Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 "
      "Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, "
      "Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
      "application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdch"
      "charset=utf-8charset=iso-8859-1,utf-,*,enq=0.";
  return out;
}

const std::string& dictionary() {
  static const std::string text = make_dictionary();
  return text;
}

const Bytef* bytes_of(std::string_view text) { return reinterpret_cast<const Bytef*>(text.data()); }

Error broken(const std::string& what) {
  return {Errc::parse, "the peer sent what is no SPDY/3.1: " + what};
}

Result<std::vector<std::pair<std::string, std::string>>> read_headers(std::string_view block) {
  std::vector<std::pair<std::string, std::string>> out;
  std::size_t at = 0;
  const auto text = [&]() -> std::optional<std::string> {
    if (block.size() - at < 4) return std::nullopt;
    const std::size_t size = number_at(block, at);
    at += 4;
    if (block.size() - at < size) return std::nullopt;
    at += size;
    return std::string(block.substr(at - size, size));
  };
  if (block.size() < 4) return broken("a block of headers ends early");
  const std::size_t count = number_at(block, 0);
  at = 4;
  for (std::size_t i = 0; i < count; ++i) {
    auto name = text();
    auto value = name ? text() : std::nullopt;
    if (!value) return broken("a block of headers ends early");
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

}  // namespace

std::string_view SpdyFrame::header(std::string_view name) const {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  for (const auto& [key, value] : headers) {
    if (std::equal(key.begin(), key.end(), name.begin(), name.end(), same)) return value;
  }
  return {};
}

struct SpdyParser::Inflater {
  Inflater() { ::inflateInit(&stream); }
  ~Inflater() { ::inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<std::string> inflate(std::string_view block) {
    std::string out;
    std::array<char, 4096> piece{};
    stream.next_in = const_cast<Bytef*>(bytes_of(block));
    stream.avail_in = static_cast<uInt>(block.size());
    for (;;) {
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      int code = ::inflate(&stream, Z_SYNC_FLUSH);
      if (code == Z_NEED_DICT) {
        const std::string& words = dictionary();
        if (::inflateSetDictionary(&stream, bytes_of(words), static_cast<uInt>(words.size())) !=
            Z_OK) {
          return broken("its headers are compressed with another dictionary");
        }
        continue;
      }
      if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END)
        return broken("its headers cannot be decompressed");
      const std::size_t made = piece.size() - stream.avail_out;
      out.append(piece.data(), made);
      if (out.size() > kMaxHeaders) return broken("its headers are too long");
      if (made == 0 || code == Z_STREAM_END) return out;
    }
  }

  z_stream stream{};
};

SpdyParser::SpdyParser() : inflater_(std::make_unique<Inflater>()) {}
SpdyParser::~SpdyParser() = default;

Result<std::optional<SpdyFrame>> SpdyParser::next() {
  if (buffer_.size() < kHeadSize) return std::optional<SpdyFrame>();
  const std::size_t size = number_at(buffer_, 5, 3);
  if (size > kMaxFrame) return broken("a frame is longer than 4 MiB");
  if (buffer_.size() < kHeadSize + size) return std::optional<SpdyFrame>();
  const std::string bytes = buffer_.substr(0, kHeadSize + size);
  buffer_.erase(0, kHeadSize + size);
  const std::string_view head = std::string_view(bytes).substr(0, kHeadSize);
  const std::string_view payload = std::string_view(bytes).substr(kHeadSize);
  if ((static_cast<unsigned char>(head[0]) & 0x80) == 0) {
    return std::optional(SpdyFrame{.stream = number_at(head, 0),
                                   .last = (static_cast<unsigned char>(head[4]) & kFin) != 0,
                                   .data = std::string(payload)});
  }
  auto frame = control_frame(head, payload);
  if (!frame) return frame.error();
  return std::optional(std::move(*frame));
}

Result<SpdyFrame> SpdyParser::control_frame(std::string_view head, std::string_view payload) {
  using Kind = SpdyFrame::Kind;
  if ((number_at(head, 0, 2) & 0x7fff) != kVersion) return broken("another version");
  const std::uint32_t type = number_at(head, 2, 2);
  SpdyFrame frame{.kind = Kind::other, .last = (static_cast<unsigned char>(head[4]) & kFin) != 0};
  std::size_t block = 0;
  if (type == kSynStream) {
    frame.kind = Kind::syn_stream;
    block = 10;
  } else if (type == kSynReply) {
    frame.kind = Kind::syn_reply;
    block = 4;
  } else if (type == kReset) {
    frame.kind = Kind::reset;
  } else if (type == kPing) {
    frame.kind = Kind::ping;
  } else if (type == kGoAway) {
    frame.kind = Kind::go_away;
  } else {
    return frame;
  }
  if (payload.size() < std::max<std::size_t>(block, 4)) return broken("a frame ends early");
  frame.stream = number_at(payload, 0);
  if (frame.kind != Kind::ping) frame.stream &= 0x7fffffff;
  if (block == 0) return frame;
  const auto text = inflater_->inflate(payload.substr(block));
  if (!text) return text.error();
  auto headers = read_headers(*text);
  if (!headers) return headers.error();
  frame.headers = std::move(*headers);
  return frame;
}

struct SpdyWriter::Deflater {
  Deflater() {
    ::deflateInit(&stream, Z_DEFAULT_COMPRESSION);
    const std::string& words = dictionary();
    ::deflateSetDictionary(&stream, bytes_of(words), static_cast<uInt>(words.size()));
  }
  ~Deflater() { ::deflateEnd(&stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  std::string deflate(std::string_view block) {
    std::string out;
    std::array<char, 4096> piece{};
    stream.next_in = const_cast<Bytef*>(bytes_of(block));
    stream.avail_in = static_cast<uInt>(block.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      ::deflate(&stream, Z_SYNC_FLUSH);
      out.append(piece.data(), piece.size() - stream.avail_out);
    } while (stream.avail_out == 0);
    return out;
  }

  z_stream stream{};
};

SpdyWriter::SpdyWriter() : deflater_(std::make_unique<Deflater>()) {}
SpdyWriter::~SpdyWriter() = default;

std::string SpdyWriter::write(const SpdyFrame& frame) {
  using Kind = SpdyFrame::Kind;
  std::string payload;
  std::uint32_t type = 0;
  if (frame.kind == Kind::data) {
    payload = frame.data;
  } else {
    type = frame.kind == Kind::syn_stream  ? kSynStream
           : frame.kind == Kind::syn_reply ? kSynReply
           : frame.kind == Kind::reset     ? kReset
           : frame.kind == Kind::ping      ? kPing
                                           : kGoAway;
    append_number(payload, frame.stream);
    if (frame.kind == Kind::syn_stream) payload.append(6, '\0');  // no parent, no priority
    if (frame.kind == Kind::reset) append_number(payload, 5);     // cancelled
    if (frame.kind == Kind::go_away) append_number(payload, 0);
  }
  if (frame.kind == Kind::syn_stream || frame.kind == Kind::syn_reply) {
    std::string block;
    append_number(block, static_cast<std::uint32_t>(frame.headers.size()));
    for (const auto& [name, value] : frame.headers) {
      append_number(block, static_cast<std::uint32_t>(name.size()));
      block += name;
      append_number(block, static_cast<std::uint32_t>(value.size()));
      block += value;
    }
    payload += deflater_->deflate(block);
  }
  std::string out;
  if (frame.kind == Kind::data) {
    append_number(out, frame.stream);
  } else {
    append_number(out, 0x8000u | kVersion, 2);
    append_number(out, type, 2);
  }
  out += frame.last ? static_cast<char>(kFin) : '\0';
  append_number(out, static_cast<std::uint32_t>(payload.size()), 3);
  return out + payload;
}

}  // namespace windlass::inline v0::api_server
