#pragma once
// What decoding is measured against: RapidJSON reading the text in place with a handler that does
// nothing. Each variant stands in a file of its own, because RapidJSON is configured by macros.

namespace bench {

/// With RAPIDJSON_SSE42. False for malformed text. Overwrites the text, which ends with a zero
/// byte.
bool validate_sse42(char* text);
/// Without any of RapidJSON's vector instructions.
bool validate_plain(char* text);

}  // namespace bench
