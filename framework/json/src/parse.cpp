#include <algorithm>
#include <memory>

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <windlass/json/table.hpp>

#include "text_stream.hpp"
#include "value_builder.hpp"
#include "zero_guard.hpp"

namespace windlass::inline v0::json {
namespace {

Error at_offset(std::string_view text, std::size_t offset, std::string_view problem) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto line_start = before.rfind('\n');
  const auto column = line_start == before.npos ? before.size() + 1 : before.size() - line_start;
  return {Errc::parse, "malformed JSON at line " + std::to_string(line) + ", column " +
                           std::to_string(column) + ": " + std::string(problem)};
}

}  // namespace

Result<Value> parse(std::string_view text, const ParseOptions& options) {
  constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseFullPrecisionFlag;
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (text.size() > UINT32_MAX) return Error{Errc::too_large, "a JSON document of more than 4 GiB"};
  const auto buffer = std::make_unique_for_overwrite<char[]>(text.size() + 1);
  std::copy(text.begin(), text.end(), buffer.get());
  buffer[text.size()] = '\0';

  TextStream stream(buffer.get(), text.size());
  ValueBuilder builder(options.max_depth);
  rapidjson::Reader reader;
  ZeroGuard guarded(stream, builder);
  const auto result = reader.Parse<flags>(stream, guarded);
  if (builder.too_deep()) {
    return at_offset(text, result.Offset(),
                     "nested deeper than " + std::to_string(options.max_depth));
  }
  if (result.IsError()) {
    return at_offset(text, result.Offset(), rapidjson::GetParseError_En(result.Code()));
  }
  if (!stream.valid()) return at_offset(text, stream.invalid_at(), "a string is not UTF-8.");
  if (stream.Tell() != text.size()) {
    return at_offset(text, stream.Tell(), "a zero byte outside of strings.");
  }
  return builder.take();
}

}  // namespace windlass::inline v0::json
