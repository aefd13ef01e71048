#include "decoder.hpp"

#include <cmath>
#include <cstring>
#include <memory>

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include "padded_stream.hpp"
#include "text.hpp"
#include "zero_guard.hpp"

namespace windlass::inline v0::json {

using type::Field;
using type::Kind;
using type::Shape;

namespace {

std::string_view expectation(const Shape& shape) {
  switch (shape.kind) {
    case Kind::boolean:
      return "a boolean";
    case Kind::int32:
    case Kind::int64:
      return "an integer";
    case Kind::float64:
      return "a number";
    case Kind::enumeration:
      return shape.numbers ? "a number" : "a string";
    case Kind::string:
      return "a string";
    case Kind::object:
    case Kind::map:
      return "an object";
    case Kind::list:
      return "an array";
    default:
      return "a value";
  }
}

Value& as_value(void* target) { return *static_cast<Value*>(target); }

}  // namespace

Decoder::Decoder(const Shape& root, void* target, const DecodeOptions& options)
    : shape_(&root), target_(target), options_(options) {
  frames_.reserve(16);
}

bool Decoder::fail(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
  return false;
}

bool Decoder::mismatch(std::string_view got) {
  std::string expected(shape_->kind == Kind::scalar
                           ? std::string("a value of type ") + shape_->scalar->name
                           : std::string(expectation(*shape_)));
  return fail("expected " + expected + ", got " + std::string(got));
}

std::string Decoder::path() const {
  std::string path;
  for (const Frame& frame : frames_) {
    if (frame.kind == Kind::object) {
      if (frame.current == nullptr) continue;
      if (!path.empty()) path += '.';
      path += frame.current->name;
    } else if (frame.kind == Kind::list) {
      const std::size_t count = frame.shape->list->view(frame.container).count;
      if (count > 0) path += '[' + std::to_string(count - 1) + ']';
    } else {
      const auto view = frame.shape->map->view(frame.container);
      if (view.count == 0) continue;
      const auto* entry = view.data + (view.count - 1) * frame.shape->map->entry_size;
      path += '[' + *reinterpret_cast<const std::string*>(entry) + ']';
    }
  }
  return path;
}

std::string Decoder::problem() const {
  const std::string where = path();
  return where.empty() ? problem_ : where + ": " + problem_;
}

bool Decoder::slot() {
  if (!frames_.empty() && frames_.back().kind == Kind::list) {
    Frame& frame = frames_.back();
    shape_ = frame.shape->inner;
    target_ = frame.shape->list->append(frame.container);
  }
  return shape_ != nullptr;
}

void Decoder::unwrap() {
  while (shape_->kind == Kind::optional) {
    target_ = shape_->optional->emplace(target_);
    shape_ = shape_->inner;
  }
}

bool Decoder::Null() {
  switch (mode_) {
    case Mode::typed:
      // null is absent unless the type can tell; in a list it is an empty element
      if (!slot()) return true;
      if (shape_->kind == Kind::optional && shape_->optional->set_null != nullptr) {
        shape_->optional->set_null(target_);
      }
      return !options_.require_required || null_may_be_here() || mismatch("null");
    case Mode::skip:
      return true;
    case Mode::any:
      return builder_->Null();
    case Mode::raw:
      raw_separator();
      raw_ += "null";
      return true;
  }
  return true;
}

bool Decoder::null_may_be_here() const {
  const bool can_hold = shape_->kind == Kind::optional || shape_->kind == Kind::any;
  if (can_hold || shape_->kind == Kind::raw || frames_.empty()) return true;
  const Frame& frame = frames_.back();
  return frame.kind == Kind::object && frame.current != nullptr &&
         frame.current->presence == type::Presence::optional;
}

bool Decoder::Bool(bool value) {
  if (mode_ == Mode::skip) return true;
  if (mode_ == Mode::any) return builder_->Bool(value);
  if (mode_ == Mode::raw) {
    raw_separator();
    raw_ += value ? "true" : "false";
    return true;
  }
  if (!slot()) return true;
  unwrap();
  switch (shape_->kind) {
    case Kind::boolean:
      *static_cast<bool*>(target_) = value;
      return true;
    case Kind::any:
      as_value(target_) = value;
      return true;
    case Kind::raw:
      static_cast<RawJson*>(target_)->text = value ? "true" : "false";
      return true;
    default:
      return mismatch("a boolean");
  }
}

bool Decoder::integer(std::int64_t value) {
  if (mode_ == Mode::skip) return true;
  if (mode_ == Mode::any) return builder_->Int64(value);
  if (mode_ == Mode::raw) {
    raw_separator();
    append_integer(raw_, value);
    return true;
  }
  if (!slot()) return true;
  unwrap();
  switch (shape_->kind) {
    case Kind::int32:
      if (value < INT32_MIN || value > INT32_MAX) {
        return fail("the number " + std::to_string(value) + " does not fit in 32 bits");
      }
      *static_cast<std::int32_t*>(target_) = static_cast<std::int32_t>(value);
      return true;
    case Kind::int64:
      *static_cast<std::int64_t*>(target_) = value;
      return true;
    case Kind::float64:
      *static_cast<double*>(target_) = static_cast<double>(value);
      return true;
    case Kind::enumeration:
      return shape_->numbers ? read_enum(std::to_string(value)) : mismatch("a number");
    case Kind::scalar:
      return shape_->scalar->parse_integer(target_, value, problem_);
    case Kind::any:
      as_value(target_) = value;
      return true;
    case Kind::raw:
      static_cast<RawJson*>(target_)->text = std::to_string(value);
      return true;
    default:
      return mismatch("a number");
  }
}

bool Decoder::Uint64(std::uint64_t value) {
  if (value <= INT64_MAX) return integer(static_cast<std::int64_t>(value));
  return Double(static_cast<double>(value));
}

bool Decoder::Double(double value) {
  if (mode_ == Mode::skip) return true;
  if (mode_ == Mode::any) return builder_->Double(value);
  if (mode_ == Mode::raw) {
    raw_separator();
    append_number(raw_, value);
    return true;
  }
  if (!slot()) return true;
  unwrap();
  switch (shape_->kind) {
    case Kind::float64:
      *static_cast<double*>(target_) = value;
      return true;
    case Kind::scalar:
      return shape_->scalar->parse_number(target_, value, problem_);
    case Kind::any:
      as_value(target_) = value;
      return true;
    default:
      break;
  }
  std::string text;
  append_number(text, value);
  if (shape_->kind == Kind::enumeration && shape_->numbers) {
    return read_enum(text.ends_with(".0") ? text.substr(0, text.size() - 2) : text);
  }
  if (shape_->kind != Kind::raw) return mismatch("the number " + text);
  static_cast<RawJson*>(target_)->text = std::move(text);
  return true;
}

bool Decoder::expect_literal(std::string_view text) {
  const std::string_view expected = literal_;
  literal_ = {};
  if (text.empty() || text == expected) return true;
  return fail("expected \"" + std::string(expected) + "\", got \"" + std::string(text) + "\"");
}

bool Decoder::read_enum(std::string_view text) {
  const auto& names = *shape_->names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) {
      type::set_enum(*shape_, target_, i);
      return true;
    }
  }
  std::string list;
  for (const auto name : names) list += (list.empty() ? "" : ", ") + std::string(name);
  return fail("expected one of " + list + ", got \"" + std::string(text) + "\"");
}

