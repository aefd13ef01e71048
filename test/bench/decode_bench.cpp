// How fast a Pod is decoded and how much memory it takes. The baseline is RapidJSON reading the
// same text in place for nothing but validation. pod.json is an ordinary Pod with two containers,
// probes, volumes, status and managed fields, as kube-apiserver writes it.

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <new>
#include <vector>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <windlass/api/core_v1.hpp>
#include <windlass/json/compact.hpp>
#include <windlass/json/stream.hpp>
#include <windlass/json/table.hpp>
#include <windlass/type/inspect.hpp>

#include "api/v1/database.hpp"
#include "baseline.hpp"
#include "workload.hpp"

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

using namespace bench;
using windlass::api::core::v1::Pod;
using Database = ::api::v1::Database;
namespace json = windlass::json;
namespace type = windlass::type;

void report_speed(benchmark::State& state, std::size_t size, std::size_t objects) {
  const auto rounds = static_cast<std::size_t>(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(rounds * size));
  state.SetItemsProcessed(static_cast<std::int64_t>(rounds * objects));
}

void validate(benchmark::State& state, bool (*validate_text)(char*), const std::string& text,
              std::size_t objects) {
  Buffer buffer(text);
  for (auto _ : state) {
    if (!validate_text(buffer.refill().data())) state.SkipWithError("malformed");
  }
  report_speed(state, buffer.size(), objects);
}

template <class T>
void decode_one(benchmark::State& state, const std::string& text) {
  Buffer buffer(text);
  for (auto _ : state) {
    const auto object = json::decode<T>(buffer.refill());
    if (!object) state.SkipWithError(object.error().message.c_str());
  }
  report_speed(state, buffer.size(), 1);
}

/// The text of each item is found first and then decoded.
template <class T>
void split_and_decode(benchmark::State& state, const std::string& list, std::size_t count) {
  std::vector<std::shared_ptr<const T>> kept;
  for (auto _ : state) {
    (void)json::for_each_item(list, [&](std::string_view item) {
      kept.push_back(std::make_shared<const T>(json::decode<T>(item).value()));
      return true;
    });
    state.PauseTiming();
    kept.clear();
    state.ResumeTiming();
  }
  report_speed(state, list.size(), count);
}

/// As the cache does it: each object in a block that is shared.
template <class T>
std::vector<std::shared_ptr<const T>> decoded_list(const std::string& text) {
  std::vector<std::shared_ptr<const T>> items;
  json::ListDecoder list(text);
  for (;;) {
    auto item = std::make_shared<T>();
    const auto found = list.next(type::shape_of<T>, item.get()).value();
    if (found == json::ListDecoder::Next::end) return items;
    if (found == json::ListDecoder::Next::unfit) std::abort();
    items.push_back(std::move(item));
  }
}

template <class T>
void decode_list(benchmark::State& state, const std::string& text, std::size_t count,
                 bool free_in_time) {
  Buffer buffer(text);
  std::vector<std::shared_ptr<const T>> kept;
  for (auto _ : state) {
    kept = decoded_list<T>(buffer.refill());
    if (kept.size() != count) state.SkipWithError("items are missing");
    if (!free_in_time) state.PauseTiming();
    kept.clear();
    if (!free_in_time) state.ResumeTiming();
  }
  report_speed(state, buffer.size(), count);
}

template <class T>
void compact_one(benchmark::State& state, const std::string& text) {
  const T object = json::decode<T>(text).value();
  for (auto _ : state) benchmark::DoNotOptimize(json::compact(object).size());
  report_speed(state, text.size(), 1);
}

template <class T>
void expand_one(benchmark::State& state, const std::string& text) {
  const std::string bytes = json::compact(json::decode<T>(text).value());
  for (auto _ : state) benchmark::DoNotOptimize(json::expand<T>(bytes).has_value());
  report_speed(state, text.size(), 1);
}

template <class T>
void register_kind(const std::string& name, const std::string& item, std::size_t count) {
  const std::string list = list_of(item, "List", count);
  const auto add = [&](const std::string& what, auto function) {
    benchmark::RegisterBenchmark((name + "/" + what).c_str(), function);
  };
  add("validate", [=](auto& state) { validate(state, validate_sse42, list, count); });
  add("validate_plain", [=](auto& state) { validate(state, validate_plain, list, count); });
  add("validate_one", [=](auto& state) { validate(state, validate_sse42, item, 1); });
  add("decode_one", [=](auto& state) { decode_one<T>(state, item); });
  add("decode_list", [=](auto& s) { decode_list<T>(s, list, count, false); });
  add("decode_list_and_free", [=](auto& s) { decode_list<T>(s, list, count, true); });
  add("compact", [=](auto& s) { compact_one<T>(s, item); });
  add("expand_and_free", [=](auto& s) { expand_one<T>(s, item); });
  add("split_decode", [=](auto& s) { split_and_decode<T>(s, list, count); });
}

void parse_value(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(json::parse(pod_text()).has_value());
  report_speed(state, pod_text().size(), 1);
}
BENCHMARK(parse_value);

void encode_pod(benchmark::State& state) {
  const Pod pod = json::decode<Pod>(pod_text()).value();
  for (auto _ : state) benchmark::DoNotOptimize(json::encode(pod).size());
  report_speed(state, pod_text().size(), 1);
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
  report_speed(state, pod_text().size(), 1);
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

template <class T>
void print_compact(const char* what, const std::string& text) {
  const T object = json::decode<T>(text).value();
  (void)json::compact(object);  // makes what it needs once
  const std::size_t before = live_bytes;
  const std::string bytes = json::compact(object);
  const auto measured = static_cast<double>(live_bytes - before);
  const bool same = json::expand<T>(bytes).value() == object;
  std::cout << "compact " << what << ": " << bytes.size() << " bytes, " << measured
            << " with malloc's overhead, of " << text.size()
            << " bytes of JSON: " << measured / static_cast<double>(text.size()) << " x"
            << (same ? "" : "; NOT THE SAME") << '\n';
}

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
  print_compact<Pod>("Pod", pod_text());
  print_compact<Database>("Database", database_text());
  std::cout << "as a json::Value: " << live_bytes - before_value << " bytes\n";
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  register_kind<Pod>("pods", pod_text(), kPods);
  register_kind<Database>("databases", database_text(), kDatabases);
  print_sizes();
  counting = false;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
