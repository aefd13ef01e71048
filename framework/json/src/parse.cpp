#include <algorithm>

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <windlass/json/value.hpp>

#include "value_builder.hpp"

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
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag |
                             rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream memory(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(memory);
  ValueBuilder builder(options.max_depth);
  rapidjson::Reader reader;
  const auto result = reader.Parse<flags>(stream, builder);
  if (result.IsError()) {
    const std::string problem = builder.too_deep()
                                    ? "nested deeper than " + std::to_string(options.max_depth)
                                    : rapidjson::GetParseError_En(result.Code());
    return at_offset(text, result.Offset(), problem);
  }
  return builder.take();
}

}  // namespace windlass::inline v0::json