bool Decoder::String(const char* text, SizeType size, bool) {
  const std::string_view view(text, size);
  if (mode_ == Mode::skip) return true;
  if (mode_ == Mode::any) return builder_->String(text, size, true);
  if (mode_ == Mode::raw) {
    raw_separator();
    append_quoted(raw_, view);
    return true;
  }
  if (!slot()) return literal_.empty() || expect_literal(view);
  unwrap();
  switch (shape_->kind) {
    case Kind::string:
      static_cast<std::string*>(target_)->assign(text, size);
      return true;
    case Kind::scalar:
      return shape_->scalar->parse_string(target_, view, problem_);
    case Kind::enumeration:
      return shape_->numbers ? mismatch("a string") : read_enum(view);
    case Kind::any:
      as_value(target_) = view;
      return true;
    case Kind::raw:
      append_quoted(static_cast<RawJson*>(target_)->text, view);
      return true;
    default:
      return mismatch("a string");
  }
}

bool Decoder::Key(const char* text, SizeType size, bool) {
  const std::string_view name(text, size);
  switch (mode_) {
    case Mode::skip:
      return true;
    case Mode::any:
      return builder_->Key(text, size, true);
    case Mode::raw:
      raw_separator();
      append_quoted(raw_, name);
      raw_ += ':';
      return true;
    case Mode::typed:
      break;
  }
  Frame& frame = frames_.back();
  if (frame.kind == Kind::object) return object_key(frame, name);
  shape_ = frame.shape->inner;
  target_ = frame.shape->map->append(frame.container, name);
  return true;
}

