# cmake -DOUTPUT=... -DFILES=a.json|b.json -P embed.cmake: writes the documents as C++ string literals.
string(REPLACE "|" ";" files "${FILES}")
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
  string(APPEND list "kDocument${number}, ")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE "${OUTPUT}" "#include \"schema_data.hpp\"
#pragma clang diagnostic ignored \"-Woverlength-strings\"
namespace windlass::inline v0::codegen {
namespace {
${definitions}
}  // namespace
std::vector<std::string_view> kubernetes_schemas() { return {${list}}; }
}  // namespace windlass::inline v0::codegen
")
