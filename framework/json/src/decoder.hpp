#pragma once
// Fills values of table-described types from a stream of JSON events.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/json/table.hpp>
#include <windlass/type/inspect.hpp>

#include "learned.hpp"
#include "text_stream.hpp"
#include "value_builder.hpp"

namespace windlass::inline v0::json {

/// A RapidJSON handler. A handler function that returns false has set `problem()`.
class Decoder final {
 public:
  using SizeType = rapidjson::SizeType;

  /// `stream` is where the events come from, when they come from a text.
  Decoder(const type::Shape& root, void* target, const DecodeOptions& options,
          TextStream* stream = nullptr);
  /// For the next document.
  void restart(const type::Shape& root, void* target, TextStream* stream);

  bool Null() { return mode_ == Mode::typed ? typed_null() : other_null(); }
  bool Bool(bool value) { return mode_ == Mode::typed ? typed_bool(value) : other_bool(value); }
  bool Int(int value) { return integer(value); }
  bool Uint(unsigned value) { return integer(value); }
  bool Int64(std::int64_t value) { return integer(value); }
  bool Uint64(std::uint64_t value);
  bool Double(double value) {
    return mode_ == Mode::typed ? typed_double(value) : other_double(value);
  }
  bool RawNumber(const char*, SizeType, bool) { return fail("unexpected number"); }
  bool String(const char* text, SizeType size, bool) {
    return mode_ == Mode::typed ? typed_string({text, size}) : other_string({text, size});
  }
  bool Key(const char* text, SizeType size, bool) {
    return mode_ == Mode::typed ? typed_key({text, size}) : other_key({text, size});
  }
  bool StartObject() { return mode_ == Mode::typed ? open_object() : open_other(true); }
  bool StartArray() { return mode_ == Mode::typed ? open_list() : open_other(false); }
  bool EndObject(SizeType count) {
    return mode_ == Mode::typed ? close() : close_other(count, true);
  }
  bool EndArray(SizeType count) {
    return mode_ == Mode::typed ? close() : close_other(count, false);
  }

  [[nodiscard]] bool failed() const { return !problem_.empty(); }
  /// "spec.replicas: expected an integer, got a string".
  [[nodiscard]] std::string problem() const;
  /// Where the decoder is: "spec.replicas"; "" at the root.
  [[nodiscard]] std::string path() const;

 private:
  /// What happens to the events that come next.
  enum class Mode : std::uint8_t { typed, skip, any, raw };
  static constexpr std::size_t kSeenInside = 64;
  /// An open container. Below the outermost one lies a frame of another kind.
  struct Frame {
    type::Kind kind;           // object, list or map
    const type::Shape* shape;  // of the container
    void* container;
    std::uint8_t* count;  // of lists: where their size is learned, or null
    // of objects
    const type::Table* table;
    const type::Field* current;
    Learned::Successor* successor;  // of the last field
    std::uint64_t seen;
    std::size_t more_seen;  // of types with more fields: where their bits begin
  };

  bool integer(std::int64_t value) {
    return mode_ == Mode::typed ? typed_integer(value) : other_integer(value);
  }
  // into a value whose type is known
  bool typed_null();
  bool typed_bool(bool value);
  bool typed_integer(std::int64_t value);
  bool typed_double(double value);
  bool typed_string(std::string_view text);
  bool typed_key(std::string_view name);
  bool open_object();
  bool open_list();
  bool close();
  // otherwise
  bool other_null();
  bool other_bool(bool value);
  bool other_integer(std::int64_t value);
  bool other_double(double value);
  bool other_string(std::string_view text);
  bool other_key(std::string_view name);
  bool open_other(bool object);
  bool close_other(SizeType count, bool object);

  Frame& push(type::Kind kind);
  Frame& grow(type::Kind kind);
  bool go_deeper() { return ++depth_ <= options_.max_depth || too_deep(); }
  bool too_deep();
  bool open_untyped(bool object);
  bool open_raw(bool object);
  bool require_all(Frame& frame);
  const type::Field* field_named(Frame& frame, std::string_view name);
  bool unknown_key(Frame& frame, std::string_view name);
  /// Whether it had been there before.
  bool mark_seen(Frame& frame, std::size_t index);
  bool mark_more_seen(Frame& frame, std::size_t index);
  void make_room_for_seen(Frame& frame);
  bool read_enum(std::string_view text);
  bool expect_literal(std::string_view text);
  /// Points shape_ and target_ at where the next value goes; false when it is to be dropped.
  bool slot();
  void unwrap();
  [[nodiscard]] bool can_hold_null() const;
  [[nodiscard]] bool null_may_be_here() const;
  bool finish_any();
  bool finish_raw();
  void raw_separator();
  bool mismatch(std::string_view got);
  bool fail(std::string problem);

  const type::Shape* shape_;  // of the next value; null: drop it
  void* target_;
  Frame* top_;
  Mode mode_ = Mode::typed;
  std::size_t depth_ = 0;  // of all open arrays and objects
  std::size_t base_ = 0;   // depth_ where skip or raw began
  TextStream* stream_;
  Learned* learned_;
  std::string_view literal_;
  std::vector<Frame> frames_;
  std::vector<std::uint64_t> more_seen_;
  std::optional<ValueBuilder> builder_;
  std::string raw_;
  std::string problem_;
  DecodeOptions options_;
};

/// Reads the value that comes next and nothing after it. An error for malformed text; whether the
/// value fits is the decoder's to say.
std::optional<Error> read_value(TextStream& stream, Decoder& decoder);

}  // namespace windlass::inline v0::json
