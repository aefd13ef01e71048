// The code generator's input: YAML with CustomResourceDefinitions, from text to C++.

#include <cstdint>
#include <string_view>

#include <windlass/codegen/crd.hpp>
#include <windlass/codegen/emit.hpp>
#include <windlass/codegen/yaml.hpp>

#include "schema_data.hpp"

namespace {

namespace codegen = windlass::codegen;

codegen::KnownTypes kubernetes_types() {
  codegen::KnownTypes known;
  for (const auto text : codegen::kubernetes_schemas()) {
    known.add(windlass::json::parse(text).value()["schemas"]);
  }
  return known;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const codegen::KnownTypes known = kubernetes_types();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto documents = codegen::read_yaml("fuzz.yaml", text);
  if (!documents) return 0;
  for (const bool keep_empty : {false, true}) {
    const codegen::CrdOptions options{
        .namespace_name = "api", .output_prefix = "api", .keep_empty = keep_empty};
    const auto parsed = codegen::parse_crds("fuzz.yaml", *documents, options, known);
    if (!parsed) return 0;
    for (const auto& unit : parsed->units) (void)codegen::emit(unit);
  }
  return 0;
}
