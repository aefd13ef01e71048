#include "decoder.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include "plain_object.hpp"
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

Decoder::Decoder(const Shape& root, void* target, const DecodeOptions& options, TextStream* stream)
    : frames_(16), options_(options) {
  frames_[0].kind = Kind::any;
  restart(root, target, stream);
}

void Decoder::restart(const Shape& root, void* target, TextStream* stream) {
  shape_ = &root;
  target_ = target;
  stream_ = stream;
  learned_ = &learned_by_this_thread();
  top_ = frames_.data();
  mode_ = Mode::typed;
  depth_ = 0;
  literal_ = {};
  more_seen_.clear();
  builder_.reset();
  problem_.clear();
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
  for (const Frame* at = frames_.data() + 1; at <= top_; ++at) {
    const Frame& frame = *at;
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

inline bool Decoder::slot() {
  if (top_->kind == Kind::list) {
    shape_ = top_->shape->inner;
    target_ = top_->shape->list->append(top_->container);
  }
  return shape_ != nullptr;
}

inline void Decoder::unwrap() {
  while (shape_->kind == Kind::optional) {
    target_ = shape_->optional->emplace(target_);
    shape_ = shape_->inner;
  }
}

bool Decoder::typed_null() {
  // null is absent unless the type can tell; in a list it is an empty element
  if (!slot()) return true;
  if (shape_->kind == Kind::optional && shape_->optional->set_null != nullptr) {
    shape_->optional->set_null(target_);
  }
  if (!options_.require_required) return true;
  if (top_->kind == Kind::map && !can_hold_null()) {
    top_->shape->map->drop_last(top_->container);
    return true;
  }
  return null_may_be_here() || mismatch("null");
}

bool Decoder::other_null() {
  if (mode_ == Mode::any) return builder_->Null();
  if (mode_ == Mode::raw) {
    raw_separator();
    raw_ += "null";
  }
  return true;
}

bool Decoder::can_hold_null() const {
  return shape_->kind == Kind::optional || shape_->kind == Kind::any || shape_->kind == Kind::raw;
}

bool Decoder::null_may_be_here() const {
  if (can_hold_null() || top_ == frames_.data()) return true;
  return top_->kind == Kind::object && top_->current != nullptr &&
         top_->current->presence == type::Presence::optional;
}

bool Decoder::typed_bool(bool value) {
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

bool Decoder::other_bool(bool value) {
  if (mode_ == Mode::any) return builder_->Bool(value);
  if (mode_ == Mode::raw) {
    raw_separator();
    raw_ += value ? "true" : "false";
  }
  return true;
}

bool Decoder::typed_integer(std::int64_t value) {
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

bool Decoder::other_integer(std::int64_t value) {
  if (mode_ == Mode::any) return builder_->Int64(value);
  if (mode_ == Mode::raw) {
    raw_separator();
    append_integer(raw_, value);
  }
  return true;
}

bool Decoder::Uint64(std::uint64_t value) {
  if (value <= INT64_MAX) return integer(static_cast<std::int64_t>(value));
  return Double(static_cast<double>(value));
}

bool Decoder::typed_double(double value) {
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

bool Decoder::other_double(double value) {
  if (mode_ == Mode::any) return builder_->Double(value);
  if (mode_ == Mode::raw) {
    raw_separator();
    append_number(raw_, value);
  }
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

namespace {

/// Fresh strings take over another one faster than they are assigned to.
void fill(void* target, std::string_view text) {
  auto* const string = static_cast<std::string*>(target);
  std::string fresh(text);  // may throw: then the other is as it was
  std::destroy_at(string);
  std::construct_at(string, std::move(fresh));
}

}  // namespace

bool Decoder::typed_string(std::string_view text) {
  if (!slot()) return literal_.empty() || expect_literal(text);
  unwrap();
  switch (shape_->kind) {
    case Kind::string:
      fill(target_, text);
      return true;
    case Kind::scalar:
      return shape_->scalar->parse_string(target_, text, problem_);
    case Kind::enumeration:
      return shape_->numbers ? mismatch("a string") : read_enum(text);
    case Kind::any:
      as_value(target_) = text;
      return true;
    case Kind::raw:
      append_quoted(static_cast<RawJson*>(target_)->text, text);
      return true;
    default:
      return mismatch("a string");
  }
}

bool Decoder::other_string(std::string_view text) {
  if (mode_ == Mode::any) return builder_->String(text.data(), SizeType(text.size()), true);
  if (mode_ == Mode::raw) {
    raw_separator();
    append_quoted(raw_, text);
  }
  return true;
}

bool Decoder::typed_key(std::string_view name) {
  Frame& frame = *top_;
  if (frame.kind == Kind::map) {
    shape_ = frame.shape->inner;
    target_ = frame.shape->map->append(frame.container, name);
    return true;
  }
  const Field* const field = field_named(frame, name);
  if (field == nullptr) return unknown_key(frame, name);
  frame.current = field;
  frame.successor = &learned_->after(field);
  shape_ = field->shape;
  target_ = static_cast<std::byte*>(frame.container) + field->offset;
  const auto index = static_cast<std::size_t>(field - frame.table->fields.data());
  if (mark_seen(frame, index)) type::clear(*shape_, target_);  // the last of several counts
  return true;
}

/// Members mostly come in the order of the last object of that type.
inline const Field* Decoder::field_named(Frame& frame, std::string_view name) {
  const auto fields = frame.table->fields;
  const Field* const guess = *frame.successor;
  const auto at =
      reinterpret_cast<std::uintptr_t>(guess) - reinterpret_cast<std::uintptr_t>(fields.data());
  if (at < fields.size_bytes() && type::same_name(guess->name, name)) return guess;
  const Field* const field = frame.table->find(name);
  if (field != nullptr) *frame.successor = field;
  return field;
}

inline bool Decoder::mark_seen(Frame& frame, std::size_t index) {
  if (frame.table->fields.size() > kSeenInside) return mark_more_seen(frame, index);
  const std::uint64_t bit = std::uint64_t{1} << index;
  const bool before = (frame.seen & bit) != 0;
  frame.seen |= bit;
  return before;
}

bool Decoder::mark_more_seen(Frame& frame, std::size_t index) {
  std::uint64_t& word = more_seen_[frame.more_seen + index / 64];
  const std::uint64_t bit = std::uint64_t{1} << (index % 64);
  const bool before = (word & bit) != 0;
  word |= bit;
  return before;
}

void Decoder::make_room_for_seen(Frame& frame) {
  frame.more_seen = more_seen_.size();
  more_seen_.resize(more_seen_.size() + frame.table->fields.size() / 64 + 1);
}

bool Decoder::other_key(std::string_view name) {
  if (mode_ == Mode::any) return builder_->Key(name.data(), SizeType(name.size()), true);
  if (mode_ == Mode::raw) {
    raw_separator();
    append_quoted(raw_, name);
    raw_ += ':';
  }
  return true;
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

inline Decoder::Frame& Decoder::push(Kind kind) {
  if (++top_ == frames_.data() + frames_.size()) return grow(kind);
  top_->kind = kind;
  top_->shape = shape_;
  top_->container = target_;
  return *top_;
}

Decoder::Frame& Decoder::grow(Kind kind) {
  const auto at = frames_.size();
  frames_.resize(2 * at);
  top_ = &frames_[at] - 1;
  return push(kind);
}

bool Decoder::too_deep() {
  return fail("nested deeper than " + std::to_string(options_.max_depth));
}

bool Decoder::open_object() {
  if (!go_deeper()) return false;
  literal_ = {};
  if (!slot()) return open_untyped(true);
  unwrap();
  if (shape_->kind == Kind::map) {
    push(Kind::map);
    return true;
  }
  if (shape_->kind != Kind::object) return open_untyped(true);
  const type::Table& table = shape_->table();
  Frame& frame = push(Kind::object);
  frame.table = &table;
  frame.current = nullptr;
  frame.successor = &learned_->after(&table);
  frame.seen = 0;
  if (table.fields.size() > kSeenInside) make_room_for_seen(frame);
  return true;
}

bool Decoder::open_list() {
  if (!go_deeper()) return false;
  literal_ = {};
  const bool is_field = top_->kind == Kind::object;
  if (!slot()) return open_untyped(false);
  unwrap();
  if (shape_->kind != Kind::list) return open_untyped(false);
  std::uint8_t* const count = is_field ? &learned_->count_of(top_->current) : nullptr;
  push(Kind::list).count = count;
  if (count != nullptr && *count > 1) shape_->list->reserve(target_, *count);
  return true;
}

/// One that goes nowhere or into a value that knows no type.
bool Decoder::open_untyped(bool object) {
  if (shape_ == nullptr) {
    mode_ = Mode::skip;
    base_ = depth_;
    return true;
  }
  if (shape_->kind == Kind::any) {
    mode_ = Mode::any;
    builder_.emplace(options_.max_depth);
    return object ? builder_->StartObject() : builder_->StartArray();
  }
  if (shape_->kind == Kind::raw) return open_raw(object);
  return mismatch(object ? "an object" : "an array");
}

bool Decoder::open_raw(bool object) {
  base_ = depth_;
  if (object && stream_ != nullptr) {
    const char* const from = stream_->source();  // behind the bracket
    const char* const end =
        end_of_plain_object(from, stream_->end(), options_.max_depth - depth_ + 1);
    if (end != nullptr) {  // the reader gets to see the bracket at the end
      static_cast<RawJson*>(target_)->text.assign(from - 1, end + 1);
      stream_->jump(end);
      mode_ = Mode::skip;
      return true;
    }
  }
  mode_ = Mode::raw;
  raw_ = object ? "{" : "[";
  return true;
}

bool Decoder::open_other(bool object) {
  if (!go_deeper()) return false;
  if (mode_ == Mode::any) return object ? builder_->StartObject() : builder_->StartArray();
  if (mode_ == Mode::raw) {
    raw_separator();
    raw_ += object ? '{' : '[';
  }
  return true;
}

bool Decoder::close_other(SizeType count, bool object) {
  const bool outermost = depth_-- == base_;
  if (mode_ == Mode::any) {
    return (object ? builder_->EndObject(count) : builder_->EndArray(count)) && finish_any();
  }
  if (mode_ == Mode::raw) {
    raw_ += object ? '}' : ']';
    return !outermost || finish_raw();
  }
  if (outermost) mode_ = Mode::typed;
  return true;
}

bool Decoder::close() {
  --depth_;
  Frame& frame = *top_;
  if (frame.kind == Kind::object) {
    if (options_.require_required && !require_all(frame)) return false;
    if (frame.table->fields.size() > kSeenInside) more_seen_.resize(frame.more_seen);
  } else if (frame.kind == Kind::list) {
    const auto view = frame.shape->list->view(frame.container);
    if (view.capacity != view.count) frame.shape->list->shrink(frame.container);
    if (frame.count != nullptr) {
      *frame.count = static_cast<std::uint8_t>(std::min<std::size_t>(view.count, Learned::kMany));
    }
  } else {
    frame.shape->map->finish(frame.container);
  }
  --top_;
  return true;
}

bool Decoder::require_all(Frame& frame) {
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

namespace {

constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseFullPrecisionFlag;

/// Reads one value, or a whole document; what remains wrong of it.
template <unsigned Flags>
std::optional<Error> read(TextStream& stream, Decoder& decoder) {
  rapidjson::Reader reader;
  ZeroGuard guarded(stream, decoder);
  const auto result = reader.Parse<Flags>(stream, guarded);
  if (result.IsError() && !decoder.failed()) {
    return malformed(result.Offset(), rapidjson::GetParseError_En(result.Code()), decoder);
  }
  if (!stream.valid()) return malformed(stream.invalid_at(), "a string is not UTF-8.", decoder);
  return std::nullopt;
}

}  // namespace

std::optional<Error> read_value(TextStream& stream, Decoder& decoder) {
  return read < kFlags | rapidjson::kParseStopWhenDoneFlag > (stream, decoder);
}

Result<void> decode_terminated(const char* text, std::size_t size, const type::Shape& shape,
                               void* target, const DecodeOptions& options) {
  if (size > UINT32_MAX) return Error{Errc::too_large, "a JSON document of more than 4 GiB"};
  TextStream stream(text, size);
  Decoder decoder(shape, target, options, &stream);
  auto problem = read<kFlags>(stream, decoder);
  if (decoder.failed()) return Error{Errc::parse, decoder.problem()};
  if (problem) return std::move(*problem);
  if (stream.Tell() != size) {
    return malformed(stream.Tell(), "a zero byte outside of strings.", decoder);
  }
  return {};
}

Result<void> decode_into(std::string_view text, const type::Shape& shape, void* target,
                         const DecodeOptions& options) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(text.size() + 1);
  std::memcpy(buffer.get(), text.data(), text.size());
  buffer[text.size()] = '\0';
  return decode_terminated(buffer.get(), text.size(), shape, target, options);
}

Result<void> from_value_into(const Value& value, const type::Shape& shape, void* target,
                             const DecodeOptions& options) {
  Decoder decoder(shape, target, options);
  if (!replay(value, decoder)) return Error{Errc::parse, decoder.problem()};
  return {};
}

}  // namespace windlass::inline v0::json
