// CEL source, compiled and evaluated against an object of a schema.

#include <array>
#include <cstdint>
#include <string_view>

#include <windlass/cel/program.hpp>
#include <windlass/json/value.hpp>

namespace {

namespace cel = windlass::cel;
namespace json = windlass::json;

const json::Value& schema() {
  static const json::Value value =
      json::parse(R"({"type":"object","properties":{"n":{"type":"integer"},"d":{"type":"number"},
      "s":{"type":"string"},"b":{"type":"boolean"},"l":{"type":"array","items":{"type":"string"}},
      "m":{"type":"object","additionalProperties":{"type":"integer"}},
      "o":{"type":"object","properties":{"x":{"type":"string","format":"date-time"}}},
      "e":{"x-kubernetes-int-or-string":true},
      "ns":{"type":"array","items":{"type":"string","nullable":true}},
      "ni":{"type":"array","items":{"type":"integer","nullable":true}},
      "nb":{"type":"array","items":{"type":"boolean","nullable":true}},
      "nm":{"type":"object","additionalProperties":{"type":"string","nullable":true}},
      "any":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}})")
          .value();
  return value;
}

const json::Value& object() {
  static const json::Value value =
      json::parse(R"({"n":3,"d":1.5,"s":"text","b":true,"l":["a","b"],"m":{"k":1},
      "o":{"x":"2026-01-02T03:04:05Z"},"e":"5%","ns":[null,"a"],"ni":[null,1],"nb":[null,true],"nm":{"k":null},
      "any":{"q":[1,{"r":null}]}})")
          .value();
  return value;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const cel::TypePtr type = cel::schema_type(schema(), false);
  static const cel::Declarations declarations{{{"self", type}, {"oldSelf", type}}};
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto program = cel::compile(source, declarations);
  if (!program) return 0;
  const std::array<cel::Value, 2> variables{cel::Value::from_json(object(), type.get()),
                                            cel::Value::from_json(object(), type.get())};
  (void)program->estimate();
  (void)program->evaluate(variables, 100'000);
  return 0;
}
