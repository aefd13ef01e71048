// How fast a Pod is decoded and how much memory it takes. The baseline is RapidJSON reading the
// same text in place for nothing but validation. pod.json is an ordinary Pod with two containers,
// probes, volumes, status and managed fields, as kube-apiserver writes it.

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <new>
#include <vector>

#include <benchmark/benchmark.h>
#include <malloc.h>
#include <rapidjson/reader.h>

#include <windlass/api/core_v1.hpp>
#include <windlass/json/stream.hpp>
#include <windlass/json/table.hpp>
#include <windlass/type/inspect.hpp>

namespace {
bool counting = true;        // asking malloc for the size of a block costs time
std::size_t live_bytes = 0;  // of all blocks, with malloc's 8 bytes each
}  // namespace

void* operator new(std::size_t size) {
  void* const block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  if (counting) live_bytes += malloc_usable_size(block) + 8;
  return block;
}
void operator delete(void* block) noexcept {
  if (counting && block != nullptr) live_bytes -= malloc_usable_size(block) + 8;
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

namespace {

using windlass::api::core::v1::Pod;
namespace json = windlass::json;
namespace type = windlass::type;

const std::string& pod_text() {
  static const std::string text = [] {
    std::ifstream file(BENCH_POD);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return text;
}

/// The text in a buffer that a parser may overwrite; refilled for every round.
class Buffer {
 public:
  Buffer() : bytes_(pod_text().size() + json::kPadding) {}
  char* refill() {
    std::memcpy(bytes_.data(), pod_text().data(), pod_text().size());
    std::memset(bytes_.data() + pod_text().size(), 0, json::kPadding);
    return bytes_.data();
  }

 private:
  std::vector<char> bytes_;
};

void report_speed(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * pod_text().size()));
}

void validate_with_stock_rapidjson(benchmark::State& state) {
  Buffer buffer;
  rapidjson::BaseReaderHandler<> nothing;
  for (auto _ : state) {
    rapidjson::InsituStringStream stream(buffer.refill());
    rapidjson::Reader reader;
    benchmark::DoNotOptimize(reader.Parse<rapidjson::kParseInsituFlag>(stream, nothing).IsError());
  }
  report_speed(state);
}
BENCHMARK(validate_with_stock_rapidjson);

void decode_pod(benchmark::State& state) {
  Buffer buffer;
  for (auto _ : state) {
    Pod pod;
    const auto done =
        json::decode_padded(buffer.refill(), pod_text().size(), type::shape_of<Pod>, &pod);
    if (!done) state.SkipWithError(done.error().message.c_str());
    benchmark::DoNotOptimize(&pod);
  }
  report_speed(state);
}
BENCHMARK(decode_pod);

void decode_pod_and_keep_it(benchmark::State& state) {
  Buffer buffer;
  std::vector<Pod> pods;
  counting = true;
  const std::size_t before = live_bytes;
  std::size_t decoded = 0;
  for (auto _ : state) {
    auto& pod = pods.emplace_back();
    const auto done =
        json::decode_padded(buffer.refill(), pod_text().size(), type::shape_of<Pod>, &pod);
    if (!done) state.SkipWithError(done.error().message.c_str());
    ++decoded;
  }
  counting = false;
  state.counters["heap_per_pod"] =
      static_cast<double>(live_bytes - before - (pods.capacity() - decoded) * sizeof(Pod)) /
      static_cast<double>(decoded);
  report_speed(state);
}
BENCHMARK(decode_pod_and_keep_it)->Iterations(4000);

void parse_value(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(json::parse(pod_text()).has_value());
  report_speed(state);
}
BENCHMARK(parse_value);

void encode_pod(benchmark::State& state) {
  const Pod pod = json::decode<Pod>(pod_text()).value();
  for (auto _ : state) benchmark::DoNotOptimize(json::encode(pod).size());
  report_speed(state);
}
BENCHMARK(encode_pod);

void compare_pods(benchmark::State& state) {
  const Pod pod = json::decode<Pod>(pod_text()).value();
  const Pod copy = pod;
  for (auto _ : state) benchmark::DoNotOptimize(pod == copy);
}
BENCHMARK(compare_pods);

void copy_pod(benchmark::State& state) {
  const Pod pod = json::decode<Pod>(pod_text()).value();
  for (auto _ : state) {
    Pod copy = pod;
    benchmark::DoNotOptimize(&copy);
  }
}
BENCHMARK(copy_pod);

void read_envelope(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(json::envelope(pod_text()).has_value());
  report_speed(state);
}
BENCHMARK(read_envelope);

void split_list(benchmark::State& state) {
  std::string list = R"({"kind":"PodList","items":[)" + pod_text();
  for (int i = 1; i < 100; ++i) list += ',' + pod_text();
  list += "]}";
  for (auto _ : state) {
    std::size_t items = 0;
    benchmark::DoNotOptimize(
        json::for_each_item(list, [&](std::string_view) { return ++items > 0; }));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * list.size()));
}
BENCHMARK(split_list);

void print_sizes() {
  const auto text_size = static_cast<double>(pod_text().size());
  const std::size_t before = live_bytes;
  auto* const pod = new Pod(json::decode<Pod>(pod_text()).value());
  const std::size_t measured = live_bytes - before;
  std::cout << "Pod of " << pod_text().size() << " bytes of JSON: " << measured
            << " bytes decoded, with malloc's overhead ("
            << static_cast<double>(measured) / text_size << " x); type::heap_bytes says "
            << type::heap_bytes(*pod) << " beside sizeof(Pod) = " << sizeof(Pod) << '\n';
  delete pod;
  const std::size_t before_value = live_bytes;
  const auto value = json::parse(pod_text()).value();
  std::cout << "as a json::Value: " << live_bytes - before_value << " bytes\n";
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  print_sizes();
  counting = false;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
