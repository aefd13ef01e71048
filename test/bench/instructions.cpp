// Runs one workload a few times, so that callgrind can count its instructions: see instructions.sh.

#include <cstring>
#include <iostream>
#include <memory>
#include <vector>

#include <windlass/api/core_v1.hpp>
#include <windlass/json/stream.hpp>
#include <windlass/json/table.hpp>

#include "api/v1/database.hpp"
#include "baseline.hpp"
#include "workload.hpp"

namespace {

using namespace bench;
namespace json = windlass::json;
using api::v1::Database;
using windlass::api::core::v1::Pod;

constexpr int kRounds = 5;

/// What callgrind counts.
template <class Work>
__attribute__((noinline)) void measured(Work& work) {
  work();
}

template <class Work, class Clean>
void run(Work work, Clean clean, std::size_t objects) {
  work();  // what is done once
  for (int i = 0; i < kRounds; ++i) {
    clean();
    measured(work);
  }
  std::cout << kRounds * objects << '\n';
}

void run_baseline(bool (*validate)(char*), std::string text, std::size_t objects) {
  Buffer buffer(std::move(text));
  run(
      [&] {
        if (!validate(buffer.refill().data())) std::abort();
      },
      [] {}, objects);
}

/// As the cache does it.
template <class T>
std::vector<std::shared_ptr<const T>> decode_list(const std::string& text) {
  std::vector<std::shared_ptr<const T>> items;
  json::ListDecoder list(text);
  for (;;) {
    auto item = std::make_shared<T>();
    const auto found = list.next(windlass::type::shape_of<T>, item.get()).value();
    if (found == json::ListDecoder::Next::end) return items;
    if (found == json::ListDecoder::Next::unfit) std::abort();
    items.push_back(std::move(item));
  }
}

template <class T>
void run_decode(std::string text, std::size_t objects) {
  Buffer buffer(std::move(text));
  std::vector<std::shared_ptr<const T>> kept;
  run([&] { kept = decode_list<T>(buffer.refill()); }, [&] { kept.clear(); }, objects);
}

template <class T>
void run_split(const std::string& text, std::size_t objects) {
  std::vector<std::shared_ptr<const T>> kept;
  const auto decode = [&] {
    (void)json::for_each_item(text, [&](std::string_view item) {
      kept.push_back(std::make_shared<const T>(json::decode<T>(item).value()));
      return true;
    });
  };
  run(decode, [&] { kept.clear(); }, objects);
}

template <class T>
bool run_kind(std::string_view what, const std::string& item, std::size_t count) {
  const auto list = [&] { return list_of(item, "List", count); };
  if (what == "baseline")
    run_baseline(validate_sse42, list(), count);
  else if (what == "baseline-plain")
    run_baseline(validate_plain, list(), count);
  else if (what == "decode")
    run_decode<T>(list(), count);
  else if (what == "split-decode")
    run_split<T>(list(), count);
  else
    return false;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc > 1 ? argv[1] : "";
  const std::string_view what = argc > 2 ? argv[2] : "";
  const bool done = kind == "pods"        ? run_kind<Pod>(what, pod_text(), kPods)
                    : kind == "databases" ? run_kind<Database>(what, database_text(), kDatabases)
                                          : false;
  if (!done)
    std::cerr << "usage: bench_instructions pods|databases WORKLOAD; see instructions.sh\n";
  return done ? 0 : 2;
}
