#pragma once
// Fills values of table-described types from a stream of JSON events.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/json/table.hpp>
#include <windlass/type/inspect.hpp>

#include "value_builder.hpp"

namespace windlass::inline v0::json {

/// A RapidJSON handler. A handler function that returns false has set `problem()`.
class Decoder final {
 public:
  using SizeType = rapidjson::SizeType;

  Decoder(const type::Shape& root, void* target, const DecodeOptions& options);

  bool Null();
  bool Bool(bool value);
  bool Int(int value) { return integer(value); }
  bool Uint(unsigned value) { return integer(value); }
  bool Int64(std::int64_t value) { return integer(value); }
  bool Uint64(std::uint64_t value);
  bool Double(double value);
  bool RawNumber(const char*, SizeType, bool) { return fail("unexpected number"); }
  bool String(const char* text, SizeType size, bool);
  bool Key(const char* text, SizeType size, bool);
  bool StartObject();
  bool EndObject(SizeType count);
  bool StartArray();
  bool EndArray(SizeType count);

  [[nodiscard]] bool failed() const { return !problem_.empty(); }
  /// "spec.replicas: expected an integer, got a string".
  [[nodiscard]] std::string problem() const;
  /// Where the decoder is: "spec.replicas"; "" at the root.
  [[nodiscard]] std::string path() const;

 private:
  /// What happens to the events that come next.
  enum class Mode : std::uint8_t { typed, skip, any, raw };
  static constexpr std::size_t kSeenInside = 128;
  struct Frame {
    type::Kind kind = type::Kind::object;  // or list or map
    std::uint16_t next = 0;                // object: the field expected next
    const type::Shape* shape = nullptr;    // of the container
    const type::Table* table = nullptr;
    void* container = nullptr;
    const type::Field* current = nullptr;
    std::uint64_t seen[2] = {0, 0};
    std::uint32_t more_seen = 0;  // of types with more fields: where their bits begin
  };

  bool integer(std::int64_t value);
  Frame& push(type::Kind kind);
  bool open(type::Kind kind);
  bool close();
  bool close_object(Frame& frame);
  bool object_key(Frame& frame, std::string_view name);
  bool unknown_key(Frame& frame, std::string_view name);
  /// Whether it had been there before.
  bool mark_seen(Frame& frame, std::size_t index);
  void make_room_for_seen(Frame& frame);
  bool read_enum(std::string_view text);
  bool expect_literal(std::string_view text);
  /// Points shape_ and target_ at where the next value goes; false when it is to be dropped.
  bool slot();
  void unwrap();
  [[nodiscard]] bool null_may_be_here() const;
  bool finish_any();
  bool finish_raw();
  void raw_separator();
  bool mismatch(std::string_view got);
  bool fail(std::string problem);

  const type::Shape* shape_;  // of the next value; null: drop it
  void* target_;
  Mode mode_ = Mode::typed;
  std::size_t depth_ = 0;  // of all open arrays and objects
  std::size_t base_ = 0;   // depth_ where skip or raw began
  std::string_view literal_;
  std::vector<Frame> frames_;
  std::vector<std::uint64_t> more_seen_;
  std::optional<ValueBuilder> builder_;
  std::string raw_;
  std::string problem_;
  DecodeOptions options_;
};

}  // namespace windlass::inline v0::json
