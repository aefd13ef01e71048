# cmake -DOUTPUT=... -DFILES=a.json|b.json -DFIELDS=fields.txt -P embed.cmake: writes the documents as C++ string literals.
string(REPLACE "|" ";" files "${FILES}")
list(APPEND files "${FIELDS}")
set(definitions "")
set(list "")
set(number 0)
foreach(file IN LISTS files)
  file(READ "${file}" text)
  string(LENGTH "${text}" length)
  set(pieces "")
  set(start 0)
  while(start LESS length)
    string(SUBSTRING "${text}" ${start} 30000 piece)
    string(APPEND pieces "R\"~~(${piece})~~\"\n")
    math(EXPR start "${start} + 30000")
  endwhile()
  string(APPEND definitions "constexpr std::string_view kDocument${number} =\n${pieces};\n")
  if(NOT file STREQUAL FIELDS)
    string(APPEND list "kDocument${number}, ")
  endif()
  math(EXPR number "${number} + 1")
endforeach()
math(EXPR fields "${number} - 1")
file(WRITE "${OUTPUT}" "#include \"schema_data.hpp\"
#pragma clang diagnostic ignored \"-Woverlength-strings\"
namespace windlass::inline v0::api_server {
namespace {
${definitions}
}  // namespace
std::vector<std::string_view> schema_documents() { return {${list}}; }
std::string_view protobuf_fields() { return kDocument${fields}; }
}  // namespace windlass::inline v0::api_server
")
