#include <windlass/client/watch_decoder.hpp>

namespace windlass::inline v0::client {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

Result<EventType> event_type(std::string_view text) {
  if (text == "\"ADDED\"") return EventType::added;
  if (text == "\"MODIFIED\"") return EventType::modified;
  if (text == "\"DELETED\"") return EventType::deleted;
  if (text == "\"BOOKMARK\"") return EventType::bookmark;
  if (text == "\"ERROR\"") return EventType::error;
  return Error{Errc::parse, "a watch event of the unknown type " + std::string(text.substr(0, 40))};
}

}  // namespace

void WatchDecoder::begin_value(std::size_t at) {
  if (depth_ == 1 && in_value_ && value_ == kNone) value_ = at;
}

void WatchDecoder::end_member(std::size_t end) {
  if (in_value_ && value_ != kNone) {
    while (end > value_ && is_space(buffer_[end - 1])) --end;
    const auto key = text(key_);
    if (key == "type") type_ = {value_, end};
    if (key == "object") object_ = {value_, end};
  }
  in_value_ = false;
  value_ = kNone;
}

std::string_view WatchDecoder::text(Span span) const {
  if (span.begin == kNone) return {};
  return std::string_view(buffer_).substr(span.begin, span.end - span.begin);
}

/// Goes on to the end of a document (true) or of the buffer.
bool WatchDecoder::scan() {
  while (scanned_ < buffer_.size()) {
    if (in_string_) {
      const char c = buffer_[scanned_];
      if (escaped_) {
        escaped_ = false;
      } else if (c == '"') {
        in_string_ = false;
        if (depth_ == 1 && !in_value_) key_.end = scanned_;
      } else if (c == '\\') {
        escaped_ = true;
      } else {
        const auto stop = buffer_.find_first_of("\"\\", scanned_);
        scanned_ = stop == std::string::npos ? buffer_.size() : stop;
        continue;
      }
      ++scanned_;
      continue;
    }
    const std::size_t at = scanned_++;
    const char c = buffer_[at];
    if (is_space(c)) continue;
    if (depth_ == 0 && c != '{') {
      garbage_ = true;
      return true;
    }
    switch (c) {
      case '"':
        in_string_ = true;
        if (depth_ == 1 && !in_value_) key_ = {at + 1, at + 1};
        begin_value(at);
        break;
      case '{':
      case '[':
        if (depth_ == 0) start_ = at;
        begin_value(at);
        ++depth_;
        break;
      case '}':
      case ']':
        if (depth_ == 1) end_member(at);
        if (--depth_ == 0) return true;
        break;
      case ':':
        if (depth_ == 1) in_value_ = true;
        break;
      case ',':
        if (depth_ == 1) end_member(at);
        break;
      default:
        begin_value(at);
    }
  }
  return false;
}

/// Drops everything before `scanned_`.
void WatchDecoder::forget_finished() {
  start_ = kNone;
  key_ = type_ = object_ = {};
  value_ = kNone;
  in_value_ = false;
}

Result<std::optional<WatchEvent>> WatchDecoder::finish() {
  if (object_.begin == kNone || type_.begin == kNone) {
    return Error{Errc::parse, "a watch event without type or object"};
  }
  auto type = event_type(text(type_));
  if (!type) return type.error();
  WatchEvent event{*type, std::string(text(object_))};
  forget_finished();
  return std::optional<WatchEvent>(std::move(event));
}

Result<std::optional<WatchEvent>> WatchDecoder::next() {
  if (garbage_) return Error{Errc::parse, "a watch that is not a stream of JSON objects"};
  if (scan()) {
    if (garbage_) return next();
    if (scanned_ - start_ > limit_) {
      return Error{Errc::too_large,
                   "a watch event of more than " + std::to_string(limit_) + " bytes"};
    }
    return finish();
  }
  // nothing whole is left: move the beginning of the next event, if any, to the front
  const std::size_t drop = start_ == kNone ? scanned_ : start_;
  if (buffer_.size() - drop > limit_) {
    return Error{Errc::too_large,
                 "a watch event of more than " + std::to_string(limit_) + " bytes"};
  }
  if (drop > 0) {
    buffer_.erase(0, drop);
    scanned_ -= drop;
    const auto shift = [drop](std::size_t& position) {
      if (position != kNone) position -= drop;
    };
    for (auto* span : {&key_, &type_, &object_}) {
      shift(span->begin);
      shift(span->end);
    }
    shift(start_);
    shift(value_);
  }
  return std::optional<WatchEvent>();
}

}  // namespace windlass::inline v0::client
