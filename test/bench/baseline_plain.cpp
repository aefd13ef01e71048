#define RAPIDJSON_NAMESPACE rapidjson_plain
#define RAPIDJSON_NAMESPACE_BEGIN namespace rapidjson_plain {
#define RAPIDJSON_NAMESPACE_END }
#include <rapidjson/reader.h>

#include "baseline.hpp"

bool bench::validate_plain(char* text) {
  RAPIDJSON_NAMESPACE::InsituStringStream stream(text);
  RAPIDJSON_NAMESPACE::Reader reader;
  RAPIDJSON_NAMESPACE::BaseReaderHandler<> nothing;
  return !reader.Parse<RAPIDJSON_NAMESPACE::kParseInsituFlag>(stream, nothing).IsError();
}
