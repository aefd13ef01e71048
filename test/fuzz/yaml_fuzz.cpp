// YAML as the API server's bodies and as the code generator's input: whatever is read and written
// is the same when it is read again.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <windlass/codegen/yaml.hpp>
#include <windlass/json/value.hpp>

#include "yaml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)windlass::codegen::read_yaml("fuzz.yaml", text);
  const auto value = windlass::api_server::read_yaml(text);
  if (!value) return 0;
  const auto again = windlass::api_server::read_yaml(windlass::api_server::write_yaml(*value));
  if (!again || *again != *value) std::abort();
  return 0;
}