bool Decoder::object_key(Frame& frame, std::string_view name) {
  const auto fields = frame.table->fields;
  const Field* field = nullptr;
  if (frame.next < fields.size() && type::same_name(fields[frame.next].name, name)) {
    field = &fields[frame.next];  // members mostly come in the order of the table
  } else {
    field = frame.table->find(name);
    if (field == nullptr) return unknown_key(frame, name);
  }
  const auto index = static_cast<std::size_t>(field - fields.data());
  frame.next = static_cast<std::uint16_t>(index + 1);
  frame.current = field;
  shape_ = field->shape;
  target_ = static_cast<std::byte*>(frame.container) + field->offset;
  if (mark_seen(frame, index)) type::clear(*shape_, target_);  // the last of several counts
  return true;
}

void Decoder::make_room_for_seen(Frame& frame) {
  frame.more_seen = static_cast<std::uint32_t>(more_seen_.size());
  more_seen_.resize(more_seen_.size() + frame.table->fields.size() / 64 + 1);
}

bool Decoder::mark_seen(Frame& frame, std::size_t index) {
  std::uint64_t* words = frame.seen;
  if (index >= kSeenInside) {
    words = more_seen_.data() + frame.more_seen;
  }
  const std::uint64_t bit = std::uint64_t{1} << (index % 64);
  std::uint64_t& word = words[index / 64];
  const bool before = (word & bit) != 0;
  word |= bit;
  return before;
}

bool Decoder::unknown_key(Frame& frame, std::string_view name) {
  frame.current = nullptr;
  shape_ = nullptr;
  literal_ = {};
  if (!frame.table->kind.empty()) {
    if (name == "kind") literal_ = frame.table->kind;
    if (name == "apiVersion") literal_ = frame.table->api_version;
    if (!literal_.empty()) return true;
  }
  if (const Field& rest = frame.table->rest; rest.shape != nullptr) {
    Value& members = as_value(static_cast<std::byte*>(frame.container) + rest.offset);
    shape_ = rest.shape;
    target_ = &members[name];
    as_value(target_) = nullptr;
    return true;
  }
  if (options_.reject_unknown) return fail("unknown field \"" + std::string(name) + "\"");
  return true;
}

Decoder::Frame& Decoder::push(Kind kind) {
  Frame& frame = frames_.emplace_back();
  frame.kind = kind;
  frame.shape = shape_;
  frame.container = target_;
  return frame;
}

bool Decoder::open(Kind kind) {
  if (++depth_ > options_.max_depth) {
    return fail("nested deeper than " + std::to_string(options_.max_depth));
  }
  const bool object = kind == Kind::object;
  if (mode_ == Mode::skip) return true;
  if (mode_ == Mode::any) return object ? builder_->StartObject() : builder_->StartArray();
  if (mode_ == Mode::raw) {
    raw_separator();
    raw_ += object ? '{' : '[';
    return true;
  }
  literal_ = {};
  if (!slot()) {
    mode_ = Mode::skip;
    base_ = depth_;
    return true;
  }
  unwrap();
  switch (shape_->kind) {
    case Kind::any:
      mode_ = Mode::any;
      builder_.emplace(options_.max_depth);
      return object ? builder_->StartObject() : builder_->StartArray();
    case Kind::raw:
      mode_ = Mode::raw;
      base_ = depth_;
      raw_ = object ? "{" : "[";
      return true;
    case Kind::object: {
      if (!object) return mismatch("an array");
      Frame& frame = push(Kind::object);
      frame.table = &shape_->table();
      if (frame.table->fields.size() > kSeenInside) make_room_for_seen(frame);
      return true;
    }
    case Kind::map:
      if (!object) return mismatch("an array");
      push(Kind::map);
      return true;
    case Kind::list:
      if (object) return mismatch("an object");
      push(Kind::list);
      return true;
    default:
      return mismatch(object ? "an object" : "an array");
  }
}

bool Decoder::StartObject() { return open(Kind::object); }
bool Decoder::StartArray() { return open(Kind::list); }

bool Decoder::EndObject(SizeType count) {
  if (mode_ == Mode::any) {
    --depth_;
    return builder_->EndObject(count) && finish_any();
  }
  if (mode_ == Mode::raw) raw_ += '}';
  return close();
}

bool Decoder::EndArray(SizeType count) {
  if (mode_ == Mode::any) {
    --depth_;
    return builder_->EndArray(count) && finish_any();
  }
  if (mode_ == Mode::raw) raw_ += ']';
  return close();
}

