# cmake -DOUTPUT=x.cpp -DNAMESPACE=codegen -DFUNCTION=schemas "-DFILES=a.json|b.json" [-DTEXT_FUNCTION=fields -DTEXT=fields.txt]
#   -P embed.cmake
# Writes files as C++ string literals: FUNCTION returns those of FILES, TEXT_FUNCTION that of TEXT. The component's own
# schema_data.hpp declares both.
set(number 0)
set(definitions "")
macro(embed file)
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
  set(name kDocument${number})
  math(EXPR number "${number} + 1")
endmacro()

set(list "")
string(REPLACE "|" ";" files "${FILES}")
foreach(file IN LISTS files)
  embed("${file}")
  string(APPEND list "${name}, ")
endforeach()
set(functions "std::vector<std::string_view> ${FUNCTION}() { return {${list}}; }\n")
if(TEXT)
  embed("${TEXT}")
  string(APPEND functions "std::string_view ${TEXT_FUNCTION}() { return ${name}; }\n")
endif()
file(WRITE "${OUTPUT}" "#include \"schema_data.hpp\"
#pragma clang diagnostic ignored \"-Woverlength-strings\"
namespace windlass::inline v0::${NAMESPACE} {
namespace {
${definitions}
}  // namespace
${functions}}  // namespace windlass::inline v0::${NAMESPACE}
")
