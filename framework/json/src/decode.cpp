#include <cstring>
#include <memory>

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <windlass/json/table.hpp>

#include "decoder.hpp"
#include "padded_stream.hpp"
#include "text.hpp"

namespace windlass::inline v0::json {
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
  const auto result = reader.Parse<flags>(stream, decoder);
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