bool Decoder::close() {
  const bool outermost = depth_-- == base_;
  if (mode_ == Mode::skip) {
    if (outermost) mode_ = Mode::typed;
    return true;
  }
  if (mode_ == Mode::raw) return !outermost || finish_raw();
  Frame& frame = frames_.back();
  if (frame.kind == Kind::object && options_.require_required && !close_object(frame)) return false;
  if (frame.kind == Kind::list) frame.shape->list->shrink(frame.container);
  if (frame.kind == Kind::map) frame.shape->map->finish(frame.container);
  if (frame.kind == Kind::object && frame.table->fields.size() > kSeenInside) {
    more_seen_.resize(frame.more_seen);
  }
  frames_.pop_back();
  return true;
}

bool Decoder::close_object(Frame& frame) {
  frame.current = nullptr;
  const auto fields = frame.table->fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].presence != type::Presence::required) continue;
    if (!mark_seen(frame, i)) {
      return fail("missing required field \"" + std::string(fields[i].name) + "\"");
    }
  }
  return true;
}

bool Decoder::finish_any() {
  if (builder_->unfinished()) return true;
  as_value(target_) = builder_->take();
  mode_ = Mode::typed;
  return true;
}

bool Decoder::finish_raw() {
  static_cast<RawJson*>(target_)->text = raw_;  // exactly as large as needed
  mode_ = Mode::typed;
  return true;
}

void Decoder::raw_separator() {
  const char last = raw_.back();
  if (last != '{' && last != '[' && last != ':') raw_ += ',';
}

// The reader stands in one file with the handler, so that each becomes part of the other.

namespace {

/// Walks a document and tells the decoder what a reader of its text would.
bool replay(const Value& value, Decoder& decoder) {
  switch (value.type()) {
    case Type::null:
      return decoder.Null();
    case Type::boolean:
      return decoder.Bool(value.as_bool());
    case Type::integer:
      return decoder.Int64(value.as_integer());
    case Type::number:
      return decoder.Double(value.as_number());
    case Type::string: {
      const std::string& text = value.as_string();
      return decoder.String(text.data(), static_cast<Decoder::SizeType>(text.size()), true);
    }
    case Type::array:
      if (!decoder.StartArray()) return false;
      for (const auto& element : value.as_array()) {
        if (!replay(element, decoder)) return false;
      }
      return decoder.EndArray(0);
    case Type::object:
      if (!decoder.StartObject()) return false;
      for (const auto& [key, member] : value.as_object()) {
        if (!decoder.Key(key.data(), static_cast<Decoder::SizeType>(key.size()), true))
          return false;
        if (!replay(member, decoder)) return false;
      }
      return decoder.EndObject(0);
  }
  return false;
}

Error malformed(std::size_t offset, std::string_view problem, const Decoder& decoder) {
  std::string message = "malformed JSON at byte " + std::to_string(offset) + ": ";
  message += problem;
  if (const std::string path = decoder.path(); !path.empty()) message += " (in " + path + ")";
  return {Errc::parse, std::move(message)};
}

}  // namespace

Result<void> decode_padded(char* text, std::size_t size, const type::Shape& shape, void* target,
                           const DecodeOptions& options) {
  constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseFullPrecisionFlag;
  if (size > UINT32_MAX) return Error{Errc::too_large, "a JSON document of more than 4 GiB"};
  PaddedStream stream(text);
  Decoder decoder(shape, target, options);
  rapidjson::Reader reader;
  ZeroGuard guarded(stream, decoder);
  const auto result = reader.Parse<flags>(stream, guarded);
  if (decoder.failed()) return Error{Errc::parse, decoder.problem()};
  if (result.IsError()) {
    return malformed(result.Offset(), rapidjson::GetParseError_En(result.Code()), decoder);
  }
  if (!stream.valid()) return malformed(stream.invalid_at(), "a string is not UTF-8.", decoder);
  if (stream.Tell() != size) {
    return malformed(stream.Tell(), "a zero byte outside of strings.", decoder);
  }
  return {};
}

Result<void> decode_into(std::string_view text, const type::Shape& shape, void* target,
                         const DecodeOptions& options) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(text.size() + kPadding);
  std::memcpy(buffer.get(), text.data(), text.size());
  std::memset(buffer.get() + text.size(), 0, kPadding);
  return decode_padded(buffer.get(), text.size(), shape, target, options);
}

Result<void> decode_in_place_into(std::string& buffer, const type::Shape& shape, void* target,
                                  const DecodeOptions& options) {
  const std::size_t size = buffer.size();
  buffer.append(kPadding, '\0');
  return decode_padded(buffer.data(), size, shape, target, options);
}

Result<void> from_value_into(const Value& value, const type::Shape& shape, void* target,
                             const DecodeOptions& options) {
  Decoder decoder(shape, target, options);
  if (!replay(value, decoder)) return Error{Errc::parse, decoder.problem()};
  return {};
}

}  // namespace windlass::inline v0::json
