#pragma once
// The schema documents of codegen/schemas, embedded at build time.

#include <string_view>
#include <vector>

namespace windlass::inline v0::api_server {

std::vector<std::string_view> schema_documents();
/// codegen/protobuf/fields.txt: the numbers of every type's fields.
std::string_view protobuf_fields();

}  // namespace windlass::inline v0::api_server
