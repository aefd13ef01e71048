#define RAPIDJSON_SSE42
#define RAPIDJSON_NAMESPACE rapidjson_sse42
#define RAPIDJSON_NAMESPACE_BEGIN namespace rapidjson_sse42 {
#define RAPIDJSON_NAMESPACE_END }
#include <rapidjson/reader.h>

#include "baseline.hpp"

bool bench::validate_sse42(char* text) {
  RAPIDJSON_NAMESPACE::InsituStringStream stream(text);
  RAPIDJSON_NAMESPACE::Reader reader;
  RAPIDJSON_NAMESPACE::BaseReaderHandler<> nothing;
  return !reader.Parse<RAPIDJSON_NAMESPACE::kParseInsituFlag>(stream, nothing).IsError();
}
