// How fast rules are compiled and evaluated, per second of processor time.

#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include <windlass/cel/program.hpp>
#include <windlass/json/value.hpp>

namespace {

using namespace windlass;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Calls `run` for about half a second.
template <class Run>
double per_second(Run&& run) {
  const double start = cpu_seconds();
  std::size_t count = 0;
  double spent = 0;
  do {
    for (int i = 0; i < 100; ++i) run();
    count += 100;
    spent = cpu_seconds() - start;
  } while (spent < 0.5);
  return static_cast<double>(count) / spent;
}

constexpr const char* kSchema = R"({"type": "object", "properties": {
  "size": {"type": "string", "maxLength": 32}, "replicas": {"type": "integer"},
  "names": {"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 63}}}})";

constexpr const char* kRules[] = {
    "self.replicas >= 1 && self.replicas <= 5",
    "!has(self.size) || self.size != 'none'",
    "self == oldSelf",
    "quantity(self.size).compareTo(quantity(oldSelf.size)) >= 0",
    "self.size.matches('^[0-9]+(Ki|Mi|Gi)$')",
    "self.names.all(name, name.startsWith('n'))",
    "self.names.map(name, size(name)).sum() < 1000",
};

}  // namespace

int main() {
  const json::Value schema = json::parse(kSchema).value();
  json::Value object = json::parse(R"({"size": "10Gi", "replicas": 3, "names": []})").value();
  for (int i = 0; i < 100; ++i) {
    object["names"].as_array().emplace_back("name-" + std::to_string(i));
  }
  const cel::TypePtr type = cel::schema_type(schema, false);
  const cel::Declarations declarations{.variables = {{"self", type}, {"oldSelf", type}}};
  const cel::Value self = cel::Value::from_json(object, type.get());
  const std::vector<cel::Value> variables{self, self};
  std::printf("%-62s %14s %12s\n", "rule", "evaluations/s", "compiled/s");
  for (const char* rule : kRules) {
    const auto program = cel::compile(rule, declarations).value();
    const double evaluated = per_second([&] {
      if (program.evaluate(variables).value.is_error()) std::puts("error");
    });
    const double compiled = per_second([&] { (void)cel::compile(rule, declarations); });
    std::printf("%-62s %14.0f %12.0f\n", rule, evaluated, compiled);
  }
  return 0;
}
